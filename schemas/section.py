"""What every part of the configuration is made of."""

import hashlib
import json
from datetime import time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints


def _existing_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"no time zone is called {name!r}; e.g. Asia/Shanghai") from error
    return name


Zone = Annotated[str, AfterValidator(_existing_zone)]


def _no_number(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError(f'write a time of day as "20:30", not {value}')  # noqa: TRY004 - pydantic's
    return value


def _no_offset(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("a time of day is local; leave the offset out")
    return value


LocalTime = Annotated[time, BeforeValidator(_no_number), AfterValidator(_no_offset)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def short_hash(told: Any) -> str:
    """Return a short hash of what JSON can tell: the same content has the same one."""
    canonical = json.dumps(told, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


class Section(BaseModel):
    """Base of all sections: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
