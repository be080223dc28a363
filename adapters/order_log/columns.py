"""Which columns of an order log mean what."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.errors import ConfigurationError

_USUAL = {
    "member_id": (
        "memberid", "member", "customerid", "customer", "userid", "user", "buyerid", "buyer",
        "clientid", "openid", "unionid", "会员", "会员id", "会员编号", "客户", "客户id", "用户id",
    ),
    "ordered_at": (
        "orderedat", "orderdate", "ordertime", "orderat", "invoicedate", "invoicetime", "createdat",
        "paidat", "purchasedate", "purchasedat", "transactiondate", "date", "datetime", "timestamp",
        "time", "day", "下单时间", "订单时间", "付款时间", "支付时间", "日期",
    ),
    "amount": (
        "amount", "total", "totalamount", "orderamount", "paidamount", "ordertotal", "revenue",
        "sales", "spend", "金额", "订单金额", "实付金额", "支付金额",
    ),
    "quantity": ("quantity", "qty", "数量", "件数"),
    "unit_price": ("unitprice", "price", "单价", "价格"),
    "order_id": ("orderid", "orderno", "ordernumber", "invoiceno", "invoice", "订单号", "订单编号"),
    "status": ("status", "orderstatus", "状态", "订单状态"),
}  # fmt: skip

_SHOWN = 30


@dataclass(frozen=True)
class Columns:
    """The names of the columns that are read; all but the first two may be missing."""

    member_id: str
    ordered_at: str
    amount: str | None = None
    quantity: str | None = None
    unit_price: str | None = None
    order_id: str | None = None
    status: str | None = None

    def named(self) -> list[str]:
        """Return the names that are there, each once."""
        told = (
            self.member_id,
            self.ordered_at,
            self.amount,
            self.quantity,
            self.unit_price,
            self.order_id,
            self.status,
        )
        return list(dict.fromkeys(name for name in told if name is not None))


def parsed(text: str) -> dict[str, str]:
    """Return what `member_id=…,ordered_at=…` says. Raises ConfigurationError."""
    told: dict[str, str] = {}
    for part in text.split(","):
        meaning, sign, name = (piece.strip() for piece in part.partition("="))
        if not (meaning and sign and name):
            raise ConfigurationError(
                f"--columns has {part.strip()!r}; write it like "
                "member_id=CustomerID,ordered_at=InvoiceDate,amount=Total"
            )
        if meaning not in _USUAL:
            raise ConfigurationError(
                f"--columns names {meaning!r}, which nothing reads; it may name {_all()}"
            )
        if meaning in told:
            raise ConfigurationError(f"--columns names {meaning} twice; keep one of them")
        told[meaning] = name
    return told


def chosen(given: dict[str, str], found: Sequence[str], shown: str) -> Columns:
    """
    Return the columns to read: those given, and for the rest those with a usual name.

    Raises ConfigurationError with the columns that were found.
    """
    for meaning, name in given.items():
        if name not in found:
            raise ConfigurationError(
                f"{shown} has no column {name!r} for {meaning}; it has {_listed(found)}"
            )
    told = {meaning: given.get(meaning) or _guess(meaning, found) for meaning in _USUAL}
    if "amount" in given:
        told |= {name: given.get(name) for name in ("quantity", "unit_price")}
    member, at = told.pop("member_id"), told.pop("ordered_at")
    if member is None or at is None:
        missing = "member_id" if member is None else "ordered_at"
        raise ConfigurationError(
            f"{shown} has no column that is surely {missing}; it has {_listed(found)}: "
            "name them with --columns member_id=…,ordered_at=…,amount=…"
        )
    return Columns(member, at, **told)


def _guess(meaning: str, found: Sequence[str]) -> str | None:
    """Return the one column with a usual name, the more usual first."""
    bare = {re.sub(r"[\W_]+", "", name).lower(): name for name in reversed(found)}
    return next((bare[name] for name in _USUAL[meaning] if name in bare), None)


def _all() -> str:
    return ", ".join(_USUAL)


def _listed(names: Sequence[str]) -> str:
    told = ", ".join(names[:_SHOWN])
    return f"{told} …" if len(names) > _SHOWN else told
