"""
A small shop behind a JSON interface of no particular make, and its OAuth token service.

One list of records, in the order of their ids, is offered by every way of paging: /by-page,
/by-offset, /by-cursor, /by-link, /by-next (a link in the body) and /all.
"""

import io
import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx

from adapters.sources.http import Answer as Told
from tests.adapters.loopback import Answer, Loopback, Request

Record = dict[str, Any]


class RestShop:
    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.records = {record["id"]: record for record in records}
        self.by_place = False  # in the order of their last move, as of their last change elsewhere
        self.cap = 10_000  # the longest page, whatever is asked for
        self.hidden: set[int] = set()  # left out of a page after it was cut
        self.faults: list[Answer] = []  # what goes wrong next, one call each
        self.between: Callable[[], None] = lambda: None  # what happens after each page
        self.token_seconds: int | None = 3600
        self.tokens = 0  # issued so far; only the last one is good
        self.forms: list[Record] = []
        self.open = True  # asks nobody for a token

    def __call__(self, request: Request) -> Answer:
        if request.path == "/token":
            return self._token(request)
        if self.faults:
            return self.faults.pop(0)
        if not self.open and request.authorization != f"Bearer t{self.tokens}":
            return Answer({"error": "invalid_token"}, status=401)
        offered = {
            "/all": self._all,
            "/by-page": self._by_page,
            "/by-offset": self._by_offset,
            "/by-cursor": self._by_cursor,
            "/by-link": self._by_link,
            "/by-next": self._by_next,
        }
        answer = offered[request.path](self._asked(request))
        self.between()
        return answer

    def _token(self, request: Request) -> Answer:
        self.forms.append(request.body)
        self.tokens += 1
        return Answer({"access_token": f"t{self.tokens}", "expires_in": self.token_seconds})

    def _asked(self, request: Request) -> Record:
        return {**request.query, **(request.body or {})}

    def _found(self, asked: Record) -> list[Record]:
        """Return who changed within the asked window, in order."""
        since, until = int(asked.get("since", 0)), int(asked.get("until", 10**12))
        records = sorted(self.records.values(), key=self._place)
        return [record for record in records if since <= record.get("updated", 0) < until]

    def _place(self, record: Record) -> int:
        place: int = record["place"] if self.by_place and "place" in record else record["id"]
        return place

    def _size(self, asked: Record) -> int:
        return min(int(asked["size"]), self.cap)

    def _all(self, asked: Record) -> Answer:
        return Answer(self._found(asked))

    def _by_page(self, asked: Record) -> Answer:
        found, size = self._found(asked), self._size(asked)
        items = self._cut(found, (int(asked["page"]) - 1) * size, size)
        return Answer({"data": {"items": items}, "count": len(found)})

    def _by_offset(self, asked: Record) -> Answer:
        found = self._found(asked)
        items = self._cut(found, int(asked["offset"]), self._size(asked))
        return Answer({"items": items, "count": len(found)})

    def _cut(self, found: list[Record], start: int, size: int) -> list[Record]:
        return [each for each in found[start : start + size] if each["id"] not in self.hidden]

    def _behind(self, asked: Record) -> tuple[list[Record], int | None]:
        """Return a page behind the record `after`, and the cursor of the next."""
        left = [each for each in self._found(asked) if each["id"] > int(asked.get("after", -1))]
        page = left[: self._size(asked)]
        return page, page[-1]["id"] if len(left) > len(page) else None

    def _by_cursor(self, asked: Record) -> Answer:
        page, after = self._behind(asked)
        return Answer({"items": page, "next": after, "has_more": after is not None})

    def _by_link(self, asked: Record) -> Answer:
        page, after = self._behind(asked)
        query = urlencode({**asked, "after": after})
        links = f'<?{query}>; rel="next", </by-link>; rel="first"'
        return Answer(page, headers={"Link": links} if after is not None else {})

    def _by_next(self, asked: Record) -> Answer:
        page, after = self._behind(asked)
        query = urlencode({**asked, "after": after})
        return Answer({"items": page, "next": f"/by-next?{query}" if after is not None else None})


class RestLoopback(Loopback):
    """A loopback that reads forms too."""

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.headers.get("Content-Type") == "application/x-www-form-urlencoded":
            length = int(handler.headers["Content-Length"])
            form = parse_qs(handler.rfile.read(length).decode())
            raw = json.dumps({name: values[0] for name, values in form.items()}).encode()
            handler.headers.replace_header("Content-Length", str(len(raw)))
            handler.rfile = io.BytesIO(raw)
        super()._serve(handler)


class NoWire:
    """What SourceHttp is to an Interface, straight into a shop: for thousands of calls a second."""

    def __init__(self, shop: RestShop) -> None:
        self.shop = shop
        self.calls = 0

    async def call(self, _: str, path: str, **asked: Any) -> Told:
        self.calls += 1
        url = httpx.URL(path)
        sent = asked.get("params") or asked.get("payload") or dict(url.params)
        query = {name: str(value) for name, value in sent.items()}
        answer = self.shop(Request(f"/{url.path.strip('/')}", query, None, None))
        body = json.loads(json.dumps(answer.body), parse_float=Decimal)
        return Told(body, httpx.Headers(dict(answer.headers)))
