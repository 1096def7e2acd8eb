"""A record is given its owner, with the reason in the same write."""

from collections.abc import Mapping, Sequence

from agent.effects.kind import DailyLimit, Kind, Receipts
from agent.handoff.after_write import follow
from agent.ledger.records import Outstanding
from agent.run.context import RunContext
from domain.effects import Applied, Receipt, Refusal, Refused, SetOwner, Unknown, Untried
from domain.errors import UnreadableError
from domain.values import EffectKey


def _send(writes: Mapping[EffectKey, SetOwner], context: RunContext) -> Receipts:
    """Compare once more, then write: what a person changed since the decision stays theirs."""
    odd: dict[EffectKey, Receipt] = {}
    try:
        compared = _compare(writes, context)
    except UnreadableError as error:
        # Whose owner can't be known is not written; the others are compared without them.
        odd = {
            key: Untried(detail=error.leads[write.lead])
            for key, write in writes.items()
            if write.lead in error.leads
        }
        compared = _compare({key: one for key, one in writes.items() if key not in odd}, context)
    compared |= odd
    allowed = {key: write for key, write in writes.items() if key not in compared}
    return {**compared, **(context.crm.set_owners(allowed) if allowed else {})}


def _compare(writes: Mapping[EffectKey, SetOwner], context: RunContext) -> dict[EffectKey, Receipt]:
    """Those that need no write any more, or must not have it."""
    if not writes:
        return {}
    states = context.crm.owner_states({one.lead: one.subject for one in writes.values()})
    compared: dict[EffectKey, Receipt] = {}
    for key, write in writes.items():
        state = states.get(write.lead)
        if state is None or state.is_deleted:
            compared[key] = _refused(Refusal.GONE, "the record is no longer in Salesforce")
        elif state.decision_id == write.stamp.decision_id:
            compared[key] = Applied(detail=state.owner.name)
        elif state.converted_contact_id is not None:
            compared[key] = _refused(Refusal.CONVERTED, "the lead was converted to a contact")
        elif state.owner.id != write.subject.expected_owner:
            words = f"{state.modified_by} changed the owner to {state.owner.name}"
            compared[key] = _refused(Refusal.OWNER_CHANGED, words)
    return compared


def _refused(refusal: Refusal, words: str) -> Refused:
    return Refused(refusal=refusal, code="COMPARED", words=words)


def _look_up(doubtful: Sequence[Outstanding], context: RunContext) -> Receipts:
    """Our stamp on the record says that the write arrived; its absence, that it did not."""
    writes = SET_OWNER.actions(doubtful)
    receipts: dict[EffectKey, Receipt] = {}
    try:
        states = context.crm.owner_states({one.lead: one.subject for one in writes.values()})
    except UnreadableError as error:
        for key in [key for key, one in writes.items() if one.lead in error.leads]:
            receipts[key] = Unknown(detail=error.leads[writes.pop(key).lead])
        states = context.crm.owner_states({one.lead: one.subject for one in writes.values()})
    for key, write in writes.items():
        state = states.get(write.lead)
        if state is not None and state.decision_id == write.stamp.decision_id:
            receipts[key] = Applied(detail=state.owner.name)
        else:
            receipts[key] = Untried(detail="not on the record", retry_at=context.now)
    return receipts


SET_OWNER = Kind(
    SetOwner,
    _send,
    _look_up,
    follow=follow,
    limit=DailyLimit(("set_owner",), lambda limits: limits.owner_changes_per_day),
)
