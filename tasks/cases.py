"""What the governor is told of locked persons."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from rules.caps import stretched_gap
from rules.senders import KnownContact, choose_contact
from rules.standing import left_unanswered, open_complaint
from schemas.enums import Category
from schemas.planning import Case, Contact, Slot, Span
from schemas.policy import Policy
from schemas.zones import zone_of
from store import persons as store_persons
from tasks.wiring import Wiring

_CALENDAR_HOURS = 31 * 24
_DAY_HOURS = 24


def horizon(policy: Policy) -> timedelta:
    """Return how far back a delivery can still matter to any cap, gap or budget."""
    spans = [cap.span_hours or _CALENDAR_HOURS for cap in policy.caps]
    longest_gap = stretched_gap(policy, policy.silence_limit)
    days = policy.personal.days * _DAY_HOURS
    return timedelta(hours=max([*spans, longest_gap, days]) + _DAY_HOURS)


def read_cases(
    connection: Connection,
    wired: Wiring,
    persons: Sequence[int],
    *,
    channel: str,
    as_of: datetime,
) -> dict[int, Case]:
    """Return the case of each person, without contenders; call with the persons locked."""
    standing = store_persons.standing_of(
        connection, persons, channel=channel, as_of=as_of, horizon=horizon(wired.policy)
    )
    zones = {row.person_id: row.timezone or wired.zone_name for row in standing.persons}
    slots: dict[int, list[Slot]] = {}
    for row in standing.slots:
        zone = zone_of(row.zone or zones[row.person_id]) or wired.zone
        slots.setdefault(row.person_id, []).append(_slot(row, zone, as_of))
    known: dict[int, list[KnownContact]] = {}
    for row in standing.contacts:
        known.setdefault(row.person_id, []).append(
            KnownContact(Contact(row.address, row.employee_id), row.since, row.suppressed)
        )
    open_scenes: dict[int, set[str]] = {}
    for row in standing.open_scenes:
        open_scenes.setdefault(row.person_id, set()).add(row.scene)
    news = {row.person_id: row for row in standing.news}
    cases = {}
    for row in standing.persons:
        contact, suppressed = choose_contact(known.get(row.person_id, ()))
        zone_name = zones[row.person_id]
        lately = news.get(row.person_id, row)
        complained_at = open_complaint(
            lately.complained_at, lately.taken_up_at, wired.policy, as_of
        )
        cases[row.person_id] = Case(
            person_id=row.person_id,
            contenders=(),
            zone=zone_of(zone_name),
            zone_name=zone_name,
            slots=tuple(slots.get(row.person_id, ())),
            contact=contact,
            suppressed=suppressed,
            consent=row.consent,
            personalised=row.personalised,
            minor=row.minor,
            city=row.city,
            bucket=standing.buckets[row.person_id],
            unanswered=left_unanswered(row.unanswered, row.last_touch_at, lately.ordered_at),
            ordered_at=lately.ordered_at,
            complained_at=complained_at,
            open_scenes=frozenset(open_scenes.get(row.person_id, ())),
        )
    return cases


def without_own(cases: Mapping[int, Case], person: int, message: int) -> Case:
    """Return a person's case as others' slots make it: a message does not compete with itself."""
    case = cases[person]
    return replace(case, slots=tuple(s for s in case.slots if s.candidate_id != message))


def _slot(row: Any, zone: ZoneInfo, as_of: datetime) -> Slot:
    # What is still open may arrive until now, however long ago it should have ended.
    span = Span(row.at, max(row.until, as_of))
    if row.delivered_at is not None:
        span = Span(row.delivered_at, row.delivered_at)
    return Slot(
        candidate_id=row.slot,
        span=span,
        zone=zone,
        category=Category(row.category),
        channel=row.channel,
        sender=row.sender,
        scene=row.scene,
        answered=row.answered,
    )
