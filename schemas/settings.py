"""
The typed configuration: one TOML file, secrets from the environment only.

Without a file everything points to the sandbox. `base_url = "sandbox"` means the local stand-in,
wherever it listens.
"""

import hashlib
import json
import os
import tomllib
from datetime import time
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from schemas.environment import SANDBOX, Environment
from schemas.errors import ConfigurationError


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


class Section(BaseModel):
    """Base of all sections: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Business(Section):
    """Who speaks, and whose day it is. `contact` is how a member reaches us (Ad Law art. 43)."""

    name: Words = "润物咖啡"
    timezone: Zone = "Asia/Shanghai"
    contact: Words = "直接回复我"


class DropRule(Section):
    """
    Rows a source declares to be none of our business; each is counted under `rule`.

    Of several conditions all must hold.
    """

    rule: str
    column: str
    is_null: bool = False
    one_of: tuple[str, ...] = ()
    starts_with: str | None = None
    equals: float | None = None


class Rehearsal(Section):
    """
    Values a public log lacks, made up for rehearsal and declared as such.

    They are refused unless every channel points to the sandbox.
    """

    consent: bool = False
    contacts: bool = False


class ShopSource(Section):
    """A shop with the sandbox's HTTP interface: members and orders by time of change."""

    type: Literal["shop"]
    base_url: str = SANDBOX
    page_size: int = Field(default=200, ge=1, le=1000)


class FileSource(Section):
    """
    A CSV or Parquet file of order lines.

    `columns` maps our names to the file's; `timezone` is the zone of naive times. A line's key is
    its order and its ordinal within the order, in file order.
    """

    type: Literal["file"]
    path: Path
    timezone: Zone
    currency: str = Field(pattern="^[A-Z]{3}$")
    columns: dict[str, str]
    drop: tuple[DropRule, ...] = ()
    rehearsal: Rehearsal = Rehearsal()


SourceSettings = Annotated[ShopSource | FileSource, Field(discriminator="type")]


class WecomSettings(Section):
    """
    The WeCom channel.

    Limits are the platform's (wecom.md, section 3 and 4) and may be lowered, never raised.
    """

    base_url: str = SANDBOX
    corp_id: str = "ww-sandbox"
    agent_id: int = 1000001
    link_url: str = "https://example.com/members"
    max_recipients: int = Field(default=10_000, ge=1, le=10_000)
    text_bytes: int = Field(default=4_000, ge=1, le=4_000)
    timeout_seconds: float = Field(default=10.0, gt=0)
    reconcile_after_minutes: int = Field(default=10, ge=1)
    unknown_ttl_hours: int = Field(default=72, ge=1)


class Channels(Section):
    """The ways out."""

    wecom: WecomSettings = WecomSettings()


class Cap(Section):
    """At most `max` messages per person in a calendar window or in any rolling span of hours."""

    window: Literal["day", "week", "month"] | None = None
    rolling_hours: int | None = Field(default=None, ge=1)
    max: int = Field(ge=1)

    def model_post_init(self, context: object, /) -> None:
        """Insist on exactly one kind of window."""
        del context
        if (self.window is None) == (self.rolling_hours is None):
            raise ValueError("a cap has either `window` or `rolling_hours`")


class QuietHours(Section):
    """Local times between which nobody is written to; the end belongs to the day."""

    start: LocalTime = time(20, 30)
    end: LocalTime = time(9, 0)


class Policy(Section):
    """
    Every threshold of the governor, the segments and the data contract.

    The caps are runwu's own choice (domain.md: no source gives a numeric per-person cap) and
    stricter than the platform's quota.
    """

    caps: tuple[Cap, ...] = (
        Cap(window="day", max=1),
        Cap(rolling_hours=24, max=1),
        Cap(window="week", max=2),
        Cap(rolling_hours=24 * 7, max=2),
        Cap(window="month", max=4),
        Cap(rolling_hours=24 * 30, max=4),
    )
    gap_hours: int = Field(default=48, ge=0)
    quiet_hours: QuietHours = QuietHours()
    silence_limit: int = Field(default=3, ge=1)
    hold_hours: int = Field(default=48, ge=1)

    new_days: int = Field(default=30, ge=1)
    at_risk_days: int = Field(default=90, ge=1)
    lapsed_days: int = Field(default=180, ge=1)
    regular_gaps: int = Field(default=3, ge=2)
    regular_spread: float = Field(default=0.35, gt=0)
    staple_share: float = Field(default=0.5, gt=0, le=1)
    due_lead_days: int = Field(default=2, ge=0)
    due_overrun: float = Field(default=1.3, ge=1)

    data_max_age_hours: int = Field(default=26, ge=1)
    quarantine_floor: int = Field(default=10, ge=0)
    max_quarantined_share: float = Field(default=0.05, ge=0, le=1)

    @property
    def version(self) -> str:
        """Return a short hash of the content: the same rules have the same version."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]


class Review(Section):
    """The review desk."""

    batch_size: int = Field(default=25, ge=1, le=25)


class Settings(Section):
    """All of runwu.toml."""

    business: Business = Business()
    sources: dict[str, SourceSettings] = {"shop": ShopSource(type="shop")}
    channels: Channels = Channels()
    policy: Policy = Policy()
    review: Review = Review()

    def model_post_init(self, context: object, /) -> None:
        """Keep made-up consent away from real channels."""
        del context
        if self.channels.wecom.base_url == SANDBOX:
            return
        for name, source in self.sources.items():
            if isinstance(source, FileSource) and source.rehearsal != Rehearsal():
                raise ValueError(
                    f"sources.{name}.rehearsal makes up consent or contacts, so channels.wecom "
                    f'must stay base_url = "{SANDBOX}"; remove the rehearsal section to go live'
                )


def load(path: Path | None = None) -> Settings:
    """
    Return the settings in `path`, else in RUNWU_CONFIG, else in ./runwu.toml, else the defaults.

    Raises ConfigurationError naming file, key and remedy.
    """
    chosen = path or Environment().config
    if chosen is None and Path("runwu.toml").exists():
        chosen = Path("runwu.toml")
    if chosen is None:
        return Settings()
    try:
        content = tomllib.loads(chosen.read_text(encoding="utf-8"))
        return Settings.model_validate(_anchored(content, chosen.parent))
    except OSError as error:
        raise ConfigurationError(
            f"{chosen} can't be read ({error.strerror}); check --config or RUNWU_CONFIG"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{chosen} is not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ConfigurationError(f"{chosen}: {where}: {first['msg']}") from error


def _anchored(content: dict[str, object], folder: Path) -> dict[str, object]:
    """Make the paths of file sources relative to the configuration file."""
    sources = content.get("sources")
    for source in sources.values() if isinstance(sources, dict) else ():
        if isinstance(source, dict) and isinstance(source.get("path"), str):
            source["path"] = os.path.normpath(folder / source["path"])
    return content
