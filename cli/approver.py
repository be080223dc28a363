"""Deciding on suspended reviews by the same form and the same call as the Prefect UI."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from schemas.errors import RunwuError

_PATIENCE = 120.0
_PAUSE = 0.5


async def approve_all(flow_runs: Sequence[str], reviewer: str) -> None:
    """Wait until each review is suspended, say approve to every wording, wait until it is done."""
    await asyncio.gather(*(_approve(UUID(flow_run), reviewer) for flow_run in flow_runs))


async def wait_until_decided(flow_runs: Sequence[str]) -> None:
    """Wait, as long as it takes, until somebody has decided on every review."""
    for flow_run in flow_runs:
        await _wait(UUID(flow_run), "COMPLETED", patience=None)


async def _approve(flow_run: UUID, reviewer: str) -> None:
    from prefect.client.orchestration import get_client

    await _wait(flow_run, "PAUSED", patience=_PATIENCE)
    async with get_client() as client:
        state = (await client.read_flow_run(flow_run)).state
        keys = state.state_details.run_input_keyset if state else None
        if not keys:
            raise RunwuError(f"review {flow_run} shows no form")
        schema = await client.read_flow_run_input(flow_run, keys["schema"])
        answer = _yes_to_all(schema, reviewer)
        result = await client.resume_flow_run(flow_run, run_input=answer)
        if result.status.value != "ACCEPT":
            raise RunwuError(f"review {flow_run} was not accepted: {result.details}")
    await _wait(flow_run, "COMPLETED", patience=_PATIENCE)


def _yes_to_all(schema: str, reviewer: str) -> dict[str, str]:
    import json

    fields = json.loads(schema)["properties"]
    decisions = [name for name, field in fields.items() if "approve" in field.get("enum", ())]
    return {"reviewer": reviewer, **dict.fromkeys(decisions, "approve")}


async def _wait(flow_run: UUID, wanted: str, *, patience: float | None) -> None:
    from prefect.client.orchestration import get_client

    waited = 0.0
    async with get_client() as client:
        while True:
            state = (await client.read_flow_run(flow_run)).state
            if state and state.type.value == wanted:
                return
            if state and state.is_final():
                raise RunwuError(f"review {flow_run} ended as {state.name}: {state.message}")
            if patience is not None and waited >= patience:
                raise RunwuError(
                    f"review {flow_run} is still {state.name if state else 'unknown'} after "
                    f"{patience:.0f} s; see the logs folder"
                )
            await asyncio.sleep(_PAUSE)
            waited += _PAUSE
