"""Conversations in a town: what people write to the worker, and what they get to read."""

import json
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr
from slack_bolt import BoltRequest
from slack_sdk.signature import SignatureVerifier

from agent.conversation.desk import Desk
from sandbox.openai.personalities import become
from sandbox.openai.script import add_rule
from sandbox.slack.conversations.channels import add_channel, open_dm
from sandbox.slack.messages.typed_text import delivered
from sandbox.slack.web.app import bot
from sandbox.state.world import Row
from tests.support.follow_through import (
    SECRET,
    deliver,
    payload,
    response_url,
    said,
    send,
    slack_id,
)
from tests.support.worlds import Town
from tools.slack.messages.replies import NO, YES

OPS = "nadia.haddad@meridian.example"
TEAM = "T0000000001"


def dm(here: Town, email: str) -> str:
    """The direct message between somebody and the worker."""
    return str(open_dm(here.world, slack_id(here, email))[0]["id"])


def write(
    here: Town,
    email: str,
    text: str,
    *,
    times: int = 1,
    ts: str | None = None,
    **more: Any,  # noqa: ANN401  (JSON)
) -> Row:
    """Somebody types to the worker in a direct message; returns the worker's last message."""
    channel = dm(here, email)
    here.pass_time(seconds=2)
    stamp = ts or f"{here.world.now.timestamp():.6f}"
    message: Row = {
        "type": "message",
        "channel": channel,
        "channel_type": "im",
        "user": slack_id(here, email),
        "text": delivered(text),
        "ts": stamp,
        **more,
    }
    for _ in range(times):
        assert 200 == event(here, message)
    return replies(here, email)[-1]


def mention(here: Town, email: str, text: str) -> list[Row]:
    """Somebody mentions the worker in a channel; returns what only they were shown."""
    channels = here.world.table("slack.channel").values()
    known = next((one["id"] for one in channels if one.get("name") == "sales"), None)
    channel = str(known or add_channel(here.world, "sales"))
    here.pass_time(seconds=2)
    message: Row = {
        "type": "app_mention",
        "channel": channel,
        "user": slack_id(here, email),
        "text": f"<@{bot_id(here)}> {delivered(text)}",
        "ts": f"{here.world.now.timestamp():.6f}",
    }
    before = len(here.world.journal)
    assert 200 == event(here, message)
    since = list(here.world.journal)[before:]
    return [one.data for one in since if one.name == "message.ephemeral"]


def bot_id(here: Town) -> str:
    """Slack's id of the worker's own bot."""
    token = bot(here.world)
    assert token is not None
    return str(token["user_id"])


def event(here: Town, inner: Row) -> int:
    """Deliver one event of Slack's, signed, by HTTP."""
    body = json.dumps(
        {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": "A1",
            "event_id": f"Ev{inner.get('ts')}",
            "event_time": int(here.world.now.timestamp()),
            "event": inner,
        }
    )
    return _deliver(here, body, "application/json")


def home(here: Town, email: str) -> str:
    """Somebody opens their App Home; the words that they see."""
    user = slack_id(here, email)
    opened = {"type": "app_home_opened", "user": user, "channel": dm(here, email), "tab": "home"}
    assert 200 == event(here, opened | {"ts": f"{here.world.now.timestamp():.6f}"})
    return said(here.world.table("slack.home")[user])


def command(here: Town, email: str, text: str) -> str:
    """Somebody types `/leads ...`; what only they are shown."""
    form = {
        "command": "/leads",
        "text": delivered(text),
        "user_id": slack_id(here, email),
        "channel_id": dm(here, email),
        "team_id": TEAM,
        "trigger_id": "1.2.3",
        "response_url": response_url(here, email),
    }
    assert 200 == _deliver(here, urlencode(form), "application/x-www-form-urlencoded")
    return said(responses(here)[-1])


def responses(here: Town) -> list[Row]:
    """What was answered to interactions, oldest first."""
    return [one.data for one in here.world.journal if one.name == "response"]


def _deliver(here: Town, body: str, content: str) -> int:
    now = str(int(time.time()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=now, body=body)
    headers: dict[str, str | Sequence[str]] = {
        "content-type": [content],
        "x-slack-request-timestamp": [now],
        "x-slack-signature": [str(signature)],
    }
    return deliver(here, BoltRequest(body=body, headers=headers))


def replies(here: Town, email: str) -> list[Row]:
    """What the worker wrote in somebody's direct message, oldest first."""
    channel = dm(here, email)
    messages = here.world.table("slack.message").values()
    return [one for one in messages if one["channel"] == channel]


def answer(here: Town, email: str, text: str) -> str:
    """The words of the worker's answer to something that somebody writes."""
    return said(write(here, email, text))


def word(here: Town, email: str, message: Row, *, yes: bool = True) -> int:
    """Somebody presses one of a proposal's buttons."""
    wanted = YES if yes else NO
    element = next(
        element
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == wanted
    )
    pressed = {
        "action_id": wanted,
        "type": "button",
        "value": element["value"],
        "action_ts": f"{here.world.now.timestamp():.6f}",
    }
    body = payload(here, email, "block_actions", message=message, actions=[pressed])
    body |= {"channel": {"id": message["channel"]}, "container": {"type": "message"}}
    return send(here, body)


def give_model(here: Town) -> None:
    """Connect the town's worker with the sandbox's model, which is down until it is taught."""
    openai = here.running.details()["openai"]
    access = {
        "openai_api_key": SecretStr(openai["api_key"]),
        "openai_base_url": openai["base_url"],
        "openai_model": openai["model"],
    }
    here.app.settings = here.app.settings.model_copy(update=access)
    become(here.world, "down")


def speaks(here: Town, tool: str, arguments: dict[str, Any], words: str = "") -> None:
    """Teach the model to call a tool when it is asked, and what to say of the result."""
    become(here.world, "lazy")
    call = {"name": tool, "arguments": arguments}
    add_rule(here.world, {"role": "user"}, {"tool_calls": [call]})
    add_rule(here.world, {"role": "tool"}, {"text": words})


def desk(here: Town) -> Desk:
    """The desk of the town's worker, as a tick uses it."""
    return Desk(here.app.context(), here.app.memory)
