"""Any shop with a JSON interface, read as runwu.toml declares it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime

from adapters.addresses import checked
from adapters.phones import PhoneHash
from adapters.sources.http import Sleep, SourceHttp
from adapters.sources.rest.auth import Secrets, credentials
from adapters.sources.rest.fields import optional
from adapters.sources.rest.interface import Interface
from adapters.sources.rest.mapping import RecordMapping
from adapters.sources.rest.paging import Link, batches
from adapters.sources.rest.times import window_params
from schemas.enums import Entity
from schemas.incoming import Page, Window
from schemas.sources.rest import RestSource as RestSettings


class RestSource:
    """
    The entities that are declared, each from one path.

    An order that rules drop counts as many rows as it has lines.
    """

    read_again_is_newer = True

    def __init__(
        self,
        name: str,
        base_url: str,
        secrets: Secrets,
        settings: RestSettings,
        *,
        phone_hash: PhoneHash | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """
        Raise ConfigurationError if an address, a constant or a secret cannot be used.

        `secrets` is asked for what the kind of `auth` needs; `sleep` waits that many seconds.
        """
        self.name = name
        self._base_url = checked(base_url, f"sources.{name}.base_url")
        self._settings = settings
        self._declared = settings.entities.declared
        self.entities: tuple[Entity, ...] = tuple(self._declared)
        self._credentials = credentials(name, settings.auth, secrets)
        self._mappings = {
            entity: RecordMapping(name, entity, declared, settings.timezone, phone_hash)
            for entity, declared in self._declared.items()
        }
        self._busy = optional(settings.busy)
        self._link = Link(self._base_url, self._credentials.query)
        self._sleep = sleep

    async def pages(
        self, entity: Entity, window: Window, cursor: str | None = None
    ) -> AsyncIterator[Page]:
        """
        Yield a page per call, the last of which may be empty.

        Raises SourceError when the interface stays unreachable, refuses our credentials, answers
        otherwise than declared, or cannot be read to its end.
        """
        if entity not in self._declared:
            raise ValueError(f"{self.name} declares no {entity}")
        mapping, paging = self._mappings[entity], self._declared[entity].paging
        async with self._open() as http:
            interface = self._interface(http, entity, window)
            async for batch in batches(interface, paging, cursor, self._link):
                mapped = mapping.map(batch.records, window)
                yield Page(mapped.rows, mapped.pulled, dict(mapped.dropped), batch.cursor)

    async def probe(self, as_of: datetime) -> None:
        """Ask for the first page of what changed within no time; raise as reading would."""
        nothing = Window(as_of, as_of)
        async with self._open(probing=True) as http:
            for entity, declared in self._declared.items():
                interface = self._interface(http, entity, nothing)
                async with aclosing(batches(interface, declared.paging, None, self._link)) as found:
                    await anext(found)

    def _open(self, *, probing: bool = False) -> SourceHttp:
        return SourceHttp(
            self.name,
            self._base_url,
            self._settings,
            auth=self._credentials.auth,
            headers={**self._settings.headers, **self._credentials.headers},
            sleep=self._sleep,
            probing=probing,
        )

    def _interface(self, http: SourceHttp, entity: Entity, window: Window) -> Interface:
        declared = self._declared[entity]
        params = {**declared.params, **window_params(declared.window, window)}
        where = f"sources.{self.name}.entities.{entity}"
        return Interface(where, http, declared, params, self._busy)
