"""What commands print of a run."""

from datetime import date, datetime
from typing import Any

from rules.hours import AHEAD
from schemas.open_messages import OPEN_STATES
from store import funnel, runs
from store.database import transaction
from tasks.funnels import equations
from tasks.growth import FLOW
from tasks.wiring import wiring


def run_report(as_of: datetime) -> dict[str, Any]:
    """Return the books of the business date of `as_of`, and when its messages may go out."""
    wired = wiring()
    today = wired.business_day(as_of).date()
    with transaction(wired.database) as connection:
        run_id = runs.find_run(connection, FLOW, today)
        books = equations(funnel.count(connection, run_id)) if run_id else []
    release = wired.hours.opens(as_of, as_of + AHEAD)
    return {
        "books": [str(book) for book in books],
        "releases_at": release and wired.business_day(release).isoformat(timespec="minutes"),
    }


def text_counts() -> dict[str, Any]:
    """Return who wrote the texts of all runs, and what the language model cost."""
    with transaction(wiring().database) as connection:
        rows = funnel.spent(connection)
    return {
        "authors": {row.author: row.texts for row in rows},
        "calls": sum(row.calls for row in rows),
        "prompt_tokens": sum(row.prompt_tokens for row in rows),
        "completion_tokens": sum(row.completion_tokens for row in rows),
    }


def demo_counts(day: date | None) -> tuple[dict[str, int], list[str]]:
    """Return the counts of a business date, or of everything, and the equations that are off."""
    with transaction(wiring().database) as connection:
        run_id = runs.find_run(connection, FLOW, day) if day else None
        found = funnel.count(connection, run_id)
    states, undrafted = found.drafted_states, found.undrafted_states
    counts = {
        "candidates": found.candidates,
        "winners": found.winners,
        "suppressed": sum(found.suppressed.values()),
        "outcompeted": found.outcompeted,
        "ghosts": found.would_have_won,
        "deferred": undrafted.get("deferred", 0),
        "released": undrafted.get("expired", 0) + undrafted.get("cancelled", 0),
        "drafted": sum(states.values()),
        "draft_failed": undrafted.get("draft_failed", 0),
        "approved": found.reached.get("approved", 0),
        "held": found.reached.get("held", 0),
        "rejected": states.get("rejected", 0),
        "dispatched": found.reached.get("dispatched", 0),
        "confirmed": found.reached.get("confirmed", 0),
        **{
            name: states.get(name, 0)
            for name in (
                "delivered",
                "blocked",
                "capped",
                "unreachable",
                "expired",
                "cancelled",
                "failed",
            )
        },
        "unknown": states.get("unknown", 0) + states.get("unknown_settled", 0),
        "open": sum(count for state, count in states.items() if state in OPEN_STATES),
        "orders": found.orders,
        "orders_holdout": found.orders_holdout,
    }
    return counts, [str(book) for book in equations(found) if not book.balances]
