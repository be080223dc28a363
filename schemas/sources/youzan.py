"""A Youzan (有赞) shop."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.sources.base import ApiSection

_SPLIT = date(2020, 1, 1)

Version = Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]


class YouzanSource(ApiSection):
    """
    A Youzan shop, read by an application of its own (自用型); of a chain, each branch by itself.

    `kdt_id` is the shop's number, and `begin` the day its business began: Youzan lists nothing
    without a span of time. Orders older than 2020 are listed by version 4.0.0 alone.

    Youzan lists customers by when they became one, never by when they changed. Each pull reads
    those of the last `member_rescan_days` again; a change of an older one (a new phone number)
    comes in when all are read anew, each time `member_scan_days` are full. `customers` names the
    interface: "search" is closed to applications that did not have it yet.
    """

    type: Literal["youzan"]
    base_url: str = "https://open.youzanyun.com"
    kdt_id: str = Field(pattern="^[0-9]{1,20}$")
    begin: date
    orders_version: Version = "4.0.4"
    customers: Literal["list", "search"] = "list"
    member_rescan_days: int = Field(default=30, ge=0, le=366)
    member_scan_days: int = Field(default=30, ge=1, le=366)
    page_size: int = Field(default=100, ge=1, le=100)
    lag_seconds: int = Field(default=120, ge=60, le=3600)  # Youzan lists changes 30 s late

    @model_validator(mode="after")
    def _old_orders_are_listed(self) -> Self:
        """Refuse a span of which later versions would silently list nothing."""
        if self.begin < _SPLIT and self.orders_version != "4.0.0":
            raise ValueError(
                'orders before 2020 are listed by orders_version = "4.0.0" alone: set that, or '
                "begin = 2020-01-01"
            )
        return self
