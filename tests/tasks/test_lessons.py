"""
What users of other systems complain about does not happen here, from the reason to the outbox.

The names are those of section 3 of peers.md; tests/structure/test_lessons.py sees that none is
forgotten.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tasks import plan
from tasks.allot import allot_budgets
from tasks.draft import form_wordings
from tasks.growth import GrowthRun
from tasks.wiring import wiring
from tests import builders
from tests.house import House, at

WEEK_END = at(8, 23)
FREE = """
gap_hours = 0
personal = {start = 9, least = 9, most = 9}
holdout = {share = 0}
arbitration = {annoyance = 0}
"""
"""Nothing holds anybody back but what a test adds."""

_DELIVERED = (
    """
INSERT INTO ledger (slot, kind, person_id, contact, scene, category, channel, sender, at, until,
                    zone, local_date, policy_version, ghost, reason)
SELECT slot, 'delivery', person_id, contact, scene, category, channel, sender, :at, :at, zone,
       local_date, policy_version, ghost, 'sent'
FROM ledger WHERE slot = ANY(:ids)
""",
    "UPDATE message SET state = 'delivered' WHERE id = ANY(:ids)",
)
_DECIDED = """
SELECT c.person_id, c.scene, d.verdict, d.reasons, d.frees_at, d.winner_id, m.planned_for
FROM candidate c LEFT JOIN decision d ON d.candidate_id = c.id LEFT JOIN message m ON m.id = c.id
WHERE c.run_id = :run ORDER BY c.person_id, c.scene
"""
Rule = Callable[[str], None]


@pytest.fixture(autouse=True)
def rule(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rule]:
    """Let a test set the policy; without a word, nothing holds anybody back."""
    file = tmp_path / "runwu.toml"
    monkeypatch.setenv("RUNWU_CONFIG", str(file))
    monkeypatch.setenv("DATABASE_URL", database_url)

    def write(policy: str) -> None:
        file.write_text(f"[policy]\n{FREE}\n{policy}\n")
        wiring.cache_clear()

    write("caps = []")
    yield write
    wiring.cache_clear()


def delivered(database: Engine, people: Sequence[int], when: datetime, scene: str) -> None:
    """Let each person have got a message, of the category care, at an instant."""
    ids = builders.messages(database, people, scene=scene)
    for statement in _DELIVERED:
        builders.change(
            database, statement, ids=ids, **({"at": when} if ":at" in statement else {})
        )


def plan_day(
    database: Engine,
    as_of: datetime,
    *reasons: tuple[str, Sequence[int], float],
    until: datetime = WEEK_END,
) -> list[Any]:
    """Plan a morning with reasons (scene, persons, value); return what was decided."""
    day = as_of.date()
    run = GrowthRun(builders.run(database, day=day, occasion="asked"), day, as_of, done=False)
    for scene, people, value in reasons:
        ids = builders.candidates(database, run.id, people, scene=scene, until=until)
        builders.change(
            database, "UPDATE candidate SET value = :v WHERE id = ANY(:ids)", v=value, ids=ids
        )
    while plan.plan_chunk.fn(run):
        pass
    allot_budgets.fn(run, last=True)
    form_wordings.fn(run)
    return builders.rows(database, _DECIDED, run=run.id)


def verdicts(decided: Sequence[Any]) -> list[str]:
    return [row.verdict for row in decided]


@pytest.mark.parametrize(
    ("declared", "care", "marketing"),
    [
        ("", "suppressed", "suppressed"),
        ("[policy.categories.care]\ncapped = false", "won", "suppressed"),
        ("[policy.categories.care]\ncounted = false", "won", "won"),
    ],
)
def test_each_category_is_held_back_and_counted_as_it_is_declared(
    database: Engine, rule: Rule, declared: str, care: str, marketing: str
) -> None:
    """mautic#6729: campaigns ignored the cap; PR#6760 and PR#6896 then capped what must arrive."""
    rule(f"caps = [{{window = 'week', max = 1}}]\n{declared}")
    one, other = builders.persons(database, 2)
    delivered(database, [one, other], at(2, 9), "earlier")
    decided = plan_day(
        database, at(3, 7, 30), ("lapsing_care", [one], 0.5), ("replenish", [other], 0.5)
    )
    assert verdicts(decided) == [care, marketing]


def test_the_fourth_message_of_a_week_is_told_to_wait_for_the_next(
    database: Engine, rule: Rule
) -> None:
    """mautic PR#4761: "3 per week" postponed the fourth message by three weeks."""
    rule("caps = [{window = 'week', max = 3}]")
    people = builders.persons(database, 1)
    for day in (2, 3, 4):
        delivered(database, people, at(day, 10), f"of the {day}th")
    (row,) = plan_day(database, at(5, 7, 30), ("replenish", people, 0.5), until=at(12, 0))
    assert row.reasons == [{"rule": "cap", "window": "calendar_week", "used": 3, "max": 3}]
    assert row.frees_at == at(9, 9)


def test_what_nobody_decides_on_comes_to_an_end_with_a_reason(planned: House) -> None:
    """mautic#7724: out of attempts, but pending for ever."""
    waiting = sum(planned.states().values())
    planned.collect(at(6, 9))
    assert planned.states() == {"expired": waiting}
    ends = planned.rows(
        "SELECT DISTINCT e.reason FROM message_event e JOIN message m ON m.id = e.message_id"
        " WHERE e.to_state = 'expired' AND NOT m.ghost"
    )
    assert [row.reason for row in ends] == ["its window ended"]
    assert planned.unbalanced() == []


@pytest.mark.parametrize(
    ("caps", "verdict", "reasons"),
    [
        ("[]", "won", []),
        (
            "[{window = 'day', max = 0}]",
            "suppressed",
            [{"rule": "cap", "window": "calendar_day", "used": 0, "max": 0}],
        ),
    ],
    ids=["unset", "zero"],
)
def test_zero_lets_nothing_pass_and_says_so_and_unset_holds_nothing_back(
    database: Engine, rule: Rule, caps: str, verdict: str, reasons: list[Any]
) -> None:
    """mautic#10416: a cap of zero blocked sends without a word."""
    rule(f"caps = {caps}")
    (row,) = plan_day(database, at(2, 7, 30), ("replenish", builders.persons(database, 1), 0.5))
    assert (row.verdict, row.reasons, row.frees_at) == (verdict, reasons, None)


def test_whoever_is_capped_stands_in_nobodys_way(
    database: Engine, rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    """mautic PR#3560: people at their cap filled each batch, and the campaign went in circles."""
    rule("caps = [{window = 'week', max = 1}]")
    monkeypatch.setattr(plan, "CHUNK", 2)
    people = builders.persons(database, 7)
    delivered(database, people[:5], at(2, 9), "earlier")
    decided = plan_day(database, at(3, 7, 30), ("replenish", people, 0.5))
    assert verdicts(decided) == ["suppressed"] * 5 + ["won"] * 2
    worded = builders.rows(
        database, "SELECT person_id FROM message WHERE wording_id IS NOT NULL ORDER BY 1"
    )
    assert [row.person_id for row in worded] == people[5:]


def test_the_more_valuable_reason_goes_first_whichever_was_found_first(
    database: Engine, rule: Rule
) -> None:
    """mautic#1784: "who has priority?"; in Klaviyo a newsletter took the place of a cart."""
    rule("caps = [{window = 'day', max = 1}]")
    people = builders.persons(database, 1)
    lost, won = plan_day(
        database, at(2, 7, 30), ("lapsing_care", people, 0.3), ("replenish", people, 0.6)
    )
    assert (lost.verdict, won.verdict) == ("outcompeted", "won")
    assert lost.reasons == [{"rule": "outcompeted", "expected": 0.3, "needed": 0.6}]
    assert lost.winner_id is not None


def test_a_message_counts_as_what_it_was_and_not_as_what_its_scene_is_today(
    database: Engine, rule: Rule
) -> None:
    """braze-inc/braze-docs#75, #281: caps by tag went by the tags of today."""
    caps = ", ".join(
        f"{{scope = 'category', only = ['{name}'], window = 'week', max = 1}}"
        for name in ("care", "marketing")
    )
    rule(f"caps = [{caps}]")
    one, other = builders.persons(database, 2)
    delivered(database, [one, other], at(2, 9), "replenish")  # which is marketing today
    decided = plan_day(
        database, at(3, 7, 30), ("lapsing_care", [one], 0.5), ("replenish", [other], 0.5)
    )
    assert verdicts(decided) == ["suppressed", "won"]
    assert decided[0].reasons[0]["of"] == "care"


@pytest.mark.parametrize(
    ("window", "verdict", "frees_at"),
    [("window = 'day'", "won", None), ("rolling_hours = 24", "suppressed", at(3, 18))],
)
def test_a_day_may_be_the_calendars_or_any_24_hours(
    database: Engine, rule: Rule, window: str, verdict: str, frees_at: datetime | None
) -> None:
    """PostHog PR#55433: a rolling day hid what happened on the next morning."""
    rule(f"caps = [{{{window}, max = 1}}]")
    people = builders.persons(database, 1)
    delivered(database, people, at(2, 18), "earlier")
    (row,) = plan_day(database, at(3, 7, 30), ("replenish", people, 0.5))
    assert (row.verdict, row.frees_at) == (verdict, frees_at)


def test_a_zone_that_nobody_knows_holds_back_one_person_by_name_and_no_other(
    database: Engine,
) -> None:
    """parcelvoy/platform#610: a few bad zones, and nearly everybody stayed pending unsaid."""
    one, other, third = builders.persons(database, 3)
    builders.change(
        database, "UPDATE member SET timezone = 'Mars/Olympus' WHERE person_id = :id", id=other
    )
    decided = plan_day(database, at(2, 7, 30), ("replenish", [one, other, third], 0.5))
    assert verdicts(decided) == ["won", "suppressed", "won"]
    assert decided[1].reasons == [{"rule": "unknown_zone", "zone": "Mars/Olympus"}]


@pytest.mark.parametrize(
    ("zone", "planned_for"),
    [("Asia/Shanghai", at(2, 9)), ("Europe/London", at(2, 17)), ("America/New_York", at(2, 22))],
)
def test_nine_to_five_are_the_persons_own_hours(
    database: Engine, rule: Rule, zone: str, planned_for: datetime
) -> None:
    """mautic#7665, #9769: a local schedule ran in UTC, and a window from nine to five sent none."""
    rule("caps = []\nopen_hours = [{start = '09:00', end = '17:00'}]")
    people = builders.persons(database, 1)
    builders.change(database, "UPDATE member SET timezone = :zone", zone=zone)
    (row,) = plan_day(database, at(2, 7, 30), ("replenish", people, 0.5))
    assert (row.verdict, row.planned_for) == ("won", planned_for)


def test_what_was_approved_before_a_standstill_is_not_sent_after_its_end(approved: House) -> None:
    """knadh/listmonk#1801: an overdue campaign went out after downtime."""
    waiting = sum(approved.states().values())
    approved.push(at(6, 9, 5))
    approved.collect(at(6, 12, 31))
    assert approved.control.tasks() == []
    assert approved.states() == {"expired": waiting}


def test_what_the_platform_allows_is_planned_within(database: Engine, rule: Rule) -> None:
    """hufeiyaya/QyChat#12: somebody asks how to get round WeCom's one message a day."""
    rule("caps = []\n[channels.wecom]\nquota = 'day:1'")
    one, other = builders.persons(database, 2)
    builders.messages(database, [one], scene="earlier")
    decided = plan_day(database, at(2, 7, 30), ("replenish", [one, other], 0.5))
    assert verdicts(decided) == ["suppressed", "won"]
    full = {"scope": "channel", "of": "wecom", "window": "calendar_day", "used": 1, "max": 1}
    assert decided[0].reasons == [{"rule": "cap", **full}]
