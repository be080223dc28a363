"""Persons who turned out to be one: what was theirs is read together."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from store.bulk import among, array_of, plain_rows
from store.persons import taken_for

_TOGETHER = f"""
SELECT id, bucket, coalesce(merged_into, id) FROM person WHERE id = {among("roots")}
UNION ALL SELECT id, bucket, merged_into FROM person WHERE merged_into = {among("roots")}
"""
"""Roots and all who are taken for one of them, each with that root."""


class Families(NamedTuple):
    """
    By each person who was asked for: whom they are taken for, and the bucket they were drawn.

    `told` are the former, and `together` all who are taken for one of them, as arrays for the
    server. `asked_for` tells who was, by each of those; where nobody else is among them it is None.
    """

    roots: Mapping[int, int]
    buckets: Mapping[int, int]
    told: str
    together: str
    asked_for: Mapping[int, Sequence[int]] | None

    def of_each(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """Return rows, which begin with whose they are, once for everybody who was asked for."""
        if self.asked_for is None:
            return rows
        return [(asked, *row[1:]) for row in rows for asked in self.asked_for[row[0]]]


def families_of(connection: Connection, persons: Sequence[int]) -> Families:
    """Return with whom each of these persons is taken for one."""
    merged = taken_for(connection, persons)
    roots = {person: merged.get(person, person) for person in persons}
    told = array_of(set(roots.values()))
    found = plain_rows(connection, _TOGETHER, {"roots": told})
    if len(found) == len(roots) and not merged:
        return Families(roots, {person: bucket for person, bucket, _ in found}, told, told, None)
    drawn: dict[int, tuple[int, int]] = {}
    asked_by: dict[int, list[int]] = {}
    for asked, root in roots.items():
        asked_by.setdefault(root, []).append(asked)
    for person, bucket, root in found:
        drawn[root] = min(drawn.get(root, (person, bucket)), (person, bucket))
    return Families(
        roots,
        {asked: drawn[root][1] for asked, root in roots.items()},
        told,
        array_of(person for person, *_ in found),
        {person: asked_by[root] for person, _, root in found},
    )
