"""Every kind of value, from columns to the database and back."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from sqlalchemy import Connection, Engine, text

from schemas.facts_frame import FACTS, FAMILY, TAG
from schemas.histories import AT, Schema
from store.database import transaction
from store.facts import read_facts, write_facts
from store.frames import columns_as_told, instant, read_frame, write_frame
from tests.builders import rows

MONEY = pl.Decimal(38, 4)
SCHEMA: Schema = {
    "id": pl.Int64,
    "word": pl.String,
    "ratio": pl.Float64,
    "day": pl.Date,
    "at": AT,
    "sum": MONEY,
    "many": pl.List(TAG),
}
TABLE = """
CREATE TEMPORARY TABLE kept (
    id bigint, word text, ratio double precision, day date, at timestamptz, sum numeric(18, 4),
    many jsonb
)
"""
ODD = (
    *("", " ", '"', '""', ",", "\n", "\r\n", "\r", "\\", "\\.", "\\N", "NULL", "null", "\t"),
    *(
        "'; DROP TABLE kept; --",
        "Crème brûlée",
        "e\u0301",
        "☕️",
        "𝒙",
        "👩‍👩‍👧",
        "\u2028",
        "%s",
        "true",
        "1",
    ),
)
WORDS = st.one_of(
    st.none(),
    st.sampled_from(ODD),
    st.lists(st.sampled_from(ODD), max_size=4).map("".join),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
)
DAYS = st.none() | st.dates(date(1000, 1, 1), date(9999, 12, 31))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSTANTS = st.none() | st.timedeltas(timedelta(-350_000), timedelta(2_900_000)).map(
    lambda since: EPOCH + since
)
FLOATS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
NESTED = st.none() | st.floats(-1e9, 1e9, allow_subnormal=False)
"""Days and shares; what reads JSON knows no numbers of forty digits."""
SUMS = st.none() | st.integers(1 - 10**18, 10**18 - 1).map(lambda cents: Decimal(cents) / 10_000)
LONGS = st.none() | st.integers(-(2**63), 2**63 - 1)
TAGS = st.lists(
    st.fixed_dictionaries(
        {
            "trait": WORDS,
            "value": WORDS,
            "event": WORDS,
            "confidence": NESTED,
            "expires_on": DAYS,
        }
    ),
    max_size=3,
)
ROWS = st.lists(st.tuples(st.integers(1, 9), WORDS, FLOATS, DAYS, INSTANTS, SUMS, TAGS), max_size=6)
often = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


def there_and_back(connection: Connection, frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Write a frame to a table of its own and return what is read from it, in order of ids."""
    connection.execute(text("DROP TABLE IF EXISTS pg_temp.kept"))
    connection.execute(text(TABLE))
    write_frame(connection, "kept", frame)
    return read_frame(connection, f"SELECT {columns_as_told(schema)} FROM kept", schema)


@often
@given(ROWS)
def test_whatever_is_written_is_read_again(database: Engine, told: list[Any]) -> None:
    frame = pl.DataFrame(told, SCHEMA, orient="row")
    with transaction(database) as connection:
        assert_frame_equal(there_and_back(connection, frame, SCHEMA), frame, check_exact=True)


@often
@given(st.lists(st.tuples(LONGS, WORDS), max_size=5))
def test_nothing_and_an_empty_word_are_two_things(database: Engine, told: list[Any]) -> None:
    schema = {"id": pl.Int64, "word": pl.String}
    frame = pl.DataFrame(told, schema, orient="row")
    with transaction(database) as connection:
        read = there_and_back(connection, frame, schema)
        assert_frame_equal(read, frame)
        missing = "SELECT count(*) FROM kept WHERE word IS NULL"
        assert connection.execute(text(missing)).scalar_one() == frame["word"].null_count()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("word", [None, "", "a", None]),
        ("id", [None, 1, None]),
        ("at", [None, datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)]),
        ("word", [None]),
        ("word", ["\\.", "after"]),
    ],
)
def test_a_single_column_keeps_every_row(database: Engine, name: str, values: list[Any]) -> None:
    schema = {name: SCHEMA[name]}
    frame = pl.DataFrame({name: values}, schema)
    with transaction(database) as connection:
        assert_frame_equal(there_and_back(connection, frame, schema), frame)


def test_what_is_read_is_what_the_database_means(database: Engine) -> None:
    """And not only what was written wrong in the same way."""
    at = datetime(1969, 7, 20, 20, 17, 40, 123_456, tzinfo=UTC)
    huge = Decimal("99999999999999.9999")
    tags = [{"trait": 'a "b"\n', "value": "☕️", "event": None, "confidence": 0.1}]
    row = (1, 'a,"b"\n', 0.1, date(1969, 7, 20), at, huge, tags)
    with transaction(database) as connection:
        there_and_back(connection, pl.DataFrame([row], SCHEMA, orient="row"), SCHEMA)
        (found,) = connection.execute(text("SELECT * FROM kept"))
    assert tuple(found)[:6] == row[:6]
    assert found.many == [{**tags[0], "expires_on": None}]


@pytest.mark.parametrize(
    "at",
    [
        "1969-12-31 23:59:59.999999+00",
        "1970-01-01 00:00:00.000001+00",
        "2026-03-29 02:30:00.5+01",
        "0001-01-01 00:00:00+00",
        "9999-12-31 23:59:59.999999+00",
    ],
)
def test_an_instant_is_told_to_the_microsecond(database: Engine, at: str) -> None:
    query = f"SELECT {instant('%(at)s::timestamptz')} AS at"
    with transaction(database) as connection:
        read = read_frame(connection, query, {"at": AT}, {"at": at})["at"].item()
        assert (
            connection.execute(text("SELECT CAST(:at AS timestamptz)"), {"at": at}).scalar() == read
        )


def test_a_truth_is_told_as_text(database: Engine) -> None:
    query = "SELECT told::text FROM (VALUES (true), (false), (NULL)) t (told)"
    with transaction(database) as connection:
        read = read_frame(connection, query, {"told": pl.Boolean})
    assert read["told"].to_list() == [True, False, None]


def test_no_rows_are_a_frame_of_the_same_columns(database: Engine) -> None:
    with transaction(database) as connection:
        empty = there_and_back(connection, pl.DataFrame(schema=SCHEMA), SCHEMA)
        assert empty.schema == pl.Schema(SCHEMA)
        assert rows(database, "SELECT 1 FROM pg_class WHERE relname = 'kept'") == []


def test_very_many_rows_with_lines_in_their_words_are_each_one_row(database: Engine) -> None:
    """What reads in parallel must not take a new line for a new row."""
    many = 150_000
    frame = pl.DataFrame({"id": pl.int_range(many, eager=True)}).with_columns(
        word=pl.format('{}\n"{}",\r\n{}', "id", "id", "id")
    )
    with transaction(database) as connection:
        read = there_and_back(connection, frame, {"id": pl.Int64, "word": pl.String})
    assert_frame_equal(read.sort("id"), frame)


def test_values_fill_places_and_are_no_statements(database: Engine) -> None:
    query = "SELECT %(word)s::text, n FROM unnest(%(ids)s::bigint[]) n"
    values = {"word": "'; SELECT 1/0; --", "ids": [3, 4]}
    with transaction(database) as connection:
        read = read_frame(connection, query, {"word": pl.String, "n": pl.Int64}, values)
    assert read.rows() == [("'; SELECT 1/0; --", 3), ("'; SELECT 1/0; --", 4)]


FAMILIES = st.lists(
    st.fixed_dictionaries(
        {
            name: WORDS
            if kind == pl.String
            else DAYS
            if kind == pl.Date
            else NESTED
            if kind == pl.Float64
            else st.none() | st.integers(0, 10**17)
            for name, kind in FAMILY.to_schema().items()
        }
    ),
    max_size=3,
)
_COUNTS = (
    *("orders", "refunds", "order_days", "units", "spent", "discount_told", "discounted"),
    *("repeats_told", "repeats_discounted", "over_threshold", "staple_days", "reviews"),
    *("suggestions", "referrals", "staff_contacts", "visits", "saved_items", "carts"),
    *("carts_left", "cart_orders", "touches", "answered", "unanswered", "points", "coupons"),
)
_CENTS = st.integers(1 - 10**18, 10**18 - 1)
_KNOWN: dict[str, st.SearchStrategy[Any]] = {
    "spent": _CENTS,
    "basket": st.none() | _CENTS,
    "largest": st.none() | _CENTS,
    "regularity": st.floats(0, 1),
    "worth": st.floats(0, 1e12),
    "families": FAMILIES,
    "tags": TAGS,
}
_OF_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    pl.String(): WORDS,
    pl.Date(): DAYS,
    pl.Float64(): FLOATS,
    pl.Datetime("us", "UTC"): INSTANTS,
}


@st.composite
def _facts(draw: st.DrawFn) -> pl.DataFrame:
    """Draw facts of up to three persons, whatever fits in a column."""
    people = []
    for person in range(1, draw(st.integers(0, 3)) + 1):
        known: dict[str, Any] = {"person_id": person}
        for name, kind in FACTS.items():
            if name in _KNOWN:
                known[name] = draw(_KNOWN[name])
            elif name in _COUNTS:
                known[name] = draw(st.integers(0, 2**31 - 1))
            elif name != "person_id":
                known[name] = draw(_OF_TYPE.get(kind, st.none() | st.integers(0, 2**31 - 1)))
        people.append(known)
    return pl.DataFrame(people, FACTS, orient="row")


@settings(often, max_examples=10)
@given(_facts())
def test_facts_are_read_as_they_were_written(database: Engine, frame: pl.DataFrame) -> None:
    with transaction(database) as connection:
        assert write_facts(connection, range(10), frame) in (
            [],
            [1],
            [1, 2],
            [2],
            [2, 3],
            [3],
            [1, 2, 3],
        )
        assert_frame_equal(read_facts(connection, None), frame, check_exact=True)
        assert_frame_equal(read_facts(connection, range(1, 3)), frame.head(2), check_exact=True)
        assert_frame_equal(read_facts(connection, [3]), frame.slice(2), check_exact=True)


def test_some_columns_of_facts_are_the_same_columns(database: Engine) -> None:
    some = {name: FACTS[name] for name in ("person_id", "spent", "last_order_at", "tags")}
    known = {
        **dict.fromkeys(_COUNTS, 0),
        "regularity": 0.0,
        "worth": 0.0,
        "families": [],
        "tags": [],
    }
    at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(microseconds=1)
    frame = pl.DataFrame(
        [{**known, "person_id": 1, "spent": 10**17 + 1, "last_order_at": at}], FACTS
    )
    with transaction(database) as connection:
        write_facts(connection, [1], frame)
        assert_frame_equal(read_facts(connection, None, some), frame.select(*some))
