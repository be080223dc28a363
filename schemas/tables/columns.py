"""Column types shared by the tables."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import TIMESTAMP, Dialect, String
from sqlalchemy.orm import declared_attr
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel


class Table(SQLModel):
    """Base of every table; a table is named after its class, in snake case."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805 - SQLAlchemy hands the class
        """Return the snake-case name."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()


class Instant(TypeDecorator[datetime]):
    """An aware point in time; a naive value is refused before it reaches the database."""

    impl = TIMESTAMP(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive values."""
        del dialect
        if value is not None and value.tzinfo is None:
            raise ValueError(f"naive datetime {value.isoformat()}: give it a zone")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return UTC, whatever zone the session speaks."""
        del dialect
        return None if value is None else value.astimezone(UTC)


def instant(**kwargs: Any) -> Any:
    """Return a field for an aware instant."""
    return Field(sa_type=Instant, **kwargs)


def word(**kwargs: Any) -> Any:
    """Return a field for an enum, stored as its plain value so that SQL reads as it is spoken."""
    return Field(sa_type=String, **kwargs)


def money(**kwargs: Any) -> Any:
    """Return a field for an amount in its currency's main unit, exact to four decimals."""
    return Field(max_digits=18, decimal_places=4, **kwargs)


Money = Decimal
