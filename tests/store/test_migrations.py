"""The migrated schema is the models' schema."""

import re

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, text
from sqlmodel import SQLModel

import schemas.tables
from store.database import transaction
from store.migrate import _config, upgrade
from tests.builders import rows

_INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = :schema"
_CONSTRAINTS = """
SELECT k.conrelid::regclass || ' ' || pg_get_constraintdef(k.oid) FROM pg_constraint k
WHERE k.connamespace = CAST(:schema AS regnamespace)
"""
_TABLES = """
SELECT c.relname || ' ' || c.relpersistence::text FROM pg_class c
WHERE c.relnamespace = CAST(:schema AS regnamespace) AND c.relkind = 'r'
"""
_TABLE_NAMES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


def _definitions(connection: Connection, query: str, schema: str) -> set[str]:
    found = connection.execute(text(query), {"schema": schema}).scalars()
    plain = {re.sub(rf"\b(?:{schema}|public)\.", "", definition) for definition in found}
    return {line for line in plain if "alembic_version" not in line}


def test_no_table_or_column_differs_from_the_models(database: Engine) -> None:
    assert schemas.tables.__all__
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_no_index_condition_or_constraint_differs_from_the_models(database: Engine) -> None:
    with transaction(database) as connection:
        connection.execute(text("CREATE SCHEMA models"))
        connection.execute(text("SET LOCAL search_path TO models"))
        SQLModel.metadata.create_all(connection)
        for query in (_INDEXES, _CONSTRAINTS, _TABLES):
            migrated = _definitions(connection, query, "public")
            assert migrated == _definitions(connection, query, "models") != set()


def test_migrating_twice_is_harmless(database: Engine) -> None:
    before = rows(database, "SELECT version_num FROM alembic_version")
    upgrade(database)
    assert rows(database, "SELECT version_num FROM alembic_version") == before != []


def test_the_schema_can_be_taken_down_and_put_up_again(database: Engine) -> None:
    before = set(rows(database, _TABLE_NAMES))
    with transaction(database) as connection:
        command.downgrade(_config(connection), "base")
    assert rows(database, _TABLE_NAMES) == [("alembic_version",)]
    upgrade(database)
    assert set(rows(database, _TABLE_NAMES)) == before
