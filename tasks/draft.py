"""Winners become wordings, wordings become checked texts."""

import logging
from typing import Any

from prefect import task

from prompts.catalogue import Scene, forbidden_words, scenes
from prompts.render import Unrenderable, render
from rules.content_hash import content_hash
from rules.wording_checks import check_card, check_text
from schemas.channel import Link
from schemas.enums import Category, MessageState
from store import wordings
from store.database import transaction
from tasks.growth import GrowthRun
from tasks.moves import move
from tasks.wiring import Wiring, wiring

_log = logging.getLogger("runwu.draft")
CHUNK = 200


@task(name="form wordings")
def form_wordings(run: GrowthRun) -> int:
    """Give the winners of a run their wordings; return how many wordings are new."""
    with transaction(wiring().database) as connection:
        return wordings.form(connection, run.id)


@task(name="draft wordings")
def draft_chunk(run: GrowthRun) -> int:
    """Draft one chunk of wordings from their vetted templates; 0 when all are drafted."""
    wired = wiring()
    with transaction(wired.database) as connection:
        waiting = wordings.undrafted(connection, run.id, CHUNK)
        for wording in waiting:
            draft = draft_of(wired, wording)
            wordings.add_draft(connection, draft)
            failed = bool(draft["violations"])
            move(
                connection,
                wording.messages,
                MessageState.PLANNED,
                MessageState.DRAFT_FAILED if failed else MessageState.DRAFTED,
                at=run.as_of,
                reason="; ".join(draft["violations"]) or "template",
            )
    _log.info("wordings_drafted count=%d", len(waiting))
    return len(waiting)


def draft_of(wired: Wiring, wording: Any) -> dict[str, Any]:
    """Return the draft of a wording: its text and card, what is wrong with them, and their hash."""
    scene = scenes()[wording.scene]
    settings = wired.settings
    try:
        text, link = _written(wired, scene, wording.slots)
        checked = check_text(
            text,
            max_bytes=settings.channels.wecom.text_bytes,
            forbidden=forbidden_words(),
            refusal=settings.business.contact,
        )
        violations = [
            *checked.violations,
            *check_card(link.title, link.description, forbidden_words()),
        ]
        warnings = list(checked.warnings)
    except Unrenderable as error:
        text, link = "", Link("", "", settings.channels.wecom.link_url)
        violations, warnings = [f"template: {error}"], []
    return {
        "wording_id": wording.id,
        "text": text,
        "link": {"title": link.title, "description": link.description, "url": link.url},
        "violations": violations,
        "warnings": warnings,
        "policy_version": wired.policy.version,
        "expires_at": wording.expires_at,
        "content_hash": content_hash(
            text,
            link,
            channel=wording.channel,
            category=Category(wording.category),
            policy_version=wired.policy.version,
            expires_at=wording.expires_at,
        ),
    }


def _written(wired: Wiring, scene: Scene, slots: dict[str, Any]) -> tuple[str, Link]:
    business = wired.settings.business
    values = {**slots, "business": business.name, "contact": business.contact}
    link = Link(
        title=render(scene.rules.link.title, values),
        description=render(scene.rules.link.description, values),
        url=wired.settings.channels.wecom.link_url,
    )
    return render(scene.template, values), link
