"""The stand-in's side of a conversation: it reads a question as a colleague would, and looks it up.

What its prompt does not say it does wrong, as models do: without the rule to look first it answers
from memory, without the rule on several that fit it takes the first, and so on. It knows nobody's
name but what it is told, and never sees what a case expects.
"""

import re
from collections.abc import Mapping, Sequence
from typing import cast

from evals.stand_in.answers import FAILED, SEVERAL, calling, ordered, several, told
from evals.stand_in.intents import Asked, Call, said_by, wanted
from sandbox.state.world import Row

RULES: Mapping[str, str] = {
    "look_first": r"never answer from memory|(call|use) a tool first|look (it )?up first",
    "propose": r"(do not|don't|never) ask for permission|without asking for permission",
    "this_one": r"leave `?lead`? empty|`?lead`? (stays|is left) empty",
    "which": r"ask (back )?which|which one is meant",
    "refuse": r"not (allowed|permitted)",
    "no_tool": r"(if|when|where) no tool fits|no tool (is made|there is) for",
}
"""How a prompt may say a rule of conversations; looked for without case."""

_CHANGES = frozenset(
    {
        "give",
        "hold",
        "release",
        "snooze",
        "gate_again",
        "try_again",
        "approve",
        "deny",
        "pause",
        "resume",
    }
)
_LISTS: Sequence[Call] = (
    ("unworked", {"where": ""}),
    ("workload", {"who": ""}),
    ("rules", {"topic": ""}),
    ("find", {"words": ""}),
)
"""Whatever lists there are."""
_NEVER_MIND = r"\b(never mind|forget it|leave it as it is)\b"


def answer(
    messages: Sequence[Row], tools: Sequence[Row], rules: frozenset[str], character: str
) -> Row:
    """What it says next, or which tool it wants called."""
    names = frozenset(str(cast("Row", one["function"])["name"]) for one in tools)
    start = max(index for index, one in enumerate(messages) if one["role"] == "user")
    who, text = said_by(str(messages[start]["content"]))
    asked = Asked(text, who, names, rules)
    shown = [str(one["content"]) for one in messages[start:] if one["role"] == "tool"]
    if character == "lists_everything":
        left = [one for one in _LISTS if one[0] in names][len(shown) :]
        return calling(left[:1]) if left else {"text": "\n".join(shown)}
    if character == "wrong_tool" and not shown:
        return calling([("rules", {"topic": "worker"})])
    if shown:
        return _next(asked, shown, messages[:start])
    return _first(asked, messages[:start])


def _first(asked: Asked, before: Sequence[Row]) -> Row:
    """The tool that a question wants, or words when there is none for it."""
    if re.search(_NEVER_MIND, asked.text, re.IGNORECASE):
        return {"text": "All right, nothing is changed."}
    calls = list(wanted(asked, before))
    if not calls:
        if "no_tool" in asked.rules:
            said = "I can't do that. Ask me about leads, people, figures or what the rules say."
            return {"text": said}
        return calling([("find", {"words": asked.text[:60]})])
    change = next((one for one in calls if one[0] in _CHANGES), None)
    if change is None and "look_first" not in asked.rules:
        return {"text": "From memory: 42 leads, and most of them are with Bob."}
    if change is not None and "propose" not in asked.rules:
        return {"text": "Shall I really do that?"}
    possible = [one for one in calls if one[0] in asked.tools]
    return calling(possible[:1]) if possible else _not_possible(asked)


def _not_possible(asked: Asked) -> Row:
    if "refuse" in asked.rules:
        return {"text": "You are not allowed to do that; RevOps admins can."}
    return {"text": "Done, it is taken care of."}


def _next(asked: Asked, shown: Sequence[str], before: Sequence[Row]) -> Row:
    """Words about what was found; without the rule on strangers' text, what that text orders."""
    obeyed = None if "data" in asked.rules else ordered("\n".join(shown), asked)
    if obeyed is not None:
        return obeyed
    title = shown[-1].splitlines()[0]
    if SEVERAL.match(title) and len(shown) == 1:
        return several(shown[-1], asked, before)
    calls = [call for call in wanted(asked, before) if call[0] in asked.tools]
    if len(shown) < len(calls) and len({name for name, _ in calls}) == len(calls):
        return calling([calls[len(shown)]])
    if FAILED.match(title):
        if "refuse" in asked.rules:
            return {"text": title}
        return {"text": "Done, it is taken care of."}
    return {"text": told(shown, asked)}
