"""A planned day and an approved day, made once per session and copied for every test."""

from collections.abc import Iterator

import pytest

from sandbox.world import Options
from tests.conftest import database_of, fresh_name, wired_house
from tests.house import House, at

OPTIONS = Options(members=120, seed=7)


@pytest.fixture(scope="session")
def planned_day(server_url: str, template: str) -> Iterator[str]:
    """The name of a database in which the 2nd of March waits for its reviewer."""
    name = fresh_name()
    with database_of(server_url, name, template) as url, pytest.MonkeyPatch.context() as patch:
        with wired_house(url, patch, OPTIONS) as house:
            house.pull(at(2, 7, 30))
            house.grow(at(2, 7, 30))
        yield name


@pytest.fixture
def planned(server_url: str, planned_day: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house whose day is planned, drafted and in review."""
    with (
        database_of(server_url, fresh_name(), planned_day) as url,
        wired_house(url, monkeypatch, OPTIONS) as house,
    ):
        house.control.set_clock(at(2, 7, 30))
        yield house


@pytest.fixture
def approved(planned: House) -> House:
    """The same, with everything approved."""
    planned.decide()
    return planned
