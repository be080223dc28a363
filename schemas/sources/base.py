"""What every source is configured by."""

from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.section import Section

SourceName = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,29}$")]
"""A source's name becomes part of table names and of the names of its secrets."""

Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]


class SourceSection(Section):
    """
    A source, and which span of its time a pull reads: [last - overlap, now - lag].

    The overlap finds what was stamped before it could be seen; the lag leaves alone what is still
    being written. What is read twice changes nothing. A pull passes by what it read less than
    `every_minutes` ago.

    Orders, benefits and events name members by the keys of this source, or of `members_of`.
    """

    overlap_minutes: int = Field(default=15, ge=0, le=60 * 24 * 31)
    lag_seconds: int = Field(default=60, ge=0, le=3600)
    every_minutes: int = Field(default=0, ge=0, le=60 * 24)
    members_of: SourceName | None = None


class ApiSection(SourceSection):
    """
    A source behind an HTTP interface.

    Its calls follow each other, at most `calls_per_second` of them. A phone number is read in
    `phone_region` unless it says its country.
    """

    timeout_seconds: float = Field(default=30.0, gt=0)
    calls_per_second: float = Field(default=10.0, gt=0)
    phone_region: str = Field(default="CN", pattern="^[A-Z]{2}$")
