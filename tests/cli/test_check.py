"""runwu check, as a user runs it: it tells, it counts on nothing, it leaves no trace."""

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import psutil
import pytest
from sqlalchemy import func, inspect, select, table

from sandbox.world import Options
from store.database import engine, transaction
from tests.cli.command import runwu
from tests.conftest import database_of, fresh_name, sandbox_world

LEVELS = {"ok", "warning", "problem"}
RUN = {
    *(
        "as_of",
        "business_date",
        "status",
        "refusal",
        "rehearsed",
        "pulls",
        "persons",
        "everybody",
        "population",
        "reviews",
    ),
    *("approved", "dispatches", "quiet", "releases_at"),
}


def check(*arguments: str, cwd: Path, **environment: str) -> CompletedProcess[str]:
    return runwu("check", *arguments, cwd=cwd, **environment)


@pytest.fixture(scope="module")
def sandbox_url() -> Iterator[str]:
    with sandbox_world(Options(members=20)) as url:
        yield url


def contents(url: str) -> dict[str, int | None]:
    database = engine(url)
    with transaction(database) as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table(name)))
            for name in inspect(database).get_table_names()
        }


def test_on_a_bare_machine_everything_that_sleeps_is_a_warning(tmp_path: Path) -> None:
    """Not even the sandbox answers, and still nothing is wrong: `runwu up` would mend it all."""
    check("--help", cwd=tmp_path)  # after any command, those that tests start all of them with wait
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    done = check(cwd=tmp_path, RUNWU_SANDBOX_URL="http://127.0.0.1:9")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    asleep = {line.split()[1] for line in lines if line.startswith("warning")}
    assert asleep == {"database", "prefect", "flows", "source", "channel", "a"}
    assert all("runwu up" in line for line in lines if line.startswith("warning  source"))
    assert list(tmp_path.iterdir()) == []
    assert {one.pid for one in psutil.Process().children(recursive=True)} <= before


def test_what_it_tells_machines(tmp_path: Path, database_url: str, sandbox_url: str) -> None:
    before = contents(database_url)
    environment = {"DATABASE_URL": database_url, "RUNWU_SANDBOX_URL": sandbox_url}
    done = check("--json", cwd=tmp_path, **environment)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert told.keys() == {"ok", "findings", "run"}
    assert told["ok"] is True
    assert all(one.keys() == {"about", "level", "text"} for one in told["findings"])
    assert {one["level"] for one in told["findings"]} <= LEVELS
    assert told["run"].keys() == RUN
    assert contents(database_url) == before
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_answer_is_exit_code_1_and_named(
    tmp_path: Path, database_url: str, sandbox_url: str
) -> None:
    (tmp_path / "runwu.toml").write_text(
        f'[sources.shop]\ntype = "shop"\nbase_url = "{sandbox_url}/shop"\n'
    )
    done = check(
        cwd=tmp_path,
        DATABASE_URL=database_url,
        RUNWU_SANDBOX_URL=sandbox_url,
        RUNWU_SOURCES_SHOP_TOKEN="not-the-one",
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "runwu: not everything that a run needs works: source shop; see above"
    ]
    (line,) = [one for one in done.stdout.splitlines() if one.startswith("problem")]
    assert "RUNWU_SOURCES_SHOP_" in line
    assert "not-the-one" not in done.stdout


def test_an_unmigrated_database_is_a_warning_and_stays_empty(
    tmp_path: Path, server_url: str, sandbox_url: str
) -> None:
    with database_of(server_url, fresh_name(), "template0") as url:
        done = check("--json", cwd=tmp_path, DATABASE_URL=url, RUNWU_SANDBOX_URL=sandbox_url)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["run"] is None
        assert contents(url) == {}


@pytest.mark.parametrize(
    ("file", "environment", "told"),
    [
        ("", {"RUNWU_HOLDOUT_SALT": "changeme"}, "set RUNWU_HOLDOUT_SALT"),
        ("[policy]\ncapz = 1\n", {}, "policy.capz"),
        ("", {"DATABASE_URL": "mysql://localhost/x"}, "must start with postgresql://"),
        ('[channels.wecom]\nbase_url = "https://example.com"\n', {}, "RUNWU_WECOM_SECRET"),
    ],
)
def test_what_cannot_work_is_exit_code_2(
    tmp_path: Path, file: str, environment: dict[str, str], told: str
) -> None:
    (tmp_path / "runwu.toml").write_text(file)
    done = check("--json", cwd=tmp_path, **environment)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("runwu: ")
    assert told in line
    assert done.stdout == ""
