"""From a source's settings to the source."""

from collections.abc import Callable

from adapters.phones import PhoneHash
from adapters.sources.base import Source
from adapters.sources.shop import ShopSource
from schemas import sources as settings
from schemas.environment import Environment, base_url, source_secret

HashIn = Callable[[str], PhoneHash]
"""Gives, for a region, what tells its phone numbers; raises ConfigurationError without a salt."""


def open_source(
    name: str, source: settings.SourceSettings, environment: Environment, hash_in: HashIn
) -> Source:
    """Return a source ready to be read. Raises ConfigurationError for what can never work."""
    del hash_in
    match source:
        case settings.FileSource():
            # With it comes polars, which a flow that reads no file can do without.
            from adapters.sources.file import FileSource

            return FileSource(name, source)
        case settings.ShopSource():
            token = source_secret(name, "token", source.base_url)
            return ShopSource(name, base_url(source.base_url, "shop", environment), token, source)
