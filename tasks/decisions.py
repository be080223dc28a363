"""What a reviewer decided, carried into our tables."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prefect import task
from sqlalchemy import Connection

from prompts.catalogue import scenes
from schemas.channel import Link
from schemas.clock import own_time
from schemas.enums import Author, Decision, MessageState
from store import reviews, runs, wordings
from store.database import transaction
from store.persons import lock_persons
from tasks.draft import draft_of
from tasks.forms import Answer, Choice
from tasks.moves import move
from tasks.rechecks import still_allowed
from tasks.wiring import wiring
from tasks.writing import Text, check

_log = logging.getLogger("runwu.review")
_IN_REVIEW = MessageState.IN_REVIEW
SENT_BACK = "sent back"
_UNDECIDED = Choice(Decision.HOLD)


@dataclass(frozen=True)
class _Desk:
    """The one decision under way: by whom, when, on which batch."""

    connection: Connection
    batch: int
    reviewer: str
    as_of: datetime


@task(name="apply review", retries=3, retry_delay_seconds=5)
def apply_review(batch: int, answer: Answer) -> Mapping[str, int]:
    """
    Carry the answer to one round into our tables; return how many persons each decision concerns.

    A decision counts only where the wording still stands for the content it was made on; for
    anything else it is void, and the wording is not sent. An edit that breaks a hard rule goes
    back to the desk in a further round, and nothing of it is sent. An answer that was applied
    before changes nothing.
    """
    counts: dict[str, int] = {}
    with transaction(wiring().database) as connection:
        run_id = reviews.lock_batch(connection, batch, answer.round)
        if run_id is None:
            return counts
        desk = _Desk(
            connection, batch, answer.reviewer, own_time(*runs.run_clock(connection, run_id))
        )
        # All at once, in id order: batch by batch would deadlock with a plan under way.
        shown = reviews.current_drafts(connection, batch, answer.round)
        lock_persons(connection, [person for draft in shown for person in draft.persons])
        for draft in reviews.current_drafts(connection, batch, answer.round):
            choice = answer.choices.get((draft.draft_id, draft.content_hash), _UNDECIDED)
            name, moved = _apply(desk, draft, choice)
            persons = len(set(moved) - set(draft.ghosts or ()))
            counts[name] = counts.get(name, 0) + persons
        if SENT_BACK in counts:
            reviews.next_round(connection, batch)
        else:
            reviews.decide_batch(connection, batch, answer.reviewer, desk.as_of)
    _log.info("review_applied batch=%d round=%d counts=%s", batch, answer.round, counts)
    return counts


def _apply(desk: _Desk, draft: Any, choice: Choice) -> tuple[str, Sequence[int]]:
    """Apply a choice to one wording; return what it came to and the messages concerned."""
    decision = choice.decision
    if decision is Decision.REJECT:
        return decision, _move(desk, draft, MessageState.REJECTED, "rejected")
    if decision is Decision.APPROVE and draft.expires_at <= desk.as_of:
        return decision, _move(desk, draft, MessageState.EXPIRED, "approved too late")
    content = draft.draft_id, draft.content_hash
    if choice.edit is not None:
        edited = _edited(draft, choice.edit)
        if edited.violations:
            reviews.send_back(
                desk.connection, desk.batch, draft.ordinal, choice.edit, edited.violations
            )
            return SENT_BACK, draft.messages
        content = _revise(desk, draft, edited)
    if decision is Decision.HOLD:
        return decision, _move(desk, draft, MessageState.HELD, "held")
    moved = _move(desk, draft, MessageState.APPROVED, "approved")
    reviews.approve(desk.connection, *content, moved, reviewer=desk.reviewer, at=desk.as_of)
    allowed = still_allowed(desk.connection, moved, MessageState.APPROVED, desk.as_of)
    return decision, list(allowed)


def _edited(draft: Any, edit: str) -> Text:
    """Return an operator's text, checked like any other; the card stays as it was."""
    checked = check(wiring(), scenes()[draft.scene], edit)
    return Text(edit, Link(**draft.link), checked.violations, checked.warnings, Author.OPERATOR)


def _revise(desk: _Desk, draft: Any, edited: Text) -> tuple[int, str]:
    """Append an operator's text as the wording's newest revision; return its id and hash."""
    revision = draft_of(wiring(), draft, edited, draft.revision + 1)
    made = wordings.add_draft(desk.connection, revision)
    if made is None:
        raise ValueError(f"wording {draft.id} was revised elsewhere, although its batch is locked")
    return made, revision["content_hash"]


def _move(desk: _Desk, draft: Any, target: MessageState, done: str) -> list[int]:
    reason = f"{done} by {desk.reviewer}"
    return move(desk.connection, draft.messages, _IN_REVIEW, target, at=desk.as_of, reason=reason)
