"""Who may be reached through WeCom: every pair of a customer and an employee who follows them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from functools import cached_property
from typing import Any

from adapters.sources.threads import in_thread
from adapters.values import EPOCH, FLAG, TEXT, Reading
from adapters.wecom.client import WecomClient
from adapters.wecom.errors import NO_RELATION
from schemas.enums import Entity
from schemas.errors import ChannelError, SourceError
from schemas.incoming import COLUMNS, Page, Row, Window, staged_row

EMPLOYEES_PER_CALL = 20
"""
Employees whose customers are read as one list; WeCom takes a hundred.

Fewer cost next to no further calls, as a call brings a hundred contacts at most, and bound what
is held until a list has been read to its end.
"""

CONTACTS_PER_CALL = 100
CONTACTS_PER_PAGE = 1000
_EMPLOYEES = "externalcontact/get_follow_user_list"
_CONTACTS = "externalcontact/batch/get_by_user"
_TAGS = "externalcontact/get_corp_tag_list"

_ADDRESS = COLUMNS[Entity.CONTACT].index("address")
_EMPLOYEE = COLUMNS[Entity.CONTACT].index("employee_id")

_log = logging.getLogger(__name__)


class WecomContacts:
    """
    The contacts of every employee the app may see.

    WeCom knows no time of change here, so every window yields all of them. A list that changes
    while it is being read may bring a pair twice: the last counts, as the one told latest.
    """

    name = "wecom"
    entities: tuple[Entity, ...] = (Entity.CONTACT,)
    read_again_is_newer = True

    def __init__(self, client: WecomClient) -> None:
        self._client = client

    async def pages(
        self, entity: Entity, window: Window, cursor: str | None = None
    ) -> AsyncIterator[Page]:
        """Yield a page per thousand contacts; raise SourceError if WeCom can't be read whole."""
        del window, cursor  # its cursors are good for one reading
        if entity not in self.entities:
            raise ValueError(f"WeCom has no {entity}")
        try:
            async for page in in_thread(self._pages()):
                yield page
        except ChannelError as error:
            raise SourceError(f"sources.{self.name}: {error}") from error

    async def probe(self, as_of: datetime) -> None:
        """Ask once who follows customers; raise SourceError or ConfigurationError if that fails."""
        del as_of
        try:
            await asyncio.to_thread(self._client.probe, _EMPLOYEES)
        except ChannelError as error:
            raise SourceError(f"sources.{self.name}: {error}") from error

    def _pages(self) -> Iterator[Page]:
        answer = self._client.call("GET", _EMPLOYEES)
        employees = _listed(answer, "follow_user")
        _log.info("wecom.employees count=%d", len(employees))
        tags = _TagNames(self._client)
        for start in range(0, len(employees), EMPLOYEES_PER_CALL):
            rows = [
                _row(entry, tags)
                for body in self._bodies(employees[start : start + EMPLOYEES_PER_CALL])
                for entry in _listed(body, "external_contact_list")
            ]
            yield from _told_once(rows)
        if tags.unnamed:
            _log.info("wecom.unnamed_tags count=%d", len(tags.unnamed))

    def _bodies(self, employees: list[Any]) -> Iterator[dict[str, Any]]:
        request = {"userid_list": employees, "limit": CONTACTS_PER_CALL}
        begun = False
        try:
            for body in self._client.paged(_CONTACTS, request):
                begun = True
                _tell_unlicensed(body)
                yield body
        except ChannelError as error:
            if error.code != NO_RELATION or begun:
                raise
            # WeCom's way of saying that none of these employees has a customer.
            _log.info("wecom.no_contacts employees=%d", len(employees))


class _TagNames:
    """
    The names of the corporation's tags, asked for once, by the first contact that has one.

    From get_corp_tag_list (developer.work.weixin.qq.com/document/path/92117), which any app may
    call that may read contacts, and which keeps deleted tags in its list.
    """

    def __init__(self, client: WecomClient) -> None:
        self._client = client
        self.unnamed = set[str]()

    @cached_property
    def _names(self) -> dict[str, str]:
        answer = self._client.call("POST", _TAGS, json={})
        named = {}
        for group in _listed(answer, "tag_group"):
            for tag in _listed(group, "tag") if isinstance(group, dict) else ():
                reading = Reading(tag, "tag")
                key, name = reading.take("id", TEXT), reading.take("name", TEXT)
                if key and name and not reading.take("deleted", FLAG):
                    named[key] = name
        return named

    def of(self, keys: list[str]) -> list[str]:
        """Return the names of tags; those of nobody's list (deleted, or a rule's) are left out."""
        if not keys:
            return []
        self.unnamed.update(key for key in keys if key not in self._names)
        return sorted({self._names[key] for key in keys if key in self._names})


def _told_once(rows: list[Row]) -> Iterator[Page]:
    """Yield rows in pages, of those about one pair the last; the others are counted as dropped."""
    last = list({_pair(row) or place: row for place, row in enumerate(rows)}.values())
    for start in range(0, len(last), CONTACTS_PER_PAGE):
        some = last[start : start + CONTACTS_PER_PAGE]
        yield Page(some, len(some))
    if repeated := len(rows) - len(last):
        _log.warning("wecom.repeated_contacts count=%d", repeated)
        yield Page([], repeated, {"repeated_contact": repeated})


def _pair(row: Row) -> tuple[str, str] | None:
    """Return a contact's customer and employee; None where one of them cannot be told."""
    address, employee = row[_ADDRESS], row[_EMPLOYEE]
    return (address, employee) if address and employee else None


def _listed(body: dict[str, Any], name: str) -> list[Any]:
    found = body.get(name) or []
    if not isinstance(found, list):
        raise SourceError(f"sources.wecom: {name} is no list; WeCom's answer has changed")
    return found


def _tell_unlicensed(body: dict[str, Any]) -> None:
    failed = body.get("fail_info")
    unlicensed = failed.get("unlicensed_userid_list") if isinstance(failed, dict) else None
    if unlicensed:
        _log.warning("wecom.unlicensed_employees count=%d", len(unlicensed))


def _row(entry: Any, tags: _TagNames) -> Row:
    """Return a staged contact; `unionid` is absent where WeCom does not know it."""
    known = entry if isinstance(entry, dict) else {"external_contact": entry}
    customer = Reading(known.get("external_contact"), "address")
    follow = Reading(known.get("follow_info"), "employee_id")
    values = {
        "channel": WecomContacts.name,
        "address": customer.take("external_userid", TEXT, "address"),
        "employee_id": follow.take("userid", TEXT, "employee_id"),
        "unionid": customer.take("unionid", TEXT),
        "since": follow.take("createtime", EPOCH, "since"),
        "tags": _tags(known.get("follow_info"), follow, tags),
    }
    return staged_row(Entity.CONTACT, values, customer.defects(follow.defects()))


def _tags(info: Any, follow: Reading, tags: _TagNames) -> list[str] | None:
    """
    Return the names of the tags an employee gave a customer; None where WeCom does not tell them.

    An employee's personal tags never come by this call (wecom.md, 3); whether those of a rule
    group do is unverified, and their names would not be in the corporation's list.
    """
    keys = info.get("tag_id") if isinstance(info, dict) else None
    if keys is None:
        return None
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        follow.note("tags", keys)
        return None
    return tags.of(keys)
