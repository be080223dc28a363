"""Fetching a file behind HTTP into a folder, in a stream."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential, wait_random

from adapters.sources.file.places import Place, address_shown, format_of
from adapters.sources.http import Busy, Sleep
from schemas.sources.file import FileTable

ATTEMPTS = 5
LARGEST = 16 * 2**30
"""Bytes of a file as it comes over the wire."""

HEAD = 2**20
"""Bytes of a file that somebody fetches who only asks whether it can be read."""

_PART = 2**20
_SECONDS = 30.0  # between two parts
_backoff = wait_exponential(multiplier=0.5, max=20.0) + wait_random(0, 1)
_log = logging.getLogger(__name__)


async def fetched(
    source: str, table: FileTable, folder: Path, sleep: Sleep, *, probing: bool = False
) -> Place:
    """
    Return the file at the table's url, now in `folder`; somebody probing gets its beginning only.

    Broken connections, answers 429 and 5xx are tried again, from the start. Redirects are not
    followed: a token must not travel. Raises SourceError in the end; the query is never shown.
    """
    url = table.url or ""
    shown = address_shown(url)
    place = Place(source, folder / "fetched", shown, format_of(table, shown) or "")

    def tell(state: RetryCallState) -> None:
        _log.warning("source.retry source=%s attempt=%d", source, state.attempt_number)

    retrying = AsyncRetrying(
        retry=retry_if_exception_type((Busy, httpx.TransportError)),
        stop=stop_after_attempt(1 if probing else ATTEMPTS),
        wait=_backoff,
        before_sleep=tell,
        sleep=sleep,
        reraise=True,
    )
    try:
        await retrying(_once, url, place, HEAD if probing else None)
    except (Busy, httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) if isinstance(error, Busy) else type(error).__name__
        raise place.refuse(
            f"could not be fetched ({reason}); check the url if that lasts, the next run asks again"
        ) from None
    return place


async def _once(url: str, place: Place, head: int | None) -> None:
    # What a server packs on its way would count for less than it is; files are packed as files.
    headers = {"Accept-Encoding": "identity"}
    async with (
        httpx.AsyncClient(timeout=_SECONDS, headers=headers) as http,
        http.stream("GET", url) as response,
    ):
        _check_status(place, response)
        file = await asyncio.to_thread(place.path.open, "wb")
        try:
            await _written(place, response.aiter_raw(_PART), file, head)
        finally:
            await asyncio.to_thread(file.close)


async def _written(
    place: Place, parts: AsyncIterator[bytes], file: IO[bytes], head: int | None
) -> None:
    size = 0
    async for part in parts:
        size += len(part)
        if size > LARGEST:
            raise place.refuse(
                f"is larger than {LARGEST // 2**20} MB; deliver it in parts, or as a local file"
            )
        await asyncio.to_thread(file.write, part)
        if head is not None and size >= head:
            return


def _check_status(place: Place, response: httpx.Response) -> None:
    status = response.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
        raise Busy(f"HTTP {status}")
    if not response.is_success:
        raise place.refuse(
            f"answered HTTP {status}; check the url, which must be the file's own and allow us in"
        )
