"""Serving the stand-ins on this machine only."""

import socket

import uvicorn

from sandbox.app import Part, create_app
from sandbox.world import Options
from schemas.errors import ConfigurationError


def listener(port: int) -> socket.socket:
    """
    Return a socket that listens on 127.0.0.1; port 0 means any free one.

    Rationale: asyncio turns Nagle's algorithm off only where the protocol is named; without that
    every answer takes 40 ms longer.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise ConfigurationError(
            f"port {port} can't be listened on ({error.strerror}); "
            "stop what uses it or choose another one in RUNWU_SANDBOX_URL"
        ) from error
    return listening


def server(options: Options, only: Part | None = None) -> uvicorn.Server:
    """
    Return the server of a new world.

    Rationale: its log is quiet because a connection dropped on purpose counts as an error there.
    """
    app = create_app(options, only)
    config = uvicorn.Config(
        app, lifespan="off", log_level="critical", access_log=False, timeout_graceful_shutdown=1
    )
    return uvicorn.Server(config)


def serve(options: Options, port: int, only: Part | None = None) -> None:
    """Serve until told to stop; raise ConfigurationError when the port is taken."""
    with listener(port) as listening:
        server(options, only).run(sockets=[listening])
