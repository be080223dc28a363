"""A day of real flows in processes that may be killed, and what is left of it in the evening."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.world import Options
from tests.conftest import database_of, fresh_name, wired_house
from tests.house import House, at
from tests.kill.clockwork import Clockwork, Run
from tests.kill.mortal import Mortal

OPTIONS = Options(members=120, seed=7)
MORNING = at(2, 7, 30)
REVIEW = "review-batch/review-batch"
PUSH = "push-approved/push-approved"
COLLECT = "collect-outcomes/collect-outcomes"


@dataclass(frozen=True)
class Memory:
    """What a day came to: at home, at the stand-in, in Prefect. Like days are equal."""

    fates: list[tuple[Any, ...]]
    tasks: Counter[Any]
    received: Counter[Any]
    pushes: int


@dataclass(frozen=True)
class Day:
    """The 2nd of March; `late` is how long a killed process stays down."""

    house: House
    clockwork: Clockwork
    mortal: Mortal
    late: timedelta = timedelta(0)

    def live(self) -> None:
        """Grow, review, push and collect, each flow until it comes to its end."""
        self._grow_and_review()
        self._turn(at(2, 9, 5))
        self.house.control.fault("add_msg_template", "drop_after")  # sent, but nobody hears of it
        self._until_done("push-approved", at(2, 9, 5))
        self._until_done("push-approved", at(2, 9, 25))
        for hour, minute in ((13, 0), (17, 0), (20, 31)):
            self._until_done("collect-outcomes", at(2, hour, minute))

    def remember(self) -> Memory:
        """Return what the day came to."""
        control = self.house.control
        return Memory(
            fates=[tuple(row) for row in self.house.rows(_FATES)],
            tasks=Counter(
                (one.sender, one.external_userid, one.text, one.cancelled, one.confirmed_at)
                for one in control.tasks()
            ),
            received=Counter(
                (one.external_userid, one.userid, one.at, one.text) for one in control.received()
            ),
            pushes=len(self.clockwork.runs(PUSH)),
        )

    def _grow_and_review(self) -> None:
        """Whenever a review dies, the next daily run sees that there is a form to decide in."""
        dead: list[Run] = []
        while waiting := self._until_done("daily-growth", MORNING):
            reviews = [run for run in self.clockwork.runs(REVIEW) if run.id in waiting]
            assert self.clockwork.under_way(REVIEW) == reviews, "one form per batch, no more"
            for review in reviews:
                ended, _ = self.mortal.once("review-batch", **review.parameters)
                self.clockwork.end(review)
                if not ended:
                    dead.append(review)
        for review in dead:  # and somebody may always press Retry on what is over
            self.mortal.until_done("review-batch", **review.parameters)

    def _until_done(self, flow: str, as_of: datetime) -> Any:
        """Run a flow, again whenever it was killed, by then a little later."""
        while True:
            self._turn(as_of)
            ended, result = self.mortal.once(flow, as_of=as_of)
            if ended:
                return result
            as_of += self.late

    def _turn(self, as_of: datetime) -> None:
        self.house.control.set_clock(as_of)


@contextmanager
def day_of(
    server_url: str,
    pulled: str,
    folder: Path,
    *,
    deadly: Counter[str],
    late: timedelta = timedelta(0),
) -> Iterator[Day]:
    """A day on a copy of the pulled database, over a world that has lived as long."""
    with (
        pytest.MonkeyPatch.context() as patch,
        database_of(server_url, fresh_name(), pulled) as url,
        wired_house(url, patch, OPTIONS) as house,
    ):
        environment = {"DATABASE_URL": url, "RUNWU_SANDBOX_URL": house.sandbox_url}
        prefect = folder / "prefect.jsonl"
        mortal = Mortal(environment, folder, deadly, prefect)
        house.control.set_clock(MORNING)
        yield Day(house, Clockwork(prefect), mortal, late)


_FATES = """
SELECT c.person_id, c.scene, d.verdict, d.arm, m.ghost, m.state, a.revision, a.text,
       (SELECT array_agg(e.to_state ORDER BY e.seq) FROM message_event e WHERE e.message_id = m.id)
FROM candidate c LEFT JOIN decision d ON d.candidate_id = c.id LEFT JOIN message m ON m.id = c.id
LEFT JOIN draft a ON a.wording_id = m.wording_id
ORDER BY c.person_id, c.scene, a.revision
"""
