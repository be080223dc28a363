"""Days of the whole house, sent and answered, are decided again as they were."""

from datetime import timedelta

import pytest

from schemas.policy import Policy
from tasks.replay import Replayed, replay
from tasks.wiring import wiring
from tests.builders import MONDAY
from tests.house import House, at

pytestmark = pytest.mark.soak

DAYS = 5


def again(policy: Policy) -> Replayed:
    return replay(policy, MONDAY, None, lambda *_: None)


def test_days_that_were_lived_through_are_decided_again(house: House) -> None:
    for day in range(2, 2 + DAYS):
        house.approved_day(day)
        house.push(at(day, 10))
        house.collect(at(day, 14))
        house.collect(at(day, 20))
    same = again(wiring().policy)
    assert same.days == [MONDAY + timedelta(days=day) for day in range(DAYS)]
    assert {then for then, other in same.comparison.flows if then != other} == set()
    assert same.candidates == house.rows("SELECT count(*) FROM candidate")[0][0]
    assert same.comparison.delivered == house.states()["delivered"] > 0
    nobody = again(Policy.model_validate({"caps": [{"window": "day", "max": 0}]}))
    assert nobody.comparison.other.messages == 0
    assert nobody.comparison.spared.total() == same.comparison.fact.messages
    assert nobody.comparison.spared_delivered == same.comparison.delivered
