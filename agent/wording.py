"""What to say first, worded by a model for the lead at hand; else the template stands.

The wording is data: it is checked against the facts before anybody sees it, and it changes nothing
but itself.
"""

from collections.abc import Mapping, Sequence

from agent.context import RunContext
from agent.following import Case
from domain.follow_rules import Move
from domain.handoff import Handoff
from domain.ladder import Climb
from domain.values import CycleId
from domain.wording import faithful

PROMPT = "nudge"
MOST = 10
"""At most so many are worded in one run; the others keep the template."""


def word(cases: Sequence[Case], context: RunContext) -> Mapping[CycleId, str]:
    """Openings that hold, by cycle; absent where the template stands."""
    if context.investigator is None:
        return {}
    prompt = context.prompt(PROMPT)
    worded: dict[CycleId, str] = {}
    for one in [one for one in cases if _is_told(one)][:MOST]:
        handoff = one.handoff
        did = [happening.what for happening in handoff.brief.did]
        said = context.investigator.word(
            prompt.messages(lead=handoff.title, did=did, usual=handoff.brief.opening or ""),
            prompt.settings.max_tokens,
            prompt.version,
        )
        if said is not None and faithful(said, facts(handoff)):
            worded[handoff.cycle] = said
    return worded


def facts(handoff: Handoff) -> list[str]:
    """Everything that a wording may draw on."""
    did = [happening.what for happening in handoff.brief.did]
    return [handoff.title, handoff.owner.name, handoff.brief.opening or "", *did]


def _is_told(one: Case) -> bool:
    moves = one.step.moves if isinstance(one.step, Climb) else ()
    return Move.REMIND in moves or Move.NUDGE in moves
