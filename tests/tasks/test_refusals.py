"""Why a run may not start: a database goes forward only, and only on data that can be relied on."""

from datetime import datetime

import pytest

from schemas.environment import Environment
from schemas.errors import RunRefused
from schemas.settings import Settings
from store.database import transaction
from tasks import pull
from tasks.refusals import require_to_come, require_verdicts
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


@pytest.mark.parametrize(
    ("as_of", "told"), [(at(3, 9, 30), None), (at(3, 9, 31), "more than 26 hours ago: let pull")]
)
def test_data_grow_too_old_for_a_run(planned: House, as_of: datetime, told: str | None) -> None:
    with transaction(planned.database) as connection:
        if told is None:
            require_verdicts(connection, here(), as_of)
            return
        with pytest.raises(RunRefused, match=told):
            require_verdicts(connection, here(), as_of)


def test_a_day_unlike_recent_ones_is_refused_and_another_day_is_not(planned: House) -> None:
    planned.change(
        "INSERT INTO day_verdict (business_date, source, entity, at, passed, reason, checks)"
        " VALUES ('2026-03-03', 'shop', 'order_line', '2026-03-02Z', false,"
        " 'published is 0, usually 75 to 1200 (of 21 days)', '[]')"
    )
    with transaction(planned.database) as connection:
        require_verdicts(connection, here(), at(2, 9))
        with pytest.raises(RunRefused, match=r"unlike recent days: published is 0, .*; see to"):
            require_verdicts(connection, here(), at(3, 7, 30))
