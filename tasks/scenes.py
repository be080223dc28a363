"""Who has a reason today."""

import hashlib
import json
import logging
from typing import Any

from prefect import task

from prompts.catalogue import Scene, scenes
from store import candidates
from store.database import transaction
from tasks.growth import GrowthRun
from tasks.wiring import wiring

_log = logging.getLogger("runwu.scenes")
CHUNK = 5_000


@task(name="list scenes")
def scene_names() -> list[str]:
    """Return the names of all scenes."""
    return list(scenes())


@task(name="find candidates", task_run_name="find candidates of {scene}")
def find_candidates(run: GrowthRun, scene: str) -> int:
    """Record one chunk of a scene's candidates; 0 when all are recorded."""
    wired = wiring()
    chosen = scenes()[scene]
    with transaction(wired.database) as connection:
        found = candidates.find(
            connection,
            chosen.candidates_sql,
            run_id=run.id,
            scene=scene,
            limit=CHUNK,
            as_of=run.as_of,
            today=run.today,
            zone=wired.zone_name,
        )
        candidates.add(connection, (_row(run.id, chosen, row) for row in found))
    _log.info("candidates_found scene=%s count=%d", scene, len(found))
    return len(found)


def wording_key(scene: Scene, slots: dict[str, Any]) -> str:
    """Return what messages must share to share one text: all that the text may vary by."""
    parts = [scene.name, scene.rules.channel, scene.rules.voice.value, slots]
    canonical = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:24]


def _row(run_id: int, scene: Scene, found: Any) -> tuple[Any, ...]:
    inputs = {
        "slots": found.slots,
        "evidence": found.evidence,
        "need": float(found.need),
        "segment": scene.rules.segment.value,
        "voice": scene.rules.voice.value,
    }
    key = wording_key(scene, found.slots)
    return (
        run_id,
        found.person_id,
        scene.name,
        key,
        float(found.need) * scene.rules.value,
        found.window_until,
        inputs,
    )
