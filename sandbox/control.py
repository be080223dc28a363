"""A client of the control endpoints, for the demo and for tests."""

from datetime import datetime

import httpx
from pydantic import TypeAdapter

from sandbox.records import (
    ClockTime,
    CompletionRecord,
    Deletion,
    Farewell,
    Fault,
    FaultKind,
    Manner,
    Mode,
    OwnSend,
    Received,
    Record,
    TaskName,
    TaskRecord,
)

_RECEIVED = TypeAdapter(list[Received])
_TASKS = TypeAdapter(list[TaskRecord])
_DELETIONS = TypeAdapter(list[Deletion])
_COMPLETIONS = TypeAdapter(list[CompletionRecord])


class Control:
    """Turns the world's clock and looks behind its scenes; refusals raise httpx.HTTPStatusError."""

    def __init__(self, base_url: str) -> None:
        self._http = httpx.Client(
            base_url=f"{base_url.rstrip('/')}/sandbox",
            headers={"connection": "close"},  # nothing stays open, so nothing needs closing
            timeout=120,  # a big world takes its time to come about
            trust_env=False,
        )

    def clock(self) -> datetime:
        """Return the world's time."""
        return ClockTime.model_validate_json(self._get("clock")).at

    def set_clock(self, at: datetime) -> datetime:
        """Ask for a time and return the one the world is at; it rarely goes back."""
        return ClockTime.model_validate_json(self._post("clock", ClockTime(at=at))).at

    def received(self) -> list[Received]:
        """Return every message that customers really received."""
        return _RECEIVED.validate_json(self._get("received"))

    def tasks(self) -> list[TaskRecord]:
        """Return every mass-send task created."""
        return _TASKS.validate_json(self._get("tasks"))

    def deleted(self) -> list[Deletion]:
        """Return which customers deleted which employees."""
        return _DELETIONS.validate_json(self._get("deleted"))

    def delete(self, external_userid: str, userid: str) -> None:
        """Make a customer delete an employee now."""
        self._post("deleted", Farewell(external_userid=external_userid, userid=userid))

    def confirm(self, msgid: str) -> TaskRecord:
        """Make the employees confirm a task now."""
        return TaskRecord.model_validate_json(self._post("confirm", TaskName(msgid=msgid)))

    def send_own(self, userid: str, *external_userids: str) -> TaskRecord:
        """Make an employee send a mass message of their own to some of their customers now."""
        wanted = OwnSend(userid=userid, external_userid=external_userids)
        return TaskRecord.model_validate_json(self._post("own_sends", wanted))

    def fault(
        self, path: str, kind: FaultKind, *, code: int = -1, seconds: float = 0.0, times: int = 1
    ) -> None:
        """Let the next `times` calls whose path ends with `path` go wrong."""
        self._post("faults", Fault(path=path, kind=kind, code=code, seconds=seconds, times=times))

    def llm(self, mode: Mode, *, times: int = 1, code: int = 500, seconds: float = 0.0) -> None:
        """Let the next `times` completions go in this way; `good` ends all that was asked for."""
        self._post("llm", Manner(mode=mode, times=times, code=code, seconds=seconds))

    def completions(self) -> list[CompletionRecord]:
        """Return every request for a completion that came in."""
        return _COMPLETIONS.validate_json(self._get("llm"))

    def _get(self, path: str) -> bytes:
        return self._http.get(path).raise_for_status().content

    def _post(self, path: str, record: Record) -> bytes:
        answer = self._http.post(path, json=record.model_dump(mode="json"))
        return answer.raise_for_status().content
