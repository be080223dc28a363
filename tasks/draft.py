"""Winners become wordings, wordings become checked texts."""

import logging
from dataclasses import asdict
from typing import Any

from prefect import task

from rules.content_hash import content_hash
from schemas.enums import Category, MessageState
from store import wordings
from store.database import transaction
from store.persons import lock_persons
from tasks.growth import GrowthRun
from tasks.moves import move
from tasks.wiring import Wiring, wiring
from tasks.writing import Text, write

_log = logging.getLogger("runwu.draft")
CHUNK = 200
ASKED_AT_ONCE = 32
"""What a model has written is kept this often: tokens once paid for are not paid for again."""


@task(name="form wordings")
def form_wordings(run: GrowthRun) -> int:
    """Give the winners of a run their wordings; return how many wordings are new."""
    with transaction(wiring().database) as connection:
        lock_persons(connection, wordings.persons_waiting(connection, run.id))
        return wordings.form(connection, run.id)


@task(name="draft wordings")
async def draft_chunk(run: GrowthRun) -> int:
    """
    Draft one chunk of wordings; 0 when all are drafted.

    The texts are written with no transaction open, because a model may take its time.
    """
    wired = wiring()
    with transaction(wired.database) as connection:
        limit = CHUNK if wired.llm is None else ASKED_AT_ONCE
        waiting = wordings.undrafted(connection, run.id, limit)
    texts = await write(wired, waiting)
    with transaction(wired.database) as connection:
        lock_persons(connection, [person for wording in waiting for person in wording.persons])
        for wording, text in zip(waiting, texts, strict=True):
            if wordings.add_draft(connection, draft_of(wired, wording, text)) is None:
                continue
            failed = bool(text.violations)
            move(
                connection,
                wording.messages,
                MessageState.PLANNED,
                MessageState.DRAFT_FAILED if failed else MessageState.DRAFTED,
                at=run.as_of,
                reason="; ".join(text.violations) or text.author.value,
            )
    _log.info("wordings_drafted count=%d", len(waiting))
    return len(waiting)


def draft_of(wired: Wiring, wording: Any, text: Text, revision: int = 1) -> dict[str, Any]:
    """Return a text of a wording as it is stored, with the hash of all that approval covers."""
    return {
        "wording_id": wording.id,
        "revision": revision,
        "text": text.text,
        "link": asdict(text.link),
        "violations": list(text.violations),
        "warnings": list(text.warnings),
        "author": text.author.value,
        "model": text.model,
        "note": text.note,
        "claims": [claim.model_dump() for claim in text.claims],
        "calls": text.usage.calls,
        "prompt_tokens": text.usage.prompt_tokens,
        "completion_tokens": text.usage.completion_tokens,
        "policy_version": wired.policy.version,
        "expires_at": wording.expires_at,
        "content_hash": content_hash(
            text.text,
            text.link,
            channel=wording.channel,
            category=Category(wording.category),
            policy_version=wired.policy.version,
            expires_at=wording.expires_at,
        ),
    }
