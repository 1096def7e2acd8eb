"""The buttons in Slack, through Bolt: Socket Mode by default, HTTP where it is wanted.

Slack is acknowledged after a press is kept, never before; opening a form is the one thing that
needs no keeping. Who pressed is what Slack says, not what the message says.
"""

import http.client as http_client
import json
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from slack_bolt import Ack, BoltRequest, BoltResponse
from slack_bolt import App as Bolt
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from agent.app import App
from agent.effects import outbox
from agent.follow_through import message_updates, rep_actions
from agent.follow_through.rep_actions import Press, Verb
from agent.logs import alert, in_our_words, log
from agent.slack import conversation, http
from agent.slack.line import SocketLine
from domain import border
from domain.errors import ToolError
from domain.health import Trouble
from domain.policy.model import Policy
from domain.values import CycleId, content_hash
from tools.slack.messages import modals
from tools.slack.messages.blocks import GIVE_ON, KEEP, LOG_CALL, NOT_MINE, ON_IT, SNOOZE

Body = dict[str, Any]
Respond = Callable[..., Any]
FAILED = (
    "That didn't work because of an internal error, which is in the log. Check the lead, then try "
    "again."
)
NOT_OPENED = "Slack didn't open the form. Press the button again."
_UNSENT = (SlackClientError, OSError, http_client.HTTPException, ValueError)
"""How a call to Slack through its SDK fails."""


def build(app: App, *, waits: bool = False) -> Bolt:
    """Bolt with all that can be pressed; nothing listens yet.

    With `waits` a press is answered only when all of it is done, as tests want it.
    """
    settings = app.settings
    secret = settings.slack_signing_secret
    token = settings.slack_bot_token
    client = WebClient(
        token=None if token is None else token.get_secret_value(),
        base_url=settings.slack_base_url,
        retry_handlers=[],
    )
    bolt = Bolt(
        client=client,
        signing_secret=None if secret is None else secret.get_secret_value(),
        request_verification_enabled=secret is not None,
        token_verification_enabled=False,
        process_before_response=waits,
    )
    bolt.use(_made_safe)
    bolt.error(_fails_alone)
    _listen(bolt, app)
    conversation.listen(bolt, app)
    return bolt


def _made_safe(req: BoltRequest, next_: Callable[[], BoltResponse]) -> BoltResponse:
    """What people and their clients send goes through the border before anything reads it."""
    req.body = border.safe(req.body)
    return next_()


def _fails_alone(error: Exception, body: Body, client: WebClient, respond: Respond) -> None:
    """What fails of one event or press is told, to the log and to the person; the others go on."""
    alert("slack_event_failed", f"An event from Slack failed: {in_our_words(error)}")
    user: Body = body.get("user") or {}
    try:
        if body.get("response_url"):
            respond(text=FAILED, replace_original=False, response_type="ephemeral")
        elif body.get("type") == "view_submission":
            client.chat_postMessage(channel=user["id"], text=FAILED)
    except _UNSENT as unsent:
        alert("slack_unanswered", f"Nobody could be told that it failed: {type(unsent).__name__}")


class Line(Protocol):
    """The way on which Slack reaches us."""

    def troubles(self) -> Sequence[Trouble]:
        """What is wrong with it now."""
        ...


class _Quiet:
    """A way that nothing can be wrong with: none at all, or a port that Slack calls."""

    def troubles(self) -> Sequence[Trouble]:
        """Nothing."""
        return ()


@contextmanager
def listening(app: App) -> Generator[Line]:
    """Listen for presses on threads of their own, as far as the settings say how.

    Slack is for telling: where it can't be reached yet, this goes on without it and tries again.
    Raises SettingsError for a port that can't be listened on.
    """
    settings = app.settings
    if settings.slack_bot_token is None:
        yield _Quiet()
    elif settings.slack_app_token is not None:
        line = SocketLine(build(app), settings.slack_app_token.get_secret_value())
        line.open()
        try:
            yield line
        finally:
            line.close()
    elif settings.slack_signing_secret is not None and settings.slack_http_port is not None:
        secret = settings.slack_signing_secret.get_secret_value()
        host, port = settings.slack_http_host, settings.slack_http_port
        with http.serving(build(app), secret, port, host=host) as port:
            log("slack_listening", f"Listening for Slack over HTTP at {host}:{port}.")
            yield _Quiet()
    else:
        yield _Quiet()


def _listen(bolt: Bolt, app: App) -> None:
    def pressed(body: Body, ack: Ack, respond: Respond) -> None:
        answer = _press(app, _read(body), ack)
        respond(text=answer, replace_original=False, response_type="ephemeral")

    def ask_about_call(body: Body, ack: Ack, client: WebClient, respond: Respond) -> None:
        ack()
        _open(modals.call(_about(body)), body, client, respond)

    def ask_for_reason(body: Body, ack: Ack, client: WebClient, respond: Respond) -> None:
        ack()
        _open(modals.refusal(_about(body), _reasons(app.policy)), body, client, respond)

    def submitted(body: Body, ack: Ack, client: WebClient) -> None:
        answer = _press(app, _read_form(body), ack)
        client.chat_postMessage(channel=body["user"]["id"], text=answer, unfurl_links=False)

    for action in (ON_IT, SNOOZE, GIVE_ON, KEEP):
        bolt.action(action)(pressed)
    bolt.action(LOG_CALL)(ask_about_call)
    bolt.action(NOT_MINE)(ask_for_reason)
    for form in (modals.CALL, modals.REFUSAL):
        bolt.view(form)(submitted)


def _open(view: Body, body: Body, client: WebClient, respond: Respond) -> None:
    """Open a form; when Slack doesn't, whoever pressed learns it, and can press again."""
    try:
        client.views_open(trigger_id=body["trigger_id"], view=view)
    except _UNSENT as error:
        said: Any = getattr(error, "response", None)
        code = type(error).__name__ if said is None else str(said.get("error"))
        alert("form_not_opened", f"Slack didn't open a form: {code}")
        respond(text=NOT_OPENED, replace_original=False, response_type="ephemeral")


def _press(app: App, pressed: Press, ack: Ack) -> str:
    """Keep a press, let Slack know, carry it out, and bring the messages about it up to date."""
    context = app.context()
    before = rep_actions.keep(pressed, context)
    ack()
    if before is not None:
        return before
    answer = rep_actions.carry_out(pressed, context)
    try:
        context.ledger.cycles.record(message_updates.plan_news([pressed.cycle], context))
        outbox.perform(message_updates.REFRESH_MESSAGE, context)
    except ToolError as error:
        alert("refresh_later", f"A Slack message will be updated later: {error.discreet}")
    return answer


def _about(body: Body) -> str:
    return str(body["actions"][0]["value"])


def _read(body: Body) -> Press:
    """A press of a button or a choice from a list."""
    action = body["actions"][0]
    name, user = str(action["action_id"]), str(body["user"]["id"])
    told = str(body.get("message", {}).get("ts") or body.get("trigger_id") or "")
    press_id = "p" + content_hash(f"{user} {name} {told} {action.get('action_ts')}")
    if name == SNOOZE:
        seconds, stage, cycle = str(action["selected_option"]["value"]).split(" ", 2)
        fields = {"seconds": seconds}
        return Press(press_id, user, Verb.SNOOZE, CycleId(cycle), int(stage), fields)
    if name in (GIVE_ON, KEEP):
        dispute, _, cycle = str(action["value"]).partition(" ")
        verb = Verb.GIVE_ON if name == GIVE_ON else Verb.KEEP
        return Press(press_id, user, verb, CycleId(cycle), 0, {"dispute": dispute})
    about = json.loads(action["value"])
    return Press(press_id, user, Verb.ON_IT, CycleId(about["cycle"]), int(about["stage"]))


def _read_form(body: Body) -> Press:
    """A form that was sent."""
    view = body["view"]
    about = json.loads(view["private_metadata"])
    fields = modals.filled(view["state"]["values"])
    verb = Verb.LOG_CALL if view["callback_id"] == modals.CALL else Verb.NOT_MINE
    press_id = "p" + content_hash(f"{body['user']['id']} {view['id']}")
    user = str(body["user"]["id"])
    return Press(press_id, user, verb, CycleId(about["cycle"]), int(about["stage"]), fields)


def _reasons(policy: Policy) -> dict[str, str]:
    return {one.name: one.label for one in policy.follow_through.disputes}
