"""What persons would have got by now, had other rules decided the days before this one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from schemas.enums import Category
from schemas.planning import Case, Slot, Span

Ints = npt.NDArray[np.int64]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Terms(NamedTuple):
    """What is frozen in a slot beside when it is; few of them differ."""

    zone: ZoneInfo
    category: Category
    channel: str
    sender: str
    scene: str


class Sent(NamedTuple):
    """A message that went out under the other rules only, and when it may first have arrived."""

    person: int
    candidate: int
    at: datetime
    terms: Terms


@dataclass(frozen=True)
class _Day:
    """A day's messages, sorted by person; `at` in microseconds, `terms` by their number."""

    person: Ints
    candidate: Ints
    at: Ints
    terms: Ints


@dataclass
class Counterfactual:
    """
    What a replay has let win on earlier days; `first` is the first candidate it decides again.

    A candidate that won in fact as well leaves the slot that is on record, for as long as it is
    there. One that wins in the replay only is taken to arrive at the start of its span, and nobody
    knows whether it would have been answered. What won in fact only leaves nothing.

    Days are columns of numbers: millions of messages lie within a horizon.
    """

    first: int
    _kept: bytearray = field(default_factory=bytearray)
    _days: list[_Day] = field(default_factory=list)
    _numbers: dict[Terms, int] = field(default_factory=dict)
    _terms: list[Terms] = field(default_factory=list)

    def keep(self, candidates: Sequence[int]) -> None:
        """Let the slots stand that these candidates took in fact."""
        for candidate in candidates:
            place = candidate - self.first
            if place >= len(self._kept):
                self._kept.extend(bytes(place - len(self._kept) + 1))
            self._kept[place] = 1

    def send(self, day: Sequence[Sent]) -> None:
        """Add what a day sent under the other rules only."""
        if not day:
            return
        told = sorted(day, key=lambda one: one.person)
        self._days.append(
            _Day(
                _ints(one.person for one in told),
                _ints(one.candidate for one in told),
                _ints((one.at - _EPOCH) // _MICROSECOND for one in told),
                _ints(self._number(one.terms) for one in told),
            )
        )

    def forget(self, since: datetime) -> None:
        """Drop the days of which nothing arrived since then."""
        moment = (since - _EPOCH) // _MICROSECOND
        self._days = [day for day in self._days if day.at.max() >= moment]

    def sent(self, persons: Sequence[int]) -> Mapping[int, list[Slot]]:
        """Return the slots of what these persons got under the other rules only."""
        wanted = np.asarray(persons, dtype=np.int64)
        found: dict[int, list[Slot]] = defaultdict(list)
        for day in self._days:
            first = np.searchsorted(day.person, wanted)
            last = np.searchsorted(day.person, wanted, side="right")
            for place in np.flatnonzero(first < last).tolist():
                found[persons[place]] += (
                    self._slot(day, one) for one in range(first[place], last[place])
                )
        return found

    def case(self, case: Case, sent: Sequence[Slot], as_of: datetime, since: datetime) -> Case:
        """
        Return a recorded case as it would have been; `sent` is what the person got besides.

        What ended before `since` is too old for the other rules to have looked at. What the other
        rules alone sent is on its way until its slot begins.
        """
        stood = [one for one in case.slots if one.span.end >= since and self._stands(one)]
        sent = [one for one in sent if one.span.end >= since]
        if not sent and len(stood) == len(case.slots):
            return case
        told_open = {one.scene for one in case.slots if one.is_open}
        ahead = {one.scene for one in stood if one.scene and one.is_open}
        ahead |= {one.scene for one in sent if one.scene and one.span.start > as_of}
        return case._replace(
            slots=(*stood, *sent),
            open_scenes=(case.open_scenes - told_open) | ahead,
        )

    def _stands(self, slot: Slot) -> bool:
        place = slot.candidate_id - self.first
        return place < 0 or (place < len(self._kept) and self._kept[place] == 1)

    def _number(self, terms: Terms) -> int:
        if terms not in self._numbers:
            self._numbers[terms] = len(self._terms)
            self._terms.append(terms)
        return self._numbers[terms]

    def _slot(self, day: _Day, place: int) -> Slot:
        at = _EPOCH + int(day.at[place]) * _MICROSECOND
        terms = self._terms[day.terms[place]]
        return Slot(int(day.candidate[place]), Span(at, at), *terms)


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, dtype=np.int64)
