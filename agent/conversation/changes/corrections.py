"""A field of a lead set right by a person, where the policy believes a person about it."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from agent.conversation import requests
from agent.conversation.turn import SOURCES, Talk, failure, find_one
from agent.ledger.stores.conversations import Known
from agent.ledger.tables.states import CycleStatus
from domain.conversation.answers import Answer
from domain.conversation.change_requests import Change, Correct
from domain.conversation.permissions import Ability
from domain.decision.cases import Case
from domain.intake.normalization.fields import canonical_values, normalize
from domain.intake.vocabulary.compiled import Compiled, compiled
from domain.lead.model import FieldName, Lead
from domain.policy.model import Policy
from domain.values import Scalar, Source, content_hash

UNROUTED = (CycleStatus.OPEN, CycleStatus.WAITING, CycleStatus.PARKED)
"""Cycles that the gate looks at again."""
_CASES: TypeAdapter[Case] = TypeAdapter(Case)


def correct(asked: requests.Correcting, talk: Talk) -> Sequence[Change] | Answer:
    """One field of one lead, as a person says it is."""
    found = find_one(asked.lead, Ability.CORRECT, talk)
    if isinstance(found, Answer):
        return found
    field = _believed(asked.field, talk.policy)
    if isinstance(field, Answer):
        return field
    raw = talk.run.marketing.people([found.lead]).get(found.lead)
    lead = seen_lead(found, talk)
    if lead is None or raw is None:
        return failure(
            f"{found.title} was not checked yet, or is no longer in Marketo.", about=found
        )
    value = _canonical(field, asked.value, lead, compiled(talk.policy.vocabulary))
    name = field.replace("_", " ")
    if value is None:
        return failure(f'"{asked.value}" is not a valid {name}.')
    now = lead.fields.get(field)
    if now is not None and now.value == value:
        return failure(
            f"{found.title}: {name} is already {value} ({SOURCES[now.source]}).", about=found
        )
    if now is not None and _counts_before(now.source, talk.policy.hygiene[field]):
        return failure(f"For {name}, the value {SOURCES[now.source]} wins over a correction.")
    then = "the lead is checked again" if found.status in UNROUTED else "the owner stays"
    reason = asked.reason.strip() or "no reason given"
    marketos = normalize(raw, compiled(talk.policy.vocabulary)).fields.get(field)
    return [
        Correct(
            title=f"{name} of {found.title}",
            before="unknown" if now is None else f"{now.value} ({SOURCES[now.source]})",
            after=f"{value}; updated in Marketo, {then}; {told_reason(asked.reason)}",
            owner=found.owner,
            bound=bound_to_field(found, field, talk),
            cycle=found.cycle,
            lead=found.lead,
            field=field,
            value=value,
            words=asked.value.strip(),
            was=None if marketos is None else marketos.value,
            reason=reason,
        )
    ]


def _believed(wanted: str, policy: Policy) -> FieldName | Answer:
    """The field that is meant, when the policy believes a person about it."""
    believed = {
        name.value: name for name, order in policy.hygiene.items() if Source.PERSON in order
    }
    field = believed.get(wanted.strip().lower().replace(" ", "_"))
    if field is not None:
        return field
    return failure(
        f'"{wanted}" can\'t be corrected here.',
        f"Fields you can correct: {', '.join(sorted(believed)) or 'none'}.",
    )


def _counts_before(source: Source, order: Sequence[Source]) -> bool:
    return source in order and order.index(source) < order.index(Source.PERSON)


def _canonical(field: FieldName, words: str, lead: Lead, vocabulary: Compiled) -> Scalar | None:
    """A person's words in canonical form; a state is read in the lead's country."""
    values: dict[FieldName, Scalar] = {field: words.strip()}
    country = lead.text(FieldName.COUNTRY)
    if field is FieldName.STATE and country is not None:
        values[FieldName.COUNTRY] = country
    return canonical_values(values, vocabulary).get(field)


def seen_lead(found: Known, talk: Talk) -> Lead | None:
    """A lead with every field as the gate saw it last; None before its first decision."""
    decisions = talk.run.ledger.history.decisions(found.cycle)
    judged = [one for one in decisions if one.kind in ("gate", "route")]
    return _CASES.validate_json(judged[-1].inputs).snapshot.lead if judged else None


def bound_to_field(found: Known, field: FieldName, talk: Talk) -> str:
    """What a correction rests on: the field as the gate saw it, and what was said since."""
    lead = seen_lead(found, talk)
    now = None if lead is None else lead.fields.get(field)
    said = talk.run.ledger.cycles.corrections([found.lead]).get(found.lead, {}).get(field)
    values = [None if one is None else one.value for one in (now, said)]
    return content_hash(f"{found.cycle} {field} {values}")


def told_reason(said: str) -> str:
    """Why a change is wanted, as its proposal says it."""
    return f"reason: {said.strip()}" if said.strip() else "no reason given"
