"""The ledger transaction: lock, read, decide, reserve, commit."""

import logging
from dataclasses import replace
from typing import Any

from prefect import task
from sqlalchemy import Connection

from prompts.catalogue import scenes
from rules.governor import Governor
from rules.records import case_record, contender_record
from schemas.enums import Verdict
from schemas.planning import Case, Contender, Ruling
from store import candidates
from store.database import transaction
from store.persons import lock_persons
from tasks.cases import read_cases
from tasks.growth import GrowthRun
from tasks.wiring import Wiring, wiring

_log = logging.getLogger("runwu.plan")
CHUNK = 1_000
_TAKES_A_SLOT = (Verdict.WON, Verdict.GHOST)


@task(name="plan")
def plan_chunk(run: GrowthRun, above: int = 0) -> int | None:
    """
    Decide the candidates of one chunk of persons numbered above `above`.

    Return the last of them, above which to go on; None when there is none left.

    One transaction: the persons are locked, then their slots are read by a second statement, so
    that whatever a racing planner reserved is seen; decisions, messages and reservations are
    committed together.
    """
    wired = wiring()
    with transaction(wired.database) as connection:
        persons = candidates.undecided_persons(connection, run.id, CHUNK, above=above)
        if not persons:
            return None
        lock_persons(connection, persons)
        governor = Governor(wired.policy, run.as_of)
        cases = _cases(connection, wired, run, persons)
        told = {case.person_id: case_record(case) for case in cases}
        rulings = [(case, ruling) for case in cases for ruling in governor.decide(case)]
        candidates.record_decisions(
            connection, (_decision(wired, told[c.person_id], r) for c, r in rulings)
        )
        winners = [(c, r) for c, r in rulings if r.verdict in _TAKES_A_SLOT]
        candidates.record_messages(
            connection, [_message(wired, run, case, ruling) for case, ruling in winners]
        )
    _log.info("planned persons=%d decided=%d won=%d", len(persons), len(rulings), len(winners))
    return persons[-1]


def _cases(connection: Connection, wired: Wiring, run: GrowthRun, persons: list[int]) -> list[Case]:
    known = read_cases(connection, wired, persons, channel="wecom", as_of=run.as_of)
    contenders: dict[int, list[Contender]] = {}
    for row in candidates.undecided(connection, run.id, persons):
        rules = scenes()[row.scene].rules
        contenders.setdefault(row.person_id, []).append(
            Contender(
                candidate_id=row.id,
                scene=row.scene,
                category=rules.category,
                channel=rules.channel,
                wording_key=row.wording_key,
                value=row.value,
                window_until=row.window_until,
                hours=rules.hours,
            )
        )
    return [replace(known[person], contenders=tuple(found)) for person, found in contenders.items()]


def _decision(wired: Wiring, told: dict[str, Any], ruling: Ruling) -> tuple[Any, ...]:
    reasons = [{"rule": reason.rule, **reason.numbers} for reason in ruling.reasons]
    return (
        ruling.contender.candidate_id,
        ruling.verdict.value,
        ruling.arm.value,
        reasons,
        ruling.frees_at,
        ruling.winner_id,
        {**contender_record(ruling.contender), "case": told},
        wired.policy.version,
    )


def _message(wired: Wiring, run: GrowthRun, case: Case, ruling: Ruling) -> dict[str, Any]:
    if ruling.span is None or case.contact is None or case.zone is None:
        raise ValueError("whoever takes a slot has a span, a contact and a zone")
    contender, span = ruling.contender, ruling.span
    return {
        "id": contender.candidate_id,
        "run_id": run.id,
        "person_id": case.person_id,
        "scene": contender.scene,
        "category": contender.category.value,
        "channel": scenes()[contender.scene].rules.channel,
        "sender": case.contact.sender,
        "contact": case.contact.address,
        "ghost": ruling.verdict is Verdict.GHOST,
        "allotted": False,
        "state": "planned",
        "planned_for": span.start,
        "window_until": span.end,
        "at": run.as_of,
        "zone": case.zone_name,
        "local_date": span.start.astimezone(case.zone).date(),
        "policy_version": wired.policy.version,
    }
