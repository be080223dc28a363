"""Who the members are and how each of them shops."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from sandbox.chance import chance, digest
from sandbox.shop.books import MemberRecord
from sandbox.shop.catalogue import CITIES, STAPLES, Product

HISTORY_DAYS: Final = 200

_LONG_STANDING = 0.7  # members who joined before the history begins
_CONSENTING = 0.92
_REACHABLE = 0.88
_NOT_SHARING_UNIONID = 0.02
_WITH_STAPLE = 0.88
_REGULAR = 0.6
_DRIFTING_AWAY = 0.1


@dataclass(frozen=True, slots=True)
class Shopper:
    """A member's habits. `quits_at`: when they quietly stop coming; `hour`: when they shop."""

    id: str
    unionid: str
    joined_at: datetime
    reachable: bool
    staple: Product | None
    cycle_days: float
    regular: bool
    hour: int
    quits_at: datetime | None


def draw_shopper(seed: int, number: int, opened: datetime) -> Shopper:
    """Return member `number`; `opened` is the midnight after the made-up history."""
    name = f"m{number:06d}"
    dice = chance(seed, name, "habits")
    longest = HISTORY_DAYS if dice.random() >= _LONG_STANDING else 900
    shortest = 1 if longest == HISTORY_DAYS else HISTORY_DAYS
    return Shopper(
        id=name,
        unionid=f"u-{digest(seed, name)[:20]}",
        joined_at=opened - timedelta(seconds=dice.randrange(shortest * 86400, longest * 86400)),
        reachable=dice.random() < _REACHABLE,
        staple=dice.choice(STAPLES) if dice.random() < _WITH_STAPLE else None,
        cycle_days=_cycle(dice),
        regular=dice.random() < _REGULAR,
        hour=dice.randrange(8, 20),
        quits_at=_quits_at(dice, opened),
    )


def _cycle(dice: Random) -> float:
    """Draw a rhythm: 5 to 45 days, shorter ones more often."""
    return float(5 * 9 ** dice.random())


def _quits_at(dice: Random, opened: datetime) -> datetime | None:
    if dice.random() >= _DRIFTING_AWAY:
        return None
    return opened - timedelta(days=dice.uniform(0, HISTORY_DAYS))


def record_of(seed: int, shopper: Shopper) -> MemberRecord:
    """Return what the shop has on record of a member."""
    dice = chance(seed, shopper.id, "record")
    consents = dice.random() < _CONSENTING
    consent_at = shopper.joined_at + timedelta(seconds=dice.randrange(30, 3600))
    return MemberRecord(
        id=shopper.id,
        unionid=None if dice.random() < _NOT_SHARING_UNIONID else shopper.unionid,
        city=dice.choice(CITIES),
        joined_at=shopper.joined_at,
        consent_at=consent_at if consents else None,
        updated_at=consent_at,
    )
