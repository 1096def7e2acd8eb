"""Answers made up from what was asked for: an instance of the schema, or a call of a tool.

`plain` takes the first choice everywhere; `quoted` takes, where there is a choice, the one that
the conversation's last message names last (what a gullible model does with an instruction that
hides in a lead's comment); `cut` is `plain` broken off in the middle; `chatty` is `plain` wrapped
in talk.
"""

import json
from typing import cast

from sandbox.http.message import Json
from sandbox.openai.request import Ask
from sandbox.state.world import Row

FILLER = "As the script says."
TALK = "Certainly! That is a great question, and I am happy to help you with it."
MORE_TALK = "Let me know if there is anything else that I can do for you today."


def compose(ask: Ask, style: str) -> tuple[Row, str]:
    """An assistant message and its finish reason.

    With tools on offer and no tool result yet, the first tool (or the forced one) is called;
    else the asked-for JSON schema is filled; else a plain sentence is said.
    """
    message: Row = {"role": "assistant", "content": None, "refusal": None}
    tool = _wanted_tool(ask)
    if tool is not None:
        text = json.dumps(_instance(tool.get("parameters") or {}, ask.last, style))
        message["content"] = TALK if style == "chatty" else None
        call = {"name": tool["name"], "arguments": _cut(text) if style == "cut" else text}
        message["tool_calls"] = [{"type": "function", "function": call}]
        return message, "length" if style == "cut" else "tool_calls"
    wanted = ask.schema
    said = json.dumps(_instance(wanted["schema"], ask.last, style)) if wanted else FILLER
    if style == "chatty":
        said = f"{TALK}\n\n```json\n{said}\n```\n\n{MORE_TALK}" if wanted else f"{TALK} {said}"
    message["content"] = _cut(said) if style == "cut" else said
    return message, "length" if style == "cut" else "stop"


def _wanted_tool(ask: Ask) -> Row | None:
    tools = ask.tools
    choice = ask.body.get("tool_choice")
    if not tools or choice == "none":
        return None
    if isinstance(choice, dict):
        name = cast("Row", choice)["function"]["name"]
        return next(tool for tool in tools if tool["name"] == name)
    answered = ask.messages[-1]["role"] == "tool"
    return None if answered and choice != "required" else tools[0]


def _cut(text: str) -> str:
    return text[: max(1, len(text) * 2 // 3)]


def _instance(schema: Row, last: str, style: str) -> Json:
    choices = schema.get("enum") or ([schema["const"]] if "const" in schema else None)
    if choices:
        return _chosen(choices, last, style)
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return _instance(schema[union][0], last, style)
    kind = schema.get("type", "object")
    if isinstance(kind, list):
        kind = cast("list[str]", kind)[0]
    if kind == "object":
        properties = cast("dict[str, Row]", schema.get("properties") or {})
        return {name: _instance(part, last, style) for name, part in properties.items()}
    if kind == "array":
        return [_instance(schema["items"], last, style)] if schema.get("minItems") else []
    return {"string": FILLER, "boolean": True, "null": None}.get(kind, schema.get("minimum", 0))


def _chosen(choices: list[Json], last: str, style: str) -> Json:
    if style != "quoted":
        return choices[0]
    lowered = last.lower()
    named = [(lowered.rfind(str(choice).lower()), choice) for choice in choices]
    position, choice = max(named, key=lambda pair: pair[0])
    return choice if position >= 0 else choices[0]
