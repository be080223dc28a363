"""Settings of a file source that cannot work, whatever the files hold."""

from collections.abc import Mapping

from adapters.sources.file.places import SUFFIXES, address_shown, format_of, is_pattern
from schemas.enums import Entity
from schemas.errors import ConfigurationError
from schemas.incoming import COLUMNS
from schemas.sources.file import FileSource, FileTable, Rehearsal

UPDATED = "updated_at"
PHONE = "phone"

_REQUIRED: Mapping[Entity, tuple[str, ...]] = {
    Entity.STORE: ("key",),
    Entity.EMPLOYEE: ("key",),
    Entity.PRODUCT: ("key",),
    Entity.MEMBER: ("key", "consent"),
    Entity.ORDER_LINE: (
        "order_key",
        "member_key",
        "ordered_at",
        "product_key",
        "quantity",
        "unit_price",
    ),
    Entity.BENEFIT: ("key", "kind"),
    Entity.MEMBER_EVENT: ("key", "member_key", "kind", "at"),
}
_WINDOWED = {Entity.ORDER_LINE: "ordered_at", Entity.MEMBER_EVENT: "at"}


def mappable(entity: Entity) -> tuple[str, ...]:
    """Return our columns that a file's may be mapped to; a phone number comes in to be hashed."""
    ours = [PHONE if column == "phone_hash" else column for column in COLUMNS[entity][:-1]]
    return (*ours, UPDATED)


def window_column(entity: Entity, table: FileTable) -> str | None:
    """Return the column by whose time a row belongs to a window; None if rows have no such time."""
    return UPDATED if UPDATED in table.columns else _WINDOWED.get(entity)


def check(name: str, settings: FileSource) -> None:
    """Raise ConfigurationError if the settings cannot work."""
    where = f"sources.{name}"
    if not settings.tables:
        raise ConfigurationError(f"{where} names no file; give it a path, a url or entities")
    for entity, table in settings.tables.items():
        _check_table(where if table is settings else f"{where}.entities.{entity}", entity, table)
    if Entity.ORDER_LINE in settings.entities:
        raise ConfigurationError(
            f"{where}.entities.order_line is not needed; {where} itself describes order lines"
        )
    if Entity.MEMBER in settings.entities and settings.rehearsal != Rehearsal():
        raise ConfigurationError(
            f"{where}.rehearsal makes up what members derived from orders lack; remove it or "
            f"{where}.entities.member"
        )


def _check_table(where: str, entity: Entity, table: FileTable) -> None:
    if entity not in _REQUIRED:
        raise ConfigurationError(f"{where}: files hold no {entity}; remove it")
    if (table.path is None) == (table.url is None):
        raise ConfigurationError(f"{where} needs either a path or a url, and not both")
    _check_columns(where, entity, table)
    _check_format(where, table)
    for rule in table.drop:
        if not (rule.is_null or rule.one_of or rule.starts_with or rule.equals is not None):
            raise ConfigurationError(
                f"{where}.drop rule {rule.rule!r} says nothing of column {rule.column!r}; "
                "give it is_null, one_of, starts_with or equals"
            )
    if table.separator == table.decimal:
        raise ConfigurationError(
            f"{where}.separator and .decimal are both {table.decimal!r}; say what separates the "
            'cells, for example separator = ";"'
        )


def _check_columns(where: str, entity: Entity, table: FileTable) -> None:
    known = mappable(entity)
    for part, named in (("columns", table.columns), ("constants", table.constants)):
        if unknown := sorted(set(named) - set(known)):
            raise ConfigurationError(
                f"{where}.{part} maps {unknown[0]!r}, which is no column of ours; known are "
                f"{', '.join(known)}"
            )
    if twice := sorted(set(table.columns) & set(table.constants)):
        raise ConfigurationError(f"{where}: {twice[0]!r} is in columns and in constants; keep one")
    given = {*table.columns, *table.constants}
    if missing := [column for column in _REQUIRED[entity] if column not in given]:
        raise ConfigurationError(
            f"{where}.columns lacks {missing[0]!r}; say which column of the file holds it"
        )
    column = window_column(entity, table)
    if column is not None and column not in table.columns:
        raise ConfigurationError(
            f"{where}.constants gives {column!r}, by which windows go; map it in columns"
        )


def _check_format(where: str, table: FileTable) -> None:
    if table.url is not None:
        shown = address_shown(table.url)
        if format_of(table, shown) is None:
            raise ConfigurationError(
                f'{where}.url is {shown}, which does not say what it is; set format = "csv" or '
                '"parquet"'
            )
        return
    path = table.path
    if path is None or not path.suffix or path.is_dir() or is_pattern(path):
        return
    if format_of(table, path.name) is None:
        raise ConfigurationError(
            f"{where}.path is {path}; what can be read are {SUFFIXES}, or say the format"
        )
