"""The world: one clock, and the town that lives by it."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.calendar import ZONE
from sandbox.clock import WorldClock
from sandbox.town import Town
from sandbox.wecom.letterbox import Quota


@dataclass(frozen=True)
class Options:
    """
    What kind of world it is.

    `adopt` are unionids of a public log's customers: they become the WeCom customers, and the
    shop has no members of its own. `quota` is WeCom's cap: 1 a day, 7 a week or the month's days.
    """

    members: int = 300
    seed: int = 7
    adopt: tuple[str, ...] = ()
    quota: Quota = "day"


class World:
    """Advances the town, event by event, to whatever its clock shows."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._clock = WorldClock()
        self._town: Town | None = None
        self._advanced = False

    def now(self) -> datetime:
        """Return the present instant, without letting anything begin."""
        return self._clock.now()

    def town(self) -> tuple[Town, datetime]:
        """Return the town as it is now, and now; the first call makes up its history."""
        at = self._clock.now()
        if self._town is None:
            self._town = self._found(at)
        self._town.agenda.run_until(at)
        return self._town, at

    def set_clock(self, at: datetime) -> datetime:
        """
        Go to `at` and return the time it is now.

        Forward always; backward only while nothing has happened that anybody could remember.
        """
        if self._town is None:
            self._clock.set(at)
        elif at >= self._clock.now():
            self._clock.set(at)
            self._advanced = True
        elif not self._advanced and not self._town.desk.tasks:
            self._clock.set(at)
            self._town = None
        else:
            return self._clock.now()
        self.town()
        return at.astimezone(ZONE)

    def _found(self, at: datetime) -> Town:
        options = self._options
        return Town(options.members, options.seed, options.adopt, options.quota, at)
