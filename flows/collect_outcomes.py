"""Every 30 minutes: what went out, ours and employees' own, what followed, what has run out."""

from collections import Counter
from datetime import datetime

from prefect import flow

from tasks.clocks import at_the_door, passed_by
from tasks.collect import credit_orders, expire_chunk, open_tasks, poll
from tasks.ghosts import settle_ghosts
from tasks.locks import single_flight
from tasks.own_sends import learn_own_sends
from tasks.pages import show_funnel
from tasks.reconcile import reconcile, unanswered


@flow(name="collect-outcomes")
async def collect_outcomes(as_of: datetime | None = None) -> dict[str, int]:
    """Collect up to `as_of`; return dispatches by state, expired messages and credited orders."""
    with single_flight("collect-outcomes"):
        at = at_the_door(as_of)
        if at is None:
            return passed_by({})
        for dispatch in unanswered():
            reconcile(dispatch, at)
        learn_own_sends(at)  # who was written to since a task's call may have no room for it
        states = Counter(poll(dispatch, at) for dispatch in open_tasks())
        expired = 0
        while done := expire_chunk(at):
            expired += done
        while settle_ghosts(at):
            pass
        credited = credit_orders(at)
        await show_funnel()
    return {**states, "expired": expired, "orders": credited}
