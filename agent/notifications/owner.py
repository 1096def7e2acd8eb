"""What an owner, or who covers for them, reads about one lead."""

from collections.abc import Mapping, Sequence

from agent.effects.kind import Kind, Receipts, alike, first_try, found_or_held
from agent.ledger.records import Outstanding, Step
from agent.notifications.posts import remember
from agent.notifications.screen import DAILY, UNCONNECTED, no_slack, screen_messages
from agent.run.context import RunContext
from domain.effects import LeadLines, Line, Receipt, TellOwner, Tone
from domain.follow_through.delivery import Silence, heard
from domain.follow_through.handoff import Handoff, target_at
from domain.language import rep
from domain.policy.model import Policy, zone_of
from domain.values import EffectKey


def tell_owner(
    handoff: Handoff, to: str, tone: Tone, policy: Policy, for_whom: str | None = None
) -> TellOwner:
    """A message about one lead to the person who has it, or who covers."""
    zone = zone_of(to, policy)
    did = tuple(Line(at=one.at, what=rep.happening(one)) for one in handoff.brief.did)
    return TellOwner(
        lead=handoff.lead,
        cycle=handoff.cycle,
        stage=handoff.stage,
        owner=to,
        title=handoff.title,
        record_id=handoff.record_id,
        record_kind=handoff.record_kind,
        reason=rep.reason(handoff.why, zone),
        sla_due=target_at(handoff, policy),
        tone=tone,
        brief=LeadLines(did=did, opening=rep.opener(handoff.brief.opener)),
        for_whom=for_whom,
    )


def _send(messages: Mapping[EffectKey, TellOwner], context: RunContext) -> Receipts:
    if context.messenger is None:
        return alike(messages, no_slack(context))
    return context.messenger.tell_owners(as_of_now(messages, context))


def as_of_now(
    messages: Mapping[EffectKey, TellOwner], context: RunContext
) -> dict[EffectKey, TellOwner]:
    """Messages as they are true now: news that waited past its target has a target from now on."""
    now, policy = context.now, context.policy
    late = {
        key: one
        for key, one in messages.items()
        if one.tone is Tone.ASSIGNED and one.sla_due is not None and one.sla_due <= now
    }
    cycles = sorted({one.cycle for one in late.values() if one.cycle is not None})
    held = context.ledger.handoffs.several(cycles) if cycles else {}
    said = dict(messages)
    for key, one in late.items():
        if one.cycle is not None and one.cycle in held:
            handoff = held[one.cycle].handoff
            told = Silence(since=handoff.started_at, until=now)
            due = target_at(heard(handoff, [told], policy), policy)
            said[key] = one.model_copy(update={"sla_due": due})
    return said


def _remember(tried: Sequence[tuple[Outstanding, TellOwner, Receipt]], context: RunContext) -> Step:
    """The messages that came of these, as they were sent."""
    told = as_of_now({one.key: action for one, action, _ in tried}, context)
    return remember([(one, told[one.key], receipt) for one, _, receipt in tried], context)


def _look_up(doubtful: Sequence[Outstanding], context: RunContext) -> Receipts:
    if context.messenger is None:
        return {one.key: UNCONNECTED for one in doubtful}
    found = context.messenger.told(TELL_OWNER.actions(doubtful), first_try(doubtful))
    return found_or_held(doubtful, found, context.now)


TELL_OWNER = Kind(TellOwner, _send, _look_up, screen_messages, _remember, DAILY)
