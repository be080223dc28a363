"""The page of a day that shows every text in full, with what it rests on."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from prompts import reasons
from prompts.catalogue import locale
from prompts.page import Page, page
from prompts.spoken import spoken
from schemas.dimensions import Dimension
from store.pages import Drafts
from tasks.episodes import local
from tasks.segment_words import text_of

KEY = "drafts"
LIMIT = 100
"""Texts on one page: more would keep a browser busy, and all of them are in the reviews."""
_FINGERPRINT = 16


def drafts_page(day: date, found: Drafts, zone: ZoneInfo) -> Page:
    """Return the page of a business date."""
    texts = locale()["pages"][KEY]
    left_out = found.drafts - len(found.shown)
    values = {
        "reviews": [_review(row, texts) for row in found.batches],
        "drafts": [_draft(number, row, zone) for number, row in enumerate(found.shown, 1)],
        "left_out": left_out and texts["left_out"].format(count=left_out, limit=len(found.shown)),
    }
    about = texts["about"].format(
        date=day, drafts=found.drafts, persons=found.persons, failed=found.failed
    )
    return Page(page(KEY, values), about)


def _review(row: Any, texts: Mapping[str, Any]) -> dict[str, Any]:
    name = texts["review" if row.flow_run_id else "unopened"].format(batch=row.id)
    return {"name": name, "run": row.flow_run_id}


def _draft(number: int, row: Any, zone: ZoneInfo) -> dict[str, Any]:
    texts = locale()["pages"][KEY]
    heading = texts["heading"].format(
        number=number,
        scene=reasons.scene_title(row.scene),
        segment=text_of(Dimension.LIFECYCLE, row.segment).title,
        persons=row.persons,
        employees=row.employees,
    )
    if row.ghosts:
        heading += texts["ghosts"].format(ghosts=row.ghosts)
    return {
        "heading": heading,
        "text": row.text,
        "facts": [(texts[label], shown) for label, shown in _facts(row, zone)],
        "review": row.batch and texts["place"].format(batch=row.batch, ordinal=row.ordinal),
        "run": row.flow_run_id,
    }


def _facts(row: Any, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    texts = locale()["pages"][KEY]
    if row.violations:
        yield "violations", "；".join(map(spoken, row.violations))
    yield "card", texts["card_known"].format(**row.link)
    yield "author", reasons.author(row.author, row.model, row.note)
    yield "claims", _claims(row)
    yield "warnings", "；".join(map(spoken, row.warnings)) or texts["none"]
    yield "expires", local(row.expires_at, zone)
    yield "fingerprint", row.content_hash[:_FINGERPRINT]


def _claims(row: Any) -> str:
    texts = locale()["pages"][KEY]
    if row.author == "template":
        return str(texts["no_claims"])
    claims = [
        texts["claim"].format(
            span=claim["span"], evidence=reasons.slot_label(row.scene, claim["evidence_key"])
        )
        for claim in row.claims
    ]
    return "；".join(claims) or str(texts["no_claims_made"])
