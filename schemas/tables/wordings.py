"""What is said, and who allowed it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from schemas.enums import Author, Category, Voice
from schemas.tables.columns import Table, instant, word


class Wording(Table, table=True):
    """Messages of a run that share scene, channel, voice and slot values, hence one text."""

    __table_args__ = (UniqueConstraint("run_id", "key"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    run_id: int = Field(foreign_key="run.id", sa_type=BigInteger)
    key: str
    scene: str
    channel: str
    voice: Voice = word()
    category: Category = word()
    segment: str
    slots: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)


class Draft(Table, table=True):
    """
    One text of a wording. Never altered: a new text is a new revision.

    `note` says why the template wrote although a model was asked. `calls` and tokens are what all
    tries for this text cost, whoever wrote it in the end.
    """

    __table_args__ = (UniqueConstraint("wording_id", "revision"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    wording_id: int = Field(foreign_key="wording.id", sa_type=BigInteger)
    revision: int
    text: str
    link: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    violations: list[Any] = Field(default_factory=list, sa_type=JSONB)
    warnings: list[Any] = Field(default_factory=list, sa_type=JSONB)
    author: Author = word()
    model: str | None = None
    note: str = ""
    claims: list[Any] = Field(default_factory=list, sa_type=JSONB)
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    policy_version: str
    expires_at: datetime = instant()
    content_hash: str


class ReviewBatch(Table, table=True):
    """
    Up to 25 wordings in one form; `generation` counts how often the form was opened.

    `round` counts the forms within a generation: an edit that breaks a rule is sent back in a
    further one.

    `token` keys the Prefect runs of the batch, so that a database made anew never meets the runs
    of its predecessor.
    """

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    run_id: int = Field(foreign_key="run.id", sa_type=BigInteger, index=True)
    token: str = Field(unique=True)
    generation: int = 1
    round: int = 1
    flow_run_id: str | None = None
    opened_at: datetime = instant()
    decided_at: datetime | None = instant(default=None)
    reviewer: str | None = None


class ReviewItem(Table, table=True):
    """
    A draft's place in a batch; `ordinal` counts from 1.

    `round` is the form in which it is to be decided, or was; `edit` is an operator's text that was
    sent back into it, `objections` say why.
    """

    batch_id: int = Field(foreign_key="review_batch.id", primary_key=True, sa_type=BigInteger)
    ordinal: int = Field(primary_key=True)
    draft_id: int = Field(foreign_key="draft.id", sa_type=BigInteger, index=True)
    round: int = 1
    edit: str | None = None
    objections: list[Any] = Field(default_factory=list, sa_type=JSONB)


class Approval(Table, table=True):
    """A reviewer's yes to exactly one content; `reviewer` is self-declared."""

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    draft_id: int = Field(foreign_key="draft.id", unique=True, sa_type=BigInteger)
    content_hash: str
    reviewer: str
    at: datetime = instant()


class ApprovalRecipient(Table, table=True):
    """A person the approval covers; push may leave one out, never add one."""

    approval_id: int = Field(foreign_key="approval.id", primary_key=True, sa_type=BigInteger)
    message_id: int = Field(foreign_key="message.id", primary_key=True, sa_type=BigInteger)
    person_id: int = Field(foreign_key="person.id", sa_type=BigInteger)
    sender: str
