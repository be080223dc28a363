"""Messages move once per move, and their slot closes once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from schemas.enums import LedgerKind, MessageState
from store import messages
from store.database import transaction
from tests import builders
from tests.builders import rows
from tests.house import at

Move = Callable[..., list[int]]
S = MessageState
_CLOSINGS = "SELECT slot, kind FROM ledger WHERE kind <> 'reservation' ORDER BY slot"

_RESERVE_AGAIN = """
INSERT INTO ledger (slot, kind, person_id, contact, scene, category, channel, sender, at, until,
                    zone, local_date, policy_version, ghost, reason)
SELECT slot, kind, person_id, contact, scene, category, channel, sender, at, until, zone,
       local_date, policy_version, ghost, reason
FROM ledger WHERE slot = :slot
"""


@pytest.fixture
def move(database: Engine) -> Move:
    """A move in a transaction of its own."""

    def made(
        ids: list[int], origin: S, target: S, closing: LedgerKind | None = None, hour: int = 9
    ) -> list[int]:
        with transaction(database) as connection:
            return messages.move(
                connection, ids, origin, target, at=at(2, hour), reason="test", closing=closing
            )

    return made


@pytest.fixture
def planned(database: Engine) -> list[int]:
    """Three planned messages of three persons."""
    return builders.messages(database, builders.persons(database, 3))


def test_only_messages_still_in_the_origin_move(move: Move, planned: list[int]) -> None:
    assert move(planned[:2], S.PLANNED, S.DRAFTED) == planned[:2]
    assert move(planned, S.PLANNED, S.DRAFTED) == planned[2:]
    assert move(planned, S.PLANNED, S.DRAFTED) == []


def test_every_move_is_told_in_order_with_its_reason(
    database: Engine, move: Move, planned: list[int]
) -> None:
    move(planned[:1], S.PLANNED, S.DRAFTED)
    move(planned[:1], S.DRAFTED, S.IN_REVIEW)
    told = rows(
        database,
        "SELECT seq, from_state, to_state, reason FROM message_event WHERE message_id = :id"
        " ORDER BY seq",
        id=planned[0],
    )
    assert told == [
        (1, None, "planned", "won"),
        (2, "planned", "drafted", "test"),
        (3, "drafted", "in_review", "test"),
    ]


def test_a_message_that_does_not_move_tells_nothing(
    database: Engine, move: Move, planned: list[int]
) -> None:
    move(planned, S.DRAFTED, S.EXPIRED, LedgerKind.RELEASE)
    assert len(rows(database, "SELECT * FROM message_event")) == len(planned)
    assert rows(database, _CLOSINGS) == []


def test_a_closing_move_closes_the_slot_as_it_was_reserved(
    database: Engine, move: Move, planned: list[int]
) -> None:
    move(planned[:1], S.PLANNED, S.DELIVERED, LedgerKind.DELIVERY, hour=20)
    frozen = "person_id, contact, scene, category, channel, sender, zone, policy_version, ghost"
    assert rows(database, _CLOSINGS) == [(planned[0], "delivery")]
    told = rows(database, f"SELECT DISTINCT {frozen} FROM ledger WHERE slot = {planned[0]}")
    assert len(told) == 1


def test_a_closing_bears_the_local_date_of_its_instant(
    database: Engine, planned: list[int]
) -> None:
    with transaction(database) as connection:
        messages.move(
            connection,
            planned[:1],
            S.PLANNED,
            S.EXPIRED,
            at=at(3, 0, 30),  # in UTC still the day before
            reason="late",
            closing=LedgerKind.RELEASE,
        )
    (closed,) = rows(
        database, "SELECT local_date::text, at, until FROM ledger WHERE kind = 'release'"
    )
    assert closed == ("2026-03-03", at(3, 0, 30), at(3, 0, 30))


def test_a_second_closing_is_refused_by_the_database(
    database: Engine, move: Move, planned: list[int]
) -> None:
    move(planned, S.PLANNED, S.EXPIRED, LedgerKind.RELEASE)
    with pytest.raises(IntegrityError, match="uq_ledger_closing"):
        move(planned, S.EXPIRED, S.DELIVERED, LedgerKind.DELIVERY)
    assert rows(database, _CLOSINGS) == [(one, "release") for one in planned]


def test_a_second_reservation_of_a_slot_is_refused_by_the_database(
    database: Engine, planned: list[int]
) -> None:
    with pytest.raises(IntegrityError, match="uq_ledger_reservation"):
        builders.change(database, _RESERVE_AGAIN, slot=planned[0])


def test_a_person_has_one_open_message_per_scene(database: Engine, planned: list[int]) -> None:
    (person,) = rows(database, "SELECT person_id FROM message WHERE id = :id", id=planned[0])[0]
    with pytest.raises(IntegrityError, match="uq_message_open"):
        builders.messages(database, [person], until=at(6, 0))
    builders.messages(database, [person], scene="welcome")


def test_a_closed_message_makes_room_for_the_next(
    database: Engine, move: Move, planned: list[int]
) -> None:
    move(planned, S.PLANNED, S.EXPIRED, LedgerKind.RELEASE)
    (person,) = rows(database, "SELECT person_id FROM message WHERE id = :id", id=planned[0])[0]
    assert len(builders.messages(database, [person], until=at(6, 0))) == 1


def test_of_racing_movers_one_moves_each_message(database: Engine, move: Move) -> None:
    ids = builders.messages(database, builders.persons(database, 200))
    targets = [S.DRAFTED, S.EXPIRED, S.DRAFT_FAILED, S.EXPIRED]
    together = Barrier(len(targets))

    def mover(place: int) -> list[int]:
        together.wait()
        share = ids[:: (1, -1)[place % 2]]
        closing = None if targets[place] is S.DRAFTED else LedgerKind.RELEASE
        return [
            moved
            for start in range(0, 200, 20)
            for moved in move(share[start : start + 20], S.PLANNED, targets[place], closing)
        ]

    with ThreadPoolExecutor(len(targets)) as pool:
        moved = [one for found in pool.map(mover, range(len(targets))) for one in found]
    assert sorted(moved) == ids
    crooked = "SELECT message_id FROM message_event GROUP BY message_id HAVING count(*) <> 2"
    assert rows(database, crooked) == []


def test_what_is_past_its_window_is_overdue_until_it_is_handed_over(
    database: Engine, move: Move, planned: list[int]
) -> None:
    move(planned[1:2], S.PLANNED, S.QUEUED)
    with transaction(database) as connection:
        assert messages.overdue(connection, at(4, 23, 59), 10) == []
        overdue = messages.overdue(connection, at(5, 0), 10)
    assert overdue == [(planned[0], S.PLANNED), (planned[2], S.PLANNED)]


def test_a_hold_is_too_long_counted_from_the_first_one(
    database: Engine, move: Move, planned: list[int]
) -> None:
    for origin, target, hour in ((S.PLANNED, S.HELD, 9), (S.HELD, S.IN_REVIEW, 12)):
        move(planned[:1], origin, target, hour=hour)
    move(planned[:1], S.IN_REVIEW, S.HELD, hour=13)
    with transaction(database) as connection:
        assert messages.held_too_long(connection, at(4, 8, 59), 48, 10) == []
        assert messages.held_too_long(connection, at(4, 9), 48, 10) == planned[:1]
