"""The bounds of the data contract, said once for predicates and expectations alike."""

from schemas.enums import OrderStatus

STATUSES = tuple(status.value for status in OrderStatus)
CURRENCY = "^[A-Z]{3}$"
MAX_QUANTITY = 1_000_000
MAX_PRICE = 1_000_000
