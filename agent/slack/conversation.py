"""What people say to the worker in Slack, and their word on what it proposes, through Bolt.

A message, a command or a press is kept in the ledger before Slack is acknowledged; a word on a
proposal is decided in the ledger before. Who speaks is what Slack signed, never a name in a text.
Bolt acknowledges events by itself before their listener runs, so messages are kept by a middleware.
"""

import re
from collections.abc import Callable
from typing import Any, cast

from slack_bolt import Ack, BoltContext, BoltRequest, BoltResponse
from slack_bolt import App as Bolt

from agent.app import App
from agent.conversation.desk import COMMAND, DIRECT, MENTION, PRESS, Desk
from agent.follow_through.rep_actions import STRANGER
from agent.ledger.stores.conversations import Heard
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
NEW = "heard"
"""What a request's context holds of something that was said for the first time: its id."""
NOT_SPOKEN = frozenset(
    """
    bot_message message_changed message_deleted message_replied reply_broadcast tombstone
    assistant_app_thread bot_add bot_disable bot_enable bot_remove
    channel_archive channel_canvas_updated channel_convert_to_private channel_convert_to_public
    channel_join channel_leave channel_name channel_posting_permissions channel_purpose
    channel_topic channel_unarchive document_mention ekm_access_denied file_comment file_mention
    group_archive group_join group_leave group_name group_purpose group_topic group_unarchive
    huddle_thread joiner_notification joiner_notification_for_inviter list_record_comment
    pinned_item reminder_add reminder_delete sh_room_created sh_room_shared slackbot_response
    unpinned_item
    """.split()
)
"""Messages that are no person's words; a subtype that isn't here is answered, never dropped."""
_ASK = re.compile(rf"{ASK}\d+")


def listen(bolt: Bolt, app: App) -> None:
    """Take up messages, mentions, `/leads`, the App Home, and the buttons of answers."""
    _hear(bolt, app)
    _show(bolt, app)


def _hear(bolt: Bolt, app: App) -> None:
    def kept(req: BoltRequest, next_: Callable[[], BoltResponse]) -> BoltResponse:
        heard = _heard(req.body) if req.body.get("type") == "event_callback" else None
        if heard is not None and app.ledger.conversations.hear(heard, app.clock.now()):
            req.context[NEW] = heard.id
        return next_()

    def asked(context: BoltContext) -> None:
        new = cast("str | None", context.get(NEW))
        if new is not None:
            _desk(app).hear_safely(new)

    def asked_by_button(body: Body, ack: Ack) -> None:
        heard = _pressed(body)
        is_new = app.ledger.conversations.hear(heard, app.clock.now())
        ack()
        if is_new:
            _desk(app).hear_safely(heard.id)

    def commanded(body: Body, ack: Ack, respond: Respond) -> None:
        heard = _commanded(body)
        is_new = app.ledger.conversations.hear(heard, app.clock.now())
        ack()
        if is_new and app.ledger.conversations.claim(heard.id, app.clock.now()) is not None:
            desk = _desk(app)
            respond(**_ephemeral(app, desk.answer(heard, desk.person(heard.person))))
            app.ledger.conversations.handled(heard.id, app.clock.now())

    bolt.use(kept)
    bolt.event("app_mention")(asked)
    bolt.event("message")(asked)
    bolt.command("/leads")(commanded)
    bolt.action(_ASK)(asked_by_button)


def _show(bolt: Bolt, app: App) -> None:
    def opened_home(ack: Ack, event: Body) -> None:
        ack()
        _show_home(app, str(event["user"]))

    def opened_pane(ack: Ack, event: Body) -> None:
        ack()
        thread = event["assistant_thread"]
        if app.messenger is not None:
            app.messenger.offer(thread["channel_id"], thread["thread_ts"], SUGGESTED)

    def decided(body: Body, ack: Ack, respond: Respond) -> None:
        shown = _decided(app, body)
        ack()
        _show_outcome(app, body, respond, shown)
        app.hurry()

    bolt.event("app_home_opened")(opened_home)
    bolt.event("assistant_thread_started")(opened_pane)
    bolt.event("assistant_thread_context_changed")(_pass_over)
    for action in (YES, NO):
        bolt.action(action)(decided)


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


def _heard(body: Body) -> Heard | None:
    """What a person said to the worker; None for what bots say, for edits, and for notices."""
    event: Body = body.get("event") or {}
    is_spoken = event.get("type") in ("message", "app_mention") and event.get("user")
    if not is_spoken or event.get("bot_id") or event.get("subtype") in NOT_SPOKEN:
        return None
    channel, ts = str(event["channel"]), str(event["ts"])
    is_direct = event.get("channel_type") == "im" or channel.startswith("D")
    if event["type"] == "message" and not is_direct:
        return None
    thread = str(event.get("thread_ts") or ("" if is_direct else ts))
    told = f"{body.get('team_id')} {channel} {ts}"
    return Heard(
        id="h" + content_hash(told),
        kind=DIRECT if is_direct else MENTION,
        person=str(event["user"]),
        channel=channel,
        thread=thread,
        text=str(event.get("text") or ""),
        files=len(event.get("files") or ()),
    )


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
