"""How a JSON interface is called: who asks, page by page, for what changed in which span."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from pydantic import AfterValidator, Field, StringConstraints

from schemas.section import Section, Words, Zone


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _nodes(child)


def _compiles(expression: str) -> str:
    try:
        nodes = list(_nodes(jmespath.compile(expression).parsed))
    except JMESPathError as error:
        place = getattr(error, "lex_position", 0) or 0
        raise ValueError(
            f"{expression!r} is no JMESPath expression (see character {place + 1})"
        ) from error
    called = {node["value"] for node in nodes if node["type"] == "function_expression"}
    if unknown := sorted(called - set(Functions.FUNCTION_TABLE)):
        raise ValueError(f"{expression!r} calls {unknown[0]}(), which JMESPath does not know")
    if any(_negates_too_early(node) for node in nodes):
        raise ValueError(
            f"{expression!r} negates only what stands before the dot; write !(member.id)"
        )
    return expression


def _negates_too_early(node: Mapping[str, Any]) -> bool:
    """Return whether a node looks for a field in a truth value, where there never is one."""
    paths = ("subexpression", "index_expression")
    return node["type"] in paths and node["children"][0]["type"] == "not_expression"


def _known_format(told: str) -> str:
    if told in ("iso8601", "epoch_seconds", "epoch_milliseconds") or "%" in told:
        return told
    raise ValueError(
        f"{told!r} is no format of times; use iso8601, epoch_seconds, epoch_milliseconds, or a "
        'pattern such as "%Y-%m-%d %H:%M:%S"'
    )


def _below_base(path: str) -> str:
    if path.startswith("//") or any(mark in path for mark in ("://", "?", "#")):
        raise ValueError(
            f"{path!r} is no path below base_url; it looks like orders/list, and what follows a "
            "question mark belongs under params"
        )
    return path


Expression = Annotated[str, AfterValidator(_compiles)]
TimeFormat = Annotated[str, AfterValidator(_known_format)]
Path = Annotated[Words, AfterValidator(_below_base)]
FieldName = Annotated[str, StringConstraints(pattern="^[!-~]+$")]
HeaderName = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9-]+$")]
HeaderText = Annotated[str, StringConstraints(pattern="^[ -~]+$")]
Sent = str | bool | int


class NoAuth(Section):
    """An interface open to all."""

    kind: Literal["none"] = "none"


class BearerAuth(Section):
    """A token in the Authorization header; secret: TOKEN."""

    kind: Literal["bearer"]


class BasicAuth(Section):
    """A user and a password; secrets: USER and PASSWORD."""

    kind: Literal["basic"]


class HeaderAuth(Section):
    """A token in a header called `name`; secret: TOKEN."""

    kind: Literal["header"]
    name: HeaderName


class QueryAuth(Section):
    """A token in a query parameter called `name`; secret: TOKEN."""

    kind: Literal["query"]
    name: FieldName


class OAuthClientCredentials(Section):
    """
    OAuth 2.0 client credentials (RFC 6749, section 4.4); secrets: CLIENT_ID and CLIENT_SECRET.

    `client_auth` is how they are sent: as form fields, or as HTTP Basic in the header.
    """

    kind: Literal["oauth_client_credentials"]
    token_url: Words
    scope: str | None = None
    client_auth: Literal["body", "header"] = "body"


Auth = Annotated[
    NoAuth | BearerAuth | BasicAuth | HeaderAuth | QueryAuth | OAuthClientCredentials,
    Field(discriminator="kind"),
]


class OnePage(Section):
    """One call brings all there is."""

    kind: Literal["none"] = "none"


class Counted(Section):
    """
    Paging by position, of at most `size` records a page.

    `order` are the parameters that keep two records in the same order as long as neither changes,
    best an order by an id or a time of creation, oldest first; `{}` only if the interface does so
    by itself. `total` finds how many records there are in all, which spares the last call; leave
    it out where the interface counts no further than some cap.
    """

    size_param: FieldName
    size: int = Field(default=100, ge=3, le=10_000)
    order: dict[FieldName, Sent]
    total: Expression | None = None


class PagePaging(Counted):
    """
    Pages by number; the interface must honour any size up to `size`.

    Pages overlap by having different sizes, for which 20 suffice up to 200 million records.
    """

    kind: Literal["page"]
    size: int = Field(default=100, ge=20, le=10_000)
    page_param: FieldName = "page"
    first: int = Field(default=1, ge=0, le=1)


class OffsetPaging(Counted):
    """Pages by how many records to leave out."""

    kind: Literal["offset"]
    offset_param: FieldName = "offset"


class CursorPaging(Section):
    """
    Each answer tells a cursor (`next`) that is sent back as `param`; the last tells none.

    `more` finds what is false on the last page, where a cursor is told even there.
    """

    kind: Literal["cursor"]
    next: Expression
    param: FieldName
    more: Expression | None = None
    size_param: FieldName | None = None
    size: int = Field(default=100, ge=1, le=10_000)


class LinkPaging(Section):
    """Each answer tells the next page's address, in its Link header or where `next` finds it."""

    kind: Literal["link"]
    next: Expression | None = None
    size_param: FieldName | None = None
    size: int = Field(default=100, ge=1, le=10_000)


Paging = Annotated[
    OnePage | PagePaging | OffsetPaging | CursorPaging | LinkPaging, Field(discriminator="kind")
]


class WindowParams(Section):
    """
    The parameters that select what changed within a window.

    `since` is rounded down and `until` up, to what the format tells or a whole second. Leave
    `until` out where the format is coarser than that. Name a zone without summer time if you can:
    its repeated hour is told twice.
    """

    since: FieldName
    until: FieldName | None = None
    format: TimeFormat = "iso8601"
    timezone: Zone = "UTC"
