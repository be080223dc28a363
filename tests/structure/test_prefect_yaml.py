"""prefect.yaml says what there is, and nothing that Prefect would silently ignore."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, time
from pathlib import Path

import pytest
import yaml
from prefect.cli.deploy._models import PrefectYamlModel, RawScheduleConfig
from prefect.flows import load_flow_from_entrypoint
from prefect.server.schemas.schedules import CronSchedule

from cli.deployments import FILE, Deployment, Schedule, read_deployments
from rules.hours import Hours
from schemas.errors import ConfigurationError
from schemas.policy import Policy
from tests.house import ZONE, at
from tests.structure.repository import ROOT

_DAY = 24 * 4  # a day of quarters of an hour


def _undeployed(folder: Path, deployments: Sequence[Deployment]) -> set[str]:
    deployed = {one.entrypoint.rsplit(".", 1)[0] for one in deployments}
    there = {f"{folder.name}.{path.stem}" for path in folder.glob("*.py")}
    return there - deployed - {f"{folder.name}.__init__"}


@pytest.mark.parametrize("deployment", read_deployments(), ids=lambda one: one.name)
def test_an_entrypoint_loads_the_flow_of_its_deployments_name(deployment: Deployment) -> None:
    assert load_flow_from_entrypoint(deployment.entrypoint).name == deployment.name


def test_every_flow_module_has_a_deployment() -> None:
    assert _undeployed(ROOT / "flows", read_deployments()) == set()


def test_a_flow_module_without_a_deployment_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "learn_weekly.py").touch()
    assert _undeployed(tmp_path / "flows", read_deployments()) == {"flows.learn_weekly"}


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ("    description:", "    schedulez: daily\n    description:", "deployments.0.schedulez"),
        ("name: runwu", "name: runwu\nprefect_version: 3", "prefect_version"),
        ("    entrypoint:", "    entrypiont:", "deployments.0.entrypoint"),
        (
            "        timezone: Asia/Shanghai",
            "        zone: UTC",
            "deployments.0.schedules.0.timezone",
        ),
        ("      limit: 1", "      limit: 0", "deployments.0.concurrency_limit.limit"),
        ("CANCEL_NEW\n", "DROP\n", "deployments.0.concurrency_limit.collision_strategy"),
    ],
)
def test_a_misspelt_key_is_refused_by_name(
    tmp_path: Path, right: str, wrong: str, named: str
) -> None:
    path = tmp_path / "prefect.yaml"
    path.write_text(FILE.read_text(encoding="utf-8").replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=rf"^prefect\.yaml: {named}: [^\n]+$"):
        read_deployments(path)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ('"*/15 * * * *"', '"every 15 min"', 'Invalid cron string: "every 15 min"'),
        ('"*/15 * * * *"', '"R * * * *"', "Random and Hashed expressions are unsupported"),
        ("timezone: Asia/Shanghai", "timezone: Asia/Changan", 'Invalid timezone: "Asia/Changan"'),
        ("  - name: pull-data", "  - name: [", "is not valid YAML"),
    ],
)
def test_a_schedule_that_prefect_cannot_read_is_one_sentence(
    tmp_path: Path, right: str, wrong: str, told: str
) -> None:
    path = tmp_path / "prefect.yaml"
    path.write_text(FILE.read_text(encoding="utf-8").replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"^prefect\.yaml[^\n]+$") as refused:
        read_deployments(path)
    assert told in str(refused.value)


def _starts(schedule: Schedule, count: int) -> list[datetime]:
    """Return when a schedule starts runs from the midnight of a Monday on, as Prefect reckons."""
    read = CronSchedule(cron=schedule.cron, timezone=schedule.timezone)
    return [*asyncio.run(read.get_dates(count, start=at(2, 0)))]


def _day_of(name: str) -> list[datetime]:
    """Return the starts of a deployment's first day."""
    (deployment,) = [one for one in read_deployments() if one.name == name]
    starts = [start for one in deployment.schedules for start in _starts(one, _DAY + 1)]
    return sorted(start for start in starts if at(2, 0) <= start < at(3, 0))


def test_every_flow_that_the_clock_starts_starts_as_often_as_promised() -> None:
    often = {one.name: len(_day_of(one.name)) for one in read_deployments()}
    assert often == {
        "pull-data": 96,
        "build-data-docs": 24,
        "daily-growth": 1,
        "review-batch": 0,
        "push-approved": 69,
        "collect-outcomes": 48,
    }


def test_the_day_begins_at_half_past_seven_and_windows_close_at_midnight() -> None:
    assert _day_of("daily-growth") == [at(2, 7, 30)]
    assert at(2, 0) in _day_of("collect-outcomes")


def test_a_push_is_not_even_tried_within_the_quiet_hours() -> None:
    starts = [start.astimezone(ZONE) for start in _day_of("push-approved")]
    hours = Hours(Policy(), ZONE)
    assert all(hours.is_open(start) for start in starts)
    assert (starts[0].time(), starts[-1].time()) == (time(9, 0), time(20, 20))


def test_only_runs_that_the_next_one_makes_up_for_may_be_dropped() -> None:
    """A push or a collect may be the one that was ordered for a certain moment."""
    limits = {one.name: one.concurrency_limit for one in read_deployments()}
    dropped = {name for name, limit in limits.items() if limit}
    assert dropped == {"pull-data", "daily-growth", "build-data-docs"}


def test_prefect_deploy_reads_the_same_from_the_file() -> None:
    theirs = PrefectYamlModel.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))
    for ours, their in zip(read_deployments(), theirs.deployments, strict=True):
        read = [one for one in their.schedules or [] if isinstance(one, RawScheduleConfig)]
        assert [(one.cron, one.timezone) for one in read] == [
            (one.cron, one.timezone) for one in ours.schedules
        ]
        limit = their.concurrency_limit
        told = limit if limit is None or isinstance(limit, int) else limit.collision_strategy
        assert told == (ours.concurrency_limit and ours.concurrency_limit.collision_strategy)
