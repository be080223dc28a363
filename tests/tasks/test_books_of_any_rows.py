"""Whatever rows a source tells, each is accounted for, and telling them again changes nothing."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from schemas.enums import Entity
from schemas.incoming import Page, Window, staged_row
from store import readings
from store.counting import bad_counts
from store.database import transaction
from store.row_rules import ROW_RULES
from store.staging import Stage
from tasks import pull
from tasks.verdicts import Judgement
from tests import builders
from tests.builders import MORNING, change
from tests.house import House
from tests.tasks.contract_counts import known
from tests.tasks.contract_rows import ODD, fit_rows

pytestmark = pytest.mark.soak

_WINDOW = Window(None, MORNING)


def _rows(entity: Entity) -> st.SearchStrategy[list[dict[str, Any]]]:
    columns = {name: st.sampled_from(values) for name, values in ODD[entity].items()}
    odd = st.fixed_dictionaries(columns)
    (fit,) = fit_rows(entity, 1)
    mostly_fit = st.fixed_dictionaries({}, optional=columns).map(lambda told: fit | told)
    return st.lists(st.one_of(odd, mostly_fit, st.just(fit)), max_size=6)


def _judged_by_predicates(database: Engine, stage: Stage) -> Judgement:
    with transaction(database) as connection:
        counts = bad_counts(connection, stage, ROW_RULES[stage.entity], as_of=MORNING)
    return Judgement(
        passed=True,
        reason="",
        checks=[{"rule": rule, "predicate": count} for rule, count in counts.items()],
    )


def _pulled(database: Engine, stage: Stage, told: list[dict[str, Any]]) -> dict[str, int]:
    """Stage rows as a page, judge, publish, and return the parts of the books."""
    with transaction(database) as connection:
        rows = [staged_row(stage.entity, row, None) for row in told]
        begun = readings.start(connection, stage, _WINDOW)
        read = readings.append(connection, stage, begun, [Page(rows, len(rows))])
        readings.save(connection, stage, replace(read, whole=True))
    staged = pull.stage_window.fn(stage)
    run = builders.run(
        database, flow="pull-data", occasion=str(len(builders.rows(database, _RUNS)))
    )
    books = pull.publish_window.fn(run, staged, _judged_by_predicates(database, stage))
    assert (books.balances, books.whole) == (True, staged.pulled)
    return dict(books.parts)


_RUNS = "SELECT 1 FROM run"


@pytest.mark.parametrize("entity", Entity)
def test_the_books_balance_whatever_is_told_and_twice_is_once(house: House, entity: Entity) -> None:
    known(house.database)
    stage = Stage("wecom" if entity is Entity.CONTACT else "shop", entity)

    @settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(_rows(entity))
    def tell(told: list[dict[str, Any]]) -> None:
        change(house.database, "TRUNCATE quarantine")
        first = _pulled(house.database, stage, told)
        again = _pulled(house.database, stage, told)
        assert again["published"] == 0
        assert again["unchanged"] == first["published"] + first["unchanged"]

    tell()
