"""WeCom as a way out: tasks of one text and one link card, each confirmed by its employee."""

import logging
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from adapters.values import EPOCH, Reading
from adapters.wecom.client import WecomClient
from adapters.wecom.errors import ALREADY_CANCELLED, DISPATCHING
from adapters.wecom.parcels import marked, markers, template
from schemas.channel import Parcel, Progress, Reached, Receipt, Result
from schemas.errors import ChannelError, NotSent, Unknown
from schemas.settings import WecomSettings

__all__ = ["WecomChannel", "marked"]

LONGEST_SPAN = timedelta(days=30)
CLOCK_SKEW = timedelta(minutes=5)
"""How far WeCom's clock may be behind ours before a task of ours is overlooked."""

_LISTED = 100
_ROWS = 1000
_CONFIRMED = 2
_REACHED = {0: Reached.WAITING, 1: Reached.SENT, 2: Reached.NOT_FRIEND, 3: Reached.CAPPED}

_log = logging.getLogger(__name__)


class WecomChannel:
    """Implements Channel over a client."""

    name = "wecom"

    def __init__(self, client: WecomClient, settings: WecomSettings) -> None:
        self._client = client
        self._settings = settings

    def send(self, parcel: Parcel) -> Receipt:
        """
        Create the task of one parcel, whose link is `marked`.

        Raises ValueError before any call for a parcel without sender, recipients or marker.
        """
        body = template(parcel, self._settings)
        answer = self._client.call("POST", "externalcontact/add_msg_template", json=body)
        msgid = answer.get("msgid")
        if not isinstance(msgid, str) or not msgid:
            raise Unknown("WeCom took a task without telling its msgid; it is found by its marker")
        refused = tuple(str(recipient) for recipient in _listed(answer, "fail_list", Unknown))
        _log.info("wecom.task_created msgid=%s refused=%d", msgid, len(refused))
        return Receipt(msgid, refused)

    def find(self, marker: str, since: datetime, until: datetime) -> str | None:
        """Return the msgid of the task whose link bears exactly `marker`."""
        if until < since:
            raise ValueError("the span ends before it begins; nothing found would mean nothing")
        for start, end in _spans(since - CLOCK_SKEW, until):
            request = {
                "chat_type": "single",
                "start_time": math.floor(start.timestamp()),
                "end_time": math.ceil(end.timestamp()),
                "filter_type": 0,
                "limit": _LISTED,
            }
            for task in self._rows("get_groupmsg_list_v2", request, "group_msg_list"):
                if marker in _task_markers(task) and isinstance(task.get("msgid"), str):
                    return str(task["msgid"])
        return None

    def progress(self, msgid: str, sender: str) -> Progress | None:
        """Return how far the task has come; None while WeCom is still setting it up."""
        try:
            return self._progress(msgid, sender)
        except ChannelError as error:
            if error.code == DISPATCHING:
                return None
            raise

    def cancel(self, msgid: str) -> None:
        """Stop what is not yet confirmed; an earlier cancel is fine."""
        try:
            self._client.call("POST", "externalcontact/cancel_groupmsg_send", json={"msgid": msgid})
        except ChannelError as error:
            if error.code != ALREADY_CANCELLED:
                raise

    def _progress(self, msgid: str, sender: str) -> Progress:
        request = {"msgid": msgid, "limit": _ROWS}
        confirmed = any(
            task.get("status") == _CONFIRMED
            for task in self._rows("get_groupmsg_task", request, "task_list")
            if str(task.get("userid")).casefold() == sender.casefold()  # WeCom ignores their case
        )
        rows = self._rows("get_groupmsg_send_result", {**request, "userid": sender}, "send_list")
        results = tuple(_result(row) for row in rows if isinstance(row.get("external_userid"), str))
        return Progress(confirmed, results)

    def _rows(self, call: str, request: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
        for answer in self._client.paged(f"externalcontact/{call}", request):
            yield from (row for row in _listed(answer, name, NotSent) if isinstance(row, dict))


def _listed(answer: dict[str, Any], name: str, error: type[ChannelError]) -> list[Any]:
    """Return a list of the answer; an absent one is empty, as WeCom leaves some out."""
    found = answer.get(name) or []
    if not isinstance(found, list):
        raise error(f"WeCom's {name} is no list")
    return found


def _spans(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the span in pieces WeCom accepts, the latest first: that is where a task mostly is."""
    end = until
    while end > since:
        start = max(since, end - LONGEST_SPAN)
        yield start, end
        end = start


def _task_markers(task: dict[str, Any]) -> list[str]:
    attachments = task.get("attachments")
    found: list[str] = []
    for attachment in attachments if isinstance(attachments, list) else ():
        link = attachment.get("link") if isinstance(attachment, dict) else None
        found += markers(link.get("url")) if isinstance(link, dict) else []
    return found


def _result(row: dict[str, Any]) -> Result:
    """Return one recipient's outcome; a status we do not know is one to wait for."""
    status = row.get("status")
    reached = _REACHED.get(status, Reached.WAITING) if type(status) is int else Reached.WAITING
    if reached is Reached.WAITING and status != 0:
        _log.warning("wecom.unknown_result_status")
    at = Reading(row, "row").take("send_time", EPOCH) if reached is Reached.SENT else None
    return Result(row["external_userid"], reached, at)
