"""What publishers of every entity have in common: the window they publish, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from store.staging import Stage

MANY = 50_000
"""Staged rows from which on a first load is quicker when indexes are built after it."""


@dataclass(frozen=True)
class Published:
    """How many staged rows were new or changed, known already, or put aside by a rule."""

    published: int
    unchanged: int
    dropped: Mapping[str, int]


@dataclass(frozen=True)
class Publication:
    """
    A staged window on its way into the tables; call it with a statement to execute that.

    In statements {stage} is the staging table, and :source, :members (the source whose members are
    named), :as_of and :salt are known. `salt` draws the bucket of persons not known before.
    """

    connection: Connection
    stage: Stage
    as_of: datetime
    salt: str

    def __call__(self, statement: str) -> int:
        """Execute a statement and return how many rows it touched."""
        values = {**self.stage.values, "as_of": self.as_of, "salt": self.salt}
        told = text(statement.replace("{stage}", self.stage.table))
        return self.connection.execute(told, values).rowcount

    def is_first(self, *tables: str) -> bool:
        """Tell whether these tables are empty, and much is published now."""
        empty = " AND ".join(f"NOT EXISTS (SELECT 1 FROM {table})" for table in tables)
        much = f"(SELECT count(*) FROM (SELECT FROM {self.stage.table} LIMIT {MANY}) s) = {MANY}"
        return bool(self.connection.execute(text(f"SELECT {much} AND {empty}")).scalar_one())
