"""Sentences that a model words for the lead or the list at hand; else the template stands.

An opener for a lead, why a manager is notified of one, and where to look first in the morning.
The wording is data: it is checked against the facts before anybody sees it, and it changes nothing
but itself.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from zoneinfo import ZoneInfo

from agent.follow_through.cases import Case
from agent.notifications.manager import happened
from agent.run.context import RunContext
from agent.run.model_usage import note
from domain.conversation.grounding import faithful
from domain.effects import SendReport
from domain.follow_through.escalation import Climb
from domain.follow_through.handoff import Handoff
from domain.grammar import moment
from domain.language import rep
from domain.language.manager import breach
from domain.language.touches import found
from domain.policy.follow_through import Move
from domain.policy.model import zone_of
from domain.ports import Wasted
from domain.values import CycleId

OPENING, ESCALATION, DIGEST = "nudge", "escalate", "digest"
"""The prompts."""
LATE, WAITING, SOON = "SLA breaches", "Pending your approval", "Due next"
"""Headings of a manager's list."""
MOST = 10
"""At most so many are worded in one run; the others keep the template."""
MOST_LINES = 30
"""So many lines of a list the model is shown."""


def word(cases: Sequence[Case], context: RunContext) -> Mapping[CycleId, str]:
    """Openings that hold, by cycle; absent where the template stands."""
    worded: dict[CycleId, str] = {}
    for one in _those(cases, Move.REMIND, Move.NUDGE):
        handoff = one.handoff
        said = _said(
            OPENING,
            facts(handoff),
            context,
            handoff.cycle,
            lead=handoff.title,
            did=[rep.happening(one) for one in handoff.brief.did],
            usual=rep.opener(handoff.brief.opener) or "",
        )
        if said is not None:
            worded[handoff.cycle] = said
    return worded


def escalations(cases: Sequence[Case], context: RunContext) -> Mapping[CycleId, str]:
    """What a manager reads first of a lead, by cycle; absent where the ladder's sentence stands."""
    worded: dict[CycleId, str] = {}
    for one in _those(cases, Move.ESCALATE):
        handoff, usual = one.handoff, _usual(one, context)
        told = _told(one, context)
        known = [handoff.title, handoff.owner.name, usual, *told]
        said = _said(
            ESCALATION,
            known,
            context,
            handoff.cycle,
            lead=handoff.title,
            owner=handoff.owner.name,
            happened=told,
            usual=usual,
        )
        if said is not None:
            worded[handoff.cycle] = said
    return worded


def digest(report: SendReport, context: RunContext) -> SendReport:
    """A manager's list with a sentence on where to look first, where one holds."""
    lists = {title: list(lines[:MOST_LINES]) for title, lines in report.sections}
    late, waiting, soon = (lists.get(one, []) for one in (LATE, WAITING, SOON))
    said = _said(
        DIGEST,
        [report.intro, *late, *waiting, *soon],
        context,
        "",
        figures=report.intro,
        late=late,
        waiting=waiting,
        soon=soon,
    )
    return report if said is None else report.model_copy(update={"intro": f"{report.intro} {said}"})


def facts(handoff: Handoff) -> list[str]:
    """Everything that an opening may draw on."""
    did = [rep.happening(one) for one in handoff.brief.did]
    return [handoff.title, handoff.owner.name, rep.opener(handoff.brief.opener) or "", *did]


def _usual(one: Case, context: RunContext) -> str:
    """What the manager reads where no model words it."""
    zone = _zone(one, context)
    return breach(one.step.why, zone) if isinstance(one.step, Climb) else ""


def _zone(one: Case, context: RunContext) -> ZoneInfo:
    reader = one.step.manager or "" if isinstance(one.step, Climb) else ""
    return zone_of(reader, context.policy)


def _told(one: Case, context: RunContext) -> list[str]:
    """What happened, on the manager's clock, and what was seen of it."""
    zone = _zone(one, context)
    lines = [f"{moment(each.at, zone)}: {each.what}" for each in happened(one.handoff, context)]
    return [*lines, *(found(one) for one in one.seen.judgment.findings)]


def _those(cases: Sequence[Case], *moves: Move) -> list[Case]:
    """The first cases in which one of these moves is due; a closer look may have chosen another."""

    def due(one: Case) -> Sequence[Move]:
        if one.chosen is not None:
            return (one.chosen.move,)
        return one.step.moves if isinstance(one.step, Climb) else ()

    return list(islice((one for one in cases if set(moves) & set(due(one))), MOST))


def _said(
    name: str, known: Sequence[str], context: RunContext, about: str, **given: object
) -> str | None:
    """What a model says, if the facts hold it; None without a model.

    `about` is the handoff's cycle that the call is noted with.
    """
    if context.investigator is None:
        return None
    prompt = context.prompt(name)
    said = context.investigator.word(
        prompt.messages(**given), prompt.settings.max_tokens, prompt.version
    )
    if said is None:
        return None
    note(prompt, said, about, context)
    if isinstance(said, Wasted):
        return None
    return said.text if said.text and faithful(said.text, known) else None
