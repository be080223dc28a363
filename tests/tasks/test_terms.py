"""What the contract's section of the configuration comes to."""

from datetime import date

import pytest
from pydantic import ValidationError

from schemas.contract import Contract
from schemas.enums import Entity
from schemas.environment import Environment
from schemas.errors import ConfigurationError
from schemas.settings import Settings
from tasks.expectations import require_known_rules
from tasks.terms import terms_of
from tasks.wiring import Wiring


def _contract(entity: str, rule: str) -> Contract:
    return Contract.model_validate({"rules": {entity: {rule: {"mostly": 0.9}}}})


def test_a_rule_that_there_is_not_is_refused_by_naming_those_there_are() -> None:
    told = r"^contract\.rules\.contact\.adress_present: there is no such rule; contact has addr"
    with pytest.raises(ConfigurationError, match=told):
        require_known_rules(_contract("contact", "adress_present"))


@pytest.mark.parametrize("rule", ["address_present", "row_count"])
def test_a_rule_that_there_is_passes(rule: str) -> None:
    require_known_rules(_contract("contact", rule))


def test_a_house_with_such_terms_does_not_start() -> None:
    wired = Wiring(Settings(contract=_contract("contact", "adress_present")), Environment())
    with pytest.raises(ConfigurationError, match="no such rule"):
        _ = wired.contract


def test_terms_of_nothing_that_is_pulled_are_refused() -> None:
    with pytest.raises(ValidationError, match="contact"):
        _contract("contacts", "address_present")


def test_a_business_begins_with_its_own_day() -> None:
    settings = Settings(contract=Contract(began=date(2020, 1, 1), currencies=("CNY",)))
    terms = terms_of(Wiring(settings, Environment()), "shop")
    assert terms.began == "2020-01-01T00:00:00+08:00"
    assert terms.currencies == ("CNY",)


def test_store_keys_are_held_against_stores_only_where_the_source_yields_any() -> None:
    wired = Wiring(Settings(), Environment())
    yields = Entity.STORE in wired.sources["shop"].entities
    assert terms_of(wired, "shop").stores is yields
