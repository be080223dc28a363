"""A recorded day decided again: one winner per person, then the budgets that all share."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rules.allotment import RUN, SCENE, SENDER, Allotted, Asking, Left, allot
from rules.governor import Governor
from rules.worth import expected
from schemas.enums import Verdict
from schemas.planning import Case, Contender, Ruling
from schemas.policy import Policy

WRITTEN = "written"
HOLDOUT = "holdout"
OUTCOMPETED = "outcompeted"

BUDGETS = {SENDER: "texts_per_sender", SCENE: "messages_per_scene", RUN: "messages_per_run"}
"""The shared budgets by what is said of a message that found nothing left in them."""


class Slotted(NamedTuple):
    """What a candidate takes along that got its slot: from when on, on whose clock, by whom."""

    at: datetime
    zone: ZoneInfo
    sender: str


class Fate(NamedTuple):
    """
    What becomes of a candidate.

    `told` is WRITTEN, or HOLDOUT for a ghost, OUTCOMPETED, or the rule or shared budget that holds
    it back, of several rules the first; `winner` is whom an outcompeted one lost to.
    """

    person: int
    contender: Contender
    told: str
    slotted: Slotted | None = None
    winner: Contender | None = None


class Judge(Governor):
    """
    A governor who tells nobody when there will be room.

    Of a day gone by nobody needs to know, and it is half the work.
    """

    def _frees(self, *_: object, **__: object) -> None:
        return None


class _Winner(NamedTuple):
    """A winner until shared budgets are allotted; its case is kept where it had rivals."""

    person: int
    contender: Contender
    ghost: bool
    until: datetime
    slotted: Slotted
    rivals: tuple[Contender, ...]
    case: Case | None


@dataclass
class Day:
    """
    The day of one governor; `tomorrow` is when the next business date's first message may go out.

    It goes as a real day does (tasks/plan.py, tasks/allot.py): who finds nothing left in a shared
    budget waits for tomorrow's if its window reaches so far; else it gives its slot back, and those
    whom it had outcompeted compete once more for what is left.
    """

    governor: Governor
    tomorrow: datetime | None
    _winners: dict[int, _Winner] = field(default_factory=dict)

    def decide(self, case: Case) -> Iterator[Fate]:
        """Decide a person; yield what is settled at once, the rest waits for `close`."""
        won: Ruling | None = None
        rivals = []
        for ruling in self.governor.decide(case):
            if ruling.verdict is Verdict.SUPPRESSED:
                yield Fate(case.person_id, ruling.contender, ruling.reasons[0].rule)
            elif ruling.verdict is Verdict.OUTCOMPETED:
                rivals.append(ruling.contender)
            else:
                won = ruling
        if won is not None:
            self._winners[won.contender.candidate_id] = _winner(case, won, tuple(rivals))

    def close(self) -> Iterator[Fate]:
        """Allot what is shared, in two rounds at most; yield what had to wait for it."""
        first = self._allotted(Allotted((), {}))
        released = {one for one in first.over if not self._may_wait(one)}
        yield from self._settled(first, reopened=released)
        again = [self._winners[one] for one in sorted(released)]
        self._winners.clear()
        for one in again:
            if one.case is not None:
                yield from self.decide(one.case._replace(contenders=one.rivals))
        yield from self._settled(self._allotted(first), reopened=set())
        self._winners.clear()

    def _allotted(self, spent: Allotted) -> Allotted:
        policy = self.governor.policy
        asking = [
            Asking(
                candidate,
                one.contender.scene,
                one.slotted.sender,
                one.contender.wording_key,
                expected(one.contender, policy),
            )
            for candidate, one in sorted(self._winners.items())
        ]
        return allot(asking, _left(policy, asking, spent))

    def _may_wait(self, candidate: int) -> bool:
        return self.tomorrow is not None and self._winners[candidate].until > self.tomorrow

    def _settled(self, allotted: Allotted, *, reopened: set[int]) -> Iterator[Fate]:
        for candidate, one in self._winners.items():
            why = allotted.over.get(candidate)
            if why is not None:
                yield Fate(one.person, one.contender, BUDGETS[why])
            else:
                told = HOLDOUT if one.ghost else WRITTEN
                yield Fate(one.person, one.contender, told, one.slotted)
            if candidate not in reopened:
                for rival in one.rivals:
                    yield Fate(one.person, rival, OUTCOMPETED, winner=one.contender)


def _winner(case: Case, won: Ruling, rivals: tuple[Contender, ...]) -> _Winner:
    if won.span is None or case.zone is None or case.contact is None:
        raise ValueError("whoever takes a slot has a span, a contact and a zone")
    return _Winner(
        case.person_id,
        won.contender,
        won.verdict is Verdict.GHOST,
        won.span.end,
        Slotted(won.span.start, case.zone, case.contact.sender),
        rivals,
        case if rivals else None,
    )


def _left(policy: Policy, asking: Sequence[Asking], spent: Allotted) -> Left:
    """Return what is left of the shared budgets that concern these messages."""
    shared, texts, scenes = policy.shared, spent.texts, spent.scenes
    most = {scene: shared.of_scene(scene) for scene in {one.scene for one in asking}}
    senders = {one.sender for one in asking} if shared.texts_per_sender is not None else set()
    return Left(
        {sender: (shared.texts_per_sender or 0) - texts[sender] for sender in senders},
        {scene: bound - scenes[scene] for scene, bound in most.items() if bound is not None},
        None if shared.messages_per_run is None else shared.messages_per_run - len(spent.kept),
        frozenset((one.sender, one.wording_key) for one in spent.kept),
    )
