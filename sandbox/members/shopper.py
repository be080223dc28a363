"""Who the members are and how each of them shops."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
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
_DRIFTING_AWAY = 0.1  # of all members, within as many days as the history has
_NEWCOMERS = 1 / 300  # a day, per member of the first day
_OPEN_AT, _OPEN_HOURS = 10, 10


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
    quits_at: datetime


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


def draw_newcomers(seed: int, members: int, day: int, begins: datetime) -> Iterator[Shopper]:
    """Yield who joins on day `day` (0: the first after the history), which begins at `begins`."""
    whole, rest = divmod(members * _NEWCOMERS, 1)
    dice = chance(seed, "newcomers", day)
    for place in range(int(whole) + (dice.random() < rest)):
        number = members + 1 + day * (int(whole) + 1) + place
        joined_at = begins + timedelta(seconds=_OPEN_AT * 3600 + dice.randrange(_OPEN_HOURS * 3600))
        stays = _stay(chance(seed, number, "stay"))
        yield replace(
            draw_shopper(seed, number, begins), joined_at=joined_at, quits_at=joined_at + stays
        )


def _cycle(dice: Random) -> float:
    """Draw a rhythm: 5 to 45 days, shorter ones more often."""
    return float(5 * 9 ** dice.random())


def _quits_at(dice: Random, opened: datetime) -> datetime:
    """Draw when a member drifts away: within the history, or at the same pace in the days after."""
    if dice.random() >= _DRIFTING_AWAY:
        return opened + _stay(dice)
    return opened - timedelta(days=dice.uniform(0, HISTORY_DAYS))


def _stay(dice: Random) -> timedelta:
    return timedelta(days=dice.expovariate(_DRIFTING_AWAY / HISTORY_DAYS))


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
