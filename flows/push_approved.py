"""Every 10 minutes within windows: what is approved, due and still allowed leaves the house."""

from collections import Counter
from datetime import datetime

from prefect import flow

from schemas.clock import now, own_time
from tasks.clocks import at_the_door, passed_by
from tasks.collect import schedule_collect
from tasks.locks import single_flight
from tasks.pages import show_funnel
from tasks.push import call, queued, release_chunk
from tasks.reconcile import reconcile, unanswered


@flow(name="push-approved")
async def push_approved(
    as_of: datetime | None = None, on_clock_of: int | None = None
) -> dict[str, int]:
    """
    Push as of a given instant, or on the clock of a run; return dispatches by state.

    Unanswered calls are cleared up first, because they still count against everyone's budget.
    """
    with single_flight("push-approved"):
        at, door = at_the_door(as_of, on_clock_of), now()
        if at is None:
            return passed_by({})
        states = Counter(reconcile(dispatch, at) for dispatch in unanswered())
        while release_chunk(at):
            pass
        # A long outbox takes its time; the last call must not be judged by the hour of the first.
        states.update(call(dispatch, own_time(at, door)) for dispatch in queued())
        await schedule_collect(own_time(at, door))
        await show_funnel()
    return dict(states)
