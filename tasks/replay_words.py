"""What a replay came to, in operators' words and for machines."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from prompts import reasons
from prompts.catalogue import locale
from rules.comparison import MANY, Comparison, Load
from rules.replay import WRITTEN
from schemas.settings import Settings
from tasks.cases import horizon
from tasks.policy_words import Table
from tasks.replay import Replayed


@dataclass(frozen=True)
class Page:
    """All that `runwu replay` shows, and the same for machines."""

    title: str
    lines: list[str]
    tables: list[Table]
    assumptions_title: str
    assumptions: list[str]
    warnings: list[str]
    told: dict[str, Any]


def page_of(found: Replayed, other: Settings, current: Settings) -> Page:
    """Return what a replay came to; `other` are the settings replayed, `current` those in force."""
    texts = _texts()
    warnings = list(_warnings(other, current))
    return Page(
        title=texts["title"].format(
            version=found.policy.version, versions="、".join(sorted(found.versions)) or "—"
        ),
        lines=[*_lines(found)],
        tables=[*_tables(found)],
        assumptions_title=texts["assumptions"]["title"],
        assumptions=list(texts["assumptions"]["lines"]),
        warnings=warnings,
        told=_told(found, warnings),
    )


def fate_name(told: str) -> str:
    """Return what a fate is called: what is said of it here, or the name of its rule."""
    named: Mapping[str, str] = _texts()["fates"]
    return named.get(told) or reasons.rule(told)


def span(found: Replayed) -> dict[str, str]:
    """Return which days were decided again, and how many candidates, as texts name them."""
    return {
        "since": f"{found.days[0]}",
        "until": f"{found.days[-1]}",
        "days": f"{len(found.days):,}",
        "candidates": f"{found.candidates:,}",
    }


def saved_line(file: object) -> str:
    """Return where the picture is."""
    return str(_texts()["picture"]["saved"].format(file=file))


def _lines(found: Replayed) -> Iterator[str]:
    yield _texts()["span"].format(**span(found))
    if found.unrecorded:
        yield _texts()["unrecorded"].format(count=f"{found.unrecorded:,}")


def _tables(found: Replayed) -> Iterator[Table]:
    compared = found.comparison
    yield _messages(compared)
    yield _persons(compared)
    if compared.spared:
        yield _spared(found)
    if compared.lost:
        rows = [
            [reasons.scene_title(scene), reasons.scene_title(winner), f"{count:,}"]
            for (scene, winner), count in compared.lost.most_common()
        ]
        yield _table("lost", rows)
    if compared.heard:
        rows = [[fate_name(told), f"{count:,}"] for told, count in compared.heard.most_common()]
        yield _table("heard", rows)
    yield _load(compared)


def _messages(compared: Comparison) -> Table:
    before, after = compared.fact.scenes, compared.other.scenes
    rows = [
        [reasons.scene_title(scene), f"{before[scene]:,}", f"{after[scene]:,}"]
        for scene in sorted(before.keys() | after.keys())
    ]
    total = [_texts()["total"], f"{before.total():,}", f"{after.total():,}"]
    return _table("messages", [*rows, total], **_numbers(_split(compared)))


def _split(compared: Comparison) -> dict[str, int]:
    return {
        "before": compared.fact.messages,
        "delivered": compared.delivered,
        "kept": compared.flows[WRITTEN, WRITTEN],
        "spared": compared.spared.total(),
        "lost": compared.lost.total(),
        "heard": compared.heard.total(),
        "after": compared.other.messages,
    }


def _persons(compared: Comparison) -> Table:
    people = compared.persons
    texts = _texts()
    names = [texts["many" if count == MANY else "people"] for count in range(MANY + 1)]
    rows = [
        [name.format(count=count), f"{before:,}", f"{after:,}"]
        for count, (name, before, after) in enumerate(
            zip(names, people.spread(0), people.spread(1), strict=True)
        )
    ]
    return _table("persons", rows, **_numbers({"fewer": people.fewer(), "more": people.more()}))


def _spared(found: Replayed) -> Table:
    compared = found.comparison
    rows = [
        [fate_name(told), f"{count:,}", "、".join(map(str, compared.examples[told]))]
        for told, count in compared.spared.most_common()
    ]
    return _table(
        "spared",
        rows,
        delivered=f"{compared.spared_delivered:,}",
        orders=f"{found.orders:,}",
        amount=f"{found.amount:,.2f}",
    )


def _load(compared: Comparison) -> Table:
    texts, sides = _texts()["load"], (compared.fact.load, compared.other.load)
    means = {
        "texts": [one.texts / max(1, one.days) for one in sides],
        "messages": [one.messages / max(1, one.days) for one in sides],
    }
    most = {
        "texts": [one.most_texts for one in sides],
        "messages": [one.most_messages for one in sides],
    }
    rows = []
    for name in ("texts", "messages"):
        rows.append([texts[name], *(f"{mean:,.1f}" for mean in means[name])])
        rows.append([texts[f"most_{name}"], *(f"{count:,}" for count in most[name])])
    if compared.bound is not None:
        over = texts["over"].format(bound=compared.bound)
        rows.append([over, *(f"{one.over:,}" for one in sides)])
    return _table("load", rows, days=f"{sides[0].days:,}")


def _table(name: str, rows: list[list[str]], **numbers: str) -> Table:
    texts = _texts()[name]
    return Table(texts["title"], texts["columns"], rows, texts.get("about", "").format(**numbers))


def _numbers(counts: Mapping[str, int]) -> dict[str, str]:
    return {name: f"{count:,}" for name, count in counts.items()}


def _warnings(other: Settings, current: Settings) -> Iterator[str]:
    texts = _texts()["warnings"]
    wanted, kept = (horizon(one.effective_policy).days for one in (other, current))
    if wanted > kept:
        yield texts["horizon"].format(wanted=wanted, kept=kept)
    quota = current.channels.wecom.quota
    if quota is not None and other.channels.wecom.quota is None:
        yield texts["quota"].format(quota=quota)


def _told(found: Replayed, warnings: list[str]) -> dict[str, Any]:
    """Return all of it for machines; rules, scenes and persons by their own names."""
    compared = found.comparison
    scenes = sorted(compared.fact.scenes.keys() | compared.other.scenes.keys())
    return {
        "version": found.policy.version,
        "versions": sorted(found.versions),
        "since": found.days[0],
        "until": found.days[-1],
        "days": len(found.days),
        "candidates": found.candidates,
        "unrecorded": found.unrecorded,
        "messages": _split(compared),
        "scenes": [
            {
                "scene": scene,
                "before": compared.fact.scenes[scene],
                "after": compared.other.scenes[scene],
            }
            for scene in scenes
        ],
        "persons": {
            "before": compared.persons.spread(0),
            "after": compared.persons.spread(1),
            "fewer": compared.persons.fewer(),
            "more": compared.persons.more(),
        },
        "spared": [
            {"rule": told, "messages": count, "persons": compared.examples[told]}
            for told, count in compared.spared.most_common()
        ],
        "spared_delivered": compared.spared_delivered,
        "spared_orders": found.orders,
        "spared_amount": found.amount,
        "lost": [
            {"scene": scene, "to": winner, "messages": count}
            for (scene, winner), count in compared.lost.most_common()
        ],
        "heard": [
            {"rule": told, "messages": count} for told, count in compared.heard.most_common()
        ],
        "load": {"before": _days(compared.fact.load), "after": _days(compared.other.load)},
        "flows": [
            {"then": then, "other": now, "candidates": count}
            for (then, now), count in compared.flows.most_common()
        ],
        "warnings": warnings,
    }


def _days(load: Load) -> dict[str, int]:
    told: dict[str, int] = asdict(load)
    return told


def _texts() -> Mapping[str, Any]:
    texts: Mapping[str, Any] = locale()["replay"]
    return texts
