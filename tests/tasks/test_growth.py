"""May the day begin, and what does a second beginning do."""

from datetime import datetime, timedelta

import pytest

from schemas.enums import Entity
from schemas.errors import RunRefused
from tasks import draft, growth, plan, refresh, scenes
from tests import builders
from tests.house import House, at

NEEDED = (
    ("shop", Entity.MEMBER),
    ("shop", Entity.ORDER_LINE),
    ("wecom", Entity.CONTACT),
)
MORNING = at(2, 7, 30)
_PER_CANDIDATE = """
SELECT count(*) AS candidates, count(d.candidate_id) AS decided,
       count(DISTINCT (c.person_id, c.scene)) AS reasons
FROM candidate c LEFT JOIN decision d ON d.candidate_id = c.id
"""


def _verdicts(house: House, *, until: datetime = MORNING) -> None:
    for source, entity in NEEDED:
        builders.verdict(house.database, source, entity, until=until)


def test_a_day_without_any_data_is_refused(house: House) -> None:
    with pytest.raises(RunRefused, match=r"^no data yet of shop member: let pull-data run first$"):
        growth.open_growth.fn(MORNING)
    assert house.rows("SELECT * FROM run") == []


@pytest.mark.parametrize("missing", range(3))
def test_every_entity_of_every_source_needs_a_verdict(house: House, missing: int) -> None:
    for place, (source, entity) in enumerate(NEEDED):
        if place != missing:
            builders.verdict(house.database, source, entity)
    source, entity = NEEDED[missing]
    with pytest.raises(RunRefused, match=f"^no data yet of {source} {entity.value}: "):
        growth.open_growth.fn(MORNING)


def test_a_failing_verdict_is_told_with_its_reason(house: House) -> None:
    _verdicts(house, until=at(2, 7))
    builders.verdict(house.database, *NEEDED[1], passed=False, reason="key_unique: 9 of 9")
    told = r"^the data of shop order_line broke its contract \(key_unique: 9 of 9\); [^\n]+$"
    with pytest.raises(RunRefused, match=told):
        growth.open_growth.fn(MORNING)


def test_a_passing_verdict_heals_an_earlier_failing_one(house: House) -> None:
    builders.verdict(house.database, *NEEDED[1], until=at(2, 7), passed=False)
    _verdicts(house)
    assert not growth.open_growth.fn(MORNING).done


def test_what_was_pulled_later_says_nothing_of_an_earlier_instant(house: House) -> None:
    _verdicts(house)
    builders.verdict(house.database, *NEEDED[0], until=at(2, 7, 45), passed=False)
    assert not growth.open_growth.fn(MORNING).done


@pytest.mark.parametrize(("minutes", "fresh"), [(0, True), (1, False)])
def test_data_may_be_a_day_and_two_hours_old(house: House, minutes: int, fresh: bool) -> None:
    _verdicts(house, until=MORNING - timedelta(hours=26, minutes=minutes))
    if fresh:
        growth.open_growth.fn(MORNING)
        return
    with pytest.raises(RunRefused, match=r"shop member end at 2026-02-28 21:29Z, more than 26 h"):
        growth.open_growth.fn(MORNING)


def test_a_day_before_one_lived_through_is_refused(house: House) -> None:
    _verdicts(house, until=at(1, 12))
    growth.open_growth.fn(MORNING)
    with pytest.raises(RunRefused, match=r"^2026-03-01 is over: this database has lived through 2"):
        growth.open_growth.fn(at(1, 20))


def test_the_business_date_is_the_zones_not_utcs(house: House) -> None:
    _verdicts(house)
    run = growth.open_growth.fn(at(3, 0, 30))
    assert run.today.isoformat() == "2026-03-03"


def test_a_day_opened_again_is_the_same_run(house: House) -> None:
    _verdicts(house)
    first = growth.open_growth.fn(MORNING)
    assert growth.open_growth.fn(MORNING) == first
    assert growth.open_growth.fn(at(2, 9)).id == first.id


def test_a_finished_day_opened_again_is_done(house: House) -> None:
    _verdicts(house)
    run = growth.open_growth.fn(MORNING)
    growth.close_growth.fn(run)
    again = growth.open_growth.fn(MORNING)
    assert (again.id, again.done) == (run.id, True)


def test_a_day_whose_books_do_not_balance_stays_open(house: House) -> None:
    _verdicts(house)
    run = growth.open_growth.fn(MORNING)
    people = builders.persons(house.database, 3)
    builders.candidates(house.database, run.id, people)  # and nobody decided
    with pytest.raises(RunRefused, match=r"^the books of 2026-03-02 do not balance: 3 candidates"):
        growth.close_growth.fn(run)
    assert not growth.open_growth.fn(MORNING).done


def _until_found(run: growth.GrowthRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "CHUNK", 2)
    scenes.find_candidates.fn(run, "replenish")


def _until_planned(run: growth.GrowthRun, monkeypatch: pytest.MonkeyPatch) -> None:
    while scenes.find_candidates.fn(run, "replenish"):
        pass
    monkeypatch.setattr(plan, "CHUNK", 2)
    plan.plan_chunk.fn(run)


def _until_worded(run: growth.GrowthRun, monkeypatch: pytest.MonkeyPatch) -> None:
    _until_planned(run, monkeypatch)
    while plan.plan_chunk.fn(run):
        pass
    draft.form_wordings.fn(run)


@pytest.mark.parametrize("stopped", [_until_found, _until_planned, _until_worded])
def test_an_interrupted_day_goes_on_and_decides_everyone_once(
    house: House, stopped: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.pull(MORNING)
    run = growth.open_growth.fn(MORNING)
    refresh.mark_due.fn(MORNING)
    while refresh.refresh_chunk.fn(MORNING):
        pass
    assert callable(stopped)
    stopped(run, monkeypatch)
    again = house.grow(MORNING)
    (count,) = house.rows(_PER_CANDIDATE)
    assert again.id == run.id
    assert count.candidates == count.decided == count.reasons > 2
    assert house.unbalanced() == []
    assert growth.open_growth.fn(MORNING).done
