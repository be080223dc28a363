"""One value at a time, out of decoded JSON: what cannot be read becomes None and a defect."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationError,
)

from schemas.incoming import key_text

SHOWN = 80
"""How many characters of an unreadable value a defect shows."""

PLAIN_NUMBER = r"[+-]?(?:[0-9]{1,18}(?:[.][0-9]{0,18})?|[.][0-9]{1,18})"
"""Digits as a shop writes them: no exponent, no thousands separator, no NaN."""

_INT64 = 2**63 - 1
_LAST_DAY = 253_402_214_400  # 9999-12-31T00:00Z in seconds


def _only(*kinds: type) -> BeforeValidator:
    """Refuse what pydantic would convert although nobody meant it, booleans above all."""

    def check(value: object) -> object:
        if type(value) not in kinds:
            raise ValueError("another type was expected")
        return value

    return BeforeValidator(check)


def _written_as(pattern: str) -> BeforeValidator:
    """Refuse text of another form; pydantic alone takes "1_000" for a number, "17" for a time."""

    def check(value: object) -> object:
        if isinstance(value, str) and not re.fullmatch(pattern, value.strip()):
            raise ValueError("written in another form")
        return value

    return BeforeValidator(check)


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("beyond the calendar") from error


def _from_epoch(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


# Validators of Annotated run from the last to the first, those called After in reading order.
KEY = TypeAdapter[Any](Annotated[Any, AfterValidator(key_text), _only(str, int)])
TEXT = TypeAdapter[Any](Annotated[str, _only(str)])
FLAG = TypeAdapter[Any](Annotated[bool, _only(bool)])
MOMENT = TypeAdapter[Any](
    Annotated[
        AwareDatetime,
        AfterValidator(_utc),
        _written_as(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].+"),
        _only(str),
    ]
)
WHOLE = TypeAdapter[Any](
    Annotated[
        int,
        Field(ge=-_INT64, le=_INT64),
        _written_as(PLAIN_NUMBER),
        _only(str, int, Decimal),
    ]
)
AMOUNT = TypeAdapter[Any](
    Annotated[
        Decimal,
        Field(max_digits=36, decimal_places=18, allow_inf_nan=False),
        _written_as(PLAIN_NUMBER),
        _only(str, int, Decimal),
    ]
)
EPOCH = TypeAdapter[Any](
    Annotated[
        int,
        Field(ge=1, lt=_LAST_DAY),
        AfterValidator(_from_epoch),
        _written_as("[0-9]{1,12}"),
        _only(str, int),
    ]
)


def defect(column: str, value: object) -> str:
    """Return "column: value", short, storable, and free of the semicolon that joins defects."""
    shown = str(value).encode("utf-8", "backslashreplace").decode()[:SHOWN]
    return f"{column}: " + shown.replace("\0", r"\x00").replace(";", ",")


def _storable(text: str) -> str:
    """Return the text without what PostgreSQL cannot hold: NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


class Reading:
    """Takes values out of one decoded record and remembers which could not be read."""

    def __init__(self, record: object, name: str) -> None:
        """Read `record`; one that is no object has no values, and a defect called `name`."""
        self._record = record if isinstance(record, dict) else {}
        self._told = [] if isinstance(record, dict) else [defect(name, record)]

    def take(self, name: str, kind: TypeAdapter[Any], column: str | None = None) -> Any:
        """Return the value called `name`; None if it is absent, blank or unreadable."""
        raw = self._record.get(name)
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return None
        try:
            value = kind.validate_python(raw)
        except ValidationError:
            self.note(column or name, raw)
            return None
        if not isinstance(value, str):
            return value
        clean = _storable(value)
        if clean != value:
            self.note(column or name, value)
        return clean if clean.strip() else None

    def note(self, column: str, value: object) -> None:
        """Remember a defect."""
        self._told.append(defect(column, value))

    def defects(self, *others: str | None) -> str | None:
        """Return the defects of this record and those of `others`; None if there are none."""
        return "; ".join([told for told in (*self._told, *others) if told]) or None
