"""Every 10 minutes within windows: what is approved, due and still allowed leaves the house."""

from collections import Counter
from datetime import datetime

from prefect import flow

from schemas.clock import now, own_time
from schemas.errors import RunRefused
from tasks.clocks import at_the_door, passed_by
from tasks.collect import schedule_collect
from tasks.locks import single_flight
from tasks.own_sends import learn_own_sends
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

    Nothing goes out while it can't be read whom employees wrote to by themselves: who heard from
    one this morning must not hear from us too, and ten minutes more harm nobody. The run then
    fails and says why; what is approved waits for the next push until its window ends, and what
    is out already is looked after all the same.
    """
    with single_flight("push-approved"):
        at, door = at_the_door(as_of, on_clock_of), now()
        if at is None:
            return passed_by({})
        states = Counter(reconcile(dispatch, at) for dispatch in unanswered())
        unknown = learn_own_sends(at)
        if not unknown:
            while release_chunk(at):
                pass
            # A long outbox takes its time; the last call must not be judged by the first's hour.
            states.update(call(dispatch, own_time(at, door)) for dispatch in queued())
        await schedule_collect(own_time(at, door))
        await show_funnel()
    if unknown:
        raise RunRefused(
            f"whom employees wrote to by themselves can't be read ({unknown}); nothing is sent "
            "until it can, and the next push tries again"
        )
    return dict(states)
