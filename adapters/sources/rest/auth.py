"""How calls of a declared interface show who asks."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import httpx

from adapters.addresses import checked, keep_queries_out_of_logs
from adapters.sources.rest.oauth import ClientCredentials
from schemas.sources.rest_calls import (
    Auth,
    BasicAuth,
    BearerAuth,
    HeaderAuth,
    OAuthClientCredentials,
    QueryAuth,
)

Secrets = Callable[[str], str]
"""From what a secret is for ("token") to the secret; raises ConfigurationError if it is unset."""


@dataclass(frozen=True)
class Credentials:
    """What calls carry; `query` is the parameter that holds a secret, if one does."""

    auth: httpx.Auth | None = None
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    query: str | None = None


class QueryToken(httpx.Auth):
    """A token in the query, put there by the last hand before a call leaves."""

    def __init__(self, name: str, token: str) -> None:
        self._name = name
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Send the request with the token."""
        request.url = request.url.copy_set_param(self._name, self._token)
        yield request


def credentials(name: str, auth: Auth, secrets: Secrets) -> Credentials:
    """Return what calls of the source called `name` carry; raise ConfigurationError as secrets."""
    match auth:
        case BearerAuth():
            return Credentials(headers={"Authorization": f"Bearer {secrets('token')}"})
        case BasicAuth():
            return Credentials(httpx.BasicAuth(secrets("user"), secrets("password")))
        case HeaderAuth():
            return Credentials(headers={auth.name: secrets("token")})
        case QueryAuth():
            keep_queries_out_of_logs()
            return Credentials(QueryToken(auth.name, secrets("token")), query=auth.name)
        case OAuthClientCredentials():
            return Credentials(_client_credentials(name, auth, secrets))
        case _:
            return Credentials()


def _client_credentials(
    name: str, auth: OAuthClientCredentials, secrets: Secrets
) -> ClientCredentials:
    return ClientCredentials(
        name,
        checked(auth.token_url, f"sources.{name}.auth.token_url"),
        secrets("client_id"),
        secrets("client_secret"),
        scope=auth.scope,
        in_header=auth.client_auth == "header",
    )
