"""The verdict over a staged window: Great Expectations counts, our predicates count, both agree."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from schemas.incoming import Window
from store.counting import bad_counts
from store.database import transaction
from store.facts_staged import facts
from store.row_rules import row_rules
from store.staging import Stage
from store.window_metrics import window_metrics
from tasks.expectations import ROW_COUNT, Suite, suite
from tasks.terms import terms_of
from tasks.validation import Check, validated
from tasks.wiring import Wiring


@dataclass(frozen=True)
class Judgement:
    """
    Whether a window may be published, the reason if not, and every check behind it.

    `metrics` are what its day is judged by; `report` is what Great Expectations said of it,
    without a value of any row.
    """

    passed: bool
    reason: str
    checks: list[dict[str, Any]]
    metrics: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def broken(self) -> dict[str, int]:
        """How many rows broke which rule, where the window does not bear it."""
        return {
            check["rule"]: check["unexpected"] or check["predicate"]
            for check in self.checks
            if not check["passed"]
        }


def judge_stage(wired: Wiring, stage: Stage, told: Suite, rows: int) -> Judgement:
    """Return the judgement over `rows` staged rows. Orders must have been gathered."""
    url = wired.environment.database_url or ""
    # Two connections, so that a server with two cores counts for both at once.
    with ThreadPoolExecutor(1) as beside:
        ours = beside.submit(_predicates_say, wired, stage, told)
        checks, report = expectations_say(url, stage, told)
        predicates, metrics = ours.result()
    verdict = judge(checks, predicates, rows, told)
    return Judgement(verdict.passed, verdict.reason, verdict.checks, metrics, report)


def nothing_came(wired: Wiring, stage: Stage) -> Judgement:
    """
    Return the judgement over an empty window: no row breaks any rule.

    Most pulls of a day bring nothing of most entities; to say so takes no Great Expectations.
    """
    with transaction(wired.database) as connection:
        return Judgement(
            passed=True, reason="", checks=[], metrics=window_metrics(connection, stage)
        )


def _predicates_say(
    wired: Wiring, stage: Stage, told: Suite
) -> tuple[Mapping[str, int], dict[str, Any]]:
    rules = row_rules(stage.entity, told.terms)
    with transaction(wired.database) as connection:
        counts = bad_counts(connection, stage, rules, as_of=told.as_of)
        return counts, window_metrics(connection, stage)


def suite_of(wired: Wiring, stage: Stage, window: Window) -> Suite:
    """Return what a window of this house is judged by."""
    return Suite(
        entity=stage.entity,
        as_of=window.until,
        terms=terms_of(wired, stage.source),
        contract=wired.contract,
        first_load=window.since is None,
    )


def expectations_say(url: str, stage: Stage, told: Suite) -> tuple[list[Check], dict[str, Any]]:
    """Run the suite inside the database; return what each expectation counted, and its report."""
    return validated(url, stage.name, facts(stage, told.terms), suite(told))


def judge(checks: list[Check], predicates: Mapping[str, int], rows: int, told: Suite) -> Judgement:
    """
    Return the judgement over a window of `rows` staged rows.

    A rule that raised, or on which the two counts differ, fails the window: bad rows might slip
    through. So does a rule broken by more rows than the contract bears.
    """
    declared = {rule.name: rule.severity for rule in row_rules(told.entity)}
    contract = told.contract
    reasons = []
    table = []
    for check in sorted(checks, key=lambda one: one.rule):
        ours = predicates.get(check.rule, 0)
        first = "set" if check.rule == ROW_COUNT else declared.get(check.rule, "row")
        bears = contract.bears(told.entity, check.rule, first, ours, rows)
        why = _objection(check, ours, rows, bears=bears)
        reasons += [why] if why else []
        table.append(
            {
                "rule": check.rule,
                "severity": contract.severity(told.entity, check.rule, first),
                "mostly": contract.mostly_of(told.entity, check.rule, first),
                "unexpected": check.unexpected,
                "predicate": ours,
                "passed": not why,
            }
        )
    missing = predicates.keys() - {check.rule for check in checks}
    reasons += [f"{rule} has no expectation" for rule in sorted(missing)]
    return Judgement(not reasons, "; ".join(reasons), table)


def _objection(check: Check, ours: int, rows: int, *, bears: bool) -> str:
    if check.unexpected is None:
        return f"{check.rule} could not be evaluated"
    if check.rule == ROW_COUNT:
        return "the first load brought no rows" if check.unexpected else ""
    if check.unexpected != ours:
        return (
            f"{check.rule}: Great Expectations counts {check.unexpected} rows, the predicate {ours}"
        )
    return "" if bears else f"{check.rule}: {ours} of {rows} rows are bad"
