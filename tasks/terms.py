"""What the contract's rules are told of a business, from its settings."""

from datetime import datetime, time

from schemas.contract import Terms
from schemas.enums import Entity
from tasks.wiring import Wiring


def terms_of(wired: Wiring, source: str) -> Terms:
    """Return what the rules over a source's rows need to know."""
    contract = wired.contract
    began = contract.began
    return Terms(
        began=datetime.combine(began, time(), wired.zone).isoformat() if began else None,
        currencies=contract.currencies,
        stores=Entity.STORE in wired.sources[source].entities,
    )
