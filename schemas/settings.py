"""
The typed configuration: one TOML file, secrets from the environment only.

Without a file everything points to the sandbox. `base_url = "sandbox"` means the local stand-in,
wherever it listens.
"""

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from schemas.channel import WECOM
from schemas.contract import Contract
from schemas.environment import SANDBOX, Environment
from schemas.errors import ConfigurationError
from schemas.governing import Cap, Scope
from schemas.policy import Policy
from schemas.section import Section, Words, Zone
from schemas.sources import FileSource, Rehearsal, ShopSource, SourceSettings
from schemas.sources.base import SourceName

Quota = Literal["day:1", "week:7", "month:days"]
"""What a corp may set WeCom's quota to (wecom.md, section 4)."""


class Business(Section):
    """Who speaks, and whose day it is. `contact` is how a member reaches us (Ad Law art. 43)."""

    name: Words = "润物咖啡"
    timezone: Zone = "Asia/Shanghai"
    contact: Words = "直接回复我"


class WecomSettings(Section):
    """
    The WeCom channel.

    Limits are the platform's (wecom.md, section 3 and 4) and may be lowered, never raised. WeCom
    tells no change of contacts but all of them, a call for every hundred, so they are read anew
    after `contacts_every_minutes` only.

    `quota` is how many mass sends the corp lets a customer get, its own and its employees' taken
    together: what WeCom's admin console is set to, which no interface tells.
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
    contacts_every_minutes: int = Field(default=60 * 12, ge=0, le=60 * 24)
    quota: Quota | None = None

    @property
    def quota_cap(self) -> Cap | None:
        """The quota as a cap like any other; None while nobody has said which it is."""
        match self.quota:
            case None:
                return None
            case "day:1":
                return Cap(scope=Scope.CHANNEL, only=(WECOM,), window="day", max=1)
            case "week:7":
                return Cap(scope=Scope.CHANNEL, only=(WECOM,), window="week", max=7)
            case "month:days":
                return Cap(scope=Scope.CHANNEL, only=(WECOM,), window="month", max="days")


class Channels(Section):
    """
    The ways out.

    With `dry_run` nothing leaves the house: what would have gone out is written to dry_run.jsonl
    in the home folder, and nobody's budget is spent by it.
    """

    dry_run: bool = False
    wecom: WecomSettings = WecomSettings()


class LlmSettings(Section):
    """
    An OpenAI-compatible endpoint that words messages; without this section templates do.

    `structure` is how answers are asked for at first; an endpoint that refuses it is asked in the
    next simpler way. `retries` are the client's own, per wording; a wording is asked for at most
    `retries + 2` times in all.
    """

    base_url: str
    model: Words
    structure: Literal["json_schema", "json_object", "plain"] = "json_schema"
    timeout_seconds: float = Field(default=30.0, gt=0)
    retries: int = Field(default=2, ge=0, le=5)
    concurrency: int = Field(default=8, ge=1, le=64)


class Review(Section):
    """The review desk."""

    batch_size: int = Field(default=25, ge=1, le=25)


def _sandbox_shop() -> dict[SourceName, SourceSettings]:
    # The sandbox stands still while it is read: there is nothing to leave alone.
    return {"shop": ShopSource(type="shop", lag_seconds=0)}


class Settings(Section):
    """All of runwu.toml."""

    business: Business = Business()
    sources: dict[SourceName, SourceSettings] = Field(default_factory=_sandbox_shop)
    channels: Channels = Channels()
    llm: LlmSettings | None = None
    policy: Policy = Policy()
    contract: Contract = Contract()
    review: Review = Review()

    @property
    def effective_policy(self) -> Policy:
        """The policy with the platform's quota as one more cap: what every decision goes by."""
        quota = self.channels.wecom.quota_cap
        if quota is None or quota in self.policy.caps:
            return self.policy
        return self.policy.model_copy(update={"caps": (*self.policy.caps, quota)})

    def model_post_init(self, context: object, /) -> None:
        """Keep made-up consent and made-up wording away from real channels."""
        del context
        if "wecom" in self.sources:
            raise ValueError(
                "sources.wecom is taken: WeCom's contacts come with [channels.wecom]; give this "
                "source another name"
            )
        for name, source in self.sources.items():
            if source.members_of is not None and source.members_of not in self.sources:
                raise ValueError(
                    f"sources.{name}.members_of is {source.members_of!r}, which is no source; "
                    f"there are {', '.join(self.sources)}"
                )
        if self.channels.wecom.base_url == SANDBOX:
            return
        if self.llm is not None and self.llm.base_url == SANDBOX:
            raise ValueError(
                "llm.base_url is the stand-in, whose wording is for rehearsal, so channels.wecom "
                f'must stay base_url = "{SANDBOX}"; name a real endpoint or remove [llm]'
            )
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
        raise ConfigurationError(f"{chosen}: {_first(error, content)}") from error


def _first(error: ValidationError, content: dict[str, object]) -> str:
    """Return the first mistake: where it is, and all that would have been right there."""
    found: dict[str, list[str]] = {}
    for one in error.errors():
        told = one["msg"].removeprefix("Value error, ")
        found.setdefault(_place(one["loc"], content), []).append(told)
    where, told_of_it = next(iter(found.items()))
    return f"{where}: {', or '.join(told_of_it)}"


def _place(told: tuple[int | str, ...], content: Any) -> str:
    """Return the key of a mistake; below a plain value pydantic names the types it tried."""
    keys: list[str] = []
    for part in told:
        if isinstance(content, list) and isinstance(part, int):
            content = content[part]
        elif isinstance(content, dict):
            content = content.get(part, {})
        else:
            break
        keys.append(str(part))
    return ".".join(keys) or "the file"


def _anchored(content: dict[str, object], folder: Path) -> dict[str, object]:
    """Make the paths of file sources relative to the configuration file."""
    for source in _sections(content.get("sources")):
        for told in (source, *_sections(source.get("entities"))):
            if source.get("type") == "file" and isinstance(told.get("path"), str):
                told["path"] = os.path.normpath(folder / told["path"])
    return content


def _sections(content: object) -> Iterator[dict[str, Any]]:
    """Yield the sections within a section; what is none is pydantic's to refuse."""
    for section in content.values() if isinstance(content, dict) else ():
        if isinstance(section, dict):
            yield section
