"""The verdict over a staged window: Great Expectations counts, our predicates count, both agree."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.enums import Entity
from schemas.policy import Policy
from store.database import psycopg_url
from store.row_rules import TABLES
from tasks.expectations import ROW_COUNT, suite


@dataclass(frozen=True)
class Check:
    """One rule as Great Expectations saw it; `unexpected` is None where it could not tell."""

    rule: str
    unexpected: int | None


@dataclass(frozen=True)
class Judgement:
    """Whether a window may be published, the reason if not, and every check behind it."""

    passed: bool
    reason: str
    checks: list[dict[str, Any]]


def expectations_say(
    url: str, entity: Entity, *, source: str, as_of: datetime, first_load: bool
) -> list[Check]:
    """Run the suite inside the database and return what each expectation counted."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # "$" starts a template in Great Expectations' own configuration; a password may hold one.
    connection = psycopg_url(url).replace("$", r"\$")
    with warnings.catch_warnings():
        # Its PostgreSQL datasource takes no socket path, and the general one says: take that one.
        warnings.simplefilter("ignore")
        datasource = context.data_sources.add_sql("staging", connection_string=connection)
    try:
        table = datasource.add_table_asset(entity.value, table_name=TABLES[entity])
        expected = suite(entity, source=source, as_of=as_of, first_load=first_load)
        rules = []
        for rule, expectation in expected.items():
            expectation.meta = {"rule": rule}
            rules.append(expectation)
        validation = context.validation_definitions.add(
            gx.ValidationDefinition(
                name=entity.value,
                data=table.add_batch_definition_whole_table("all"),
                suite=context.suites.add(
                    gx.ExpectationSuite(name=entity.value, expectations=rules)
                ),
            )
        )
        # BASIC without examples: no member data leaves the database for a report.
        result = validation.run(
            result_format={
                "result_format": "BASIC",
                "exclude_unexpected_values": True,
                "partial_unexpected_count": 0,
            }
        )
        return [_check(one) for one in result.results]
    finally:
        datasource.get_execution_engine().close()
        datasource.get_engine().dispose()


def judge(
    checks: list[Check], predicates: Mapping[str, int], rows: int, policy: Policy
) -> Judgement:
    """
    Return the judgement over a window of `rows` staged rows.

    A rule that raised, or on which the two counts differ, fails the window: bad rows might slip
    through. So does a rule broken by more rows than the policy lets pass into quarantine.
    """
    bearable = max(policy.quarantine_floor, policy.max_quarantined_share * rows)
    reasons = []
    table = []
    for check in sorted(checks, key=lambda one: one.rule):
        ours = predicates.get(check.rule, 0)
        table.append({"rule": check.rule, "unexpected": check.unexpected, "predicate": ours})
        if check.unexpected is None:
            reasons.append(f"{check.rule} could not be evaluated")
        elif check.rule == ROW_COUNT:
            if check.unexpected:
                reasons.append("the first load brought no rows")
        elif check.unexpected != ours:
            reasons.append(
                f"{check.rule}: Great Expectations counts {check.unexpected} rows,"
                f" the predicate {ours}"
            )
        elif ours > bearable:
            reasons.append(f"{check.rule}: {ours} of {rows} rows are bad")
    missing = predicates.keys() - {check.rule for check in checks}
    reasons += [f"{rule} has no expectation" for rule in sorted(missing)]
    return Judgement(not reasons, "; ".join(reasons), table)


def _check(result: Any) -> Check:
    rule = str(result.expectation_config.meta["rule"])
    found: dict[str, Any] = result.result
    if rule == ROW_COUNT and "observed_value" in found:
        return Check(rule, 0 if result.success else 1)
    if found.get("unexpected_count") is not None:
        return Check(rule, int(found["unexpected_count"]))
    if found.get("element_count") == 0:
        return Check(rule, 0)  # of no rows, none is bad; Great Expectations then counts nothing
    if "observed_value" in found:
        return Check(rule, int(found["observed_value"]))
    return Check(rule, None)
