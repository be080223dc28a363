"""The product's serving process, but for the review's entrypoint, which is the armed one."""

import os
import sys
from pathlib import Path

import httpx

import cli.serve
from cli.deployments import Deployment, read_deployments
from cli.services import Services
from tests.kill.armed import ENTRYPOINT

START = "start"
"""Start the serving process in the place of the product's, and end; like `runwu up` does."""


def armed() -> tuple[Deployment, ...]:
    return tuple(
        one.model_copy(update={"entrypoint": ENTRYPOINT}) if one.name == "review-batch" else one
        for one in read_deployments()
    )


def start(home: Path, api: str) -> None:
    review = f"{api}/deployments/name/review-batch/review-batch"
    services = Services(home)
    services.stop("flows")
    services.start(
        "flows",
        [__spec__.name, cli.serve.NO_SCHEDULES],
        {},
        url=api,
        ready=lambda: httpx.get(review).json()["entrypoint"] == ENTRYPOINT,
    )


if __name__ == "__main__":
    if START in sys.argv:
        start(Path(os.environ["RUNWU_HOME"]), os.environ["PREFECT_API_URL"])
    else:
        vars(cli.serve)["read_deployments"] = armed
        cli.serve.main()
