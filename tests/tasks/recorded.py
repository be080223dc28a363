"""Days that are really planned and allotted, for whoever looks back on them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from store.database import transaction
from tasks import allot, plan
from tasks.growth import GrowthRun
from tasks.wiring import wiring
from tests import builders
from tests.builders import MONDAY, MORNING

_CANDIDATE = """
INSERT INTO candidate (run_id, person_id, scene, wording_key, value, window_until, inputs)
VALUES (:run, :person, :scene, :wording, :value, :until, '{}') RETURNING id
"""
_CLOSE = """
INSERT INTO ledger (slot, kind, person_id, contact, scene, category, channel, sender, at, until,
                    zone, local_date, policy_version, ghost, reason)
SELECT slot, :kind, person_id, contact, scene, category, channel, sender, :at, :at, zone,
       local_date, policy_version, ghost, '' FROM ledger WHERE slot = :id
"""
_DELIVERY = """
INSERT INTO delivery (message_id, person_id, status, at, answer_until, answered)
SELECT id, person_id, 'delivered', :at, :at, :answered FROM message WHERE id = :id
"""
_OUTCOME = """
INSERT INTO outcome (kind, source_event, person_id, message_id, at, amount)
SELECT 'order', :id, person_id, id, window_until, :amount FROM message WHERE id = :id
"""


@dataclass
class Recorded:
    """A database of persons, and mornings in it that were decided as daily runs decide."""

    database: Engine
    config: Path
    people: list[int]
    mornings: list[datetime] = field(default_factory=list)

    def rule(self, policy: str) -> None:
        """Put a policy in force."""
        self.config.write_text(policy)
        wiring.cache_clear()

    def day(
        self, *found: tuple[int, str, float], hours: float = 12, wording: str = "w"
    ) -> list[int]:
        """Decide the next morning's candidates (person, scene, value); return their ids."""
        as_of = MORNING + timedelta(days=len(self.mornings))
        today = MONDAY + timedelta(days=len(self.mornings))
        self.mornings.append(as_of)
        number = builders.run(self.database, day=today, as_of=as_of)
        run = GrowthRun(number, today, as_of, done=False)
        until = as_of + timedelta(hours=hours)
        ids = [
            self._value(
                _CANDIDATE,
                run=run.id,
                person=self.people[person],
                scene=scene,
                wording=f"{scene} {wording}",
                value=value,
                until=until,
            )
            for person, scene, value in found
        ]
        self.decide(run)
        return ids

    def decide(self, run: GrowthRun) -> None:
        """Plan and allot as the flow does."""
        allot.settle_deferred.fn(run)
        for last in (False, True):
            while plan.plan_chunk.fn(run):
                pass
            if not allot.allot_budgets.fn(run, last=last):
                break

    def deliver(self, message: int, *, hours: float = 4, answered: bool | None = None) -> None:
        """Let a message arrive so long after its morning."""
        at = self.mornings[-1] + timedelta(hours=hours)
        self._close(message, "delivery", "delivered", at)
        self._change(_DELIVERY, id=message, at=at, answered=answered)

    def release(self, message: int, *, hours: float = 4) -> None:
        """Let a message come to nothing."""
        at = self.mornings[-1] + timedelta(hours=hours)
        self._close(message, "release", "expired", at)

    def order(self, message: int, amount: float) -> None:
        """Credit a message with an order."""
        self._change(_OUTCOME, id=message, amount=amount)

    def on_its_way(self) -> list[int]:
        """Return what was planned and waits to arrive."""
        query = "SELECT id FROM message WHERE state = 'planned' ORDER BY id"
        return [row.id for row in builders.rows(self.database, query)]

    def rows(self) -> dict[str, int]:
        """Return how many rows each table has."""
        tables = builders.rows(self.database, "SELECT relname FROM pg_stat_user_tables")
        return {
            table: builders.rows(self.database, f"SELECT count(*) FROM {table}")[0][0]
            for (table,) in tables
        }

    def _close(self, message: int, kind: str, state: str, at: datetime) -> None:
        self._change(_CLOSE, id=message, kind=kind, at=at)
        self._change("UPDATE message SET state = :state WHERE id = :id", id=message, state=state)

    def _value(self, statement: str, **values: Any) -> int:
        with transaction(self.database) as connection:
            return int(connection.execute(text(statement), values).scalar_one())

    def _change(self, statement: str, **values: Any) -> None:
        builders.change(self.database, statement, **values)


@contextmanager
def recorded(database: Engine, url: str, folder: Path, count: int) -> Iterator[Recorded]:
    """Let this process work on a database with so many persons, nobody of them held out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNWU_CONFIG", str(folder / "runwu.toml"))
        patch.setenv("DATABASE_URL", url)
        made = Recorded(database, folder / "runwu.toml", builders.persons(database, count))
        made.rule("")
        yield made
    wiring.cache_clear()
