"""Follow-through in a town: time that passes with the worker looking, calls, and messages."""

import json
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr
from slack_bolt import BoltRequest
from slack_sdk.signature import SignatureVerifier

from agent.slack import listener
from sandbox.salesforce.store import records
from sandbox.slack.conversations.channels import open_dm
from sandbox.slack.interactivity import response_urls
from tests.support.worlds import Town

SECRET = "signing-secret"


def live(here: Town, **by: float) -> None:
    """Let time pass in steps of five minutes, the worker looking after each."""
    until = here.world.now + timedelta(**by)
    while here.world.now < until:
        here.pass_time(minutes=5)
        here.tick()


def call(here: Town, person: int, **values: Any) -> str:  # noqa: ANN401  (field values)
    """The owner of a person's Lead calls, and logs it."""
    lead = here.lead(person)
    done = {
        "WhoId": lead["Id"],
        "OwnerId": lead["OwnerId"],
        "Subject": "Call",
        "TaskSubtype": "Call",
        "CallType": "Outbound",
        "CallDurationInSeconds": 180,
        "Status": "Completed",
    }
    return records.insert(here.world, "Task", done | values, by=lead["OwnerId"], assign=False)


def messages(here: Town, email: str) -> list[dict[str, Any]]:
    """What somebody was written by the worker, oldest first."""
    users = here.world.table("slack.user").values()
    user = next(one["id"] for one in users if one["profile"]["email"] == email)
    channels = {
        row["id"] for row in here.world.table("slack.channel").values() if row.get("user") == user
    }
    return [row for row in here.world.table("slack.message").values() if row["channel"] in channels]


def said(message: dict[str, Any]) -> str:
    """The words of a message's blocks, in order."""
    found: list[str] = []

    def gather(node: dict[str, Any]) -> dict[str, Any]:
        if isinstance(node.get("text"), str):
            found.append(node["text"])
        return node

    json.loads(json.dumps(message["blocks"]), object_hook=gather)
    return " ".join(found)


def owner(here: Town, person: int) -> str:
    """E-mail of the user who owns a person's Lead."""
    users = here.world.table("salesforce.User")
    return str(users[here.lead(person)["OwnerId"]]["Email"])


def slack_id(here: Town, email: str) -> str:
    """Slack's id of somebody."""
    users = here.world.table("slack.user").values()
    return str(next(one["id"] for one in users if one["profile"]["email"] == email))


def press(here: Town, email: str, message: dict[str, Any], action: str, choice: int = 0) -> int:
    """Somebody presses a button of a message, as Slack sends it by HTTP; the HTTP status."""
    elements = [
        element
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == action
    ]
    element = elements[0]
    pressed = {
        "action_id": action,
        "type": element["type"],
        "action_ts": f"{here.world.now.timestamp():.6f}",
    }
    if element["type"] == "static_select":
        pressed["selected_option"] = element["options"][choice]
    else:
        pressed["value"] = element["value"]
    return send(here, payload(here, email, "block_actions", message=message, actions=[pressed]))


def submit(here: Town, email: str, form: str, about: str, **fields: str) -> int:
    """Somebody sends a form; `about` is the value of the button that opened it."""
    values = {
        name: {name: {"type": "static_select", "selected_option": {"value": value}}}
        if name != "note"
        else {name: {"type": "plain_text_input", "value": value}}
        for name, value in fields.items()
    }
    view = {
        "id": f"V{here.world.now.timestamp():.0f}",
        "type": "modal",
        "callback_id": form,
        "private_metadata": about,
        "state": {"values": values},
    }
    return send(here, payload(here, email, "view_submission", view=view))


def payload(here: Town, email: str, kind: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  (JSON)
    """An interaction as Slack words it."""
    return {
        "type": kind,
        "user": {"id": slack_id(here, email), "team_id": "T1"},
        "team": {"id": "T1"},
        "api_app_id": "A1",
        "trigger_id": "1.2.3",
        "response_url": response_url(here, email),
        **more,
    }


def response_url(here: Town, email: str) -> str:
    """Where the app answers what somebody did in their direct message."""
    user = slack_id(here, email)
    return response_urls.grant(here.world, user, str(open_dm(here.world, user)[0]["id"]))


def send(here: Town, payload: dict[str, Any], *, secret: str = SECRET) -> int:
    """Deliver a signed interaction to the app; the HTTP status it answers."""
    body = urlencode({"payload": json.dumps(payload)})
    now = str(int(time.time()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=now, body=body)
    headers: dict[str, str | Sequence[str]] = {
        "content-type": ["application/x-www-form-urlencoded"],
        "x-slack-request-timestamp": [now],
        "x-slack-signature": [str(signature)],
    }
    return deliver(here, BoltRequest(body=body, headers=headers))


def deliver(here: Town, request: BoltRequest) -> int:
    """Hand a request of Slack's to the app; the HTTP status it answers."""
    signed = {"slack_signing_secret": SecretStr(SECRET)}
    here.app.settings = here.app.settings.model_copy(update=signed)
    return listener.build(here.app, waits=True).dispatch(request).status


def about(message: dict[str, Any]) -> str:
    """What the first button of a message is about."""
    return str(
        next(
            block["elements"][0]["value"]
            for block in message["blocks"]
            if block["type"] == "actions"
        )
    )
