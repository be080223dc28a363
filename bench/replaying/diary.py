"""A town that lives through days of reasons to speak, each decided as a daily run decides."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import text

from bench.replaying.rows import Entry, write_day
from rules.governor import Governor
from rules.records import case_record
from rules.replay import Day
from schemas.enums import Category
from schemas.planning import Case, Contact, Contender, Slot, Span
from schemas.policy import Policy
from store.bulk import indexed_afterwards
from store.database import engine, transaction

SINCE = date(2026, 3, 2)
_MORNING = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
_ZONE = ZoneInfo("Asia/Shanghai")
_HORIZON = timedelta(days=32)
_TABLES = ("candidate", "decision", "message", "message_event", "outcome")
_SCENES = {
    "replenish": (Category.MARKETING, 48),
    "lapsing_care": (Category.CARE, 72),
    "first_order_thanks": (Category.SERVICE, 24),
}
_EMPLOYEES = 500
_WORDINGS = 24
_PAST = 2

_PEOPLE = """
INSERT INTO person (id, identity, bucket)
SELECT n, 'unionid:u' || n, CAST(n AS bigint) * 7919 % 10000 FROM generate_series(1, :members) n
"""
_RUN = """
INSERT INTO run (flow, business_date, shard, occasion, as_of, opened_at, status, books)
VALUES ('daily-growth', :day, 0, '', :as_of, :as_of, 'done', '{}') RETURNING id
"""


@dataclass
class Diary:
    """
    A town of which four in five of so many have a reason on a day, and a quarter of these two.

    What won is delivered within hours, but for one in eight; some of it is answered.
    """

    candidates: int
    policy: Policy = field(default_factory=Policy)
    _chance: Random = field(default_factory=lambda: Random(7))  # noqa: S311 - the same town every time
    _slots: dict[int, list[Slot]] = field(default_factory=dict)
    _last: int = 0

    @property
    def members(self) -> int:
        """How many persons there are: each has a reason about every fifth day."""
        return 4 * self.candidates

    def write(self, url: str, days: int) -> None:
        """Fill the empty tables of a database with the runs of so many days."""
        self._last = _PAST * self.members
        with transaction(engine(url)) as connection:
            connection.execute(text(_PEOPLE), {"members": self.members})
            with indexed_afterwards(connection, _TABLES):
                for number in range(days):
                    today, as_of = SINCE + timedelta(number), _MORNING + timedelta(number)
                    values = {"day": today, "as_of": as_of}
                    run: int = connection.execute(text(_RUN), values).scalar_one()
                    write_day(connection, run, self._live(as_of), self.policy.version)

    def _live(self, as_of: datetime) -> list[Entry]:
        """Return the candidates of a morning, decided; their slots are the next days' past."""
        opens = as_of + timedelta(days=1, hours=1.5)
        day = Day(Governor(self.policy, as_of), opens)
        entries: dict[int, Entry] = {}
        asked = self._chance.sample(range(1, self.members + 1), self.candidates * 4 // 5)
        for person in sorted(asked):
            case = self._case(person, as_of)
            told = case_record(case)
            entries |= {one.candidate_id: Entry(one, case, told) for one in case.contenders}
            for fate in day.decide(case):
                entries[fate.contender.candidate_id].fate = fate
        for fate in day.close():
            entries[fate.contender.candidate_id].fate = fate
        for entry in entries.values():
            if entry.delivered and entry.fate is not None and entry.fate.slotted is not None:
                number = entry.contender.candidate_id
                at = entry.fate.slotted.at + timedelta(minutes=number % 500)
                person, scene = entry.case.person_id, entry.contender.scene
                self._slots[person].append(self._slot(number, at, scene, person))
        return list(entries.values())

    def _case(self, person: int, as_of: datetime) -> Case:
        if person not in self._slots:
            self._slots[person] = list(self._past(person, as_of))
        slots = self._slots[person]
        slots[:] = [one for one in slots if one.span.end > as_of - _HORIZON]
        silent = next((n for n, slot in enumerate(reversed(slots)) if slot.answered), len(slots))
        scenes = self._chance.sample([*_SCENES], 1 + self._chance.randrange(4) // 3)
        return Case(
            person,
            tuple(self._contender(scene, as_of) for scene in scenes),
            _ZONE,
            _ZONE.key,
            slots=tuple(slots),
            contact=Contact(f"wm{person}", _sender(person)),
            consent=person % 40 != 0 or None,
            city="上海",
            bucket=person * 7919 % 10_000,
            unanswered=min(2, silent),
            ordered_at=as_of - timedelta(days=1 + person % 60),
        )

    def _contender(self, scene: str, as_of: datetime) -> Contender:
        self._last += 1
        category, hours = _SCENES[scene]
        return Contender(
            self._last,
            scene,
            category,
            "wecom",
            f"{scene}{self._chance.randrange(_WORDINGS)}",
            round(0.3 + self._chance.random() * 0.7, 2),
            as_of + timedelta(hours=hours),
            hours,
        )

    def _past(self, person: int, as_of: datetime) -> Iterator[Slot]:
        """Yield what a person got before the diary begins."""
        ago = self._chance.sample(range(3, 30), self._chance.randrange(_PAST + 1))
        for number, days in enumerate(sorted(ago, reverse=True)):
            candidate = _PAST * (person - 1) + number + 1
            yield self._slot(candidate, as_of - timedelta(days), "replenish", person)

    def _slot(self, candidate: int, at: datetime, scene: str, person: int) -> Slot:
        answered = self._chance.choice([None, True, False, False])
        kind, _ = _SCENES[scene]
        sender = _sender(person)
        return Slot(candidate, Span(at, at), _ZONE, kind, "wecom", sender, scene, answered)


def _sender(person: int) -> str:
    return f"e{person % _EMPLOYEES}"
