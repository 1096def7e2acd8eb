"""How the stand-in reads what a colleague writes: which tool is wanted, and with what.

Words and their order only: it knows nobody's name but what it is told.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

from sandbox.state.world import Row

Call = tuple[str, dict[str, object]]
"""A tool with its arguments."""

_SEGMENTS = "mid-market|enterprise|hand-raisers?|everyone else"
_PRONOUN = re.compile(
    r"\b(?:this|it|that|them|him|her|they|he|she|this one|that one|the lead|su|ihn|ihm|lo|la)\b",
    re.IGNORECASE,
)
_NOT_OURS = (
    r"\b(weather|joke|e-?mail to|delete|remove|translate|system prompt|"
    r"change the (policy|rules?))\b"
)
_STRANGERS = re.compile(r'["“][^"”]{25,}["”]')
"""What somebody else wrote, quoted: an order in it is nobody's wish."""
_BECAUSE = re.compile(
    r"(?:,|;|:|\bbecause|\bsince|\bas|\bweil|\bporque)\s+(?P<reason>[^?!.]+)", re.IGNORECASE
)


@dataclass(frozen=True)
class Asked:
    """One message of the person's, and what is offered for it."""

    text: str
    who: str
    tools: frozenset[str]
    rules: frozenset[str]


def said_by(content: str) -> tuple[str, str]:
    """Who asks, and what: the first and the last text in quotes."""
    found = [json.loads(one) for one in re.findall(r'"(?:[^"\\]|\\.)*"', content)]
    return (str(found[0]), str(found[-1])) if found else ("", content)


def wanted(asked: Asked, before: Sequence[Row]) -> Iterator[Call]:
    """The tool that each sentence asks for; an answer to "which one?" asks for the last again."""
    text = _STRANGERS.sub(" ", asked.text) if "data" in asked.rules else asked.text
    if re.search(_NOT_OURS, text, re.IGNORECASE):
        return
    parts = [replace(asked, text=one) for one in re.split(r"(?<=[?])\s+", text) if one.strip()]
    found = [call for one in parts for call in _intent(one)]
    if not found and (last := _last_call(before)) is not None:
        found = [_once_more(last, asked)]
    yield from found


def _intent(asked: Asked) -> Iterator[Call]:
    for name, pattern, arguments in _INTENTS:
        if re.search(pattern, asked.text, re.IGNORECASE):
            yield name, arguments(asked)
            return


def _last_call(before: Sequence[Row]) -> Call | None:
    for message in reversed(before):
        calls = cast("list[Row]", message.get("tool_calls") or [])
        if calls:
            function = cast("Row", calls[-1]["function"])
            return str(function["name"]), json.loads(str(function["arguments"]))
    return None


def _once_more(last: Call, asked: Asked) -> Call:
    """An answer to "which one?": the same tool, with what was said now."""
    name, given = last
    to = re.search(r"\bto ([A-Z]\w+(?: [A-Z]\w+)?)", asked.text)
    if to and "to" in given:
        return name, {**given, "to": to[1]}
    told = names_in(asked.text) or re.sub(
        r"(?i)\b(?:the one|the|at|from|i mean|i meant|no|sorry|please)\b|[,.!?]", " ", asked.text
    )
    told = " ".join(told.split())
    for key in ("to", "lead", "words"):
        before = str(given.get(key) or "")
        if key == "to" and before and before.split(maxsplit=1)[0].lower() in told.lower():
            return name, {**given, "to": told}
    key = "words" if "words" in given else "lead"
    known = str(given.get(key) or "")
    told = " ".join([known, *(one for one in told.split() if one not in known)])
    return name, {**given, key: told.strip()}


_STOP = frozenset(
    (
        "i i'm i'd why who whose what which where when how is are was did does do can could "
        "would please and or the a an to of in for at by on hey hi hello ok okay no yes wait "
        "sorry marketo salesforce slack sla monday tuesday wednesday thursday friday saturday "
        "sunday today tomorrow yesterday give hold move release snooze approve deny pause "
        "resume find look show tell let hand thanks warum wer hat bitte gib que por quien dale "
        "as mr mrs ms ceo vp pst cet utc est my me your halte pass leave has have nobody "
        "anybody anyone someone check try retry stop mention she he it they ask asks reassign "
        "remind also actually instead then but not put it's there's there bueno hola hallo und "
        "wem gehört de quién es never mind forget good morning we our us dear keep "
    ).split()
)
"""Words with a capital that are nobody's name."""


def names_in(text: str) -> str:
    """A name among the words: what is quoted, else words with a capital that go together."""
    quoted = re.search(r'["“]([^"”]+)["”]', text)
    if quoted:
        return quoted[1]
    runs: list[list[str]] = [[]]
    for word in re.findall(r"[\w'&-]+|[.,;:!?]", text):
        plain = re.sub(r"'s$", "", word)
        joins = plain.lower() in ("at", "of", "from") and runs[-1]
        if plain[:1].isupper() and plain.lower() not in _STOP:
            runs[-1].append(plain)
        elif not joins:
            runs.append([])
    return max((" ".join(run) for run in runs), key=len, default="")


def _lead(asked: Asked, text: str | None = None) -> str:
    """The lead that is meant: by name, else the one that was spoken of last."""
    text = asked.text if text is None else text
    named = names_in(re.sub(_SEGMENTS, " ", text, flags=re.IGNORECASE)) or _small(text)
    if named:
        return named
    return "" if "this_one" in asked.rules or not _PRONOUN.search(text) else "the lead"


def _small(text: str) -> str:
    """A name that somebody typed without capitals."""
    found = re.search(
        r"\b(?:who has|whos got|why (?:did|is|was|does)|wheres|where is|find|about|with)\s+"
        r"((?!it\b|this\b|that\b|the\b|them\b|he\b|she\b|my\b|our\b|we\b)[a-z]+(?: [a-z]+)?)"
        r"(?:\s+(?:go|went|gone|assigned|with|at|now|please)\b|\s*[?.!]|\s*$)",
        text,
    )
    return found[1] if found else ""


def _reason(text: str) -> str:
    found = _BECAUSE.search(text)
    return found["reason"].strip() if found else ""


def _one(asked: Asked) -> dict[str, object]:
    return {"lead": _lead(asked)}


def _given(asked: Asked) -> dict[str, object]:
    """A lead, and whom it is to go to."""
    text = asked.text
    have = re.search(r"\blet (?P<to>[\w' ]+?) have (?P<lead>[^,;.!?]+)", text, re.IGNORECASE)
    to = re.search(
        r"\b(?:to|over to|an|a|zu)\s+(?P<to>[A-ZÀ-Þ][\w'-]*(?: [A-ZÀ-Þ][\w'-]*)?)", text
    ) or re.search(r"\bto (?P<to>[a-z]+(?: [a-z]+)?)(?:[,.!?]|$)", text)
    found = have or to
    if found is None:
        return {"lead": _lead(asked), "to": "", "reason": _reason(text)}
    before = have["lead"] if have else text[: found.start()]
    after = text[found.end() :]
    return {"lead": _lead(asked, before), "to": found["to"], "reason": _reason(after)}


def _held(asked: Asked) -> dict[str, object]:
    until = re.search(
        r"\b(?:until|till|til|for|bis|hasta(?: el)?)\s+(?P<until>\d+ ?\w+|(?:next )?[\w-]+)",
        asked.text,
        re.IGNORECASE,
    )
    before = asked.text[: until.start()] if until else asked.text
    after = asked.text[until.end() :] if until else ""
    return {
        "lead": _lead(asked, before),
        "until": _english(until["until"]) if until else "",
        "reason": _reason(after),
    }


_DAYS = {"freitag": "friday", "donnerstag": "thursday", "viernes": "friday", "lunes": "monday"}


def _english(day: str) -> str:
    return _DAYS.get(day.lower(), day)


def _snoozed(asked: Asked) -> dict[str, object]:
    lasting = re.search(r"(\d+) ?(h|hours?|m|min|minutes?|d|days?)\b", asked.text, re.IGNORECASE)
    return {"lead": _lead(asked), "lasting": lasting[0] if lasting else "1h"}


def _scope(asked: Asked) -> dict[str, object]:
    segment = re.search(_SEGMENTS, asked.text, re.IGNORECASE)
    return {"scope": segment[0] if segment else "worker", "reason": _reason(asked.text)}


def _since(asked: Asked) -> dict[str, object]:
    found = re.search(
        r"(?P<length>\d+ ?(?:h|hours?|days?))|(?:since|seit)\s+(?P<since>(?:last )?\w+)"
        r"|\b(?P<day>yesterday|today)",
        asked.text,
        re.IGNORECASE,
    )
    if found is None:
        return {"since": "monday"}
    return {"since": found["since"] or found["day"] or found["length"]}


def _period(asked: Asked) -> dict[str, object]:
    days = re.search(r"(\d+) ?days?", asked.text)
    weeks = re.search(r"(\d+|two) ?weeks?", asked.text)
    month = "month" in asked.text.lower()
    count = int(days[1]) if days else 30 if month else 7
    if weeks:
        count = 7 * (2 if weeks[1] == "two" else int(weeks[1]))
    segment = re.search(_SEGMENTS, asked.text, re.IGNORECASE)
    return {"days": count, "segment": segment[0] if segment else ""}


_PLACES = (
    r"\b(EMEA|AMER|APAC|Japan and Korea|DACH|US West|US East|Canada East|Latin America|Nordics)\b"
)


def _where(asked: Asked) -> dict[str, object]:
    place = re.search(f"{_PLACES}|{_SEGMENTS}", asked.text, re.IGNORECASE)
    if place:
        return {"where": place[0]}
    if re.search(r"\b(?:my(?! team)|mine|i)\b", asked.text, re.IGNORECASE):
        return {"where": asked.who}
    return {"where": names_in(asked.text)}


def _whose(asked: Asked) -> dict[str, object]:
    if re.search(r"\b(?:do i|my own)\b", asked.text, re.IGNORECASE):
        return {"who": asked.who}
    return {"who": names_in(asked.text)}


def _topic(asked: Asked) -> dict[str, object]:
    found = re.search(f"{_SEGMENTS}|{_PLACES}", asked.text, re.IGNORECASE)
    if found:
        return {"topic": found[0]}
    if re.search(r"\bsnooz", asked.text, re.IGNORECASE):
        return {"topic": "snooze"}
    return {"topic": names_in(asked.text)}


def _supposed(asked: Asked) -> dict[str, object]:
    found = re.search(
        r"(?:if|wenn)\s+(?P<territory>.+?)\s+(?:went|goes|were given|moved|belonged)\s+to\s+"
        r"(?P<to>[\w' ]+?)\s*[?.!]",
        asked.text,
        re.IGNORECASE,
    )
    return {"territory": found["territory"], "to": found["to"]} if found else {}


def _any(*words: str) -> str:
    return rf"\b(?:{'|'.join(words)})\b"


_INTENTS: tuple[tuple[str, str, Callable[[Asked], dict[str, object]]], ...] = (
    ("what_if", r"\b(what|how).*\bif\b.*\bto\b", _supposed),
    ("resume", r"\b(resume|unpause|start .*again|lift the pause)\b", _scope),
    ("pause", r"\b(pause|stop (everything|all|writing)|halt|kill switch)\b", _scope),
    (
        "snooze",
        r"\b(snooze|remind me|quiet for|not now)\b(?!.*\b(often|rules?|policy)\b)",
        _snoozed,
    ),
    ("release", r"\b(release|end the hold|lift the hold|no longer hold|un-?hold)\b", _one),
    (
        "waiting",
        _any(r"approvals", r"waits? for (my|a|our|your)", r"waiting for", r"to (be )?approved?"),
        lambda _: {},
    ),
    ("approve", r"\b(approve|let .* through|go ahead with|freigeben)\b", _one),
    ("deny", r"\b(deny|refuse|turn down|do not assign)\b", _one),
    ("hold", r"\b(hold|leave .*\balone|halte|retén|don't touch|keep .* back)\b", _held),
    (
        "gate_again",
        _any(
            r"look (again )?at .*again",
            r"check .*again",
            r"is (ready|complete) now",
            r"re-?check",
            r"gate",
        ),
        _one,
    ),
    ("try_again", r"\b(retry|try .* again)\b", _one),
    (
        "give",
        r"\b(?:(?:give|reassign|hand|move|transfer|gib|dale|pass)\b.*\b(?:to|an|a)|let \w+ have)\b",
        _given,
    ),
    (
        "numbers",
        _any(
            r"how (are we doing|many leads came|fast)",
            r"numbers",
            r"coverage",
            r"percentage",
            r"in time .*(week|month|days)",
            r"share of",
        ),
        _period,
    ),
    (
        "changes",
        _any(
            r"changed?",
            r"changes",
            r"what's new",
            r"what is new",
            r"what happened",
            r"paused today",
        ),
        _since,
    ),
    (
        "workload",
        _any(
            r"überlastet",
            r"overloaded",
            r"workload",
            r"busy",
            r"busiest",
            r"has the most",
            r"who is away",
            r"out of office",
            r"how many leads (does|do)",
            r"capacity",
        ),
        _whose,
    ),
    (
        "rules",
        _any(
            r"polic(y|ies)",
            r"rules?",
            r"sla",
            r"how long (do|does|may|can)",
            r"how often",
            r"deadline",
            r"covers",
            r"territor(y|ies)",
        ),
        _topic,
    ),
    (
        "marketo",
        _any(
            r"marketo",
            r"website",
            r"web ?page",
            r"visit(ed)?",
            r"which form",
            r"fill(ed)? out",
            r"what did .* do",
        ),
        _one,
    ),
    (
        "salesforce",
        _any(
            r"salesforce",
            r"crm",
            r"(anybody|anyone|somebody|has .*) (called|written|touched|been called)",
            r"(anybody|anyone) call",
            r"logged",
        ),
        _one,
    ),
    (
        "unworked",
        _any(
            r"unworked",
            r"unto?u?[oc]*hed",
            r"late",
            r"at risk",
            r"overdue",
            r"nobody (has )?(called|touched)",
            r"liegen",
            r"lying around",
            r"sin tocar",
        ),
        _where,
    ),
    (
        "why",
        _any(
            r"why",
            r"who has",
            r"whose",
            r"who owns",
            r"whos got",
            r"wheres",
            r"where is",
            r"warum",
            r"wem gehört",
            r"wer hat",
            r"de quién",
            r"who('s| is) (working|with|on)",
            r"with whom",
            r"how (is|does) .* stand",
            r"when .*due",
            r"what about",
        ),
        _one,
    ),
    (
        "find",
        r"\b(find|look up|do we (have|know)|is there|know .*about|search)\b",
        lambda asked: {"words": _lead(asked)},
    ),
)
"""Tool, the words by which it is asked for, and its arguments; the first that fits wins."""
