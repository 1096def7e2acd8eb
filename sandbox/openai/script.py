r"""The scripted model: which rule of `openai.script` speaks, and what it says.

A rule is a JSON row. `when` holds the conditions that must all be true; an empty one always is:

    contains   text that the last message holds, case ignored
    matches    a regular expression searched for in the last message
    anywhere   text that any message holds, case ignored
    role       the role of the last message
    tools      names that must all be offered as tools
    schema     the name of the asked-for JSON schema
    turn       how many assistant messages there are already
    model      the model's name

`times` is how often the rule may still speak; absent means always. Rules are tried in order of
their `rank`, then of creation. `reply` is one of

    {"text": "..."}                                  `\g<name>` takes a group of `matches`
    {"json": {...}}                                  the content, as JSON text
    {"tool_calls": [{"name": "...", "arguments": {...} or "raw text"}]}
    {"refusal": "..."}
    {"compose": "plain" | "quoted" | "cut" | "chatty"}    made up from the schema or first tool
    {"error": {"status": 429, "code": "...", "type": "...", "message": "...",
               "retry_after": 2}}

and may carry `finish_reason` and `delay_seconds` (time of this world, not of the wall). What the
protocol itself guarantees holds for a script too: no calls with `tool_choice: "none"`, and one at
most with `parallel_tool_calls: false`.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from sandbox.http.message import Json
from sandbox.openai.completion import compose
from sandbox.openai.request import Ask, spoken
from sandbox.state.world import Row, World

TESTS: Mapping[str, Callable[[Ask, Json], bool]] = {
    "contains": lambda ask, text: text.lower() in ask.last.lower(),
    "matches": lambda ask, pattern: re.search(pattern, ask.last) is not None,
    "anywhere": lambda ask, text: any(text.lower() in spoken(m).lower() for m in ask.messages),
    "role": lambda ask, role: ask.messages[-1]["role"] == role,
    "tools": lambda ask, names: set(names) <= {tool["name"] for tool in ask.tools},
    "schema": lambda ask, name: ask.schema is not None and ask.schema["name"] == name,
    "turn": lambda ask, turn: sum(m["role"] == "assistant" for m in ask.messages) == turn,
    "model": lambda ask, model: ask.body["model"] == model,
}
"""The conditions of `when`."""
LATE = 1_000
"""Rank of a character's rules: whatever a test teaches is tried before."""
PREFIX = "scripted-"
"""What a model's name begins with when the rest of it is a character."""
SILENCE: Row = {"text": "no script matches this request"}
"""What the model says when nobody told it what to say: nothing that could pass for an answer."""


def add_rule(
    world: World, when: Row, reply: Row, *, times: int | None = None, rank: int = 0
) -> str:
    """Teach the model one rule; returns its id. A lower rank is tried first."""
    rule_id = f"rule{world.next_serial()}"
    world.table("openai.script")[rule_id] = {
        "id": rule_id,
        "rank": rank,
        "when": when,
        "reply": reply,
        "times": times,
    }
    return rule_id


def choose(world: World, ask: Ask, character: Sequence[tuple[Row, Row]] = ()) -> Row:
    """The reply of the first rule that applies, its groups filled in; `SILENCE` if none.

    `character` is that of the model's name, and stands in place of the one that was taken.
    """
    rules = sorted(world.table("openai.script").values(), key=lambda rule: rule.get("rank", 0))
    if character:
        rules = [rule for rule in rules if rule.get("rank", 0) < LATE]
        rules += [{"when": when, "reply": reply} for when, reply in character]
    for rule in rules:
        left = rule.get("times")
        if left == 0 or not _applies(rule.get("when") or {}, ask):
            continue
        if left is not None:
            rule["times"] = left - 1
        return _filled(rule, ask)
    return SILENCE


def voice(reply: Row, ask: Ask) -> Row:
    """The assistant message that a reply stands for, with its `finish_reason`."""
    message: Row = {"role": "assistant", "content": None, "refusal": None}
    finish = "stop"
    if "compose" in reply:
        message, finish = compose(ask, reply["compose"])
    elif "tool_calls" in reply:
        message["tool_calls"] = [_tool_call(call) for call in reply["tool_calls"]]
        message["content"] = reply.get("text")
        finish = "tool_calls"
    elif "refusal" in reply:
        message["refusal"] = reply["refusal"]
    elif "json" in reply:
        message["content"] = json.dumps(reply["json"])
    else:
        message["content"] = reply["text"]
    if "tool_calls" in message:
        finish = _keep_to_choice(message, ask, finish)
    return {"message": message, "finish_reason": reply.get("finish_reason", finish)}


def _keep_to_choice(message: Row, ask: Ask, finish: str) -> str:
    """Leave out calls that the request rules out; the finish reason."""
    if ask.body.get("tool_choice") == "none":
        del message["tool_calls"]
        message["content"] = message["content"] or ""
        return "stop"
    if ask.body.get("parallel_tool_calls") is False:
        del message["tool_calls"][1:]
    return finish


def _tool_call(call: Row) -> Row:
    given = call["arguments"]
    text = given if isinstance(given, str) else json.dumps(given)
    return {"type": "function", "function": {"name": call["name"], "arguments": text}}


def _applies(when: Row, ask: Ask) -> bool:
    return all(TESTS[name](ask, wanted) for name, wanted in when.items())


def _filled(rule: Row, ask: Ask) -> Row:
    when: Row = rule.get("when") or {}
    pattern: str | None = when.get("matches")
    found = re.search(pattern, ask.last) if pattern else None
    if found is None:
        return rule["reply"]

    def fill(value: Json) -> Json:
        if isinstance(value, str):
            return found.expand(value)
        if isinstance(value, list):
            return [fill(each) for each in cast("list[Json]", value)]
        if isinstance(value, dict):
            return {name: fill(each) for name, each in cast("Row", value).items()}
        return value

    return fill(rule["reply"])
