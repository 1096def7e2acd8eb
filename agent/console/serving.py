"""Serving the console: one process, one port, until it is stopped."""

from collections.abc import Callable
from datetime import UTC, datetime

import uvicorn

from agent.app import App
from agent.console.door import Address, Door
from agent.console.figures import Figures, Workshop, apart
from agent.console.office import Office
from agent.console.plan import MENU
from agent.console.tries import Tries
from agent.console.web import build
from domain.errors import SettingsError
from domain.policy import Policy

PORT = 8750


def serve(
    app: App, host: str, port: int, *, default: str | None = None, tell: Callable[[str], None]
) -> None:
    """Serve until a signal comes; `tell` is given the sentence with the address."""
    workshop = apart(app.settings.routeready_database)
    address = Address(host, port, app.settings.routeready_console_url)
    office = open_office(app, address, workshop, default)
    config = uvicorn.Config(
        build(office),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    reached = address.public or f"http://{host}:{port}"
    tell(f"The console is at {reached} (Ctrl-C stops it)")
    try:
        uvicorn.Server(config).run()
    finally:
        workshop.close()


def open_office(app: App, address: Address, workshop: Workshop, default: str | None) -> Office:
    """What the pages share; what takes long is made in the workshop.

    Raises SettingsError for a default person whom the policy doesn't name.
    """
    if default is not None and default not in app.policy.users:
        raise SettingsError(f"the policy names no user {default}")
    who = default or usual(app.policy)
    door = Door(address, app.ledger.visits, lambda: datetime.now(UTC), who)
    return Office(app, door, Figures(workshop), Tries(workshop), menu=MENU)


def usual(policy: Policy) -> str | None:
    """Whom an open console is for: who gets the leakage list, else operations."""
    wanted = policy.follow_through.leakage_to
    if wanted in policy.users:
        return wanted
    return next((email for email, user in policy.users.items() if user.role == "ops"), None)
