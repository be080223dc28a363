"""Review batches: what an operator is shown, and what they decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, text

_WAITING = """
SELECT d.id AS draft_id, w.run_id, array_agg(m.id ORDER BY m.id) AS messages, m.state,
       array_agg(m.person_id) AS persons, bool_or(NOT m.ghost) AS anybody
FROM message m
JOIN wording w ON w.id = m.wording_id
JOIN draft d ON d.wording_id = w.id
WHERE ((m.state = 'drafted' AND m.run_id = :run) OR m.state = 'held')
  AND m.window_until > :as_of
  AND d.revision = (SELECT max(revision) FROM draft WHERE wording_id = w.id)
GROUP BY d.id, w.run_id, m.state
ORDER BY count(*) DESC, d.id
"""

_ITEMS = """
SELECT i.ordinal, i.edit, i.objections, d.id AS draft_id, d.text, d.link, d.content_hash,
       d.warnings, d.author, d.model, d.note, d.expires_at, w.scene, w.segment, w.slots,
       count(m.id) AS persons, count(DISTINCT m.sender) AS senders
FROM review_item i
JOIN draft d ON d.id = i.draft_id
JOIN wording w ON w.id = d.wording_id
LEFT JOIN message m ON m.wording_id = w.id AND m.state = 'in_review' AND NOT m.ghost
WHERE i.batch_id = :batch AND i.round = :round
GROUP BY i.batch_id, i.ordinal, d.id, w.id
ORDER BY i.ordinal
"""

_EVIDENCE = """
SELECT i.draft_id, e.key,
       min(CASE WHEN jsonb_typeof(e.value) = 'number' THEN e.value::numeric END) AS low,
       max(CASE WHEN jsonb_typeof(e.value) = 'number' THEN e.value::numeric END) AS high,
       min(e.value #>> '{}') AS first, max(e.value #>> '{}') AS last
FROM review_item i
JOIN draft d ON d.id = i.draft_id
JOIN message m ON m.wording_id = d.wording_id AND m.state = 'in_review' AND NOT m.ghost
JOIN candidate c ON c.id = m.id
CROSS JOIN LATERAL jsonb_each(c.inputs->'evidence') e
WHERE i.batch_id = :batch
GROUP BY i.draft_id, e.key
"""

_RECIPIENTS = """
INSERT INTO approval_recipient (approval_id, message_id, person_id, sender)
SELECT :approval, m.id, m.person_id, m.sender FROM message m WHERE m.id = ANY(:messages)
  AND NOT m.ghost
"""


@dataclass(frozen=True)
class Batch:
    """A batch as stored; `flow_run_id` is the Prefect run that shows its form."""

    id: int
    token: str
    generation: int
    flow_run_id: str | None


def waiting(connection: Connection, run_id: int, as_of: datetime) -> list[Any]:
    """Return drafts to be reviewed: this run's, and held ones still within their window."""
    return list(connection.execute(text(_WAITING), {"run": run_id, "as_of": as_of}))


def add_batch(
    connection: Connection, run_id: int, drafts: Sequence[int], opened_at: datetime
) -> int:
    """Make a batch of drafts, in order, and return its id."""
    batch: int = connection.execute(
        text(
            "INSERT INTO review_batch (run_id, token, generation, round, opened_at)"
            " VALUES (:run, :token, 1, 1, :at)"
            " RETURNING id"
        ),
        {"run": run_id, "token": uuid4().hex, "at": opened_at},
    ).scalar_one()
    connection.execute(
        text(
            "INSERT INTO review_item (batch_id, ordinal, draft_id, round, objections)"
            " SELECT :batch, d.place, d.id, 1, '[]'"
            " FROM unnest(CAST(:drafts AS bigint[])) WITH ORDINALITY AS d(id, place)"
        ),
        {"batch": batch, "drafts": list(drafts)},
    )
    return batch


def undecided(connection: Connection) -> list[Batch]:
    """Return batches nobody has decided on that still have something to decide."""
    rows = connection.execute(
        text(
            "SELECT b.id, b.token, b.generation, b.flow_run_id FROM review_batch b"
            " WHERE b.decided_at IS NULL AND EXISTS (SELECT 1 FROM review_item i"
            " JOIN draft d ON d.id = i.draft_id JOIN message m ON m.wording_id = d.wording_id"
            " WHERE i.batch_id = b.id AND m.state = 'in_review' AND NOT m.ghost)"
            " ORDER BY b.id"
        )
    )
    return [Batch(row.id, row.token, row.generation, row.flow_run_id) for row in rows]


def set_flow_run(
    connection: Connection, batch: int, generation: int, flow_run_id: str | None
) -> None:
    """Note which Prefect run shows this batch."""
    connection.execute(
        text("UPDATE review_batch SET generation = :gen, flow_run_id = :flow WHERE id = :batch"),
        {"batch": batch, "gen": generation, "flow": flow_run_id},
    )


@dataclass(frozen=True)
class Waiting:
    """An undecided batch: of which day, since when, and in which round of its form."""

    day: date
    opened_at: datetime
    round: int


def awaiting(connection: Connection, batch: int) -> Waiting | None:
    """Return an undecided batch; None once it is decided or if there is none such."""
    row = connection.execute(
        text(
            "SELECT r.business_date, b.opened_at, b.round FROM review_batch b"
            " JOIN run r ON r.id = b.run_id WHERE b.id = :batch AND b.decided_at IS NULL"
        ),
        {"batch": batch},
    ).one_or_none()
    return None if row is None else Waiting(row.business_date, row.opened_at, row.round)


def items(connection: Connection, batch: int, round_: int) -> list[Any]:
    """Return what a round of a batch shows, in order."""
    return list(connection.execute(text(_ITEMS), {"batch": batch, "round": round_}))


def evidence(connection: Connection, batch: int) -> dict[int, list[Any]]:
    """Return the evidence behind each draft of a batch."""
    found: dict[int, list[Any]] = {}
    for row in connection.execute(text(_EVIDENCE), {"batch": batch}):
        found.setdefault(row.draft_id, []).append(row)
    return found


def lock_batch(connection: Connection, batch: int, round_: int) -> int | None:
    """Lock a batch that awaits this round's answer and return its run; None if it does not."""
    found: int | None = connection.execute(
        text(
            "SELECT run_id FROM review_batch WHERE id = :batch AND decided_at IS NULL"
            " AND round = :round FOR UPDATE"
        ),
        {"batch": batch, "round": round_},
    ).scalar_one_or_none()
    return found


def current_drafts(connection: Connection, batch: int, round_: int) -> list[Any]:
    """
    Return the wordings of a batch's round with the text they now stand for.

    That is the newest revision: where it is not the one shown, the shown hash no longer matches
    and the decision on it is void. `ghosts` are those of the messages that nothing is sent to.
    """
    return list(
        connection.execute(
            text(
                "SELECT i.ordinal, n.id AS draft_id, n.revision, n.text, n.link, n.content_hash,"
                " n.expires_at, w.id, w.scene, w.slots, w.channel, w.category,"
                " array_agg(m.id ORDER BY m.id) AS messages,"
                " array_agg(m.id) FILTER (WHERE m.ghost) AS ghosts,"
                " array_agg(m.person_id ORDER BY m.id) AS persons"
                " FROM review_item i JOIN draft d ON d.id = i.draft_id"
                " JOIN wording w ON w.id = d.wording_id"
                " JOIN draft n ON n.wording_id = w.id AND n.revision ="
                " (SELECT max(revision) FROM draft WHERE wording_id = w.id)"
                " JOIN message m ON m.wording_id = w.id AND m.state = 'in_review'"
                " WHERE i.batch_id = :batch AND i.round = :round"
                " GROUP BY i.ordinal, n.id, w.id ORDER BY i.ordinal"
            ),
            {"batch": batch, "round": round_},
        )
    )


def send_back(
    connection: Connection, batch: int, ordinal: int, edit: str, objections: Sequence[str]
) -> None:
    """Put an item into the next round, with the edit that cannot be and why."""
    connection.execute(
        text(
            "UPDATE review_item SET round = round + 1, edit = :edit, objections = :objections"
            " WHERE batch_id = :batch AND ordinal = :ordinal"
        ),
        {
            "batch": batch,
            "ordinal": ordinal,
            "edit": edit,
            "objections": Jsonb(list(objections)),
        },
    )


def next_round(connection: Connection, batch: int) -> None:
    """Have the items sent back shown in a further form."""
    connection.execute(
        text("UPDATE review_batch SET round = round + 1 WHERE id = :batch"), {"batch": batch}
    )


def decide_batch(connection: Connection, batch: int, reviewer: str, at: datetime) -> None:
    """Close a batch under the reviewer's name."""
    connection.execute(
        text("UPDATE review_batch SET decided_at = :at, reviewer = :who WHERE id = :batch"),
        {"batch": batch, "who": reviewer, "at": at},
    )


def approve(
    connection: Connection,
    draft: int,
    content_hash: str,
    messages: Sequence[int],
    *,
    reviewer: str,
    at: datetime,
) -> None:
    """Store a yes to one content for named recipients."""
    approval = connection.execute(
        text(
            "INSERT INTO approval (draft_id, content_hash, reviewer, at)"
            " VALUES (:draft, :hash, :who, :at) RETURNING id"
        ),
        {"draft": draft, "hash": content_hash, "who": reviewer, "at": at},
    ).scalar_one()
    connection.execute(text(_RECIPIENTS), {"approval": approval, "messages": list(messages)})


def first_due(connection: Connection, batch: int) -> datetime | None:
    """Return when the first approved message of a batch may go out; None if none waits to."""
    first: datetime | None = connection.execute(
        text(
            "SELECT min(m.planned_for) FROM review_item i JOIN draft d ON d.id = i.draft_id"
            " JOIN message m ON m.wording_id = d.wording_id AND m.state = 'approved'"
            " AND NOT m.ghost WHERE i.batch_id = :batch"
        ),
        {"batch": batch},
    ).scalar_one()
    return first


@dataclass(frozen=True)
class Progress:
    """How far a batch has come: the run and token it belongs to, and rounds already answered."""

    run_id: int
    token: str
    answered: int


def progress(connection: Connection, batch: int) -> Progress:
    """Return how far a batch has come."""
    row = connection.execute(
        text(
            "SELECT run_id, token, round - (decided_at IS NULL)::int AS answered"
            " FROM review_batch WHERE id = :batch"
        ),
        {"batch": batch},
    ).one()
    return Progress(row.run_id, row.token, row.answered)
