import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sources.slices import Found, Slices, TooMany
from schemas.errors import SourceError

SIZE, CAP, LONGEST = 3, 9, 50
SINCE, UNTIL = 1000, 1100
LATER = UNTIL + 200

STAMPED = st.lists(st.integers(SINCE, UNTIL - 1), min_size=8, max_size=30, unique=True)
PLAN = st.lists(st.lists(st.integers(0, 29), min_size=1, max_size=3), max_size=20)


class Shop:
    """Records by number with their second of change; `plan` changes some before each answer."""

    def __init__(self, stamped: list[int], plan: list[list[int]], *, newest_first: bool) -> None:
        self.stamps = dict(enumerate(stamped))
        self.plan = plan
        self.sign = -1 if newest_first else 1
        self.asked: list[tuple[int, int, int]] = []
        self.changes = 0

    async def ask(self, start: int, end: int, page: int) -> Found:
        for number in self.plan.pop(0) if self.plan else []:
            if number in self.stamps:
                self.changes += 1
                self.stamps[number] = UNTIL + self.changes
        self.asked.append((start, end, page))
        inside = sorted(
            (number for number, at in self.stamps.items() if start <= at < end),
            key=lambda number: (self.sign * self.stamps[number], number),
        )
        return Found(len(inside), inside[(page - 1) * SIZE : page * SIZE])


def read(
    shop: Shop, cursor: str | None = None, until: int = UNTIL, *, strict: bool = True
) -> list[tuple[list[int], str]]:
    async def collect() -> list[tuple[list[int], str]]:
        slices = Slices("s", shop.ask, SIZE, CAP, LONGEST, strict)
        found = slices.pages(SINCE, until, cursor)
        return [(records, behind or "") async for records, behind in found]

    return asyncio.run(collect())


def seen(pages: list[tuple[list[int], str]]) -> set[int]:
    return {number for records, _ in pages for number in records}


@given(
    stamped=STAMPED,
    plan=PLAN,
    newest_first=st.booleans(),
)
def test_nothing_is_lost_to_records_that_change_while_they_are_read(
    stamped: list[int], plan: list[list[int]], *, newest_first: bool
) -> None:
    shop = Shop(stamped, plan, newest_first=newest_first)
    found = seen(read(shop))
    assert {number for number, at in shop.stamps.items() if at < UNTIL} <= found
    shop.plan.clear()  # what changed by now is the past of the next window
    assert seen(read(shop, until=LATER)) == set(shop.stamps)


@given(
    stamped=STAMPED,
    plan=PLAN,
    stop=st.integers(0, 12),
)
def test_going_on_from_any_page_loses_nothing(
    stamped: list[int], plan: list[list[int]], stop: int
) -> None:
    shop = Shop(stamped, [], newest_first=True)
    whole = read(shop)
    kept = whole[: stop + 1]
    shop.plan = plan
    rest = read(shop, kept[-1][1]) if kept and kept[-1][1] else []
    left = {number for number, at in shop.stamps.items() if at < UNTIL}
    assert left <= seen(kept) | seen(rest)


def test_only_the_last_page_has_no_cursor() -> None:
    pages = read(Shop(list(range(SINCE, UNTIL)), [], newest_first=False))
    assert [behind == "" for _, behind in pages] == [False] * (len(pages) - 1) + [True]


def test_a_slice_is_cut_until_it_can_be_listed() -> None:
    shop = Shop([SINCE] * 8 + [SINCE + 1] * 8, [], newest_first=False)
    assert len(seen(read(shop))) == 16
    assert max(page for _, _, page in shop.asked) == 3


def test_a_second_that_cannot_be_listed_is_an_error() -> None:
    with pytest.raises(SourceError, match="one second"):
        read(Shop([SINCE] * CAP, [], newest_first=False))


def test_a_second_above_a_cap_that_is_only_ours_is_read_all_the_same() -> None:
    shop = Shop([SINCE] * 30, [], newest_first=False)
    assert len(seen(read(shop, strict=False))) == 30


def test_a_source_may_say_that_it_is_too_much() -> None:
    shop = Shop(list(range(SINCE, UNTIL)), [], newest_first=False)

    async def ask(start: int, end: int, page: int) -> Found:
        found = await Shop.ask(shop, start, end, page)
        if found.total > 5:
            raise TooMany("too many")
        return found

    shop.ask = ask  # type: ignore[method-assign]
    assert len(seen(read(shop))) == 100


def test_a_slice_that_grew_is_read_anew() -> None:
    shop = Shop([SINCE] * 8, [], newest_first=True)
    calls = 0

    async def ask(start: int, end: int, page: int) -> Found:
        nonlocal calls
        calls += 1
        if calls == 3:
            shop.stamps[8] = SINCE + 49
        return await Shop.ask(shop, start, end, page)

    shop.ask = ask  # type: ignore[method-assign]
    assert seen(read(shop)) == set(range(9))


def test_a_slice_that_never_stops_growing_is_an_error() -> None:
    async def ask(start: int, _end: int, page: int) -> Found:
        grown.append(start)
        return Found(4 if page == 1 else 5, [])

    grown: list[int] = []
    shop = Shop([], [], newest_first=False)
    shop.ask = ask  # type: ignore[assignment]
    with pytest.raises(SourceError, match="grew"):
        read(shop)


@pytest.mark.parametrize("cursor", ["p2", "1:2:3", "a:b:c:d"])
def test_a_cursor_of_another_kind_is_an_error(cursor: str) -> None:
    with pytest.raises(SourceError, match="another kind"):
        read(Shop([], [], newest_first=False), cursor)
