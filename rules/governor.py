"""One person, one budget, one winner."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rules.caps import frees_at, violations
from rules.quiet_hours import next_allowed, next_quiet
from schemas.enums import Arm, Verdict
from schemas.planning import Case, Contender, Planned, Reason, Ruling, Span
from schemas.policy import Policy


def decide(case: Case, policy: Policy, zone: ZoneInfo, as_of: datetime) -> list[Ruling]:
    """
    Return one ruling per contender of a person, at most one of them won.

    Rationale: the most valuable contender that no rule holds back takes the only slot; a weaker
    one never gets it by coming first (peers.md, section 4, pitfall 9). In the holdout the winner
    is a ghost: decided by the same rules and paid for with the same slot, so that both arms
    compete alike and differ in nothing but what was sent.
    """
    barred = person_reasons(case, policy)
    ranked = sorted(case.contenders, key=lambda one: (-one.value, one.scene, one.candidate_id))
    rulings: list[Ruling] = []
    won = Verdict.GHOST if case.arm is Arm.HOLDOUT else Verdict.WON
    winner: int | None = None
    for contender in ranked:
        ruling = _rule(contender, case, barred, policy, zone, as_of)
        if ruling.verdict is Verdict.WON and winner is not None:
            ruling = Ruling(contender, Verdict.OUTCOMPETED, winner_id=winner)
        elif ruling.verdict is Verdict.WON:
            winner = contender.candidate_id
            ruling = replace(ruling, verdict=won)
        rulings.append(ruling)
    return rulings


def person_reasons(case: Case, policy: Policy) -> tuple[Reason, ...]:
    """
    Return what forbids writing to this person at all.

    Rationale: no consent, no message (Ad Law art. 43; PIPL 13-16); a deleted employee is the
    clearest refusal there is; whoever never answers has answered.
    """
    reasons = []
    if case.suppressed is not None:
        reasons.append(Reason("suppressed", {"because": case.suppressed}))
    elif case.contact is None:
        reasons.append(Reason("no_contact"))
    if not case.consent:
        reasons.append(Reason("no_consent", {"said": case.consent}))
    if case.unanswered >= policy.silence_limit:
        reasons.append(
            Reason("silence", {"unanswered": case.unanswered, "limit": policy.silence_limit})
        )
    return tuple(reasons)


def recheck(
    case: Case, planned: Planned, policy: Policy, zone: ZoneInfo, as_of: datetime
) -> tuple[Reason, ...]:
    """
    Return what forbids a planned message by now; `case.slots` leaves out its own.

    Rationale: a yes may be days old. Who refused, fell silent, was reached otherwise or changed
    advisers since is left alone; a yes for one adviser's voice is none for another's.
    """
    reasons = person_reasons(case, policy)
    if case.contact is not None and case.contact != planned.contact:
        reasons = (*reasons, Reason("contact_changed"))
    start = next_allowed(max(as_of, planned.span.start), zone, policy.quiet_hours)
    if start >= planned.span.end:
        return (*reasons, Reason("window_over"))
    until = task_until(start, planned.span.end, policy, zone)
    return (*reasons, *violations(Span(start, until), case.slots, policy, zone))


def task_until(as_of: datetime, window_until: datetime, policy: Policy, zone: ZoneInfo) -> datetime:
    """
    Return when an unconfirmed task is taken back: at its window's end or before quiet hours.

    Rationale: an employee may confirm at any moment, so no open task may reach into the night.
    """
    quiet = next_quiet(as_of, zone, policy.quiet_hours)
    return window_until if quiet is None else min(window_until, quiet)


def _rule(
    contender: Contender,
    case: Case,
    barred: tuple[Reason, ...],
    policy: Policy,
    zone: ZoneInfo,
    as_of: datetime,
) -> Ruling:
    if barred:
        return Ruling(contender, Verdict.SUPPRESSED, barred)
    if contender.scene in case.open_scenes:
        return Ruling(contender, Verdict.SUPPRESSED, (Reason("open_message"),))
    # In UTC an hour is an hour, also in the night in which clocks change.
    start = next_allowed(as_of.astimezone(UTC), zone, policy.quiet_hours)
    span = Span(start, min(contender.window_until, start + timedelta(hours=contender.hours)))
    if span.start >= contender.window_until:
        return Ruling(contender, Verdict.SUPPRESSED, (Reason("window_over"),))
    reasons = violations(span, case.slots, policy, zone)
    if reasons:
        frees = _frees_awake(contender, span, case, policy, zone)
        return Ruling(contender, Verdict.SUPPRESSED, reasons, frees_at=frees)
    return Ruling(contender, Verdict.WON, span=span)


def _frees_awake(
    contender: Contender, span: Span, case: Case, policy: Policy, zone: ZoneInfo
) -> datetime | None:
    """Return the first moment out of quiet hours, within the window, at which it would fit."""
    frees = frees_at(span, case.slots, policy, zone, until=contender.window_until)
    awake = next_allowed(frees, zone, policy.quiet_hours) if frees else None
    return awake if awake and awake < contender.window_until else None
