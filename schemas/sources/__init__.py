"""The sources a business may configure, told apart by `type`."""

from typing import Annotated

from pydantic import Field

from schemas.sources.base import ApiSection, SourceSection
from schemas.sources.file import DropRule, FileSource, Rehearsal
from schemas.sources.medusa import MedusaSource
from schemas.sources.rest import RestSource
from schemas.sources.shop import ShopSource
from schemas.sources.shopify import ShopifySource
from schemas.sources.webhook import WebhookSource
from schemas.sources.woocommerce import WooCommerceSource
from schemas.sources.youzan import YouzanSource

ApiSource = (
    MedusaSource | RestSource | ShopSource | ShopifySource | WooCommerceSource | YouzanSource
)
"""Those behind an HTTP interface that we call."""

SourceSettings = Annotated[ApiSource | FileSource | WebhookSource, Field(discriminator="type")]

__all__ = [
    "ApiSection",
    "ApiSource",
    "DropRule",
    "FileSource",
    "MedusaSource",
    "Rehearsal",
    "RestSource",
    "ShopSource",
    "ShopifySource",
    "SourceSection",
    "SourceSettings",
    "WebhookSource",
    "WooCommerceSource",
    "YouzanSource",
]
