"""From a source's settings to the source."""

from collections.abc import Callable

from adapters.phones import PhoneHash
from adapters.sources.base import Source
from adapters.sources.inbox import Fetch, InboxSource
from schemas import sources as settings
from schemas.environment import Environment, base_url, source_secret
from tasks.inbox import signing_secrets

HashIn = Callable[[str], PhoneHash | None]
"""Gives, for a region, what tells its phone numbers; None where they are not to be told."""


def open_source(
    name: str,
    source: settings.SourceSettings,
    environment: Environment,
    *,
    hash_in: HashIn,
    fetch: Fetch,
) -> Source:
    """
    Return a source ready to be read; `fetch` reads what was posted to it.

    Raises ConfigurationError for what can never work.
    """
    if isinstance(source, settings.FileSource):
        # With it comes polars, which a flow that reads no file can do without.
        from adapters.sources.file.source import FileSource

        return FileSource(name, source, phone_hash=hash_in(source.phone_region))
    if isinstance(source, settings.WebhookSource):
        signing_secrets(name)  # what is missing is said before somebody posts
        return InboxSource(name, fetch)
    return _open_api(name, source, environment, hash_in(source.phone_region))


def _open_api(
    name: str,
    source: settings.ApiSource,
    environment: Environment,
    phone_hash: PhoneHash | None,
) -> Source:
    """Return a source behind an HTTP interface; only the one that is configured is imported."""
    url = base_url(source.base_url, source.type, environment)

    def secret(what: str) -> str:
        return source_secret(name, what, source.base_url)

    match source:
        case settings.ShopSource():
            from adapters.sources.shop import ShopSource

            return ShopSource(name, url, secret("token"), source)
        case settings.RestSource():
            from adapters.sources.rest.source import RestSource

            return RestSource(name, url, secret, source, phone_hash=phone_hash)
        case settings.MedusaSource():
            from adapters.sources.medusa.source import MedusaSource

            return MedusaSource(name, url, secret("token"), source, phone_hash=phone_hash)
        case settings.ShopifySource():
            from adapters.sources.shopify.source import ShopifySource

            return ShopifySource(name, url, secret("access_token"), source, phone_hash=phone_hash)
        case settings.WooCommerceSource():
            from adapters.sources.woocommerce.source import WooCommerceSource

            keys = secret("consumer_key"), secret("consumer_secret")
            return WooCommerceSource(name, url, *keys, source, phone_hash=phone_hash)
        case settings.YouzanSource():
            from adapters.sources.youzan.source import YouzanSource

            client = secret("client_id"), secret("client_secret")
            return YouzanSource(name, url, *client, source, phone_hash=phone_hash)
