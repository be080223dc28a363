"""The sections of the policy that say whom we may disturb, when, and how often."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from schemas.enums import Category
from schemas.section import LocalTime, Section, Words

AS_MANY_AS_DAYS = "days"
"""The `max` of a month's cap that lets as many pass as the month has days."""

UNBOUNDED = "any"
"""The word that takes a shared budget's bound away, as TOML has none for nothing."""

_SHORTEST_MONTH = 28
# A period of any zone, and as much again as clocks anywhere differ.
_REACH = {"day": timedelta(days=3), "week": timedelta(days=9), "month": timedelta(days=33)}

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Hours = Annotated[int, Field(ge=1, le=24 * 366)]
Days = Annotated[int, Field(ge=1, le=366)]
Most = Annotated[int, Field(ge=0)]


def _bound(told: object) -> object:
    if told == UNBOUNDED:
        return None
    if isinstance(told, str):
        raise ValueError(f'write a number, or "{UNBOUNDED}" for no bound, not "{told}"')  # noqa: TRY004 - pydantic's
    return told


Bound = Annotated[Most | None, BeforeValidator(_bound)]


class Scope(StrEnum):
    """Which of a person's messages a cap counts together."""

    PERSON = "person"
    SENDER = "sender"
    CHANNEL = "channel"
    CATEGORY = "category"


class Cap(Section):
    """
    At most `max` messages to one person in a calendar window of theirs, or in any rolling span.

    The cap of a sender counts what comes through the same sender, and so with a channel and a
    category; `only` names those it is for, else each of them has the cap for itself. `max = 0`
    lets nothing pass; a cap that is not there holds nothing back.
    """

    scope: Scope = Scope.PERSON
    only: tuple[Words, ...] = ()
    window: Literal["day", "week", "month"] | None = None
    rolling_hours: Hours | None = None
    rolling_days: Days | None = None
    max: Most | Literal["days"]

    @model_validator(mode="after")
    def _means_one_thing(self) -> Self:
        windows = (self.window, self.rolling_hours, self.rolling_days)
        if sum(window is not None for window in windows) != 1:
            raise ValueError("a cap has exactly one of window, rolling_hours and rolling_days")
        if self.max == AS_MANY_AS_DAYS and self.window != "month":
            raise ValueError('only a cap with window = "month" can have max = "days"')
        if self.only and self.scope is Scope.PERSON:
            raise ValueError('a cap with scope = "person" counts everything: leave `only` out')
        if self.scope is Scope.CATEGORY:
            _require_categories(self.only)
        return self

    @cached_property
    def span_hours(self) -> int | None:
        """The length of the rolling span; None for a calendar window."""
        return self.rolling_days * 24 if self.rolling_days else self.rolling_hours

    @cached_property
    def fewest(self) -> int:
        """How many messages it takes at least to fill it, in whichever window."""
        return _SHORTEST_MONTH if self.max == AS_MANY_AS_DAYS else int(self.max)

    @cached_property
    def reach(self) -> timedelta:
        """How far apart two messages may be, at most, that count in one window, in any zones."""
        hours = self.span_hours
        return timedelta(hours=hours) if hours is not None else _REACH[self.window or "day"]


class QuietHours(Section):
    """Local times between which nobody is written to; the end belongs to the day."""

    start: LocalTime = time(20, 30)
    end: LocalTime = time(9, 0)


class OpenHours(Section):
    """Local times of some weekdays at which people may be written to; the end is outside."""

    days: tuple[Weekday, ...] = Field(default=WEEKDAYS, min_length=1)
    start: LocalTime
    end: LocalTime

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.start >= self.end:
            raise ValueError(f"{self.start:%H:%M} is not before {self.end:%H:%M} of the same day")
        return self


class Dates(Section):
    """Local dates on which nobody is written to, the first and the last included, and why."""

    why: Words
    first: date
    last: date

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.first > self.last:
            raise ValueError(f"{self.first} is after {self.last}: swap `first` and `last`")
        return self


class Blackout(Dates):
    """
    A crisis in these cities, or everywhere, in which only transactional messages go out.

    Rationale: a brand that sells into a disaster is remembered for it (domain.md, B 2.3).
    """

    cities: tuple[Words, ...] = ()


class CategoryTerms(Section):
    """
    What holds for messages of one category, each way declared by itself (mautic#6729).

    Caps, gap, silence and budgets hold back what is `capped`; what is `counted` uses them up.
    `guarded` ones wait after an order and while a complaint is open. Without an agreement to
    marketing, only what is not `agreed` goes out.
    """

    capped: bool = True
    counted: bool = True
    guarded: bool = False
    agreed: bool = True


class Categories(Section):
    """The terms of every category; what is not declared stays as it is here."""

    transactional: CategoryTerms = CategoryTerms(capped=False, counted=False, agreed=False)
    service: CategoryTerms = CategoryTerms()
    care: CategoryTerms = CategoryTerms()
    benefit: CategoryTerms = CategoryTerms(guarded=True)
    marketing: CategoryTerms = CategoryTerms(guarded=True)

    @model_validator(mode="before")
    @classmethod
    def _beside_what_is_declared(cls, told: Any) -> Any:
        """Keep the defaults of a category of which only some terms are declared."""
        if not isinstance(told, Mapping):
            return told
        _require_categories(told)
        usual = {name: field.default.model_dump() for name, field in cls.model_fields.items()}
        return {
            name: {**usual[name], **terms} if isinstance(terms, Mapping) else terms
            for name, terms in told.items()
        }

    def of(self, category: Category) -> CategoryTerms:
        """Return the terms of a category."""
        return self._terms[category]

    @cached_property
    def _terms(self) -> Mapping[Category, CategoryTerms]:
        return {category: getattr(self, category) for category in Category}


class PersonalBudget(Section):
    """
    How many messages a person gets in any span of `days`, by how they took the last ones.

    It is `start`, and one more for every message of the span they answered, and one less for every
    message since their last answer, between `least` and `most`.
    """

    days: Days = 30
    start: int = Field(default=3, ge=0)
    least: int = Field(default=1, ge=0)
    most: int = Field(default=4, ge=0)

    @cached_property
    def span(self) -> timedelta:
        """How far back messages count."""
        return timedelta(days=self.days)

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if not self.least <= self.start <= self.most:
            raise ValueError("let `least` <= `start` <= `most`")
        return self


class SharedBudgets(Section):
    """
    What is shared by everybody's messages of a day; what is not set, or "any", is not bounded.

    `texts_per_sender` are distinct texts that one employee confirms on a day: each is a tap.
    `messages_per_scene` holds for every scene that `scenes` does not name.
    """

    texts_per_sender: Bound = 20
    messages_per_scene: Bound = None
    messages_per_run: Bound = None
    scenes: dict[Words, Most] = Field(default_factory=dict)

    def of_scene(self, scene: str) -> int | None:
        """Return how many messages of a scene a day has; None without a bound."""
        return self.scenes.get(scene, self.messages_per_scene)


class Holdout(Section):
    """Shares of persons who are left alone, of all and of single scenes, so that we learn."""

    share: float = Field(default=0.1, ge=0, le=0.5)
    scenes: dict[Words, Annotated[float, Field(ge=0, le=0.5)]] = Field(default_factory=dict)


class Arbitration(Section):
    """
    What a message is worth beside others, and beside silence.

    A message is worth its need (0 to 1) times its scene's value, times the scene's weight here,
    less `annoyance` for every message the person got lately and once more for every one that they
    left unanswered. What is worth nothing is not sent. No scene speaks to a person more than
    `in_a_row` times running.
    """

    weights: dict[Words, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    annoyance: float = Field(default=0.05, ge=0, allow_inf_nan=False)
    in_a_row: int = Field(default=2, ge=1)

    def weight_of(self, scene: str) -> float:
        """Return the weight of a scene; 1 where none is set."""
        return self.weights.get(scene, 1.0)

    @field_validator("weights")
    @classmethod
    def _are_finite(cls, told: dict[str, float]) -> dict[str, float]:
        for scene, weight in told.items():
            if weight == float("inf"):
                raise ValueError(f"the weight of {scene!r} is no number to multiply by")
        return told


def _require_categories(names: Any) -> None:
    known = {one.value for one in Category}
    unknown = sorted(str(name) for name in names if name not in known)
    if unknown:
        raise ValueError(f"there is no category {unknown[0]!r}; there are {', '.join(Category)}")
