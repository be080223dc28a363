"""How long a customer bears being written to."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sandbox.agenda import Agenda
from sandbox.chance import chance
from sandbox.wecom.contacts import Customer
from sandbox.wecom.letterbox import Letterbox

_FIRST: Final = 0.004
_STEEPNESS: Final = 4
_SPAN: Final = timedelta(days=7)


class Patience:
    """
    Decides after each message whether the customer deletes the employee who sent it.

    Rationale: one message a week costs 0.4 % of the contacts, four in a week a quarter of them:
    whoever writes too often must see it in the numbers.
    """

    def __init__(self, seed: int, agenda: Agenda, letterbox: Letterbox) -> None:
        self._seed = seed
        self._agenda = agenda
        self._letterbox = letterbox

    def hear(self, customer: Customer, userid: str, at: datetime) -> None:
        """Let the message that has just arrived annoy the customer, or not."""
        times = self._letterbox.times(customer)
        recent = sum(1 for time in times if at - time < _SPAN)
        dice = chance(self._seed, customer.unionid, "patience", len(times))
        if dice.random() < min(0.9, _FIRST * _STEEPNESS ** (recent - 1)):
            later = at + timedelta(seconds=dice.randrange(60, 6 * 3600))
            delete = partial(self._letterbox.delete, customer, userid)
            self._agenda.add(later, f"{customer.unionid}:deletes:{userid}", delete)
