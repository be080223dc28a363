"""Times as interfaces write them: read into UTC, and written into the parameters of a window."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, TypeAdapter

from adapters.values import EPOCH
from schemas.incoming import Window
from schemas.sources.rest_calls import WindowParams

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9].*)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_LAST_DAY = 253_402_214_400_000  # 9999-12-31T00:00Z in milliseconds


def moments(written: str, zone: str | None) -> TypeAdapter[Any]:
    """
    Return what reads times of a format (see TimeFormat); a day alone is its beginning.

    A time without an offset is of `zone`: of two the earlier, of none, or without a zone, unread.
    """
    if written == "epoch_seconds":
        return EPOCH
    if written == "epoch_milliseconds":
        return TypeAdapter(Annotated[Any, AfterValidator(_from_milliseconds)])
    local = ZoneInfo(zone) if zone else None

    def read(value: object) -> datetime:
        if not isinstance(value, str):
            raise ValueError("a time is text")  # noqa: TRY004 - pydantic takes only ValueError
        told = value.strip()
        if written != "iso8601":
            return _utc(datetime.strptime(told, written), local)  # noqa: DTZ007 - see _utc
        if not _ISO.fullmatch(told):
            raise ValueError("written in another form")
        return _utc(datetime.fromisoformat(told), local)

    return TypeAdapter(Annotated[Any, AfterValidator(read)])


def _from_milliseconds(value: object) -> datetime:
    digits = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch("[0-9]{1,15}", digits):
        raise ValueError("written in another form")
    if not 0 < int(digits) < _LAST_DAY:
        raise ValueError("beyond the calendar")
    return _EPOCH + timedelta(milliseconds=int(digits))


def _utc(at: datetime, zone: ZoneInfo | None) -> datetime:
    try:
        if at.tzinfo is not None:
            return at.astimezone(UTC)
        if zone is None:
            raise ValueError("no zone is declared")
        instant = at.replace(tzinfo=zone).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) != at:
            raise ValueError("clocks there skip this time")
    except OverflowError as error:
        raise ValueError("beyond the calendar") from error
    return instant


def window_params(settings: WindowParams | None, window: Window) -> dict[str, str | int]:
    """Return the parameters that select a window; `since` is never late, `until` never early."""
    if settings is None:
        return {}
    write = _writer(settings)
    params: dict[str, str | int] = {}
    if window.since is not None:
        params[settings.since] = write(window.since, up=False)
    if settings.until is not None:
        params[settings.until] = write(window.until, up=True)
    return params


def _writer(settings: WindowParams) -> Callable[..., str | int]:
    zone = ZoneInfo(settings.timezone)

    def write(at: datetime, *, up: bool) -> str | int:
        if settings.format == "iso8601":
            return at.astimezone(zone).isoformat()
        if settings.format == "epoch_milliseconds":
            return _units(at, timedelta(milliseconds=1), up=up)
        seconds = _units(at, _SECOND, up=up)
        if settings.format == "epoch_seconds":
            return seconds
        return (_EPOCH + seconds * _SECOND).astimezone(zone).strftime(settings.format)

    return write


def _units(at: datetime, unit: timedelta, *, up: bool) -> int:
    passed = at.astimezone(UTC) - _EPOCH
    return -(-passed // unit) if up else passed // unit
