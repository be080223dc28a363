"""Other entities than order lines, from files of their own."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.phones import phone_hash
from adapters.sources.file.source import FileSource
from schemas.enums import Entity
from schemas.errors import ConfigurationError
from schemas.incoming import Window
from schemas.sources import DropRule, Rehearsal
from schemas.sources import FileSource as FileSettings
from tests.adapters.file.files import MAPPING, csv, members, rows, source

SALTED = phone_hash("salt", "CN")
MEMBERS = {"key": "id", "consent": "ok"}


def table(folder: Path, text: str, columns: dict[str, str], **more: Any) -> dict[str, Any]:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return {"path": path, "columns": columns, **more}


def files(entities: dict[str, Any], **more: Any) -> FileSource:
    settings = {"type": "file", "timezone": "Asia/Shanghai", "currency": "CNY", **more}
    made = FileSettings.model_validate({**settings, "entities": entities})
    return FileSource("till", made, phone_hash=SALTED)


def told(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def test_members_come_from_their_own_file_where_they_have_one(tmp_path: Path) -> None:
    text = (
        "id,union,tel,town,since,ok,ok_at\n"
        "7,u7,138 0013 8000,杭州,2026-01-02,是,2026-01-02 08:00\n"
        "8,,,,,no,\n"
    )
    columns = {
        **MEMBERS,
        "unionid": "union",
        "phone": "tel",
        "city": "town",
        "joined_at": "since",
        "consent_at": "ok_at",
    }
    declared = table(tmp_path, text, columns, constants={"timezone": "Asia/Shanghai"})
    one = files({"member": declared}, path=csv(tmp_path, {}), columns=MAPPING)
    assert one.entities == (Entity.MEMBER, Entity.ORDER_LINE)
    first, second = members(one)
    assert told(first) == {
        "key": "7",
        "unionid": "u7",
        "phone_hash": SALTED("13800138000"),
        "city": "杭州",
        "timezone": "Asia/Shanghai",
        "joined_at": datetime(2026, 1, 1, 16, tzinfo=UTC),
        "consent": True,
        "consent_at": datetime(2026, 1, 2, tzinfo=UTC),
    }
    assert told(second) == {"key": "8", "timezone": "Asia/Shanghai", "consent": False}


def test_a_phone_number_is_never_told(tmp_path: Path) -> None:
    text = "id,tel,ok\n1,139\x00123,maybe\n2,12345,1\n"
    one = files({"member": table(tmp_path, text, {**MEMBERS, "phone": "tel"})})
    unreadable = "phone_hash: no phone number"
    assert [m["defects"] for m in members(one)] == [f"consent: maybe; {unreadable}", unreadable]
    silent = FileSource("till", one._settings)
    assert [m["phone_hash"] for m in members(silent)] == [None, None]


def test_without_a_time_of_change_a_file_is_read_whole_in_every_window(tmp_path: Path) -> None:
    day = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
    text = "id,ok,joined,changed\n1,1,2026-03-01,2026-03-05\n2,1,2026-02-01,2026-03-01 12:00\n"
    columns = {**MEMBERS, "joined_at": "joined"}
    whole = files({"member": table(tmp_path, text, columns)})
    assert [m["key"] for m in rows(whole, Entity.MEMBER, day)] == ["1", "2"]
    columns["updated_at"] = "changed"
    changed = files({"member": table(tmp_path, text, columns)})
    assert [m["key"] for m in rows(changed, Entity.MEMBER, day)] == ["2"]


def test_benefits_list_their_stores_and_share_constants(tmp_path: Path) -> None:
    text = "id;worth;left;shops;ends\nb1;5,50;3;s1 | s2|;2026-04-01\nb2;;;|;\n"
    columns = {
        "key": "id",
        "face_value": "worth",
        "remaining": "left",
        "store_keys": "shops",
        "valid_until": "ends",
    }
    declared = table(
        tmp_path, text, columns, constants={"kind": "coupon"}, separator=";", decimal=","
    )
    first, second = rows(files({"benefit": declared}), Entity.BENEFIT)
    assert told(first) == {
        "key": "b1",
        "kind": "coupon",
        "currency": "CNY",
        "face_value": Decimal("5.50"),
        "remaining": 3,
        "store_keys": ["s1", "s2"],
        "valid_until": datetime(2026, 3, 31, 16, tzinfo=UTC),
    }
    assert told(second) == {"key": "b2", "kind": "coupon", "currency": "CNY"}


def test_events_belong_to_the_window_they_happened_in(tmp_path: Path) -> None:
    text = "id,who,when,about,kind\n1,m1,2026-03-01 09:00,p1,review\n2,m1,2026-03-03 09:00,p2,x\n"
    columns = {"key": "id", "member_key": "who", "at": "when", "subject": "about", "kind": "kind"}
    day = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
    (event,) = rows(
        files({"member_event": table(tmp_path, text, columns)}), Entity.MEMBER_EVENT, day
    )
    assert (event["key"], event["subject"], event["kind"]) == ("1", "p1", "review")


@pytest.mark.parametrize(
    ("entity", "text", "columns", "expected"),
    [
        (
            "product",
            "id,name,left,from\np1,豆,7,2026-03-01\n",
            {"key": "id", "name": "name", "stock": "left", "launched_at": "from"},
            {"name": "豆", "stock": 7, "launched_at": datetime(2026, 2, 28, 16, tzinfo=UTC)},
        ),
        ("store", "id,town\ns1,杭州\n", {"key": "id", "city": "town"}, {"city": "杭州"}),
        ("employee", "id,in\ne1,f\n", {"key": "id", "active": "in"}, {"active": False}),
    ],
)
def test_catalogue_stores_and_employees_are_read(
    tmp_path: Path, entity: str, text: str, columns: dict[str, str], expected: dict[str, Any]
) -> None:
    one = files({entity: table(tmp_path, text, columns)})
    (row,) = rows(one, Entity(entity))
    assert told(row) == {"key": row["key"], **expected}
    assert row["key"] is not None


@pytest.mark.parametrize(
    ("name", "changed", "message"),
    [
        ("a.csv", {"columns": {**MAPPING, "colour": "x"}}, "'colour'"),
        ("a.csv", {"columns": {**MAPPING, "phone_hash": "x"}}, "'phone_hash'"),
        ("a.csv", {"columns": {k: v for k, v in MAPPING.items() if k != "quantity"}}, "'quantity'"),
        ("a.csv", {"constants": {"quantity": "1"}}, "'quantity' is in columns and in constants"),
        ("a.csv", {"drop": (DropRule(rule="idle", column="x"),)}, "'idle'"),
        ("a.xlsx", {}, r"a\.xlsx"),
        ("a.csv", {"url": "https://x.example/a.csv"}, "either a path or a url"),
        ("a.csv", {"decimal": ","}, "separator and .decimal"),
        (None, {"url": "https://u:pw@x.example/a?token=t0p"}, 'x.example/a, .*set format = "csv"'),
        (None, {"columns": {}}, "names no file"),
        (None, {}, "either a path or a url"),
        ("a.csv", {"entities": {"contact": {}}}, r"entities\.contact: files hold no contact"),
        ("a.csv", {"entities": {"member": {"path": "b.csv", "columns": {}}}}, "lacks 'key'"),
        (
            "a.csv",
            {"entities": {"order_line": {"path": "b.csv", "columns": MAPPING}}},
            "order_line is not needed",
        ),
        (
            "a.csv",
            {
                "entities": {"member": {"path": "b.csv", "columns": MEMBERS}},
                "rehearsal": Rehearsal(consent=True),
            },
            "makes up what members derived",
        ),
        (
            "a.csv",
            {
                "columns": {k: v for k, v in MAPPING.items() if k != "ordered_at"},
                "constants": {"ordered_at": "2026-03-01"},
            },
            "by which windows go",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(
    name: str | None, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        source(Path(name) if name else None, **changed)
    assert "t0p" not in str(caught.value)
    assert "pw" not in str(caught.value)
