"""What people say to the worker in Slack, and their word on what it proposes, through Bolt.

A message, a command or a press is kept in the ledger before Slack is acknowledged; a word on a
proposal is decided in the ledger before. Who speaks is what Slack signed, never a name in a text.
"""

import re
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack
from slack_bolt import App as Bolt

from agent.app import App
from agent.conversation.desk import COMMAND, DIRECT, MENTION, PRESS, Desk
from agent.follow_through.rep_actions import STRANGER
from agent.ledger.stores.conversations import Heard, conversation
from domain.conversation.answers import Answer, Shown
from domain.values import content_hash
from tools.slack.messages import replies
from tools.slack.messages.replies import ASK, NO, YES

Body = dict[str, Any]
Respond = Callable[..., Any]
SUGGESTED = (
    ("My open leads", "mine"),
    ("Unworked leads", "What's unworked right now?"),
    ("Who is overloaded?", "Who is overloaded this week?"),
    ("What changed?", "What changed since Monday?"),
)
"""What the assistant pane offers: a title, and what it asks. Slack shows at most four."""
_MENTIONED = re.compile(r"<@[A-Z0-9]+>")
_ASK = re.compile(rf"{ASK}\d+")


def listen(bolt: Bolt, app: App) -> None:
    """Take up messages, mentions, `/leads`, the App Home, and the buttons of answers."""

    def asked(body: Body, ack: Ack, event: Body) -> None:
        _take_up(app, _heard(body, event), ack)

    def asked_by_button(body: Body, ack: Ack) -> None:
        _take_up(app, _pressed(body), ack)

    def opened_home(ack: Ack, event: Body) -> None:
        ack()
        _show_home(app, str(event["user"]))

    def opened_pane(ack: Ack, event: Body) -> None:
        ack()
        thread = event["assistant_thread"]
        if app.messenger is not None:
            app.messenger.offer(thread["channel_id"], thread["thread_ts"], SUGGESTED)

    def commanded(body: Body, ack: Ack, respond: Respond) -> None:
        heard = _commanded(body)
        is_new = app.ledger.conversations.hear(heard, app.clock.now())
        ack()
        if is_new and app.ledger.conversations.claim(heard.id, app.clock.now()) is not None:
            respond(**_ephemeral(app, _answer(app, heard)))
            app.ledger.conversations.handled(heard.id, app.clock.now())

    def decided(body: Body, ack: Ack, respond: Respond) -> None:
        shown = _decided(app, body)
        ack()
        _show_outcome(app, body, respond, shown)
        app.hurry()

    bolt.event("app_mention")(asked)
    bolt.event("message")(asked)
    bolt.event("app_home_opened")(opened_home)
    bolt.event("assistant_thread_started")(opened_pane)
    bolt.event("assistant_thread_context_changed")(_pass_over)
    bolt.command("/leads")(commanded)
    bolt.action(_ASK)(asked_by_button)
    for action in (YES, NO):
        bolt.action(action)(decided)


def _take_up(app: App, heard: Heard | None, ack: Ack) -> None:
    """Keep what was said, let Slack know, then answer it; what was delivered before is kept so."""
    is_new = heard is not None and app.ledger.conversations.hear(heard, app.clock.now())
    ack()
    if heard is not None and is_new:
        _desk(app).hear(heard.id)


def _answer(app: App, heard: Heard) -> Shown:
    desk = _desk(app)
    who = desk.person(heard.person)
    if who is None:
        return Shown(answers=(Answer(title=STRANGER, is_failure=True),))
    thread = conversation(heard.channel, heard.thread, heard.person)
    return desk.respond(heard.text, who, thread, plain=True)


def _show_home(app: App, user: str) -> None:
    desk = _desk(app)
    who, messenger = desk.person(user), desk.run.messenger
    if messenger is not None:
        stranger = Shown(answers=(Answer(title=STRANGER, is_failure=True),))
        messenger.show_home(user, stranger if who is None else desk.home(who))


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
    kind = DIRECT if is_direct else MENTION
    told = f"{body.get('team_id')} {channel} {ts} {kind}"
    text = _MENTIONED.sub("", str(event.get("text") or "")).strip()
    return Heard("h" + content_hash(told), kind, str(event["user"]), channel, thread, text)


def _commanded(body: Body) -> Heard:
    """What follows `/leads`; its trigger tells one command from the next of the same words."""
    text, channel = str(body.get("text") or "help"), str(body["channel_id"])
    told = f"{body.get('team_id')} {channel} {body.get('trigger_id')} {COMMAND} {text}"
    return Heard("h" + content_hash(told), COMMAND, str(body["user_id"]), channel, "", text)


def _pressed(body: Body) -> Heard:
    """A button that asks something; where only one person sees it, so they do the answer.

    From the App Home the answer goes to the direct message, whose channel is not known yet.
    """
    action, user = body["actions"][0], str(body["user"]["id"])
    container: Body = body.get("container") or {}
    channel = "" if container.get("type") == "view" else str(body["channel"]["id"])
    message: Body = body.get("message") or {}
    thread = str(message.get("thread_ts") or "")
    told = f"{channel} {user} {action.get('action_ts')} {PRESS} {action['value']}"
    kind = COMMAND if container.get("is_ephemeral") else PRESS
    return Heard("h" + content_hash(told), kind, user, channel, thread, str(action["value"]))


def _pass_over(ack: Ack) -> None:
    ack()


def _ephemeral(app: App, shown: Shown) -> Body:
    """A turn as the answer to a command: only who asked sees it."""
    return {
        "text": replies.summary(shown),
        "blocks": replies.shown(shown, app.links.url),
        "response_type": "ephemeral",
        "replace_original": False,
    }


def _show_outcome(app: App, body: Body, respond: Respond, shown: Shown) -> None:
    """The outcome in place of the buttons; a word that didn't count leaves them as they are."""
    (answer,) = shown.answers
    messenger, container, user = app.messenger, body.get("container", {}), str(body["user"]["id"])
    if messenger is not None and container.get("type") == "view":
        told = f"{user} {body['actions'][0].get('action_ts')} {answer.title}"
        messenger.say(messenger.direct(user), "", shown, "w" + content_hash(told))
        _show_home(app, user)
    elif answer.proposal is not None:
        respond(text=answer.title, replace_original=False, response_type="ephemeral")
    elif container.get("is_ephemeral") or messenger is None:
        respond(**(_ephemeral(app, shown) | {"replace_original": True}))
    else:
        messenger.revise(f"{body['channel']['id']}/{body['message']['ts']}", shown)
