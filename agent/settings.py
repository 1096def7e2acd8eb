"""The environment, read once at an entry point. Secrets are never printed.

Each field is the environment variable of the same name in capitals; `.env.example` documents all.
"""

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.errors import SettingsError
from domain.grammar import listed


class Settings(BaseSettings):
    """Where everything is and how to get in."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    routeready_database: str = "sqlite:///var/routeready.sqlite3"
    routeready_policy: Path = Path("policy.yaml")
    routeready_tick_seconds: int = Field(default=60, gt=0)
    routeready_batch_size: int = 1000
    routeready_health_file: Path = Path("var/health.json")
    routeready_live_seconds: int = Field(default=600, gt=0)
    routeready_heartbeat_url: SecretStr | None = None
    routeready_heartbeat_private: bool = False
    routeready_stop_file: Path = Path("var/stop")
    routeready_log_format: Literal["text", "json"] = "text"
    routeready_metrics_port: int | None = None
    routeready_metrics_host: str = "127.0.0.1"
    routeready_otel_endpoint: str | None = None
    routeready_console_url: str | None = None

    marketo_base_url: str | None = None
    marketo_client_id: str | None = None
    marketo_client_secret: SecretStr | None = None
    marketo_look_back_hours: float = 24

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
    slack_http_host: str = "127.0.0.1"

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


TRACERS = ("LANGCHAIN_", "LANGSMITH_")
"""Environment variables by which a dependency of LangGraph sends every lead to its maker."""

TALKERS = ("OPENAI_LOG",)
"""Environment variables by which a dependency writes what it sends to the log."""


def keep_to_ourselves() -> None:
    """Take out of the environment what would let dependencies report to others.

    Only `ROUTEREADY_OTEL_ENDPOINT` turns traces on, and those hold no lead data.
    """
    for name in [one for one in os.environ if one.upper().startswith((*TRACERS, *TALKERS))]:
        del os.environ[name]
    os.environ["LANGSMITH_TRACING"] = os.environ["LANGCHAIN_TRACING_V2"] = "false"
    loaded: Any = sys.modules.get("langsmith.utils")
    if loaded is not None:
        loaded.get_env_var.cache_clear()  # it remembers what it read


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
    if kind == "greater_than":
        return f'{name} is "{given}". Use a number above 0.'
    if kind.startswith("bool"):
        return f'{name} is "{given}". Use true or false.'
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


def check_complete(settings: Settings, *, listens: bool = True) -> None:
    """Raise SettingsError naming everything that a worker lacks, not only the first of it.

    With `listens` its ports must be free, too.
    """
    with_key = settings.salesforce_private_key_file is not None
    needed = {
        "MARKETO_BASE_URL": settings.marketo_base_url,
        "MARKETO_CLIENT_ID": settings.marketo_client_id,
        "MARKETO_CLIENT_SECRET": settings.marketo_client_secret,
        "SALESFORCE_DOMAIN": settings.salesforce_domain,
        "SALESFORCE_CONSUMER_KEY": settings.salesforce_consumer_key,
        **(
            {"SALESFORCE_USERNAME": settings.salesforce_username}
            if with_key
            else {"SALESFORCE_CONSUMER_SECRET": settings.salesforce_consumer_secret}
        ),
    }
    missing = [name for name, value in needed.items() if value is None]
    taken = [
        f"{name} {port} can't be listened on: {trouble}."
        for name, host, port in (
            (
                "ROUTEREADY_METRICS_PORT",
                settings.routeready_metrics_host,
                settings.routeready_metrics_port,
            ),
            ("SLACK_HTTP_PORT", settings.slack_http_host, settings.slack_http_port),
        )
        if listens and port is not None and (trouble := _trouble_at(host, port)) is not None
    ]
    told: list[str] = []
    if missing:
        verb, it = ("is", "it") if len(missing) == 1 else ("are", "them")
        told.append(f"{listed(missing)} {verb} not set. Set {it} in the environment or in .env.")
    if told or taken:
        raise SettingsError(" ".join([*told, *taken]))


def _trouble_at(host: str, port: int) -> str | None:
    """Why nobody can listen there; None when somebody can."""
    try:
        with socket.create_server((host, port)):
            return None
    except (OSError, OverflowError) as error:
        return getattr(error, "strerror", None) or str(error)
