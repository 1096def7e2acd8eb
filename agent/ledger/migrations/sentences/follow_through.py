"""Handoffs, first touches, steps and reassignments of 0.1.0."""

import re
from collections.abc import Mapping

from agent.ledger.migrations.sentences.facts import absence, brief, route_inputs
from agent.ledger.migrations.sentences.patterns import (
    Json,
    UnreadableError,
    first,
    quoted,
    rule,
)

_KINDS = {
    "call": "call",
    "mail": "email",
    "list mail": "list_email",
    "cadence step": "cadence",
    "LinkedIn message": "linkedin",
    "meeting": "meeting",
    "task": "task",
    "first call": "first_call",
    "first mail": "first_email",
}
_ANY_KIND = "|".join(sorted(_KINDS, key=len, reverse=True))
_DEEDS = (
    ("spoke with them when they called", "call"),
    ("called, as Salesforce has it", "first_call"),
    ("wrote, as Salesforce has it", "first_email"),
    ("did a step of their cadence", "cadence"),
    ("wrote on LinkedIn", "linkedin"),
    ("set up a meeting", "meeting"),
    ("worked on it", "task"),
    ("called", "call"),
    ("wrote", "email"),
)
"""What somebody did, and the kind of activity; the longer before what they end with."""
_NAMED = re.compile(
    rf"(?:This|A|The lead sent this|Nothing tells who began this) ({_ANY_KIND})\b.*"
)
_BY_OTHERS = re.compile(rf"(.+) did this ({_ANY_KIND}), who doesn't have the lead\.", re.DOTALL)
_PROGRAM = re.compile(r"(.+) is a program, not a person\.", re.DOTALL)
_REACHED_NOBODY = re.compile(r'Nobody was reached: "(.*)"\.', re.DOTALL)
_SHORT = re.compile(r"The call lasted (\d+) s\.")


def found(old: Mapping[str, Json]) -> Json:
    """What one activity is worth."""
    code, text = old["code"], old["sentence"]
    made: dict[str, Json] = {
        "activity": old["activity"],
        "code": code,
        "kind": None,
        "who": "",
        "is_inbound": False,
        "disposition": None,
        "seconds": None,
    }
    if code == "COUNTS":
        deed, kind = next(one for one in _DEEDS if text.endswith(f" {one[0]}."))
        who = text.removesuffix(f" {deed}.")
        return {**made, "kind": kind, "who": who, "is_inbound": deed == _DEEDS[0][0]}
    if text == "Colleagues among themselves.":
        return {**made, "code": "INTERNAL"}
    if match := _BY_OTHERS.fullmatch(text):
        return {**made, "who": match[1], "kind": _KINDS[match[2]]}
    if match := _PROGRAM.fullmatch(text):
        return {**made, "who": match[1]}
    if match := _REACHED_NOBODY.fullmatch(text):
        return {**made, "kind": "call", "disposition": match[1]}
    if match := _SHORT.fullmatch(text):
        return {**made, "kind": "call", "seconds": int(match[1])}
    if match := _NAMED.fullmatch(text):
        return {**made, "kind": _KINDS[match[1]]}
    if code in ("MARKETING", "AUTO_REPLY", "BOUNCED"):
        return made
    raise UnreadableError(f"not a finding of 0.1.0: {code} {text!r}")


def judgment(old: Mapping[str, Json]) -> Json:
    """Whether a lead was touched."""
    kept = {name: value for name, value in old.items() if name != "sentence"}
    return {**kept, "findings": [found(one) for one in old["findings"]]}


def seen(old: Mapping[str, Json]) -> Json:
    """What was observed of a lead."""
    kept = {name: value for name, value in old.items() if name != "judgement"}
    return {
        **kept,
        "judgment": judgment(old["judgement"]),
        "absence": absence(old["absence"]),
    }


_LENGTH = r"\d+[smhdw]"
_MOVES = {
    "the owner is reminded": "remind",
    "the owner is told": "nudge",
    "the manager is told": "escalate",
    "it is to go to the next of the pool": "reassign",
    "it goes on the leakage list": "list",
}
_ANY_MOVE = "|".join(_MOVES)
_ESCALATED = re.compile(
    rf"(?P<cause>.+): (?P<moves>(?:{_ANY_MOVE})(?:, (?:{_ANY_MOVE}))*(?: and (?:{_ANY_MOVE}))?)"
    r"(?:\. (?P<owner>.+) is away \((?P<away>.+)\), so (?P<asked>.+) is asked)?\.?",
    re.DOTALL,
)
_DISOWNED = (
    rule(
        r"(.+?) said it is not theirs: (.+)",
        lambda one: {"kind": "disowned", "owner": one[1], "reason": one[2], "accepted_by": None},
    ),
    rule(
        r"(.+?) accepted that it is not (.+?)'s: (.+)",
        lambda one: {"kind": "disowned", "owner": one[2], "reason": one[3], "accepted_by": one[1]},
    ),
)
_CAUSES = (
    rule(
        r"(.+) is no longer active in Salesforce",
        lambda one: {"kind": "owner_left", "owner": one[1]},
    ),
    rule(
        rf"No first touch after ({_LENGTH}) \(target ({_LENGTH})\)",
        lambda one: {"kind": "no_touch", "after": one[1], "sla": one[2]},
    ),
    *_DISOWNED,
)


def disowned(text: str | None) -> Json | None:
    """Why an owner need not keep a lead."""
    return None if text is None else first(text, _DISOWNED) or quoted(text)


def escalated(text: str) -> Json:
    """What is done about a lead, and why."""
    match = _ESCALATED.fullmatch(text)
    if match is None:
        return quoted(text)
    said = re.split(r", | and ", match["moves"])
    cover = None
    if match["owner"] is not None:
        away = absence(match["away"])
        cover = {"owner": match["owner"], "absence": away, "asked": match["asked"]}
    return {
        "kind": "escalated",
        "cause": first(match["cause"], _CAUSES) or quoted(match["cause"]),
        "moves": [_MOVES[one] for one in said],
        "cover": cover,
    }


BY_HAND = rule(
    r"(.+?) gave it from (.+?) to (.+) by hand\.",
    lambda one: {"kind": "by_hand", "by": one[1], "former": one[2], "owner": one[3]},
)
BY_REQUEST = rule(
    r"([^:]+?) gave it to ([^:]+?): (.+)",
    lambda one: {"kind": "by_request", "by": one[1], "owner": one[2], "reason": one[3]},
)


def case(old: Mapping[str, Json], converted: Json) -> Json:
    """A step of follow-through, given its handoff in codes."""
    return {**old, "handoff": converted, "seen": seen(old["seen"])}


def reassign_case(old: Mapping[str, Json], converted: Json) -> Json:
    """A reassignment within a pool, given its handoff in codes."""
    return {
        **old,
        "handoff": converted,
        "inputs": route_inputs(old["inputs"]),
        "because": escalated(old["because"]),
    }


def handoff(old: Mapping[str, Json], why: Json | None, *, by_phone: bool) -> Json:
    """One owner's turn with a lead; `why` is why they have it."""
    kept = {name: value for name, value in old.items() if name != "reason"}
    return {
        **kept,
        "brief": brief(old["brief"], by_phone=by_phone),
        "why": why,
        "refused": disowned(old["refused"]),
    }
