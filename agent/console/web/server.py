"""Serving the console: one process, one port, until it is stopped."""

import signal
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import uvicorn

from agent.app import App
from agent.console.boards.policy_trials import Tries
from agent.console.boards.workshop import Figures, Workshop, apart
from agent.console.door import Address, Door, make_link
from agent.console.visit import Office
from agent.console.web import browser
from agent.console.web.application import LARGEST, build
from agent.console.web.site_map import MENU
from agent.server import Bounded, bound
from agent.server import config as configured
from domain.errors import SettingsError
from domain.policy.model import Policy


def serve(
    app: App,
    address: Address,
    *,
    default: str | None = None,
    opens: bool = False,
    tell: Callable[[str], None],
) -> None:
    """Serve until a signal comes; `tell` is given the sentence with the address.

    On this machine alone that is a link for who starts it, which also opens in their browser.
    Raises SettingsError when the port is taken, or nobody can be let in.
    """
    with bound(address.host, address.port, "--port") as listening:
        # The server raises again the signal that ended it, so that what is open here is closed too.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            with (
                _announced(app, address, default, opens=opens, tell=tell),
                closing(apart(app.settings.routeready_database)) as workshop,
            ):
                config = configured(Bounded(build(open_office(app, address, workshop)), LARGEST))
                uvicorn.Server(config).run(sockets=[listening])
        except KeyboardInterrupt:
            tell("Console stopped.")


@contextmanager
def _announced(
    app: App, address: Address, email: str | None, *, opens: bool, tell: Callable[[str], None]
) -> Generator[None]:
    """Where the console is; a link that nobody opened ends with it."""
    if not address.is_open:
        tell(f"Console running at {address.url} (Ctrl-C to stop)")
        yield
        return
    app.ledger.visits.end_links()  # also those of a console that was killed
    link = new_link(app, address, email)
    tell(f"Console running at {link} (this link works once; Ctrl-C to stop)")
    opened = browser.show(link) if opens else None
    try:
        yield
    finally:
        app.ledger.visits.end_links()
        if opened is not None:
            opened.unlink(missing_ok=True)


def open_office(app: App, address: Address, workshop: Workshop) -> Office:
    """What the pages share; what takes long is made in the workshop."""
    door = Door(address, app.ledger.visits, lambda: datetime.now(UTC))
    return Office(app, door, Figures(workshop), Tries(workshop), menu=MENU)


def new_link(app: App, address: Address, email: str | None = None) -> str:
    """A link to a console on this machine, for `email` or whom it is usually for.

    Raises SettingsError when people sign in there, or the policy doesn't name whom it is for.
    """
    if not address.is_open:
        raise SettingsError(
            f"People sign in at {address.url}. Make a token instead: routeready console token EMAIL"
        )
    who = _starter(app.policy, email)
    return make_link(address, app.ledger.visits, who, datetime.now(UTC))


def _starter(policy: Policy, wanted: str | None) -> str:
    """Whom a link is for; raises SettingsError for somebody whom the policy doesn't name."""
    if wanted is not None and wanted not in policy.users:
        raise SettingsError(f"--by: no user {wanted} in the policy.")
    who = wanted or usual(policy)
    if who is None:
        raise SettingsError("Say with --by EMAIL whose view to show: a user of the policy.")
    return who


def usual(policy: Policy) -> str | None:
    """Whom an open console is for: who gets the leakage list, else operations."""
    wanted = policy.follow_through.leakage_to
    if wanted in policy.users:
        return wanted
    return next((email for email, user in policy.users.items() if user.role == "ops"), None)
