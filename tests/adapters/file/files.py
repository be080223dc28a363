"""Builders for file sources under test."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from adapters.sources.file.source import FileSource
from schemas.enums import Entity
from schemas.incoming import COLUMNS, Page, Window
from schemas.sources import FileSource as FileSettings
from tests.adapters.reading import pages_of

MAPPING = {
    "order_key": "order",
    "member_key": "member",
    "ordered_at": "time",
    "product_key": "product",
    "quantity": "pieces",
    "unit_price": "price",
}
GOOD: dict[str, Any] = {
    "order": "o1",
    "member": "m1",
    "time": "2026-03-01 09:00",
    "product": "p1",
    "pieces": "2",
    "price": "28.00",
}
ALL = Window(None, datetime(9999, 12, 31, tzinfo=UTC))


def source(path: Path | None, **changed: Any) -> FileSource:
    options = {"timezone": "Asia/Shanghai", "currency": "CNY", "columns": MAPPING, **changed}
    return FileSource("till", FileSettings(type="file", path=path, **options))


def table(*changes: Mapping[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{**GOOD, **change} for change in changes], infer_schema_length=None)


def csv(folder: Path, *changes: Mapping[str, Any]) -> Path:
    path = folder / "till.csv"
    table(*changes).write_csv(path)
    return path


def parquet(folder: Path, *changes: Mapping[str, Any]) -> Path:
    path = folder / "till.parquet"
    table(*changes).write_parquet(path)
    return path


def balanced(pages: list[Page]) -> list[Page]:
    for page in pages:
        assert page.pulled == len(page.rows) + sum(page.dropped.values())
    return pages


def rows(one: FileSource, entity: Entity, window: Window = ALL) -> list[dict[str, Any]]:
    pages = balanced(pages_of(one, entity, window))
    return [dict(zip(COLUMNS[entity], row, strict=True)) for page in pages for row in page.rows]


def lines(one: FileSource, window: Window = ALL) -> list[dict[str, Any]]:
    return rows(one, Entity.ORDER_LINE, window)


def members(one: FileSource, window: Window = ALL) -> list[dict[str, Any]]:
    return rows(one, Entity.MEMBER, window)
