"""A day through Prefect's engine, every flow of which is killed again and again."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.stack import _environment
from tests.conftest import pointed_at
from tests.flows import conftest as flows_conftest
from tests.flows.conftest import Installation
from tests.house import at
from tests.kill import serve
from tests.kill.armed import deaths
from tests.kill.mortal import Mortal
from tests.kill.promises import assert_promises_kept

pytestmark = [pytest.mark.engine, pytest.mark.soak]

installation = flows_conftest.installation
MORNING = at(2, 7, 30)
WORDINGS_PER_FORM = 6
"""So few that there is a review for every way to die in one."""

BEFORE_ITS_FORM = {"1-1": 1}
ONCE_ANSWERED = {"2-1": 3, "3-1": 4, "4-1": 5}
"""
Batch and generation: after how many tasks its process dies.

A review sees to the push of what is approved (2 tasks), shows the stories (1), asks, applies the
answer (1), and sees to the push again: so one dies with its answer in hand, one when it has applied
it, one after that.
"""


@pytest.fixture
def mortal(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Mortal]:
    """Dies once after every task of every flow; reviews die by appointment."""
    house, home = installation.house, Path(installation.environment["RUNWU_HOME"])
    config = tmp_path / "runwu.toml"
    config.write_text(f"[review]\nbatch_size = {WORDINGS_PER_FORM}\n")
    environment = _environment(home, house.database_url, config) | {
        "RUNWU_SANDBOX_URL": house.sandbox_url,
        "PREFECT_API_URL": f"{installation.prefect}/api",
    }
    subprocess.run(
        [sys.executable, "-m", serve.__name__, serve.START],
        env={**installation.environment, **environment},
        check=True,
    )
    with pointed_at(house.database_url, house.sandbox_url, monkeypatch):
        yield Mortal(environment, tmp_path)


def appoint(installation: Installation, when: dict[str, int]) -> None:
    deaths(Path(installation.environment["RUNWU_HOME"])).write_text(json.dumps(when))


def approve(installation: Installation, review: str) -> None:
    fields = installation.form(review)["properties"]
    answer = {name: "approve" for name in fields if name.startswith("w")}
    assert installation.resume(review, {"reviewer": "王店长", **answer}) == "ACCEPT"


def crashed(installation: Installation) -> list[dict[str, int]]:
    """Return the parameters of the reviews that Prefect knows to be dead."""
    wanted = {
        "flow_runs": {"state": {"type": {"any_": ["CRASHED"]}}},
        "flows": {"name": {"any_": ["review-batch"]}},
    }
    found = httpx.post(f"{installation.prefect}/api/flow_runs/filter", json=wanted, timeout=30)
    return [run["parameters"] for run in found.raise_for_status().json()]


def review_and_die(installation: Installation, mortal: Mortal) -> int:
    """Decide on every batch although processes die before and after; return how many did."""
    appoint(installation, BEFORE_ITS_FORM)
    _, *others = mortal.until_done("daily-growth", as_of=MORNING)
    # A daily run that was killed later than the review may have opened its successor already.
    installation.wait_until(lambda: {"batch": 1, "generation": 1} in crashed(installation))
    for review in others:
        installation.wait_for(review, "Suspended")
    appoint(installation, ONCE_ANSWERED)
    for review in others:
        approve(installation, review)
    dying = others[: len(ONCE_ANSWERED)]
    assert len(dying) == len(ONCE_ANSWERED)
    for review in others:
        installation.wait_for(review, "Crashed" if review in dying else "Completed")
    # What died undecided has a form again; what died decided needs none.
    again = mortal.until_done("daily-growth", as_of=MORNING)
    assert len(again) == 2
    for review in again:
        installation.wait_for(review, "Suspended")
        approve(installation, review)
    for review in again:
        installation.wait_for(review, "Completed")
    assert mortal.until_done("daily-growth", as_of=MORNING) == []
    return 1 + len(dying)


def test_killed_after_every_task_of_every_flow_nothing_is_sent_twice_and_nothing_lost(
    installation: Installation, mortal: Mortal
) -> None:
    house = installation.house
    house.pull(MORNING)
    dead_reviews = review_and_die(installation, mortal)
    for minute in (5, 25):
        house.control.set_clock(at(2, 9, minute))
        mortal.until_done("push-approved", as_of=at(2, 9, minute))
    for hour, minute in ((13, 0), (17, 0), (20, 31)):
        house.control.set_clock(at(2, hour, minute))
        mortal.until_done("collect-outcomes", as_of=at(2, hour, minute))
    assert mortal.died.total() + dead_reviews >= 20
    assert_promises_kept(house)
