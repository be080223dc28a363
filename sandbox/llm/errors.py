"""How an OpenAI-compatible server says no: an HTTP status and an object that explains."""

from typing import Any


class LlmError(Exception):
    """A request was refused; `code` and `param` as the real ones name them, where they do."""

    def __init__(
        self, status: int, text: str, *, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.code = code
        self.param = param

    def body(self) -> dict[str, Any]:
        """Return the body of the refusal."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"  # noqa: PLR2004
        explained = {"message": self.text, "type": kind, "param": self.param, "code": self.code}
        return {"error": explained}
