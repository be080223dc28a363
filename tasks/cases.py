"""What the governor is told of locked persons."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from rules.holdout import arm_of
from rules.senders import KnownContact, choose_contact
from schemas.planning import Case, Contact, Slot, Span
from schemas.policy import Policy
from store import persons as store_persons

_CALENDAR_DAYS = 31


def horizon(policy: Policy) -> timedelta:
    """Return how far back a delivery can still matter to any cap or gap."""
    hours = [cap.rolling_hours or _CALENDAR_DAYS * 24 for cap in policy.caps]
    return timedelta(hours=max([*hours, policy.gap_hours]) + 24)


def read_cases(
    connection: Connection,
    persons: Sequence[int],
    *,
    channel: str,
    as_of: datetime,
    policy: Policy,
) -> dict[int, Case]:
    """Return the case of each person, without contenders; call with the persons locked."""
    slots, contacts, rows = store_persons.standing_of(
        connection, persons, channel=channel, as_of=as_of, horizon=horizon(policy)
    )
    taken: dict[int, list[Slot]] = {}
    for row in slots:
        # What is still open may arrive until now, however long ago it should have ended.
        span = Span(row.at, max(row.until, as_of))
        if row.delivered_at is not None:
            span = Span(row.delivered_at, row.delivered_at)
        taken.setdefault(row.person_id, []).append(Slot(row.slot, span))
    known: dict[int, list[KnownContact]] = {}
    for row in contacts:
        known.setdefault(row.person_id, []).append(
            KnownContact(Contact(row.address, row.employee_id), row.since, row.suppressed)
        )
    cases = {}
    for row in rows:
        contact, suppressed = choose_contact(known.get(row.person_id, ()))
        cases[row.person_id] = Case(
            person_id=row.person_id,
            contenders=(),
            slots=tuple(taken.get(row.person_id, ())),
            contact=contact,
            suppressed=suppressed,
            consent=row.consent,
            arm=arm_of(row.bucket, policy.holdout_share),
            unanswered=row.unanswered,
            open_scenes=frozenset(row.open_scenes),
        )
    return cases


def without_own(cases: Mapping[int, Case], person: int, message: int) -> Case:
    """Return a person's case as others' slots make it: a message does not compete with itself."""
    case = cases[person]
    return replace(case, slots=tuple(s for s in case.slots if s.candidate_id != message))
