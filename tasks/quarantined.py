"""Quarantined rows for people: counted, written out to be mended, and read back."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter

from adapters.values import AMOUNT, FLAG, MOMENT, TEXT, WHOLE, Reading
from schemas.enums import Entity
from schemas.errors import RunwuError
from schemas.incoming import COLUMNS, STAGED
from store import quarantined
from store.database import transaction
from store.quarantined import Wanted
from tasks.wiring import wiring

ID, RULES, DEFECTS = "quarantine_id", "rules", "defects"
_DIGITS = 19
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_KINDS: Mapping[Any, TypeAdapter[Any]] = {
    str: TEXT,
    int: WHOLE,
    Decimal: AMOUNT,
    datetime: MOMENT,
    bool: FLAG,
}


@dataclass(frozen=True)
class Counted:
    """So many rows of a source broke a rule, the oldest since a pull of that instant."""

    source: str
    entity: str
    rule: str
    rows: int
    since: datetime


@dataclass(frozen=True)
class Broken:
    """What a row broke: the rule, the column and the value it had there."""

    rule: str
    column: str
    value: str | None


@dataclass(frozen=True)
class Waiting:
    """A row in quarantine; `content` is by column."""

    id: int
    source: str
    entity: str
    since: datetime
    broken: list[Broken]
    content: dict[str, Any]


def counted() -> list[Counted]:
    """Return how many rows wait, by source, entity and rule."""
    with transaction(wiring().database) as connection:
        return [Counted(*row) for row in quarantined.summary(connection)]


def waiting(
    source: str | None, entity: Entity | None, rule: str | None, limit: int | None = None
) -> list[Waiting]:
    """Return the rows that wait, oldest first; what is None is not asked for."""
    with transaction(wiring().database) as connection:
        rows = quarantined.waiting(connection, Wanted(source, entity, rule), limit)
    return [
        Waiting(
            row.id,
            row.source,
            row.entity,
            row.since,
            [Broken(**one) for one in row.broken],
            json.loads(row.content, parse_float=Decimal),
        )
        for row in rows
    ]


def export(path: Path, source: str, entity: Entity, rule: str | None = None) -> int:
    """
    Write the waiting rows of an entity as CSV to be mended; return how many.

    A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV
    injection"), which `resubmit` takes away again. Raises RunwuError if it cannot be written.
    """
    rows = waiting(source, entity, rule)
    columns = COLUMNS[entity]
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([ID, RULES, *columns])
            for row in rows:
                rules = " ".join(one.rule for one in row.broken)
                cells = [_written(row.content.get(column)) for column in columns]
                writer.writerow([row.id, rules, *map(_harmless, cells)])
    except OSError as error:
        raise RunwuError(
            f"{path} can't be written ({error.strerror}); name a file in a folder of yours"
        ) from error
    return len(rows)


def resubmit(path: Path, source: str, entity: Entity) -> int:
    """
    Take mended rows back, to be offered by the next pull; return how many.

    All or nothing. Raises RunwuError naming the line that cannot be taken, and why.
    """
    mended = dict(_mended(path, entity))
    with transaction(wiring().database) as connection:
        strangers = mended.keys() - quarantined.known(connection, source, entity, list(mended))
        if strangers:
            raise RunwuError(
                f"{path}: row {min(strangers)} does not wait in the quarantine of {source}"
                f" {entity.value}; export it anew and mend what is there now"
            )
        return quarantined.mend(connection, mended)


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)


def _harmless(cell: str) -> str:
    number = cell[:1] == "-" and cell[1:].replace(".", "", 1).isdigit()
    return f"'{cell}" if cell.startswith(_FORMULA) and not number else cell


def _mended(path: Path, entity: Entity) -> Iterator[tuple[int, dict[str, Any]]]:
    seen = set()
    for place, cells in _lines(path, entity):
        number = cells[ID].strip()
        if not (number.isascii() and number.isdigit() and len(number) < _DIGITS):
            raise RunwuError(f"{path}, line {place}: {ID} is {number!r}; leave it as exported")
        if number in seen:
            raise RunwuError(f"{path}, line {place}: row {number} is there twice; keep one of them")
        seen.add(number)
        yield int(number), _content(path, place, cells, entity)


def _lines(path: Path, entity: Entity) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _check_header(path, entity, reader.fieldnames or [])
            for cells in reader:
                if None in cells or None in cells.values():
                    raise RunwuError(
                        f"{path}, line {reader.line_num}: as many cells are needed as the first "
                        "line has; a comma within a cell needs quotes around it"
                    )
                yield reader.line_num, cells
    except OSError as error:
        raise RunwuError(
            f"{path} can't be read ({error.strerror}); name the mended file"
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise RunwuError(
            f"{path} is no CSV in UTF-8 ({type(error).__name__}); save it as “CSV UTF-8”"
        ) from error


def _check_header(path: Path, entity: Entity, header: Sequence[str]) -> None:
    wanted = [ID, *COLUMNS[entity]]
    missing = [name for name in wanted if name not in header and name != DEFECTS]
    unknown = [name for name in header if name not in (*wanted, RULES)]
    if missing or unknown:
        wrong = f"lacks {missing[0]!r}" if missing else f"has {unknown[0]!r}, which is none of ours"
        raise RunwuError(
            f"{path} {wrong}; its first line must be that of `runwu quarantine export`"
        )


def _content(path: Path, place: int, cells: Mapping[str, str], entity: Entity) -> dict[str, Any]:
    """Return a row's content by column, as staged; what could not be read before is settled."""
    fields = STAGED[entity].model_fields
    columns = [name for name in COLUMNS[entity] if name != DEFECTS]
    kinds = {name: get_args(fields[name].annotation)[0] for name in columns}
    told = {name: _meant(_unharmed(cells[name]), kinds[name]) for name in columns}
    reading = Reading(told, "row")
    for name in columns:
        if kinds[name] in _KINDS:
            reading.take(name, _KINDS[kinds[name]])
        elif told[name] is not None and not _is_list(told[name]):
            reading.note(name, told[name])
    if defects := reading.defects():
        raise RunwuError(
            f"{path}, line {place}: {defects} can't be taken; write it as it was exported, "
            "or leave the cell empty"
        )
    return told


def _meant(cell: str, kind: type) -> Any:
    """Return what a cell stands for, before it is checked; text where that cannot be told."""
    if not cell.strip():
        return None
    if kind is bool:
        return {"true": True, "false": False}.get(cell.strip().lower(), cell)
    if kind in _KINDS:
        return cell if kind is str else cell.strip()
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _unharmed(cell: str) -> str:
    return cell.removeprefix("'")
