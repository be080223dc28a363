"""A Shopify shop."""

from typing import Literal

from pydantic import Field

from schemas.sources.base import ApiSection


class ShopifySource(ApiSection):
    """
    A Shopify shop, read through its GraphQL Admin API; `base_url` is https://NAME.myshopify.com.

    `consent` says which marketing consent of a customer counts as a member's; there is no default,
    because somebody has to answer for it. `all_orders` is for apps that were granted
    read_all_orders; without it Shopify shows the orders of the last 60 days and no hint that there
    are more, so a shop that is content with those says false here.

    A call may cost 1000 points before it runs, which is why orders come in small pages:
    about order_page_size x (7 + 4 x lines_per_order). `spare_points` of the app's bucket are left
    to others that use the same app. The lag is long because Shopify's search trails its records.
    """

    type: Literal["shopify"]
    base_url: str
    consent: Literal["email", "sms"]
    api_version: str = Field(default="2026-10", pattern="^20[0-9]{2}-(01|04|07|10)$")
    all_orders: bool = True
    page_size: int = Field(default=100, ge=1, le=250)
    order_page_size: int = Field(default=15, ge=1, le=250)
    lines_per_order: int = Field(default=10, ge=1, le=250)
    spare_points: int = Field(default=0, ge=0, le=10_000)
    lag_seconds: int = Field(default=300, ge=0, le=3600)
