"""What members, contacts, and those who serve them are held to."""

from typing import Any

from tasks.expectations.bounds import (
    Bounds,
    between,
    never,
    phone_hash,
    present,
    readable,
    unionid,
    unique,
)


def stores(_: Bounds) -> dict[str, Any]:
    """Return what stores are held to."""
    return {**present("key", "name"), **unique("key"), **_zone(), **readable()}


def employees(_: Bounds) -> dict[str, Any]:
    """Return what employees are held to."""
    return {
        **present("key"),
        **unique("key"),
        "store_known": never("store_missing"),
        **readable(),
    }


def members(bounds: Bounds) -> dict[str, Any]:
    """Return what members are held to."""
    return {
        **present("key", "consent"),
        # A yes needs its date as proof; a no is believed without one.
        "consent_dated": never("undated"),
        **bounds.past("joined_at", "consent_at"),
        **bounds.begun("joined_at", "consent_at"),
        **unique("key"),
        **phone_hash(),
        **unionid(),
        "one_unionid": between("unionids", max_value=1),
        **_zone(),
        **readable(),
    }


def contacts(bounds: Bounds) -> dict[str, Any]:
    """Return what contacts are held to."""
    return {
        **present("channel", "address", "employee_id", "since"),
        **bounds.past("since"),
        **bounds.begun("since"),
        **unique("employee_id"),
        **unionid(),
        **readable(),
    }


def _zone() -> dict[str, Any]:
    return {"timezone_known": never("zone_unknown")}
