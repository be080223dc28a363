"""The shop over HTTP: members and orders by time of change."""

from typing import Any, Final

from fastapi import APIRouter, Depends, HTTPException, Request

from sandbox.shop.books import MemberRecord, Order
from sandbox.shop.query import Query, read_query, sign
from sandbox.shop.shelf import Shelf, T
from sandbox.world import World

_SECRET: Final = "Bearer sandbox-secret"  # noqa: S105  the stand-in's only secret is a public one


def _authorized(request: Request) -> None:
    if request.headers.get("authorization") != _SECRET:
        raise HTTPException(401, "the shop wants the header Authorization: Bearer <shop token>")


def shop_routes(world: World) -> APIRouter:
    """Return the shop's routes."""
    router = APIRouter(prefix="/shop", dependencies=[Depends(_authorized)])

    @router.get("/members")
    async def members(request: Request) -> dict[str, Any]:
        town, _ = world.town()
        rows, cursor = _page(town.books.members, read_query(request.query_params))
        return {"members": [_member(row) for row in rows], "next_cursor": cursor}

    @router.get("/orders")
    async def orders(request: Request) -> dict[str, Any]:
        town, _ = world.town()
        rows, cursor = _page(town.books.orders, read_query(request.query_params))
        return {"orders": [_order(row) for row in rows], "next_cursor": cursor}

    return router


def _page(shelf: Shelf[T], query: Query) -> tuple[list[T], str | None]:
    rows, after = shelf.page(query.since, query.until, query.after, query.limit)
    return rows, sign(after) if after else None


def _member(row: MemberRecord) -> dict[str, Any]:
    return {
        "id": row.id,
        "unionid": row.unionid,
        "city": row.city,
        "joined_at": row.joined_at.isoformat(),
        "marketing_consent": row.consent_at is not None,
        "consent_at": row.consent_at.isoformat() if row.consent_at else None,
        "updated_at": row.updated_at.isoformat(),
    }


def _order(row: Order) -> dict[str, Any]:
    return {
        "id": row.id,
        "member_id": row.member_id,
        "ordered_at": row.ordered_at.isoformat(),
        "status": row.status,
        "currency": "CNY",
        "updated_at": row.updated_at.isoformat(),
        "lines": [
            {
                "product_id": line.product_id,
                "product_name": line.product_name,
                "quantity": line.quantity,
                "unit_price": str(line.unit_price),
            }
            for line in row.lines
        ],
    }
