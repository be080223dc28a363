"""Calling Shopify's GraphQL Admin API within its points, and what it says in place of an answer."""

import asyncio
import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from adapters.sources.http import Answer, Busy, Sleep, SourceHttp
from schemas.errors import SourceError

_BUSY_CODES = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT"})
_SHOWN = 160
"""How many characters of Shopify's own sentence an error shows."""

_log = logging.getLogger(__name__)


class Bucket:
    """
    The app's points at one shop, as its last answer told them.

    A call needs its requested cost in the bucket before it runs and gets back afterwards what it
    did not use (shopify.dev, rate limits); points come back at so many a second.
    """

    def __init__(self, spare: int) -> None:
        self._spare = Decimal(spare)
        self._costs: dict[str, Decimal] = {}
        self._available = self._rate = self._most = Decimal(0)

    def note(self, query: str, cost: object) -> None:
        """Take over what an answer told about the cost of `query` and about the bucket."""
        told = cost if isinstance(cost, dict) else {}
        status = told.get("throttleStatus")
        status = status if isinstance(status, dict) else {}
        requested, available, rate, most = (
            _points(told.get("requestedQueryCost")),
            _points(status.get("currentlyAvailable")),
            _points(status.get("restoreRate")),
            _points(status.get("maximumAvailable")),
        )
        if requested is None or available is None or not rate or most is None:
            self._rate = Decimal(0)  # nothing to reckon with: Shopify's own THROTTLED has to do
            return
        self._costs[query] = requested
        self._available, self._rate, self._most = available, rate, most

    def wait(self, query: str) -> float | None:
        """Return the seconds until `query` can be paid for; None if the last answer didn't tell."""
        if not self._rate or query not in self._costs:
            return None
        needed = min(self._costs[query] + self._spare, self._most)
        return float(max(needed - self._available, Decimal(0)) / self._rate)


class ShopifyCalls:
    """Queries of one shop, one after the other."""

    def __init__(
        self, name: str, http: SourceHttp, version: str, spare: int, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._name = name
        self._http = http
        self._version = version
        self._bucket = Bucket(spare)
        self._sleep = sleep
        self._told_version = False

    async def ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """
        Return the data of an answer without errors; wait first if the bucket is too empty.

        Raises SourceError for an answer with errors, even if part of its data came: the rest of it
        is null, which would be taken for a shop's own nulls.
        """
        wait = self._bucket.wait(query)
        if wait:
            await self._sleep(wait)

        def judge(answer: Answer) -> None:
            self._judge(query, answer)

        answer = await self._http.call(
            "POST",
            f"admin/api/{self._version}/graphql.json",
            payload={"query": query, "variables": variables},
            judge=judge,
        )
        data: dict[str, Any] = answer.body["data"]
        return data

    def _judge(self, query: str, answer: Answer) -> None:
        """Raise Busy for what passes by itself (it comes with HTTP 200), SourceError otherwise."""
        self._check_version(answer.headers.get("X-Shopify-API-Version"))
        body = answer.body if isinstance(answer.body, dict) else {}
        extensions = body.get("extensions")
        self._bucket.note(query, extensions.get("cost") if isinstance(extensions, dict) else None)
        if errors := body.get("errors"):
            first = errors[0] if isinstance(errors, list) else errors
            told = first if isinstance(first, dict) else {"message": first}
            more = told.get("extensions")
            self._refuse(query, told, more if isinstance(more, dict) else {})
        if not isinstance(body.get("data"), dict):
            raise SourceError(
                f"sources.{self._name}: Shopify's answer has neither data nor errors; "
                "check base_url"
            )

    def _refuse(self, query: str, error: dict[str, Any], more: dict[str, Any]) -> None:
        code = more.get("code")
        if code == "THROTTLED" or error.get("message") == "Throttled":
            raise Busy("throttled", self._bucket.wait(query) or None)
        if code in _BUSY_CODES:
            raise Busy(f"its own {code}")
        sentence = " ".join(str(error.get("message")).split())[:_SHOWN].rstrip(". ")
        if code == "ACCESS_DENIED":
            needed = more.get("requiredAccess") or "what its message names"
            mend = f"grant the app {str(needed).rstrip('.')} and install it again"
        elif code == "MAX_COST_EXCEEDED" or "max cost" in sentence:
            mend = f"lower sources.{self._name}.page_size, order_page_size or lines_per_order"
        elif "cursor" in sentence:
            mend = "the next run goes on from the last page that was kept"
        else:
            mend = f"check the app, the shop and sources.{self._name}.api_version"
        raise SourceError(f"sources.{self._name}: Shopify refused ({sentence}); {mend}")

    def _check_version(self, served: str | None) -> None:
        """Tell once that Shopify answered by another version: ours is no longer supported."""
        if served and served != self._version and not self._told_version:
            self._told_version = True
            _log.warning("shopify.version asked=%s served=%s", self._version, served)


def _points(value: object) -> Decimal | None:
    plain = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return Decimal(value) if plain and value >= 0 else None  # type: ignore[arg-type,operator]
