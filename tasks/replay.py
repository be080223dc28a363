"""Recorded days decided again by other rules, in one reading transaction; nothing is written."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby, islice
from operator import attrgetter
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from rules.comparison import Comparison, Fact
from rules.counterfactual import Counterfactual, Sent, Terms
from rules.hours import AHEAD, Hours
from rules.records import Found, recorded_case, recorded_contender
from rules.replay import BUDGETS, HOLDOUT, OUTCOMPETED, WRITTEN, Day, Fate, Judge
from schemas.enums import Verdict
from schemas.errors import ConfigurationError, RunRefused
from schemas.planning import Case
from schemas.policy import Policy
from store import replays
from store import runs as store_runs
from store.replays import Decision, Recorded
from tasks.cases import horizon
from tasks.garbage import uncollected
from tasks.tables import reading
from tasks.wiring import wiring

CHUNK = 500
"""Persons whose past is looked up together."""

_DAILY = "daily-growth"
_TAKES_A_SLOT = (WRITTEN, HOLDOUT)

Watch = Callable[[date, int], None]
"""Told of every day that was decided again, and of how many candidates by then."""


@dataclass
class Replayed:
    """
    What a replay came to.

    `unrecorded` candidates were decided before all that they went by was kept; `versions` are the
    policies that decided the others; `orders` and `amount` were credited to messages that would
    have been spared.
    """

    policy: Policy
    comparison: Comparison
    days: list[date] = field(default_factory=list)
    unrecorded: int = 0
    versions: set[str] = field(default_factory=set)
    orders: int = 0
    amount: Decimal = Decimal(0)

    @property
    def candidates(self) -> int:
        """How many candidates were decided again."""
        return self.comparison.flows.total()


def replay(policy: Policy, since: date, until: date | None, watch: Watch) -> Replayed:
    """
    Decide the recorded days from `since` to `until` again, one after the other, by a policy.

    Raises ConfigurationError where no daily run is on record, RunRefused where none can be decided
    again.
    """
    replayed = Replayed(policy, Comparison(policy.shared.texts_per_sender))
    with reading() as connection, uncollected():
        replays.look_only(connection)
        recorded = replays.runs(connection, _DAILY, since, until or date.max)
        if not recorded:
            newest = store_runs.latest_business_date(connection, _DAILY)
            raise ConfigurationError(_nothing(since, until, newest))
        first = replays.first_candidate(connection, recorded)
        past, merged = Counterfactual(first or 0), replays.merged(connection)
        for run in recorded:
            _Rerun(connection, run, replayed, past, merged).decide()
            watch(run.day, replayed.candidates)
    if replayed.unrecorded and not replayed.candidates:
        raise RunRefused(
            f"none of the {replayed.unrecorded:,} decisions since {since} can be made again: they "
            "were made before runwu kept what it decides on; days from now on can be replayed"
        )
    return replayed


@dataclass
class _Rerun:
    """One recorded day on its way through other rules."""

    connection: Connection
    run: Recorded
    replayed: Replayed
    past: Counterfactual
    merged: Mapping[int, int]
    facts: dict[int, Fact] = field(default_factory=dict)
    kept: list[int] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    def decide(self) -> None:
        """Decide all candidates of the day, and let the winners be the next days' past."""
        policy, comparison = self.replayed.policy, self.replayed.comparison
        since = self.run.as_of - horizon(policy)
        self.past.forget(since)
        day = Day(Judge(policy, self.run.as_of), _tomorrow(policy, wiring().zone, self.run.day))
        for persons in chunks(replays.decisions(self.connection, self.run.id), CHUNK):
            sent = self.past.sent([self._taken_for(rows[0].person) for rows in persons])
            for rows in persons:
                case = self._case(rows)
                if case is not None:
                    slots = sent.get(case.person_id, ())
                    self._settle(day.decide(self.past.case(case, slots, self.run.as_of, since)))
        self._settle(day.close())
        self.past.keep(self.kept)
        self.past.send(self.sent)
        orders, amount = replays.orders_after(self.connection, comparison.spared_today)
        self.replayed.orders += orders
        self.replayed.amount += amount
        self.replayed.days.append(self.run.day)
        comparison.end_day()

    def _case(self, rows: Sequence[Decision]) -> Case | None:
        """Return a person's case as recorded; None where nothing of it was kept."""
        kept = [row for row in rows if "case" in row.inputs]
        self.replayed.unrecorded += len(rows) - len(kept)
        if not kept:
            return None
        case = recorded_case(
            self._taken_for(kept[0].person),
            kept[0].inputs["case"],
            (
                recorded_contender(
                    Found(row.id, row.scene, row.wording_key, row.value, row.window_until),
                    row.inputs,
                )
                for row in kept
            ),
        )
        sender = case.contact.sender if case.contact else ""
        for row in kept:
            self.facts[row.id] = _fact(row, sender)
            self.replayed.versions.add(row.policy_version)
        return case

    def _taken_for(self, person: int) -> int:
        return self.merged.get(person, person)

    def _settle(self, fates: Iterable[Fate]) -> None:
        for fate in fates:
            candidate = fate.contender.candidate_id
            fact = self.facts.pop(candidate)
            self.replayed.comparison.note(fact, fate)
            if fate.slotted is None:
                continue
            if fact.told in _TAKES_A_SLOT:
                self.kept.append(candidate)
            else:
                self.sent.append(_sent(fate))


def chunks(rows: Iterable[Decision], size: int) -> Iterator[list[list[Decision]]]:
    """Yield the rows of up to `size` persons at a time, those of a person together."""
    persons = (list(of_one) for _, of_one in groupby(rows, key=attrgetter("person")))
    while chunk := list(islice(persons, size)):
        yield chunk


def _fact(row: Decision, sender: str) -> Fact:
    """Return what became of a candidate; who won and had no share was held back by that."""
    match row.verdict:
        case Verdict.SUPPRESSED:
            return Fact(row.rule or "")
        case Verdict.OUTCOMPETED:
            return Fact(OUTCOMPETED)
        case verdict:
            told = HOLDOUT if verdict == Verdict.GHOST else WRITTEN
            return Fact(BUDGETS.get(row.over or "", told), sender, row.state == "delivered")


def _sent(fate: Fate) -> Sent:
    one, slotted = fate.contender, fate.slotted
    if slotted is None:
        raise ValueError("what was sent took a slot")
    terms = Terms(slotted.zone, one.category, one.channel, slotted.sender, one.scene)
    return Sent(fate.person, one.candidate_id, slotted.at, terms)


def _tomorrow(policy: Policy, zone: ZoneInfo, today: date) -> datetime | None:
    """Return when the next business date's first message may go out."""
    midnight = datetime.combine(today + timedelta(days=1), time(), zone)
    return Hours(policy, zone).opens(midnight, midnight + AHEAD)


def _nothing(since: date, until: date | None, newest: date | None) -> str:
    if newest is None:
        return "no daily run is on record yet; `runwu run` makes the first"
    days = f"since {since}" if until is None else f"from {since} to {until}"
    return f"no daily run is on record {days}; the newest is of {newest}"
