"""A house to which anything happens, and what is known in it, kept up to date or made anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from schemas.enums import MessageState
from store import outcomes
from store.database import engine, transaction
from store.persons import mark_stale
from tasks.wiring import wiring
from tests import builders
from tests.conftest import database_of, fresh_name, pointed_at
from tests.house import ZONE, refresh_all

PEOPLE = 6
MADE = ("person_facts", "segment_membership", "wheel", "segment_size")
KEPT = (*MADE, "population", "rebuild")

POLICIES = (
    "",
    "[policy]\nnew_days = 5\nregular_gaps = 2\nlapsed_days = 100",
    "[policy.segments]\nfree_shipping_from = '50'\ncart_days = 1\nhalf_life_days = 30",
    "[policy.segments]\ntaste_days = 2\ntrait_days = 20\nprice_repeats = 2\nshopper_days = 2",
    "[policy.population]\nrepeat_buyers = 2\nhistory_days = 5\nseason_days = 7",
)

_CATALOGUE = (
    """
INSERT INTO store (source, key, name, city) VALUES
('shop', 's1', '一店', '上海'), ('shop', 's2', '二店', '杭州市'), ('shop', 's3', '三店', NULL)
""",
    """
INSERT INTO product (source, key, name, family) VALUES
('shop', 'p1', '拿铁', '咖啡'), ('shop', 'p2', 'Crème "brûlée", ☕️', '甜点'),
('shop', 'p3', '𝒙', NULL)
""",
)
_ORDER = """
INSERT INTO shop_order (source, key, member_id, ordered_at, status, currency, discount, store_key)
SELECT 'shop', :key, id, :at, 'paid', 'CNY', :discount, :store FROM member WHERE key = :member
RETURNING id
"""
_LINE = """
INSERT INTO order_line (order_id, ordinal, product_key, quantity, unit_price)
VALUES (:order, :ordinal, 'p' || :ordinal, :units, 20)
"""
_REFUND = """
UPDATE shop_order SET status = 'refunded' WHERE id = (
    SELECT o.id FROM shop_order o JOIN member m ON m.id = o.member_id
    WHERE m.key = :member AND o.ordered_at <= :at ORDER BY o.ordered_at DESC LIMIT 1
)
"""
_MERGE = """
UPDATE person SET merged_into = :yours WHERE id = :mine AND id <> :yours
AND NOT EXISTS (SELECT FROM person WHERE merged_into = :mine)
AND EXISTS (SELECT FROM person WHERE id = :yours AND merged_into IS NULL)
"""
_UNMERGE = "UPDATE person SET merged_into = NULL WHERE id = :mine"
_FOLLOW = """
UPDATE member SET person_id = coalesce(p.merged_into, p.id)
FROM person p WHERE p.id = :mine AND member.key = :member
"""
_EVENT = """
INSERT INTO member_event (source, key, kind, member_id, at)
SELECT 'shop', :key, :kind, id, :at FROM member WHERE key = :member
"""
_BENEFIT = """
INSERT INTO benefit (source, key, kind, member_id, name, remaining, valid_from, valid_until)
SELECT 'shop', :key, :kind, id, 'b', 2000, :valid_from, :valid_until FROM member WHERE key = :member
"""
_STATE = (
    "SELECT person_id, key AS what, value FROM person_facts f, jsonb_each(to_jsonb(f))",
    """
SELECT person_id, dimension || ' ' || segment AS what, evidence AS value
FROM segment_membership WHERE until IS NULL
""",
    "SELECT person_id, 'turn of ' || kind AS what, due_on || ' ' || version AS value FROM wheel",
)


@dataclass
class Days:
    """Six persons, what happens to them, and the day it is."""

    database: Engine
    config: Path
    now: datetime = builders.MORNING
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def today(self) -> date:
        return self.now.astimezone(ZONE).date()

    def happen(self, what: str, person: int, back: timedelta, choice: int) -> None:
        """Let something happen to a person, so long before now; `choice` says which of its kind."""
        at_that_time = self.now - back
        with transaction(self.database) as connection:
            getattr(self, f"_{what}")(connection, person, at_that_time, choice)

    def refresh(self) -> None:
        refresh_all(self.now)

    def told(self, person: int, what: str) -> Any:
        """Return what is known of a person: a fact, by its column."""
        return self.state().get((person, what))

    def state(self) -> dict[tuple[int, str], Any]:
        """Return all that is known, by person and what it is."""
        rows = [row for query in _STATE for row in builders.rows(self.database, query)]
        return {(row.person_id, row.what): row.value for row in rows}

    def sizes(self) -> list[Any]:
        """Return the sizes of segments as they are kept."""
        query = "SELECT dimension, segment, size FROM segment_size WHERE size <> 0 ORDER BY 1, 2"
        return builders.rows(self.database, query)

    def counted(self) -> list[Any]:
        """Return the sizes of segments as they are counted."""
        return builders.rows(
            self.database,
            "SELECT dimension, segment, count(*) AS size FROM segment_membership"
            " WHERE until IS NULL GROUP BY 1, 2 ORDER BY 1, 2",
        )

    def places(self) -> dict[str, list[Any]]:
        """Return where each row that is known lies: one that is written anew lies elsewhere."""
        query = "SELECT ctid::text, xmin::text FROM {} ORDER BY 1"
        return {table: builders.rows(self.database, query.format(table)) for table in MADE}

    def is_quiet(self) -> bool:
        """Tell whether nothing has happened and nothing is due by today."""
        query = (
            "SELECT NOT EXISTS (SELECT FROM stale_person)"
            " AND NOT EXISTS (SELECT FROM wheel WHERE due_on <= :today)"
        )
        return bool(builders.rows(self.database, query, today=self.today)[0][0])

    def versions(self) -> list[Any]:
        """Return what everybody's facts and segments conform to."""
        return builders.rows(self.database, "SELECT subject, version FROM rebuild ORDER BY 1")

    def made_anew(self) -> dict[tuple[int, str], Any]:
        """Return what a full recompute says, and put everything back."""
        with transaction(self.database) as connection:
            _execute(connection, "CREATE SCHEMA kept")
            for table in KEPT:
                _execute(connection, f"CREATE TABLE kept.{table} AS TABLE {table}")
            _execute(connection, f"TRUNCATE {', '.join(MADE)}, rebuild")
        self.refresh()
        made = self.state()
        with transaction(self.database) as connection:
            for table in KEPT:
                _execute(connection, f"TRUNCATE {table}")
                _execute(connection, f"INSERT INTO {table} SELECT * FROM kept.{table}")
            _execute(connection, "DROP SCHEMA kept CASCADE")
        return made

    def rule(self, policy: str) -> None:
        """Put a policy in force."""
        self.config.write_text(policy)
        wiring()._wecom.close()
        wiring.cache_clear()

    def _order(self, connection: Connection, person: int, when: datetime, choice: int) -> None:
        values = {
            "key": f"o{next(self._numbers)}",
            "at": when,
            "member": f"m{person}",
            "discount": (None, 0, 5)[choice % 3],
            "store": (None, "s1", "s2", "s3")[choice % 4],
        }
        order = _execute(connection, _ORDER, **values).scalar_one()
        for ordinal in range(1, choice % 4 + 1):
            line = {"order": order, "ordinal": ordinal, "units": choice + 1}
            _execute(connection, _LINE, **line)
        self._mark(connection, person)

    def _refund(self, connection: Connection, person: int, when: datetime, choice: int) -> None:
        """Refund the order that was placed last by then."""
        del choice
        _execute(connection, _REFUND, member=f"m{person}", at=when)
        self._mark(connection, person)

    def _event(self, connection: Connection, person: int, when: datetime, choice: int) -> None:
        kinds = ("cart", "complaint", "staff_contact", "saved_item", "review", "referral")
        values = {"key": f"e{next(self._numbers)}", "kind": kinds[choice % 6], "at": when}
        _execute(connection, _EVENT, member=f"m{person}", **values)
        self._mark(connection, person)

    def _benefit(self, connection: Connection, person: int, when: datetime, choice: int) -> None:
        ends = None if choice % 3 == 0 else when + timedelta(hours=30 * choice)
        _execute(
            connection,
            _BENEFIT,
            key=f"b{next(self._numbers)}",
            kind=("points", "coupon")[choice % 2],
            member=f"m{person}",
            valid_from=when,
            valid_until=ends,
        )
        self._mark(connection, person)

    def _touch(self, connection: Connection, person: int, when: datetime, choice: int) -> None:
        scene = f"scene{next(self._numbers)}"
        ids = builders.messages(self.database, [self._id(connection, person)], scene=scene)
        outcomes.record_deliveries(
            connection, ids, MessageState.DELIVERED, at=when, answer_until=when
        )
        answered = (None, False, False, True)[choice % 4]
        _execute(
            connection,
            "UPDATE delivery SET answered = :answered WHERE message_id = ANY(:ids)",
            answered=answered,
            ids=ids,
        )
        self._mark(connection, person)

    def _merge(self, connection: Connection, person: int, when: datetime, choice: int) -> None:
        """Take a person for another, as far as others are not taken for them."""
        del when
        mine, yours = (self._id(connection, one) for one in (person, choice % PEOPLE + 1))
        mark_stale(connection, [mine, yours])
        self._mark(connection, person)
        _execute(connection, _MERGE, mine=mine, yours=yours)
        _execute(connection, _FOLLOW, mine=mine, member=f"m{person}")

    def _unmerge(self, connection: Connection, person: int, when: datetime, choice: int) -> None:
        del when, choice
        mine = self._id(connection, person)
        self._mark(connection, person)
        _execute(connection, _UNMERGE, mine=mine)
        _execute(connection, _FOLLOW, mine=mine, member=f"m{person}")
        self._mark(connection, person)

    def _edit(self, connection: Connection, person: int, when: datetime, choice: int) -> None:
        del connection, person, when
        self.rule(POLICIES[choice % len(POLICIES)])

    def _refit(self, connection: Connection, person: int, when: datetime, choice: int) -> None:
        """Have everybody learned from anew at the next refresh."""
        del person, when, choice
        _execute(connection, "DELETE FROM population")

    def _id(self, connection: Connection, person: int) -> int:
        query = "SELECT id FROM person WHERE identity = :identity"
        return int(_execute(connection, query, identity=f"unionid:u{person}").scalar_one())

    def _mark(self, connection: Connection, person: int) -> None:
        query = "SELECT person_id FROM member WHERE key = :member"
        mark_stale(connection, [_execute(connection, query, member=f"m{person}").scalar_one()])


@contextmanager
def days(server_url: str, template: str, folder: Path) -> Iterator[Days]:
    """Wire a database of its own with six persons, of whom nothing has happened to any."""
    with (
        database_of(server_url, fresh_name(), template) as url,
        pytest.MonkeyPatch.context() as patch,
        pointed_at(url, "http://127.0.0.1:9", patch),
    ):
        made = Days(engine(url), folder / "runwu.toml")
        builders.persons(made.database, PEOPLE)
        with transaction(made.database) as connection:
            for statement in _CATALOGUE:
                _execute(connection, statement)
        patch.setenv("RUNWU_CONFIG", str(made.config))
        made.rule(POLICIES[0])
        yield made


def _execute(connection: Connection, statement: str, **values: Any) -> Any:
    return connection.execute(text(statement), values)
