"""A field of a Marketo person set right, as a person of the policy said."""

from collections.abc import Mapping

from agent.effects.kind import Kind, Receipts
from agent.run.context import RunContext
from domain.effects import Applied, CorrectField, Receipt, Refusal, Refused
from domain.intake.normalization.fields import normalize
from domain.intake.vocabulary.compiled import compiled
from domain.values import EffectKey


def _send(writes: Mapping[EffectKey, CorrectField], context: RunContext) -> Receipts:
    """Compare once more, then write: what somebody changed in Marketo meanwhile stays theirs."""
    people = context.marketing.people([one.lead for one in writes.values()])
    words = compiled(context.policy.vocabulary)
    compared: dict[EffectKey, Receipt] = {}
    for key, write in writes.items():
        person = people.get(write.lead)
        if person is None:
            compared[key] = _refused(Refusal.GONE, "the person is no longer in Marketo")
            continue
        known = normalize(person, words).fields.get(write.field)
        value = None if known is None else known.value
        if value == write.value:
            compared[key] = Applied(detail="Marketo has it already")
        elif value != write.was:
            changed = f"Marketo's {write.field} was changed to {value} meanwhile"
            compared[key] = _refused(Refusal.OTHER, changed)
    allowed = {key: write for key, write in writes.items() if key not in compared}
    return {**compared, **(context.marketing.correct_fields(allowed) if allowed else {})}


def _refused(refusal: Refusal, words: str) -> Refused:
    return Refused(refusal=refusal, code="COMPARED", words=words)


CORRECT_FIELD = Kind(CorrectField, _send)
