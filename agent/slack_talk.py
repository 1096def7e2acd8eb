"""What people say to the worker in Slack, and their word on what it proposes, through Bolt.

A message is kept in the ledger before Slack is acknowledged; a word on a proposal is decided in
the ledger before. Who speaks is what Slack signed, never a name in a text.
"""

import re
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack
from slack_bolt import App as Bolt
from slack_sdk import WebClient

from agent.app import App
from agent.conversation.desk import COMMAND, DIRECT, MENTION, STRANGER, Desk
from agent.ledger.talks import Heard
from domain.answers import Answer, Shown
from domain.values import content_hash
from tools.slack import answering
from tools.slack.answering import NO, YES

Body = dict[str, Any]
Respond = Callable[..., Any]
SUGGESTED = (
    ("What is unworked?", "What's unworked right now?"),
    ("Who is overloaded?", "Who is overloaded this week?"),
    ("What changed?", "What changed since Monday?"),
    ("What do the rules say?", "rules"),
)
"""What the assistant pane offers, by title."""
_MENTIONED = re.compile(r"<@[A-Z0-9]+>")


def listen(bolt: Bolt, app: App) -> None:
    """Take up messages, mentions, `/leads`, the App Home, and the two buttons of a proposal."""

    def asked(body: Body, ack: Ack, event: Body) -> None:
        heard = _heard(body, event)
        is_new = heard is not None and app.ledger.talks.hear(heard, app.clock.now())
        ack()
        if heard is not None and is_new:
            _desk(app).hear(heard.id)

    def opened_home(ack: Ack, event: Body) -> None:
        ack()
        desk = _desk(app)
        who, messenger = desk.person(str(event["user"])), desk.run.messenger
        if who is not None and messenger is not None:
            messenger.show_home(str(event["user"]), desk.home(who))

    def commanded(body: Body, ack: Ack, respond: Respond) -> None:
        ack()
        respond(**_ephemeral(app, _commanded(app, body)))

    def decided(body: Body, ack: Ack, respond: Respond) -> None:
        shown = _decided(app, body)
        ack()
        _show_outcome(app, body, respond, shown)
        app.hurry()

    bolt.event("app_mention")(asked)
    bolt.event("message")(asked)
    bolt.event("app_home_opened")(opened_home)
    bolt.event("assistant_thread_started")(_suggest)
    bolt.event("assistant_thread_context_changed")(_pass_over)
    bolt.command("/leads")(commanded)
    for action in (YES, NO):
        bolt.action(action)(decided)


def _commanded(app: App, body: Body) -> Shown:
    desk = _desk(app)
    who = desk.person(str(body["user_id"]))
    if who is None:
        return Shown(answers=(Answer(title=STRANGER, is_failure=True),))
    text, channel = str(body.get("text") or "help"), str(body["channel_id"])
    told = content_hash(f"{body.get('team_id')} {channel} {body.get('trigger_id')} {text}")
    heard = Heard(f"h{told}", COMMAND, str(body["user_id"]), channel, who.email, text)
    app.ledger.talks.hear(heard, desk.run.now)
    shown = desk.respond(text, who, f"{channel}/{who.email}")
    app.ledger.talks.handled(heard.id, desk.run.now)
    return shown


def _decided(app: App, body: Body) -> Shown:
    desk, action = _desk(app), body["actions"][0]
    who, proposal = desk.person(str(body["user"]["id"])), str(action["value"])
    if who is None:
        return Shown(answers=(Answer(title=STRANGER, proposal=proposal),))
    return desk.word(proposal, yes=action["action_id"] == YES, who=who)


def _desk(app: App) -> Desk:
    return Desk(app.context(), app.memory)


def _heard(body: Body, event: Body) -> Heard | None:
    """What a person said to the worker; None for what bots say, and for edits and deletions."""
    if event.get("bot_id") or event.get("subtype") or not event.get("user"):
        return None
    is_direct = event.get("channel_type") == "im"
    if event["type"] == "message" and not is_direct:
        return None
    channel, ts = str(event["channel"]), str(event["ts"])
    thread = str(event.get("thread_ts") or ("" if is_direct else ts))
    told = f"{body.get('team_id')} {channel} {ts}"
    text = _MENTIONED.sub("", str(event.get("text") or "")).strip()
    kind = DIRECT if is_direct else MENTION
    return Heard("h" + content_hash(told), kind, str(event["user"]), channel, thread, text)


def _suggest(event: Body, client: WebClient, ack: Ack) -> None:
    ack()
    thread = event["assistant_thread"]
    client.assistant_threads_setSuggestedPrompts(
        channel_id=thread["channel_id"],
        thread_ts=thread["thread_ts"],
        prompts=[{"title": title, "message": message} for title, message in SUGGESTED],
    )


def _pass_over(ack: Ack) -> None:
    ack()


def _ephemeral(app: App, shown: Shown) -> Body:
    """A turn as the answer to a command: only who asked sees it."""
    return {
        "text": answering.summary(shown),
        "blocks": answering.shown(shown, app.links.url),
        "response_type": "ephemeral",
        "replace_original": False,
    }


def _show_outcome(app: App, body: Body, respond: Respond, shown: Shown) -> None:
    """The outcome in place of the buttons; a word that didn't count leaves them as they are."""
    (answer,) = shown.answers
    messenger, container = app.messenger, body.get("container", {})
    if answer.proposal is not None:
        respond(text=answer.title, replace_original=False, response_type="ephemeral")
    elif container.get("is_ephemeral") or messenger is None:
        respond(**(_ephemeral(app, shown) | {"replace_original": True}))
    else:
        messenger.revise(f"{body['channel']['id']}/{body['message']['ts']}", shown)
