"""
Paging through a declared interface.

By cursor or link nothing is missed that the interface's own cursor does not miss: one that means
"behind this record" is safe, one that hides a page number is not. By position see rest_positions.
"""

from collections.abc import AsyncGenerator

import httpx

from adapters.sources.rest.expressions import finding, true
from adapters.sources.rest.fields import optional
from adapters.sources.rest.interface import Batch, Interface, Told, mark
from adapters.sources.rest.positions import by_position
from schemas.sources.rest_calls import CursorPaging, LinkPaging, OnePage, Paging

MOST_EMPTY = 100
"""Empty pages in a row before an interface is held to page without end."""


class _Guard:
    """Ends a reading that would not end by itself."""

    def __init__(self, interface: Interface, cursor: str | None) -> None:
        self._interface = interface
        self._seen = {cursor}
        self._last: list[str] = []
        self._empty = 0

    def check(self, told: Told, cursor: str | None) -> None:
        """Raise SourceError if a cursor or a page repeats, or pages stay empty."""
        marks = [mark(record) for record in told.records]
        self._empty = 0 if marks else self._empty + 1
        if cursor is not None and (cursor in self._seen or self._empty > MOST_EMPTY):
            raise self._interface.error(
                f"after {len(self._seen)} pages its paging repeats itself or stays empty, so "
                "reading would never end; check the paging section"
            )
        if marks and marks == self._last:
            raise self._interface.error(
                "two pages in a row are the same, so reading would never end; "
                "check the paging section"
            )
        self._seen.add(cursor)
        self._last = marks


def batches(
    interface: Interface, paging: Paging, cursor: str | None, link: "Link"
) -> AsyncGenerator[Batch]:
    """Yield a batch per call. Raises SourceError if paging fails or would never end."""
    if isinstance(paging, OnePage):
        return _all_at_once(interface)
    if isinstance(paging, CursorPaging):
        return _by_cursor(interface, paging, cursor)
    if isinstance(paging, LinkPaging):
        return _by_link(interface, paging, cursor, link)
    return by_position(interface, paging, cursor)


async def _all_at_once(interface: Interface) -> AsyncGenerator[Batch]:
    yield Batch((await interface.ask({})).records, None)


async def _by_cursor(
    interface: Interface, paging: CursorPaging, cursor: str | None
) -> AsyncGenerator[Batch]:
    guard = _Guard(interface, cursor)
    find, more = finding(paging.next), optional(paging.more)
    size = {paging.size_param: paging.size} if paging.size_param else {}
    while True:
        told = await interface.ask({**size, paging.param: cursor} if cursor else size)
        cursor = _told_cursor(interface, interface.found(find, told, "next"))
        if more is not None and not true(interface.found(more, told, "more")):
            cursor = None
        guard.check(told, cursor)
        yield Batch(told.records, cursor)
        if cursor is None:
            return


def _told_cursor(interface: Interface, found: object) -> str | None:
    if found is None or found is False or found == "":
        return None
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise interface.error("paging.next finds neither text nor a whole number; mend it")
    cursor = str(found)
    if not cursor.isprintable():
        raise interface.error("paging.next finds a cursor that cannot be sent back; mend it")
    return cursor


class Link:
    """What may be followed: addresses of the same scheme, host and port as base_url."""

    def __init__(self, base_url: str, secret: str | None) -> None:
        """`secret` is the query parameter that each call gets anew, and no cursor may hold."""
        self._base = httpx.URL(f"{base_url.rstrip('/')}/")
        self._secret = secret

    def first(self, interface: Interface) -> httpx.URL:
        """Return the address of an entity's first page."""
        return self._base.join(interface.path)

    def next(self, interface: Interface, at: httpx.URL, told: object) -> httpx.URL | None:
        """Return the address an answer from `at` names as the next."""
        if told is None or told is False or told == "":
            return None
        if not isinstance(told, str):
            raise interface.error("paging.next finds no address in an answer; mend it")
        try:
            url = at.join(told)
        except (httpx.InvalidURL, ValueError):
            url = httpx.URL()
        if _host(url) != _host(self._base) or url.userinfo:
            raise interface.error(
                "its next page lies at another address than base_url, where our credentials must "
                "not go; check base_url and paging.next"
            )
        return url.copy_remove_param(self._secret) if self._secret else url


def _host(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


async def _by_link(
    interface: Interface, paging: LinkPaging, cursor: str | None, link: Link
) -> AsyncGenerator[Batch]:
    guard = _Guard(interface, cursor)
    find = optional(paging.next)
    size = {paging.size_param: paging.size} if paging.size_param else {}
    at = link.first(interface)
    url = link.next(interface, at, cursor if (cursor or "").startswith("http") else None)
    while True:
        told = await interface.ask(size) if url is None else await interface.follow(url)
        if find is not None:
            found = interface.found(find, told, "next")
        else:
            links = httpx.Response(httpx.codes.OK, headers=told.answer.headers).links
            found = links.get("next", {}).get("url")
        at = url or at
        url = link.next(interface, at, found)
        guard.check(told, None if url is None else str(url))
        yield Batch(told.records, None if url is None else str(url))
        if url is None:
            return
