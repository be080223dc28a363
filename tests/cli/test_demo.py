"""The demo is the product's own proof: it must balance, and say so to machines."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

pytestmark = pytest.mark.soak

COUNTS = [
    *("candidates", "winners", "suppressed", "outcompeted", "ghosts", "deferred", "released"),
    *("drafted", "draft_failed", "approved", "held", "rejected", "dispatched", "confirmed"),
    *("delivered", "blocked", "capped", "unreachable", "expired", "cancelled", "failed"),
    *("unknown", "open", "deleted_by_customer", "orders", "orders_holdout"),
]


@pytest.fixture(scope="module")
def told(server_url: str) -> Iterator[dict[str, Any]]:
    """What a day of the demo prints for machines."""
    with TemporaryDirectory(prefix="runwu-demo-") as home:
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", "demo", "--members", "80", "--days", "1", "--json"],
            env={**os.environ, "DATABASE_URL": server_url, "RUNWU_HOME": str(Path(home) / "home")},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        yield result


@pytest.mark.engine
def test_the_demo_prints_one_object_with_every_count(told: dict[str, Any]) -> None:
    (day,) = told["days"]
    assert set(COUNTS) <= day.keys()
    assert {*COUNTS, "duplicates", "over_cap"} <= told["total"].keys()


@pytest.mark.engine
def test_the_demos_books_balance_and_nobody_got_too_much(told: dict[str, Any]) -> None:
    total = told["total"]
    ends = ("delivered", "rejected", "blocked", "capped", "unreachable", "expired", "failed")
    assert total["candidates"] == (
        total["winners"] + total["suppressed"] + total["outcompeted"] + total["ghosts"]
    )
    assert total["drafted"] == sum(total[end] for end in ends) + total["unknown"] + total["open"]
    assert total["delivered"] == told["received"] > 0
    assert (told["unbalanced"], total["duplicates"], total["over_cap"]) == ([], 0, 0)
