"""Who gets what all messages of a day share: an employee's taps, a scene's and a run's messages."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

SENDER = "no text left for the employee"
SCENE = "no message left for the scene"
RUN = "no message left for the run"

Text = tuple[str, str]
"""A sender, and the key of a wording that this sender confirms."""


class Asking(NamedTuple):
    """A winner that asks for its share; messages of one sender and wording share one text."""

    message_id: int
    scene: str
    sender: str
    wording_key: str
    worth: float


@dataclass(frozen=True)
class Left:
    """What is left of the shared budgets: texts by sender, messages by scene, messages of the run.

    What has no entry, and a run of None, is not bounded. `paid` texts are confirmed anyway, so
    that more recipients of theirs cost their senders nothing.
    """

    texts: Mapping[str, int] = field(default_factory=dict)
    scenes: Mapping[str, int] = field(default_factory=dict)
    run: int | None = None
    paid: frozenset[Text] = frozenset()


@dataclass(frozen=True)
class Allotted:
    """The messages that got their share, and why the others did not, by message."""

    kept: tuple[Asking, ...]
    over: Mapping[int, str]
    paid: frozenset[Text] = frozenset()

    @property
    def texts(self) -> Counter[str]:
        """The distinct texts of each sender that were not paid before."""
        texts = {(one.sender, one.wording_key) for one in self.kept}
        return Counter(sender for sender, _ in texts - self.paid)

    @property
    def scenes(self) -> Counter[str]:
        """The messages of each scene."""
        return Counter(one.scene for one in self.kept)


def allot(asking: Sequence[Asking], left: Left) -> Allotted:
    """
    Return who keeps their slot when shared budgets go by value.

    An employee's texts go to those that are worth most to all their recipients together, then the
    messages of scenes and of the run to the most valuable ones; ties go by key and by age.

    Rationale: every distinct text costs an employee a tap (wecom.md, point 3), so a tap serves many
    before it serves one; whoever comes first has no claim by that (peers.md, section 4, point 9).
    """
    over: dict[int, str] = {}
    kept = _confirmable(asking, left, over)
    ranked = sorted(kept, key=lambda one: (-one.worth, one.message_id))
    kept = _within(ranked, left.scenes, over)
    if left.run is not None:
        over.update((one.message_id, RUN) for one in kept[left.run :])
        kept = kept[: left.run]
    return Allotted(tuple(kept), over, left.paid)


def _confirmable(asking: Sequence[Asking], left: Left, over: dict[int, str]) -> list[Asking]:
    worth: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for one in asking:
        if (one.sender, one.wording_key) not in left.paid:
            worth[one.sender][one.wording_key] += one.worth
    best = {
        (sender, key) for sender, of in worth.items() for key in _best(of, left.texts.get(sender))
    }
    fitting = best | left.paid
    kept = []
    for one in asking:
        if (one.sender, one.wording_key) in fitting:
            kept.append(one)
        else:
            over[one.message_id] = SENDER
    return kept


def _best(worth: Mapping[str, float], most: int | None) -> Iterable[str]:
    return sorted(worth, key=lambda key: (-worth[key], key))[:most]


def _within(
    ranked: Sequence[Asking], scenes: Mapping[str, int], over: dict[int, str]
) -> list[Asking]:
    used: Counter[str] = Counter()
    kept = []
    for one in ranked:
        if used[one.scene] >= scenes.get(one.scene, len(ranked)):
            over[one.message_id] = SCENE
        else:
            used[one.scene] += 1
            kept.append(one)
    return kept
