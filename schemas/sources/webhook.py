"""Events that others post to us."""

from typing import Literal

from pydantic import Field

from schemas.sources.base import SourceSection


class WebhookSource(SourceSection):
    """
    Events of members, posted to /events/NAME and signed with RUNWU_SOURCES_<NAME>_SECRET.

    An event is dated before it is committed; the overlap, at least five minutes, finds those that
    a pull was too early for (see store.inbox).
    """

    type: Literal["webhook"]
    overlap_minutes: int = Field(default=15, ge=5, le=60 * 24 * 31)
