"""The process that serves the deployments of prefect.yaml until it is stopped."""

import asyncio
import sys
from typing import TYPE_CHECKING

from cli.deployments import Deployment, read_deployments
from schemas.settings import load

if TYPE_CHECKING:
    from prefect.client.schemas.objects import ConcurrencyLimitConfig
    from prefect.deployments.runner import RunnerDeployment

NO_SCHEDULES = "--no-schedules"
_PROCESSES = 4


def main() -> None:
    """
    Serve every deployment; runs already suspended stay as they are when this process stops.

    With --no-schedules nothing starts by the clock, as a rehearsal of another day needs it.
    """
    from prefect.exceptions import TerminationSignal

    scheduled = NO_SCHEDULES not in sys.argv[1:]
    zone = load().business.timezone
    deployments = [_served(one, zone, scheduled=scheduled) for one in read_deployments()]
    try:
        asyncio.run(_serve(deployments, scheduled=scheduled))
    except (KeyboardInterrupt, TerminationSignal):
        return


def _served(wanted: Deployment, zone: str, *, scheduled: bool) -> "RunnerDeployment":
    """Return a deployment as Prefect serves it, its schedules told in the business zone."""
    from prefect.client.schemas.schedules import CronSchedule
    from prefect.deployments.runner import RunnerDeployment
    from prefect.flows import load_flow_from_entrypoint
    from prefect.types.entrypoint import EntrypointType

    served = load_flow_from_entrypoint(wanted.entrypoint).to_deployment(
        name=wanted.name,
        description=wanted.description,
        entrypoint_type=EntrypointType.MODULE_PATH,
        # An empty list takes away those of an earlier process; None would leave them.
        schedules=[
            CronSchedule(cron=one.cron, timezone=zone)
            for one in (wanted.schedules if scheduled else ())
        ],
        concurrency_limit=_limit(wanted),
    )
    assert isinstance(served, RunnerDeployment)  # noqa: S101 - never a coroutine out here
    return served


def _limit(wanted: Deployment) -> "ConcurrencyLimitConfig | None":
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy

    limit = wanted.concurrency_limit
    if limit is None:
        return None
    strategy = ConcurrencyLimitStrategy(limit.collision_strategy)
    return ConcurrencyLimitConfig(limit=limit.limit, collision_strategy=strategy)


async def _serve(deployments: "list[RunnerDeployment]", *, scheduled: bool) -> None:
    from prefect.runner import Runner

    runner = Runner(pause_on_shutdown=False, limit=_PROCESSES)
    for deployment in deployments:
        await runner.aadd_deployment(deployment)
    if not scheduled:
        await _drop_backlog()
    await runner.start()


async def _drop_backlog() -> None:
    """Delete what schedules, before they were taken away, left to be run late."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import (
        FlowRunFilter,
        FlowRunFilterState,
        FlowRunFilterStateType,
    )
    from prefect.client.schemas.objects import StateType

    waiting = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))
    async with get_client() as client:
        for run in await client.read_flow_runs(flow_run_filter=FlowRunFilter(state=waiting)):
            if run.auto_scheduled:
                await client.delete_flow_run(run.id)


if __name__ == "__main__":
    main()
