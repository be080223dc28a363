"""However often a day is killed between two tasks, it ends as the day nobody disturbed."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import database_of, fresh_name, wired_house
from tests.kill.day import COLLECT, MORNING, OPTIONS, Memory, day_of
from tests.kill.promises import assert_promises_kept

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def pulled_day(server_url: str, template: str) -> Iterator[str]:
    """The name of a database that knows all that there is to know in the morning."""
    name = fresh_name()
    with database_of(server_url, name, template) as url, pytest.MonkeyPatch.context() as patch:
        with wired_house(url, patch, OPTIONS) as house:
            house.pull(MORNING)
        yield name


@pytest.fixture(scope="module")
def undisturbed(
    server_url: str, pulled_day: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Memory, Counter[str]]:
    """What a day comes to if nobody kills it, and the boundaries it crosses."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with day_of(server_url, pulled_day, folder, deadly=Counter()) as day:
        day.live()
        assert_promises_kept(day.house)
        return day.remember(), day.mortal.reached


def test_killed_once_at_every_boundary_a_day_ends_as_if_nothing_had_been(
    server_url: str, pulled_day: str, undisturbed: tuple[Memory, Counter[str]], tmp_path: Path
) -> None:
    memory, boundaries = undisturbed
    with day_of(server_url, pulled_day, tmp_path, deadly=boundaries) as day:
        day.live()
        assert_promises_kept(day.house)
        assert day.remember() == memory
        # The unanswered call is found by the first restart already, not by the next round; so the
        # round has no new end to be there for.
        assert (boundaries - day.mortal.died).keys() <= {f"push-approved: make {COLLECT}"}


def test_nothing_is_sent_twice_where_each_restart_comes_a_minute_later(
    server_url: str, pulled_day: str, undisturbed: tuple[Memory, Counter[str]], tmp_path: Path
) -> None:
    _, boundaries = undisturbed
    third = Counter(sorted(boundaries)[::3])
    with day_of(server_url, pulled_day, tmp_path, deadly=third, late=timedelta(minutes=1)) as day:
        day.live()
        assert day.mortal.died.total() > third.total() / 2
        assert_promises_kept(day.house)
