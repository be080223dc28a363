import pytest

from tests.adapters.loopback import Loopback
from tests.adapters.youzan.reading import Made, made_at
from tests.adapters.youzan.stand_in import YouzanShop


@pytest.fixture
def shop(server: Loopback) -> YouzanShop:
    stand_in = YouzanShop()
    server.script = stand_in
    return stand_in


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def source(server: Loopback, shop: YouzanShop, waits: list[float]) -> Made:
    return made_at(server.url, shop, waits)
