"""Shared budgets go to the most valuable winners, after all have been planned."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from functools import cache

from prefect import task
from sqlalchemy import Connection

from rules.allotment import Allotted, Asking, Left, Text, allot
from rules.hours import AHEAD
from schemas.enums import MessageState
from schemas.policy import Policy
from store import allotment, budgets
from store.budgets import Key
from store.database import transaction
from store.persons import lock_persons
from tasks.garbage import uncollected
from tasks.growth import GrowthRun
from tasks.moves import move
from tasks.wiring import Wiring, wiring

_log = logging.getLogger("runwu.allot")


@task(name="settle deferred")
def settle_deferred(run: GrowthRun) -> int:
    """
    End what an earlier day put off; return how many messages that are.

    Whoever has the same reason today competes with it anew, on today's evidence; whose reason is
    gone is left alone.
    """
    with transaction(wiring().database) as connection:
        rows = allotment.deferred(connection, run.id)
        # As whoever else changes messages: without their persons, two would wait crosswise.
        lock_persons(connection, [row.person_id for row in rows])
        for again, state, why in (
            (True, MessageState.CANCELLED, "competes anew today"),
            (False, MessageState.EXPIRED, "its reason is gone"),
        ):
            ends = [row.id for row in rows if row.again is again]
            move(connection, ends, MessageState.DEFERRED, state, at=run.as_of, reason=why)
    return len(rows)


@task(name="allot shared budgets")
def allot_budgets(run: GrowthRun, *, last: bool) -> int:
    """
    Give the planned winners of a run their share; return how many candidates may try again.

    What does not fit waits for tomorrow's budgets if its window reaches so far; else it gives its
    slot back, and in all but the last round those whom it had outcompeted compete once more.

    One transaction: the run is locked, then the persons, then what they ask for is read by another
    statement; budgets are spent, slots given back and the round closed together.
    """
    wired = wiring()
    with uncollected(), transaction(wired.database) as connection:
        rounds = allotment.open_round(connection, run.id)
        allotment.lock_persons_asking(connection, run.id, rounds)
        weight_of = cache(wired.policy.arbitration.weight_of)
        asking = [
            Asking(message, scene, sender, wording, value * weight_of(scene))
            for message, scene, sender, wording, value in allotment.asking(
                connection, run.id, rounds
            )
        ]
        held = budgets.hold(connection, run.today, dict(_most(asking, wired.policy, run)))
        found = allot(asking, _left(held, allotment.paid(connection, run.id, rounds)))
        budgets.spend(connection, run.today, dict(_spent(found, held)))
        released = _let_go(connection, found, _tomorrow(wired, run), run.as_of)
        allotment.close_round(connection, run.id, rounds)
        again = 0 if last else allotment.reopen(connection, released)
    _log.info(
        "allotted kept=%d released=%d deferred=%d again=%d",
        len(found.kept),
        len(released),
        len(found.over) - len(released),
        again,
    )
    return again


def _most(asking: Sequence[Asking], policy: Policy, run: GrowthRun) -> Iterator[tuple[Key, int]]:
    """Yield the bounds that concern these messages; what is not bounded has none."""
    shared = policy.shared
    if shared.texts_per_sender is not None:
        for sender in {one.sender for one in asking}:
            yield ("sender", sender), shared.texts_per_sender
    for scene in {one.scene for one in asking}:
        most = shared.of_scene(scene)
        if most is not None:
            yield ("scene", scene), most
    if shared.messages_per_run is not None:
        yield ("run", str(run.id)), shared.messages_per_run


def _left(held: Mapping[Key, int], paid: frozenset[Text]) -> Left:
    of = {
        wanted: {key: left for (scope, key), left in held.items() if scope == wanted}
        for wanted in ("sender", "scene", "run")
    }
    return Left(of["sender"], of["scene"], next(iter(of["run"].values()), None), paid)


def _spent(found: Allotted, held: Mapping[Key, int]) -> Iterator[tuple[Key, int]]:
    """Yield what the messages that were kept cost of each budget that is bounded."""
    counts = {"sender": found.texts, "scene": found.scenes}
    for scope, key in held:
        n = len(found.kept) if scope == "run" else counts[scope][key]
        if n:
            yield (scope, key), n


def _tomorrow(wired: Wiring, run: GrowthRun) -> datetime | None:
    """Return when the next business date's first message may go out."""
    midnight = datetime.combine(run.today + timedelta(days=1), time(), wired.zone)
    return wired.hours.opens(midnight, midnight + AHEAD)


def _let_go(
    connection: Connection,
    found: Allotted,
    tomorrow: datetime | None,
    as_of: datetime,
) -> list[int]:
    """Put off what can wait for tomorrow's budgets, release the others, and return those."""
    released: list[int] = []
    ends = allotment.ends(connection, found.over)
    for why in sorted(set(found.over.values())):
        over = [message for message, reason in found.over.items() if reason == why]
        waiting = {one for one in over if tomorrow is not None and ends[one] > tomorrow}
        for ids, state in (
            (sorted(waiting), MessageState.DEFERRED),
            (sorted(set(over) - waiting), MessageState.CANCELLED),
        ):
            moved = move(connection, ids, MessageState.PLANNED, state, at=as_of, reason=why)
            if state is MessageState.CANCELLED:
                released += moved
    return released
