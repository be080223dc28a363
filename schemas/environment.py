"""What comes from the environment, secrets above all; nothing of it is ever logged."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.errors import ConfigurationError

SANDBOX = "sandbox"
PLACEHOLDERS = {"", "changeme", "change-me", "secret", "password", "todo", "xxx", "your-secret"}


class Environment(BaseSettings):
    """What comes from the environment, secrets above all."""

    model_config = SettingsConfigDict(env_prefix="RUNWU_", extra="ignore")

    config: Path | None = None
    home: Path = Path(".runwu")
    sandbox_url: str = "http://127.0.0.1:4280"
    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL", repr=False)
    wecom_secret: SecretStr | None = None
    shop_token: SecretStr | None = None
    llm_api_key: SecretStr | None = None
    holdout_salt: SecretStr | None = None


def base_url(configured: str, part: str, environment: Environment) -> str:
    """Return the address to call: as configured, or the sandbox's own `part`."""
    if configured == SANDBOX:
        return f"{environment.sandbox_url.rstrip('/')}/{part}"
    return configured.rstrip("/")


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
    return text
