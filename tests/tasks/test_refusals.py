"""A database goes forward only: what came later was read, so what came before is over."""

from datetime import datetime

import pytest

from schemas.environment import Environment
from schemas.errors import RunRefused
from schemas.settings import Settings
from tasks import pull
from tasks.refusals import require_to_come
from tasks.wiring import Wiring
from tests.house import House, at


def here() -> Wiring:
    return Wiring(Settings(), Environment())


def test_a_pull_of_an_earlier_instant_is_refused_and_leaves_no_run(planned: House) -> None:
    """Its row would be the newest, and a live database would pass for one that rehearses."""
    before = planned.rows("SELECT id FROM run")
    told = r"^2026-03-02 07:20 is over: this database has shop member up to 2026-03-02 07:30; "
    with pytest.raises(RunRefused, match=told):
        pull.open_pull.fn(at(2, 7, 20))
    assert planned.rows("SELECT id FROM run") == before


def test_an_instant_that_was_pulled_may_be_pulled_again_for_nothing(planned: House) -> None:
    planned.pull(at(2, 9, 5))
    assert pull.open_pull.fn(at(2, 7, 30)).windows == []


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize(
    ("as_of", "told"),
    [(at(1, 7, 30), "lived through 2026-03-02"), (at(2, 7, 20), "up to 2026-03-02 07:30")],
)
def test_what_is_over_is_refused_before_anything_is_started(as_of: datetime, told: str) -> None:
    with pytest.raises(RunRefused, match=told):
        require_to_come(here(), as_of)


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize("as_of", [at(2, 7, 30), at(2, 9, 5), at(3, 7, 30)])
def test_what_is_still_to_come_may_start(as_of: datetime) -> None:
    require_to_come(here(), as_of)
