"""A shop on a real database: who ordered when, and whom a scene finds among them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from sqlalchemy import Connection, Engine

from prompts.catalogue import scenes
from rules.facts import facts as facts_of
from rules.judgement import judge
from rules.population import Population
from schemas.enums import MessageState
from schemas.policy import Policy
from store import candidates, facts, memberships, outcomes
from store.database import transaction
from store.histories import histories
from tests import builders
from tests.house import ZONE, at

TODAY = at(2, 7, 30)
POLICY = Policy()
NOON = timedelta(hours=12)

_ORDER = """
INSERT INTO shop_order (source, key, member_id, ordered_at, status, currency)
SELECT 'shop', :key, id, :at, :status, 'CNY' FROM member WHERE person_id = :person RETURNING id
"""


@dataclass
class Shop:
    """Persons who order and are written to, and whom a scene finds among them."""

    database: Engine
    people: list[int]
    _keys: Iterator[int]

    def order(self, person: int, *instants: datetime, status: str = "paid") -> None:
        """Let a person order at each of these instants."""
        for instant in instants:
            values = {"key": str(next(self._keys)), "at": instant, "status": status}
            builders.rows(self.database, _ORDER, person=person, **values)

    def habit(self, person: int, *gaps: int, last: int) -> None:
        """Let a person order at noon with these gaps of days, for the last time `last` days ago."""
        for back in accumulate(reversed(gaps), initial=last):
            self.order(person, at(2, 0) - timedelta(days=back) + NOON)

    def touch(self, person: int, instant: datetime) -> None:
        """Let a message of another scene reach a person."""
        ids = builders.messages(self.database, [person], scene=f"other {instant}")
        with transaction(self.database) as connection:
            outcomes.record_deliveries(
                connection,
                ids,
                MessageState.DELIVERED,
                at=instant,
                answer_until=instant + timedelta(days=7),
            )

    def found(self, scene: str, as_of: datetime = TODAY) -> dict[int, Any]:
        """Refresh everybody's facts and return the candidates of a scene by person."""
        today = as_of.astimezone(ZONE).date()
        with transaction(self.database) as connection:
            known = facts_of(histories(connection, self.people), as_of, ZONE.key, POLICY)
            facts.write_facts(connection, self.people, known)
            judged = judge(known, today, ZONE, POLICY, Population())
            memberships.write_memberships(connection, self.people, judged.memberships, today)
            memberships.write_wheel(connection, self.people, judged.wheel)
            rows = find(connection, scene, as_of)
        return {row.person_id: row for row in rows}


def find(connection: Connection, scene: str, as_of: datetime) -> list[Any]:
    """Return what a scene finds, the way the daily run asks."""
    return candidates.find(
        connection,
        scenes()[scene].candidates_sql,
        run_id=0,
        scene=scene,
        limit=5_000,
        as_of=as_of,
        today=as_of.astimezone(ZONE).date(),
        zone=ZONE.key,
    )
