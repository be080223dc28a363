"""Whoever runs beside whom, and whoever dies of it: one person, one budget, one message."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

import pytest

from adapters.wecom.parcels import markers
from cli import tally
from rules.message_states import TERMINAL
from sandbox.records import Received, TaskRecord
from sandbox.world import Options
from schemas.policy import Policy
from tasks import growth
from tasks.growth import GrowthRun
from tasks.wiring import wiring
from tests.conftest import database_of, fresh_name, wired_house
from tests.house import ZONE, House, at, plan_and_word
from tests.kill import crowd
from tests.kill.counting import too_much
from tests.kill.race import RACERS, Race, race

pytestmark = pytest.mark.soak

SEED = 6

# The stand-in must not keep us from sending too much, so its own quota is wide. As the clock runs
# some thousand times too fast, a call on its way takes long: it is believed lost much later.
RULES = """
[channels.wecom]
max_recipients = 60
reconcile_after_minutes = 240

[policy]
gap_hours = 18
caps = [
  { window = "day", max = 1 },
  { rolling_hours = 18, max = 1 },
  { window = "week", max = 2 },
  { rolling_days = 7, max = 2 },
]

[policy.shared]
texts_per_sender = 16
messages_per_scene = 1200
messages_per_run = 2500

[review]
batch_size = 3
"""

_STRIDE = timedelta(minutes=10)
_EVENING = timedelta(minutes=5)

_ANALYZED_EVERY = 8
_ANALYZE = "ANALYZE decision, message, ledger, dispatch, dispatch_recipient"
"""What the server does by itself once a minute, which is a day of the hurried clock."""

_PLANNED_WITHIN = timedelta(hours=2)
_UNWORDED = """
SELECT id FROM run WHERE id = ANY(CAST(:runs AS bigint[]))
  AND NOT EXISTS (SELECT 1 FROM review_batch b WHERE b.run_id = run.id)
"""
_OVERDUE = """
SELECT id FROM dispatch WHERE state IN ('calling', 'unknown', 'accepted') AND until <= :at LIMIT 1
"""

_SPENT = """
SELECT r.person_id, coalesce(c.at, r.at) AS since, coalesce(c.at, r.until) AS until
FROM ledger r LEFT JOIN ledger c ON c.slot = r.slot AND c.kind <> 'reservation'
WHERE r.kind = 'reservation' AND c.kind IS DISTINCT FROM 'release' ORDER BY r.person_id
"""


@dataclass(frozen=True)
class Raced:
    """What a race has left behind, at home and at the stand-in, once all of it was settled."""

    house: House
    policy: Policy
    done: Counter[str]
    killed: int
    exits: Sequence[int | None]
    failures: Sequence[str]
    too_much: Sequence[str]
    received: Sequence[Received]
    tasks: Sequence[TaskRecord]


@pytest.fixture(scope="module")
def raced(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Raced]:
    folder = tmp_path_factory.mktemp("race")
    rules = folder / "runwu.toml"
    rules.write_text(RULES, encoding="utf-8")
    world = Options(seed=SEED, adopt=crowd.UNIONIDS, quota="month")
    with (
        pytest.MonkeyPatch.context() as patch,
        database_of(server_url, fresh_name(), template) as url,
        wired_house(url, patch, world) as house,
    ):
        patch.setenv("RUNWU_CONFIG", str(rules))
        wiring.cache_clear()
        environment = {
            "DATABASE_URL": url,
            "RUNWU_SANDBOX_URL": house.sandbox_url,
            "RUNWU_CONFIG": str(rules),
        }
        house.control.set_clock(at(crowd.DAYS[0], 7, 30))
        crowd.settle_in(house, SEED)
        runs = crowd.open_runs(house)
        with race(runs, crowd.PERSONS, environment, house.control, SEED, folder) as under_way:
            spent = _live(under_way, house, runs)
            exits = under_way.end()
        _settle(house, runs)
        yield Raced(
            house=house,
            policy=wiring().policy,
            done=under_way.told(),
            killed=under_way.killed,
            exits=exits,
            failures=under_way.failures(),
            too_much=[*spent, *_too_much(house)],
            received=house.control.received(),
            tasks=house.control.tasks(),
        )


def _live(race: Race, house: House, runs: Sequence[GrowthRun]) -> list[str]:
    """Live the days, each until its tasks are closed; return what is spent too much meanwhile."""
    found = []
    for day in crowd.DAYS:
        instant = at(day, 7, 30)
        while instant < at(day, 20, 31):
            race.live(instant)
            if race.ticks % _ANALYZED_EVERY == 0:
                house.change(_ANALYZE)
            late = [run.id for run in runs if run.as_of + _PLANNED_WITHIN < instant]
            if not race.waits(bool(house.rows(_UNWORDED, runs=late))):
                instant += _STRIDE
        found += _too_much(house)
        while instant < at(day, 23, 45) and house.rows(_OVERDUE, at=instant):
            race.live(instant)
            instant += _EVENING
    return found


def _settle(house: House, runs: Sequence[GrowthRun]) -> None:
    """End in quiet what the race has begun."""
    for run in runs:
        plan_and_word(run)
        growth.close_growth.fn(run)
    house.decide()
    for day in range(crowd.DAYS[-1] + 1, crowd.DAYS[-1] + 4):
        for hour, minute in ((9, 5), (9, 30), (15, 0)):
            house.push(at(day, hour, minute))
        for hour, minute in ((17, 0), (20, 31), (23, 59)):
            house.collect(at(day, hour, minute))


def _too_much(house: House) -> list[str]:
    """Return whose messages, sent or still to come, are too many."""
    policy = wiring().policy
    return [
        f"person {person}: {found}"
        for person, rows in groupby(house.rows(_SPENT), key=attrgetter("person_id"))
        for found in too_much([(row.since, row.until) for row in rows], policy, ZONE)
    ]


def test_it_was_a_race(
    raced: Raced, record_testsuite_property: Callable[[str, object], None]
) -> None:
    """Everything was done by many, and many died of it, but of nothing else."""
    record_testsuite_property("killed", raced.killed)
    record_testsuite_property("steps", dict(sorted(raced.done.items())))
    record_testsuite_property("messages", raced.house.states())
    record_testsuite_property("ghosts", raced.house.ghosts())
    record_testsuite_property("tasks", len(raced.tasks))
    record_testsuite_property("received", len(raced.received))
    assert raced.failures == []
    assert set(raced.exits) == {0}
    assert raced.killed > 3 * RACERS
    assert raced.done.keys() >= {
        *("plan", "word", "settle deferred", "decide", "release", "refuse", "settle ghosts"),
        *("call: accepted", "call: unknown", "call: under way elsewhere"),
        *("reconcile: accepted", "poll: accepted", "poll: closed", "poll: under way elsewhere"),
    }
    assert all(raced.done[step] for step in ("decide", "release", "refuse", "settle ghosts"))


def test_nobody_ever_has_more_messages_than_they_bear(raced: Raced) -> None:
    assert raced.too_much == []
    assert tally.over_cap(raced.received, raced.policy, ZONE) == 0


def test_nothing_reaches_anybody_twice(raced: Raced) -> None:
    assert tally.duplicates(raced.received) == 0
    called = Counter(_marker(task) for task in raced.tasks)
    assert set(called.values()) == {1}
    wordings = {row.marker: row.wording_id for row in raced.house.rows(_WORDINGS)}
    asked = Counter(
        (wordings[_marker(task)], recipient)
        for task in raced.tasks
        if task.confirmed_at is not None or not task.cancelled
        for recipient in task.external_userid
    )
    assert set(asked.values()) == {1}


def test_every_candidate_has_one_decision_and_every_winner_one_message(raced: Raced) -> None:
    runs = raced.house.rows(_DECIDED)
    assert len(runs) == len(crowd.DAYS) * crowd.RUNS_A_DAY
    assert [(run.candidates, run.decided) for run in runs] == [
        (run.candidates,) * 2 for run in runs
    ]
    assert sum(run.candidates for run in runs) == crowd.PERSONS * 2 * len(runs)
    assert raced.house.rows(_UNMATCHED) == []


def test_every_message_has_its_end_and_closes_its_slot_once(raced: Raced) -> None:
    assert raced.house.rows(_WITHOUT_END, ends=[state.value for state in TERMINAL]) == []
    assert raced.house.rows(_CROOKED) == []
    assert raced.house.unbalanced() == []


def test_what_arrived_is_what_counts_as_delivered(raced: Raced) -> None:
    received = Counter((one.external_userid, one.msgid, _whole(one.at)) for one in raced.received)
    delivered = Counter(
        (row.contact, row.msgid, _whole(row.at)) for row in raced.house.rows(_DELIVERED)
    )
    assert delivered == received
    assert received.total() > crowd.PERSONS / 20


def test_nothing_is_ever_sent_to_the_holdout(raced: Raced) -> None:
    (ghosts,) = raced.house.rows("SELECT count(*) FROM message WHERE ghost")
    assert ghosts.count > 0
    held_out = {row.address for row in raced.house.rows(_HELD_OUT, below=1_000)}
    assert held_out
    assert not held_out & {one for task in raced.tasks for one in task.external_userid}


def test_what_everybody_shares_is_never_spent_twice(raced: Raced) -> None:
    shared = raced.policy.shared
    most = {
        "sender": shared.texts_per_sender,
        "scene": shared.messages_per_scene,
        "run": shared.messages_per_run,
    }
    full: Counter[str] = Counter()
    for row in raced.house.rows(_SHARED):
        assert row.n <= row.used <= row.most == most[row.scope], row
        full[row.scope] += row.used == row.most
    assert full.keys() == most.keys()  # what is never spent up proves nothing


def _marker(task: TaskRecord) -> str:
    (marker,) = markers(task.link_url)
    return marker


def _whole(at: datetime) -> datetime:
    """Return an instant as the channel tells it, without its fraction of a second."""
    return at.astimezone(ZONE).replace(microsecond=0)


_WORDINGS = "SELECT marker, wording_id FROM dispatch"
_DECIDED = """
SELECT c.run_id, count(*) AS candidates, count(d.candidate_id) AS decided
FROM candidate c LEFT JOIN decision d ON d.candidate_id = c.id GROUP BY c.run_id
"""
_UNMATCHED = """
SELECT c.id, d.verdict, m.ghost FROM candidate c
LEFT JOIN decision d ON d.candidate_id = c.id LEFT JOIN message m ON m.id = c.id
WHERE (m.id IS NULL) <> (d.verdict IN ('suppressed', 'outcompeted'))
   OR m.ghost <> (d.verdict = 'ghost')
"""
_WITHOUT_END = "SELECT id, state FROM message WHERE state <> ALL(CAST(:ends AS text[]))"
_CROOKED = """
SELECT m.id, m.state, array_agg(l.kind ORDER BY l.id) AS kinds
FROM message m LEFT JOIN ledger l ON l.slot = m.id GROUP BY m.id
HAVING array_agg(l.kind::text ORDER BY l.id) <> ARRAY['reservation',
    CASE WHEN m.state = 'delivered' THEN 'delivery' ELSE 'release' END]
"""
_DELIVERED = """
SELECT m.contact, s.msgid, l.at FROM message m
JOIN ledger l ON l.slot = m.id AND l.kind = 'delivery'
JOIN dispatch_recipient r ON r.message_id = m.id JOIN dispatch s ON s.id = r.dispatch_id
"""
_HELD_OUT = """
SELECT k.address FROM contact k JOIN person p ON p.id = k.person_id WHERE p.bucket < :below
"""
_SHARED = """
WITH kept AS (
    SELECT m.id, m.sender, m.scene, m.run_id, r.business_date, c.wording_key
    FROM message m JOIN candidate c ON c.id = m.id JOIN run r ON r.id = m.run_id
    WHERE m.round <= r.rounds
), spent AS (
    SELECT 'sender' AS scope, sender AS key, business_date, count(DISTINCT wording_key) AS n
    FROM kept GROUP BY sender, business_date
    UNION ALL
    SELECT 'scene', scene, business_date, count(*) FROM kept GROUP BY scene, business_date
    UNION ALL
    SELECT 'run', run_id::text, business_date, count(*) FROM kept GROUP BY run_id, business_date
)
SELECT s.scope, s.key, s.n, b.used, b.most
FROM spent s LEFT JOIN budget b
  ON b.scope = s.scope AND b.key = s.key AND b."window" = s.business_date
"""
