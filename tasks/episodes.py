"""What was decided of a person day by day, in words: why, why not, and what came of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from prompts import reasons
from prompts.catalogue import locale
from store.stories import Told


@dataclass(frozen=True)
class Event:
    """A move of a message."""

    at: str
    state: str
    reason: str
    text: str


@dataclass(frozen=True)
class Sent:
    """
    A message, or what a ghost would have been: its way, its text, how it ended, what followed.

    `text` is None where nothing was worded; `heading` says whose text it is.
    """

    state: str
    ghost: bool
    events: list[Event]
    heading: str
    text: str | None
    card: str | None
    author: str | None
    delivery: str | None
    orders: list[str]


@dataclass(frozen=True)
class Episode:
    """A reason there was to speak, what was decided and why, and the message if it won."""

    candidate: int
    scene: str
    title: str
    value: float
    window_until: str
    evidence: dict[str, Any]
    shown_evidence: str
    verdict: str
    decision: str
    reasons: list[dict[str, Any]]
    shown_reasons: list[str]
    frees_at: str | None
    again: str | None
    winner: int | None
    policy_version: str | None
    message: Sent | None


@dataclass(frozen=True)
class Day:
    """A business date on which there was a reason."""

    date: date
    episodes: list[Episode] = field(default_factory=list)


def days_of(told: Told, zone: ZoneInfo, only: date | None) -> list[Day]:
    """Return the days of a person's story, newest first; of all dates, or of one only."""
    writer = _Writer(told, zone)
    return [
        Day(day, [writer.episode(row) for row in rows])
        for day, rows in groupby(told.candidates, key=lambda row: row.business_date)
        if only in (None, day)
    ]


def local(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant as clocks of the business show it."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def came_of(row: Any, zone: ZoneInfo) -> str | None:
    """Return how a message ended and whether it was answered; None while nothing is known."""
    if row.status is None:
        return None
    texts = locale()["explain"]
    status, at = _state(row.status, row), local(row.delivered_at, zone)
    said = str(texts["delivered"].format(status=status, at=at))
    if row.status != "delivered":
        return said
    if row.answered is None:
        return f"{said}，{texts['awaited'].format(until=local(row.answer_until, zone))}"
    return f"{said}，{texts['answered' if row.answered else 'unanswered']}"


def _state(name: str, message: Any) -> str:
    state = reasons.state(name)
    return str(locale()["explain"]["as_if"].format(state=state)) if message.ghost else state


_INSTANTS = ("until", "since")
"""The numbers of a reason that are instants."""


class _Writer:
    """Puts rows into words; knows all of a person's candidates, for they speak of each other."""

    def __init__(self, told: Told, zone: ZoneInfo) -> None:
        self._told = told
        self._zone = zone
        self._texts = locale()["explain"]
        self._known = {**told.named, **{row.id: row for row in told.candidates}}

    def episode(self, row: Any) -> Episode:
        """Return one candidate's part of the story."""
        found = list(row.reasons or ())
        return Episode(
            candidate=row.id,
            scene=row.scene,
            title=self._texts["candidate"].format(
                scene=reasons.scene_title(row.scene),
                value=f"{row.value:.2f}",
                until=self._local(row.window_until),
            ),
            value=row.value,
            window_until=self._local(row.window_until),
            evidence=dict(row.evidence or {}),
            shown_evidence="；".join(self._evidence(row.scene, row.evidence or {})),
            verdict=row.verdict or "undecided",
            decision=self._decision(row),
            reasons=found,
            shown_reasons=[reasons.why(self._dated(one), self._beside(one)) for one in found],
            frees_at=self._local(row.frees_at) if row.frees_at else None,
            again=(
                self._texts["again"].format(at=self._local(row.frees_at)) if row.frees_at else None
            ),
            winner=row.winner_id,
            policy_version=row.policy_version,
            message=self._message(row.id),
        )

    def _evidence(self, scene: str, evidence: Mapping[str, Any]) -> Iterator[str]:
        for key, label in reasons.evidence_labels(scene, evidence).items():
            yield f"{label} {evidence[key]}"

    def _decision(self, row: Any) -> str:
        verdicts = self._texts["verdicts"]
        if row.verdict is None:
            return str(verdicts["undecided"])
        verdict = verdicts[row.verdict]
        if row.winner_scene:
            verdict = verdict.format(
                winner=reasons.scene_title(row.winner_scene), value=f"{row.winner_value:.2f}"
            )
        return str(self._texts["decided"].format(verdict=verdict, policy=row.policy_version))

    def _dated(self, reason: Mapping[str, Any]) -> dict[str, Any]:
        """Return a reason with its instants as clocks of the business show them."""
        return {
            name: self._local(datetime.fromisoformat(value)) if name in _INSTANTS else value
            for name, value in reason.items()
        }

    def _beside(self, reason: Mapping[str, Any]) -> str:
        return "、".join(map(self._near, reason.get("beside", ())))

    def _near(self, candidate: int) -> str:
        """Return what a slot was for; what employees sent by themselves is no candidate."""
        if candidate < 0:
            return str(self._texts["own_send"])
        row = self._known.get(candidate)
        if row is None:
            return str(self._texts["another"])
        scene = reasons.scene_title(row.scene)
        return str(self._texts["beside"].format(scene=scene, date=row.business_date))

    def _message(self, candidate: int) -> Sent | None:
        row = self._told.messages.get(candidate)
        if row is None:
            return None
        return Sent(
            state=row.state,
            ghost=row.ghost,
            events=[self._event(one, row) for one in self._told.events.get(candidate, ())],
            heading=self._heading(row),
            text=row.text,
            card=self._texts["card_known"].format(**row.link) if row.link else None,
            author=reasons.author(row.author, row.model, row.note) if row.author else None,
            delivery=came_of(row, self._zone),
            orders=[self._order(one) for one in self._told.outcomes.get(candidate, ())],
        )

    def _event(self, event: Any, message: Any) -> Event:
        at, state = self._local(event.at), _state(event.to_state, message)
        reason = reasons.moved(event.reason, event.to_state)
        text = self._texts["event"].format(at=at, state=state, reason=reason)
        return Event(at, event.to_state, event.reason, text)

    def _heading(self, row: Any) -> str:
        if row.text is None:
            return str(self._texts["unworded" if row.wording_id is None else "undrafted"])
        if row.ghost:
            return str(self._texts["text_ghost"])
        return str(self._texts["text_delivered" if row.state == "delivered" else "text"])

    def _order(self, row: Any) -> str:
        return str(
            self._texts["order"].format(
                key=row.source_event, at=self._local(row.at), amount=f"{row.amount:.2f}"
            )
        )

    def _local(self, at: datetime) -> str:
        return local(at, self._zone)
