"""The closed vocabularies; their values are what the database stores."""

from enum import StrEnum


class Entity(StrEnum):
    """What a source can yield, in the order of publication: what is referred to comes first."""

    STORE = "store"
    EMPLOYEE = "employee"
    PRODUCT = "product"
    MEMBER = "member"
    ORDER_LINE = "order_line"
    BENEFIT = "benefit"
    MEMBER_EVENT = "member_event"
    CONTACT = "contact"


class BenefitKind(StrEnum):
    """What a member may redeem."""

    COUPON = "coupon"
    POINTS = "points"


class EventKind(StrEnum):
    """What happened to a member beside orders."""

    COMPLAINT = "complaint"
    REVIEW = "review"
    SUGGESTION = "suggestion"
    REFERRAL = "referral"  # brought somebody along; the subject says whom
    SAVED_ITEM = "saved_item"
    CART = "cart"
    BOOKING = "booking"
    VISIT = "visit"
    STAFF_CONTACT = "staff_contact"


class OrderStatus(StrEnum):
    """The order states a source may report."""

    PAID = "paid"
    REFUNDED = "refunded"


class Category(StrEnum):
    """Why a message is sent, as advertising law and caps see it."""

    TRANSACTIONAL = "transactional"
    SERVICE = "service"
    CARE = "care"
    BENEFIT = "benefit"
    MARKETING = "marketing"


CATEGORIES = {category.value: category for category in Category}
"""Each by its word: to look one up takes a fifth of the time of Category(word)."""


class Voice(StrEnum):
    """The relationship a message speaks from."""

    PEER = "peer"
    JUNIOR = "junior"
    ELDER = "elder"


class Lifecycle(StrEnum):
    """Where a person stands between the first order and the last."""

    PROSPECT = "prospect"
    NEW = "new"
    ACTIVE = "active"
    DUE = "due"
    AT_RISK = "at_risk"
    LAPSED = "lapsed"
    RETURNED = "returned"  # ordered again after having lapsed


class RunStatus(StrEnum):
    """The state of one occasion of a flow."""

    OPEN = "open"
    DONE = "done"


class Verdict(StrEnum):
    """What the governor said of a candidate."""

    WON = "won"
    SUPPRESSED = "suppressed"
    OUTCOMPETED = "outcompeted"
    GHOST = "ghost"  # would have won; the person is in the holdout, so nothing is sent


class Arm(StrEnum):
    """Which side of the comparison a person is on."""

    TREATED = "treated"
    HOLDOUT = "holdout"


class Author(StrEnum):
    """Who wrote a text."""

    MODEL = "model"
    TEMPLATE = "template"
    OPERATOR = "operator"


class MessageState(StrEnum):
    """The states of a message; moves between them are in rules.message_states."""

    PLANNED = "planned"
    DEFERRED = "deferred"  # waits for a shared budget of the next day
    DRAFTED = "drafted"
    IN_REVIEW = "in_review"
    HELD = "held"
    APPROVED = "approved"
    QUEUED = "queued"
    DISPATCHED = "dispatched"
    CONFIRMED = "confirmed"
    UNKNOWN = "unknown"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    EXPIRED = "expired"
    BLOCKED = "blocked"
    CAPPED = "capped"
    UNREACHABLE = "unreachable"
    CANCELLED = "cancelled"
    DRAFT_FAILED = "draft_failed"
    FAILED = "failed"
    UNKNOWN_SETTLED = "unknown_settled"


class LedgerKind(StrEnum):
    """The kinds of ledger rows: a reservation, then exactly one of the other two."""

    RESERVATION = "reservation"
    RELEASE = "release"
    DELIVERY = "delivery"


class Decision(StrEnum):
    """What a reviewer may say of a wording."""

    HOLD = "hold"
    APPROVE = "approve"
    REJECT = "reject"


class DispatchState(StrEnum):
    """The life of one outbox row."""

    QUEUED = "queued"  # committed, not yet called
    CALLING = "calling"  # the call may be under way; found without its lock, it is unknown
    UNKNOWN = "unknown"  # called without an answer
    ACCEPTED = "accepted"  # the channel has the task
    CLOSED = "closed"  # every recipient has an outcome
    REJECTED = "rejected"  # the channel refused it for good
    SETTLED = "settled"  # never answered; counted as delivered for every budget
