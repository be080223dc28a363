"""The page of a review batch: why the persons behind each wording, told of some of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from prompts import reasons
from prompts.catalogue import locale
from prompts.page import Page, page
from schemas.channel import WECOM
from schemas.enums import Verdict
from schemas.planning import Case
from store import reviews, stories
from store.reviews import Waiting
from store.stories import Told
from tasks.cases import read_cases
from tasks.episodes import Episode, came_of, days_of, local
from tasks.forms import title_of
from tasks.stories import Budget, budget_of
from tasks.wiring import Wiring

KEY = "stories"
SHOWN = 5
"""Persons told of behind each wording: enough to see why; anybody else is asked for by name."""

_PARTS = ("reason", "beaten", "held_back")


@dataclass(frozen=True)
class Person:
    """Somebody behind a wording: the message, what was decided that day, budget, last contact."""

    message: int
    case: Case
    told: Told
    budget: Budget
    heard: Any | None


@dataclass(frozen=True)
class Behind:
    """A batch that awaits a decision, its wordings, and some persons of each, by ordinal."""

    batch: int
    waiting: Waiting
    items: list[Any]
    persons: dict[int, list[Person]]


def key_of(batch: int) -> str:
    """Return the key of a batch's page."""
    return f"{KEY}-batch-{batch}"


def look(connection: Connection, wired: Wiring, batch: int) -> Behind | None:
    """
    Return what there is to tell of a batch; None unless it awaits a decision.

    It is told as of the instant the batch was made, so that the page is the same however often it
    is composed, as long as nothing happens.
    """
    waiting = reviews.awaiting(connection, batch)
    if waiting is None:
        return None
    at = waiting.opened_at
    rows = stories.behind(connection, batch, waiting.round, SHOWN)
    persons = dict.fromkeys((row.person_id for row in rows), ())
    # Nothing is decided here, so nobody is locked: a planner must not wait for a reader.
    cases = read_cases(connection, wired.planner, persons, channel=WECOM, as_of=at)
    told = stories.of_the_day(connection, [row.id for row in rows])
    heard = stories.heard(connection, list(persons))
    found: dict[int, list[Person]] = {}
    for row in rows:
        case = cases[row.person_id]
        budget = budget_of(wired, case, at, rehearsed=False)
        person = Person(row.id, case, told[row.id], budget, heard.get(row.person_id))
        found.setdefault(row.ordinal, []).append(person)
    return Behind(batch, waiting, reviews.items(connection, batch, waiting.round), found)


def stories_page(found: Behind, zone: ZoneInfo) -> Page:
    """Return the page of a batch; `zone` is the business's."""
    texts = locale()["pages"][KEY]
    everybody = [person for persons in found.persons.values() for person in persons]
    versions = {row.policy_version for one in everybody for row in one.told.candidates}
    values = {
        "intro": texts["intro"].format(
            at=local(found.waiting.opened_at, zone),
            shown=SHOWN,
            policy="、".join(sorted(versions - {None})),
        ),
        "wordings": [
            _wording(one, found.persons.get(one.ordinal, ()), zone) for one in found.items
        ],
    }
    about = texts["about"].format(
        date=found.waiting.day,
        batch=found.batch,
        wordings=len(found.items),
        persons=sum(item.persons for item in found.items),
    )
    return Page(page(KEY, values), about)


def _wording(item: Any, persons: Sequence[Person], zone: ZoneInfo) -> dict[str, Any]:
    texts = locale()["pages"][KEY]
    left_out = item.persons - len(persons)
    return {
        "heading": title_of(item),
        "persons": [
            {
                "name": locale()["explain"]["who"].format(person=one.case.person_id),
                "facts": [(texts[label], said) for label, said in _facts(one, zone)],
            }
            for one in persons
        ],
        "left_out": left_out and texts["left_out"].format(count=left_out),
    }


def _facts(one: Person, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    episodes = [episode for day in days_of(one.told, zone, None) for episode in day.episodes]
    told = [(_part(episode, one.message), _episode(episode)) for episode in episodes]
    yield from sorted(told, key=lambda each: _PARTS.index(each[0]))
    yield "budget", _budget(one, zone)
    yield "heard", _heard(one.heard, zone)


def _part(episode: Episode, message: int) -> str:
    if episode.candidate == message:
        return "reason"
    return "beaten" if episode.verdict == Verdict.OUTCOMPETED else "held_back"


def _episode(episode: Episode) -> str:
    said = (episode.title, episode.shown_evidence, *episode.shown_reasons, episode.again)
    return "；".join(filter(None, said))


def _budget(one: Person, zone: ZoneInfo) -> str:
    texts = locale()["pages"][KEY]
    caps = [
        texts["cap"].format(label=cap.label, used=cap.used, max=cap.max) for cap in one.budget.caps
    ]
    notes = list(one.budget.notes)
    if one.case.zone_name != zone.key:
        notes.append(texts["zone"].format(zone=one.case.zone_name))
    return str(texts["used"].format(caps=" · ".join(caps), notes="".join(notes)))


def _heard(row: Any | None, zone: ZoneInfo) -> str:
    texts = locale()["pages"][KEY]
    if row is None:
        return str(locale()["explain"]["no_touches"])
    if row.message_id is None:
        at = local(row.delivered_at, zone)
        said = [texts["last"].format(what=locale()["explain"]["own_send"], came=at)]
    else:
        scene = reasons.scene_title(row.scene)
        said = [texts["last"].format(what=scene, came=came_of(row, zone))]
    if row.orders:
        said.append(texts["orders"].format(orders=row.orders, amount=f"{row.amount:.2f}"))
    if row.touches:
        said.append(texts["touches"].format(touches=row.touches, unanswered=row.unanswered))
    return "；".join(said)
