"""The process that serves the deployments of prefect.yaml until it is stopped."""

from cli.deployments import read_deployments


def main() -> None:
    """Serve every deployment; runs already suspended stay as they are when this process stops."""
    from prefect import serve
    from prefect.types.entrypoint import EntrypointType
    from prefect.flows import load_flow_from_entrypoint

    serve(
        *(
            load_flow_from_entrypoint(deployment.entrypoint).to_deployment(
                name=deployment.name,
                description=deployment.description,
                entrypoint_type=EntrypointType.MODULE_PATH,
            )
            for deployment in read_deployments()
        ),
        pause_on_shutdown=False,
        print_starting_message=False,
        limit=4,
    )


if __name__ == "__main__":
    main()
