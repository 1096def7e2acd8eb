"""What a manager reads about one lead, in a thread of the lead's own."""

from collections.abc import Mapping
from datetime import datetime

from agent.effects.kind import Kind, Receipts, alike
from agent.notifications.posts import look_up, remember
from agent.notifications.screen import DAILY, no_slack, screen_messages
from agent.run.context import RunContext
from domain.effects import Line, TellManager
from domain.follow_through.handoff import Handoff, target_at
from domain.language import rep
from domain.ports import Presence
from domain.time.business_hours import next_open
from domain.values import EffectKey


def manager_message(
    handoff: Handoff, manager: str, rung: str, sentence: str, context: RunContext
) -> TellManager:
    """What a manager reads of a lead, with what happened so far."""
    due = target_at(handoff, context.policy)
    return TellManager(
        lead=handoff.lead,
        cycle=handoff.cycle,
        manager=manager,
        title=handoff.title,
        record_id=handoff.record_id,
        record_kind=handoff.record_kind,
        owner_name=handoff.owner.name,
        rung=rung,
        sentence=sentence,
        timeline=happened(handoff, context),
        sla_due=due,
    )


def happened(handoff: Handoff, context: RunContext) -> tuple[Line, ...]:
    """What happened of a lead so far, oldest first."""
    due = target_at(handoff, context.policy)
    is_late = due <= context.now
    timeline = [
        *(Line(at=one.at, what=rep.happening(one)) for one in reversed(handoff.brief.did)),
        Line(at=handoff.started_at, what=f"assigned to {handoff.owner.name}"),
        Line(at=due, what="first touch was due" if is_late else "first touch is due"),
    ]
    if handoff.accepted_at is not None:
        said = f"{handoff.owner.name} said: I'm on it"
        timeline.append(Line(at=handoff.accepted_at, what=said))
    return tuple(sorted(timeline, key=lambda one: one.at))


def writing_time(email: str, context: RunContext, presences: Mapping[str, Presence]) -> datetime:
    """When a person may be written to: in their working hours, and not while undisturbed."""
    user, now = context.policy.users[email], context.now
    presence = presences.get(email)
    quiet = presence.do_not_disturb_until if presence is not None else None
    start = max(now, quiet) if quiet is not None else now
    return next_open(context.policy.calendars[user.calendar], user.timezone, start)


def _send(messages: Mapping[EffectKey, TellManager], context: RunContext) -> Receipts:
    if context.messenger is None:
        return alike(messages, no_slack(context))
    return context.messenger.tell_managers(messages, _threads(messages, context))


def _threads(planned: Mapping[EffectKey, TellManager], context: RunContext) -> dict[EffectKey, str]:
    """The message to the same manager that began the thread of each lead."""
    cycles = sorted({one.cycle for one in planned.values()})
    first: dict[tuple[str, str], str] = {}
    for message in context.ledger.handoffs.messages_about(cycles, "tell_manager"):
        for cycle in message.cycles:
            first.setdefault((cycle, message.person), message.id)
    return {
        key: first[(one.cycle, one.manager)]
        for key, one in planned.items()
        if (one.cycle, one.manager) in first
    }


TELL_MANAGER = Kind(TellManager, _send, look_up, screen_messages, remember, DAILY)
