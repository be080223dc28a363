"""The ledger transaction: lock, read, decide, reserve, commit."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from prompts.catalogue import scenes
from rules.governor import Governor
from rules.records import case_record, contender_record
from schemas.channel import WECOM
from schemas.enums import Verdict
from schemas.planning import Case, Contender, Ruling
from schemas.policy import Policy
from store import candidates
from store.database import transaction
from store.persons import lock_persons
from tasks.cases import read_cases
from tasks.garbage import uncollected
from tasks.planner import Planner

_TAKES_A_SLOT = (Verdict.WON, Verdict.GHOST)


def decide(planner: Planner, run: int, as_of: datetime, persons: Sequence[int]) -> tuple[int, int]:
    """
    Decide a run's candidates of persons in one transaction; return how many, and how many won.

    The persons are locked, then their slots are read by a second statement, so that whatever a
    racing planner reserved is seen; decisions, messages and reservations are committed together.
    """
    with uncollected():  # around all of it: what is gone by then is not looked through either
        return _decide(planner, run, as_of, persons)


def _decide(planner: Planner, run: int, as_of: datetime, persons: Sequence[int]) -> tuple[int, int]:
    decisions: list[tuple[Any, ...]] = []
    reservations: list[tuple[Any, ...]] = []
    with transaction(planner.sessions) as connection:
        round_ = candidates.next_round(connection, run)
        lock_persons(connection, persons)
        governor = Governor(planner.policy, as_of)
        for case in _cases(connection, planner, run, as_of, persons):
            told = orjson.Fragment(orjson.dumps(case_record(case)))  # once for all contenders
            for ruling in governor.decide(case):
                decisions.append(_decision(planner.policy, told, ruling))
                if ruling.verdict in _TAKES_A_SLOT:
                    reservations.append(_reservation(planner.policy, case, ruling))
        candidates.record_decisions(connection, decisions)
        candidates.record_messages(connection, run, round_, as_of, reservations)
    return len(decisions), len(reservations)


def _cases(
    connection: Connection, planner: Planner, run: int, as_of: datetime, persons: Sequence[int]
) -> Iterable[Case]:
    """Return the cases of locked persons who have undecided candidates still."""
    contenders: dict[int, list[Contender]] = {}
    rules = {name: scene.rules for name, scene in scenes().items()}
    for number, person, scene, wording, value, until in candidates.undecided(
        connection, run, persons
    ):
        said = rules[scene]
        contenders.setdefault(person, []).append(
            Contender(number, scene, said.category, said.channel, wording, value, until, said.hours)
        )
    return read_cases(connection, planner, contenders, channel=WECOM, as_of=as_of).values()


def _decision(policy: Policy, told: orjson.Fragment, ruling: Ruling) -> tuple[Any, ...]:
    reasons = [{"rule": reason.rule, **reason.numbers} for reason in ruling.reasons]
    return (
        ruling.contender.candidate_id,
        ruling.verdict,
        ruling.arm,
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
        contender.category,
        contender.channel,
        case.contact.sender,
        span.start,
        span.end,
        case.zone_name,
        span.start.astimezone(case.zone).date(),
        policy.version,
        ruling.verdict is Verdict.GHOST,
    )
