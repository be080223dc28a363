"""The columns of one record: found by expression, translated, and read as what they must be."""

from collections.abc import Mapping
from decimal import Context
from typing import Annotated, Any

from pydantic import AfterValidator, TypeAdapter

from adapters.sources.rest.expressions import Find, NotComputable, finding
from adapters.sources.rest.times import moments
from adapters.values import AMOUNT, FLAG, KEY, TEXT, WHOLE, Reading
from schemas.incoming import key_text
from schemas.sources.rest import Constant, RestEntity

Kind = TypeAdapter[Any]

_WIDE = Context(prec=60)
_UNTOLD = "not what its expression is made for"


def _keys(value: object) -> list[str]:
    """Return a list of keys, of which none may be more than PostgreSQL can hold."""
    if not isinstance(value, list):
        raise ValueError("a list was expected")  # noqa: TRY004 - pydantic takes only ValueError
    keys = [KEY.validate_python(key) for key in value]
    if any("\0" in key or not key.isprintable() for key in keys):
        raise ValueError("a key cannot be stored")
    return keys


KEYS = Kind(Annotated[Any, AfterValidator(_keys)])

_PLAIN: Mapping[str, Kind] = {
    **dict.fromkeys(("key", "order_key", "member_key", "store_key", "product_key"), KEY),
    **dict.fromkeys(("unionid", "code", "subject"), KEY),
    **dict.fromkeys(("name", "product_name", "family", "city", "timezone"), TEXT),
    **dict.fromkeys(("status", "kind", "currency", "redeemable_for"), TEXT),
    **dict.fromkeys(("consent", "personalised", "minor", "active"), FLAG),
    **dict.fromkeys(("quantity", "stock", "remaining"), WHOLE),
    "store_keys": KEYS,
}
_MOMENTS = (
    *("joined_at", "consent_at", "ordered_at", "launched_at"),
    *("valid_from", "valid_until", "at"),
)
_AMOUNTS = ("discount", "total", "unit_price", "face_value", "threshold")


def kinds(times: str, zone: str | None, amount_scale: int) -> Mapping[str, Kind]:
    """Return what reads each column: times of that format, amounts of so many minor digits."""

    def major(value: object) -> Any:
        return AMOUNT.validate_python(value).scaleb(-amount_scale, _WIDE)

    amount = Kind(Annotated[Any, AfterValidator(major)])
    return {
        **_PLAIN,
        **dict.fromkeys(_MOMENTS, moments(times, zone)),
        **dict.fromkeys(_AMOUNTS, amount),
    }


class Fields:
    """Some columns of a kind of record, and how each is read."""

    def __init__(self, columns: Mapping[str, str], settings: RestEntity, zone: str | None) -> None:
        """Read the columns that `columns` maps to expressions, as `settings` say."""
        known = kinds(settings.times, zone, settings.amount_scale)
        self._finds = {column: finding(told) for column, told in columns.items()}
        self._kinds = {column: known[column] for column in columns}
        self._values = settings.values

    def read(self, record: object, name: str) -> tuple[dict[str, Any], Reading]:
        """Return the values, and the reading that knows which could not be read."""
        if not isinstance(record, dict):
            return {}, Reading(_plain(record), name)
        told: dict[str, Any] = {}
        unread: dict[str, str] = {}
        for column, find in self._finds.items():
            try:
                found = self._translated(column, find(record))
            except NotComputable:
                found = _UNTOLD
            if found is _UNTOLD or self._strange(column, found):
                unread[column] = str(_plain(found))
            else:
                told[column] = found
        reading = Reading(told, name)
        for column, shown in unread.items():
            reading.note(column, shown)
        return {column: reading.take(column, self._kinds[column]) for column in told}, reading

    def _strange(self, column: str, found: object) -> bool:
        return isinstance(found, dict | list) and self._kinds[column] is not KEYS

    def _translated(self, column: str, found: Any) -> Any:
        """Return what the value means to us; one without a translation stays as it is told."""
        meanings: Mapping[str, Constant] = self._values.get(column, {})
        if not meanings or found is None or isinstance(found, dict | list):
            return found
        told = str(found).lower() if isinstance(found, bool) else key_text(found)
        return meanings.get(told, found)


def optional(expression: str | None) -> Find | None:
    """Return what finds the value of an expression, if there is one."""
    return None if expression is None else finding(expression)


def _plain(value: object) -> object:
    """Return what a defect may show: of objects and lists, whose depth may be any, their kind."""
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else value
