"""
Who has a reason, who won, and what it costs them of their budget.

Each morning writes rows of these tables by the hundred thousand, from rows that it has just read
and locked. To look each of those up once more for a foreign key takes longer than to write it;
instead, triggers see to it that no run, person, candidate or message is ever deleted.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from schemas.enums import Arm, Category, LedgerKind, MessageState, Verdict
from schemas.open_messages import OPEN
from schemas.tables.columns import Table, instant, word


class Candidate(Table, table=True):
    """A person with a reason to hear from us today. `inputs` is what the scene's SQL found."""

    __table_args__ = (UniqueConstraint("run_id", "person_id", "scene"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    run_id: int = Field(foreign_key="run.id", sa_type=BigInteger)
    person_id: int = Field(foreign_key="person.id", sa_type=BigInteger, index=True)
    scene: str
    wording_key: str
    value: float
    window_until: datetime = instant()
    inputs: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)


class GovernorDecision(Table, table=True):
    """
    What the governor said of a candidate, why, and on which inputs.

    `inputs` are kept as the text they came as: nothing is looked for in them, and a replay reads
    them whole.
    """

    __tablename__ = "decision"

    candidate_id: int = Field(primary_key=True, sa_type=BigInteger)
    verdict: Verdict = word()
    arm: Arm = word()
    reasons: list[Any] = Field(default_factory=list, sa_type=JSONB)
    frees_at: datetime | None = instant(default=None)
    winner_id: int | None = Field(default=None, sa_type=BigInteger)
    inputs: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    policy_version: str


class Message(Table, table=True):
    """
    A winning candidate on its way to a person; its id is its candidate's.

    A ghost is the message a person in the holdout would have got: it takes every step of one and
    is never sent, which the outbox's foreign key on (id, ghost) sees to. `round` is that of its
    run's rounds of allotment in which it asks for its share of what all messages share, and has it
    from then on; None once it has to go without.
    """

    __table_args__ = (
        UniqueConstraint("id", "ghost"),
        Index(
            "uq_message_open",
            "person_id",
            "scene",
            unique=True,
            postgresql_where=text(OPEN),
        ),
        Index("ix_message_open_state", "state", "window_until", postgresql_where=text(OPEN)),
        Index("ix_message_run", "run_id", "state"),
        Index("ix_message_wording", "wording_id", postgresql_where=text("wording_id IS NOT NULL")),
    )

    id: int = Field(primary_key=True, sa_type=BigInteger)
    run_id: int = Field(sa_type=BigInteger)
    person_id: int = Field(sa_type=BigInteger)
    scene: str
    category: Category = word()
    channel: str
    sender: str
    contact: str
    ghost: bool = False
    wording_id: int | None = Field(default=None, foreign_key="wording.id", sa_type=BigInteger)
    round: int | None = None
    state: MessageState = word()
    planned_for: datetime = instant()
    window_until: datetime = instant()


class MessageEvent(Table, table=True):
    """One move of a message, with its reason."""

    message_id: int = Field(primary_key=True, sa_type=BigInteger)
    seq: int = Field(primary_key=True)
    at: datetime = instant()
    from_state: MessageState | None = word(default=None)
    to_state: MessageState = word()
    reason: str


class Budget(Table, table=True):
    """
    A budget that messages share on a business date, and how much of it is used.

    The texts that a sender confirms, the messages of a scene, the messages of a run; `scope` says
    which, `key` whose.
    """

    __table_args__ = (CheckConstraint("used <= most", name="nobody_is_over_budget"),)

    scope: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    window: date = Field(primary_key=True)
    used: int = 0
    most: int


class Ledger(Table, table=True):
    """
    Append-only budget rows: a slot is reserved once and closed once, by release or delivery.

    Everything a cap needs is frozen here at the time of writing, so that later changes of a
    person, zone or policy do not rewrite history. `at` and `until` span the reservation; for a
    delivery `at` is when the person got the message, for a release when the slot came free.
    """

    __table_args__ = (
        Index(
            "uq_ledger_reservation",
            "slot",
            unique=True,
            postgresql_where=text("kind = 'reservation'"),
        ),
        Index(
            "uq_ledger_closing",
            "slot",
            unique=True,
            postgresql_where=text("kind <> 'reservation'"),
        ),
        Index("ix_ledger_person", "person_id", "until"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    slot: int = Field(sa_type=BigInteger)
    kind: LedgerKind = word()
    person_id: int = Field(sa_type=BigInteger)
    contact: str
    scene: str
    category: Category = word()
    channel: str
    sender: str
    at: datetime = instant()
    until: datetime = instant()
    zone: str
    local_date: date
    policy_version: str
    ghost: bool = False
    reason: str = ""
