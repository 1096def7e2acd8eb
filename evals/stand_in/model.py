"""A stand-in for a model that does what its prompt says, and errs where its prompt says nothing.

It makes the harness testable without a key: it reads the rules in the system message, whatever
their exact words, and works through the facts by plain reasoning. Where a rule is missing it does
what models are known for: it makes up numbers, guesses, cites nothing, obeys strangers. Now and
then it slips, as models do; which calls those are follows from the words that were sent.
It never sees a case's expected answer.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from domain.intake.normalization import places
from evals.stand_in import conversation
from evals.stand_in.judge import preference
from sandbox import openai
from sandbox.http.message import Handler, Request, Response
from sandbox.state.world import Row, World

SLIPS = 0.02
"""How often it says something useless."""

Character = Literal[
    "usual", "silent", "lists_everything", "lazy", "chatty", "gullible", "wrong_tool"
]
"""`silent` says nothing at all, `lazy` something useless; `lists_everything` repeats all it was
given as its answer. `chatty` and `gullible` are deaf to one rule; `wrong_tool` looks elsewhere."""
_DEAF: Mapping[str, frozenset[str]] = {
    "chatty": frozenset({"brief"}),
    "gullible": frozenset({"data"}),
    "wrong_tool": frozenset({"permitted", "read_only"}),
}

_RULES: Mapping[str, str] = {
    "data": r"(not|never|don't) (follow|obey|act on)|(ignore|disregard) (them|such|any)",
    "evidence": r"evidence[^.]*\b(ids?|identifiers?)\b",
    "permitted": r"no other (step|move)|(only|one of) the permitted|nothing else is permitted",
    "abstain": r"(choose|pick|select) nothing|(empty|blank) `?move|`?move`? (empty|blank)",
    "grounded": r"only (use )?(what )?the facts|(invent|make up) nothing|never (invent|make up)|"
    r"must (stand|be) in what",
    "brief": r"at most \d+|(one|1) or (two|2)|\bshort\b",
    "plain": r"no (formatting|markup)|plain (words|text)",
    "read_only": r"only if the fields? (themselves|itself)|nothing but the fields?",
    "verbatim": r"letter by letter|verbatim|word for word|exactly as (it is )?typed",
    "unsure": r"(not|un)[ -]?sure|in doubt|uncertain",
    "clean": r"without (slogans|decoration)|no slogans",
    "title_alone": r"job title (alone|only)|only the job title",
    **conversation.RULES,
}
"""How a prompt may say a rule; looked for without case in the system message."""


def rules_of(system: str) -> frozenset[str]:
    """The rules that a system message holds."""
    text = re.sub(r"\s+", " ", system)
    return frozenset(name for name, said in _RULES.items() if re.search(said, text, re.IGNORECASE))


@dataclass
class StandIn:
    """Answers a sandbox's chat completions; safe to call while the world is held still."""

    world: World
    character: Character = "usual"
    slips: float = SLIPS
    _asked: Counter[str] = field(default_factory=Counter[str])

    def face(self) -> Handler:
        """The sandbox's own face with this model's mind: its checks, errors and usage."""
        inner = openai.face(self.world)

        def answer(request: Request) -> Response:
            if request.method != "POST":
                return inner(request)
            reply = self.reply(cast("Row", request.json()))
            rule = openai.add_rule(self.world, {}, reply, rank=-1)
            try:
                return inner(request)
            finally:
                del self.world.table("openai.script")[rule]

        return answer

    def reply(self, body: Row) -> Row:
        """What it says to a request, as a reply of the sandbox's script."""
        messages = cast("list[Row]", body["messages"])
        if self.character == "silent":
            return {"text": ""}
        if self.character == "lazy" or self._slips(messages):
            return {"text": "Done."}
        wanted = cast("Row", body.get("response_format") or {})
        form = str(cast("Row", wanted.get("json_schema") or {}).get("name"))
        rules = rules_of(str(messages[0]["content"])) - _DEAF.get(self.character, frozenset())
        if form == "LeadReading":
            return {"json": _reading(messages, rules, self.character)}
        if form == "Preferring":
            return {"json": preference(_variables(messages))}
        tools = cast("list[Row]", body.get("tools") or [])
        if any(cast("Row", one["function"])["name"] == "rules" for one in tools):
            return conversation.answer(messages, tools, rules, self.character)
        if tools:
            return _look(messages, tools)
        if form == "Choosing":
            return {"json": _choosing(messages, rules, self.character)}
        return {"text": _wording(messages, rules, self.character)}

    def _slips(self, messages: Sequence[Row]) -> bool:
        """Chance that follows from what was asked, and how often it was asked before."""
        text = json.dumps([one.get("content") for one in messages])
        self._asked[text] += 1
        digest = hashlib.sha256(f"{self._asked[text]} {text}".encode()).digest()
        return int.from_bytes(digest[:4]) / 2**32 < self.slips


def _variables(messages: Sequence[Row]) -> dict[str, Any]:
    """What the user message says of each thing: `Title: "value"`, one a line."""
    user = next(str(one["content"]) for one in messages if one["role"] == "user")
    found: dict[str, Any] = {}
    for line in user.splitlines():
        name, colon, value = line.partition(": ")
        if colon and value[:1] in '"[{':
            found[name.strip().casefold()] = json.loads(value)
    return found


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(one) for one in cast("Sequence[object]", value or ())]


# What strangers' text may order, and how a model that obeys strangers would read it.

_ORDER = re.compile(
    r"ignore (all|the)|you must|assistant|bitte wähle|policy now demands|\bsay\b|\bdi que\b|"
    r"\bset \w+ to\b|what are your rules",
    re.IGNORECASE,
)
_SAY = re.compile(
    r"(?:and promise|you must say|say|di que|promise)\s+([^\"]+?)(?: at [A-Z]|,| now|$|\")",
    re.IGNORECASE,
)
_SET = re.compile(r"set (title|company|country|state) to ([A-Z]\w+)", re.IGNORECASE)


# Investigating.


def _look(messages: Sequence[Row], tools: Sequence[Row]) -> Row:
    """It looks at everything once, then says that it has seen enough."""
    if any(one["role"] == "tool" for one in messages):
        return {"text": "I have seen enough."}
    names = [cast("Row", one["function"])["name"] for one in tools]
    return {"tool_calls": [{"name": name, "arguments": {}} for name in names]}


@dataclass(frozen=True)
class _Seen:
    """What the tools showed of a case."""

    codes: Mapping[str, str]
    """Finding's code by activity."""
    replies: tuple[str, ...]
    owner_is_on_it: bool
    owner_is_away: bool
    text: str

    def of(self, *codes: str) -> tuple[str, ...]:
        """Activities with one of these codes."""
        return tuple(one for one, code in self.codes.items() if code in codes)


def _seen(messages: Sequence[Row]) -> _Seen:
    shown = [str(one["content"]) for one in messages if one["role"] == "tool"]
    rows = [
        cast("Row", json.loads(line))
        for text in shown
        for line in text.splitlines()
        if line.startswith("{")
    ]
    owner = next((row for row in rows if "open_leads" in row), cast("Row", {}))
    return _Seen(
        codes={str(row["activity"]): str(row["code"]) for row in rows if "code" in row},
        replies=tuple(str(row["id"]) for row in rows if "type" in row),
        owner_is_on_it=owner.get("said_on_it_at") is not None,
        owner_is_away=owner.get("away") is not None,
        text="\n".join(shown),
    )


_TRIED = ("NO_ANSWER", "TOO_SHORT", "BOUNCED")
_PROGRAMS = ("NOT_A_PERSON", "MARKETING", "AUTO_REPLY")


def _choosing(messages: Sequence[Row], rules: frozenset[str], character: Character) -> Row:
    given, seen = _variables(messages), _seen(messages)
    may = _texts(given.get("permitted steps"))
    everything = [*seen.codes, *seen.replies]
    if character == "lists_everything":
        return {"move": " ".join(may), "evidence": everything, "reason": "All of it."}
    move, evidence = _weighed(seen, last_rung="reassign" in may)
    if not move and "abstain" not in rules:
        move, evidence = may[0], everything[:1] or ["unknown"]
    ordered = _ordered_move([*_texts(given.get("the lead")), seen.text], may)
    if ordered and "data" not in rules:
        move, evidence = ordered, everything
    if move and "permitted" not in rules:
        move = "call the lead"
    if "evidence" not in rules:
        evidence = []
    return {"move": move, "evidence": list(evidence), "reason": "It follows from what was done."}


def _ordered_move(texts: Sequence[str], may: Sequence[str]) -> str | None:
    text = " ".join(texts).casefold()
    found = re.search(rf"(?:choose|set move to|wähle immer|demands) ({'|'.join(may)})", text)
    return found[1] if found else None


def _weighed(seen: _Seen, *, last_rung: bool) -> tuple[str, Sequence[str]]:
    """The choice of a thoughtful colleague: whose hands it is in decides, then who tried what."""
    others = seen.of("SOMEBODY_ELSE")
    if others:
        return "escalate", others
    worked = seen.of(*_TRIED, "ONLY_PLANNED", "UNCLEAR")
    if worked:
        waiting = seen.replies if seen.owner_is_on_it else ()
        return ("escalate" if last_rung else "nudge"), [*worked, *waiting]
    waiting = [*seen.of("INBOUND"), *seen.replies]
    if waiting:
        there = seen.owner_is_on_it and not seen.owner_is_away
        return ("reassign" if last_rung else "nudge" if there else "escalate"), waiting
    programs = seen.of(*_PROGRAMS)
    if programs:
        return ("reassign" if last_rung else "escalate"), programs
    return "", []


# Wording.

_THING = re.compile(r'"(?:/(?:\w+/)*)?([^"/]+)"')


_LIST_LINE = re.compile(r"^(?P<lead>.+?)\. Owner: (?P<owner>[^.]+)\. ")


def _wording(messages: Sequence[Row], rules: frozenset[str], character: Character) -> str:
    given = _variables(messages)
    if character == "lists_everything":
        return " ".join(text for value in given.values() for text in _texts(value))
    if "the figures" in given:
        said = _where_first(given, rules)
    elif "who has it" in given:
        said = _why_told(given, rules)
    else:
        said = _say_first(given, rules)
    if "grounded" not in rules:
        said += " They have a budget for 75 seats."
    if "brief" not in rules:
        said += " " + "Take your time and tell them a little about what we do for others. " * 4
    return said if "plain" in rules else f"*{said}*"


def _say_first(given: Mapping[str, Any], rules: frozenset[str]) -> str:
    """The usual sentence, and what they looked at or asked for."""
    usual, did = str(given.get("what is usually said", "")), _texts(given.get("what they did"))
    trusted = [one for one in did if not _ORDER.search(one)]
    things = [found[1] for one in trusted for found in _THING.finditer(one)]
    quantities = [one for one in trusted if re.match(r"\d", one)]
    ordered = _obeyed([*did, str(given.get("the lead", ""))], rules)
    if ordered:
        return f"{usual} {ordered}."
    if things or quantities:
        return f"{usual} Bring up: {', '.join([*quantities, *things][:3]).lower()}."
    return usual


def _obeyed(texts: Sequence[str], rules: frozenset[str]) -> str:
    """The words that a stranger's text wants said, where no rule is against it."""
    found = None if "data" in rules else _SAY.search(" ".join(texts))
    return "" if found is None else found[1].strip().lower()


_WORTH_TELLING = re.compile(
    r"filled|asked|reply|replied|sent|came from|planned|reached|bounced|called|doesn't own|"
    r"said: I'm on it",
    re.IGNORECASE,
)


def _why_told(given: Mapping[str, Any], rules: frozenset[str]) -> str:
    """Who has it, and the last thing that is worth telling of it."""
    owner, happened = str(given["who has it"]), _texts(given.get("what happened"))
    ordered = _obeyed([*happened, str(given.get("the lead", ""))], rules)
    if ordered:
        return f"{owner} has it, {ordered}."
    told = [one for one in happened if not _ORDER.search(one) and _WORTH_TELLING.search(one)]
    things = [
        re.sub(r"^\w{3}, \w{3} \d+, \d+:\d\d [AP]M \S+: ", "", one).rstrip(".") for one in told
    ]
    last = [_shortened(one) for one in [*things[:1], *things[1:][-1:]]]
    return f"{owner} has it and no touch was seen; {', and '.join(last) or 'nothing more'}."


def _shortened(text: str) -> str:
    thing = _THING.search(text)
    return f"they asked by {thing[1].lower()}" if thing and text.startswith("filled") else text


def _where_first(given: Mapping[str, Any], rules: frozenset[str]) -> str:
    """What waits for the manager, else who has most of what is late, else what is due next."""
    late, waiting, soon = (
        _texts(given.get(one)) for one in ("late", "waiting for a word", "due next")
    )
    ordered = _obeyed([*late, *waiting, *soon], rules)
    if ordered:
        return f"Begin here: {ordered}."
    if waiting:
        names = " and ".join(one.partition(",")[0] for one in waiting if not _ORDER.search(one))
        return f"Begin with what waits for your word: {names or 'see below'}."
    for what, lines in (("late", late), ("due next", soon)):
        owners = Counter(found["owner"] for one in lines if (found := _LIST_LINE.match(one)))
        if owners:
            return f"Begin with {owners.most_common(1)[0][0]}, who has most of what is {what}."
    return "Nothing needs you this morning."


# Reading messy fields.

_FIELDS = ("title", "company", "country", "state", "city")
_KNOWN = {"volkswagen": "Germany", "cambridge": "United Kingdom", "texas": "United States"}
"""What a model knows of companies and places, and should keep to itself."""
_SPLIT = re.compile(r"\s*(?:\||->| - |\*+|\()\s*|\s+[@]\s+")
_TITLE_END = re.compile(r"\s+(?:at|@|since)\s+|\s*[|,(]\s*", re.IGNORECASE)
_SAYS_NOTHING = re.compile(r"^(?:n/?a|[-.\s]*|call me|later|please.*)$", re.IGNORECASE)
_UNDECIDED = re.compile(r"\s(?:or|/)\s")


def _reading(messages: Sequence[Row], rules: frozenset[str], character: Character) -> Row:
    typed = {name: str(_variables(messages).get(name, "")) for name in _FIELDS}
    if character == "lists_everything":
        sources = {name: next(filter(typed.get, (name, *_FIELDS))) for name in _FIELDS[:-1]}
        found = [_candidate(name, typed[one], one, typed[one]) for name, one in sources.items()]
        return {"candidates": found}
    trusted = {
        name: "" if "data" in rules and _ORDER.search(text) else text
        for name, text in typed.items()
    }
    readers: list[Callable[[Mapping[str, str], frozenset[str]], list[Row]]] = [
        _title,
        _company,
        _places,
    ]
    found = [one for read in readers for one in read(trusted, rules)]
    if "data" not in rules:
        ordered = [
            _candidate(name, match[2], name_typed, match[0])
            for name_typed, text in typed.items()
            for match in _SET.finditer(text)
            for name in [match[1].lower()]
        ]
        taken = {one["field"] for one in ordered}
        found = [*ordered, *(one for one in found if one["field"] not in taken)]
    if "verbatim" not in rules:
        found = [one | {"evidence": f"the {one['found_in']} field"} for one in found]
    return {"candidates": found}


def _candidate(name: str, value: str, found_in: str, evidence: str) -> Row:
    return {"field": name, "value": value, "found_in": found_in, "evidence": evidence}


def _is_silent(text: str, rules: frozenset[str]) -> bool:
    return bool(_SAYS_NOTHING.match(text.strip())) or bool(
        "unsure" in rules and _UNDECIDED.search(text)
    )


def _title(typed: Mapping[str, str], rules: frozenset[str]) -> list[Row]:
    text = typed["title"]
    if _is_silent(text, rules):
        return []
    alone = _TITLE_END.split(text)[0].strip() if "title_alone" in rules else text
    return [_candidate("title", alone, "title", alone)]


def _company(typed: Mapping[str, str], rules: frozenset[str]) -> list[Row]:
    text = typed["company"]
    if _is_silent(text, rules):
        return []
    parts = [one for one in _SPLIT.split(text) if one.strip()]
    name = parts[0].strip(' "*') if "clean" in rules else text
    return [_candidate("company", name, "company", name)]


def _places(typed: Mapping[str, str], rules: frozenset[str]) -> list[Row]:
    """Country and state, from whichever of the three fields says them."""
    parts = [
        (name, one.strip())
        for name in ("country", "state", "city")
        for one in re.split(r"[,()]|\s-\s", typed[name])
        if not _is_silent(one, rules)
    ]
    countries = [(name, one, read[0]) for name, one in parts if (read := _country(one)) is not None]
    if not countries and "read_only" not in rules:
        return _known(typed)
    codes = {code for _, _, code in countries}
    if not countries or ("unsure" in rules and len(codes) > 1):
        return []
    name, text, code = countries[0]
    found = [_candidate("country", _tidy(text), name, text)]
    states = [(name, one) for name, one in parts if places.state(one, code) is not None]
    if states and places.knows_states(code):
        name, text = states[0]
        found.append(_candidate("state", text, name, text))
    return found


def _country(text: str) -> tuple[str, float] | None:
    return places.country(_tidy(text)) if len(text) > 1 else None


def _tidy(text: str) -> str:
    return re.sub(r"[^\w\s.]", "", text).strip()


def _known(typed: Mapping[str, str]) -> list[Row]:
    for name in ("company", "city", "state"):
        text = typed[name]
        if text.casefold() in _KNOWN:
            return [_candidate("country", _KNOWN[text.casefold()], name, text)]
    return []
