"""Serving on this machine only: whoever calls from outside comes through a proxy with TLS."""

import socket

import uvicorn
from fastapi import FastAPI

from schemas.errors import ConfigurationError

_MOST_AT_ONCE = 32
"""Requests beyond are told 503 at once; each of these may hold a body and a connection."""


def listener(port: int) -> socket.socket:
    """
    Return a socket that listens on 127.0.0.1; port 0 means any free one.

    Raises ConfigurationError when the port is taken. The protocol is named because asyncio turns
    Nagle's algorithm off only then.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise ConfigurationError(
            f"port {port} can't be listened on ({error.strerror}); choose another with --port"
        ) from error
    return listening


def server(app: FastAPI) -> uvicorn.Server:
    """Return the server of an application; its log names no path and no sender."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=_MOST_AT_ONCE,
            timeout_graceful_shutdown=10,
        )
    )


def serve(app: FastAPI, port: int) -> None:
    """Serve until told to stop."""
    with listener(port) as listening:
        server(app).run(sockets=[listening])
