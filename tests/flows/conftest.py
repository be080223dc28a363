"""A whole runwu as an operator has it: Prefect server, served flows, sandbox; started by `up`."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from sandbox.control import Control
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

    def wait_for(self, flow_run: str, state: str, seconds: int = 60) -> dict[str, Any]:
        """Return a flow run once it is in a state."""
        for _ in range(seconds * 4):
            found = self.flow_run(flow_run)
            if found["state_name"] == state:
                return found
            time.sleep(0.25)
        raise AssertionError(f"{flow_run} is {found['state_name']}, not {state}")

    def scheduled(self, flow: str) -> list[dict[str, Any]]:
        """Return the runs of a flow that wait for their time."""
        found: list[dict[str, Any]] = httpx.post(
            f"{self.prefect}/api/flow_runs/filter",
            json={"flows": {"name": {"any_": [flow]}}},
            timeout=30,
        ).json()
        return [run for run in found if run["state_type"] == "SCHEDULED"]

    def form(self, flow_run: str) -> dict[str, Any]:
        """Return the schema of a suspended run's form, as the UI reads it."""
        keys = self.flow_run(flow_run)["state"]["state_details"]["run_input_keyset"]
        answer = httpx.get(f"{self.prefect}/api/flow_runs/{flow_run}/input/{keys['schema']}")
        schema: dict[str, Any] = answer.raise_for_status().json()
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


@pytest.fixture(scope="module")
def installation(server_url: str, template: str) -> Iterator[Installation]:
    """Everything `runwu up` starts, on a database of its own; `runwu down` in the end."""
    with (
        TemporaryDirectory(prefix="runwu-home-") as home,
        database_of(server_url, fresh_name(), template) as url,
    ):
        environment = {**os.environ, "DATABASE_URL": url, "RUNWU_HOME": str(Path(home) / "home")}
        environment.pop("RUNWU_CONFIG", None)
        up = subprocess.run(
            [sys.executable, "-m", "cli.main", "up", "--json"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert up.returncode == 0, up.stderr
        where = json.loads(up.stdout)
        control = Control(where["sandbox"])
        house = House(engine(url), control, where["sandbox"], url)
        made = Installation(environment, where["prefect"], house)
        yield made
        assert "flows" in made.runwu("down").stdout
