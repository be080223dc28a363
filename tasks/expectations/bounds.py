"""
Great Expectations' own expectations, told what they need and nothing else.

All of them are bounds on single columns: those it counts together in one scan.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from schemas.contract import Terms
from schemas.limits import CURRENCY, PHONE_HASH, UNIONID

_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Bounds:
    """The window's end and the business's terms, and the bounds that follow from them."""

    as_of: datetime
    terms: Terms

    def past(self, *columns: str) -> dict[str, Any]:
        """Return that instants lie before the window's end."""
        return {f"{column}_past": between(column, max_value=self.as_of) for column in columns}

    def begun(self, *columns: str) -> dict[str, Any]:
        """Return that instants do not lie before the business began."""
        began = self.terms.began
        return {
            f"{column}_begun": between(column, min_value=datetime.fromisoformat(began))
            if began
            # Of a business that does not say when it began, every instant will do.
            else between(column, max_value=_NEVER)
            for column in columns
        }


def between(column: str, **bounds: Any) -> Any:
    """Return that a column's values lie within bounds."""
    return counted("ExpectColumnValuesToBeBetween")(column=column, **bounds)


def never(fact: str) -> Any:
    """Return that a fact, 0 or 1, is true of no row."""
    return counted("ExpectColumnValuesToBeInSet")(column=fact, value_set=[0])


def in_set(column: str, words: tuple[str, ...]) -> Any:
    """Return that a column holds words of a closed vocabulary."""
    return counted("ExpectColumnValuesToBeInSet")(column=column, value_set=list(words))


def matching(column: str, regex: str) -> Any:
    """Return that a column's values are of a form."""
    return counted("ExpectColumnValuesToMatchRegex")(column=column, regex=regex)


def present(*columns: str) -> dict[str, Any]:
    """Return that columns are told."""
    null = counted("ExpectColumnValuesToNotBeNull")
    return {f"{column}_present": null(column=column) for column in columns}


def readable() -> dict[str, Any]:
    """Return that nothing of a row was beyond reading."""
    return {"readable": counted("ExpectColumnValuesToBeNull")(column="defects")}


def unique(column: str) -> dict[str, Any]:
    """Return that the natural key, whose last column this is, comes once."""
    return {f"{column}_unique": never("key_repeated")}


def phone_hash() -> dict[str, Any]:
    """Return that a phone is told by its salted hash."""
    return {"phone_hash_format": matching("fit_phone_hash", PHONE_HASH)}


def unionid() -> dict[str, Any]:
    """Return that a unionid is one."""
    return {"unionid_format": matching("fit_unionid", UNIONID)}


def currency_code() -> dict[str, Any]:
    """Return that a currency is told by its code."""
    return {"currency_code": matching("currency", CURRENCY)}


@cache
def counted(name: str) -> Any:
    """
    Return one of Great Expectations' expectations that counts and shows no values.

    Asked for counts it looks up examples as well, a scan of the table for each expectation, and
    with them members' data. Without examples all counts of a suite come from one scan.
    """
    from great_expectations import expectations as gxe

    original: Any = getattr(gxe, name)

    def without_examples(
        self: Any,
        execution_engine: Any = None,
        runtime_configuration: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        needed = original.get_validation_dependencies(
            self, execution_engine, runtime_configuration, **kwargs
        )
        needed.metric_configurations.pop(f"{self.map_metric}.unexpected_values", None)
        return needed

    body = {
        "__module__": __name__,
        "__doc__": original.__doc__,
        "get_validation_dependencies": without_examples,
    }
    return type(original)(f"{name}Counted", (original,), body)
