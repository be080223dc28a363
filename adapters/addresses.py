"""The addresses adapters call."""

import logging

import httpx

from schemas.errors import ConfigurationError


def checked(base_url: str, key: str) -> str:
    """Return `base_url` without its last slash; raise ConfigurationError if it is no address."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
        raise ConfigurationError(
            f"{key} is no address to call; it looks like https://shop.example.com/api"
        )
    return base_url.rstrip("/")


def keep_queries_out_of_logs() -> None:
    """Take the query out of httpx's own line per call: it may hold a token or a secret."""
    logging.getLogger("httpx").addFilter(_without_query)


def _without_query(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(
            part.copy_with(query=None) if isinstance(part, httpx.URL) else part
            for part in record.args
        )
    return True
