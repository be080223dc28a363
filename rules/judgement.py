"""From facts to segments, and to the days on which time alone changes those."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import polars as pl

from rules.cadence import due_windows, is_regular
from rules.outlook import outlook
from rules.population import Population
from rules.segments.definition import as_json, rounded
from rules.segments.memberships import memberships, turns
from rules.stages import stages
from schemas.dimensions import Dimension, WheelKind
from schemas.enums import Lifecycle
from schemas.policy import Policy
from schemas.section import short_hash

_LASTING = (Lifecycle.PROSPECT.value, Lifecycle.ACTIVE.value)
"""Stages in which an order begins nothing new."""


@dataclass(frozen=True)
class Judged:
    """
    Where persons stand.

    `memberships`: person_id, dimension, segment, since (null: from today, if new), spell (another
    `since` is another spell), evidence (JSON). `wheel`: person_id, kind, due_on, version.
    """

    memberships: pl.DataFrame
    wheel: pl.DataFrame


def judge(
    facts: pl.DataFrame, today: date, zone: ZoneInfo, policy: Policy, population: Population
) -> Judged:
    """
    Return the segments of `today` and the next day on which time alone changes each kind of them.

    Every row depends on its person's facts, the policy, the population and the day only. Evidence
    does not depend on the day, so nothing at all changes between two turns of the wheel.
    """
    staged = stages(due_windows(facts, population.rhythm, policy), today, policy, population.bgnbd)
    needed = _needs(facts, policy)
    likely, likely_turns = outlook(facts, today, policy.segments, population)
    cuts = population.cuts
    versions = versions_of(policy, population, zone)
    kinds = [
        staged.select("person_id", kind=_kind(WheelKind.LIFECYCLE), due_on="stage_until"),
        _need_turns(needed, today),
        likely_turns,
        turns(facts, today, policy.segments, cuts, zone),
        _events(facts, "ahead_on", WheelKind.AHEAD),
        _events(facts, "benefits_change_on", WheelKind.BENEFIT),
    ]
    wheel = pl.concat(kinds).drop_nulls("due_on")
    return Judged(
        pl.concat(
            [
                _lifecycle(staged, policy),
                _open_needs(needed, today),
                likely,
                memberships(facts, today, policy.segments, cuts, zone),
            ]
        ),
        wheel.with_columns(version=pl.col("kind").replace_strict(versions, return_dtype=pl.String)),
    )


def versions_of(policy: Policy, population: Population, zone: ZoneInfo) -> dict[str, str]:
    """
    Return, by kind of the wheel, a short hash of all that its dates depend on beside facts.

    A kind whose version changes is made anew for everybody; the others stay as they are.
    """
    rules = policy.model_dump(mode="json")
    segments = rules.pop("segments")
    rhythm = {key: rules[key] for key in _RHYTHM}
    lives = {key: rules[key] for key in _LIFE}
    learned = population.as_json()
    model, everybody = learned["bgnbd"], learned["rhythm"]
    likely = {key: segments.pop(key) for key in ("likely_share", "likely_days")}
    told = {
        WheelKind.LIFECYCLE: [rhythm, lives, model, everybody],
        WheelKind.NEED: [rhythm],
        WheelKind.OUTLOOK: [likely, model, population.season],
        WheelKind.AHEAD: [],
        WheelKind.BENEFIT: [],
    }
    others = [segments, learned["cuts"], zone.key]
    return {kind.value: short_hash(told.get(kind, others)) for kind in WheelKind}


def version_of(policy: Policy, population: Population, zone: ZoneInfo) -> str:
    """Return a short hash of all that segments and the wheel depend on beside facts."""
    return short_hash(versions_of(policy, population, zone))


def facts_version(policy: Policy, zone: str) -> str:
    """Return a short hash of all that facts depend on beside what happened."""
    rules = policy.segments.model_dump(mode="json")
    return short_hash([zone, *(rules[key] for key in _READ)])


_RHYTHM = ("regular_gaps", "regular_spread", "due_lead_days", "due_overrun")
_LIFE = (
    *("new_days", "at_risk_days", "lapsed_days", "returned_days", "outlook_days"),
    *("at_risk_share", "lapsed_share", "lapsed_cycles", "staple_share"),
)
_READ = (
    *("half_life_days", "free_shipping_from", "hunter_margin", "cart_days", "taste_days"),
    *("taste_share", "travel_days", "trait_days", "traits"),
)


def _kind(kind: WheelKind) -> pl.Expr:
    return pl.lit(kind.value)


def _events(facts: pl.DataFrame, column: str, kind: WheelKind) -> pl.DataFrame:
    """Return the days on which something is to happen of which the facts know already."""
    return facts.select("person_id", kind=_kind(kind), due_on=column)


def _lifecycle(staged: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    regular = is_regular(policy)
    due = {name: pl.when(regular).then(pl.col(name)) for name in ("due_from", "due_until")}
    expected = {
        f"expected_{end}": pl.when(~regular).then(pl.col(f"due_{end}")) for end in ("from", "until")
    }
    evidence = {
        "orders": pl.col("orders"),
        "order_days": pl.col("order_days"),
        "last_on": pl.col("last_on"),
        "gap_median": rounded(pl.col("gap_median")),
        "gap_spread": rounded(pl.col("gap_spread")),
        **due,
        **expected,
        "habit": pl.when(_is_habit(policy)).then(pl.col("staple_name")),
    }
    lasting = pl.col("stage").is_in(_LASTING)
    return staged.select(
        "person_id",
        dimension=pl.lit(Dimension.LIFECYCLE.value),
        segment="stage",
        since="stage_since",
        spell=~lasting,
        evidence=as_json(evidence),
    )


def _is_habit(policy: Policy) -> pl.Expr:
    """
    Tell whether the staple is bought often enough to be spoken of.

    Rationale: naming a thing somebody bought twice among forty says "we watch you", not "we know
    you".
    """
    often = pl.col("staple_days") > policy.regular_gaps
    return often & (pl.col("staple_days") >= policy.staple_share * pl.col("order_days"))


def _needs(facts: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Return the families that somebody buys regularly, with the days between which one is due."""
    bought = (
        facts.select("person_id", "families")
        .explode("families")
        .drop_nulls("families")
        .unnest("families")
        .rename({"days": "order_days"})
    )
    return due_windows(bought.filter(is_regular(policy)), None, policy)


def _need_turns(needed: pl.DataFrame, today: date) -> pl.DataFrame:
    opens, over = pl.col("due_from"), pl.col("due_until").dt.offset_by("1d")
    ahead = pl.when(opens > today).then(opens).when(over > today).then(over)
    return (
        needed.select("person_id", kind=_kind(WheelKind.NEED), due_on=ahead)
        .group_by("person_id", "kind")
        .agg(pl.col("due_on").min())
    )


def _open_needs(needed: pl.DataFrame, today: date) -> pl.DataFrame:
    evidence = {
        name: pl.col(name)
        for name in ("order_days", "last_on", "gap_median", "gap_spread", "due_from", "due_until")
    }
    is_open = pl.lit(today).is_between(pl.col("due_from"), pl.col("due_until"))
    return needed.filter(is_open).select(
        "person_id",
        dimension=pl.lit(Dimension.NEED.value),
        segment="family",
        since="due_from",
        spell=pl.lit(value=True),
        evidence=as_json(evidence),
    )
