"""Posted events as a source."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.sources import inbox
from adapters.sources.inbox import InboxSource, Position, event_row
from schemas.enums import Entity
from schemas.incoming import COLUMNS, Window
from tests.adapters.reading import pages_of
from tests.adapters.shops import SINCE, WINDOW, read

EVENT = {
    "key": 9007199254740993,
    "member_key": "m1",
    "kind": "review",
    "at": "2026-03-01T09:00:00+08:00",
    "subject": "云南豆",
    "stars": 5,
}
KEYS = COLUMNS[Entity.MEMBER_EVENT].index("key")


class Box:
    """Events in order, two of which always came at the same instant."""

    def __init__(self, count: int) -> None:
        self.events = [
            (SINCE + timedelta(seconds=n // 2), n, {**EVENT, "key": f"e{n}"}) for n in range(count)
        ]

    def fetch(
        self, window: Window, after: Position | None, limit: int
    ) -> Sequence[tuple[datetime, int, Mapping[str, Any]]]:
        found = [
            event
            for event in self.events
            if (window.since is None or window.since <= event[0])
            and event[0] < window.until
            and (after is None or event[:2] > after)
        ]
        return found[:limit]


def _row(record: object) -> dict[str, Any]:
    return dict(zip(COLUMNS[Entity.MEMBER_EVENT], event_row(record), strict=True))


def test_an_event_is_read_whole() -> None:
    box = Box(0)
    box.events = [(SINCE, 1, EVENT)]
    assert read(InboxSource("till", box.fetch), Entity.MEMBER_EVENT) == [
        {
            "key": "9007199254740993",
            "member_key": "m1",
            "kind": "review",
            "at": datetime(2026, 3, 1, 1, tzinfo=UTC),
            "subject": "云南豆",
            "defects": None,
        }
    ]


@pytest.mark.parametrize("cursor_of", range(3))
def test_reading_goes_on_behind_any_page(monkeypatch: pytest.MonkeyPatch, cursor_of: int) -> None:
    monkeypatch.setattr(inbox, "PAGE_ROWS", 3)
    source = InboxSource("till", Box(10).fetch)
    pages = pages_of(source, Entity.MEMBER_EVENT, WINDOW)
    assert [len(page.rows) for page in pages] == [3, 3, 3, 1]
    assert pages[-1].cursor is None
    rest = pages_of(source, Entity.MEMBER_EVENT, WINDOW, pages[cursor_of].cursor)
    keys = [row[KEYS] for page in pages[: cursor_of + 1] + rest for row in page.rows]
    assert keys == [f"e{n}" for n in range(10)]


def test_a_last_page_that_is_full_is_no_trap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "PAGE_ROWS", 3)
    pages = pages_of(InboxSource("till", Box(6).fetch), Entity.MEMBER_EVENT, WINDOW)
    assert [page.pulled for page in pages] == [3, 3, 0]


@pytest.mark.parametrize(
    ("field", "value"),
    [("at", "31/02/2026"), ("at", "2026-03-01T09:00:00"), ("kind", 7), ("member_key", {"id": 1})],
)
def test_an_unreadable_value_is_a_defect_and_costs_no_event(field: str, value: object) -> None:
    row = _row({**EVENT, field: value})
    assert row[field] is None
    assert row["defects"] == f"{field}: {value}"
    assert row["key"] == "9007199254740993"


def test_an_inbox_holds_nothing_else() -> None:
    with pytest.raises(ValueError, match="no member"):
        pages_of(InboxSource("till", Box(1).fetch), Entity.MEMBER, WINDOW)
