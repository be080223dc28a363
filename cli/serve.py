"""The process that serves the deployments of prefect.yaml until it is stopped."""

from cli.deployments import read_deployments


def main() -> None:
    """Serve every deployment; runs already suspended stay as they are when this process stops."""
    from prefect import serve
    from prefect.deployments.runner import RunnerDeployment
    from prefect.flows import load_flow_from_entrypoint
    from prefect.types.entrypoint import EntrypointType

    deployments = []
    for wanted in read_deployments():
        deployment = load_flow_from_entrypoint(wanted.entrypoint).to_deployment(
            name=wanted.name,
            description=wanted.description,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        assert isinstance(deployment, RunnerDeployment)  # noqa: S101 - never a coroutine out here
        deployments.append(deployment)
    serve(
        *deployments,
        pause_on_shutdown=False,
        print_starting_message=False,
        limit=4,
    )


if __name__ == "__main__":
    main()
