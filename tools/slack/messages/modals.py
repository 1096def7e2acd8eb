"""The forms that open in Slack: what came of a call, and why a lead isn't somebody's."""

from collections.abc import Mapping
from typing import Any

from tools.slack.messages import typed
from tools.slack.messages.blocks import Block

CALL = "routeready_call"
REFUSAL = "routeready_refusal"

OUTCOMES = ("Connected", "Left voicemail", "No answer", "Wrong number")
"""What can come of a call; the policy says which of them is a touch."""

NOTE_LENGTH = 1000


def call(about: str) -> Block:
    """The form for a call; `about` names the lead and comes back with it."""
    choices = [_option(outcome, outcome) for outcome in OUTCOMES]
    return _form(CALL, "Log call", about, _choice("outcome", "Outcome", choices))


def refusal(about: str, reasons: Mapping[str, str]) -> Block:
    """The form for "not mine", with the policy's reasons by name."""
    choices = [_option(label, name) for name, label in reasons.items()]
    return _form(REFUSAL, "Not mine", about, _choice("reason", "Reason", choices))


def filled(values: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """What was filled in, by the field's name (Slack: view submission, `state.values`)."""
    found: dict[str, str] = {}
    for block in values.values():
        for name, element in block.items():
            option = element.get("selected_option")
            value = option["value"] if option else element.get("value")
            if value:
                found[name] = typed.entered(str(value))
    return found


def _form(callback: str, title: str, about: str, choice: Block) -> Block:
    note = {
        "type": "input",
        "block_id": "note",
        "optional": True,
        "label": _plain("Note"),
        "element": {
            "type": "plain_text_input",
            "action_id": "note",
            "multiline": True,
            "max_length": NOTE_LENGTH,
        },
    }
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": about,
        "title": _plain(title),
        "submit": _plain("Submit"),
        "close": _plain("Cancel"),
        "blocks": [choice, note],
    }


def _choice(name: str, label: str, options: list[Block]) -> Block:
    element = {"type": "static_select", "action_id": name, "options": options}
    return {"type": "input", "block_id": name, "label": _plain(label), "element": element}


def _option(text: str, value: str) -> Block:
    return {"text": _plain(text), "value": value}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
