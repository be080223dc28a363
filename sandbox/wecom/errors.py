"""How WeCom says no: HTTP 200, an errcode, and a wordy errmsg."""

from datetime import datetime

from sandbox.chance import digest


class WecomError(Exception):
    """A call was refused; `code` as in the official table."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def answer_of(code: int, text: str, at: datetime) -> dict[str, object]:
    """Return the body of a refusal as the real one words it."""
    stamp = int(at.timestamp())
    token = digest(code, text, stamp)
    hint = f"[{stamp}_{int(token[:2], 16)}_{token[2:34]}]"
    more = f"https://open.work.weixin.qq.com/devtool/query?e={code}"
    message = f"{text}, hint: {hint}, from ip: 127.0.0.1, more info at {more}"
    return {"errcode": code, "errmsg": message}
