"""What comes from the environment, secrets above all; nothing of it is ever logged."""

import os
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.errors import ConfigurationError

SANDBOX = "sandbox"
PLACEHOLDERS = {"", "changeme", "change-me", "secret", "password", "todo", "xxx", "your-secret"}


_SOURCES = "RUNWU_SOURCES_"


class Environment(BaseSettings):
    """What comes from the environment, secrets above all."""

    model_config = SettingsConfigDict(env_prefix="RUNWU_", extra="ignore")

    config: Path | None = None
    home: Path = Path(".runwu")
    sandbox_url: str = "http://127.0.0.1:4280"
    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL", repr=False)
    wecom_secret: SecretStr | None = None
    llm_api_key: SecretStr | None = None
    holdout_salt: SecretStr | None = None
    identity_salt: SecretStr | None = None


def base_url(configured: str, part: str, environment: Environment) -> str:
    """Return the address to call: as configured, or the sandbox's own `part`."""
    if configured == SANDBOX:
        return f"{environment.sandbox_url.rstrip('/')}/{part}"
    return configured.rstrip("/")


def source_variable(source: str, what: str) -> str:
    """Return the variable that holds a source's secret, as in RUNWU_SOURCES_SHOP_TOKEN."""
    return f"{_SOURCES}{source.upper()}_{what.upper()}"


def secrets_of_sources() -> list[str]:
    """Return the names of the variables that hold secrets of sources."""
    return sorted(name for name in os.environ if name.startswith(_SOURCES))


def source_secret(source: str, what: str, configured_url: str) -> str:
    """
    Return a source's secret, called `what` in the name of its variable.

    Raises ConfigurationError naming the variable to set.
    """
    variable = source_variable(source, what)
    return secret(SecretStr(os.environ.get(variable, "")), variable, configured_url)


def secret(value: SecretStr | None, variable: str, configured_url: str) -> str:
    """
    Return a secret fit for use; the sandbox has its own, a placeholder is refused.

    Raises ConfigurationError naming the variable to set.
    """
    if configured_url == SANDBOX:
        return "sandbox-secret"
    text = value.get_secret_value().strip() if value else ""
    if text.lower() in PLACEHOLDERS:
        raise ConfigurationError(f"set {variable} in the environment to the real secret")
    if not (text.isascii() and text.isprintable()):
        raise ConfigurationError(f"{variable} has characters no HTTP header can carry")
    return text
