"""The message of a mass-send call, checked as WeCom checks it."""

from dataclasses import dataclass
from typing import Any, Final

from sandbox.wecom import fields
from sandbox.wecom.employees import EMPLOYEES
from sandbox.wecom.errors import WecomError
from sandbox.wecom.fields import Body

MAX_RECIPIENTS: Final = 10_000
_TEXT_BYTES: Final = 4000
_MAX_ATTACHMENTS: Final = 9
_UPLOADED: Final = ("image", "miniprogram", "video", "file")


@dataclass(frozen=True)
class Draft:
    """A valid call; no `recipients` means all customers of `sender`."""

    sender: str | None
    recipients: tuple[str, ...]
    text: str
    attachments: tuple[dict[str, Any], ...]

    @property
    def link_url(self) -> str | None:
        """Return the address of the first link, if there is one."""
        urls = (str(each["link"]["url"]) for each in self.attachments)
        return next(urls, None)


def read_draft(body: Body) -> Draft:
    """
    Return the draft in a call, or raise WecomError.

    The corp has no group chats, tags or uploaded media, so what refers to them is refused.
    """
    if body.get("chat_type", "single") not in {"single", "group"}:
        raise fields.invalid("chat_type")
    if not isinstance(body.get("allow_select", False), bool):
        raise fields.invalid("allow_select")
    sender = fields.text(body, "sender", 64, "sender") or None
    if sender is not None and sender not in EMPLOYEES:
        raise WecomError(60111, f"userid not found, sender {sender}")
    if body.get("chat_type") == "group":
        raise WecomError(41048, "no customer to send")
    if fields.mapping(body, "tag_filter").get("group_list"):
        raise WecomError(40068, "invalid tagid")
    recipients = fields.texts(body, "external_userid", MAX_RECIPIENTS)
    if not recipients and sender is None:
        raise fields.empty("external_userid and sender")
    attachments = _attachments(body)
    text = fields.text(fields.mapping(body, "text"), "content", _TEXT_BYTES, "text.content")
    if not text and not attachments:
        raise fields.empty("text and attachments")
    return Draft(sender, recipients, text, attachments)


def _attachments(body: Body) -> tuple[dict[str, Any], ...]:
    given = body.get("attachments") or []
    if not isinstance(given, list):
        raise WecomError(41065, "invalid attachments")
    if len(given) > _MAX_ATTACHMENTS:
        raise WecomError(41064, "too many attachments")
    return tuple(_attachment(each) for each in given)


def _attachment(given: object) -> dict[str, Any]:
    kind = given.get("msgtype") if isinstance(given, dict) else None
    content = given.get(kind) if isinstance(given, dict) and isinstance(kind, str) else None
    if not isinstance(content, dict):
        raise WecomError(41065, "invalid attachments")
    if kind in _UPLOADED:
        raise WecomError(40007, "invalid media_id")
    if kind != "link":
        raise WecomError(41065, "invalid attachments")
    link = {
        "title": fields.text(content, "title", 128, "link.title", required=True),
        "picurl": fields.text(content, "picurl", 2048, "link.picurl"),
        "desc": fields.text(content, "desc", 512, "link.desc"),
        "url": fields.text(content, "url", 2048, "link.url", required=True),
    }
    return {"msgtype": "link", "link": link}
