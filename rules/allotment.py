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
    """The messages that got their share, in no order, and why the others did not, by message."""

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
    by_text: dict[Text, list[Asking]] = defaultdict(list)
    for one in asking:
        by_text[one.sender, one.wording_key].append(one)
    fitting = _fitting(by_text, left)
    kept = [one for text in by_text if text in fitting for one in by_text[text]]
    over = {
        one.message_id: SENDER for text in by_text if text not in fitting for one in by_text[text]
    }
    if left.scenes or left.run is not None:
        kept.sort(key=lambda one: (-one.worth, one.message_id))
        kept = _within(kept, left.scenes, over)
    if left.run is not None:
        over.update((one.message_id, RUN) for one in kept[left.run :])
        kept = kept[: left.run]
    return Allotted(tuple(kept), over, left.paid)


def _fitting(by_text: Mapping[Text, Sequence[Asking]], left: Left) -> frozenset[Text]:
    """Return the texts that are paid, or worth a tap more than others of their sender."""
    worth: dict[str, dict[str, float]] = defaultdict(dict)
    for text, ones in by_text.items():
        if text not in left.paid:
            sender, key = text
            worth[sender][key] = sum([one.worth for one in ones])
    best = (
        (sender, key) for sender, of in worth.items() for key in _best(of, left.texts.get(sender))
    )
    return left.paid.union(best)


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
