"""A whole runwu as an operator has it: Prefect server, served flows, sandbox; started by `up`."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from sandbox.control import Control
from store import embedded
from store.database import engine
from tests.conftest import database_of, fresh_name
from tests.house import House


@dataclass(frozen=True)
class Installation:
    """The running parts, and the command line in front of them."""

    environment: dict[str, str]
    prefect: str
    house: House

    def runwu(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a user would."""
        return subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def run(self, as_of: str) -> dict[str, Any]:
        """Run the main job and return what it printed for machines."""
        done = self.runwu("run", "--as-of", as_of, "--json")
        assert done.returncode == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def flow_run(self, flow_run: str) -> dict[str, Any]:
        """Return a flow run as Prefect tells it."""
        answer = httpx.get(f"{self.prefect}/api/flow_runs/{flow_run}", timeout=30)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def wait_for(self, flow_run: str, state: str, seconds: int = 180) -> dict[str, Any]:
        """Return a flow run once it is in a state; a server that has just started is slow."""
        found: dict[str, Any] = {}
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with suppress(httpx.TimeoutException):
                found = self.flow_run(flow_run)
            if found.get("state_name") == state:
                return found
            time.sleep(0.25)
        raise AssertionError(f"{flow_run} is {found.get('state_name')}, not {state}")

    def wait_until(self, what: Callable[[], bool], seconds: int = 180) -> None:
        """Wait until something is so."""
        for _ in range(seconds * 4):
            if what():
                return
            time.sleep(0.25)
        raise AssertionError(f"not so after {seconds} s")

    def scheduled(self, flow: str) -> list[dict[str, Any]]:
        """Return the runs of a flow that wait for their time."""
        found: list[dict[str, Any]] = httpx.post(
            f"{self.prefect}/api/flow_runs/filter",
            json={"flows": {"name": {"any_": [flow]}}},
            timeout=30,
        ).json()
        return [run for run in found if run["state_type"] == "SCHEDULED"]

    def start(self, flow: str) -> str:
        """Start a flow as a schedule does, without parameters; return the run."""
        found = self.deployment(flow)
        answer = httpx.post(
            f"{self.prefect}/api/deployments/{found['id']}/create_flow_run", json={}, timeout=30
        )
        run: str = answer.raise_for_status().json()["id"]
        return run

    def deployment(self, flow: str) -> dict[str, Any]:
        """Return a flow's deployment as Prefect tells it."""
        answer = httpx.get(f"{self.prefect}/api/deployments/name/{flow}/{flow}", timeout=30)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def schedules(self, flow: str) -> list[tuple[str, str]]:
        """Return the active schedules of a flow as Prefect tells them, unless it is paused."""
        found = self.deployment(flow)
        said = [one["schedule"] for one in found["schedules"] if one["active"]]
        return [] if found["paused"] else [(one["cron"], one["timezone"]) for one in said]

    def form(self, flow_run: str) -> dict[str, Any]:
        """Return the schema of a suspended run's form, as the UI reads it."""
        keys = self.flow_run(flow_run)["state"]["state_details"]["run_input_keyset"]
        url = f"{self.prefect}/api/flow_runs/{flow_run}/input/{keys['schema']}"
        # A run is suspended a moment before its form is there.
        self.wait_until(lambda: httpx.get(url, timeout=30).is_success, 30)
        schema: dict[str, Any] = httpx.get(url, timeout=30).raise_for_status().json()
        return schema

    def resume(self, flow_run: str, answer: dict[str, str]) -> str:
        """Submit a form; return ACCEPT, REJECT or ABORT. A busy server is asked again."""
        url = f"{self.prefect}/api/flow_runs/{flow_run}/resume"
        for _ in range(10):
            given = httpx.post(url, json={"run_input": answer}, timeout=30)
            if given.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                status: str = given.json().get("status", given.text)
                return status
            time.sleep(0.5)
        raise AssertionError("the Prefect server stays busy")


@contextmanager
def installed(home: Path, changes: dict[str, str]) -> Iterator[Installation]:
    """Everything `runwu up` starts in a home, with these environment variables; then `down`."""
    environment = {**os.environ, "RUNWU_HOME": str(home)}
    for name in ("RUNWU_CONFIG", "DATABASE_URL"):
        environment.pop(name, None)
    environment |= changes
    up = subprocess.run(
        # A schedule that struck before the first rehearsed run would make the database a live one.
        [sys.executable, "-m", "cli.main", "up", "--no-schedules", "--json"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert up.returncode == 0, up.stderr
    where = json.loads(up.stdout)
    url = environment.get("DATABASE_URL") or embedded.start(home / "pg")
    house = House(engine(url), Control(where["sandbox"]), where["sandbox"], url)
    made = Installation(environment, where["prefect"], house)
    yield made
    assert "flows" in made.runwu("down").stdout


@pytest.fixture(scope="module")
def installation(server_url: str, template: str) -> Iterator[Installation]:
    """A whole runwu on a database of its own."""
    with (
        TemporaryDirectory(prefix="runwu-home-") as home,
        database_of(server_url, fresh_name(), template) as url,
        installed(Path(home) / "home", {"DATABASE_URL": url}) as made,
    ):
        yield made
