"""Unanswered calls are asked after, never repeated blindly."""

from dataclasses import replace
from datetime import datetime, timedelta

from prefect import task

from schemas.channel import Receipt
from schemas.enums import DispatchState
from schemas.errors import ChannelError
from store import outbox
from store.database import exclusively, transaction
from store.outbox import Sealed
from tasks import answers
from tasks.wiring import wiring

_SKEW = timedelta(days=1)  # the channel's clock and ours need not agree


@task(name="list unanswered")
def unanswered() -> list[int]:
    """Return the dispatches whose call was begun and never answered."""
    with transaction(wiring().database) as connection:
        return outbox.in_state(connection, DispatchState.CALLING, DispatchState.UNKNOWN)


@task(name="reconcile", task_run_name="reconcile dispatch {dispatch}")
def reconcile(dispatch: int, as_of: datetime) -> str:
    """
    Find out what became of an unanswered call, by its marker; never send here.

    A task that is not found only counts as never made once the channel has had time to list it.
    A channel that stays silent until the time to live is over is believed to have sent it.
    """
    with exclusively(wiring().database, answers.LOCK, dispatch) as mine:
        found = _unanswered(dispatch, as_of) if mine else answers.ELSEWHERE
        return found if isinstance(found, str) else _ask(found, as_of)


def _unanswered(dispatch: int, as_of: datetime) -> Sealed | str:
    """Return a dispatch that is unknown, or the state it is in; one without a caller becomes it."""
    with transaction(wiring().database) as connection:
        sealed = outbox.load(connection, dispatch)
        if sealed.state is DispatchState.CALLING:
            answers.unknown(connection, sealed, as_of, "the caller died")
            return replace(sealed, state=DispatchState.UNKNOWN)
        if sealed.state is not DispatchState.UNKNOWN:
            return sealed.state.value
    return sealed


def _ask(sealed: Sealed, as_of: datetime) -> str:
    wired = wiring()
    wecom = wired.settings.channels.wecom
    called = sealed.called_at or as_of
    try:
        msgid = wired.channel(as_of, sealed.via).find(
            sealed.marker, called - _SKEW, max(as_of, called) + _SKEW
        )
    except ChannelError as error:
        if as_of < called + timedelta(hours=wecom.unknown_ttl_hours):
            return answers.note(sealed, DispatchState.UNKNOWN, str(error))
        return answers.settle(sealed, as_of)
    if msgid is not None:
        return answers.accepted(sealed, DispatchState.UNKNOWN, Receipt(msgid), as_of)
    if as_of < called + timedelta(minutes=wecom.reconcile_after_minutes):
        return DispatchState.UNKNOWN.value
    return answers.never_made(sealed, as_of)
