"""What all buyers taught, and what was observed of them since."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from store.histories import Persons, who

_ADD = text(
    "INSERT INTO population (upto, parameters, groups, closed_on, observed, observed_at_close)"
    " VALUES (:upto, :parameters, :groups, :upto, 0, 0)"
).bindparams(bindparam("parameters", type_=JSONB), bindparam("groups", type_=JSONB))
_AMEND = text("UPDATE population SET parameters = :parameters WHERE id = :id").bindparams(
    bindparam("parameters", type_=JSONB)
)


def newest(connection: Connection) -> Any | None:
    """Return the population in force but for its groups, or None before the first."""
    columns = "id, upto, parameters, closed_on, observed, observed_at_close"
    return connection.execute(
        text(f"SELECT {columns} FROM population ORDER BY id DESC LIMIT 1")
    ).one_or_none()


def groups(connection: Connection, population: int) -> dict[str, list[float]]:
    """Return the groups that a population was learned from."""
    found: dict[str, list[float]] = connection.execute(
        text("SELECT groups FROM population WHERE id = :id"), {"id": population}
    ).scalar_one()
    return found


def add(
    connection: Connection,
    upto: date,
    parameters: Mapping[str, Any],
    groups: Mapping[str, Sequence[float]],
) -> None:
    """Put a population in force."""
    connection.execute(_ADD, {"upto": upto, "parameters": dict(parameters), "groups": dict(groups)})


def amend(connection: Connection, population: int, parameters: Mapping[str, Any]) -> None:
    """Put other parameters in the place of a population's."""
    connection.execute(_AMEND, {"id": population, "parameters": dict(parameters)})


def close(connection: Connection, population: int, closed_on: date) -> None:
    """Close the window that ends on a day: what is observed from then on is of the next."""
    connection.execute(
        text(
            "UPDATE population SET closed_on = :closed_on, observed_at_close = observed"
            " WHERE id = :id"
        ),
        {"id": population, "closed_on": closed_on},
    )


def order_days(connection: Connection, persons: Persons, known_on: date) -> int:
    """Return the order days of these persons, as far as they had ordered by a day."""
    where, values = who(persons, "person_id")
    query = (
        "SELECT coalesce(sum(order_days), 0) FROM person_facts"
        f" WHERE {where} AND first_on <= %(known_on)s"
    )
    found = connection.exec_driver_sql(query, {**values, "known_on": known_on})
    return int(found.scalar_one())


def observe(connection: Connection, population: int, more: int) -> None:
    """Add order days that came since a population was learned."""
    connection.execute(
        text("UPDATE population SET observed = observed + :more WHERE id = :id"),
        {"more": more, "id": population},
    )
