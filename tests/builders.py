"""Rows by plain SQL, for tests that start from a database in a certain state."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, text

from schemas.enums import Entity
from schemas.incoming import staged_row
from store import staging
from store.database import transaction
from store.gathered import gather
from store.staging import Stage
from tests.house import at

MONDAY = date(2026, 3, 2)
MORNING = at(2, 7, 30)

_RUN = """
INSERT INTO run (flow, business_date, shard, occasion, as_of, opened_at, status, books)
VALUES (:flow, :day, 0, :occasion, :as_of, :as_of, 'open', '{}') RETURNING id
"""

_PEOPLE = (
    """
INSERT INTO person (identity, bucket)
SELECT 'unionid:u' || n, 9999 FROM generate_series(1, :count) n
""",
    """
INSERT INTO member (source, key, person_id, unionid)
SELECT 'shop', 'm' || substr(identity, 10), id, substr(identity, 9) FROM person
""",
    """
INSERT INTO consent (person_id, purpose, granted, at, source)
SELECT id, 'marketing', true, '2026-01-01Z', 'shop' FROM person
""",
    "INSERT INTO employee (id, active) VALUES ('yi', true)",
    """
INSERT INTO contact (channel, address, employee_id, person_id, since, tags)
SELECT 'wecom', 'wm' || id, 'yi', id, '2026-01-01Z', '[]' FROM person
""",
)

_CANDIDATES = """
INSERT INTO candidate (run_id, person_id, scene, wording_key, value, window_until, inputs)
SELECT :run, unnest(CAST(:persons AS bigint[])), :scene, 'key', 0.5, :until,
       '{"slots": {}, "voice": "junior", "segment": "due", "evidence": {}}'
RETURNING id
"""

_MESSAGES = (
    """
INSERT INTO message (id, run_id, person_id, scene, category, channel, sender, contact, ghost,
                     round, state, planned_for, window_until)
SELECT id, run_id, person_id, scene, 'care', 'wecom', 'yi', 'wm' || person_id, false, 0,
       'planned', :at, window_until
FROM candidate WHERE id = ANY(:ids)
""",
    """
INSERT INTO message_event (message_id, seq, at, to_state, reason)
SELECT unnest(CAST(:ids AS bigint[])), 1, :at, 'planned', 'won'
""",
    """
INSERT INTO ledger (slot, kind, person_id, contact, scene, category, channel, sender, at, until,
                    zone, local_date, policy_version, ghost, reason)
SELECT id, 'reservation', person_id, 'wm' || person_id, scene, 'care', 'wecom', 'yi', :at,
       window_until, 'Asia/Shanghai', '2026-03-02', 'v', false, 'planned'
FROM candidate WHERE id = ANY(:ids)
""",
)

_VERDICT = """
INSERT INTO data_verdict (run_id, source, entity, window_until, passed, reason, pulled, published,
                          unchanged, quarantined, dropped, checks, metrics, report)
VALUES (:run, :source, :entity, :until, :passed, :reason, 1, 1, 0, 0, '{}', '[]', '{}', '{}')
"""


def run(
    database: Engine,
    *,
    flow: str = "daily-growth",
    day: date = MONDAY,
    occasion: str = "",
    as_of: datetime = MORNING,
) -> int:
    """Open a run and return its id."""
    values = {"flow": flow, "day": day, "occasion": occasion, "as_of": as_of}
    with transaction(database) as connection:
        return int(connection.execute(text(_RUN), values).scalar_one())


def persons(database: Engine, count: int) -> list[int]:
    """Fill an empty database with persons u1, u2 … who agreed and can be reached through yi."""
    with transaction(database) as connection:
        for statement in _PEOPLE:
            connection.execute(text(statement), {"count": count})
        return list(connection.execute(text("SELECT id FROM person ORDER BY id")).scalars())


def candidates(
    database: Engine,
    run_id: int,
    people: Sequence[int],
    *,
    scene: str = "replenish",
    until: datetime | None = None,
) -> list[int]:
    """Give each person a reason, good for three days unless told otherwise."""
    values = {"run": run_id, "persons": list(people), "scene": scene, "until": until or at(5, 0)}
    with transaction(database) as connection:
        return sorted(connection.execute(text(_CANDIDATES), values).scalars())


def messages(database: Engine, people: Sequence[int], **reason: Any) -> list[int]:
    """Plan a message for each person, with its first event and its reservation."""
    ids = candidates(database, run(database, occasion=str(reason)), people, **reason)
    with transaction(database) as connection:
        for statement in _MESSAGES:
            connection.execute(text(statement), {"ids": ids, "at": MORNING})
    return ids


def verdict(
    database: Engine,
    source: str,
    entity: Entity,
    *,
    until: datetime = MORNING,
    passed: bool = True,
    reason: str = "",
) -> None:
    """Record what the contract said of a window, as a pull of its own."""
    pull = run(database, flow="pull-data", occasion=f"{source} {entity} {until}", as_of=until)
    values = {"run": pull, "source": source, "entity": entity.value, "until": until}
    with transaction(database) as connection:
        connection.execute(text(_VERDICT), {**values, "passed": passed, "reason": reason})


def staged(
    database: Engine, entity: Entity, rows: Iterable[dict[str, Any]], source: str = "shop"
) -> Stage:
    """Replace what is staged and gather it; a column that a row does not name is null."""
    stage = Stage(source, entity)
    with transaction(database) as connection:
        staging.clear(connection, stage)
        told = [staged_row(entity, row, row.get("defects")) for row in rows]
        staging.stage_pages(connection, stage, [told], 1)
        gather(connection, stage)
    return stage


def rows(database: Engine, query: str, **values: Any) -> list[Any]:
    """Return the rows of a query."""
    with transaction(database) as connection:
        return list(connection.execute(text(query), values))


def change(database: Engine, statement: str, **values: Any) -> None:
    """Execute a statement and commit."""
    with transaction(database) as connection:
        connection.execute(text(statement), values)


def built(database: Engine) -> list[Any]:
    """Return every key, constraint and index there is, by definition."""
    return rows(
        database,
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated"
        " FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
        " UNION ALL SELECT tablename, indexname, indexdef, true FROM pg_indexes"
        " WHERE schemaname = 'public' ORDER BY 1, 2, 3",
    )
