"""Pages of staged rows out of frames of our columns."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import polars as pl

from adapters.phones import PhoneHash
from adapters.sources.file.layout import AMOUNTS
from adapters.sources.file.settings import PHONE
from schemas.enums import Entity
from schemas.incoming import COLUMNS, Page, rehearsal_unionid, staged_row
from schemas.sources.file import Rehearsal

PAGE_ROWS = 20_000


def pages(
    entity: Entity, frames: Iterator[pl.DataFrame], phone_hash: PhoneHash | None
) -> Iterator[Page]:
    """Yield pages of at most PAGE_ROWS rows, read or dropped; columns no file told are null."""
    for frame in frames:
        for part in frame.iter_slices(PAGE_ROWS):
            kept = part.filter(pl.col("rule").is_null())
            values = {name: kept[name].to_list() for name in kept.columns}
            if PHONE in values:
                _hash(values, phone_hash)
            for name in AMOUNTS:
                values[name] = [exact(value) for value in values.get(name, ())]
            absent = [None] * kept.height
            rows = zip(*(values.get(name) or absent for name in COLUMNS[entity]), strict=True)
            dropped = part["rule"].drop_nulls().value_counts()
            yield Page(list(rows), part.height, dict(dropped.rows()))


def member_pages(
    source: str, frames: Iterator[pl.DataFrame], invented: Rehearsal
) -> Iterator[Page]:
    """Yield members who are known by their orders only; in a rehearsal some is made up."""
    for frame in frames:
        for part in frame.iter_slices(PAGE_ROWS):
            rows = [
                staged_row(
                    Entity.MEMBER,
                    {
                        "key": key,
                        "unionid": rehearsal_unionid(source, key) if invented.contacts else None,
                        "joined_at": joined_at,
                        "consent": invented.consent,
                        "consent_at": joined_at if invented.consent else None,
                    },
                    None,
                )
                for key, joined_at in part.sort("member_key").iter_rows()
            ]
            yield Page(rows, len(rows))


def exact(value: str | float | None) -> Decimal | None:
    """Return an amount exactly as written; a float, which never is exact, to four decimals."""
    if value is None:
        return None
    return Decimal(value) if isinstance(value, str) else Decimal(f"{value:.4f}")


def _hash(values: dict[str, list[Any]], phone_hash: Callable[[str], str | None] | None) -> None:
    """Replace phone numbers by their hashes; a defect never shows a number."""
    written = values.pop(PHONE)
    if phone_hash is None:
        return
    values["phone_hash"] = hashes = [
        phone_hash(number) if number and number.strip() else None for number in written
    ]
    told = "phone_hash: no phone number"
    for place, (number, hashed) in enumerate(zip(written, hashes, strict=True)):
        if hashed is None and number and number.strip():
            defects = values["defects"][place]
            values["defects"][place] = f"{defects}; {told}" if defects else told
