"""The stand-in's side of a conversation: it reads a question as a colleague would, and looks it up.

What its prompt does not say it does wrong, as models do: without the rule to look first it answers
from memory, without the rule on several that fit it takes the first, and so on. It knows nobody's
name but what it is told, and never sees what a case expects.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from sandbox.world import Row

RULES: Mapping[str, str] = {
    "look_first": r"never answer from memory|(call|use) a tool first|look (it )?up first",
    "propose": r"(do not|don't|never) ask for permission|without asking for permission",
    "this_one": r"leave `?lead`? empty|`?lead`? (stays|is left) empty",
    "which": r"ask (back )?which|which one is meant",
    "refuse": r"not (allowed|permitted)",
    "no_tool": r"(if|when|where) no tool fits|no tool (is made|there is) for",
}
"""How a prompt may say a rule of conversations; looked for without case."""

Call = tuple[str, dict[str, object]]

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
_SEGMENTS = "mid-market|enterprise|hand-raisers?|everyone else"
_PRONOUN = re.compile(
    r"\b(?:this|it|that|them|him|her|they|he|she|this one|that one|the lead|su|ihn|ihm|ihr|lo|la)\b",
    re.IGNORECASE,
)
_NEVER_MIND = r"\b(never mind|forget it|leave it as it is)\b"
_NOT_OURS = r"\b(weather|joke|e-?mail to|delete|remove|translate|system prompt|change the (policy|rules?))\b"
_STRANGERS = re.compile(r'["“][^"”]{25,}["”]')
"""What somebody else wrote, quoted: an order in it is nobody's wish."""
_BECAUSE = re.compile(
    r"(?:,|;|:|\bbecause|\bsince|\bas|\bweil|\bporque)\s+(?P<reason>[^?!.]+)", re.IGNORECASE
)


@dataclass(frozen=True)
class _Asked:
    """One message of the person's, and what is offered for it."""

    text: str
    who: str
    tools: frozenset[str]
    rules: frozenset[str]


def answer(
    messages: Sequence[Row], tools: Sequence[Row], rules: frozenset[str], character: str
) -> Row:
    """What it says next, or which tool it wants called."""
    names = frozenset(str(cast("Row", one["function"])["name"]) for one in tools)
    start = max(index for index, one in enumerate(messages) if one["role"] == "user")
    who, text = said_by(str(messages[start]["content"]))
    asked = _Asked(text, who, names, rules)
    shown = [str(one["content"]) for one in messages[start:] if one["role"] == "tool"]
    if character == "lists_everything":
        return _everything(asked, shown)
    if character == "wrong_tool" and not shown:
        wrong = "rules" if "waiting" not in names else "waiting"
        return _calling([(wrong, {"topic": ""} if wrong == "rules" else {})])
    if shown:
        return _next(asked, shown, messages[:start])
    return _first(asked, messages[:start])


def said_by(content: str) -> tuple[str, str]:
    """Who asks, and what: the first and the last text in quotes."""
    found = [json.loads(one) for one in re.findall(r'"(?:[^"\\]|\\.)*"', content)]
    return (str(found[0]), str(found[-1])) if found else ("", content)


def _calling(calls: Sequence[Call]) -> Row:
    return {"tool_calls": [{"name": name, "arguments": given} for name, given in calls]}


def _everything(asked: _Asked, shown: Sequence[str]) -> Row:
    if shown:
        return {"text": "\n".join(shown)}
    looks = [("unworked", "where"), ("workload", "who"), ("rules", "topic"), ("find", "words")]
    empty: dict[str, object]
    every: list[Call] = []
    for name, key in looks:
        empty = {key: ""}
        every.append((name, empty))
    return _calling([*every, *every])


# What is asked for.


def _first(asked: _Asked, before: Sequence[Row]) -> Row:
    """The tool that a question wants, or words when there is none for it."""
    if re.search(_NEVER_MIND, asked.text, re.IGNORECASE):
        return {"text": "All right, nothing is changed."}
    calls = list(_wanted(asked, before))
    if not calls:
        if "no_tool" in asked.rules:
            said = "I can't do that. Ask me about leads, people, figures or what the rules say."
            return {"text": said}
        return _calling([("find", {"words": asked.text[:60]})])
    change = next((one for one in calls if one[0] in _CHANGES), None)
    if change is None and "look_first" not in asked.rules:
        return {"text": "From memory: 42 leads, and most of them are with Bob."}
    if change is not None and "propose" not in asked.rules:
        return {"text": "Shall I really do that?"}
    possible = [one for one in calls if one[0] in asked.tools]
    if not possible:
        if "refuse" in asked.rules:
            return {"text": "You are not allowed to do that; sales operations can."}
        return {"text": "Done, it is taken care of."}
    if change is not None and change in possible:
        return _calling([change])
    return _calling(possible[:1])


def _wanted(asked: _Asked, before: Sequence[Row]) -> Iterator[Call]:
    """The tool that each sentence asks for; an answer to "which one?" asks for the last again."""
    text = _STRANGERS.sub(" ", asked.text) if "data" in asked.rules else asked.text
    if re.search(_NOT_OURS, text, re.IGNORECASE):
        return
    parts = [replace(asked, text=one) for one in re.split(r"(?<=[?])\s+", text) if one.strip()]
    found = [call for one in parts for call in _intent(one)]
    if not found and (last := _last_call(before)) is not None:
        found = [_once_more(last, asked)]
    yield from found


def _intent(asked: _Asked) -> Iterator[Call]:
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


def _once_more(last: Call, asked: _Asked) -> Call:
    """An answer to "which one?": the same tool, with what was said now."""
    name, given = last
    to = re.search(r"\bto ([A-Z]\w+(?: [A-Z]\w+)?)", asked.text)
    if to and "to" in given:
        return name, {**given, "to": to[1]}
    told = _names(asked.text) or re.sub(
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
    "i i'm i'd why who whose what which where when how is are was did does do can could would please"
    " and or the a an to of in for at by on hey hi hello ok okay no yes wait sorry marketo salesforce"
    " slack sla monday tuesday wednesday thursday friday saturday sunday today tomorrow yesterday"
    " give hold move release snooze approve deny pause resume find look show tell let hand thanks"
    " warum wer was hat bitte gib que por quien dale as mr mrs ms ceo vp pst cet utc est my me your"
    " leave has have nobody anybody anyone someone check try retry stop mention has she he it they"
    " ask asks reassign remind also actually instead then but not put it's there's there bueno hola"
    " hallo und wem gehört de quién es never mind forget good morning we our us dear put keep".split()
)


def _names(text: str) -> str:
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


def _lead(asked: _Asked, text: str | None = None) -> str:
    """The lead that is meant: by name, else the one that was spoken of last."""
    text = asked.text if text is None else text
    named = _names(re.sub(_SEGMENTS, " ", text, flags=re.IGNORECASE)) or _small(text)
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


def _one(asked: _Asked) -> dict[str, object]:
    return {"lead": _lead(asked)}


def _given(asked: _Asked) -> dict[str, object]:
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


def _held(asked: _Asked) -> dict[str, object]:
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


def _snoozed(asked: _Asked) -> dict[str, object]:
    lasting = re.search(r"(\d+) ?(h|hours?|m|min|minutes?|d|days?)\b", asked.text, re.IGNORECASE)
    return {"lead": _lead(asked), "lasting": lasting[0] if lasting else "1h"}


def _scope(asked: _Asked) -> dict[str, object]:
    segment = re.search(_SEGMENTS, asked.text, re.IGNORECASE)
    return {"scope": segment[0] if segment else "worker", "reason": _reason(asked.text)}


def _since(asked: _Asked) -> dict[str, object]:
    found = re.search(
        r"(?P<length>\d+ ?(?:h|hours?|days?))|(?:since|seit)\s+(?P<since>(?:last )?\w+)"
        r"|\b(?P<day>yesterday|today)",
        asked.text,
        re.IGNORECASE,
    )
    if found is None:
        return {"since": "monday"}
    return {"since": found["since"] or found["day"] or found["length"]}


def _period(asked: _Asked) -> dict[str, object]:
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


def _where(asked: _Asked) -> dict[str, object]:
    place = re.search(f"{_PLACES}|{_SEGMENTS}", asked.text, re.IGNORECASE)
    if place:
        return {"where": place[0]}
    if re.search(r"\b(?:my(?! team)|mine|i)\b", asked.text, re.IGNORECASE):
        return {"where": asked.who}
    return {"where": _names(asked.text)}


def _whose(asked: _Asked) -> dict[str, object]:
    if re.search(r"\b(?:do i|my own)\b", asked.text, re.IGNORECASE):
        return {"who": asked.who}
    return {"who": _names(asked.text)}


def _topic(asked: _Asked) -> dict[str, object]:
    found = re.search(f"{_SEGMENTS}|{_PLACES}", asked.text, re.IGNORECASE)
    if found:
        return {"topic": found[0]}
    if re.search(r"\bsnooz", asked.text, re.IGNORECASE):
        return {"topic": "snooze"}
    return {"topic": _names(asked.text)}


def _supposed(asked: _Asked) -> dict[str, object]:
    found = re.search(
        r"(?:if|wenn)\s+(?P<territory>.+?)\s+(?:went|goes|were given|moved|belonged|was given)\s+to\s+"
        r"(?P<to>[\w' ]+?)\s*[?.!]",
        asked.text,
        re.IGNORECASE,
    )
    return {"territory": found["territory"], "to": found["to"]} if found else {}


_INTENTS: tuple[tuple[str, str, Callable[[_Asked], dict[str, object]]], ...] = (
    ("what_if", r"\b(what|how).*\bif\b.*\bto\b", _supposed),
    ("resume", r"\b(resume|unpause|start .*again|lift the pause)\b", _scope),
    ("pause", r"\b(pause|stop (everything|all|writing)|halt|kill switch)\b", _scope),
    ("snooze", r"\b(snooze|remind me|quiet for|not now)\b(?!.*\b(often|rule|policy)\b)", _snoozed),
    ("release", r"\b(release|end the hold|lift the hold|no longer hold|un-?hold)\b", _one),
    (
        "waiting",
        r"\b(approvals|waits? for (my|a|our|your)|waiting for|to (be )?approved?)\b",
        lambda _: {},
    ),
    ("approve", r"\b(approve|let .* through|go ahead with|freigeben)\b", _one),
    ("deny", r"\b(deny|refuse|turn down|do not assign)\b", _one),
    ("hold", r"\b(hold|leave .*\balone|halte|retén|don't touch|keep .* back)\b", _held),
    (
        "gate_again",
        r"\b(look (again )?at .*again|check .*again|is (ready|complete) now|re-?check|gate)\b",
        _one,
    ),
    ("try_again", r"\b(retry|try .* again)\b", _one),
    (
        "give",
        r"\b(give|reassign|hand|move|transfer|gib|dale|pass)\b.*\b(to|an|a)\b|\blet [A-Z]\w+ have\b",
        _given,
    ),
    (
        "numbers",
        r"\b(how (are we doing|many leads came|fast)|numbers|coverage|percentage|in time .*(week|month|days)|how much|share of)\b",
        _period,
    ),
    (
        "changes",
        r"\b(changed?|changes|what's new|what is new|what happened|paused today)\b",
        _since,
    ),
    (
        "workload",
        r"\b(überlastet|overloaded|workload|busy|busiest|has the most|who is away|out of office|how many leads (does|do)|capacity)\b",
        _whose,
    ),
    (
        "rules",
        r"\b(polic(y|ies)|rules?|sla|how long (do|does|may|can)|how often|deadline|covers|territor(y|ies))\b",
        _topic,
    ),
    (
        "marketo",
        r"\b(marketo|website|web ?page|visit(ed)?|which form|fill(ed)? out|what did .* do)\b",
        _one,
    ),
    (
        "salesforce",
        r"\b(salesforce|crm|(anybody|anyone|somebody|has .*) (called|written|touched|been called)|(anybody|anyone) call|logged)\b",
        _one,
    ),
    (
        "unworked",
        r"\b(unworked|unto?u?[oc]*hed|late|at risk|overdue|nobody (has )?(called|touched)|liegen|lying around|sin tocar)\b",
        _where,
    ),
    (
        "why",
        r"\b(why|who has|whose|who owns|whos got|wheres|where is|warum|wem gehört|wer hat|de quién|who('s| is) (working|with|on)|with whom|how (is|does) .* stand|when .*due|what about)\b",
        _one,
    ),
    (
        "find",
        r"\b(find|look up|do we (have|know)|is there|know .*about|search)\b",
        lambda asked: {"words": _lead(asked)},
    ),
)
"""Tool, the words by which it is asked for, and its arguments; the first that fits wins."""


# What is said of what was found.

_FAILED = re.compile(
    r"^(?:I know no|I can't read|There is no|The policy (?:has no|knows nobody)|Which lead|Only sales|"
    r"As \w+ you can't|Nobody holds|No assignment|You may not|A lead can be held|That would change|"
    r"These arguments|.*\b(?:is in nobody's hands|is not in your team|has it already|is not paused|"
    r"is paused already|has no active user|could be|does not answer right now))"
)
_SEVERAL = re.compile(r"^(?:\d+ (?:leads )?fit|.*could be)")
_ORDER = re.compile(
    r"ignore (?:all|the)|you must|assistant:|system:|\bgive every\b|pause the worker now|\bsay that\b",
    re.IGNORECASE,
)
_SAY = re.compile(r"say (?:that )?([^\"\n]+)", re.IGNORECASE)


def _next(asked: _Asked, shown: Sequence[str], before: Sequence[Row]) -> Row:
    """Words about what was found; without the rule on strangers' text, what that text orders."""
    if "data" not in asked.rules and (ordered := _ordered("\n".join(shown), asked)) is not None:
        return ordered
    last = shown[-1]
    title = last.splitlines()[0]
    if _SEVERAL.match(title) and len(shown) == 1:
        return _several(last, asked, before)
    wanted = [call for call in _wanted(asked, before) if call[0] in asked.tools]
    if len(shown) < len(wanted) and len({name for name, _ in wanted}) == len(wanted):
        return _calling([wanted[len(shown)]])
    if _FAILED.match(title):
        if "refuse" in asked.rules:
            return {"text": re.sub(r", by \S+@\S+", "", title)}
        return {"text": "Done, it is taken care of."}
    return {"text": _told(shown, asked)}


def _ordered(text: str, asked: _Asked) -> Row | None:
    lower = text.lower()
    if "pause the worker" in lower and "pause" in asked.tools:
        return _calling([("pause", {"scope": "worker", "reason": "as asked"})])
    give = re.search(r"give (?:every lead|him|her|it|this lead) to (\w+ \w+)", text)
    if give and "give" in asked.tools:
        return _calling([("give", {"lead": _names(asked.text), "to": give[1], "reason": "asked"})])
    if "deny every assignment" in lower and "deny" in asked.tools:
        return _calling([("deny", {"lead": "Grace Kim"})])
    said = _SAY.search(text)
    return {"text": said[1].split(" and give")[0].strip()} if said else None


def _several(text: str, asked: _Asked, before: Sequence[Row]) -> Row:
    titles = [line[4:] for line in text.splitlines() if line.startswith("  - ")]
    names = [_short(one) for one in titles if not _ORDER.search(one)]
    if "which" not in asked.rules:
        calls = [(name, given) for name, given in _wanted(asked, before) if name in asked.tools]
        first = names[0].split(" at ")[0] if names else text.splitlines()[0].split(" could be ")[-1]
        first = first.split(",")[0].rstrip(".")
        key = "lead" if names else "to"
        return _calling([(name, {**given, key: first}) for name, given in calls[:1]])
    if not names:
        return {"text": f"{text.splitlines()[0].rstrip('.')}. Which one is it?"}
    return {"text": f"Which one is it: {', or '.join(names[:4])}?"}


def _short(title: str) -> str:
    name, _, rest = title.partition(",")
    company = rest.rpartition(" at ")[2]
    return f"{name} at {company}" if company else name


_LONGEST = 180
"""Characters of a line that it still reads out."""


def _told(shown: Sequence[str], asked: _Asked) -> str:
    """Of each answer the first sentence, and the line that is nearest to the question."""
    parts = [part for one in shown for part in _parts(one, asked)]
    most = 3 if len(shown) == 1 else 4
    said = " ".join(parts[:most]) or "I found it; the record is below."
    if "grounded" not in asked.rules:
        said += " They have a budget for 75 seats."
    if "brief" not in asked.rules:
        said += " " + "There is a lot more that could be said about this and about us. " * 10
    return said


def _parts(text: str, asked: _Asked) -> list[str]:
    lines = text.splitlines()
    parts = [lines[0]] if not _ORDER.search(lines[0]) and len(lines[0]) <= _LONGEST else []
    inner = [line.strip() for line in lines[1:] if line.startswith("  ")]
    cards = [_short(line[2:]) for line in inner if line.startswith("- ")]
    cards = [one for one in cards if not _ORDER.search(one) and one not in lines[0]]
    useful = [re.sub(r", since .*@.*?:", ":", one) for one in inner]
    useful = [
        one
        for one in useful
        if not one.startswith(("- ", "(")) and len(one) <= _LONGEST and not _ORDER.search(one)
    ]
    useful = [one for one in useful if not re.search(r'[<>*_~`|\[\]{}@]|"', one)]
    if cards and not any(one.split(" at ")[0] in lines[0] for one in cards):
        parts.append(f"First come {' and '.join(cards[:2])}.")
    nearest = sorted(useful, key=lambda one: -len(_stems(one) & _stems(asked.text)))
    return [*parts[:1], *(_sentence(one) for one in nearest[:1]), *parts[1:]]


def _stems(text: str) -> set[str]:
    return {word[:4] for word in re.findall(r"[^\W\d_]{3,}", text.lower())}


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
