"""
What employees send to customers by themselves, from the WeCom client.

WeCom counts it in the same quota as ours (wecom.md, section 4), and so does the customer. It is
read by the calls that find and follow our own tasks, so an app needs no further permission for it.
"""

import logging
import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from adapters.values import EPOCH, TEXT, WHOLE, Reading
from adapters.wecom.client import WecomClient
from adapters.wecom.errors import DISPATCHING
from schemas.errors import ChannelError, NotSent, Rejected
from schemas.own_sends import MassSend, OwnSend

_CORP, _PERSONAL = 0, 1
_SENT = 1
_FINAL = frozenset({_SENT, 2, 3})  # or not a friend any more, or their quota was used up
_LISTED = 100
_ROWS = 1000

_log = logging.getLogger(__name__)


class OwnSends:
    """The mass messages of employees, by when they were made."""

    def __init__(self, client: WecomClient) -> None:
        self._client = client

    def made(self, since: datetime, until: datetime) -> Iterator[MassSend]:
        """
        Yield what was made in [since, until), a month at most, with whom it has reached by now.

        One that WeCom is still setting up, or will not tell of, is yielded as not whole: it is for
        the caller to ask again. Raises ChannelError or ConfigurationError if WeCom can't be read.
        """
        request = {
            "chat_type": "single",
            "start_time": math.floor(since.timestamp()),
            "end_time": math.ceil(until.timestamp()),
            "filter_type": _PERSONAL,
            "limit": _LISTED,
        }
        # The list is read to its end first: a cursor does not wait for other calls.
        listed = list(self._rows("get_groupmsg_list_v2", request, "group_msg_list"))
        _log.info("wecom.own_sends_listed count=%d", len(listed))
        for row in listed:
            told = Reading(row, "row")
            msgid = told.take("msgid", TEXT)
            if msgid is None or told.take("create_type", WHOLE) == _CORP:
                continue
            made_at = told.take("create_time", EPOCH) or since
            if made_at < until:
                yield self._followed(msgid, made_at, told.take("creator", TEXT))

    def _followed(self, msgid: str, made_at: datetime, creator: str | None) -> MassSend:
        reached: list[OwnSend] = []
        statuses: list[int | None] = []
        try:
            for sender in self._senders(msgid, creator):
                for row in self._results(msgid, sender):
                    told = Reading(row, "row")
                    status, address = told.take("status", WHOLE), told.take("external_userid", TEXT)
                    statuses.append(status)
                    if status == _SENT and address is not None:
                        at = told.take("send_time", EPOCH) or made_at
                        reached.append(OwnSend(msgid, sender, address, at))
        except ChannelError as error:
            if error.code != DISPATCHING and not isinstance(error, Rejected):
                raise
            _log.warning("wecom.own_send_untold msgid=%s code=%s", msgid, error.code)
            return MassSend(msgid, made_at, tuple(reached), whole=False)
        whole = bool(statuses) and _FINAL.issuperset(statuses)
        return MassSend(msgid, made_at, tuple(reached), whole)

    def _senders(self, msgid: str, creator: str | None) -> list[str]:
        """Return who sends it: who made it, and whoever else WeCom names."""
        request = {"msgid": msgid, "limit": _ROWS}
        rows = self._rows("get_groupmsg_task", request, "task_list")
        named = [creator, *(Reading(row, "row").take("userid", TEXT) for row in rows)]
        # WeCom ignores the case of a userid.
        return list({userid.casefold(): userid for userid in named if userid}.values())

    def _results(self, msgid: str, sender: str) -> Iterator[dict[str, Any]]:
        request = {"msgid": msgid, "userid": sender, "limit": _ROWS}
        return self._rows("get_groupmsg_send_result", request, "send_list")

    def _rows(self, call: str, request: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
        for answer in self._client.paged(f"externalcontact/{call}", request):
            found = answer.get(name) or []
            if not isinstance(found, list):
                raise NotSent(f"WeCom's {name} is no list")
            yield from (row for row in found if isinstance(row, dict))
