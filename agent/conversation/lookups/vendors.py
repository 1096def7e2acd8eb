"""What a vendor holds of one lead right now: Marketo, Salesforce, enrichment providers."""

from collections.abc import Collection, Iterator

from agent.activity import observation
from agent.conversation import requests
from agent.conversation.lookups.policies import HISTORY, MOST_LINES
from agent.conversation.turn import SOURCES, Talk, card, failure, find_one, standing
from agent.ledger.stores.conversations import Known
from domain.conversation.answers import Answer
from domain.conversation.permissions import Ability
from domain.grammar import counted
from domain.intake.field_precedence import lacking, merge
from domain.intake.normalization.fields import normalize
from domain.intake.vocabulary.compiled import compiled
from domain.language import touches
from domain.language.facts import problem
from domain.lead.model import FieldName, Lead
from domain.ports import Enriched, Sought
from domain.values import Source

SHOWN = (
    FieldName.TITLE,
    FieldName.COMPANY,
    FieldName.COUNTRY,
    FieldName.STATE,
    FieldName.INDUSTRY,
    FieldName.EMPLOYEES,
    FieldName.LEAD_SOURCE,
    FieldName.SCORE,
    FieldName.UNSUBSCRIBED,
    FieldName.DO_NOT_CALL,
)
"""Fields that a conversation tells: no address, no phone number, no free text."""


def marketo(asked: requests.OneLead, talk: Talk) -> Answer:
    """What Marketo holds of a lead now, and what the lead did lately."""
    found = find_one(asked.lead, Ability.MARKETO, talk)
    if isinstance(found, Answer):
        return found
    lead = _read(found, talk)
    if lead is None:
        return failure(f"{found.title} is no longer in Marketo (deleted or merged).", about=found)
    done = talk.run.ledger.cycles.activities([found.lead], talk.now - HISTORY).get(found.lead, ())
    link = "not in Salesforce" if lead.link is None else f"in Salesforce as a {lead.link.kind}"
    lines = [f"Last updated {talk.at(lead.updated_at)}; {link}", *_fields(lead)]
    lines += [f"{talk.at(one.at)}: {one.type}: {one.name}" for one in done[-MOST_LINES:]]
    return Answer(
        title=f"{found.title}: {counted(len(done), 'activity')} in the last {HISTORY.days} days.",
        lines=tuple(lines),
        cards=(card(found, talk),),
        source=f"{talk.as_of('Marketo')}. Activities: {_small(talk.as_of())}",
    )


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def _read(found: Known, talk: Talk) -> Lead | None:
    """A lead as Marketo has it now, with what people set right; None when it is gone."""
    raw = talk.run.marketing.people([found.lead]).get(found.lead)
    if raw is None:
        return None
    said = talk.run.ledger.cycles.corrections([found.lead])
    return merge(
        normalize(raw, compiled(talk.policy.vocabulary)), list(said.values()), talk.policy.hygiene
    )


def _fields(lead: Lead) -> Iterator[str]:
    told = [
        f"{name.replace('_', ' ')}: {value.value}{_from(value.source)}"
        for name in SHOWN
        if (value := lead.fields.get(name)) is not None
    ]
    if told:
        yield "; ".join(told)
    yield from (problem(one) for one in lead.problems if one.field in SHOWN)


def _from(source: Source) -> str:
    """Where a value is from, if not from Marketo itself."""
    return "" if source is Source.MARKETO else f" ({SOURCES[source]})"


def salesforce(asked: requests.OneLead, talk: Talk) -> Answer:
    """What sales did about a lead, read from Salesforce now and judged."""
    found = find_one(asked.lead, Ability.SALESFORCE, talk)
    if isinstance(found, Answer):
        return found
    held = talk.run.ledger.handoffs.get(found.cycle)
    if held is None:
        return failure(f"{found.title} is not assigned yet.", standing(found, talk), about=found)
    handoffs = [held.handoff]
    observed = observation.observe(handoffs, talk.run)
    seen = observation.seen(handoffs, observed, {}, talk.run)
    judgment = seen[found.cycle].judgment
    record = observed[found.cycle].record
    lines = ["Deleted in Salesforce."] if record is None else [f"Record owner: {record.owner.name}"]
    lines.append(touches.judgment(judgment))
    lines += [touches.found(one) for one in judgment.findings[:MOST_LINES]]
    return Answer(
        title=f"{found.title} in Salesforce.",
        lines=tuple(lines),
        cards=(card(found, talk),),
        source=talk.as_of("Salesforce"),
    )


def enrich(asked: requests.OneLead, talk: Talk) -> Answer:
    """What enrichment providers know of a lead's missing fields, within the day's budget."""
    found = find_one(asked.lead, Ability.ENRICH, talk)
    if isinstance(found, Answer):
        return found
    lead = _read(found, talk)
    if lead is None:
        return failure(f"{found.title} is no longer in Marketo (deleted or merged).", about=found)
    wanted = lacking(lead, talk.policy.enrichment.fields)
    if not wanted:
        known = ", ".join(talk.policy.enrichment.fields)
        return failure(
            f"{found.title} has every field that enrichment can add.",
            f"Fields: {known}.",
            about=found,
        )
    if talk.run.enrichment is None:
        return failure("No enrichment provider is connected.", "A RevOps admin can add an API key.")
    used = talk.run.ledger.turns.uses(Ability.ENRICH, talk.today)
    most = talk.policy.conversation.lookups_per_day
    if used >= most:
        return failure(
            f"Today's limit of {counted(most, 'lookup')} is used up. Ask again tomorrow."
        )
    sought = [Sought(lead=lead, fields=wanted)]
    told = talk.run.enrichment.look_up(sought, talk.policy.enrichment.time_budget)[found.lead]
    return Answer(
        title=f"{found.title}: {len(told.fields)} of {_missing(wanted)} found.",
        lines=tuple(_found(told)),
        cards=(card(found, talk),),
        source=(
            f"{talk.as_of('the providers')}; lookup {used + 1} of {most} today. "
            "Used the next time the lead is checked"
        ),
    )


def _missing(wanted: Collection[FieldName]) -> str:
    return counted(len(wanted), "missing field")


def _found(told: Enriched) -> Iterator[str]:
    for name, one in told.fields.items():
        sure = round(100 * one.confidence)
        yield f"{name.replace('_', ' ')}: {one.value} ({one.source}, {sure}% sure)"
    if told.missing:
        yield f"Still missing: {', '.join(told.missing)}"
    yield from told.notes
