"""Who may be reached through WeCom: every pair of a customer and an employee who follows them."""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from adapters.values import EPOCH, TEXT, Reading
from adapters.wecom.client import WecomClient
from adapters.wecom.errors import NO_RELATION
from schemas.enums import Entity
from schemas.errors import ChannelError, SourceError
from schemas.incoming import Page, Row, Window

EMPLOYEES_PER_CALL = 100
CONTACTS_PER_CALL = 100
_EMPLOYEES = "externalcontact/get_follow_user_list"

_log = logging.getLogger(__name__)


class WecomContacts:
    """
    The contacts of every employee the app may see.

    WeCom knows no time of change here, so every window yields all of them.
    """

    name = "wecom"
    entities: tuple[Entity, ...] = (Entity.CONTACT,)

    def __init__(self, client: WecomClient) -> None:
        self._client = client

    def pages(self, entity: Entity, window: Window) -> Iterator[Page]:
        """Yield a page per call; raise SourceError if WeCom cannot be read to the end."""
        del window
        if entity not in self.entities:
            raise ValueError(f"WeCom has no {entity}")
        try:
            yield from self._pages()
        except ChannelError as error:
            raise SourceError(f"sources.{self.name}: {error}") from error

    def probe(self, as_of: datetime) -> None:
        """Ask once who follows customers; raise SourceError or ConfigurationError if that fails."""
        del as_of
        try:
            self._client.probe(_EMPLOYEES)
        except ChannelError as error:
            raise SourceError(f"sources.{self.name}: {error}") from error

    def _pages(self) -> Iterator[Page]:
        answer = self._client.call("GET", _EMPLOYEES)
        employees = _listed(answer, "follow_user")
        _log.info("wecom.employees count=%d", len(employees))
        for start in range(0, len(employees), EMPLOYEES_PER_CALL):
            for body in self._bodies(employees[start : start + EMPLOYEES_PER_CALL]):
                rows = [_row(entry) for entry in _listed(body, "external_contact_list")]
                yield Page(rows, len(rows))

    def _bodies(self, employees: list[Any]) -> Iterator[dict[str, Any]]:
        request = {"userid_list": employees, "limit": CONTACTS_PER_CALL}
        try:
            for body in self._client.paged("externalcontact/batch/get_by_user", request):
                _tell_unlicensed(body)
                yield body
        except ChannelError as error:
            if error.code != NO_RELATION:
                raise
            # WeCom's way of saying that none of these employees has a customer.
            _log.info("wecom.no_contacts employees=%d", len(employees))


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


def _row(entry: Any) -> Row:
    """Return a staged contact; `unionid` is absent where WeCom does not know it."""
    known = entry if isinstance(entry, dict) else {"external_contact": entry}
    customer = Reading(known.get("external_contact"), "address")
    follow = Reading(known.get("follow_info"), "employee_id")
    return (
        WecomContacts.name,
        customer.take("external_userid", TEXT, "address"),
        follow.take("userid", TEXT, "employee_id"),
        customer.take("unionid", TEXT),
        follow.take("createtime", EPOCH, "since"),
        customer.defects(follow.defects()),
    )
