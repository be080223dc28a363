"""The addresses adapters call."""

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
