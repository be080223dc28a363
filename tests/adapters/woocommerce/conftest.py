import pytest

from tests.adapters.loopback import Loopback
from tests.adapters.woocommerce.reading import Made, made_at
from tests.adapters.woocommerce.stand_in import WooCommerceShop


@pytest.fixture
def shop(server: Loopback) -> WooCommerceShop:
    stand_in = WooCommerceShop()
    server.script = stand_in
    return stand_in


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def source(server: Loopback, waits: list[float]) -> Made:
    return made_at(server.url, waits)
