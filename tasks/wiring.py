"""The composition root: settings are read here, once, and turned into things that work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from adapters.channels.base import Channel
from adapters.channels.dry_run import DryRunChannel
from adapters.channels.wecom import WecomChannel
from adapters.llm import Llm
from adapters.phones import PhoneHash, phone_hash
from adapters.sources.base import Source
from adapters.wecom.client import WecomClient
from adapters.wecom.contacts import WecomContacts
from adapters.wecom.own_sends import OwnSends
from rules.hours import Hours
from rules.windows import Rhythm
from schemas.channel import DRY_RUN, WECOM
from schemas.clock import is_rehearsal, now
from schemas.contract import Contract
from schemas.enums import Entity
from schemas.environment import SANDBOX, Environment, base_url, secret
from schemas.errors import ConfigurationError, RunRefused
from schemas.policy import Policy
from schemas.settings import Settings, load
from store import database
from store.staging import Stage
from tasks.expectations import require_known_rules
from tasks.inbox import reader
from tasks.opening import open_source
from tasks.planner import Planner

DRY_RUN_FILE = "dry_run.jsonl"


@dataclass(frozen=True)
class Wiring:
    """What every task needs; parts are made when first asked for."""

    settings: Settings
    environment: Environment

    @cached_property
    def database(self) -> Engine:
        """The engine. Raises ConfigurationError where no database is named."""
        return database.engine(self._database_url)

    @cached_property
    def planner(self) -> Planner:
        """What deciding needs; nothing of it is a secret but the database's."""
        return Planner(self._database_url, self.policy, self.zone_name)

    @property
    def _database_url(self) -> str:
        url = self.environment.database_url
        if not url:
            raise ConfigurationError(
                "no database is running; start runwu with `runwu up`, or set DATABASE_URL"
            )
        return url

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """The configured sources by name, and the channel's own contacts last."""
        configured = self.settings.sources.items()
        opened = {
            name: open_source(
                name,
                source,
                self.environment,
                hash_in=self._phone_hash,
                fetch=reader(lambda: self.database, name),
            )
            for name, source in configured
        }
        return {**opened, WECOM: WecomContacts(self._wecom)}

    def stage(self, source: str, entity: Entity) -> Stage:
        """Return where a source's rows are staged."""
        settings = self.settings.sources.get(source)
        return Stage(source, entity, settings.members_of if settings else None)

    def rhythm(self, source: str) -> Rhythm:
        """Return when a source is read, and which span of its time."""
        if source == WECOM:
            every = timedelta(minutes=self.settings.channels.wecom.contacts_every_minutes)
            return Rhythm(timedelta(0), timedelta(0), every)
        settings = self.settings.sources[source]
        return Rhythm(
            timedelta(minutes=settings.overlap_minutes),
            timedelta(seconds=settings.lag_seconds),
            timedelta(minutes=settings.every_minutes),
        )

    def _phone_hash(self, region: str) -> PhoneHash | None:
        """Return what tells phones of a region; None, so that nobody's is told, without a salt."""
        salt = self.environment.identity_salt
        if salt is None:
            return None
        return phone_hash(secret(salt, "RUNWU_IDENTITY_SALT", ""), region)

    @property
    def way_out(self) -> str:
        """The channel that is called at last: the one approved for, or none at all."""
        return DRY_RUN if self.settings.channels.dry_run else WECOM

    def channel(self, as_of: datetime, via: str) -> Channel:
        """
        Return the channel of a dispatch: what was once called is asked after where it was called.

        Raises RunRefused where a day gone by would reach real people: at what is another hour
        for them, and on a clock by which an unanswered call is never found again.
        """
        if via == DRY_RUN:
            return DryRunChannel(self.environment.home / DRY_RUN_FILE)
        real = self.settings.channels.wecom.base_url != SANDBOX
        if real and is_rehearsal(as_of, now()):
            raise RunRefused(
                f"{as_of:%Y-%m-%d %H:%M}Z is not now: another time is rehearsed against the sandbox"
                f' only; set channels.wecom base_url = "{SANDBOX}" or channels.dry_run = true'
            )
        return self._channel

    @cached_property
    def _channel(self) -> Channel:
        return WecomChannel(self._wecom, self.settings.channels.wecom)

    @property
    def own_sends(self) -> OwnSends:
        """What employees send by themselves; nothing is asked of WeCom but to be read."""
        return OwnSends(self._wecom)

    @property
    def holdout_salt(self) -> str:
        """What draws the holdout. Raises ConfigurationError where real people lack one."""
        given = self.environment.holdout_salt
        if given is None and self.settings.channels.wecom.base_url == SANDBOX:
            return SANDBOX
        return secret(given, "RUNWU_HOLDOUT_SALT", "")

    @cached_property
    def policy(self) -> Policy:
        """The policy in force, the platform's quota included, so that its version covers it."""
        return self.settings.effective_policy

    @cached_property
    def contract(self) -> Contract:
        """The data contract's terms. Raises ConfigurationError for a rule that there is not."""
        require_known_rules(self.settings.contract)
        return self.settings.contract

    @property
    def zone_name(self) -> str:
        """The business zone's name."""
        return self.settings.business.timezone

    @property
    def zone(self) -> ZoneInfo:
        """The business zone, in which days begin and quiet hours are told."""
        return ZoneInfo(self.zone_name)

    @property
    def hours(self) -> Hours:
        """When people of the business zone may be written to."""
        return Hours(self.policy, self.zone)

    def business_day(self, as_of: datetime) -> datetime:
        """Return `as_of` as clocks in the business zone show it."""
        return as_of.astimezone(self.zone)

    @cached_property
    def llm(self) -> Llm | None:
        """The language model, or None where only templates write."""
        llm = self.settings.llm
        if llm is None:
            return None
        key = secret(self.environment.llm_api_key, "RUNWU_LLM_API_KEY", llm.base_url)
        return Llm(base_url(llm.base_url, "llm/v1", self.environment), key, llm)

    @cached_property
    def _wecom(self) -> WecomClient:
        wecom = self.settings.channels.wecom
        return WecomClient(
            base_url(wecom.base_url, "wecom", self.environment),
            wecom.corp_id,
            secret(self.environment.wecom_secret, "RUNWU_WECOM_SECRET", wecom.base_url),
            wecom.timeout_seconds,
        )


def require_usable(settings: Settings, as_of: datetime) -> None:
    """Raise ConfigurationError or RunRefused unless every source and channel can work then."""
    made = Wiring(settings, Environment())
    _ = made.contract, made.sources, made.channel(as_of, made.way_out), made.llm, made.holdout_salt


@cache
def wiring() -> Wiring:
    """Return this process's wiring, from runwu.toml and the environment."""
    return Wiring(load(), Environment())
