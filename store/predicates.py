"""
The building blocks of row rules: SQL that is true of bad rows.

In a predicate `s` is the row and {table} the staging table; :source and :as_of are the window's,
and :members is the source whose keys name its members.
"""

from dataclasses import dataclass

from schemas.contract import Severity, Terms
from schemas.limits import CURRENCY, PHONE_HASH, PHONE_HASH_LENGTH, UNIONID, UNIONID_LENGTH


@dataclass(frozen=True)
class RowRule:
    """
    A named predicate over a staging table, and the column it is about.

    `bad` is true of bad rows. A rule over whole orders says in `of_order` what is true of a bad
    one, in terms of store.gathered; all its lines are then bad. `refers_to` is the table in which
    the column names a row, one of the source `refers_within`.
    """

    name: str
    column: str
    bad: str
    of_order: str = ""
    refers_to: str = ""
    refers_within: str = ""
    severity: Severity = "row"

    def bad_in(self, table: str) -> str:
        """Return the predicate over a certain table."""
        return self.bad.replace("{table}", table)


def present(column: str) -> RowRule:
    """Return the rule that a column is told."""
    return RowRule(f"{column}_present", column, f"s.{column} IS NULL")


def past(column: str) -> RowRule:
    """Return the rule that an instant lies before the window's end."""
    return RowRule(f"{column}_past", column, f"s.{column} > :as_of")


def begun(column: str, terms: Terms) -> RowRule:
    """Return the rule that an instant does not lie before the business began."""
    bad = f"s.{column} < timestamptz '{_plain(terms.began)}'" if terms.began else "false"
    return RowRule(f"{column}_begun", column, bad)


def unique(*columns: str) -> RowRule:
    """Return the rule that a natural key comes once."""
    return RowRule(f"{columns[-1]}_unique", columns[-1], repeated(columns))


def repeated(columns: tuple[str, ...]) -> str:
    """Return SQL that is true of rows whose key others have too; of lines, as gathered."""
    key = ", ".join(columns)
    some = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    mine = ", ".join(f"s.{column}" for column in columns)
    twice = f"SELECT {key} FROM {{table}} WHERE {some} GROUP BY {key} HAVING count(*) > 1"
    if columns[0] == "order_key":
        twice = f"SELECT {key} FROM {{table}}__repeated"
    return f"({mine}) IN ({twice})"


def within(column: str, low: int, high: int) -> RowRule:
    """Return the rule that a number is neither too small nor too large; NaN is the latter."""
    return RowRule(f"{column}_range", column, f"s.{column} NOT BETWEEN {low} AND {high}")


def one_of(name: str, column: str, words: tuple[str, ...]) -> RowRule:
    """Return the rule that a word is of a closed vocabulary."""
    quoted = ", ".join(f"'{_plain(word)}'" for word in words)
    return RowRule(name, column, f"s.{column} NOT IN ({quoted})")


def of_orders(name: str, column: str, bad: str) -> RowRule:
    """Return a rule over whole orders."""
    found = f"SELECT o.order_key FROM {{table}}__odd o WHERE {bad}"
    return RowRule(name, column, f"s.order_key IN ({found})", of_order=bad)


def known(name: str, column: str, table: str, *, of: str) -> RowRule:
    """Return the rule that what a row refers to was published, by the source `of`."""
    return RowRule(
        name,
        column,
        f"s.{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {table} t"
        f" WHERE t.source = {of} AND t.key = s.{column})",
        refers_to=table,
        refers_within=of,
    )


def store_known(terms: Terms) -> RowRule:
    """Return the rule that a store is known, where the source tells its stores at all."""
    found = known("store_known", "store_key", "store", of=":source")
    return found if terms.stores else RowRule(found.name, found.column, "false")


USUAL_CURRENCY = (
    "(SELECT o.currency FROM shop_order o WHERE o.source = {source} ORDER BY o.key LIMIT 1)"
)
"""What a source's orders came in so far: that of any one of them, as they were held to it."""

FIRST_CURRENCY = "(SELECT f.currency FROM {table}__currency f)"
"""What most orders of a first load come in, as gathered."""


def currency_expected(terms: Terms, otherwise: str) -> RowRule:
    """
    Return the rule that an amount is in a currency of the business.

    `otherwise` is the SQL of the one currency where the terms name none.
    """
    if terms.currencies:
        return one_of("currency_expected", "currency", terms.currencies)
    return RowRule("currency_expected", "currency", f"s.currency <> {otherwise}")


ZONE_UNKNOWN = (
    "s.timezone IS NOT NULL AND s.timezone NOT IN (SELECT z.name FROM pg_timezone_names z)"
)
READABLE = RowRule("readable", "defects", "s.defects IS NOT NULL")
ZONE = RowRule("timezone_known", "timezone", ZONE_UNKNOWN)
PHONE = RowRule(
    "phone_hash_format",
    "phone_hash",
    f"length(s.phone_hash) <> {PHONE_HASH_LENGTH} OR s.phone_hash !~ '{PHONE_HASH}'",
)
SHARED_ID = RowRule(
    "unionid_format",
    "unionid",
    f"length(s.unionid) > {UNIONID_LENGTH} OR s.unionid !~ '{UNIONID}'",
)
CURRENCY_CODE = RowRule("currency_code", "currency", f"s.currency !~ '{CURRENCY}'")


def _plain(word: str) -> str:
    return word.replace("'", "''").replace(":", r"\:")
