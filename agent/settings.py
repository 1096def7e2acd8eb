"""The environment, read once at an entry point. Secrets are never printed.

Each field is the environment variable of the same name in capitals; `.env.example` documents all.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.errors import SettingsError


class Settings(BaseSettings):
    """Where everything is and how to get in."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    routeready_database: str = "sqlite:///var/routeready.sqlite3"
    routeready_policy: Path = Path("policy.yaml")
    routeready_tick_seconds: int = 60
    routeready_batch_size: int = 1000
    routeready_health_file: Path = Path("var/health.json")
    routeready_stop_file: Path = Path("var/stop")
    routeready_log_format: Literal["text", "json"] = "text"
    routeready_metrics_port: int | None = None
    routeready_otel_endpoint: str | None = None
    routeready_console_url: str | None = None

    marketo_base_url: str | None = None
    marketo_client_id: str | None = None
    marketo_client_secret: SecretStr | None = None

    salesforce_domain: str | None = None
    salesforce_consumer_key: str | None = None
    salesforce_consumer_secret: SecretStr | None = None
    salesforce_username: str | None = None
    salesforce_private_key_file: Path | None = None
    salesforce_ca_file: Path | None = None
    salesforce_guard: Literal["validation_rule", "unmodified_since"] = "validation_rule"

    slack_bot_token: SecretStr | None = None
    slack_base_url: str = "https://slack.com/api/"
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_client_id: str | None = None
    slack_client_secret: SecretStr | None = None
    slack_http_port: int | None = None

    pdl_api_key: SecretStr | None = None
    pdl_base_url: str = "https://api.peopledatalabs.com"
    apollo_api_key: SecretStr | None = None
    apollo_base_url: str = "https://api.apollo.io"
    hunter_api_key: SecretStr | None = None
    hunter_base_url: str = "https://api.hunter.io"

    openai_api_key: SecretStr | None = None
    openai_base_url: str = "https://api.openai.com/v1"
    openai_model: str | None = None
    openai_price_per_million: float | None = None


def read_settings() -> Settings:
    """The settings of this process; raises SettingsError naming what is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = [_explained(cast("Mapping[str, Any]", one)) for one in error.errors()]
        raise SettingsError(" ".join(wrong)) from None


def _explained(detail: Mapping[str, Any]) -> str:
    """What is wrong with one setting, and what to use. Any text fits a secret: none is shown."""
    name, given, kind = str(detail["loc"][0]).upper(), detail["input"], str(detail["type"])
    if kind == "literal_error":
        expected = str(detail["ctx"]["expected"]).replace("'", "")
        return f'{name} is "{given}". Use {expected}.'
    if kind.startswith("int"):
        return f'{name} is "{given}", which is not a whole number. Use one, such as 60.'
    if kind.startswith("float"):
        return f'{name} is "{given}", which is not a number. Use one, such as 2.5.'
    return f"{name} has a value that can't be used. See .env.example."


def require(value: str | SecretStr | None, name: str) -> str:
    """A setting that must be there; raises SettingsError saying where to put it."""
    if value is None:
        raise SettingsError(f"{name} is not set. Set it in the environment or in .env.")
    return value.get_secret_value() if isinstance(value, SecretStr) else value
