"""How the rows of one file become staged rows: mapped, read, marked with drop rules."""

from collections.abc import Collection, Iterator

import polars as pl

from adapters.sources.file.columns import (
    Column,
    amount,
    blank,
    flag,
    identifier,
    key,
    moment,
    number,
    read,
    several,
    text,
    whole,
)
from adapters.sources.file.settings import PHONE, UPDATED, mappable, window_column
from adapters.sources.file.sheets import RAGGED, Sheet
from schemas.enums import Entity, OrderStatus
from schemas.errors import SourceError
from schemas.sources.file import DropRule, FileSource, FileTable

MOMENTS = (
    *("ordered_at", "joined_at", "consent_at", "launched_at", "at", "valid_from", "valid_until"),
    UPDATED,
)
AMOUNTS = ("unit_price", "discount", "total", "face_value", "threshold")
_WHOLES = ("quantity", "ordinal", "stock", "remaining")
_FLAGS = ("consent", "personalised", "minor", "active")
_LISTS = ("store_keys",)
_IDENTIFIERS = ("key", "order_key", "member_key", "product_key", "store_key", "unionid", "code")
_INT64 = 2**63 - 1
_MOST = {"ordinal": 2**31 - 1}


class Layout:
    """
    The mapping of one file's columns.

    Cells come as the file holds them; what of them a window brings is then read.
    """

    def __init__(
        self, entity: Entity, table: FileTable, settings: FileSource, sheet: Sheet
    ) -> None:
        """Raise SourceError if the file lacks a mapped column, or holds none of its kind."""
        self._table = table
        self._zone = settings.timezone
        self._sheet = sheet
        self._check(sheet.schema)
        self._columns = {
            ours: self._column(ours, pl.col(theirs), sheet.schema[theirs])
            for ours, theirs in table.columns.items()
        }
        self._constants = dict(table.constants)
        if entity in (Entity.ORDER_LINE, Entity.BENEFIT) and "currency" not in self._columns:
            self._constants.setdefault("currency", settings.currency)
        if entity is Entity.ORDER_LINE and "status" not in self._columns:
            self._constants.setdefault("status", OrderStatus.PAID.value)
        for ours, value in self._constants.items():
            self._columns[ours] = self._column(ours, pl.lit(value), pl.String())
        given = set(self._columns)
        self._moved = window_column(entity, table)
        self._columns = {ours: self._columns[ours] for ours in mappable(entity) if ours in given}

    def cells(
        self, wanted: pl.Expr | None = None, only: Collection[str] | None = None
    ) -> Iterator[pl.DataFrame]:
        """Yield the file's cells, `only` those of some columns; what is not `wanted` may lack."""
        rules = [rule.column for rule in self._table.drop]
        yield from self._sheet.frames([*self._needed(only), *rules], wanted)

    def timed_cells(self, wanted: pl.Expr | None = None) -> Iterator[pl.DataFrame]:
        """Yield only those cells that `moved` and `orders` look at."""
        yield from self._sheet.frames(self._needed(("order_key",)), wanted)

    def moved(self, cells: pl.DataFrame) -> pl.Series:
        """Return the times by which rows belong to a window; null where they can't be read."""
        if self._moved is None:
            raise ValueError("nothing of these rows tells when they moved")
        return cells.select(self._columns[self._moved].value).to_series()

    def orders(self, cells: pl.DataFrame) -> pl.Series:
        """Return the fingerprints of the orders that rows belong to."""
        return cells.select(self.fingerprint).to_series()

    def read(self, cells: pl.DataFrame, only: Collection[str] | None = None) -> pl.DataFrame:
        """Return rows of our columns, "defects", and "rule", the first drop rule that matches."""
        some = self._some(only)
        read_once = cells.with_columns(self._columns[ours].value for ours in some)
        marks = [RAGGED, *(f"{ours}!" for ours in some)]
        told = read_once.select(
            *(read(ours).alias(ours) for ours in some),
            *(self._columns[ours].defect for ours in some),
            RAGGED,
            self._rule(),
        )
        defects = pl.concat_str(marks, separator="; ", ignore_nulls=True)
        return told.with_columns(pl.when(defects != "").then(defects).alias("defects")).drop(marks)

    def _some(self, only: Collection[str] | None) -> list[str]:
        return [ours for ours in self._columns if only is None or ours in (*only, self._moved)]

    def _needed(self, only: Collection[str] | None) -> list[str]:
        mapped = self._table.columns
        return [mapped[ours] for ours in self._some(only) if ours in mapped]

    @property
    def fingerprint(self) -> pl.Expr:
        """
        Return what stands for a row's order in little memory.

        Two orders that share one by chance come in together, which does no harm.
        """
        order = self._columns["order_key"].value
        return pl.when(order.is_not_null()).then(order.hash())

    @property
    def moved_at(self) -> str | None:
        """Return the file's column of the time by which windows go, if there is one."""
        return self._table.columns[self._moved] if self._moved else None

    @property
    def sheet(self) -> Sheet:
        """Return the file's raw rows."""
        return self._sheet

    def _column(self, ours: str, raw: pl.Expr, dtype: pl.DataType) -> Column:
        table = self._table
        if ours == PHONE:
            # A number is nobody's business: it is read where it is hashed, and told nowhere.
            column = Column(
                key(raw, dtype).alias(f"{PHONE}="), pl.lit(None, pl.String).alias("phone!")
            )
        elif ours in MOMENTS:
            column = moment(ours, raw, dtype, self._zone)
        elif ours in AMOUNTS:
            column = amount(ours, raw, dtype, table.decimal)
        elif ours in _WHOLES:
            column = whole(ours, raw, dtype, table.decimal, _MOST.get(ours, _INT64))
        elif ours in _FLAGS:
            column = flag(ours, raw, dtype)
        elif ours in _LISTS:
            column = several(ours, raw, dtype, table.list_separator)
        else:
            column = (identifier if ours in _IDENTIFIERS else text)(ours, raw, dtype)
        return column

    def _check(self, schema: pl.Schema) -> None:
        wanted = [(theirs, f"columns.{ours}") for ours, theirs in self._table.columns.items()]
        wanted += [(rule.column, f"drop rule {rule.rule!r}") for rule in self._table.drop]
        for theirs, where in wanted:
            if theirs not in schema:
                raise self._refused(
                    f"has no column {theirs!r}; it has {', '.join(schema)[:1000]}; mend {where}"
                )
            if schema[theirs].is_nested() or schema[theirs] in (pl.Binary, pl.Object):
                raise self._refused(
                    f"holds {schema[theirs]} in column {theirs!r}; {where} needs plain values"
                )
        for ours, at in self._table.columns.items():
            timely = isinstance(schema[at], pl.Date | pl.Datetime | pl.String | pl.Null)
            if ours in MOMENTS and not timely:
                raise self._refused(
                    f"holds {schema[at]} in column {at!r}, not times; mend columns.{ours} or "
                    "store it as a date"
                )

    def _refused(self, told: str) -> SourceError:
        return self._sheet.place.refuse(told)

    def _rule(self) -> pl.Expr:
        """Return the name of the first rule that matches a row; null if none does."""
        named = [
            pl.when(self._matches(rule, self._sheet.schema[rule.column])).then(pl.lit(rule.rule))
            for rule in self._table.drop
        ]
        return pl.coalesce(*named, pl.lit(None, dtype=pl.String)).alias("rule")

    def _matches(self, rule: DropRule, dtype: pl.DataType) -> pl.Expr:
        """Return whether all that the rule says of its column is so."""
        raw = pl.col(rule.column)
        said = []
        if rule.is_null:
            said.append(blank(raw, dtype))
        if rule.one_of:
            said.append(key(raw, dtype).is_in(rule.one_of))
        if rule.starts_with:
            said.append(key(raw, dtype).str.starts_with(rule.starts_with))
        if rule.equals is not None:
            said.append(number(raw, dtype, self._table.decimal) == rule.equals)
        return pl.all_horizontal(said)
