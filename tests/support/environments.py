"""What a process of the worker is given to work in a town."""

import os
from pathlib import Path

from agent.cli.demo import sandbox_settings
from tests.support.worlds import Town


def environment(here: Town, folder: Path) -> dict[str, str]:
    """The environment that points the commands at a sandbox."""
    settings = sandbox_settings(here.running.details(), folder)
    values = settings.model_dump(exclude_none=True)
    texts = {
        name.upper(): value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
        for name, value in values.items()
    }
    texts["ROUTEREADY_HEALTH_FILE"] = str(folder / "health.json")
    texts["ROUTEREADY_STOP_FILE"] = str(folder / "stop")
    texts["ROUTEREADY_TICK_SECONDS"] = "1"
    return {**os.environ, **texts}
