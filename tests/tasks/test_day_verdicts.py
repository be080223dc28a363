"""The verdict over a business date: held against recent days, once, and asked before anybody is."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import Engine

from schemas.enums import Entity
from schemas.environment import Environment
from schemas.errors import RunRefused
from schemas.settings import Settings
from store.database import transaction
from store.drift import DayVerdictRow
from tasks.day_verdicts import judge_day
from tasks.refusals import require_verdicts
from tasks.wiring import Wiring
from tests import builders
from tests.builders import MORNING, change, rows

_SET = (
    "UPDATE data_verdict SET window_from = :since, published = :published, metrics = :metrics"
    " WHERE id = (SELECT max(id) FROM data_verdict)"
)


@pytest.fixture
def wired(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Wiring:
    monkeypatch.setenv("DATABASE_URL", database_url)
    return Wiring(Settings(), Environment())


def window(
    database: Engine,
    days_ago: float,
    published: int,
    *,
    first: bool = False,
    refunded: float = 0.02,
    mean: float = 30.0,
    source: str = "shop",
) -> None:
    until = MORNING - timedelta(days=days_ago)
    builders.verdict(database, source, Entity.ORDER_LINE, until=until)
    metrics = {"shares": {"refunded": refunded}, "means": {"CNY": mean}}
    since = None if first else until - timedelta(minutes=30)
    change(database, _SET, since=since, published=published, metrics=Jsonb(metrics))


def lived(database: Engine, counts: Sequence[int]) -> None:
    """Let windows of so many rows be published on the days before today, the nearest first."""
    for place, count in enumerate(counts, start=1):
        window(database, place, count // 2)
        window(database, place + 0.5, count - count // 2)


def orders(verdicts: Sequence[DayVerdictRow]) -> DayVerdictRow:
    (found,) = [one for one in verdicts if one.entity is Entity.ORDER_LINE]
    return found


def test_a_house_of_few_days_is_not_judged_and_great_expectations_not_even_asked(
    database: Engine, wired: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.day_verdicts.validated", None)
    lived(database, [300] * 5)
    window(database, 0.1, 0)
    verdict = orders(judge_day(wired, MORNING))
    assert verdict.passed
    (published,) = [one for one in verdict.checks if one["metric"] == "published"]
    assert (published["low"], published["days"], published["value"]) == (None, 0, 0)


def test_no_rows_on_a_day_that_usually_has_hundreds_is_refused_by_name_and_number(
    database: Engine, wired: Wiring
) -> None:
    lived(database, [300, 310, 290] * 7)
    window(database, 0.1, 0)
    assert not orders(judge_day(wired, MORNING)).passed
    for name, source in wired.sources.items():
        for entity in source.entities:
            if entity is not Entity.ORDER_LINE:
                builders.verdict(database, name, entity)
    with (
        transaction(database) as connection,
        pytest.raises(RunRefused, match=r"shop order_line of 2026-03-02 .* published is 0, usual"),
    ):
        require_verdicts(connection, wired, MORNING)


def test_a_usual_day_passes_by_both_counts_and_is_kept(database: Engine, wired: Wiring) -> None:
    lived(database, [300, 310, 290] * 7)
    window(database, 0.1, 280)
    verdict = orders(judge_day(wired, MORNING))
    assert verdict.passed
    assert {check["metric"]: check["passed"] for check in verdict.checks} == {
        "published": True,
        "share refunded": True,
        "mean CNY": True,
    }
    kept = rows(database, "SELECT entity, passed FROM day_verdict WHERE entity = 'order_line'")
    assert [tuple(row) for row in kept] == [("order_line", True)]


@pytest.mark.parametrize(
    ("metric", "changed"),
    [("share refunded", {"refunded": 0.5}), ("mean CNY", {"mean": 3000.0})],
)
def test_shares_and_means_unlike_those_of_recent_days_are_refused(
    database: Engine, wired: Wiring, metric: str, changed: dict[str, float]
) -> None:
    lived(database, [300] * 15)
    window(database, 0.1, 300, **changed)  # type: ignore[arg-type]
    verdict = orders(judge_day(wired, MORNING))
    assert verdict.reason.startswith(f"{metric} is ")
    assert ";" not in verdict.reason


def test_an_empty_night_is_part_of_its_day_and_rows_read_twice_count_once(
    database: Engine, wired: Wiring
) -> None:
    lived(database, [300] * 15)
    for hour in range(8):
        window(database, 0.01 + hour / 24, 0, refunded=1.0)
    window(database, 0.5, 290)
    assert orders(judge_day(wired, MORNING)).passed


def test_a_first_load_is_no_day_like_others(database: Engine, wired: Wiring) -> None:
    window(database, 14, 50_000, first=True)
    lived(database, [300] * 13)
    window(database, 0.1, 0)
    verdict = orders(judge_day(wired, MORNING))
    assert (verdict.passed, verdict.checks[0]["days"]) == (True, 0)


def test_the_day_of_a_first_load_is_not_held_against_others(
    database: Engine, wired: Wiring
) -> None:
    lived(database, [300] * 15)
    window(database, 0.5, 50_000, first=True)
    assert orders(judge_day(wired, MORNING)) == DayVerdictRow(
        "shop", Entity.ORDER_LINE, True, "", []
    )


def test_what_was_refused_and_what_comes_later_count_for_nothing(
    database: Engine, wired: Wiring
) -> None:
    lived(database, [300] * 15)
    window(database, 0.1, 300)
    window(database, 0.05, 90_000)
    change(database, "UPDATE data_verdict SET passed = false WHERE published = 90000")
    window(database, -0.1, 90_000)
    assert orders(judge_day(wired, MORNING)).passed


def test_a_day_that_passed_is_not_judged_again_and_one_that_failed_is(
    database: Engine, wired: Wiring
) -> None:
    lived(database, [300] * 15)
    window(database, 0.1, 0)
    assert not orders(judge_day(wired, MORNING)).passed
    window(database, 0.05, 300)
    assert orders(judge_day(wired, MORNING)).passed
    change(database, "DELETE FROM data_verdict")
    assert orders(judge_day(wired, MORNING)).passed


def test_a_day_is_judged_by_its_own_windows_however_long_the_history(
    database: Engine, wired: Wiring
) -> None:
    lived(database, [300] * 15)
    window(database, 400, 90_000)
    window(database, 0.1, 300)
    verdict = orders(judge_day(wired, MORNING))
    assert {check["days"] for check in verdict.checks} == {15}
