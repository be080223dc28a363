"""What employees send by themselves counts in a person's budget, no matter whose idea it was."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from prefect import task

from schemas.channel import DRY_RUN, WECOM
from schemas.errors import ChannelError, ConfigurationError
from schemas.own_sends import MassSend
from store import own_sends
from store.database import transaction
from store.persons import lock_persons
from tasks.cases import horizon
from tasks.wiring import Wiring, wiring

_WINDOW = timedelta(days=1)
_SETTLES = timedelta(minutes=10)
"""How long after it was made a message may still be missing in WeCom's list; clocks differ too."""

PATIENCE = timedelta(days=1)
"""For how long a message that is not whole is asked after again."""

_log = logging.getLogger("runwu.own_sends")


def learn_own_sends(as_of: datetime) -> str:
    """
    Learn whom employees wrote to by themselves up to an instant; return why not, or nothing.

    A dry run reaches nobody, so it need not know.

    Whoever is about to send must not do so without knowing (see push-approved). Whoever plans may
    go on, as everything is looked at again at the push; and so must whoever looks after what is
    out already: an open task that nobody takes back would reach people at night.
    """
    if wiring().way_out == DRY_RUN:
        return ""
    try:
        read_own_sends(as_of)
    except (ChannelError, ConfigurationError) as error:
        _log.warning("own_sends_unknown kind=%s", type(error).__name__)
        return str(error)
    return ""


@task(name="read own sends")
def read_own_sends(as_of: datetime) -> int:
    """
    Read employees' own mass messages up to an instant; return how many sends were new.

    They are read window by window from where all is known, at first as far back as any cap
    reaches. Every message is a commit of its own and the mark follows its window, so whoever is
    killed in between reads the window again, and each send is stored once. The mark stays before
    a message that is not whole yet, and before the last minutes. Raises ChannelError or
    ConfigurationError, the mark staying where it is.
    """
    wired = wiring()
    with transaction(wired.database) as connection:
        known = own_sends.known_until(connection, WECOM)
    oldest = as_of - horizon(wired.policy)
    settled = as_of - _SETTLES
    new = 0
    for since, until in _windows(max(known or oldest, oldest), as_of):
        for made in wired.own_sends.made(since, until):
            new += _record(wired, made)
            if not made.whole:
                settled = _held_back(settled, made, as_of)
        with transaction(wired.database) as connection:
            own_sends.know_until(connection, WECOM, min(until, settled))
    _log.info("own_sends_read new=%d", new)
    return new


def _windows(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    while since < until:
        end = min(since + _WINDOW, until)
        yield since, end
        since = end


def _record(wired: Wiring, made: MassSend) -> int:
    """Store whom a message has reached, the persons locked: no plan counts while this changes."""
    with transaction(wired.database) as connection:
        lock_persons(connection, own_sends.persons_at(connection, WECOM, made.reached))
        return own_sends.record(connection, WECOM, made.reached)


def _held_back(settled: datetime, made: MassSend, as_of: datetime) -> datetime:
    """Return up to when all is known beside a message that is not whole, or that is given up."""
    if made.made_at < as_of - PATIENCE:
        _log.warning("own_send_given_up msgid=%s", made.msgid)
        return settled
    return min(settled, made.made_at)
