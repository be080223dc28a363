"""Out of the house: released into the outbox, then called once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from prefect import task
from sqlalchemy import Connection

from adapters.channels.wecom import marked
from rules.content_hash import content_hash
from schemas.channel import Link, Parcel
from schemas.enums import DispatchState, MessageState
from schemas.errors import ChannelError
from schemas.planning import Span
from store import messages as store_messages
from store import outbox
from store.database import exclusively, transaction
from store.outbox import Sealed
from store.persons import lock_persons
from tasks import answers
from tasks.moves import move
from tasks.rechecks import block, still_allowed
from tasks.wiring import wiring

CHUNK = 10_000


@task(name="release approved")
def release_chunk(as_of: datetime) -> int:
    """
    Put one chunk of what is approved, due and still allowed into the outbox; 0 when none is left.

    Persons are locked, everything is checked again, outbox rows and states are committed before
    anything is called. Whose own hours are closed by now waits until they open.
    """
    wired = wiring()
    # Refuses a false hour before anything is put into the outbox.
    wired.channel(as_of, wired.way_out)
    with transaction(wired.database) as connection:
        due = _whole_cells(outbox.due(connection, as_of, CHUNK))
        lock_persons(connection, [row.person_id for row in due])
        uncovered = [row.id for row in due if not row.covered]
        block(connection, uncovered, MessageState.APPROVED, as_of, "no approval covers it")
        covered = [row for row in due if row.covered]
        ids = [row.id for row in covered]
        allowed = still_allowed(connection, ids, MessageState.APPROVED, as_of)
        later = {message: span.start for message, span in allowed.items() if span.start > as_of}
        store_messages.postpone(connection, later)
        _seal(
            connection, [row for row in covered if row.id in allowed.keys() - later], allowed, as_of
        )
    return len(due)


@task(name="list outbox")
def queued() -> list[int]:
    """Return the dispatches that wait for their call."""
    with transaction(wiring().database) as connection:
        return outbox.in_state(connection, DispatchState.QUEUED)


@task(name="call channel", task_run_name="call for dispatch {dispatch}")
def call(dispatch: int, as_of: datetime) -> str:
    """
    Make the one call of a dispatch and return the state it is then in.

    The advisory lock lives on its own connection: while this process is only paused, no other
    one takes its place. The mark "calling" is committed first, so that a process that dies in
    here leaves a trace that says: ask before you send.
    """
    with exclusively(wiring().database, answers.LOCK, dispatch) as mine:
        begun = _begin(dispatch, as_of) if mine else answers.ELSEWHERE
        if isinstance(begun, str):
            return begun
        sealed, parcel = begun
        try:
            receipt = wiring().channel(as_of, sealed.via).send(parcel)
        except ChannelError as error:
            return answers.not_accepted(sealed, error, as_of)
        return answers.accepted(sealed, DispatchState.CALLING, receipt, as_of)


def _begin(dispatch: int, as_of: datetime) -> tuple[Sealed, Parcel] | str:
    """
    Commit that the call is about to be made, or return why it is not.

    A call may come hours after its release, so everyone in it is looked at once more. What was
    sealed for a dry run never goes out for real, nor the other way about: it waits for its end.
    """
    with transaction(wiring().database) as connection:
        sealed = outbox.load(connection, dispatch)
        if sealed.state is not DispatchState.QUEUED:
            return sealed.state.value
        if sealed.until <= as_of:
            return answers.too_late(connection, sealed, as_of)
        if sealed.via != wiring().way_out:
            return sealed.state.value
        queued = outbox.recipients(connection, dispatch, MessageState.QUEUED.value)
        lock_persons(connection, [row.person_id for row in queued])
        messages = [row.id for row in queued]
        if not _as_approved(sealed):
            block(connection, messages, MessageState.QUEUED, as_of, "changed since its approval")
        still_allowed(connection, messages, MessageState.QUEUED, as_of)
        parcel = _parcel(connection, sealed)
        if not parcel.recipients:
            return answers.nobody_left(connection, sealed)
        outbox.change(
            connection, dispatch, DispatchState.QUEUED, DispatchState.CALLING, called_at=as_of
        )
        return sealed, parcel


def _whole_cells(due: list[Any]) -> list[Any]:
    """Leave a last cell that may be cut off to the next chunk: a part more is a tap more."""
    if len(due) < CHUNK:
        return due
    last = _cell(due[-1])
    return [row for row in due if _cell(row) != last] or due


def _cell(row: Any) -> tuple[int, int, str]:
    return (row.wording_id, row.draft_id, row.sender)


def _seal(
    connection: Connection, rows: Sequence[Any], spans: Mapping[int, Span], as_of: datetime
) -> None:
    """Insert one outbox row per cell and recipients limit; the rows come ordered by cell."""
    wired = wiring()
    size = wired.settings.channels.wecom.max_recipients
    for (wording, draft, sender), group in groupby(rows, key=_cell):
        cell = list(group)
        for start in range(0, len(cell), size):
            part = cell[start : start + size]
            messages = move(
                connection,
                [row.id for row in part],
                MessageState.APPROVED,
                MessageState.QUEUED,
                at=as_of,
                reason="released",
            )
            if not messages:  # another release, which had the persons first, has them already
                continue
            outbox.seal(
                connection,
                wording,
                draft,
                sender,
                messages,
                channel=wired.way_out,
                queued_at=as_of,
                until=min(spans[row.id].end for row in part),
            )


def _as_approved(sealed: Sealed) -> bool:
    """Tell whether what is about to go out is, hashed anew, what somebody said yes to."""
    return sealed.approved_hash == content_hash(
        sealed.text,
        Link(**sealed.link),
        channel=sealed.channel,
        category=sealed.category,
        policy_version=sealed.policy_version,
        expires_at=sealed.expires_at,
    )


def _parcel(connection: Connection, sealed: Sealed) -> Parcel:
    rows = outbox.recipients(connection, sealed.id, MessageState.QUEUED.value)
    return Parcel(
        sender=sealed.sender,
        recipients=tuple(row.contact for row in rows),
        text=sealed.text,
        link=marked(Link(**sealed.link), sealed.marker),
    )
