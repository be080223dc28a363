"""What employees sent by themselves, each of it once, and up to when it is known."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from schemas.own_sends import OwnSend

# Two readers of the same message take its rows in the same order.
_RECORD = """
INSERT INTO own_send (channel, msgid, sender, address, sent_at)
SELECT :channel, told.msgid, told.sender, told.address, told.sent_at
FROM unnest(CAST(:msgids AS text[]), CAST(:senders AS text[]), CAST(:addresses AS text[]),
            CAST(:sent AS timestamptz[])) AS told(msgid, sender, address, sent_at)
ORDER BY told.msgid, told.sender, told.address
ON CONFLICT (msgid, sender, address) DO NOTHING
"""

_PERSONS = """
SELECT DISTINCT person_id FROM contact WHERE channel = :channel AND address = ANY(:addresses)
"""

_WRITTEN_TO = """
SELECT m.id, m.person_id FROM dispatch_recipient r JOIN message m ON m.id = r.message_id
WHERE r.dispatch_id = :dispatch AND m.state = 'dispatched' AND EXISTS (
    SELECT FROM own_send o
    WHERE o.channel = m.channel AND o.address = m.contact AND o.sent_at > :since
) ORDER BY m.id
"""


def persons_at(connection: Connection, channel: str, sends: Sequence[OwnSend]) -> list[int]:
    """Return the persons we know at the addresses of sends."""
    addresses = sorted({send.address for send in sends})
    rows = connection.execute(text(_PERSONS), {"channel": channel, "addresses": addresses})
    return list(rows.scalars().all())


def record(connection: Connection, channel: str, sends: Sequence[OwnSend]) -> int:
    """Store sends that are not there yet and return how many those are; persons locked."""
    values = {
        "channel": channel,
        "msgids": [send.msgid for send in sends],
        "senders": [send.sender for send in sends],
        "addresses": [send.address for send in sends],
        "sent": [send.at for send in sends],
    }
    return connection.execute(text(_RECORD), values).rowcount


def written_to(connection: Connection, dispatch: int, *, since: datetime) -> list[Any]:
    """Return the unconfirmed messages of a dispatch whose address got own sends after `since`."""
    values = {"dispatch": dispatch, "since": since}
    return list(connection.execute(text(_WRITTEN_TO), values).all())


def known_until(connection: Connection, channel: str) -> datetime | None:
    """Return up to when everything is known; None if nothing was ever read."""
    return connection.execute(
        text("SELECT until FROM own_send_mark WHERE channel = :channel"), {"channel": channel}
    ).scalar_one_or_none()


def know_until(connection: Connection, channel: str, until: datetime) -> None:
    """Note up to when everything is known; that never goes back."""
    connection.execute(
        text(
            "INSERT INTO own_send_mark (channel, until) VALUES (:channel, :until)"
            " ON CONFLICT (channel) DO UPDATE"
            " SET until = greatest(own_send_mark.until, excluded.until)"
        ),
        {"channel": channel, "until": until},
    )
