"""Access tokens and their two hours."""

from datetime import datetime, timedelta
from typing import Final

from sandbox.chance import digest
from sandbox.wecom.errors import WecomError

CORP_ID: Final = "ww-sandbox"
CORP_SECRET: Final = "sandbox-secret"  # noqa: S105  the stand-in's only secret is a public one
LIFETIME: Final = timedelta(seconds=7200)


class Tokens:
    """The tokens handed out so far."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._expiry: dict[str, datetime] = {}

    def grant(self, corp_id: str, secret: str, at: datetime) -> str:
        """Return a new token."""
        if corp_id != CORP_ID:
            raise WecomError(40013, "invalid corpid")
        if secret != CORP_SECRET:
            raise WecomError(40001, "invalid credential")
        token = digest(self._seed, "token", len(self._expiry))
        self._expiry[token] = at + LIFETIME
        return token

    def check(self, token: str, at: datetime) -> None:
        """Refuse a token that is missing, unknown or expired."""
        if not token:
            raise WecomError(41001, "access_token missing")
        if token not in self._expiry:
            raise WecomError(40014, "invalid access_token")
        if at >= self._expiry[token]:
            raise WecomError(42001, "access_token expired")
