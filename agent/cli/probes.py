"""`routeready live` and `routeready health`: what a probe asks about a worker on this machine.

Both read the health file, and judge it by its age: a worker that is gone can't say so.
"""

# ruff: noqa: PLC0415  (imports are inside the commands, so that help and lint answer at once)

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import typer

from domain.errors import RoutereadyError

STALE = timedelta(minutes=2)
"""The file is written every few seconds; one that is older tells of a worker that is gone."""


def live() -> None:
    """Check that the worker makes progress. Exits with 1 if not; restart the worker only then.

    An outage of a vendor or a large backlog is no reason to restart; see `routeready health`.
    """
    from agent.settings import read_settings
    from domain.grammar import lasting

    settings = read_settings()
    told = _read(settings.routeready_health_file)
    at, moved = _moment(told, "at"), _moment(told, "live_at")
    patience = timedelta(seconds=settings.routeready_live_seconds)
    _expect_recent(at, max(STALE, patience))
    if at - moved > patience:
        raise RoutereadyError(f"The worker hangs: no progress for {lasting(at - moved)}.")
    typer.echo("The worker makes progress.")


def health() -> None:
    """List what is wrong with the worker, and since when. Exits with 1 if anything is."""
    from agent.settings import read_settings

    told = _read(read_settings().routeready_health_file)
    _expect_recent(_moment(told, "at"), STALE)
    for one in told.get("problems", []):
        since = str(one["since"])[:16].replace("T", " ")
        typer.echo(f"{one['code']}, since {since} UTC: {one['problem']}\n    {one['fix']}")
    typer.echo(f"State: {told['state']}")
    if told["state"] != "ok":
        raise typer.Exit(1)


def _expect_recent(at: datetime, patience: timedelta) -> None:
    """Refuse a file that a running worker would have written again by now."""
    from domain.grammar import lasting

    age = abs(datetime.now(UTC) - at)
    if age > patience:
        raise RoutereadyError(f"The worker is not running: last sign of life {lasting(age)} ago.")


def _read(path: Path) -> dict[str, Any]:
    try:
        told: Any = json.loads(path.read_bytes())
    except OSError as error:
        raise RoutereadyError(
            f"No worker has run here: {path} can't be read: {error.strerror}."
        ) from None
    except ValueError:
        raise RoutereadyError(f"{path} is not a health file.") from None
    if not isinstance(told, dict) or "state" not in told:
        raise RoutereadyError(f"{path} is not a health file.")
    return cast("dict[str, Any]", told)


def _moment(told: dict[str, Any], name: str) -> datetime:
    try:
        return datetime.fromisoformat(str(told[name]))
    except (KeyError, ValueError):
        raise RoutereadyError("The health file is of another version of routeready.") from None


ALL: tuple[Callable[[], None], ...] = (live, health)
