"""Everything that lives in the world, put together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sandbox.agenda import Agenda
from sandbox.calendar import midnight
from sandbox.chance import chance
from sandbox.members.patience import Patience
from sandbox.members.shopper import Shopper, draw_newcomers, draw_shopper, record_of
from sandbox.members.visits import Visits
from sandbox.shop.books import Books, MemberRecord
from sandbox.wecom.contacts import Contacts, Customer, draw_customer
from sandbox.wecom.desk import Desk
from sandbox.wecom.letterbox import Letterbox, Quota
from sandbox.wecom.tokens import Tokens

_GREETING: Final = timedelta(minutes=10)


class Town:
    """
    A shop, a WeCom corp, and the people of both, with the history that led up to `at`.

    Rationale: the history is measured from midnight, so that it does not matter at which second
    of a day the world begins.
    """

    def __init__(
        self, members: int, seed: int, adopt: Sequence[str], quota: Quota, at: datetime
    ) -> None:
        opened = midnight(at)
        self._seed = seed
        self._opened = opened
        self._members = 0 if adopt else members
        self.agenda = Agenda()
        self.books = Books()
        self.tokens = Tokens(seed)
        self.letterbox = Letterbox(quota)
        numbers = range(1, self._members + 1)
        self._shoppers = {s.unionid: s for s in (draw_shopper(seed, n, opened) for n in numbers)}
        self._visits = Visits(seed, self.books, self.agenda)
        self._patience = Patience(seed, self.agenda, self.letterbox)
        for shopper in self._shoppers.values():
            self.books.members.put(record_of(seed, shopper))
            self._visits.begin(shopper, opened)
        customers = _adopted(seed, adopt, opened) if adopt else _met(seed, self._shoppers.values())
        self.contacts = Contacts(customers)
        self.desk = Desk(seed, self.contacts, self.letterbox, self.agenda, self._react)
        self._begin_day(opened)

    def _begin_day(self, at: datetime) -> None:
        """Plan who joins on the day that begins, and the day after it."""
        day = (at - self._opened).days
        for shopper in draw_newcomers(self._seed, self._members, day, at):
            self.agenda.add(shopper.joined_at, f"{shopper.id}:joins", partial(self._join, shopper))
        self.agenda.add(at + timedelta(days=1), "day", self._begin_day)

    def _join(self, shopper: Shopper, at: datetime) -> None:
        """Let a newcomer become a member, who may agree to messages and add an employee later."""
        record = record_of(self._seed, shopper)
        self._shoppers[shopper.unionid] = shopper
        self.books.members.put(replace(record, consent_at=None, updated_at=at))
        self.agenda.add(record.updated_at, f"{shopper.id}:agrees", partial(self._agree, record))
        self._visits.begin(shopper, self._opened)
        for customer in _met(self._seed, [shopper]):
            self.agenda.add(at + _GREETING, f"{shopper.id}:adds", partial(self._meet, customer))

    def _agree(self, record: MemberRecord, at: datetime) -> None:
        del at
        self.books.members.put(record)

    def _meet(self, customer: Customer, at: datetime) -> None:
        del at
        self.contacts.add(customer)

    def _react(self, customer: Customer, userid: str, at: datetime) -> None:
        """Let a customer read what has just arrived."""
        shopper = self._shoppers.get(customer.unionid)
        if shopper is not None:
            self._visits.hear(shopper, len(self.letterbox.times(customer)), at)
        self._patience.hear(customer, userid, at)


def _adopted(seed: int, unionids: Sequence[str], opened: datetime) -> Iterator[Customer]:
    """Yield the customers of a public log, known for two to six years."""
    for unionid in unionids:
        days = chance(seed, unionid, "since").randrange(2 * 365, 6 * 365)
        yield draw_customer(seed, unionid, opened - timedelta(days=days))


def _met(seed: int, shoppers: Iterable[Shopper]) -> Iterator[Customer]:
    """Yield the members who added an employee when they joined."""
    for shopper in shoppers:
        if shopper.reachable:
            yield draw_customer(seed, shopper.unionid, shopper.joined_at + _GREETING)
