"""What other rules would have done to the same candidates, beside what was done."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rules.replay import OUTCOMPETED, WRITTEN, Fate

EXAMPLES = 3
"""Persons named for each rule, so that somebody can look into their stories."""

MANY = 4
"""So many messages and more are told as one."""


class Fact(NamedTuple):
    """What became of a candidate in fact: its fate, by whom it was written, whether it arrived."""

    told: str
    sender: str = ""
    delivered: bool = False


@dataclass
class Load:
    """
    What employees had to do on a day, by employee.

    `days` are those on which an employee had anything to send, in fact or by the other rules.
    """

    days: int = 0
    texts: int = 0
    messages: int = 0
    most_texts: int = 0
    most_messages: int = 0
    over: int = 0

    def add(self, texts: int, messages: int, bound: int | None) -> None:
        """Add an employee's day; `bound` is how many texts they should have at most."""
        self.days += 1
        self.texts += texts
        self.messages += messages
        self.most_texts = max(self.most_texts, texts)
        self.most_messages = max(self.most_messages, messages)
        self.over += bound is not None and texts > bound


@dataclass
class Side:
    """What one set of rules wrote: messages by scene, and employees' loads."""

    scenes: Counter[str] = field(default_factory=Counter)
    load: Load = field(default_factory=Load)
    _texts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _messages: Counter[str] = field(default_factory=Counter)
    _persons: list[int] = field(default_factory=list)

    @property
    def messages(self) -> int:
        """The messages of all scenes."""
        return self.scenes.total()

    def write(self, fate: Fate, sender: str) -> None:
        """Count a message of the day."""
        self.scenes[fate.contender.scene] += 1
        self._texts[sender].add(fate.contender.wording_key)
        self._messages[sender] += 1
        self._persons.append(fate.person)

    def senders(self) -> set[str]:
        """Return who has something to send on the day."""
        return set(self._messages)

    def close(self, senders: Iterable[str], bound: int | None) -> list[int]:
        """End the day of these employees; return whom it wrote to."""
        for sender in senders:
            self.load.add(len(self._texts[sender]), self._messages[sender], bound)
        persons, self._persons = self._persons, []
        self._texts.clear()
        self._messages.clear()
        return persons


@dataclass
class Heard:
    """How many messages each person got: a row per person, in fact and by the other rules."""

    persons: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    counts: npt.NDArray[np.uint16] = field(default_factory=lambda: np.empty((0, 2), np.uint16))

    def add(self, asked: Sequence[int], *wrote: Sequence[int]) -> None:
        """Add a day: who had a candidate, and who was written to, in fact and by other rules."""
        everybody = np.union1d(self.persons, np.asarray(asked, np.int64))
        counts = np.zeros((len(everybody), 2), np.uint16)
        counts[np.searchsorted(everybody, self.persons)] = self.counts
        for side, persons in enumerate(wrote):
            places = np.searchsorted(everybody, np.asarray(persons, np.int64))
            np.add.at(counts[:, side], places, 1)
        self.persons, self.counts = everybody, counts

    def spread(self, side: int) -> list[int]:
        """Return how many persons got 0, 1, 2 … messages on a side; the last is MANY and more."""
        most = np.minimum(self.counts[:, side], MANY)
        return [int(count) for count in np.bincount(most, minlength=MANY + 1)]

    def fewer(self) -> int:
        """Return how many persons get fewer messages by the other rules."""
        return int(np.count_nonzero(self.counts[:, 1] < self.counts[:, 0]))

    def more(self) -> int:
        """Return how many persons get more of them."""
        return int(np.count_nonzero(self.counts[:, 1] > self.counts[:, 0]))


@dataclass
class Comparison:
    """
    The fates of candidates in fact and by other rules, day by day.

    What was written in fact is written by the other rules too, or lost to another scene (`lost`,
    by both scenes), or spared (`spared`, by what holds it back). `heard` are the messages that only
    the other rules write, by what held them back in fact. `bound` is how many texts an employee
    should have on a day, None where nobody says.
    """

    bound: int | None
    flows: Counter[tuple[str, str]] = field(default_factory=Counter)
    delivered: int = 0
    spared: Counter[str] = field(default_factory=Counter)
    spared_delivered: int = 0
    heard: Counter[str] = field(default_factory=Counter)
    lost: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    spared_today: list[int] = field(default_factory=list)
    fact: Side = field(default_factory=Side)
    other: Side = field(default_factory=Side)
    persons: Heard = field(default_factory=Heard)
    _asked: set[int] = field(default_factory=set)

    def note(self, fact: Fact, fate: Fate) -> None:
        """Note what becomes of a candidate, beside what became of it in fact."""
        self.flows[fact.told, fate.told] += 1
        self._asked.add(fate.person)
        if fact.told == WRITTEN:
            self.fact.write(fate, fact.sender)
            self.delivered += fact.delivered
            self._part_with(fact, fate)
        if fate.told == WRITTEN and fate.slotted is not None:
            self.other.write(fate, fate.slotted.sender)
            if fact.told != WRITTEN:
                self.heard[fact.told] += 1

    def end_day(self) -> None:
        """Add the day to what employees had to do, and to what persons heard."""
        senders = self.fact.senders() | self.other.senders()
        wrote = [side.close(senders, self.bound) for side in (self.fact, self.other)]
        self.persons.add(sorted(self._asked), *wrote)
        self._asked.clear()
        self.spared_today.clear()

    def _part_with(self, fact: Fact, fate: Fate) -> None:
        """Note whether, and why, a message that was written would not have been."""
        if fate.told == OUTCOMPETED and fate.winner is not None:
            self.lost[fate.contender.scene, fate.winner.scene] += 1
        elif fate.told != WRITTEN:
            self.spared[fate.told] += 1
            self.spared_delivered += fact.delivered
            self.spared_today.append(fate.contender.candidate_id)
            examples = self.examples[fate.told]
            if len(examples) < EXAMPLES and fate.person not in examples:
                examples.append(fate.person)
