"""The second and the third look at a message, with everything that happened since the plan."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from rules.caps import violations
from rules.governor import person_reasons, task_until
from rules.quiet_hours import next_allowed
from schemas.enums import MessageState
from schemas.planning import Case, Reason, Span
from store import messages as store_messages
from tasks.cases import read_cases, without_own
from tasks.moves import move
from tasks.wiring import Wiring, wiring


def still_allowed(connection: Connection, approved: Sequence[int], as_of: datetime) -> list[int]:
    """
    Block those approved messages that no longer may go out; return the others.

    Call with the persons locked. Each is weighed against every slot but its own.
    """
    wired = wiring()
    rows = store_messages.addressed(connection, approved)
    cases = read_cases(
        connection,
        [row.person_id for row in rows],
        channel="wecom",
        as_of=as_of,
        policy=wired.policy,
    )
    allowed = []
    for row in rows:
        case = without_own(cases, row.person_id, row.id)
        why = _reasons(wired, case, row, as_of)
        if not why:
            allowed.append(row.id)
            continue
        move(
            connection,
            [row.id],
            MessageState.APPROVED,
            MessageState.BLOCKED,
            at=as_of,
            reason=", ".join(reason.rule for reason in why),
        )
    return allowed


def _reasons(
    wired: Wiring, case: Case, message: store_messages.Addressed, as_of: datetime
) -> Iterable[Reason]:
    reasons = list(person_reasons(case, wired.policy))
    if case.contact is not None and (case.contact.address, case.contact.sender) != (
        message.contact,
        message.sender,
    ):
        # The yes was for this adviser's voice; another one needs another yes.
        reasons.append(Reason("contact_changed"))
    start = next_allowed(max(as_of, message.planned_for), wired.zone, wired.policy.quiet_hours)
    if start >= message.window_until:
        return [*reasons, Reason("window_over")]
    until = task_until(start, message.window_until, wired.policy, wired.zone)
    return [*reasons, *violations(Span(start, until), case.slots, wired.policy, wired.zone)]
