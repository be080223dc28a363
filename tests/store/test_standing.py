"""What the governor sees of persons who are locked."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from schemas.enums import LedgerKind, MessageState
from store import messages
from store.database import transaction
from store.persons import suppress
from store.standing import Standing, standing_of
from tests import builders
from tests.builders import change
from tests.house import at

S = MessageState
_READ = """
SELECT relname, seq_tup_read + coalesce(idx_tup_fetch, 0) AS rows
FROM pg_stat_xact_user_tables WHERE seq_scan + coalesce(idx_scan, 0) > 0
"""


@pytest.fixture
def person(database: Engine) -> int:
    """A person to whom nothing was said yet."""
    return builders.persons(database, 1)[0]


def _standing(database: Engine, person: int) -> Standing:
    with transaction(database) as connection:
        return standing_of(
            connection, [person], channel="wecom", as_of=at(10, 9), horizon=timedelta(days=7)
        )


def _slots(database: Engine, person: int) -> list[Any]:
    return [(row.slot, row.delivered_at) for row in _standing(database, person).slots]


def _close(database: Engine, slots: list[int], kind: LedgerKind, day: int) -> None:
    target = S.DELIVERED if kind is LedgerKind.DELIVERY else S.EXPIRED
    with transaction(database) as connection:
        messages.move(
            connection, slots, S.PLANNED, target, at=at(day, 9), reason="test", closing=kind
        )


def test_nothing_said_takes_no_slot(database: Engine, person: int) -> None:
    assert _slots(database, person) == []


def test_an_open_reservation_counts_over_its_whole_span(database: Engine, person: int) -> None:
    (slot,) = builders.messages(database, [person])
    (row,) = _standing(database, person).slots
    assert (row.slot, row.at, row.until, row.delivered_at) == (
        slot,
        builders.MORNING,
        at(5, 0),
        None,
    )


def test_an_open_reservation_counts_however_old_it_is(database: Engine, person: int) -> None:
    (slot,) = builders.messages(database, [person])
    change(database, "UPDATE ledger SET at = '2025-01-01Z', until = '2025-01-02Z'")
    change(database, "UPDATE message SET window_until = '2025-01-02Z'")
    assert _slots(database, person) == [(slot, None)]


def test_a_released_slot_does_not_count(database: Engine, person: int) -> None:
    _close(database, builders.messages(database, [person]), LedgerKind.RELEASE, day=9)
    assert _slots(database, person) == []


def test_a_delivery_counts_at_its_instant(database: Engine, person: int) -> None:
    (slot,) = builders.messages(database, [person])
    _close(database, [slot], LedgerKind.DELIVERY, day=4)
    assert _slots(database, person) == [(slot, at(4, 9))]


def test_a_delivery_counts_up_to_the_horizon_and_not_beyond(database: Engine, person: int) -> None:
    (edge,) = builders.messages(database, [person])
    _close(database, [edge], LedgerKind.DELIVERY, day=3)
    (old,) = builders.messages(database, [person], scene="old")
    _close(database, [old], LedgerKind.DELIVERY, day=2)
    assert _slots(database, person) == [(edge, at(3, 9))]


def test_a_slot_bears_what_was_frozen_with_it(database: Engine, person: int) -> None:
    """Whatever becomes of the person's zone, or of the scene, since."""
    builders.messages(database, [person])
    change(database, "UPDATE member SET timezone = 'Europe/London'")
    (row,) = _standing(database, person).slots
    frozen = (row.zone, row.category, row.channel, row.sender, row.scene, row.answered)
    assert frozen == ("Asia/Shanghai", "care", "wecom", "yi", "replenish", None)


def test_another_persons_slots_do_not_count(database: Engine) -> None:
    first, second = builders.persons(database, 2)
    builders.messages(database, [first])
    assert _slots(database, second) == []


def test_contacts_come_with_what_suppresses_them(database: Engine, person: int) -> None:
    slots = builders.messages(database, [person])
    assert [row.suppressed for row in _standing(database, person).contacts] == [None]
    with transaction(database) as connection:
        suppress(connection, slots, reason="deleted", at=at(3, 9))
    assert [row.suppressed for row in _standing(database, person).contacts] == ["deleted"]


def test_contacts_of_another_channel_are_left_out(database: Engine, person: int) -> None:
    change(database, "UPDATE contact SET channel = 'mail'")
    assert _standing(database, person).contacts == []


def test_open_scenes_are_told_and_finished_ones_are_not(database: Engine, person: int) -> None:
    done = builders.messages(database, [person], scene="welcome")
    builders.messages(database, [person], scene="replenish")
    _close(database, done, LedgerKind.RELEASE, day=3)
    standing = _standing(database, person)
    assert [(row.scene, row.delivered_at) for row in standing.slots] == [("replenish", None)]
    (row,) = standing.persons
    assert (row.consent, row.unanswered) == (True, 0)


def test_a_person_who_was_never_asked_has_no_consent(database: Engine, person: int) -> None:
    change(database, "DELETE FROM consent")
    (row,) = _standing(database, person).persons
    assert row.consent is None


def test_the_zone_is_the_first_member_s_that_tells_one(database: Engine, person: int) -> None:
    assert [row.timezone for row in _standing(database, person).persons] == [None]
    change(database, "UPDATE member SET timezone = 'Asia/Kolkata'")
    assert [row.timezone for row in _standing(database, person).persons] == ["Asia/Kolkata"]


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ((None, None), (None, None), (None, None)),
        ((True, False), (None, None), (True, False)),
        ((True, True), (False, None), (False, True)),
        ((None, False), (False, True), (False, True)),
    ],
)
def test_what_one_member_refuses_or_is_holds_for_the_person(
    database: Engine, first: Any, second: Any, told: Any
) -> None:
    one, other = builders.persons(database, 2)
    change(database, "UPDATE member SET person_id = :one", one=one)
    change(database, "UPDATE person SET merged_into = :one WHERE id = :other", one=one, other=other)
    for place, (personalised, minor) in enumerate((first, second), 1):
        change(
            database,
            "UPDATE member SET personalised = :p, minor = :m WHERE key = :key",
            p=personalised,
            m=minor,
            key=f"m{place}",
        )
    for person in (one, other):
        (row,) = _standing(database, person).persons
        assert (row.personalised, row.minor) == told


def test_who_is_taken_for_somebody_stands_where_they_do_asked_for_together_or_alone(
    database: Engine,
) -> None:
    """And a stranger beside them stands alone; of two buckets the one drawn first holds."""
    one, other, stranger = builders.persons(database, 3)
    mine, theirs, strange = builders.messages(database, [one, other, stranger])
    change(database, "UPDATE person SET merged_into = :to WHERE id = :id", to=other, id=one)
    change(database, "UPDATE member SET person_id = :to WHERE person_id = :id", to=other, id=one)
    change(database, "UPDATE contact SET person_id = :to WHERE person_id = :id", to=other, id=one)
    change(database, "UPDATE person SET bucket = id")
    for asked in ([one, other, stranger], [stranger, one], [other], [one]):
        with transaction(database) as connection:
            told = standing_of(
                connection, asked, channel="wecom", as_of=at(10, 9), horizon=timedelta(days=7)
            )
        slots = Counter((row.person_id, row.slot) for row in told.slots)
        assert slots == Counter(
            (person, slot)
            for person in asked
            for slot in ((strange,) if person == stranger else (mine, theirs))
        )
        contacts = Counter((row.person_id, row.address) for row in told.contacts)
        assert contacts == Counter(
            (person, f"wm{whose}")
            for person in asked
            for whose in ((stranger,) if person == stranger else (one, other))
        )
        assert sorted(row.person_id for row in told.persons) == sorted(asked)
        assert all(row.consent for row in told.persons)
        assert told.buckets == {person: stranger if person == stranger else one for person in asked}


_ORDER = """
INSERT INTO shop_order (source, key, member_id, ordered_at, status, currency)
SELECT source, :key, id, :at, :status, 'CNY' FROM member
"""
_EVENT = """
INSERT INTO member_event (source, key, kind, member_id, at)
SELECT source, :kind || :at, :kind, id, :at FROM member
"""


def _happen(database: Engine) -> None:
    """Let orders come and go, and a complaint be taken up, around the 10th at nine."""
    for key, when, status in (
        ("old", at(8, 9), "paid"),
        ("new", at(9, 9), "paid"),
        ("back", at(9, 12), "refunded"),
        ("ahead", at(11, 9), "paid"),
    ):
        change(database, _ORDER, key=key, at=when, status=status)
    for kind, when in (
        ("complaint", at(9, 10)),
        ("staff_contact", at(9, 11)),
        ("review", at(9, 13)),
        ("complaint", at(11, 10)),
    ):
        change(database, _EVENT, kind=kind, at=when)


def test_what_happened_since_the_facts_is_told_of_marked_persons(
    database: Engine, person: int
) -> None:
    """Up to the instant that is asked for, and refunds are no orders."""
    _happen(database)
    change(database, "INSERT INTO stale_person VALUES (:id) ON CONFLICT DO NOTHING", id=person)
    (row,) = _standing(database, person).news
    assert (row.ordered_at, row.complained_at, row.taken_up_at) == (
        at(9, 9),
        at(9, 10),
        at(9, 11),
    )


def test_of_whom_nothing_is_marked_the_facts_are_right(database: Engine, person: int) -> None:
    _happen(database)
    change(database, "DELETE FROM stale_person")
    assert _standing(database, person).news == []


def test_where_one_stands_is_read_without_reading_everybody(database: Engine) -> None:
    people = builders.persons(database, 300)
    builders.messages(database, people)
    with transaction(database) as connection:
        standing_of(
            connection, people[:2], channel="wecom", as_of=at(10, 9), horizon=timedelta(days=7)
        )
        read = connection.execute(text(_READ)).all()
    assert {row.relname for row in read} >= {"person", "contact", "consent", "member", "ledger"}
    assert {row.relname: row.rows for row in read if row.rows > 10} == {}
