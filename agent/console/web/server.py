"""Serving the console: one process, one port, until it is stopped."""

import signal
from collections.abc import Callable
from datetime import UTC, datetime

import uvicorn

from agent.app import App
from agent.console.boards.policy_trials import Tries
from agent.console.boards.workshop import Figures, Workshop, apart
from agent.console.door import Address, Door
from agent.console.visit import Office
from agent.console.web.application import build
from agent.console.web.site_map import MENU
from domain.errors import SettingsError
from domain.policy.model import Policy


def serve(
    app: App, address: Address, *, default: str | None = None, tell: Callable[[str], None]
) -> None:
    """Serve until a signal comes; `tell` is given the sentence with the address."""
    workshop = apart(app.settings.routeready_database)
    config = uvicorn.Config(
        build(open_office(app, address, workshop, default)),
        host=address.host,
        port=address.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    tell(f"Console running at {address.url} (Ctrl-C to stop)")
    # The server raises again the signal that ended it, so that what is open here is closed too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        uvicorn.Server(config).run()
    except KeyboardInterrupt:
        tell("Console stopped.")
    finally:
        workshop.close()


def open_office(app: App, address: Address, workshop: Workshop, default: str | None) -> Office:
    """What the pages share; what takes long is made in the workshop.

    Raises SettingsError for a default person whom the policy doesn't name.
    """
    if default is not None and default not in app.policy.users:
        raise SettingsError(f"no user {default} in the policy")
    who = default or usual(app.policy)
    door = Door(address, app.ledger.visits, lambda: datetime.now(UTC), who)
    return Office(app, door, Figures(workshop), Tries(workshop), menu=MENU)


def usual(policy: Policy) -> str | None:
    """Whom an open console is for: who gets the leakage list, else operations."""
    wanted = policy.follow_through.leakage_to
    if wanted in policy.users:
        return wanted
    return next((email for email, user in policy.users.items() if user.role == "ops"), None)
