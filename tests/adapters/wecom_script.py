"""A hand-written stand-in for WeCom's answers: tokens that can be revoked, and queued answers."""

import threading
from collections import defaultdict, deque
from typing import Any

from tests.adapters.loopback import Answer, Request


class WecomScript:
    def __init__(self) -> None:
        self.tokens = 0  # how many were handed out; the last one is valid
        self.expires_in = 7200
        self.secret_refused: int | None = None
        self.invalid_code = 42001
        self.answers: dict[str, deque[Answer]] = defaultdict(deque)
        self._lock = threading.Lock()

    def answer(self, call: str, *answers: Answer | dict[str, Any]) -> None:
        """Queue answers of `call`; a dict is a success. The last one is given for ever."""
        for one in answers:
            body = {"errcode": 0, "errmsg": "ok", **one} if isinstance(one, dict) else one
            self.answers[call].append(body if isinstance(body, Answer) else Answer(body))

    def revoke(self) -> None:
        """Make the token last handed out invalid, as WeCom may do early."""
        self.tokens += 1000

    def __call__(self, request: Request) -> Answer:
        call = request.path.rpartition("/")[2]
        with self._lock:
            if call == "gettoken":
                return self._token()
            if request.query.get("access_token") != f"token-{self.tokens}":
                return Answer({"errcode": self.invalid_code, "errmsg": "invalid"})
            queued = self.answers[call]
            return queued.popleft() if len(queued) > 1 else queued[0]

    def _token(self) -> Answer:
        if self.secret_refused is not None:
            return Answer({"errcode": self.secret_refused, "errmsg": "invalid credential"})
        self.tokens += 1
        token = f"token-{self.tokens}"
        return Answer({"errcode": 0, "access_token": token, "expires_in": self.expires_in})


def error(code: int) -> Answer:
    return Answer({"errcode": code, "errmsg": "some text, hint: [1_2_3]"})
