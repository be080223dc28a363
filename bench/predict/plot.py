"""How reliable probabilities are: what was said beside what came."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.predict.comparing import HORIZONS, Calibration
from bench.predict.marks import reliability


def plot(told: Sequence[Calibration], path: Path, credit: str) -> None:
    """Write a picture with a panel per horizon, over all cut-offs together."""
    figure = Figure(figsize=(4 * len(HORIZONS), 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    for panel, horizon in zip(figure.subplots(1, len(HORIZONS)), HORIZONS, strict=True):
        here = [one for one in told if one.horizon == horizon]
        came = np.concatenate([one.came for one in here])
        lines = {
            "runwu": [one.ours for one in here],
            "before the shift": [one.unshifted for one in here],
            "BG/NBD": [one.bg_nbd for one in here],
        }
        panel.plot([0, 1], [0, 1], color="0.8", linewidth=1)
        for name, probabilities in lines.items():
            panel.plot(*reliability(np.concatenate(probabilities), came), marker="o", label=name)
        panel.set(title=f"{horizon} days", xlabel="said", ylabel="came")
        panel.legend(frameon=False)
    figure.supxlabel(credit, fontsize=7)
    figure.savefig(path, dpi=120)
