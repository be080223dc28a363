"""Through whom a person is written to."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from schemas.planning import Contact


class KnownContact(NamedTuple):
    """A contact as stored; `suppressed` says why it must not be used."""

    contact: Contact
    since: datetime
    suppressed: str | None = None


def choose_contact(known: Iterable[KnownContact]) -> tuple[Contact | None, str | None]:
    """
    Return the contact to use, or why there is none although some are known.

    Rationale: the newest relation is the adviser who served last; ties go by name so that a
    repeated run chooses alike. Whoever deleted one employee is not chased through another.
    """
    ranked = list(known)
    if len(ranked) > 1:
        ranked.sort(key=lambda one: (-one.since.timestamp(), one.contact.sender))
    refusals = [one.suppressed for one in ranked if one.suppressed]
    if refusals:
        return None, refusals[0]
    return (ranked[0].contact, None) if ranked else (None, None)
