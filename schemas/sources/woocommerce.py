"""A WooCommerce shop."""

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.section import Words
from schemas.sources.base import ApiSection


class WooCommerceSource(ApiSection):
    """
    A WooCommerce shop's REST API v3, read with a key that may read; WooCommerce 5.8 or later.

    `begin` may be earlier than anything in the shop: the default is WooCommerce's own first day.
    All customers are read in each pull, as the API cannot tell which ones changed.

    WooCommerce knows no consent, so a plugin keeps it in the customers' meta data: `consent_meta`
    names the key that holds yes, true, on or 1, `consent_at_meta` the one that holds since when,
    with an offset. Customers without the first key did not consent; without these two settings
    nobody did.
    """

    type: Literal["woocommerce"]
    base_url: str
    begin: date = date(2011, 9, 27)
    page_size: int = Field(default=100, ge=1, le=100)
    calls_per_second: float = Field(default=5.0, gt=0)  # every call runs PHP on the shop's server
    consent_meta: Words | None = None
    consent_at_meta: Words | None = None

    @model_validator(mode="after")
    def _consent_is_dated(self) -> Self:
        """Refuse one key without the other: the time of an edit is not the time of a consent."""
        if (self.consent_meta is None) != (self.consent_at_meta is None):
            raise ValueError("name both consent_meta and consent_at_meta, or neither")
        return self
