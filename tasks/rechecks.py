"""The second and the third look at a message, with everything that happened since the plan."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from rules.governor import Governor
from schemas.channel import WECOM
from schemas.enums import Category, MessageState
from schemas.planning import Contact, Planned, Recheck, Span
from store import messages as store_messages
from tasks.cases import read_cases, without_own
from tasks.moves import move
from tasks.wiring import wiring


def still_allowed(
    connection: Connection, messages: Sequence[int], state: MessageState, as_of: datetime
) -> dict[int, Span]:
    """
    Block those messages, all in `state`, that no longer may go out; return when the others may.

    Call with the persons locked.
    """
    allowed: dict[int, Span] = {}
    for message, found in weighed_again(connection, messages, as_of).items():
        if found.span is not None:
            allowed[message] = found.span
            continue
        why = ", ".join(reason.rule for reason in found.reasons)
        block(connection, [message], state, as_of, why)
    return allowed


def weighed_again(
    connection: Connection, messages: Sequence[int], as_of: datetime
) -> dict[int, Recheck]:
    """Weigh each message against every slot but its own; call with the persons locked."""
    wired = wiring()
    rows = store_messages.addressed(connection, messages)
    nobody_else = dict.fromkeys((row.person_id for row in rows), ())
    cases = read_cases(connection, wired.planner, nobody_else, channel=WECOM, as_of=as_of)
    governor = Governor(wired.policy, as_of)
    found: dict[int, Recheck] = {}
    for row in rows:
        case = without_own(cases, row.person_id, row.id)
        planned = Planned(
            row.scene,
            Category(row.category),
            row.channel,
            Contact(row.contact, row.sender),
            Span(row.planned_for, row.window_until),
        )
        found[row.id] = governor.recheck(case, planned)
    return found


def block(
    connection: Connection,
    messages: Sequence[int],
    state: MessageState,
    as_of: datetime,
    reason: str,
) -> None:
    """Keep messages, all in `state`, from going out, for good."""
    move(connection, messages, state, MessageState.BLOCKED, at=as_of, reason=reason)
