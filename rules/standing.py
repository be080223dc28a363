"""What forbids writing to a person at all, or for now, whatever the message."""

from datetime import datetime, timedelta

from schemas.enums import Category
from schemas.governing import Blackout
from schemas.planning import Case, Reason
from schemas.policy import Policy


def person_reasons(
    case: Case, category: Category, policy: Policy, as_of: datetime
) -> tuple[Reason, ...]:
    """
    Return what forbids a message of a category to this person, time apart.

    Rationale: no consent, no message (Ad Law art. 43; PIPL 13-16); whoever refuses decisions by
    machine gets none (PIPL 24); children are nobody's market (PIPL 31); a deleted employee is the
    clearest refusal there is; whoever never answers has answered.
    """
    terms = policy.categories.of(category)
    reasons: list[Reason] = []
    if case.suppressed is not None:
        reasons.append(Reason("suppressed", {"because": case.suppressed}))
    elif case.contact is None:
        reasons.append(Reason("no_contact"))
    if case.zone is None:
        reasons.append(Reason("unknown_zone", {"zone": case.zone_name}))
    if terms.agreed:
        reasons += _not_agreed(case)
    if policy.blackouts:
        reasons += _blackouts(case, category, policy, as_of)
    if terms.capped and case.unanswered >= policy.silence_limit:
        limit = policy.silence_limit
        reasons.append(Reason("silence", {"unanswered": case.unanswered, "limit": limit}))
    if terms.guarded and case.complained_at is not None:
        reasons.append(Reason("complaint", {"since": case.complained_at.isoformat()}))
    return tuple(reasons)


def guarded_until(case: Case, category: Category, policy: Policy) -> datetime | None:
    """
    Return until when a category keeps silent after this person's last order, if it does.

    Rationale: whoever has just bought needs no reason to buy; the next offer tells them that they
    paid too much.
    """
    if case.ordered_at is None or not policy.categories.of(category).guarded:
        return None
    return case.ordered_at + policy.after_order


def open_complaint(
    complained_at: datetime | None, taken_up_at: datetime | None, policy: Policy, as_of: datetime
) -> datetime | None:
    """Return since when a complaint is open: not taken up, and not older than the segment says."""
    if complained_at is None or (taken_up_at is not None and taken_up_at > complained_at):
        return None
    over = complained_at + timedelta(days=policy.segments.complaint_days)
    return complained_at if over >= as_of else None


def left_unanswered(
    messages: int, last_touch_at: datetime | None, ordered_at: datetime | None
) -> int:
    """
    Return how many messages a person has left without an answer, and without an act.

    Rationale: whoever comes back by themselves has not done with us, however long it took.
    """
    acted = ordered_at and last_touch_at and ordered_at > last_touch_at
    return 0 if acted else messages


def _not_agreed(case: Case) -> list[Reason]:
    reasons = []
    if not case.consent:
        reasons.append(Reason("no_consent", {"said": case.consent}))
    if case.personalised is False:
        reasons.append(Reason("not_personalised"))
    if case.minor:
        reasons.append(Reason("minor"))
    return reasons


def _blackouts(case: Case, category: Category, policy: Policy, as_of: datetime) -> list[Reason]:
    if category is Category.TRANSACTIONAL or case.zone is None:
        return []
    today = as_of.astimezone(case.zone).date()
    return [
        Reason("blackout", {"why": one.why, "last": one.last.isoformat()})
        for one in policy.blackouts
        if one.first <= today <= one.last and _concerns(one, case)
    ]


def _concerns(blackout: Blackout, case: Case) -> bool:
    # Whose city nobody knows may be there.
    return not blackout.cities or case.city is None or case.city in blackout.cities
