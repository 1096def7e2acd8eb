"""What people type, read without a model: the words of `/leads`, and the usual questions.

The first form that fits wins. What fits none gets the help, never a guess.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError

from agent.conversation import requests
from agent.conversation.requests import REQUESTS, Arguments
from domain.conversation.answers import Answer
from domain.conversation.permissions import ROLES, Ability, Principal, Reach, reach
from domain.lead.model import FieldName

HELP = "help"
LONGEST_LINE = 1_000
"""Characters of a question that are read without a model; what is longer is no command."""


@dataclass(frozen=True)
class Command:
    """What was asked for."""

    ability: Ability
    asked: Arguments
    unread: str = ""
    """What was said after the question's own line; it had no place in it."""


_BECAUSE = r"(?:(?:,|;|:| because| since| as)\s*(?P<reason>.+))?"
_FIELDS = [name.replace("_", "[_ ]") for name in FieldName]
_FORMS: tuple[tuple[str, Ability], ...] = (
    (
        (
            r"why (?:did |does |is |was )?(?P<lead>.+?) "
            r"(?:go|went|going|assigned|routed|with)\b.*"
        ),
        Ability.WHY,
    ),
    (r"why(?: is| was)?(?: (?P<lead>.+))?", Ability.WHY),
    (r"(?:story|history|timeline)(?: of)? (?P<lead>.+)", Ability.STORY),
    (r"what happened (?:to|with) (?P<lead>.+)", Ability.STORY),
    (
        (
            r"(?:what'?s |what is |who is |show )?(?:still )?"
            r"(?:unworked|untouched|late|overdue|at risk|sla breach(?:es)?)"
            r"(?: (?:in |for |of )?(?P<where>(?!right now|now|today).+?))?"
            r"(?: right now| now| today)?"
        ),
        Ability.UNWORKED,
    ),
    (
        (
            r"(?:who(?: is|'?s)? (?:overloaded|busy|away|full)|workload|load|team)\b"
            r"(?: this week| today| now| (?:of )?(?P<who>.+))?"
        ),
        Ability.WORKLOAD,
    ),
    (
        (
            r"what (?:would happen |happens )?if (?P<territory>.+?) "
            r"(?:went|goes|were given|moved) to (?P<to>.+)"
        ),
        Ability.WHAT_IF,
    ),
    (
        r"what (?:would happen |happens )?if (?P<without>.+?) (?:left|leaves|(?:was|were|is) out)",
        Ability.WHAT_IF,
    ),
    (
        r"(?:what(?:'s| has| was)? )?chang(?:ed|es)(?: since)?(?: (?P<since>.+))?",
        Ability.CHANGES,
    ),
    (
        (
            r"(?:numbers|measures|how are we doing)(?: (?:of|in|for) the last)?"
            r"(?: (?P<days>\d{1,3}) ?(?:d|days?)?)?(?: (?:in |for |of )?(?P<segment>.+))?"
        ),
        Ability.NUMBERS,
    ),
    (
        (
            r"(?:(?:what'?s|what is|show) )?(?:(?:our|the) )?(?:speed to lead|sla attainment)"
            r"(?: (?:in|for|of|over) the last (?P<days>\d{1,3}) days?)?"
            r"(?: (?:in|for|of) (?P<segment>.+))?"
        ),
        Ability.NUMBERS,
    ),
    (
        (
            r"how many leads (?:have )?breached (?:the |their |our )?slas?"
            r"(?: last week| this week|(?: in| over)? the last (?P<days>\d{1,3}) days?)?"
            r"(?: (?:in|for|of) (?P<segment>.+))?"
        ),
        Ability.NUMBERS,
    ),
    (
        r"(?:rules?|policy|what is our sla|sla)(?: (?:of|for|on|says? about))?(?: (?P<topic>.+))?",
        Ability.RULES,
    ),
    (r"(?:my |pending )?(?:approvals|waiting|what waits.*|what'?s pending.*)", Ability.WAITING),
    (r"find (?P<words>.+)", Ability.FIND),
    (r"marketo(?: (?P<lead>.+))?", Ability.MARKETO),
    (r"salesforce(?: (?P<lead>.+))?", Ability.SALESFORCE),
    (r"(?:enrich|look up)(?: (?P<lead>.+))?", Ability.ENRICH),
    (
        r"(?:give|reassign|move) (?P<lead>.+?) to (?P<to>[^,;:]+?)" + _BECAUSE,
        Ability.GIVE,
    ),
    (
        r"hold (?P<lead>.+?) (?:until|till|for) (?P<until>[^,;:]+?)" + _BECAUSE,
        Ability.HOLD,
    ),
    (r"release (?P<lead>.+)", Ability.RELEASE),
    (r"snooze (?P<lead>.+?) (?:for )?(?P<lasting>\d+ ?\w+)", Ability.SNOOZE),
    (
        rf"(?:correct|set) (?P<lead>.+?)(?:'s)? (?P<field>{'|'.join(_FIELDS)}) to "
        r"(?P<value>[^,;:]+?)" + _BECAUSE,
        Ability.CORRECT,
    ),
    (r"(?:gate|check|re-?check) (?P<lead>.+?)(?: again)?", Ability.GATE_AGAIN),
    (r"(?:retry|try) (?P<lead>.+?)(?: again)?", Ability.TRY_AGAIN),
    (r"approve (?P<lead>.+)", Ability.APPROVE),
    (r"deny (?P<lead>.+)", Ability.DENY),
    (r"pause(?: (?P<scope>[^,;:]+?))?" + _BECAUSE, Ability.PAUSE),
    (r"resume(?: (?P<scope>.+))?", Ability.RESUME),
)
"""Forms with their ability; the names of the groups are those of the request's arguments."""
FORMS = tuple((re.compile(form, re.IGNORECASE), ability) for form, ability in _FORMS)
MINE = re.compile(
    r"(?:mine|(?:what'?s|what is) mine|(?:(?:what are|show|list) )?my (?:open |unworked )?leads)",
    re.IGNORECASE,
)


STOPS = frozenset({Ability.PAUSE, Ability.RESUME})
"""What must work whatever a model makes of it."""


def read(text: str, who: Principal) -> Command | None:
    """What somebody asks for; None when it can't be told, and then the help is due.

    The first line is the question when it is one by itself: what follows is the reason of a
    change, if it gives none. Else all lines are one sentence.
    """
    first, _, rest = text.strip().partition("\n")
    told = _read(first, who)
    if told is None:
        return _read(text, who) if rest.strip() else None
    rest = " ".join(rest.split())
    if getattr(told.asked, "reason", None) == "":
        return replace(told, asked=told.asked.model_copy(update={"reason": _shortened(rest)}))
    return replace(told, unread=rest)


def _read(text: str, who: Principal) -> Command | None:
    line = " ".join(text.split())[:LONGEST_LINE].strip(" ?!.")
    if MINE.fullmatch(line):
        return Command(Ability.UNWORKED, requests.Where(where=who.name))
    for form, ability in FORMS:
        found = form.fullmatch(line)
        if found is None:
            continue
        given = {name: _unquoted(value) for name, value in found.groupdict().items() if value}
        if "reason" in given:
            given["reason"] = _shortened(given["reason"])
        try:
            return Command(ability, REQUESTS[ability].form.model_validate(given))
        except ValidationError:
            continue  # a name or value too long to be one
    return None


def _unquoted(value: str) -> str:
    """A value without quotes around the whole of it."""
    told = value.strip()
    is_quoted = len(told) > 1 and told[0] == told[-1] and told[0] in "\"'"
    return told[1:-1].strip() if is_quoted else told


def _shortened(reason: str) -> str:
    """A reason of a length that is kept: a change never fails because somebody explains it well."""
    return reason if len(reason) <= requests.LONGEST else reason[: requests.LONGEST - 3] + "..."


_USAGE: Mapping[Ability, str] = {
    Ability.WHY: "why NAME: who owns a lead, and why",
    Ability.STORY: "history NAME: everything that happened to a lead",
    Ability.FIND: "find NAME: search leads by name or company",
    Ability.UNWORKED: "unworked [REGION, SEGMENT, COLLEAGUE or MY TEAM], or mine: unworked leads",
    Ability.WORKLOAD: "workload [COLLEAGUE]: open leads and SLA breaches by rep",
    Ability.NUMBERS: "numbers [DAYS] [SEGMENT]: speed to lead and SLA attainment",
    Ability.CHANGES: "changes since MONDAY: what people and automation changed",
    Ability.RULES: "rules [SEGMENT or TERRITORY]: SLAs, escalation steps and territories",
    Ability.WHAT_IF: "what if TERRITORY went to COLLEAGUE, or what if COLLEAGUE left",
    Ability.WAITING: "approvals: what is pending your approval",
    Ability.MARKETO: "marketo NAME: fields and recent activity in Marketo",
    Ability.SALESFORCE: "salesforce NAME: sales activity in Salesforce",
    Ability.ENRICH: "enrich NAME: look up missing fields (uses credits)",
    Ability.GIVE: "reassign NAME to COLLEAGUE, REASON",
    Ability.HOLD: "hold NAME until THURSDAY, REASON",
    Ability.RELEASE: "release NAME: end a hold",
    Ability.SNOOZE: "snooze NAME for 1h",
    Ability.CORRECT: "correct NAME country to AUSTRIA, REASON",
    Ability.GATE_AGAIN: "check NAME again: re-check whether a lead is ready to route",
    Ability.TRY_AGAIN: "retry NAME: retry failed updates",
    Ability.APPROVE: "approve NAME",
    Ability.DENY: "deny NAME",
    Ability.PAUSE: "pause [SEGMENT], REASON: stop all updates and messages",
    Ability.RESUME: "resume [SEGMENT]",
}


USUAL = frozenset(
    {
        Ability.WHY,
        Ability.UNWORKED,
        Ability.WORKLOAD,
        Ability.CHANGES,
        Ability.GIVE,
        Ability.HOLD,
        Ability.SNOOZE,
    }
)
"""What people ask for most."""


def manual(
    who: Principal, why: str = "You can ask me:", of: Collection[Ability] = tuple(Ability)
) -> Answer:
    """What somebody can ask for, by their role."""
    lines = [_USAGE[one] for one in REQUESTS if one in of and reach(who, one) is not Reach.NONE]
    if of is USUAL:
        lines.append("help: everything you can ask")
    return Answer(
        title=why, lines=tuple(lines), source=f"Signed in as {who.name}, {ROLES[who.role]}"
    )
