"""A way out that leads nowhere: what would have gone out is written down instead."""

import fcntl
import json
import logging
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.wecom.parcels import marker_of
from schemas.channel import Parcel, Progress, Reached, Receipt, Result
from schemas.errors import NotSent, Rejected

_PREFIX = "dry-"

_log = logging.getLogger(__name__)


class DryRunChannel:
    """
    Implements Channel over a file of one JSON object per line.

    Nobody ever confirms what is in it, so every task waits until its time is up and is taken back.
    """

    name = "dry_run"

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, parcel: Parcel) -> Receipt:
        """
        Write one parcel down, unless its marker is there already.

        Raises ValueError, as a real channel would, for a parcel without sender, recipients or
        marker.
        """
        msgid = f"{_PREFIX}{marker_of(parcel)}"
        if self._append(msgid, _line(msgid, parcel)):
            _log.info("dry_run.written msgid=%s recipients=%d", msgid, len(parcel.recipients))
        return Receipt(msgid)

    def find(self, marker: str, since: datetime, until: datetime) -> str | None:
        """Return the msgid of the parcel that bears exactly `marker`; the span is not asked."""
        del since, until
        msgid = f"{_PREFIX}{marker}"
        return msgid if msgid in self._records() else None

    def progress(self, msgid: str, sender: str) -> Progress:
        """Tell that nothing is confirmed: every recipient waits."""
        del sender
        _require_ours(msgid)
        recipients = self._records().get(msgid, {}).get("recipients", [])
        return Progress(
            confirmed=False,
            results=tuple(Result(str(recipient), Reached.WAITING) for recipient in recipients),
        )

    def cancel(self, msgid: str) -> None:
        """Do nothing: what never went out needs no stopping."""
        _require_ours(msgid)

    def _append(self, msgid: str, line: bytes) -> bool:
        """Append a line that outlives this process; return False if its msgid has one."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)  # it names members
            with self._path.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # until the file is closed
                written = file.read()
                if msgid in _read(written):
                    return False
                # A line cut off by a crash is closed first, so that it spoils only itself.
                torn = bool(written) and not written.endswith(b"\n")
                file.write(b"\n" + line if torn else line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise NotSent(
                f"the dry run can't write to {self._path} ({error.strerror}); make room and allow "
                "writing there, or set RUNWU_HOME to a folder where that is so"
            ) from error
        return True

    def _records(self) -> dict[str, dict[str, Any]]:
        try:
            return _read(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise NotSent(
                f"the dry run can't read {self._path} ({error.strerror}); allow reading there"
            ) from error


def _line(msgid: str, parcel: Parcel) -> bytes:
    try:
        return json.dumps({"msgid": msgid, **asdict(parcel)}, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError as error:
        raise Rejected("the parcel holds half a character, which no JSON carries") from error


def _read(content: bytes) -> dict[str, dict[str, Any]]:
    """Return the records by msgid; a line that a crash cut off is none."""
    records = {}
    for line in content.split(b"\n"):
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and isinstance(record.get("msgid"), str):
            records[record["msgid"]] = record
    return records


def _require_ours(msgid: str) -> None:
    """Raise NotSent for a task of a real channel: it may be confirmed yet, whatever we say here."""
    if not msgid.startswith(_PREFIX):
        raise NotSent(
            f"task {msgid} went out before the dry run; set channels.dry_run = false to follow it"
        )
