"""Alembic's entry; the connection always comes from store.migrate."""

from typing import Any, Literal

from alembic import context
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import schemas.tables  # noqa: F401 - fills the metadata
from schemas.tables.columns import Instant


def _plain(kind: str, column_type: Any, _: Any) -> str | Literal[False]:
    """Write our types as SQLAlchemy's own, so that a migration does not change with our code."""
    if kind == "type" and isinstance(column_type, Instant):
        return "sa.TIMESTAMP(timezone=True)"
    if kind == "type" and isinstance(column_type, AutoString):
        return "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    compare_type=True,
    render_item=_plain,
)
context.run_migrations()
