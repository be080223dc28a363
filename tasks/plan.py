"""The ledger transaction: lock, read, decide, reserve, commit."""

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from prefect import task
from sqlalchemy import Connection

from prompts.catalogue import scenes
from rules.governor import Governor
from rules.records import case_record, contender_record
from schemas.enums import Verdict
from schemas.planning import Case, Contender, Ruling
from schemas.policy import Policy
from store import candidates
from store.database import transaction
from store.persons import lock_persons
from tasks.cases import read_cases
from tasks.garbage import uncollected
from tasks.growth import GrowthRun
from tasks.wiring import WECOM, Wiring, wiring

_log = logging.getLogger("runwu.plan")
CHUNK = 5_000
_TAKES_A_SLOT = (Verdict.WON, Verdict.GHOST)


@task(name="plan")
def plan_chunk(run: GrowthRun, above: int = 0) -> int | None:
    """
    Decide the candidates of one chunk of persons numbered above `above`.

    Return the last of them, above which to go on; None when there is none left. The chunk is
    shared out to two lanes, each a transaction of its own: while one waits for the server, the
    other decides.
    """
    wired = wiring()
    with transaction(wired.database) as connection:
        persons = candidates.undecided_persons(connection, run.id, CHUNK, above=above)
    if not persons:
        return None
    half = (len(persons) + 1) // 2
    with uncollected(), ThreadPoolExecutor(2) as lanes:
        counts = list(lanes.map(partial(_plan, wired, run), (persons[:half], persons[half:])))
    decided, won = map(sum, zip(*counts, strict=True))
    _log.info("planned persons=%d decided=%d won=%d", len(persons), decided, won)
    return persons[-1]


def _plan(wired: Wiring, run: GrowthRun, persons: list[int]) -> tuple[int, int]:
    """
    Decide on persons in one transaction; return how many decisions and winners that makes.

    The persons are locked, then their slots are read by a second statement, so that whatever a
    racing planner reserved is seen; decisions, messages and reservations are committed together.
    """
    decisions: list[tuple[Any, ...]] = []
    reservations: list[tuple[Any, ...]] = []
    with transaction(wired.database) as connection:
        lock_persons(connection, persons)
        governor = Governor(wired.policy, run.as_of)
        for case in _cases(connection, wired, run, persons):
            told = case_record(case)
            for ruling in governor.decide(case):
                decisions.append(_decision(wired.policy, told, ruling))
                if ruling.verdict in _TAKES_A_SLOT:
                    reservations.append(_reservation(wired.policy, case, ruling))
        candidates.record_decisions(connection, decisions)
        candidates.record_messages(connection, run.id, run.as_of, reservations)
    return len(decisions), len(reservations)


def _cases(
    connection: Connection, wired: Wiring, run: GrowthRun, persons: list[int]
) -> Iterable[Case]:
    """Return the cases of locked persons who have undecided candidates still."""
    contenders: dict[int, list[Contender]] = {}
    rules = {name: scene.rules for name, scene in scenes().items()}
    for row in candidates.undecided(connection, run.id, persons):
        said = rules[row.scene]
        contenders.setdefault(row.person_id, []).append(
            Contender(
                row.id,
                row.scene,
                said.category,
                said.channel,
                row.wording_key,
                row.value,
                row.window_until,
                said.hours,
            )
        )
    return read_cases(connection, wired, contenders, channel=WECOM, as_of=run.as_of).values()


def _decision(policy: Policy, told: dict[str, Any], ruling: Ruling) -> tuple[Any, ...]:
    reasons = [{"rule": reason.rule, **reason.numbers} for reason in ruling.reasons]
    return (
        ruling.contender.candidate_id,
        ruling.verdict.value,
        ruling.arm.value,
        reasons,
        ruling.frees_at,
        ruling.winner_id,
        {**contender_record(ruling.contender), "case": told},
        policy.version,
    )


def _reservation(policy: Policy, case: Case, ruling: Ruling) -> tuple[Any, ...]:
    if ruling.span is None or case.contact is None or case.zone is None:
        raise ValueError("whoever takes a slot has a span, a contact and a zone")
    contender, span = ruling.contender, ruling.span
    return (
        contender.candidate_id,
        case.person_id,
        case.contact.address,
        contender.scene,
        contender.category.value,
        contender.channel,
        case.contact.sender,
        span.start,
        span.end,
        case.zone_name,
        span.start.astimezone(case.zone).date(),
        policy.version,
        ruling.verdict is Verdict.GHOST,
    )
