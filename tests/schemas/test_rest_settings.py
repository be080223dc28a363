"""What cannot work is told before the first call, in one sentence that names the key."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.enums import Entity
from schemas.sources.rest import RestSource

COLUMNS = {"key": "id", "consent": "opted_in"}
MEMBER: dict[str, Any] = {"path": "members", "columns": COLUMNS}
ORDERS: dict[str, Any] = {
    "path": "orders",
    "lines": "lines",
    "columns": {
        "order_key": "id",
        "member_key": "customer",
        "ordered_at": "at",
        "status": "state",
        "currency": "currency",
    },
    "line_columns": {"product_key": "sku", "quantity": "n", "unit_price": "price"},
}
PAGE = {"kind": "page", "size_param": "size", "order": {"sort": "id"}}


def source(**changed: Any) -> RestSource:
    told = {"type": "rest", "base_url": "https://shop.example", "entities": {"member": MEMBER}}
    return RestSource.model_validate(told | changed)


def member(**changed: Any) -> dict[str, Any]:
    return {"entities": {"member": {**MEMBER, **changed}}}


def orders(**changed: Any) -> dict[str, Any]:
    return {"entities": {"order_line": {**ORDERS, **changed}}}


def test_little_is_enough() -> None:
    assert list(source().entities.declared) == [Entity.MEMBER]
    assert list(source(**orders()).entities.declared) == [Entity.ORDER_LINE]


def test_every_entity_but_contacts_can_be_declared() -> None:
    named = {"path": "x", "columns": {"key": "id", "name": "name"}}
    entities = {
        **dict.fromkeys(("store", "employee", "product"), named),
        "member": MEMBER,
        "order_line": ORDERS,
        "benefit": {"path": "b", "columns": {"key": "id", "name": "n", "kind": "k"}},
        "member_event": {"path": "e", "columns": dict.fromkeys(("key", "member_key", "kind"), "x")},
    }
    entities["member_event"]["columns"]["at"] = "at"
    found = source(entities=entities).entities.declared
    assert set(found) == set(Entity) - {Entity.CONTACT}
    assert list(found) == [entity for entity in Entity if entity in found]


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"entities": {}}, "entities", "at least one of store"),
    ({"entities": {"contact": MEMBER}}, "entities.contact", "not permitted"),
    ({"surprise": 1}, "surprise", "not permitted"),
    (member(colums={}), "colums", "not permitted"),
    (member(columns={"key": "id"}), "entities", "member.columns lacks 'consent'"),
    (member(columns={**COLUMNS, "nick": "n"}), "entities", "'nick' is no column of ours"),
    (member(columns={**COLUMNS, "phone_hash": "n"}), "entities", "'phone_hash' is no column"),
    (member(columns={**COLUMNS, "defects": "n"}), "entities", "'defects' is no column"),
    (member(constants={"key": "1"}), "entities", "'key' is in columns too"),
    (member(values={"city": {"a": "b"}}), "entities", "member.values: 'city'"),
    (member(columns={**COLUMNS, "city": "a..b"}), "columns.city", "no JMESPath.*character 3"),
    (member(columns={**COLUMNS, "city": ""}), "columns.city", "no JMESPath"),
    (member(columns={**COLUMNS, "city": "#"}), "columns.city", "no JMESPath"),
    (member(columns={**COLUMNS, "city": "a[?upper(b)]"}), "columns.city", r"upper\(\)"),
    (member(records="!a.b"), "records", r"write !\(member.id\)"),
    (member(drop=[{"rule": "r", "when": "!a.b[0]"}]), "drop.0.when", "before the dot"),
    (member(drop=[{"rule": "Not so!", "when": "a"}]), "drop.0.rule", "pattern"),
    (member(times="rfc2822"), "times", "iso8601, epoch_seconds"),
    (member(amount_scale=7), "amount_scale", "6"),
    (member(path="https://elsewhere/x"), "path", "below base_url"),
    (member(path="//elsewhere/x"), "path", "below base_url"),
    (member(path="members?all=1"), "path", "under params"),
    (member(window={"since": "from"}, changed_at="at"), "member", "leave changed_at out"),
    (member(method="POST", paging={"kind": "link"}), "member", 'set method = "GET"'),
    (member(paging={"kind": "pages"}), "paging", "'page'"),
    (member(paging={**PAGE, "order": None}), "paging.page.order", "dictionary"),
    (member(paging={"kind": "offset", "size_param": "n"}), "paging.offset.order", "required"),
    (member(paging={**PAGE, "size": 10}), "paging.page.size", "20"),
    (orders(line_columns={"quantity": "n"}), "entities", "order_line.columns lacks 'product_key'"),
    (orders(columns={**ORDERS["columns"], "quantity": "n"}), "order_line", "keep one of them"),
    (orders(constants={"ordinal": 1}), "entities", "'ordinal' is no column"),
    ({"headers": {"authorization": "Bearer x"}}, "", "headers must hold no secret"),
    ({"headers": {"X-A": "a\r\nX-B: b"}}, "headers.X-A", "pattern"),
    ({"auth": {"kind": "oauth"}}, "auth", "oauth_client_credentials"),
    ({"auth": {"kind": "bearer", "token": "x"}}, "auth.bearer.token", "not permitted"),
    ({"timezone": "Moon/Base"}, "timezone", "no time zone"),
]


@pytest.mark.parametrize(("changed", "key", "told"), WRONG)
def test_what_cannot_work_is_told_by_its_key(changed: dict[str, Any], key: str, told: str) -> None:
    with pytest.raises(ValidationError, match=f"(?s){told}") as refused:
        source(**changed)
    first = refused.value.errors()[0]
    assert ".".join(map(str, first["loc"])).endswith(key)
    assert "\n" not in first["msg"]
