"""What a run would do, told by a look; and that a run then does just that."""

from datetime import datetime
from typing import Any

import pytest

from schemas.enums import RunStatus
from schemas.environment import Environment
from schemas.findings import Finding, Level
from schemas.settings import Settings
from tasks import checks, refresh
from tasks.forecast import Forecast, tell, told_to_machines
from tasks.wiring import Wiring
from tests.house import House, at

EARLY = at(2, 8)


def wired(**given: Any) -> Wiring:
    return Wiring(Settings.model_validate(given), Environment())


def look_ahead(here: Wiring, as_of: datetime) -> Forecast:
    ahead = checks.look_ahead(here, as_of)
    assert ahead is not None
    return ahead


def said(here: Wiring, as_of: datetime) -> dict[str, Finding]:
    return {one.about: one for one in tell(look_ahead(here, as_of), here)}


@pytest.mark.usefixtures("house")
def test_before_anything_is_pulled_a_run_reads_everything() -> None:
    here = wired()
    found = said(here, EARLY)
    assert found["daily run"].level is Level.WARNING
    assert "no data yet of shop member" in found["daily run"].text
    assert "from the beginning" in found["pull"].text
    assert [one.since for one in look_ahead(here, EARLY).readings] == [None] * 3


@pytest.mark.usefixtures("planned")
def test_a_day_that_is_done_is_done() -> None:
    ahead = look_ahead(wired(), EARLY)
    assert (ahead.status, ahead.refusal) == (RunStatus.DONE, "")
    assert {one.since for one in ahead.readings} == {at(2, 7, 30)}


@pytest.mark.usefixtures("planned")
def test_a_day_before_one_lived_through_would_be_refused() -> None:
    assert "2026-03-01 is over" in said(wired(), at(1, 8))["daily run"].text


@pytest.mark.usefixtures("planned")
def test_old_data_would_be_refused() -> None:
    assert "more than 26 hours ago" in said(wired(), at(4, 8))["daily run"].text


@pytest.mark.usefixtures("planned")
def test_as_many_persons_turn_as_a_run_would_look_at() -> None:
    day = at(20, 8)
    told = look_ahead(wired(), day)
    assert (told.everybody, told.waiting.persons > 0) == (False, True)
    looked_at = refresh.mark_due.fn(day)
    while found := refresh.turn_chunk.fn(day):
        looked_at += found
    assert looked_at == told.waiting.persons


def test_another_policy_has_everybody_looked_at(planned: House) -> None:
    told = look_ahead(wired(policy={"at_risk_days": 60}), at(20, 8))
    everybody = planned.rows("SELECT count(*) AS n FROM person")[0].n
    assert (told.everybody, told.waiting.persons) == (True, everybody)


def test_what_all_buyers_taught_is_told(planned: House) -> None:
    assert planned
    assert "repeat buyers in" in said(wired(), EARLY)["population"].text


def test_what_waits_for_people_and_for_the_channel_is_counted(planned: House) -> None:
    here = wired()
    assert look_ahead(here, EARLY).waiting.reviews == 1
    planned.decide()
    due = planned.states()["approved"]
    nine = look_ahead(here, at(2, 9, 5)).waiting
    assert (nine.reviews, nine.approved, nine.dispatches) == (0, due, {})
    planned.push(at(2, 9, 5))
    after = look_ahead(here, at(2, 9, 6)).waiting
    assert after.approved == 0
    assert after.dispatches.keys() == {"accepted"}


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("hour", "told"),
    [(8, "nothing goes out until 2026-03-02 09:00"), (12, "goes out until 2026-03-02 20:30")],
)
def test_quiet_hours_are_told_with_their_end(hour: int, told: str) -> None:
    assert told in said(wired(), at(2, hour))["quiet hours"].text


@pytest.mark.usefixtures("planned")
def test_a_rehearsing_database_says_so() -> None:
    assert look_ahead(wired(), EARLY).rehearsed == at(2, 7, 30)


@pytest.mark.usefixtures("planned")
def test_machines_are_told_the_same() -> None:
    told = told_to_machines(look_ahead(wired(), EARLY))
    assert told["as_of"] == "2026-03-02T08:00:00+08:00"
    assert (told["business_date"], told["status"], told["refusal"]) == ("2026-03-02", "done", None)
    assert told["releases_at"] == "2026-03-02T09:00:00+08:00"
    assert [pull["source"] for pull in told["pulls"]] == ["shop", "shop", "wecom"]
