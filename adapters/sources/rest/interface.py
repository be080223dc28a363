"""One kind of record of a declared interface: asked for page by page."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from json import dumps
from typing import Any

import httpx

from adapters.sources.http import Answer, Busy, SourceHttp
from adapters.sources.rest.expressions import Find, NotComputable, finding, true
from schemas.errors import SourceError
from schemas.sources.rest import RestEntity

Params = Mapping[str, str | int | bool]


@dataclass(frozen=True)
class Told:
    """One answer, and the records in it."""

    answer: Answer
    records: list[Any]


@dataclass(frozen=True)
class Batch:
    """Records of a page that were not read before, and the cursor that goes on behind them."""

    records: list[Any]
    cursor: str | None


class Interface:
    """The calls for one entity, whose fixed and window parameters are `params`."""

    def __init__(
        self, where: str, http: SourceHttp, settings: RestEntity, params: Params, busy: Find | None
    ) -> None:
        """`where` names the entity's section in errors."""
        self.where = where
        self.path = settings.path.lstrip("/")
        self._http = http
        self._settings = settings
        self._params = params
        self._records = finding(settings.records)
        self._busy = busy

    async def ask(self, paging: Params) -> Told:
        """Return a page. Raises SourceError if there is none to be had, or no list in it."""
        sent = {**self._params, **paging}
        if self._settings.method == "POST":
            return self._told(
                await self._http.call("POST", self.path, payload=sent, judge=self._judge)
            )
        return self._told(await self._http.call("GET", self.path, params=sent, judge=self._judge))

    async def follow(self, link: httpx.URL) -> Told:
        """Return the page behind a link."""
        return self._told(await self._http.call("GET", str(link), judge=self._judge))

    def found(self, find: Find, told: Told, key: str) -> Any:
        """Return what an expression of the paging section, called `key`, finds in an answer."""
        try:
            return find(told.answer.body)
        except NotComputable as error:
            raise self.error(f"paging.{key} can't be computed from an answer; mend it") from error

    def error(self, what: str) -> SourceError:
        """Return an error about this entity."""
        return SourceError(f"{self.where}: {what}")

    def _judge(self, answer: Answer) -> None:
        try:
            if self._busy is not None and true(self._busy(answer.body)):
                raise Busy("it asks us to come again")
        except NotComputable:
            return

    def _told(self, answer: Answer) -> Told:
        try:
            records = self._records(answer.body)
        except NotComputable:
            records = None
        if not isinstance(records, list):
            raise self.error(
                f"the answer of /{self.path} has no list where records = "
                f"{self._settings.records!r} looks; check it, path and credentials"
            )
        return Told(answer, records)


def mark(record: object) -> str:
    """Return a digest of a record's content: the same as long as it does not change."""
    try:
        written = dumps(record, sort_keys=True, default=str)
    except RecursionError:  # nested beyond all reason: told apart by what lies on top
        top = record if isinstance(record, dict) else {}
        written = dumps({name: value for name, value in top.items() if type(value) is str})
    return blake2b(written.encode(), digest_size=12).hexdigest()
