"""A small Slack app on Bolt, for tests of what the sandbox tells apps by socket and by HTTP."""

from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient

Body = dict[str, Any]
FORM = "call_form"


def plain(text: str) -> Body:
    """A plain text object."""
    return {"type": "plain_text", "text": text}


def button(action: str, text: str) -> Body:
    """A button."""
    return {"type": "button", "action_id": action, "text": plain(text), "value": action}


CARD: list[Body] = [
    {"type": "header", "text": plain("A new lead is yours")},
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Dana Fox*, <https://a.example|VP>"}},
    {
        "type": "actions",
        "elements": [
            button("take", "I'm on it"),
            button("log", "Log a call"),
            {
                "type": "static_select",
                "action_id": "snooze",
                "placeholder": plain("Snooze"),
                "options": [{"text": plain(f"{n} hours"), "value": str(n)} for n in (2, 4)],
            },
        ],
    },
]
"""What the app answers to every direct message."""
VIEW: Body = {
    "type": "modal",
    "callback_id": FORM,
    "title": plain("Log a call"),
    "submit": plain("Send"),
    "blocks": [
        {
            "type": "input",
            "block_id": "outcome",
            "label": plain("What came of it?"),
            "element": {
                "type": "static_select",
                "action_id": "outcome",
                "options": [{"text": plain("Connected"), "value": "connected"}],
            },
        },
        {
            "type": "input",
            "block_id": "note",
            "optional": True,
            "label": plain("A note"),
            "element": {"type": "plain_text_input", "action_id": "note", "multiline": True},
        },
    ],
}


def build(token: str, url: str, *, secret: str | None = None) -> App:
    """The app; with a secret it checks signatures, as over HTTP."""
    app = App(
        client=WebClient(token=token, base_url=url),
        signing_secret=secret,
        request_verification_enabled=secret is not None,
        token_verification_enabled=False,
    )
    app.event("message")(_greet)
    app.event("app_home_opened")(_show_home)
    app.action("take")(_take)
    app.action("log")(_log)
    app.action("snooze")(_snooze)
    app.view(FORM)(_logged)
    app.command("/leads")(_leads)
    return app


def _greet(event: Body, client: WebClient) -> None:
    thread = event.get("thread_ts")
    if thread:
        client.chat_postMessage(channel=event["channel"], text="Noted.", thread_ts=thread)
    else:
        client.chat_postMessage(channel=event["channel"], text="A new lead", blocks=CARD)


def _show_home(event: Body, client: WebClient) -> None:
    client.views_publish(user_id=event["user"], view={"type": "home", "blocks": CARD})


def _take(ack: Ack, body: Body, client: WebClient) -> None:
    ack()
    said = f"Taken by <@{body['user']['id']}>"
    client.chat_update(
        channel=body["channel"]["id"],
        ts=body["message"]["ts"],
        text=said,
        blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": said}}],
    )


def _log(ack: Ack, body: Body, client: WebClient) -> None:
    ack()
    client.views_open(trigger_id=body["trigger_id"], view=VIEW)


def _snooze(ack: Ack, body: Body, respond: Any) -> None:  # noqa: ANN401  (Bolt's)
    ack()
    chosen = body["actions"][0]["selected_option"]["text"]["text"]
    respond(text=f"Quiet for {chosen}", replace_original=False)


def _logged(ack: Ack, body: Body, client: WebClient) -> None:
    values = body["view"]["state"]["values"]
    note = values["note"]["note"]["value"]
    if note == "nothing":
        ack(response_action="errors", errors={"note": "Say what was said."})
        return
    ack()
    outcome = values["outcome"]["outcome"]["selected_option"]["value"]
    client.chat_postMessage(channel=body["user"]["id"], text=f"Logged: {outcome}, {note}")


def _leads(ack: Ack, command: Body) -> None:
    ack(f"You asked: {command['text']}")
