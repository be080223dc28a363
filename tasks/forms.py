"""The form an operator sees in Prefect: one decision per wording, bound to its content."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from prefect.input import RunInput
from pydantic import Field, create_model

from prompts.catalogue import locale, scenes
from schemas.enums import Decision
from schemas.errors import RunRefused
from store import reviews
from store.database import transaction
from tasks.wiring import Wiring, wiring

_FINGERPRINT = 16
Content = tuple[int, str]
"""A draft and its content hash: two drafts may say the same to different persons."""


@dataclass(frozen=True)
class Form:
    """The form of a batch: its model, the text above it, and which field stands for what."""

    model: type[RunInput]
    intro: str
    contents: dict[str, Content]


@dataclass(frozen=True)
class Answer:
    """What came back: who decided, and what, by the content that was shown."""

    reviewer: str
    decisions: dict[Content, Decision]


def field_name(content: Content) -> str:
    """Return the form field of a content: no JSON-schema keyword, and it changes with the text."""
    draft, content_hash = content
    return f"w{draft}_{content_hash[:_FINGERPRINT]}"


def review_form(batch: int) -> Form | None:
    """Return the form of a batch that still awaits its decision, else None."""
    wired = wiring()
    with transaction(wired.database) as connection:
        today = reviews.business_date(connection, batch)
        if today is None:
            return None
        items, evidence = reviews.items(connection, batch)
    if not items:
        raise RunRefused(f"review batch {batch} is empty")
    texts = locale()["form"]
    # Prefilling a field through Prefect would drop its constraints, title and description; plain
    # defaults keep them. The reviewer has none, so that one absent-minded click sends nothing.
    fields: dict[str, Any] = {
        "reviewer": (
            str,
            Field(
                title=texts["reviewer_title"],
                description=texts["reviewer_description"],
                min_length=1,
                pattern=r"\S",
            ),
        )
    }
    for item in items:
        fields[field_name((item.draft_id, item.content_hash))] = (
            Literal["hold", "approve", "reject"],
            Field(
                default="hold",
                title=_title(item),
                description=_description(wired, item, evidence.get(item.draft_id, [])),
            ),
        )
    model = create_model(f"ReviewBatch{batch}", __base__=RunInput, **fields)
    intro = texts["intro"].format(
        business=wired.settings.business.name,
        date=today,
        wordings=len(items),
        persons=sum(item.persons for item in items),
        tasks=sum(item.senders for item in items),
    )
    contents = [(item.draft_id, item.content_hash) for item in items]
    return Form(model, intro, {field_name(content): content for content in contents})


def read_answer(form: Form, response: RunInput) -> Answer:
    """Return the answer in a submitted form."""
    values = response.model_dump()
    return Answer(
        reviewer=str(values["reviewer"]).strip(),
        decisions={shown: Decision(values[name]) for name, shown in form.contents.items()},
    )


def _title(item: Any) -> str:
    texts = locale()
    title: str = texts["form"]["decision_title"].format(
        ordinal=item.ordinal,
        scene=scenes()[item.scene].rules.title,
        segment=texts["segments"][item.segment],
        persons=item.persons,
        senders=item.senders,
    )
    return title


def _description(wired: Wiring, item: Any, evidence: list[Any]) -> str:
    texts = locale()["form"]
    labels = scenes()[item.scene].rules.evidence
    spans = {row.key: _span(row) for row in evidence}
    description: str = texts["decision_description"].format(
        text=" ".join(item.text.split()),
        link_title=item.link["title"],
        link_description=item.link["description"],
        evidence="；".join(
            f"{label} {spans[key]}" for key, label in labels.items() if key in spans
        ),
        warnings="；".join(item.warnings) or texts["no_warnings"],
        expires=_local(wired, item.expires_at),
        fingerprint=item.content_hash[:_FINGERPRINT],
    )
    return description


def _span(row: Any) -> str:
    low, high = (row.first, row.last) if row.low is None else (f"{row.low:g}", f"{row.high:g}")
    return low if low == high else f"{low} – {high}"


def _local(wired: Wiring, at: datetime) -> str:
    return at.astimezone(wired.zone).strftime("%Y-%m-%d %H:%M")
