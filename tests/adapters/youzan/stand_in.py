"""A Youzan shop: orders by time of change, customers by when they became one, tokens that end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.adapters.loopback import Answer, Request

SHANGHAI = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 3, 2, tzinfo=UTC)
CREDENTIALS = {"client_id": "app", "client_secret": "s3cret", "grant_id": "42583152"}
BIG = 9_007_199_254_740_993  # 2**53 + 1
CUT_SHORT = Answer(b'{"code": 200, "data": {"total', headers={"Content-Length": "999"})


def second(at: datetime) -> int:
    return int(at.timestamp())


def order(number: int, **changed: Any) -> dict[str, Any]:
    info = {
        "tid": f"E2026{number:06}",
        "status": "TRADE_SUCCESS",
        "created": "2026-03-01 20:00:00",
        "pay_time": "2026-03-01 20:01:00",
        "refund_state": 0,
        "pay_type": 1,
        **changed.pop("info", {}),
    }
    line = {"oid": f"{number}1", "item_id": BIG, "title": "豆", "num": 1, "price": "13.00"}
    whole = {
        "order_info": info,
        "buyer_info": {"yz_open_id": f"yz{number}"},
        "pay_info": {"total_fee": "13.00", "post_fee": "2.00", "payment": "9.82"},
        "orders": [line],
        **changed,
    }
    return {"full_order_info": whole}


def customer(number: int, at: datetime, **changed: Any) -> dict[str, Any]:
    return {"yz_open_id": f"yz{number}", "created_at": second(at), "is_member": 0, **changed}


def gateway_error(code: int) -> Answer:
    return Answer({"gw_err_resp": {"trace_id": "yz7-1", "err_code": code, "err_msg": "机密 7"}})


def refused(code: int) -> Answer:
    told = {"code": code, "success": False, "message": "机密 7", "data": {"record_list": []}}
    return Answer(told)


@dataclass
class YouzanShop:
    """`before` may change the shop ahead of each answer; `faults` are answered first."""

    orders: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    customers: list[dict[str, Any]] = field(default_factory=list)
    before: Callable[["YouzanShop", Request], None] = lambda _, __: None
    faults: list[Answer] = field(default_factory=list)
    now: datetime = AT
    life: timedelta = timedelta(days=7)
    customer_unit: int = 1000
    customer_limit: int = 10_000
    envelope: str = "data"
    ends_included: bool = True
    tokens: list[str] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def put(self, number: int, at: datetime, **changed: Any) -> None:
        record = order(number, **changed)
        self.orders[record["full_order_info"]["order_info"]["tid"]] = (second(at), record)

    def touch(self, tid: str, at: datetime) -> None:
        self.orders[tid] = (second(at), self.orders[tid][1])

    def __call__(self, request: Request) -> Answer:
        if request.path == "/auth/token":
            return self._token(request.body)
        if self.faults:
            return self.faults.pop(0)
        refusal = self._refusal(request.query.get("access_token"))
        if refusal is not None:
            return refusal
        self.before(self, request)
        self.asked.append(request.body)
        what = request.path.removeprefix("/api/").rpartition("/")[0]
        if what == "youzan.trades.sold.get":
            return self._trades(request.body)
        if what in ("youzan.scrm.customer.list", "youzan.scrm.customer.search"):
            return self._customers(request.body)
        return gateway_error(4005)

    def _refusal(self, token: str | None) -> Answer | None:
        if token is None:
            return gateway_error(4201)
        if token in self.ended:
            return gateway_error(4202)
        return None if token in self.tokens else gateway_error(4203)

    def _token(self, asked: dict[str, Any]) -> Answer:
        if {name: asked.get(name) for name in CREDENTIALS} != CREDENTIALS:
            return Answer({"success": False, "code": 1103, "data": None, "message": "机密 7"})
        live = [token for token in self.tokens if token not in self.ended]
        if asked["refresh"] or not live:
            self.ended |= set(live)
            self.tokens.append(f"token{len(self.tokens) + 1}")
        expires = int((self.now + self.life).timestamp() * 1000)
        data = {"access_token": self.tokens[-1], "expires": expires}
        return Answer({"success": True, "code": 200, "data": data, "message": None})

    def _trades(self, asked: dict[str, Any]) -> Answer:
        start, end = (
            second(datetime.fromisoformat(asked[name]).replace(tzinfo=SHANGHAI))
            for name in ("start_update", "end_update")
        )
        if end <= start or end - start > 92 * 86400 or asked["page_no"] > 100:
            return refused(106000003)
        if asked["page_size"] > 100:
            return refused(5000)
        last = end + 1 if self.ends_included else end
        found = sorted(
            (item for item in self.orders.values() if start <= item[0] < last),
            key=lambda item: (-item[0], item[1]["full_order_info"]["order_info"]["tid"]),
        )
        page = _page([record for _, record in found], asked["page_no"], asked["page_size"])
        return self._said({"total_results": len(found), "full_order_info_list": page})

    def _customers(self, asked: dict[str, Any]) -> Answer:
        start = asked["created_at_start"] / self.customer_unit
        end = asked["created_at_end"] / self.customer_unit
        found = sorted(
            (one for one in self.customers if start <= one["created_at"] <= end),
            key=lambda one: -one["created_at"],
        )
        page, size = asked["page_no" if "page_no" in asked else "page"], asked["page_size"]
        if len(found) > self.customer_limit:
            return refused(142710032)
        if page > 500 or size > 50:
            return refused(5000)
        return self._said({"total": len(found), "record_list": _page(found, page, size)})

    def _said(self, data: dict[str, Any]) -> Answer:
        if self.envelope == "response":
            return Answer({"response": data})
        return Answer({"trace_id": "yz7-2", "code": 200, "success": True, "data": data})


def _page(found: list[dict[str, Any]], page: int, size: int) -> list[dict[str, Any]]:
    return found[(page - 1) * size : page * size]
