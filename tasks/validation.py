"""Great Expectations, let loose on one query of our database."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from store.database import show, tuned

_FORMAT = {
    "result_format": "BASIC",
    "exclude_unexpected_values": True,
    "partial_unexpected_count": 0,
}
"""Counts without examples: no member data leaves the database for a report."""

_MEMORY = "64MB"
"""What a sort or hash of a scan may take, as first loads are large; it is given back at once."""


@dataclass(frozen=True)
class Check:
    """
    One rule as Great Expectations saw it.

    `unexpected` counts bad rows, or is 1 for a set that is bad as a whole; None where it could
    not tell.
    """

    rule: str
    unexpected: int | None


def validated(
    url: str, name: str, query: str, expected: Mapping[str, Any]
) -> tuple[list[Check], dict[str, Any]]:
    """
    Hold the rows of a query to expectations by rule; return the checks and the report.

    The report is Great Expectations' own result as JSON, each expectation under its rule.
    """
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # "$" starts a template in Great Expectations' own configuration; a password may hold one.
    connection = tuned(url, timezone="UTC", work_mem=_MEMORY).replace("$", r"\$")
    with warnings.catch_warnings():
        # Its PostgreSQL datasource takes no socket path, and the general one says: take that one.
        warnings.simplefilter("ignore")
        datasource = context.data_sources.add_sql("database", connection_string=connection)
    try:
        for engine in (datasource.get_engine(), datasource.get_execution_engine().engine):
            show(engine, name, query)
        asset = datasource.add_table_asset(name, table_name=name)
        validation = context.validation_definitions.add(
            gx.ValidationDefinition(
                name=name,
                data=asset.add_batch_definition_whole_table("all"),
                suite=context.suites.add(
                    gx.ExpectationSuite(name=name, expectations=list(expected.values()))
                ),
            )
        )
        results = validation.run(result_format=_FORMAT).results
        return [_check(one) for one in results], _report(results)
    finally:
        datasource.get_execution_engine().close()
        datasource.get_engine().dispose()


def _check(result: Any) -> Check:
    rule = str(result.expectation_config.meta["rule"])
    found: dict[str, Any] = result.result
    if found.get("unexpected_count") is not None:
        return Check(rule, int(found["unexpected_count"]))
    if found.get("element_count") == 0:
        return Check(rule, 0)  # of no rows, none is bad; Great Expectations then counts nothing
    if "observed_value" in found:
        return Check(rule, 0 if result.success else 1)
    return Check(rule, None)


def _report(results: Any) -> dict[str, Any]:
    """Return what is known of each expectation: its terms and its counts, never what raised."""
    said = {}
    for result in results:
        told = result.to_json_dict()
        config = told["expectation_config"]
        said[config["meta"]["rule"]] = {
            "type": config["type"].removesuffix("_counted"),
            "kwargs": {key: config["kwargs"][key] for key in config["kwargs"] if key != "batch_id"},
            "severity": config.get("severity"),
            "success": told["success"],
            "result": told["result"],
            "raised": bool(_raised(told["exception_info"])),
        }
    return dict(json.loads(json.dumps(said)))


def _raised(info: Mapping[str, Any]) -> bool:
    """Tell whether an expectation raised; what is said of it comes flat, or by metric."""
    if "raised_exception" in info:
        return bool(info["raised_exception"])
    return any(one.get("raised_exception") for one in info.values() if isinstance(one, Mapping))
