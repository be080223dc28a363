"""What goes into one WeCom task, and the marker by which it is found again."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote_plus, urlsplit

from schemas.channel import Link, Parcel
from schemas.errors import Rejected
from schemas.settings import WecomSettings

MARK = "m"
"""The query parameter of a link's URL that holds the marker."""

TITLE_BYTES = 128
DESCRIPTION_BYTES = 512
URL_BYTES = 2048


def marked(link: Link, marker: str) -> Link:
    """Return the link with `m=<marker>` in its URL's query, which otherwise stays as written."""
    if not marker:
        raise ValueError("an empty marker would be found on no task")
    parts = urlsplit(link.url)
    others = [pair for pair in parts.query.split("&") if pair and _name(pair) != MARK]
    query = "&".join([*others, f"{MARK}={quote(marker, safe='')}"])
    return replace(link, url=parts._replace(query=query).geturl())


def markers(url: object) -> list[str]:
    """Return every marker in a URL's query; none for what is no URL."""
    try:
        query = urlsplit(url).query if isinstance(url, str) else ""
    except ValueError:
        return []
    return [
        unquote_plus(pair.partition("=")[2]) for pair in query.split("&") if _name(pair) == MARK
    ]


def _name(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])


def marker_of(parcel: Parcel) -> str:
    """Return a parcel's marker. Raises ValueError unless it also names sender and recipients."""
    if not parcel.sender.strip():
        raise ValueError("a parcel names its sender")
    if not parcel.recipients or not all(recipient.strip() for recipient in parcel.recipients):
        raise ValueError("a parcel names its recipients; without any, WeCom writes to everybody")
    marker = next(filter(None, markers(parcel.link.url)), "")
    if not marker:
        raise ValueError(f"the link bears no marker ({MARK}=...); see marked()")
    return marker


def template(parcel: Parcel, settings: WecomSettings) -> dict[str, Any]:
    """
    Return the body of add_msg_template.

    Raises Rejected for what WeCom would refuse, and ValueError for what it must never be asked:
    a sender without recipients reaches all of that employee's customers, and a task without a
    marker could not be found again.
    """
    marker_of(parcel)
    _check_sizes(parcel, settings)
    return {
        "chat_type": "single",
        "sender": parcel.sender,
        "external_userid": list(parcel.recipients),
        "allow_select": False,
        "text": {"content": parcel.text},
        "attachments": [
            {
                "msgtype": "link",
                "link": {
                    "title": parcel.link.title,
                    "desc": parcel.link.description,
                    "url": parcel.link.url,
                },
            }
        ],
    }


def _check_sizes(parcel: Parcel, settings: WecomSettings) -> None:
    if len(parcel.recipients) > settings.max_recipients:
        raise Rejected(
            f"{len(parcel.recipients)} recipients are more than the {settings.max_recipients} "
            "of channels.wecom.max_recipients"
        )
    if not parcel.link.title:
        raise Rejected("the link has no title, which WeCom requires")
    limits = (
        ("text", parcel.text, settings.text_bytes),
        ("link title", parcel.link.title, TITLE_BYTES),
        ("link description", parcel.link.description, DESCRIPTION_BYTES),
        ("link url", parcel.link.url, URL_BYTES),
    )
    for what, written, limit in limits:
        try:
            size = len(written.encode())
        except UnicodeEncodeError as error:
            raise Rejected(f"the {what} holds half a character, which no JSON carries") from error
        if size > limit:
            raise Rejected(f"the {what} has {size} bytes; WeCom takes {limit}")
