"""Sources declared over the stand-in shop."""

import tomllib
from pathlib import Path
from typing import Any

from adapters.phones import phone_hash
from adapters.sources.rest.mapping import Mapped, RecordMapping
from adapters.sources.rest.source import RestSource
from schemas.enums import Entity
from schemas.errors import ConfigurationError
from schemas.incoming import COLUMNS
from schemas.sources.rest import RestSource as RestSettings
from tests.adapters.shops import WINDOW

SECRETS = {
    "token": "t0ken&secret",
    "user": "u",
    "password": "pa55",
    "client_id": "id1",
    "client_secret": "s3cret",
}
MEMBER: dict[str, Any] = {
    "path": "all",
    "columns": {"key": "id", "city": "address.city", "consent": "opted_in"},
}
PAGE = {"kind": "page", "size_param": "size", "size": 20, "order": {"sort": "id"}}


def secrets(what: str) -> str:
    if what not in SECRETS:
        raise ConfigurationError(f"set RUNWU_SOURCES_CRM_{what.upper()} in the environment")
    return SECRETS[what]


def settings(entities: dict[str, Any], **changed: Any) -> RestSettings:
    told = {"type": "rest", "base_url": "set below", "entities": entities, **changed}
    return RestSettings.model_validate(told | {"calls_per_second": 10_000})


def crm(url: str, entities: dict[str, Any], **changed: Any) -> RestSource:
    async def sleep(seconds: float) -> None:
        WAITS.append(seconds)

    WAITS.clear()
    phone_hash = changed.pop("phone_hash", None)
    declared = settings(entities, **changed)
    return RestSource("crm", url, secrets, declared, phone_hash=phone_hash, sleep=sleep)


WAITS: list[float] = []
"""How long the last source waited between attempts."""

EXAMPLE = Path(__file__).parents[3] / "examples" / "rest_shop.toml"
HASHED = phone_hash("salt", "CN")
ORDER: dict[str, Any] = {
    "id": 9007199254740993,
    "member": {"id": "m1"},
    "paid_at": 1772326800000,
    "state": "shipped",
    "amounts": {"discount": 100, "goods": "5500"},
    "lines": [
        {"sku": "p1", "title": "豆", "quantity": 2, "price": 2800},
        {"sku": "f", "type": "freight", "quantity": 1, "price": 500},
        {"sku": "p2", "title": "杯", "quantity": "1", "price": 0},
    ],
}
PERSON: dict[str, Any] = {
    "id": "m1",
    "mobile": "138 0013 8000",
    "marketing": {"state": "subscribed", "changed_at": "2026-02-01 08:00:00"},
    "addresses": [{"city": "上海"}, {"city": "杭州", "default": True}],
    "created_at": "2026-02-01T00:00:00Z",
}


def example() -> RestSettings:
    told = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    return RestSettings.model_validate(told["sources"]["corner"])


def mapped(entity: Entity, *records: object, config: RestSettings | None = None) -> Mapped:
    config = config or example()
    declared = config.entities.declared[entity]
    return RecordMapping("corner", entity, declared, config.timezone, HASHED).map(records, WINDOW)


def row_of(entity: Entity, record: object, config: RestSettings | None = None) -> dict[str, Any]:
    (row,) = mapped(entity, record, config=config).rows
    return dict(zip(COLUMNS[entity], row, strict=True))


def member(**changed: Any) -> RestSettings:
    return settings({"member": {**MEMBER, **changed}})


def told(row: dict[str, Any]) -> dict[str, Any]:
    return {column: value for column, value in row.items() if value is not None}
