"""Who runs a command: a user of the policy, as a user of this machine says.

Whoever can read the ledger's credentials can say so, and nobody else: each of these commands opens
the ledger first. What they say is kept on record with the name by which the system knows them.
"""

from typing import TYPE_CHECKING

from agent.ledger.stores.visits import Look
from agent.run.holder import os_user
from domain.conversation.permissions import Principal, principal
from domain.errors import RoutereadyError

if TYPE_CHECKING:
    from agent.app import App

DONE, REFUSED = 200, 403
"""Outcomes in the audit log, as pages have them."""


def person(email: str, app: "App") -> Principal:
    """The person that `--by` names; raises RoutereadyError for a stranger."""
    who = principal(email, app.policy)
    if who is None:
        raise unknown_user(email)
    return who.model_copy(update={"asserted_by": os_user()})


def unknown_user(email: str) -> RoutereadyError:
    """Somebody whom the policy doesn't name."""
    return RoutereadyError(
        f"The policy has no user {email}. Use an email address listed under users."
    )


def note(app: "App", who: str, command: str, did: str, about: str, outcome: int = DONE) -> None:
    """Keep on record what was done by a command, and that its user said who they are."""
    look = Look(app.clock.now(), who, f"routeready {command}", about, did, outcome, os_user())
    app.ledger.visits.keep(look)
