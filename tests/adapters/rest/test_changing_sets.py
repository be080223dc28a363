"""Whatever comes, goes or changes between two pages, who is there throughout is read."""

import asyncio
import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sources.rest.interface import Batch, Interface
from adapters.sources.rest.paging import Link, batches
from schemas.errors import SourceError
from schemas.sources.rest import RestEntity
from tests.adapters.rest.stand_in import NoWire, RestShop

BASE = "http://shop.example"
PAGINGS = {
    "page": {"kind": "page", "size_param": "size", "size": 20, "order": {}},
    "page with total": {
        "kind": "page",
        "size_param": "size",
        "size": 20,
        "order": {},
        "total": "count",
    },
    "offset": {"kind": "offset", "size_param": "size", "size": 3, "order": {}},
    "offset with total": {
        "kind": "offset",
        "size_param": "size",
        "size": 3,
        "order": {},
        "total": "count",
    },
    "cursor": {
        "kind": "cursor",
        "next": "next",
        "param": "after",
        "size_param": "size",
        "size": 3,
    },
    "link": {"kind": "link", "size_param": "size", "size": 3},
}
_RECORDS = {"page": "data.items", "offset": "items", "cursor": "items", "link": "@"}


def declared(paging: str) -> RestEntity:
    kind = paging.split(maxsplit=1)[0]
    entity = RestEntity.model_validate(
        {
            "path": f"by-{kind}",
            "records": _RECORDS[kind],
            "paging": PAGINGS[paging],
            "columns": {"key": "id"},
        }
    )
    return sized(entity, 8) if kind == "page" else entity


def sized(entity: RestEntity, size: int) -> RestEntity:
    """Return it with pages of another size, even one too small for large sets."""
    return entity.model_copy(update={"paging": entity.paging.model_copy(update={"size": size})})


def read(
    shop: RestShop, entity: RestEntity, cursor: str | None = None, most: int = 10_000
) -> tuple[list[Batch], int]:
    async def collect() -> tuple[list[Batch], int]:
        wire = NoWire(shop)
        interface = Interface("sources.s.entities.member", wire, entity, {}, None)  # type: ignore[arg-type]
        found: list[Batch] = []
        async for batch in batches(interface, entity.paging, cursor, Link(BASE, None)):
            found.append(batch)
            if len(found) == most:
                break
        return found, wire.calls

    return asyncio.run(collect())


def ids(found: list[Batch]) -> list[int]:
    return [record["id"] for batch in found for record in batch.records]


def shop_of(count: int) -> RestShop:
    return RestShop({"id": 10 * number, "note": ""} for number in range(count))


Change = tuple[str, int]
changes = st.lists(
    st.tuples(
        st.sampled_from(["insert", "delete", "update", "move"]),
        st.integers(0, 70).map(lambda number: number * 10) | st.integers(0, 700),
    ),
    max_size=30,
)


def stir(shop: RestShop, script: list[list[Change]]) -> set[int]:
    """Have the shop change after each page as scripted; return who will have been there always."""
    gone = {number for batch in script for what, number in batch if what == "delete"}
    steps = iter(script)
    places = itertools.count(1000)

    def between() -> None:
        for what, number in next(steps, []):
            if what == "delete":
                shop.records.pop(number, None)
            elif what == "update" and number in shop.records:
                note = shop.records[number]["note"]
                shop.records[number] = {**shop.records[number], "note": f"{note}."}
            elif what == "move" and number in shop.records and shop.by_place:
                shop.records[number] = {**shop.records[number], "place": next(places)}
            elif what == "insert":
                shop.records.setdefault(number, {"id": number, "note": "new"})

    shop.between = between
    return set(shop.records) - gone


@pytest.mark.parametrize("paging", PAGINGS)
@settings(max_examples=70)
@given(count=st.integers(0, 70), cap=st.sampled_from([3, 7, 50]), script=st.lists(changes))
def test_who_is_there_throughout_is_read(
    paging: str, count: int, cap: int, script: list[list[Change]]
) -> None:
    shop = shop_of(count)
    shop.by_place = not paging.startswith(("cursor", "link"))
    shop.cap = 50 if paging.startswith("page") else cap
    stayed = stir(shop, script)
    found, _ = read(shop, declared(paging))
    assert stayed <= set(ids(found))
    assert found[-1].cursor is None


@pytest.mark.parametrize("paging", PAGINGS)
@settings(max_examples=25)
@given(count=st.integers(1, 70), kill=st.integers(1, 8), script=st.lists(changes, max_size=6))
def test_a_later_process_goes_on_without_missing_any(
    paging: str, count: int, kill: int, script: list[list[Change]]
) -> None:
    shop = shop_of(count)
    stayed = stir(shop, script)
    first, _ = read(shop, declared(paging), most=kill)
    if first[-1].cursor is None:
        return
    shop.between()
    rest, _ = read(shop, declared(paging), first[-1].cursor)
    assert stayed <= set(ids(first + rest))


@pytest.mark.parametrize("paging", PAGINGS)
@pytest.mark.parametrize("gone", [1, 5, 8])
def test_who_left_takes_nobody_along(paging: str, gone: int) -> None:
    shop = shop_of(60)
    stayed = stir(shop, [[("delete", 10 * number) for number in range(gone)]])
    found, _ = read(shop, declared(paging))
    assert stayed <= set(ids(found))


@pytest.mark.parametrize(("paging", "first"), [("page", 8), ("offset", 3)])
def test_who_moved_to_the_end_is_no_proof_that_all_before_was_read(paging: str, first: int) -> None:
    shop = shop_of(first + 2)
    shop.by_place = True
    stayed = stir(shop, [[("move", 10 * number) for number in range(first)]])
    found, _ = read(shop, declared(paging))
    assert stayed <= set(ids(found))


@pytest.mark.parametrize("paging", PAGINGS)
@pytest.mark.parametrize("count", [0, 1, 2, 3, 19, 20, 21, 60, 700])
def test_a_set_that_stands_still_is_read_once(paging: str, count: int) -> None:
    found, calls = read(shop_of(count), declared(paging))
    assert ids(found) == [10 * number for number in range(count)]
    assert calls <= 2 + count // 2


def test_a_large_set_costs_hardly_more_calls_than_plain_pages() -> None:
    found, calls = read(shop_of(10_000), sized(declared("page"), 100))
    assert len(ids(found)) == 10_000
    assert calls < 120


@pytest.mark.parametrize(("paging", "cap"), [("page", 5), ("page", 7), ("offset", 3)])
def test_a_cap_below_the_size_asked_for_hides_nothing(paging: str, cap: int) -> None:
    shop = shop_of(40)
    shop.cap = cap
    found, _ = read(shop, declared(paging))
    assert len(ids(found)) == 40


def test_pages_too_short_to_overlap_are_refused() -> None:
    shop = shop_of(40)
    shop.cap = 3
    with pytest.raises(SourceError, match="honours the paging parameters"):
        read(shop, declared("page"))


@pytest.mark.parametrize("paging", ["page", "offset"])
def test_a_page_that_is_short_in_the_middle_hides_nothing_behind_it(paging: str) -> None:
    shop = shop_of(60)
    shop.hidden = {30, 100, 300, 590}
    found, _ = read(shop, declared(paging))
    assert sorted(ids(found)) == sorted(set(shop.records) - shop.hidden)


@pytest.mark.parametrize("count", [5, 20, 90])
def test_an_interface_that_ignores_the_size_is_refused(count: int) -> None:
    shop = shop_of(count)
    shop._size = lambda asked: 20  # type: ignore[method-assign] # noqa: ARG005
    with pytest.raises(SourceError, match="honours the paging parameters"):
        read(shop, declared("page"))


@pytest.mark.parametrize("paging", ["page", "offset"])
def test_an_interface_that_ignores_the_page_is_refused(paging: str) -> None:
    shop = shop_of(50)
    honest = shop._asked
    shop._asked = lambda request: honest(request) | {"page": 1, "offset": 0}  # type: ignore[method-assign]
    with pytest.raises(SourceError, match="honours the paging parameters"):
        read(shop, declared(paging))


@pytest.mark.parametrize("paging", ["page", "offset"])
def test_an_order_that_is_none_is_refused(paging: str) -> None:
    shop = shop_of(200)
    dice = random.Random(4)  # noqa: S311 - no secret

    def shuffle() -> None:
        numbers = list(range(200))
        dice.shuffle(numbers)
        again = zip(numbers, list(shop.records.values()), strict=True)
        shop.records = {n: {"id": n, "note": f"{dice.random()}"} for n, _ in again}

    shop.between = shuffle
    with pytest.raises(SourceError, match=r"check that paging\.order"):
        read(shop, declared(paging))


@pytest.mark.parametrize("cursor", ["", "x", "{}", '{"end": "x"}', "[]", '{"end":9,"reach":3}'])
@pytest.mark.parametrize("paging", ["page", "offset"])
def test_a_cursor_that_is_none_of_ours_begins_anew(paging: str, cursor: str) -> None:
    found, _ = read(shop_of(30), declared(paging), cursor)
    assert len(ids(found)) == 30
