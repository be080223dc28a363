"""What is kept with a decision, so that it can be understood, and decided again by other rules."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from schemas.enums import CATEGORIES
from schemas.planning import Case, Contact, Contender, Slot, Span
from schemas.zones import zone_of

_UTC = ZoneInfo("UTC")


class Found(NamedTuple):
    """What a candidate's own row tells of it."""

    candidate_id: int
    scene: str
    wording_key: str
    value: float
    window_until: datetime


def case_record(case: Case) -> dict[str, Any]:
    """
    Return a case without its contenders, for orjson; what is unknown or empty is left out.

    A slot is a list: candidate, start, end, zone, category, channel, sender, scene, answered,
    open. Instants are left for orjson to write, which takes it a tenth of the time.
    """
    told = {
        "bucket": case.bucket,
        "zone": case.zone_name,
        "contact": [case.contact.address, case.contact.sender] if case.contact else None,
        "suppressed": case.suppressed,
        "consent": case.consent,
        "personalised": case.personalised,
        "minor": case.minor,
        "city": case.city,
        "unanswered": case.unanswered or None,
        "ordered_at": case.ordered_at,
        "complained_at": case.complained_at,
        "open_scenes": sorted(case.open_scenes) or None,
        "slots": [_slot_record(slot) for slot in case.slots] or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def contender_record(contender: Contender) -> dict[str, Any]:
    """Return as JSON what a contender's scene said of it, which another day may be different."""
    return {
        "category": contender.category,
        "channel": contender.channel,
        "hours": contender.hours,
    }


def recorded_case(person: int, told: Mapping[str, Any], contenders: Iterable[Contender]) -> Case:
    """Return the case that was recorded of a person."""
    contact = told.get("contact")
    return Case(
        person_id=person,
        contenders=tuple(contenders),
        zone=zone_of(told["zone"]),
        zone_name=told["zone"],
        slots=tuple(_slot(slot) for slot in told.get("slots", ())),
        contact=Contact(*contact) if contact else None,
        suppressed=told.get("suppressed"),
        consent=told.get("consent"),
        personalised=told.get("personalised"),
        minor=told.get("minor"),
        city=told.get("city"),
        bucket=told["bucket"],
        unanswered=told.get("unanswered", 0),
        ordered_at=_instant(told.get("ordered_at")),
        complained_at=_instant(told.get("complained_at")),
        open_scenes=frozenset(told.get("open_scenes", ())),
    )


def recorded_contender(found: Found, told: Mapping[str, Any]) -> Contender:
    """Return the contender that a candidate was."""
    return Contender(
        candidate_id=found.candidate_id,
        scene=found.scene,
        category=CATEGORIES[told["category"]],
        channel=told["channel"],
        wording_key=found.wording_key,
        value=found.value,
        window_until=found.window_until,
        hours=told["hours"],
    )


def _slot_record(slot: Slot) -> list[Any]:
    return [
        slot.candidate_id,
        slot.span.start,
        slot.span.end,
        slot.zone.key,
        slot.category,
        slot.channel,
        slot.sender,
        slot.scene,
        slot.answered,
        slot.is_open,
    ]


def _slot(told: list[Any]) -> Slot:
    candidate, start, end, zone, category, channel, sender, scene, answered, is_open = told
    return Slot(
        candidate,
        Span(datetime.fromisoformat(start), datetime.fromisoformat(end)),
        zone_of(zone) or _UTC,
        CATEGORIES[category],
        channel,
        sender,
        scene,
        answered,
        is_open,
    )


def _instant(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told is not None else None
