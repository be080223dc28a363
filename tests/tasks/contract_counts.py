"""A stage held to the contract, by both who count."""

from collections.abc import Mapping

from sqlalchemy import Engine

from schemas.contract import Contract, Terms
from schemas.enums import Entity
from store.counting import bad_counts
from store.database import transaction
from store.row_rules import row_rules
from store.staging import Stage
from tasks.expectations import Suite
from tasks.verdicts import expectations_say
from tests import builders
from tests.builders import MORNING, change
from tests.tasks.contract_rows import PHONES

PLAIN = Terms()
STRICT = Terms(began="2020-01-01T00:00:00+08:00", currencies=("CNY", "JPY"), stores=True)
CONTRACT = Contract()  # bears the greater of 10 rows and 5 % of all


def told(entity: Entity, terms: Terms = PLAIN, contract: Contract = CONTRACT) -> Suite:
    return Suite(entity, MORNING, terms, contract)


def predicates(database: Engine, stage: Stage, terms: Terms = PLAIN) -> Mapping[str, int]:
    rules = row_rules(stage.entity, terms)
    with transaction(database) as connection:
        return bad_counts(connection, stage, rules, as_of=MORNING)


def unexpected(url: str, stage: Stage, terms: Terms = PLAIN) -> Mapping[str, int | None]:
    checks, _ = expectations_say(url, stage, told(stage.entity, terms))
    return {check.rule: check.unexpected for check in checks}


def known(database: Engine) -> None:
    """Let there be two members, a store, and orders in CNY."""
    builders.persons(database, 2)
    change(database, "UPDATE member SET phone_hash = :phone WHERE key = 'm2'", phone=PHONES[1])
    change(database, "INSERT INTO store (source, key, name) VALUES ('shop', 's1', '一店')")
    change(
        database,
        "INSERT INTO shop_order (source, key, member_id, ordered_at, status, currency)"
        " SELECT 'shop', 'o', id, '2026-01-01Z', 'paid', 'CNY' FROM member WHERE key = 'm1'",
    )
