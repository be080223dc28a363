"""Where the bars and ribbons of a picture of flows lie: numbers in, positions in pixels out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

GAP = 18.0
"""Between bars of a column: a label beside each has this much room, however thin the bar."""

_HEIGHT = 400.0
_THINNEST = 1.5
_THICKEST = 12.0  # of one person: a handful of people should not fill the page


@dataclass(frozen=True)
class Bar:
    """One end of flows: its place in a column and how many persons it holds."""

    name: str
    persons: int
    top: float
    height: float

    @property
    def bottom(self) -> float:
        """Return where it ends."""
        return self.top + self.height

    @property
    def middle(self) -> float:
        """Return the height at which its label stands."""
        return self.top + self.height / 2


@dataclass(frozen=True)
class Ribbon:
    """Persons on their way from a bar on the left to one on the right, equally thick all along."""

    source: str
    target: str
    persons: int
    left: float
    right: float
    thickness: float

    @property
    def stays(self) -> bool:
        """Return whether they are where they were."""
        return self.source == self.target

    def path(self, start: float, end: float, down: float = 0) -> str:
        """Return its outline from x to x as an SVG path, level at both ends, moved down so far."""
        bend = (start + end) / 2
        left, right = self.left + down, self.right + down
        low_left, low_right = left + self.thickness, right + self.thickness
        return (
            f"M{start:g},{left:.2f}"
            f" C{bend:g},{left:.2f} {bend:g},{right:.2f} {end:g},{right:.2f}"
            f" V{low_right:.2f}"
            f" C{bend:g},{low_right:.2f} {bend:g},{low_left:.2f} {start:g},{low_left:.2f} Z"
        )


@dataclass(frozen=True)
class Alluvial:
    """Two columns of bars from the top down, and the ribbons between; those that stay first."""

    left: tuple[Bar, ...]
    right: tuple[Bar, ...]
    ribbons: tuple[Ribbon, ...]

    @property
    def height(self) -> float:
        """Return how far down the longer column reaches."""
        return max((bar.bottom for bar in chain(self.left, self.right)), default=0.0)


def alluvial(flows: Mapping[tuple[str, str], int], order: Sequence[str]) -> Alluvial:
    """
    Return where the bars and ribbons of flows lie; `order` names every bar, from the top down.

    A ribbon is as thick as it has persons, on one scale for all, but never too thin to be seen. A
    bar is as high as its ribbons together; they lie in it in the order of where they lead, so that
    few of them cross. Bars without persons are left out.
    """
    place = {name: position for position, name in enumerate(order)}
    kept = {ends: persons for ends, persons in flows.items() if persons > 0}
    thickness = _thickness(kept)
    outward = sorted(kept, key=lambda ends: (place[ends[0]], place[ends[1]]))
    inward = sorted(kept, key=lambda ends: (place[ends[1]], place[ends[0]]))
    lefts, left = _column([(ends[0], ends) for ends in outward], kept, thickness)
    rights, right = _column([(ends[1], ends) for ends in inward], kept, thickness)
    ribbons = [
        Ribbon(*ends, kept[ends], lefts[ends], rights[ends], thickness[ends]) for ends in kept
    ]
    ribbons.sort(key=lambda one: (not one.stays, -one.persons, place[one.source]))
    return Alluvial(left, right, tuple(ribbons))


_Ends = tuple[str, str]


def _thickness(flows: Mapping[_Ends, int]) -> dict[_Ends, float]:
    """Return how thick each ribbon is, so that all together fill the height if they can."""
    thinnest = min(_THINNEST, _HEIGHT / max(1, len(flows)))
    room, left = _HEIGHT, sum(flows.values())
    scale = _THICKEST
    for persons in sorted(flows.values()):
        scale = min(_THICKEST, room / left)
        if scale * persons >= thinnest:
            break
        room, left = room - thinnest, left - persons
    return {ends: max(thinnest, scale * persons) for ends, persons in flows.items()}


def _column(
    stacked: Iterable[tuple[str, _Ends]],
    flows: Mapping[_Ends, int],
    thickness: Mapping[_Ends, float],
) -> tuple[dict[_Ends, float], tuple[Bar, ...]]:
    """Return where each ribbon begins in a column, and the bars they make up."""
    ribbons: dict[str, list[_Ends]] = {}
    for name, ends in stacked:
        ribbons.setdefault(name, []).append(ends)
    begins: dict[_Ends, float] = {}
    bars: list[Bar] = []
    for name, within in ribbons.items():
        top = bars[-1].bottom + GAP if bars else 0.0
        edge = top
        for ends in within:
            begins[ends] = edge
            edge += thickness[ends]
        bars.append(Bar(name, sum(flows[ends] for ends in within), top, edge - top))
    return begins, tuple(bars)
