"""How good a ranking is, with ties scored in expectation."""

import numpy as np
from scipy.stats import rankdata

from rules.past import Floats


def precision_at(share: float, scores: Floats, came: Floats) -> float:
    """Return which part of the best `share` came, where ties are broken by lot."""
    size = max(1, round(len(scores) * share))
    least = np.sort(scores)[-size]
    above, tied = scores > least, scores == least
    lots = (size - above.sum()) * came[tied].mean()
    return float((came[above].sum() + lots) / size)


def auc(scores: Floats, came: Floats) -> float:
    """Return how probably someone who came was ranked above someone who did not."""
    some = came > 0
    many, others = some.sum(), (~some).sum()
    above = rankdata(scores)[some].sum() - many * (many + 1) / 2
    return float(above / (many * others))


def reliability(p: Floats, came: Floats, bins: int = 10) -> tuple[Floats, Floats]:
    """Return the mean probability and the share that came, in bins of equal size."""
    groups = np.array_split(np.argsort(p, kind="stable"), bins)
    return (
        np.array([p[group].mean() for group in groups]),
        np.array([came[group].mean() for group in groups]),
    )
