"""Deeds of simulated people: reps in Salesforce, visitors of the website, colleagues in Slack.

When and why people do them is in `people` and `worlds`.

A deed is a JSON row with a `do`; an act that is scheduled in a world is the event `act` with
the deed as its payload. E-mail addresses stand for people, whatever the vendor calls them.

    {"do": "salesforce.insert", "object": "Task", "values": {...}, "by": "ana.torres@..."}
    {"do": "salesforce.update", "object": "Lead", "id": "00Q..." | "where": {"Email": "..."},
     "values": {...}, "by": "ana.torres@..."}
    {"do": "salesforce.delete", "object": "Lead", "id" | "where": ..., "by": "..."}
    {"do": "salesforce.convert", "id" | "where": ..., "by": "...", "account": "001..."}: a lead;
     without an account, to a new one
    {"do": "salesforce.merge", "id": "00Q...", "losers": ["00Q...", ...], "by": "..."}: leads
    {"do": "salesforce.assignment", "name": "...", "entries": [...]}: a lead assignment rule that
     is active from now on, with entries as `sandbox.salesforce.rules.assignment` documents
    {"do": "marketo.form", "form": "Demo Request", "values": {"email": "...", ...}}
    {"do": "marketo.visit", "email": "...", "page": "/pricing"}
    {"do": "marketo.change", "email": "...", "values": {...}, "reason": "...", "source": "..."}
    {"do": "marketo.score", "email": "...", "score": 110, "reason": "..."}
    {"do": "marketo.sync", "email": "..."}: the flow step Sync Person to SFDC
    {"do": "marketo.mail", "email": "...", "mailing": "...", "then": "delivered" | "opened" |
     "clicked" | "bounced" | "soft_bounced" | "unsubscribed"}: what came of a mail to them
    {"do": "slack.status", "user": "...@...", "text": "...", "emoji": ":palm_tree:",
     "until": "2026-11-27T18:00:00Z"}
    {"do": "slack.say", "user": "...@...", "channel": "dm", "text": "...", "thread": "<ts>"}
    {"do": "slack.press", "user": "...@...", "channel": "dm", "ts": "<ts>", "action": "<action_id>",
     "chosen": "<an option's value>"}: a button or a menu
    {"do": "slack.submit", "user": "...@...", "values": {"block_id/action_id": ...}}: the top form
    {"do": "slack.command", "user": "...@...", "channel": "dm", "line": "/leads unworked"}
    {"do": "slack.react", "user": "...@...", "channel": "dm", "ts": "<ts>", "emoji": "eyes"}
    {"do": "slack.close", "user": "...@..."}: the top form, without sending it
    {"do": "slack.home", "user": "...@..."}: look at the app's home tab
    {"do": "slack.quiet", "user": "...@...", "until": "2026-11-27T18:00:00Z"}: do not disturb
    {"do": "slack.leave", "user": "...@..."}: leave the company's workspace
    {"do": "slack.subscribe", "url": "http://..."}: the app's own address, for deliveries by HTTP
    {"do": "openai.become", "personality": "gullible"}: the model takes a character
    {"do": "openai.teach", "when": {...}, "reply": {...}, "times": 1}: a rule of its script, as
     `sandbox.openai.script` documents
    {"do": "openai.limit", "requests": 60, "tokens": 90000}: a minute, enforced from now on

In `values` of a Salesforce deed, `{"user": "<e-mail>"}` and `{"queue": "<DeveloperName>"}`
stand for an Id. A `where` names the newest record of those that fit and are not deleted.
A `channel` of Slack is an id, `#name`, or `dm`: what the person has with the app. A `ts` that is
not given is the newest message of the app there; to press, the newest that has the action.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from sandbox.acts import marketo, openai, salesforce, slack
from sandbox.acts.lookups import ActError, person_id, queue_id, user_id
from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.slack.interactivity.form_input import FormError
from sandbox.slack.interactivity.user_actions import DoingError
from sandbox.state.world import Row, World

__all__ = ["DEEDS", "ActError", "act", "live", "person_id", "plan", "queue_id", "user_id"]

EVENT = "act"
"""The scheduled event whose payload is a deed."""

DEEDS: Mapping[str, Callable[[World, Row], Json]] = {
    **salesforce.DEEDS,
    **marketo.DEEDS,
    **slack.DEEDS,
    **openai.DEEDS,
}
"""What people can do, by name."""


def act(world: World, deed: Row) -> Json:
    """Do one deed now; returns the id of what it made, where it made something.

    Raises `ActError`.
    """
    name = str(deed.get("do"))
    if name not in DEEDS:
        raise ActError(f"unknown deed {name!r}; there are {', '.join(sorted(DEEDS))}")
    try:
        return DEEDS[name](world, deed)
    except KeyError as error:
        raise ActError(f"the deed {name} lacks {error}") from None
    except SalesforceError as error:
        raise ActError(f"Salesforce refuses: {error}") from error
    except (DoingError, FormError) as error:
        raise ActError(f"Slack refuses: {error}") from error


def live(world: World) -> None:
    """Let scheduled deeds be done. One that turns out impossible is journaled, not raised."""

    def perform(payload: Json) -> None:
        try:
            act(world, payload)
        except ActError as error:
            world.record("effect", "sandbox", "act.impossible", deed=payload, why=str(error))

    world.on(EVENT, perform)


def plan(world: World, at: datetime, deed: Row) -> None:
    """Let a deed be done at `at`."""
    world.schedule(at, EVENT, deed)
