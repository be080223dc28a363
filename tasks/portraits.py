"""Who a person is to us: members, ways to reach them, consent, arm, segment, habits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from prompts import reasons
from prompts.catalogue import locale
from schemas.dimensions import Dimension
from schemas.enums import Arm
from tasks.episodes import local
from tasks.segment_words import text_of


@dataclass(frozen=True)
class Fact:
    """Something known of a person: `text` for people, `value` for machines."""

    key: str
    label: str
    text: str
    value: Any


def facts_of(
    row: Any,
    members: list[Any],
    contacts: list[Any],
    segments: tuple[Sequence[Any], Mapping[str, str]],
    arm: Arm,
    zone: ZoneInfo,
) -> Iterator[Fact]:
    """Yield what is known of a person, as the store tells it."""
    texts = locale()["explain"]
    yield _members(members)
    yield _contacts(contacts, zone)
    yield _consent(row, zone)
    yield Fact("arm", texts["arm"], texts["arms"][arm], arm.value)
    yield _segment(row)
    yield from _others(*segments)
    if row.orders is None:
        return
    last = _day(row.last_order_at, zone)
    yield Fact(
        "orders",
        texts["orders"],
        texts["orders_known"].format(orders=row.orders, units=row.units, last=last)
        if row.orders
        else texts["no_orders"],
        {"orders": row.orders, "units": row.units, "last_order": last},
    )
    yield _rhythm(row)
    yield _touches(row, arm, zone)


def _members(members: list[Any]) -> Fact:
    texts = locale()["explain"]
    said = [
        texts["member_city" if one.city else "member"].format(
            key=f"{one.source}:{one.key}", city=one.city
        )
        for one in members
    ]
    known = [{"source": one.source, "key": one.key, "city": one.city} for one in members]
    return Fact("members", texts["members"], "\n".join(said) or texts["no_members"], known)


def _contacts(contacts: list[Any], zone: ZoneInfo) -> Fact:
    texts = locale()["explain"]
    said, known = [], []
    for one in contacts:
        because = reasons.suppression(one.reason) if one.reason else None
        said.append(
            texts["contact_suppressed" if one.reason else "contact"].format(
                address=one.address,
                employee=one.employee_id,
                since=_day(one.since, zone),
                because=because,
                at=_day(one.suppressed_at, zone),
            )
        )
        known.append(
            {
                "channel": one.channel,
                "address": one.address,
                "employee": one.employee_id,
                "since": _day(one.since, zone),
                "suppressed": one.reason,
            }
        )
    return Fact("contacts", texts["contacts"], "\n".join(said) or texts["no_contacts"], known)


def _consent(row: Any, zone: ZoneInfo) -> Fact:
    texts = locale()["explain"]
    if row.granted is None:
        return Fact("consent", texts["consent"], texts["consent_unsaid"], None)
    said = texts["consent_yes" if row.granted else "consent_no"]
    at = _day(row.said_at, zone)
    value = {"granted": row.granted, "at": at, "source": row.said_to}
    return Fact("consent", texts["consent"], said.format(at=at, source=row.said_to), value)


def _segment(row: Any) -> Fact:
    texts = locale()["explain"]
    if row.segment is None:
        return Fact("segment", texts["segment"], texts["no_segment"], None)
    name = text_of(Dimension.LIFECYCLE, row.segment).title
    return Fact(
        "segment",
        texts["segment"],
        texts["segment_since"].format(segment=name, since=row.since),
        {"segment": row.segment, "since": row.since},
    )


def _others(segments: Sequence[Any], names: Mapping[str, str]) -> Iterator[Fact]:
    """Yield what else a person is beside a stage of the lifecycle; `runwu segments` says why."""
    named = {
        f"{one.dimension}:{one.segment}": text_of(one.dimension, one.segment, names).title
        for one in segments
        if one.dimension != Dimension.LIFECYCLE
    }
    if named:
        label = locale()["explain"]["segments"]
        yield Fact("segments", label, "、".join(named.values()), list(named))


def _rhythm(row: Any) -> Fact:
    texts = locale()["explain"]
    value = {
        "median_days": row.gap_median,
        "spread_days": row.gap_spread,
        "due_from": row.due_from,
        "due_until": row.due_until,
    }
    if row.gap_median is None:
        return Fact("rhythm", texts["rhythm"], texts["no_rhythm"], value)
    said = texts["rhythm_due" if row.due_from else "rhythm_known"].format(
        median=f"{row.gap_median:g}",
        spread=f"{row.gap_spread:g}",
        due_from=row.due_from,
        due_until=row.due_until,
    )
    return Fact("rhythm", texts["rhythm"], said, value)


def _touches(row: Any, arm: Arm, zone: ZoneInfo) -> Fact:
    texts = locale()["explain"]
    last = _day(row.last_touch_at, zone)
    value = {"touches": row.touches, "last": last, "unanswered": row.unanswered}
    known = "touches_as_if" if arm is Arm.HOLDOUT else "touches_known"
    said = texts[known if row.touches else "no_touches"].format(**value)
    return Fact("touches", texts["touches"], said, value)


def _day(at: datetime | None, zone: ZoneInfo) -> str | None:
    return local(at, zone)[:10] if at else None
