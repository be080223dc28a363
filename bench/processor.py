"""How much of the machine's processors a measurement had, and how much it was denied."""

from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Processor:
    """
    Seconds of all cores: `busy` ones, whoever's, and those `stolen` by other guests of the host.

    Where the host steals much, seconds tell of the neighbours more than of what was measured.
    """

    busy: float = 0
    stolen: float = 0

    def __sub__(self, earlier: "Processor") -> "Processor":
        return Processor(self.busy - earlier.busy, self.stolen - earlier.stolen)


def processor() -> Processor:
    """Return what there was since the machine was started; Linux alone tells what was stolen."""
    times = psutil.cpu_times()
    return Processor(times.user + times.system, getattr(times, "steal", 0.0))
