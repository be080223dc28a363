"""The closed words of segmentation; their values are what the database stores."""

from enum import StrEnum


class Dimension(StrEnum):
    """The questions about a person that segments answer, one group of segments each."""

    LIFECYCLE = "lifecycle"
    VALUE = "value"
    SHOPPER = "shopper"
    TASTE = "taste"
    TRAIT = "trait"
    NEED = "need"
    PRICE = "price"
    ADVOCATE = "advocate"
    VOICE = "voice"
    OUTLOOK = "outlook"
    COMPLAINT = "complaint"


class Segment(StrEnum):
    """
    Every segment that has a name of its own.

    The stages of a lifecycle are schemas.enums.Lifecycle. Tastes, traits and needs are named by
    what is liked, known or needed.
    """

    SUPER_USER = "super_user"
    TOP = "top"
    VALUED = "valued"

    ACTIVE = "active"
    BATCH_BUYER = "batch_buyer"
    FREE_SHIPPING_HUNTER = "free_shipping_hunter"
    POINTS_KEEPER = "points_keeper"
    IMPATIENT = "impatient"
    CART_ABANDONER = "cart_abandoner"
    THRIFTY = "thrifty"
    PREMIUM = "premium"
    DELIBERATE = "deliberate"

    PRICE_BOUND = "price_bound"
    ATTACHED = "attached"

    KOC_CANDIDATE = "koc_candidate"

    SILENT_BUYER = "silent_buyer"

    LIKELY = "likely"

    COMPLAINT_OPEN = "complaint_open"


class KocSign(StrEnum):
    """What a key opinion consumer does beside buying (domain.md, B: delighted buyers)."""

    BUYS_AGAIN = "buys_again"
    BRINGS_OTHERS = "brings_others"
    SPEAKS_UP = "speaks_up"
    KNOWS_STAFF = "knows_staff"


class WheelKind(StrEnum):
    """
    What changes for a person with time alone.

    What is dated ahead, and a benefit that begins or ends, change facts; all the others
    change segments only.
    """

    AHEAD = "ahead"
    BENEFIT = "benefit"
    LIFECYCLE = "lifecycle"
    NEED = "need"
    OUTLOOK = "outlook"
    VALUE = "value"
    SHOPPER = "shopper"
    CART = "cart"
    VOICE = "voice"
    EVIDENCE = "evidence"
    COMPLAINT = "complaint"
