"""Who is taken for one person: the same whatever comes first, and taken back with its reason."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count
from typing import Any

import polars as pl
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from schemas.enums import Entity
from schemas.incoming import staged_row
from store import facts, memberships, publication, staging
from store.database import transaction
from store.persons import lock_persons
from store.publication import Published
from store.publish import publish
from store.staging import Stage
from store.standing import standing_of
from tests import builders
from tests.builders import MORNING, built, change, rows
from tests.house import at
from tests.rules.facts_builder import facts as facts_frame

Tell = Callable[..., Published]

_PERSONS = """
SELECT m.source || ':' || m.key AS member, p.identity
FROM member m JOIN person p ON p.id = m.person_id ORDER BY 1
"""
_MERGES = """
SELECT a.identity AS absorbed, p.identity AS person, m.evidence, m.undone_at IS NULL AS holds
FROM merge m JOIN person p ON p.id = m.person_id JOIN person a ON a.id = m.absorbed_id ORDER BY m.id
"""


def member(key: str, phone: str | None = None, unionid: str | None = None, **told: Any) -> Any:
    words = {"consent": True, "consent_at": at(1, 9)}
    return {"key": key, "phone_hash": phone, "unionid": unionid, **words, **told}


def told_on(connection: Connection, source: str, *members: Any) -> Published:
    stage = Stage(source, Entity.MEMBER)
    staging.clear(connection, stage)
    told = [staging_row(one) for one in members]
    staging.stage_pages(connection, stage, [told], 1)
    return publish(connection, stage, MORNING, "salt")


def staging_row(member: Any) -> Any:
    return staged_row(Entity.MEMBER, member, None)


@pytest.fixture(params=[1, 50], ids=["as a first load", "as a change"])
def tell(database: Engine, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Tell members; what comes first is told in both ways of publishing."""
    monkeypatch.setattr(publication, "MANY", request.param)

    def telling(*members: Any, source: str = "shop") -> Published:
        with transaction(database) as connection:
            return told_on(connection, source, *members)

    return telling


@contextmanager
def impatient(database: Engine) -> Iterator[Connection]:
    """Yield a connection that waits for no lock; nothing it does is kept."""
    with database.connect() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '100ms'"))
        yield connection


def taken_for(database: Engine) -> dict[str, str]:
    return {row.member: row.identity for row in rows(database, _PERSONS)}


def id_of(database: Engine, identity: str) -> int:
    return int(rows(database, "SELECT id FROM person WHERE identity = :i", i=identity)[0].id)


def test_what_comes_first_leaves_every_key_and_index_as_it_was(
    database: Engine, tell: Tell
) -> None:
    before = built(database)
    assert tell(member("a", "h1", "u1"), member("b")).published == 2
    assert built(database) == before


def test_members_of_two_shops_with_one_phone_are_one_person(database: Engine, tell: Tell) -> None:
    tell(member("a", "h1"))
    tell(member("b", "h1"), source="till")
    assert taken_for(database) == {"shop:a": "phone:h1", "till:b": "phone:h1"}


def test_a_phone_leads_to_the_unionid_it_is_known_with(database: Engine, tell: Tell) -> None:
    tell(member("a", "h1", "u1"))
    tell(member("b", "h1"), source="till")
    assert taken_for(database) == {"shop:a": "unionid:u1", "till:b": "unionid:u1"}


def test_whoever_is_told_first_the_persons_are_the_same(database: Engine, tell: Tell) -> None:
    tell(member("b", "h1"), source="till")
    tell(member("a", "h1", "u1"))
    assert taken_for(database) == {"shop:a": "unionid:u1", "till:b": "unionid:u1"}
    assert rows(database, _MERGES) == [("phone:h1", "unionid:u1", "phone", True)]


def test_in_one_window_too_a_phone_finds_its_unionid(database: Engine, tell: Tell) -> None:
    tell(member("b", "h1"), member("a", "h1", "u1"), member("c", "h2"))
    assert taken_for(database) == {
        "shop:a": "unionid:u1",
        "shop:b": "unionid:u1",
        "shop:c": "phone:h2",
    }


def test_a_merge_whose_reason_goes_is_taken_back(database: Engine, tell: Tell) -> None:
    tell(member("b", "h1"), source="till")
    before = id_of(database, "phone:h1")
    tell(member("a", "h1", "u1"))
    tell(member("a", "h2", "u1"))
    assert taken_for(database) == {"shop:a": "unionid:u1", "till:b": "phone:h1"}
    assert rows(database, _MERGES) == [("phone:h1", "unionid:u1", "phone", False)]
    assert rows(database, "SELECT person_id FROM member WHERE key = 'b'") == [(before,)]
    assert rows(database, "SELECT 1 FROM person WHERE merged_into IS NOT NULL") == []


def test_who_gets_a_name_takes_what_they_had_without_along(database: Engine, tell: Tell) -> None:
    tell(member("a"))
    tell(member("a", "h1"))
    tell(member("a", "h1", "u1"))
    assert taken_for(database) == {"shop:a": "unionid:u1"}
    root = id_of(database, "unionid:u1")
    merged = rows(database, "SELECT identity, merged_into FROM person WHERE id <> :r", r=root)
    assert set(merged) == {("member:shop:a", root), ("phone:h1", root)}


def test_a_phone_given_up_goes_along_and_whoever_followed_it_too(
    database: Engine, tell: Tell
) -> None:
    for phone, unionid in (("h1", None), ("h2", None), ("h2", "u1")):
        tell(member("a", phone, unionid))
    root = id_of(database, "unionid:u1")
    followed = rows(database, "SELECT identity FROM person WHERE merged_into = :r", r=root)
    assert set(followed) == {("phone:h1",), ("phone:h2",)}


def test_a_member_of_another_unionid_goes_there_and_the_old_one_stays(
    database: Engine, tell: Tell
) -> None:
    tell(member("a", unionid="u1"))
    tell(member("a", unionid="u2"))
    assert taken_for(database) == {"shop:a": "unionid:u2"}
    assert rows(database, _MERGES) == []


def test_what_both_were_promised_counts_for_the_one_they_are(database: Engine, tell: Tell) -> None:
    tell(member("b", "h1"), source="till")
    lone = id_of(database, "phone:h1")
    (slot,) = builders.messages(database, [lone])
    tell(member("a", "h1", "u1"))
    both = id_of(database, "unionid:u1")

    def seen(person: int) -> tuple[list[int], list[str | None]]:
        with transaction(database) as connection:
            found = standing_of(
                connection, [person], channel="wecom", as_of=MORNING, horizon=timedelta(days=7)
            )
        on_their_way = [row.scene for row in found.slots if row.delivered_at is None]
        return [row.slot for row in found.slots], on_their_way

    assert seen(both) == seen(lone) == ([slot], ["replenish"])
    tell(member("a", "h2", "u1"))
    assert (seen(both), seen(lone)) == (([], []), ([slot], ["replenish"]))


def test_of_two_arms_the_one_drawn_first_holds(database: Engine, tell: Tell) -> None:
    tell(member("b", "h1"), source="till")
    tell(member("a", "h1", "u1"))
    change(database, "UPDATE person SET bucket = CASE identity WHEN 'phone:h1' THEN 1 ELSE 9 END")
    both = id_of(database, "unionid:u1")

    def bucket() -> int:
        with transaction(database) as connection:
            found = standing_of(
                connection, [both], channel="wecom", as_of=MORNING, horizon=timedelta(days=7)
            )
        return found.buckets[both]

    assert bucket() == 1
    tell(member("a", "h2", "u1"))
    assert bucket() == 9


def test_the_newest_word_of_all_their_members_counts_while_they_are_one(
    database: Engine, tell: Tell
) -> None:
    tell(member("b", "h1", consent=False, consent_at=at(1, 12)), source="till")
    tell(member("a", "h1", "u1", consent_at=at(1, 10)))
    words = "SELECT p.identity, c.granted FROM consent c JOIN person p ON p.id = c.person_id"
    assert rows(database, words) == [("unionid:u1", False)]
    tell(member("a", "h2", "u1", consent_at=at(1, 10)))
    assert set(rows(database, words)) == {("unionid:u1", True), ("phone:h1", False)}


def test_both_sides_of_a_merge_are_looked_at_anew(database: Engine, tell: Tell) -> None:
    tell(member("b", "h1"), source="till")
    change(database, "DELETE FROM stale_person")
    tell(member("a", "h1", "u1"))
    stale = rows(database, "SELECT identity FROM stale_person JOIN person ON id = person_id")
    assert set(stale) == {("unionid:u1",), ("phone:h1",)}


def test_facts_of_somebody_merged_away_are_forgotten(database: Engine, tell: Tell) -> None:
    tell(member("b", "h1"), source="till")
    lone = id_of(database, "phone:h1")
    stage = {
        "person_id": lone,
        "dimension": "lifecycle",
        "segment": "new",
        "since": date(2026, 3, 1),
        "spell": True,
        "evidence": "{}",
    }
    with transaction(database) as connection:
        facts.write_facts(connection, [lone], facts_frame({"person_id": lone}))
        told = pl.DataFrame([stage])
        memberships.write_memberships(connection, [lone], told, date(2026, 3, 1))
    tell(member("a", "h1", "u1"))
    both = id_of(database, "unionid:u1")
    with transaction(database) as connection:
        kept = facts_frame({"person_id": both})
        assert facts.write_facts(connection, [lone, both], kept) == [lone]
    assert rows(database, "SELECT person_id FROM person_facts") == [(both,)]
    assert rows(database, "SELECT person_id FROM segment_membership") == []
    assert rows(database, "SELECT size FROM segment_size") == [(0,)]


def test_a_merge_waits_for_whoever_holds_the_person(database: Engine, tell: Tell) -> None:
    tell(member("b", "h1"), source="till")
    lone = id_of(database, "phone:h1")
    with transaction(database) as planning:
        lock_persons(planning, [lone])
        with impatient(database) as pulling, pytest.raises(OperationalError) as refused:
            told_on(pulling, "shop", member("a", "h1", "u1"))
    assert isinstance(refused.value.orig, psycopg.errors.LockNotAvailable)


def test_locking_somebody_merged_away_locks_whom_they_are_taken_for(
    database: Engine, tell: Tell
) -> None:
    tell(member("b", "h1"), source="till")
    tell(member("a", "h1", "u1"))
    lone, both = id_of(database, "phone:h1"), id_of(database, "unionid:u1")
    with transaction(database) as one:
        lock_persons(one, [lone])
        with impatient(database) as other, pytest.raises(OperationalError):
            lock_persons(other, [both])


def _settled(members: dict[str, tuple[str | None, str | None]]) -> dict[str, str]:
    """Say who is taken for whom, slowly: by every member's own name and those of its phone."""
    tied = {phone: union for phone, union in members.values() if phone and union}
    named = {}
    for name, (phone, union) in members.items():
        known = union or (tied.get(phone) if phone else None)
        own = f"phone:{phone}" if phone else f"member:{name}"
        named[name] = f"unionid:{known}" if known else own
    return named


_NAMES = st.sampled_from(["shop:a", "shop:b", "till:a", "till:c"])
_PHONES = st.sampled_from([None, "h1", "h2"])
_UNIONS = st.sampled_from([None, "u1", "u2"])
_numbers = count(1)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(_NAMES, _PHONES, _UNIONS), min_size=1, max_size=7))
def test_persons_depend_on_what_members_are_today_and_on_nothing_before(
    database: Engine, story: list[tuple[str, str | None, str | None]]
) -> None:
    change(database, "TRUNCATE person CASCADE")
    now: dict[str, tuple[str | None, str | None]] = {}
    for name, phone, union in story:
        others = [u for n, (p, u) in now.items() if n != name and p == phone and u]
        if phone and union and any(other != union for other in others):
            continue  # one phone, two unionids: the contract keeps it out
        now[name] = (phone, union)
        source, key = name.split(":")
        with transaction(database) as connection:
            # Each word differs from the last, so that none is passed over as known.
            told_on(connection, source, member(key, phone, union, city=f"c{next(_numbers)}"))
    assert taken_for(database) == _settled(now)
    merged = rows(
        database,
        "SELECT 1 FROM person p JOIN person r ON r.id = p.merged_into"
        " WHERE r.merged_into IS NOT NULL OR EXISTS"
        " (SELECT 1 FROM member m WHERE m.person_id = p.id)",
    )
    assert merged == []
    open_merges = rows(database, "SELECT absorbed_id, person_id FROM merge WHERE undone_at IS NULL")
    pointers = rows(database, "SELECT id, merged_into FROM person WHERE merged_into IS NOT NULL")
    assert sorted(open_merges) == sorted(pointers)
