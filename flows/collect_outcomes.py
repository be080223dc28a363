"""Every 30 minutes: what the channel reports, what members did next, what has run out."""

from collections import Counter
from datetime import datetime

from prefect import flow

from schemas.clock import now
from tasks.collect import credit_orders, expire_chunk, open_tasks, poll
from tasks.locks import single_flight
from tasks.reconcile import reconcile, unanswered


@flow(name="collect-outcomes")
async def collect_outcomes(as_of: datetime | None = None) -> dict[str, int]:
    """Collect up to `as_of`; return dispatches by state, expired messages and credited orders."""
    at = as_of or now()
    with single_flight("collect-outcomes"):
        for dispatch in unanswered():
            reconcile(dispatch, at)
        states = Counter(poll(dispatch, at) for dispatch in open_tasks())
        expired = 0
        while done := expire_chunk(at):
            expired += done
        credited = credit_orders(at)
    return {**states, "expired": expired, "orders": credited}
