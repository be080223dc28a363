"""How far a reading of one Shopify query has come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from pydantic import ValidationError

from adapters.values import MOMENT
from schemas.errors import SourceError


@dataclass(frozen=True)
class Found:
    """One page of records; `after` is Shopify's cursor of the next one, None at the end."""

    records: list[Any]
    after: str | None
    dropped: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, connection: object) -> Self:
        """Read a connection; raise SourceError if it is none."""
        body = connection if isinstance(connection, dict) else {}
        info = body.get("pageInfo")
        info = info if isinstance(info, dict) else {}
        records, more, after = body.get("nodes"), info.get("hasNextPage"), info.get("endCursor")
        if not isinstance(records, list) or not isinstance(more, bool):
            raise SourceError(
                f"sources.{name}: Shopify's answer lacks nodes or pageInfo; "
                f"check sources.{name}.api_version"
            )
        if more and not (isinstance(after, str) and after):
            raise SourceError(
                f"sources.{name}: Shopify tells of a next page but not where it is; "
                "the next run goes on from the last page that was kept"
            )
        return cls(records, after if more else None)


class Reach:
    """
    The place of a reading within its window, oldest change first.

    `cursor` is a time from which another reading may go on. Shopify finds records by a search that
    trails them but shows them as they are now, so a record's own time may lie ahead of its place:
    what a page has certainly reached is its earliest time, and never one behind the window.
    """

    def __init__(
        self, name: str, since: datetime | None, until: datetime, cursor: str | None
    ) -> None:
        """Begin at `since`, or at `cursor`; raise SourceError if that is none of ours."""
        self._name = name
        self._until = until
        self._since = self._reached = _from(name, cursor) if cursor else since
        self._times: dict[Any, datetime] = {}
        self._known: frozenset[Any] = frozenset()
        self._passed = set[str]()
        self.after: str | None = None
        self.paged = 0

    @property
    def cursor(self) -> str | None:
        """Where another reading may go on; None if it has to begin anew."""
        return self._reached.isoformat() if self._reached else None

    @property
    def search(self) -> str:
        """The window from where this query began, in whole seconds, which hold all of it."""
        until = (self._until + timedelta(microseconds=999_999)).replace(microsecond=0)
        upper = f"updated_at:<'{_written(until)}'"
        if self._since is None:
            return upper
        return f"updated_at:>='{_written(self._since)}' {upper}"

    def fresh(self, found: Found) -> Found:
        """Return a page without what an earlier query of this reading brought."""
        records = [record for record in found.records if _id(record) not in self._known]
        repeated = len(found.records) - len(records)
        return Found(records, found.after, {"repeated": repeated} if repeated else {})

    def advance(self, found: Found) -> None:
        """Step behind a page that is not the last; raise SourceError if it was passed before."""
        if found.after is None or found.after in self._passed:
            raise SourceError(
                f"sources.{self._name}: Shopify repeats a cursor after {self.paged} records, so "
                "reading would never end; the next run goes on from the last page that was kept"
            )
        self._passed.add(found.after)
        self.after = found.after
        self.paged += len(found.records)
        times = {_id(record): time for record in found.records if (time := _changed_at(record))}
        self._times |= times
        reached = min(times.values(), default=self._until)
        if reached < self._until and (self._reached is None or reached > self._reached):
            self._reached = reached

    def restart(self) -> None:
        """Begin a new query where this one has come to, before Shopify refuses to page on."""
        start = self._reached.replace(microsecond=0) if self._reached else None
        if start is None or (self._since is not None and start <= self._since):
            raise SourceError(
                f"sources.{self._name}: more than {self.paged} records bear one time of change, "
                "beyond which Shopify does not page; ask Shopify's support how to read them"
            )
        self._known = frozenset(key for key, time in self._times.items() if key and time >= start)
        self._since = self._reached = start
        self._times, self._passed = {}, set()
        self.after, self.paged = None, 0


def _changed_at(record: Any) -> datetime | None:
    try:
        time: datetime = MOMENT.validate_python(record["updatedAt"])
    except (TypeError, KeyError, ValidationError):
        return None
    return time


def _id(record: Any) -> Any:
    told = record.get("id") if isinstance(record, dict) else None
    return told if isinstance(told, str) else None


def _from(name: str, cursor: str) -> datetime:
    try:
        time: datetime = MOMENT.validate_python(cursor)
    except ValidationError as error:
        raise SourceError(
            f"sources.{name}: the cursor to go on from is no time, so it is not ours; "
            "read the window from its beginning"
        ) from error
    return time


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
