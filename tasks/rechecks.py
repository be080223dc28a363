"""The second and the third look at a message, with everything that happened since the plan."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from rules.governor import recheck
from schemas.enums import MessageState
from schemas.planning import Contact, Planned, Span
from store import messages as store_messages
from tasks.cases import read_cases, without_own
from tasks.moves import move
from tasks.wiring import wiring


def still_allowed(
    connection: Connection, messages: Sequence[int], state: MessageState, as_of: datetime
) -> list[int]:
    """
    Block those messages, all in `state`, that no longer may go out; return the others.

    Call with the persons locked. Each is weighed against every slot but its own.
    """
    wired = wiring()
    rows = store_messages.addressed(connection, messages)
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
        planned = Planned(Contact(row.contact, row.sender), Span(row.planned_for, row.window_until))
        why = recheck(case, planned, wired.policy, wired.zone, as_of)
        if not why:
            allowed.append(row.id)
            continue
        block(connection, [row.id], state, as_of, ", ".join(reason.rule for reason in why))
    return allowed


def block(
    connection: Connection,
    messages: Sequence[int],
    state: MessageState,
    as_of: datetime,
    reason: str,
) -> None:
    """Keep messages, all in `state`, from going out, for good."""
    move(connection, messages, state, MessageState.BLOCKED, at=as_of, reason=reason)
