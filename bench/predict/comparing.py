"""Every method on a log: the means over its cut-offs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from bench.predict.logs import Log
from bench.predict.marks import auc, precision_at
from bench.predict.methods import METHODS, Method, bg_nbd
from rules.past import Floats, Past, ordered
from rules.scores import forecast

HORIZONS = (7, 30, 90)
_LAPSE = 90
_LATELY = 180
_TOP = 0.1


@dataclass(frozen=True)
class Line:
    """How a method did: precision in the top 10 % and AUC by horizon, and the AUC of lapses."""

    method: str
    marks: dict[int, tuple[float, float]]
    lapse: float


@dataclass(frozen=True, eq=False)
class Calibration:
    """Probabilities at one cut-off and who came: ours, ours before the shift, and BG/NBD's."""

    horizon: int
    cut_off: str
    ours: Floats
    unshifted: Floats
    bg_nbd: Floats
    came: Floats


def compared(log: Log) -> Iterator[Line]:
    """Yield a line per method."""
    pasts = [Past.of(log.days, cut_off) for cut_off in log.cut_offs]
    for name, method in METHODS.items():
        lines = [_marked(log, past, method) for past in pasts]
        told = np.mean(lines, axis=0)
        marks = {
            horizon: (float(told[2 * place]), float(told[2 * place + 1]))
            for place, horizon in enumerate(HORIZONS)
        }
        yield Line(name, marks, float(told[-1]))


def _marked(log: Log, past: Past, method: Method) -> list[float]:
    """Return precision and AUC for each horizon, and the AUC of who lapses."""
    told: list[float] = []
    for horizon in HORIZONS:
        scores, came = method(log.days, past, horizon), ordered(log.days, past, horizon)
        told += [precision_at(_TOP, scores, came), auc(scores, came)]
        if horizon == _LAPSE:
            open_ = (past.x > 0) & (past.silence <= _LATELY)
            lapse = auc(-scores[open_], 1 - came[open_])
    return [*told, lapse]


def calibrations(log: Log) -> Iterator[Calibration]:
    """Yield what was expected at each cut-off for each horizon, and what came."""
    for cut_off in log.cut_offs:
        past = Past.of(log.days, cut_off)
        for horizon in HORIZONS:
            found = forecast(log.days, cut_off, horizon)
            ours = found.expected["p_order"].to_numpy()
            yield Calibration(
                horizon,
                cut_off.isoformat(),
                ours,
                np.asarray(expit(logit(ours) - found.shift)),
                bg_nbd(log.days, past, horizon),
                ordered(log.days, past, horizon),
            )
