"""Facts and segments, for those whom something happened to or whose wheel turns today."""

import logging
from datetime import datetime

from prefect import task

from rules.facts import judge
from store import facts
from store.database import transaction
from tasks.wiring import wiring

_log = logging.getLogger("runwu.refresh")
CHUNK = 5_000


@task(name="mark due persons")
def mark_due(as_of: datetime) -> int:
    """Mark the persons whose wheel turns by today, or was made under another policy."""
    wired = wiring()
    with transaction(wired.database) as connection:
        return facts.enqueue_due(connection, wired.business_day(as_of).date(), wired.policy.version)


@task(name="refresh facts")
def refresh_chunk(as_of: datetime) -> int:
    """Refresh the facts, wheel and segment of one chunk of persons; 0 when nobody is left."""
    wired = wiring()
    today = wired.business_day(as_of).date()
    with transaction(wired.database) as connection:
        persons = facts.claim_stale(connection, CHUNK)
        if persons:
            alive = facts.forget_emptied(connection, persons)
            known = facts.histories(connection, alive, as_of, wired.zone_name)
            judged = [judge(history, today, wired.policy) for history in known]
            facts.write_facts(connection, judged, today, wired.policy.version)
    _log.info("facts_refreshed persons=%d", len(persons))
    return len(persons)
