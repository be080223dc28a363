"""Operators see what waits in quarantine, write it out and bring it back mended."""

import json
from pathlib import Path

from sqlalchemy import Engine

from schemas.enums import Entity
from store.aside import quarantine
from store.database import transaction
from tests import builders
from tests.cli.command import runwu


def test_rows_are_listed_exported_and_taken_back(
    database: Engine, database_url: str, tmp_path: Path
) -> None:
    event = {"key": "e1", "member_key": "[red]m1", "kind": "cart", "at": builders.MORNING}
    stage = builders.staged(database, Entity.MEMBER_EVENT, [event])
    run = builders.run(database, flow="pull-data")
    with transaction(database) as connection:
        quarantine(
            connection,
            stage,
            run_id=run,
            as_of=builders.MORNING,
            broken=["member_known"],
            passed=True,
        )

    def command(*arguments: str) -> str:
        done = runwu("quarantine", *arguments, cwd=tmp_path, DATABASE_URL=database_url)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert "member_known (member_key = '[red]m1')" in command("list")
    which = ("--source", "shop", "--entity", "member_event")
    assert "1 rows are in mend.csv" in command("export", "mend.csv", *which)
    taken = command("resubmit", "mend.csv", *which, "--json")
    assert json.loads(taken) == {"rows": 1}
    listed = json.loads(command("list", "--json"))
    assert [row["broken"][0]["rule"] for row in listed["rows"]] == ["mended"]


def test_an_entity_that_does_not_exist_is_a_misuse(database_url: str, tmp_path: Path) -> None:
    done = runwu("quarantine", "list", "--entity", "order", cwd=tmp_path, DATABASE_URL=database_url)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
