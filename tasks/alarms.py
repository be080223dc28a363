"""What operators may want to be woken for, said as Prefect events: an automation picks them up."""

import logging

from prefect.events import emit_event

from store.staging import Stage
from tasks.verdicts import Judgement

BROKEN = "runwu.contract.broken"

_log = logging.getLogger("runwu.alarms")


def raise_alarm(stage: Stage, judgement: Judgement, rows: int) -> None:
    """
    Say that a window broke the data contract: which, and by how many rows of which rule.

    Counts and names of rules only. An alarm that cannot be raised costs the alarm, never the run,
    which fails with the same reason anyway.
    """
    try:
        emit_event(
            event=BROKEN,
            resource={
                "prefect.resource.id": f"runwu.contract.{stage.source}.{stage.entity.value}",
                "prefect.resource.name": f"{stage.source} {stage.entity.value}",
            },
            payload={
                "source": stage.source,
                "entity": stage.entity.value,
                "rows": rows,
                "rules": judgement.broken,
            },
        )
    except Exception as error:  # noqa: BLE001 - whatever Prefect's client may raise
        _log.warning("alarm_not_raised stage=%s kind=%s", stage.name, type(error).__name__)
