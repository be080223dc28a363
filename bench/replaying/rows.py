"""A day's decisions as rows of the tables that a daily run fills."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from rules.records import contender_record
from rules.replay import BUDGETS, HOLDOUT, OUTCOMPETED, WRITTEN, Fate
from schemas.planning import Case, Contender
from store.bulk import copy_rows
from store.candidates import record_decisions

_OVER = {told: reason for reason, told in BUDGETS.items()}
_LOST = 8
_ORDERED = 20
_FOUND = {
    "slots": {"product": "云南日晒咖啡豆"},
    "voice": "junior",
    "segment": "due",
    "evidence": {"gap_days": 14, "median_days": 12},
}

_CANDIDATE = (
    "id",
    "run_id",
    "person_id",
    "scene",
    "wording_key",
    "value",
    "window_until",
    "inputs",
)
_MESSAGE = (
    *("id", "run_id", "person_id", "scene", "category", "channel", "sender", "contact"),
    *("ghost", "round", "state", "planned_for", "window_until"),
)
_EVENT = ("message_id", "seq", "at", "from_state", "to_state", "reason")
_OUTCOME = ("kind", "source_event", "person_id", "message_id", "at", "amount")


@dataclass
class Entry:
    """A candidate of a day: what was found, what is kept of its person, what became of it."""

    contender: Contender
    case: Case
    told: Mapping[str, Any]
    fate: Fate | None = None

    @property
    def settled(self) -> Fate:
        """Its fate. Raises ValueError before its day is over."""
        if self.fate is None:
            raise ValueError("the day is not over")
        return self.fate

    @property
    def won(self) -> bool:
        """Whether it took a slot, if only until what is shared was allotted."""
        return self.settled.told in (WRITTEN, HOLDOUT, *_OVER)

    @property
    def delivered(self) -> bool:
        """Whether its slot was used in the end."""
        return self.settled.slotted is not None and self.contender.candidate_id % _LOST != 0


def write_day(connection: Connection, run_id: int, day: Sequence[Entry], version: str) -> None:
    """Append a day's candidates, decisions, messages, their moves, and orders after them."""
    won = [one for one in day if one.won]
    copy_rows(connection, "candidate", _CANDIDATE, (_candidate(run_id, one) for one in day))
    record_decisions(connection, (_decision(one, version) for one in day))
    copy_rows(connection, "message", _MESSAGE, (_message(run_id, one) for one in won))
    copy_rows(connection, "message_event", _EVENT, (row for one in won for row in _moves(one)))
    copy_rows(connection, "outcome", _OUTCOME, (row for one in won for row in _orders(one)))


def _candidate(run_id: int, entry: Entry) -> tuple[Any, ...]:
    one = entry.contender
    return (
        one.candidate_id,
        run_id,
        entry.case.person_id,
        one.scene,
        one.wording_key,
        one.value,
        one.window_until,
        _FOUND,
    )


def _decision(entry: Entry, version: str) -> tuple[Any, ...]:
    fate = entry.settled
    verdict = {HOLDOUT: "ghost", OUTCOMPETED: "outcompeted"}.get(fate.told, "suppressed")
    if entry.won and fate.told != HOLDOUT:
        verdict = "won"
    return (
        entry.contender.candidate_id,
        verdict,
        "holdout" if verdict == "ghost" else "treated",
        [] if entry.won else [{"rule": fate.told}],
        None,
        fate.winner.candidate_id if fate.winner else None,
        {**contender_record(entry.contender), "case": entry.told},
        version,
    )


def _message(run_id: int, entry: Entry) -> tuple[Any, ...]:
    one, fate = entry.contender, entry.settled
    contact = entry.case.contact
    over = fate.told in _OVER
    return (
        one.candidate_id,
        run_id,
        entry.case.person_id,
        one.scene,
        one.category.value,
        one.channel,
        contact.sender if contact else "",
        contact.address if contact else "",
        fate.told == HOLDOUT,
        None if over else 0,
        "delivered" if entry.delivered else "cancelled" if over else "expired",
        one.window_until - timedelta(hours=one.hours),
        one.window_until,
    )


def _moves(entry: Entry) -> Iterator[tuple[Any, ...]]:
    number, fate, at = entry.contender.candidate_id, entry.settled, entry.contender.window_until
    yield number, 1, at, None, "planned", "won"
    if fate.told in _OVER:
        yield number, 2, at, "planned", "cancelled", _OVER[fate.told]


def _orders(entry: Entry) -> Iterator[tuple[Any, ...]]:
    number, at = entry.contender.candidate_id, entry.contender.window_until
    if entry.delivered and number % _ORDERED == 0:
        yield "order", f"shop:{number}", entry.case.person_id, number, at, 36
