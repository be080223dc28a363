"""The bounds of the data contract, said once for predicates and expectations alike."""

from schemas.enums import BenefitKind, EventKind, OrderStatus

STATUSES = tuple(status.value for status in OrderStatus)
BENEFITS = tuple(kind.value for kind in BenefitKind)
EVENTS = tuple(kind.value for kind in EventKind)
CURRENCY = "^[A-Z]{3}$"
PHONE_HASH, PHONE_HASH_LENGTH = "^[0-9a-f]+$", 64
UNIONID, UNIONID_LENGTH = r"(?i)^(?!(null|nil|none|nan|undefined|unknown|test|n/a|0+|-+)$)\S+$", 128
"""What stands for "nobody" must not make one person of all whom it was written for.

Lengths are told apart: a regular expression that counts to 64 takes ten times as long."""
MAX_QUANTITY = 1_000_000
MAX_PRICE = 1_000_000
MAX_TOTAL = 1_000_000_000
MAX_REMAINING = 1_000_000_000
CENT = "0.01"
"""By less than this an order's total may miss its lines: what rounding leaves."""
