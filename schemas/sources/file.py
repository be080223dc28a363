"""Files: where they are, how they are written, and what their columns mean."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from schemas.enums import Entity
from schemas.section import Section, Zone
from schemas.sources.base import Currency, SourceSection


class DropRule(Section):
    """
    Rows a source declares to be none of our business; each is counted under `rule`.

    Of several conditions all must hold.
    """

    rule: str
    column: str
    is_null: bool = False
    one_of: tuple[str, ...] = ()
    starts_with: str | None = None
    equals: float | None = None


class Rehearsal(Section):
    """
    Values a public log lacks, made up for rehearsal and declared as such.

    They are refused unless every channel points to the sandbox.
    """

    consent: bool = False
    contacts: bool = False


class FileTable(Section):
    """
    Where the rows of one entity are, and how they are written.

    `path` is a file, a folder or a pattern ("exports/*.csv") of files of one layout, read in the
    order of their names; `url` is one file behind HTTP, whose query is never shown. What the
    suffix does not say, `format` does; gzip is recognised.

    `columns` maps our names to the file's, `constants` gives what is the same in every row. Texts
    that hold a list are split at `list_separator`. `encoding`, `separator` and `decimal` are those
    of a CSV; thousands separators are refused.
    """

    path: Path | None = None
    url: str | None = Field(default=None, pattern="^https?://[^/]", repr=False)
    format: Literal["csv", "parquet"] | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    drop: tuple[DropRule, ...] = ()
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    separator: str = Field(default=",", pattern=r'^[^"\r\n]$')
    decimal: Literal[".", ","] = "."
    list_separator: str = Field(default="|", min_length=1, max_length=1)


class FileSource(FileTable, SourceSection):
    """
    CSV or Parquet files of order lines, and other entities from files of their own.

    `timezone` is the zone of naive times; a phone number is read in `phone_region` unless it says
    its country. Members are derived from order lines unless there is an `entities.member` or
    `members_of` names their source. A window goes by `updated_at` where that is mapped, else by
    `ordered_at` of an order line and `at` of an event; any other entity is read whole.
    """

    type: Literal["file"]
    timezone: Zone
    currency: Currency
    entities: dict[Entity, FileTable] = Field(default_factory=dict)
    rehearsal: Rehearsal = Rehearsal()
    phone_region: str = Field(default="CN", pattern="^[A-Z]{2}$")
    overlap_minutes: int = Field(default=60 * 24, ge=0, le=60 * 24 * 31)
    lag_seconds: int = Field(default=0, ge=0, le=3600)

    @property
    def tables(self) -> dict[Entity, FileTable]:
        """What is declared, by entity; the source's own path or url holds order lines."""
        orders: dict[Entity, FileTable] = {Entity.ORDER_LINE: self}
        own = orders if self.path or self.url or self.columns else {}
        return own | self.entities
