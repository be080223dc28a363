"""What the governor is told of locked persons."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from rules.caps import stretched_gap
from rules.senders import KnownContact, choose_contact
from rules.standing import left_unanswered, open_complaint
from schemas.enums import CATEGORIES
from schemas.planning import Case, Contact, Contender, Slot, Span
from schemas.policy import Policy
from schemas.zones import zone_of
from store.standing import SlotRow, standing_of
from tasks.planner import Planner

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
    planner: Planner,
    contenders: Mapping[int, Sequence[Contender]],
    *,
    channel: str,
    as_of: datetime,
) -> dict[int, Case]:
    """Return the case of each person with their contenders; call with the persons locked."""
    standing = standing_of(
        connection, list(contenders), channel=channel, as_of=as_of, horizon=horizon(planner.policy)
    )
    usual = planner.zone_name
    zones = {row.person_id: row.timezone or usual for row in standing.persons}
    slots = _slots(standing.slots, zones, planner.zone, as_of)
    known: dict[int, list[KnownContact]] = {}
    for person, address, employee, since, suppressed in standing.contacts:
        contact = KnownContact(Contact(address, employee), since, suppressed)
        known.setdefault(person, []).append(contact)
    news = {row.person_id: row for row in standing.news}
    cases = {}
    for row in standing.persons:
        person, lately = row.person_id, news.get(row.person_id, row)
        ordered_at, complained_at = lately.ordered_at, lately.complained_at
        if complained_at is not None:
            complained_at = open_complaint(complained_at, lately.taken_up_at, planner.policy, as_of)
        chosen, refused = choose_contact(known.get(person, ()))
        mine = tuple(slots.get(person, ()))
        cases[person] = Case(
            person_id=person,
            contenders=tuple(contenders[person]),
            zone=zone_of(zones[person]),
            zone_name=zones[person],
            slots=mine,
            contact=chosen,
            suppressed=refused,
            consent=row.consent,
            personalised=row.personalised,
            minor=row.minor,
            city=row.city,
            bucket=standing.buckets[person],
            unanswered=left_unanswered(row.unanswered, row.last_touch_at, ordered_at),
            ordered_at=ordered_at,
            complained_at=complained_at,
            open_scenes=frozenset([slot.scene for slot in mine if slot.is_open and slot.scene]),
        )
    return cases


def without_own(cases: Mapping[int, Case], person: int, message: int) -> Case:
    """Return a person's case as others' slots make it: a message does not compete with itself."""
    case = cases[person]
    return case._replace(slots=tuple(s for s in case.slots if s.candidate_id != message))


def _slots(
    rows: Iterable[SlotRow],
    zones: Mapping[int, str],
    usual: ZoneInfo,
    as_of: datetime,
) -> dict[int, list[Slot]]:
    slots: dict[int, list[Slot]] = {}
    for (
        person,
        slot,
        at,
        until,
        zone,
        category,
        channel,
        sender,
        scene,
        delivered,
        answered,
    ) in rows:
        # What is still open may arrive until now, however long ago it should have ended.
        ends = delivered or max(until, as_of)
        slots.setdefault(person, []).append(
            Slot(
                slot,
                Span(delivered or at, ends),
                zone_of(zone or zones[person]) or usual,
                CATEGORIES[category],
                channel,
                sender,
                scene,
                answered,
                is_open=delivered is None,
            )
        )
    return slots
