"""The funnel as equations that must balance."""

from collections.abc import Mapping

from prefect import task

from rules.books import Equation
from rules.message_states import TERMINAL
from schemas.enums import MessageState
from store import funnel
from store.database import transaction
from store.funnel import Funnel
from tasks.wiring import wiring

_FAILED = MessageState.DRAFT_FAILED.value
_DEFERRED = MessageState.DEFERRED.value
_RELEASED = (MessageState.EXPIRED.value, MessageState.CANCELLED.value)


def equations(found: Funnel) -> list[Equation]:
    """Return the books of architecture.md for a funnel."""
    drafted = sum(found.drafted_states.values())
    terminal = {
        state.value: found.drafted_states.get(state.value, 0)
        for state in MessageState
        if state in TERMINAL and found.drafted_states.get(state.value)
    }
    undrafted = found.undrafted_states
    parts = {
        "draft_failed": undrafted.get(_FAILED, 0),
        "deferred": undrafted.get(_DEFERRED, 0),
        "released undrafted": sum(undrafted.get(state, 0) for state in _RELEASED),
    }
    waiting = sum(undrafted.values()) - sum(parts.values())
    return [
        Equation(
            "candidates",
            found.candidates,
            {
                "winners": found.winners,
                **{f"suppressed ({rule})": n for rule, n in sorted(found.suppressed.items())},
                "outcompeted": found.outcompeted,
                "ghosts": found.would_have_won,
            },
        ),
        Equation(
            "winners",
            found.winners,
            {
                "drafted": drafted,
                **parts,
                **({"not drafted yet": waiting} if waiting else {}),
            },
        ),
        Equation("drafted", drafted, {**terminal, "open": drafted - sum(terminal.values())}),
        Equation("ghosts", found.would_have_won, _fates(found.ghosts)),
    ]


def _fates(ghosts: Mapping[str, int]) -> dict[str, int]:
    ended = {state: n for state, n in sorted(ghosts.items()) if MessageState(state) in TERMINAL}
    return {**ended, "open": sum(ghosts.values()) - sum(ended.values())}


@task(name="count funnel")
def count_funnel(run_id: int | None = None) -> Funnel:
    """Return the funnel of a run, or of everything."""
    with transaction(wiring().database) as connection:
        return funnel.count(connection, run_id)
