"""What a segment is made of, and what every definition may ask."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import polars as pl

from schemas.dimensions import Dimension, Segment, WheelKind
from schemas.segments import Cuts, SegmentPolicy

_PLACES = 4


@dataclass(frozen=True)
class Terms:
    """What a definition is read under: a day of `zone`, a business's policy, its members' cuts."""

    today: date
    policy: SegmentPolicy
    cuts: Cuts
    zone: ZoneInfo


Said = Callable[[Terms], pl.Expr]


@dataclass(frozen=True)
class Turn:
    """
    The next day on which time alone changes a segment of a person.

    `on` is that Date, or null: on the day itself something is different, before it nothing is.
    """

    kind: WheelKind
    on: Said


@dataclass(frozen=True)
class Definition:
    """
    A segment as data: who is in it, why we say so, on what evidence, and when that ends.

    The expressions are over facts frames (schemas.facts_frame). `holds` may be null, which is no.
    `evidence` never depends on the day, so it stays the same while its facts do. `since` is the
    Date on which it came to hold, where facts tell; another one is another spell.
    """

    dimension: Dimension
    segment: Segment
    rationale: str
    holds: Said
    evidence: Callable[[Terms], Mapping[str, pl.Expr]]
    since: Said | None = None
    turn: Turn | None = None

    def needs(self, terms: Terms) -> frozenset[str]:
        """Return the columns of facts that it reads."""
        said = [self.holds(terms), *self.evidence(terms).values()]
        said += [self.since(terms)] if self.since else []
        said += [self.turn.on(terms)] if self.turn else []
        return frozenset(name for one in said for name in one.meta.root_names())


def known(*names: str) -> dict[str, pl.Expr]:
    """Return facts as evidence of the same name."""
    return {name: pl.col(name) for name in names}


def rounded(value: pl.Expr | float | None) -> pl.Expr:
    """Return a fraction as evidence shows it."""
    return (value if isinstance(value, pl.Expr) else pl.lit(value, pl.Float64)).round(_PLACES)


def as_json(evidence: Mapping[str, pl.Expr]) -> pl.Expr:
    """Return evidence as the text of a JSON object, its names in their order."""
    fields = [value.alias(name) for name, value in evidence.items()]
    return pl.struct(fields).struct.json_encode()


def at_least(value: pl.Expr, cut: float | None) -> pl.Expr:
    """Return whether a value reaches a cut; none reaches one that is unknown."""
    return pl.lit(value=False) if cut is None else value >= cut


def day_of(instant: str, terms: Terms) -> pl.Expr:
    """Return the local Date of an instant."""
    return pl.col(instant).dt.convert_time_zone(terms.zone.key).dt.date()


def days_after(day: pl.Expr, days: int | pl.Expr) -> pl.Expr:
    """Return the Date so many days after another."""
    return day + pl.duration(days=days)


def when(condition: pl.Expr, then: pl.Expr) -> pl.Expr:
    """Return a value where a condition holds, else null."""
    return pl.when(condition).then(then)


def count_of(conditions: Iterable[pl.Expr]) -> pl.Expr:
    """Return how many conditions hold; what is not known does not."""
    return pl.sum_horizontal([one.cast(pl.Int64) for one in conditions])
