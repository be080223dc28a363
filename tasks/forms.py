"""The form an operator sees in Prefect: a decision and a text per wording, bound to content."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from prefect.input import RunInput
from pydantic import Field, create_model

from prompts import reasons
from prompts.catalogue import locale, scenes
from prompts.spoken import spoken
from schemas.dimensions import Dimension
from schemas.enums import Decision
from schemas.errors import RunRefused
from store import reviews
from store.database import transaction
from store.reviews import Waiting
from tasks.segment_words import text_of
from tasks.wiring import Wiring, wiring

_FINGERPRINT = 16
Content = tuple[int, str]
"""A draft and its content hash: two drafts may say the same to different persons."""


@dataclass(frozen=True)
class Choice:
    """What was decided of one content; `edit` is the operator's own text, where it was changed."""

    decision: Decision
    edit: str | None = None


@dataclass(frozen=True)
class Form:
    """The form of a batch's round: its model, the text above it, and the texts it shows."""

    model: type[RunInput]
    intro: str
    round: int
    texts: dict[Content, str]


@dataclass(frozen=True)
class Answer:
    """What came back: who decided, in which round, and what, by the content that was shown."""

    reviewer: str
    round: int
    choices: dict[Content, Choice]


def decision_field(content: Content) -> str:
    """Return the form field of a decision: no JSON-schema keyword, and bound to the content."""
    draft, content_hash = content
    return f"w{draft}_{content_hash[:_FINGERPRINT]}"


def text_field(content: Content) -> str:
    """Return the form field of a content's editable text."""
    return decision_field(content).replace("w", "t", 1)


def review_form(batch: int, stories: str | None = None) -> Form | None:
    """
    Return the form of a batch that still awaits a decision, else None.

    `stories` is the id of the page that tells why these persons, where there is one.
    """
    wired = wiring()
    with transaction(wired.database) as connection:
        waiting = reviews.awaiting(connection, batch)
        if waiting is None:
            return None
        items = reviews.items(connection, batch, waiting.round)
        evidence = reviews.evidence(connection, batch)
    if not items:
        raise RunRefused(f"review batch {batch} is empty")
    # Prefilling a field through Prefect would drop its constraints, title and description; plain
    # defaults keep them. The reviewer has none, so that one absent-minded click sends nothing.
    fields: dict[str, Any] = {"reviewer": (str, _reviewer(stories))}
    for item in items:
        content = _content(item)
        about = _description(wired, item, evidence.get(item.draft_id, []))
        fields[text_field(content)] = (str, _editable(item, about))
        fields[decision_field(content)] = (Literal["hold", "approve", "reject"], _decision(item))
    return Form(
        model=create_model(f"ReviewBatch{batch}", __base__=RunInput, **fields),
        intro=_intro(wired, waiting, items, stories),
        round=waiting.round,
        texts={_content(item): item.text for item in items},
    )


def read_answer(form: Form, response: RunInput) -> Answer:
    """Return the answer in a submitted form."""
    values = response.model_dump()
    choices = {}
    for content, shown in form.texts.items():
        text = _plain(str(values[text_field(content)]))
        edit = None if text == _plain(shown) else text
        choices[content] = Choice(Decision(values[decision_field(content)]), edit)
    return Answer(str(values["reviewer"]).strip(), form.round, choices)


def _plain(text: str) -> str:
    """Return a text without what browsers add to it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _content(item: Any) -> Content:
    return item.draft_id, item.content_hash


def _reviewer(stories: str | None) -> Any:
    texts = locale()["form"]
    # The older Prefect UI hides the intro of a long form, and with it the link to the stories.
    where = texts["stories_beside"] if stories else ""
    return Field(
        title=texts["reviewer_title"],
        description=texts["reviewer_description"] + where,
        min_length=1,
        pattern=r"\S",
    )


def _editable(item: Any, about: str) -> Any:
    text = item.text if item.edit is None else item.edit
    return Field(default=text, title=title_of(item), description=about)


def _decision(item: Any) -> Any:
    title = locale()["form"]["decision_title"].format(ordinal=item.ordinal)
    return Field(default="hold", title=title)


def _intro(wired: Wiring, waiting: Waiting, items: list[Any], stories: str | None) -> str:
    texts = locale()["form"]
    intro: str = texts["intro" if waiting.round == 1 else "intro_again"].format(
        business=wired.settings.business.name,
        date=waiting.day,
        wordings=len(items),
        persons=sum(item.persons for item in items),
        tasks=sum(item.senders for item in items),
    )
    return f"{intro}\n{texts['stories'].format(page=stories)}" if stories else intro


def title_of(item: Any) -> str:
    """Return what the form calls a wording."""
    title: str = locale()["form"]["text_title"].format(
        ordinal=item.ordinal,
        scene=scenes()[item.scene].rules.title,
        segment=text_of(Dimension.LIFECYCLE, item.segment).title,
        persons=item.persons,
        senders=item.senders,
    )
    return title


def _description(wired: Wiring, item: Any, evidence: list[Any]) -> str:
    texts = locale()["form"]
    labels = scenes()[item.scene].rules.evidence
    spans = {row.key: _span(row) for row in evidence}
    description: str = texts["text_description"].format(
        objections=_objections(item),
        author=reasons.author(item.author, item.model, item.note),
        link_title=item.link["title"],
        link_description=item.link["description"],
        evidence="；".join(
            f"{label} {spans[key]}" for key, label in labels.items() if key in spans
        ),
        warnings="；".join(spoken(one) for one in item.warnings) or texts["no_warnings"],
        expires=_local(wired, item.expires_at),
        fingerprint=item.content_hash[:_FINGERPRINT],
    )
    return description


def _objections(item: Any) -> str:
    if not item.objections:
        return ""
    said: str = locale()["form"]["objections"].format(
        reasons="；".join(spoken(one) for one in item.objections),
        text=" ".join(item.text.split()),
    )
    return said


def _span(row: Any) -> str:
    low, high = (row.first, row.last) if row.low is None else (f"{row.low:g}", f"{row.high:g}")
    return low if low == high else f"{low} – {high}"


def _local(wired: Wiring, at: datetime) -> str:
    return at.astimezone(wired.zone).strftime("%Y-%m-%d %H:%M")
