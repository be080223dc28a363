"""A shop with the sandbox's interface."""

from typing import Literal

from pydantic import Field

from schemas.environment import SANDBOX
from schemas.sources.base import ApiSection


class ShopSource(ApiSection):
    """A shop with the sandbox's HTTP interface: members and orders by time of change."""

    type: Literal["shop"]
    base_url: str = SANDBOX
    page_size: int = Field(default=200, ge=1, le=1000)
    calls_per_second: float = Field(default=100.0, gt=0)
