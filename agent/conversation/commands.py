"""What people type, read without a model: the words of `/leads`, and the usual questions.

The first form that fits wins. What fits none gets the help, never a guess.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from agent.conversation import requests
from agent.conversation.requests import REQUESTS, Arguments
from domain.conversation.answers import Answer
from domain.conversation.permissions import Ability, Principal, Reach, reach
from domain.lead.model import FieldName

HELP = "help"


@dataclass(frozen=True)
class Command:
    """What was asked for."""

    ability: Ability
    asked: Arguments


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
    (r"(?:story|history)(?: of)? (?P<lead>.+)", Ability.STORY),
    (r"what happened (?:to|with) (?P<lead>.+)", Ability.STORY),
    (
        (
            r"(?:what'?s |what is |who is |show )?(?:still )?(?:unworked|untouched|late|at risk)"
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
        r"(?:rules?|policy|what is our sla|sla)(?: (?:of|for|on|says? about))?(?: (?P<topic>.+))?",
        Ability.RULES,
    ),
    (r"(?:my )?(?:approvals|waiting|what waits.*)", Ability.WAITING),
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
    (r"(?:gate|check) (?P<lead>.+?)(?: again)?", Ability.GATE_AGAIN),
    (r"(?:retry|try) (?P<lead>.+?)(?: again)?", Ability.TRY_AGAIN),
    (r"approve (?P<lead>.+)", Ability.APPROVE),
    (r"deny (?P<lead>.+)", Ability.DENY),
    (r"pause(?: (?P<scope>[^,;:]+?))?" + _BECAUSE, Ability.PAUSE),
    (r"resume(?: (?P<scope>.+))?", Ability.RESUME),
)
"""Forms with their ability; the names of the groups are those of the request's arguments."""
FORMS = tuple((re.compile(form, re.IGNORECASE), ability) for form, ability in _FORMS)
MINE = re.compile(r"(?:mine|my leads|(?:what'?s|what is) mine)\??", re.IGNORECASE)


STOPS = frozenset({Ability.PAUSE, Ability.RESUME})
"""What must work whatever a model makes of it."""


def read(text: str, who: Principal) -> Command | None:
    """What somebody asks for; None when it can't be told, and then the help is due."""
    line = " ".join(text.split()).strip(" ?!.")
    if MINE.fullmatch(line):
        return Command(Ability.UNWORKED, requests.Where(where=who.name))
    for form, ability in FORMS:
        found = form.fullmatch(line)
        if found is not None:
            given = {name: value.strip() for name, value in found.groupdict().items() if value}
            return Command(ability, REQUESTS[ability].form.model_validate(given))
    return None


_USAGE: Mapping[Ability, str] = {
    Ability.WHY: "why NAME: why a lead went where it went",
    Ability.STORY: "story NAME: all that happened",
    Ability.FIND: "find NAME",
    Ability.UNWORKED: "unworked [REGION, SEGMENT or COLLEAGUE]; mine",
    Ability.WORKLOAD: "workload [COLLEAGUE]",
    Ability.NUMBERS: "numbers [DAYS] [SEGMENT]",
    Ability.CHANGES: "changes since MONDAY",
    Ability.RULES: "rules [SEGMENT or TERRITORY]",
    Ability.WHAT_IF: "what if TERRITORY went to COLLEAGUE; what if COLLEAGUE left",
    Ability.WAITING: "approvals",
    Ability.MARKETO: "marketo NAME",
    Ability.SALESFORCE: "salesforce NAME",
    Ability.ENRICH: "enrich NAME: ask the paid providers",
    Ability.GIVE: "give NAME to COLLEAGUE, REASON",
    Ability.HOLD: "hold NAME until THURSDAY, REASON",
    Ability.RELEASE: "release NAME",
    Ability.SNOOZE: "snooze NAME for 1h",
    Ability.CORRECT: "correct NAME country to AUSTRIA, REASON",
    Ability.GATE_AGAIN: "gate NAME again",
    Ability.TRY_AGAIN: "retry NAME",
    Ability.APPROVE: "approve NAME",
    Ability.DENY: "deny NAME",
    Ability.PAUSE: "pause [SEGMENT], REASON",
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
        lines.append("help: all that you can ask")
    return Answer(title=why, lines=tuple(lines), source=f"You are {who.name}, {who.role}")
