"""A Medusa 2 shop."""

from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.section import Words
from schemas.sources.base import ApiSection


class MedusaSource(ApiSection):
    """
    A Medusa 2 shop's Admin API, read with a secret API key; Medusa 2.10 or later.

    Medusa knows no consent, so a shop keeps it in its customers' metadata: `consent_metadata`
    names the key that holds true or false, `consent_at_metadata` the one that holds since when,
    with an offset. Customers without the first key did not consent; without these two settings
    nobody did.
    """

    type: Literal["medusa"]
    base_url: str
    page_size: int = Field(default=100, ge=1, le=1000)
    consent_metadata: Words | None = None
    consent_at_metadata: Words | None = None

    @model_validator(mode="after")
    def _consent_is_dated(self) -> Self:
        """Refuse one key without the other: the time of an edit is not the time of a consent."""
        if (self.consent_metadata is None) != (self.consent_at_metadata is None):
            raise ValueError("name both consent_metadata and consent_at_metadata, or neither")
        return self
