"""When members come to buy, and how a message may bring the next visit forward."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sandbox.agenda import Agenda
from sandbox.calendar import ZONE, midnight
from sandbox.chance import chance
from sandbox.members.basket import fill
from sandbox.members.shopper import HISTORY_DAYS, Shopper
from sandbox.shop.books import Books

_JITTER = 0.1
_REFUNDED = 0.01
_NEAR: Final = 0.25  # of the cycle
_MOVED: Final = 0.35


class Visits:
    """Every member's next visit; each visit plans the one after it."""

    def __init__(self, seed: int, books: Books, agenda: Agenda) -> None:
        self._seed = seed
        self._books = books
        self._agenda = agenda
        self._next: dict[str, tuple[int, datetime]] = {}

    def begin(self, shopper: Shopper, opened: datetime) -> None:
        """Plan the first visit of the history that ends at `opened`."""
        dice = chance(self._seed, shopper.id, "first")
        start = opened - timedelta(days=HISTORY_DAYS)
        if shopper.joined_at >= start:
            first = shopper.joined_at + timedelta(seconds=dice.randrange(60, 3600))
        else:
            day = dice.randrange(round(shopper.cycle_days))
            first = start + timedelta(days=day, hours=shopper.hour, seconds=dice.randrange(5400))
        self._plan(shopper, 1, first.astimezone(ZONE))

    def hear(self, shopper: Shopper, nth: int, at: datetime) -> None:
        """Let the member's nth message arrive: it may bring a visit that is near forward."""
        if shopper.id not in self._next:
            return
        visit, planned = self._next[shopper.id]
        near = planned - at <= timedelta(days=_NEAR * shopper.cycle_days)
        dice = chance(self._seed, shopper.id, "message", nth)
        if not near or dice.random() >= _MOVED:
            return
        sooner = midnight(at) + timedelta(hours=shopper.hour, seconds=dice.randrange(5400))
        if sooner <= at:
            sooner += timedelta(days=1)
        if sooner < planned:
            self._plan(shopper, visit, sooner)

    def _plan(self, shopper: Shopper, visit: int, at: datetime) -> None:
        if at >= shopper.quits_at:
            self._next.pop(shopper.id, None)
            return
        self._next[shopper.id] = visit, at
        self._agenda.add(at, f"{shopper.id}:visit", partial(self._come, shopper, visit))

    def _come(self, shopper: Shopper, visit: int, at: datetime) -> None:
        if self._next.get(shopper.id) != (visit, at):
            return  # brought forward meanwhile
        order = fill(self._seed, shopper, visit, at)
        self._books.orders.put(order)
        dice = chance(self._seed, order.id, "after")
        if order.status == "paid" and dice.random() < _REFUNDED:
            later = at + timedelta(hours=dice.uniform(12, 120))
            self._agenda.add(later, f"{order.id}:refund", partial(self._books.refund, order.id))
        if shopper.regular:
            stretch = min(max(dice.gauss(1, _JITTER), 0.6), 1.4)
        else:
            stretch = min(max(dice.lognormvariate(-0.2, 0.75), 0.1), 4)
        days = max(1, round(shopper.cycle_days * stretch))
        self._plan(
            shopper,
            visit + 1,
            midnight(at) + timedelta(days=days, hours=shopper.hour, seconds=dice.randrange(5400)),
        )
