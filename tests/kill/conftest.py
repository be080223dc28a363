"""A day that is approved and not yet pushed, made once and copied for every test."""

from collections.abc import Iterator

import pytest

from sandbox.world import Options
from tests.conftest import database_of, fresh_name, wired_house
from tests.house import House, at

OPTIONS = Options(members=120, seed=7)


@pytest.fixture(scope="module")
def approved_day(server_url: str, template: str) -> Iterator[str]:
    """The name of a database in which the 2nd of March is approved."""
    name = fresh_name()
    with database_of(server_url, name, template) as url, pytest.MonkeyPatch.context() as patch:
        with wired_house(url, patch, OPTIONS) as house:
            house.approved_day(2)
        yield name


@pytest.fixture
def house(server_url: str, approved_day: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A copy of that day over a world that has lived as long; the same seed, the same people."""
    with (
        database_of(server_url, fresh_name(), approved_day) as url,
        wired_house(url, monkeypatch, OPTIONS) as made,
    ):
        made.control.set_clock(at(2, 7, 30))
        yield made
