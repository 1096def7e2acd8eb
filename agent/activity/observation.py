"""Seeing what really happened to handed-off leads: one read for all that are due."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from agent.logs import alert
from agent.run.context import RunContext
from domain.errors import ToolError, UnreadableError
from domain.follow_through.delivery import Silence
from domain.follow_through.escalation import Seen
from domain.follow_through.first_touch import Turn, judge
from domain.follow_through.handoff import Handoff
from domain.lead.absences import Absence
from domain.lead.crm_records import Member
from domain.ports import Observed, Presence
from domain.routing.availability import absence
from domain.routing.route import Subject
from domain.values import CycleId

STIRRED = "salesforce stirred"
"""The cursor of the look for records on which something happened."""
OVERLAP = timedelta(minutes=5)
"""Salesforce shows some changes late; waking a lead twice is harmless."""
BEFORE = timedelta(days=1)
"""Activities are read from this long before the assignment: some are dated by the day only."""

REPLIES = frozenset({"Fill Out Form", "Visit Webpage", "Click Email", "Reply to Sales Email"})
"""What a lead does by itself that shows that it waits for an answer."""


def wake(context: RunContext) -> None:
    """Let open leads be looked at on whose records somebody did something."""
    ledger = context.ledger
    cursor = ledger.intake.cursor(STIRRED)
    if ledger.handoffs.open_count():
        since = context.now - OVERLAP if cursor is None else cursor.at - OVERLAP
        ledger.handoffs.wake(context.crm.stirred(since), context.now)
    ledger.intake.move_cursor(STIRRED, "", context.now)


def observe(handoffs: Sequence[Handoff], context: RunContext) -> dict[CycleId, Observed]:
    """The records as they are now, with what was done about them."""
    if not handoffs:
        return {}
    subjects = {
        one.lead: Subject(
            record_id=one.record_id, kind=one.record_kind, expected_owner=one.owner.id
        )
        for one in handoffs
    }
    since = min(one.first_assigned_at for one in handoffs) - BEFORE
    found = context.crm.observe(subjects, since)
    return {one.cycle: found[one.lead] for one in handoffs}


def legible(handoffs: Sequence[Handoff], context: RunContext) -> dict[CycleId, Observed]:
    """The same for those whose records can be read; the others are set aside in their own turn."""
    try:
        return observe(handoffs, context)
    except UnreadableError as error:
        left = [one for one in handoffs if one.lead not in error.leads]
        return legible(left, context) if len(left) < len(handoffs) else {}
    except ValueError:
        if len(handoffs) == 1:
            return {}
        middle = len(handoffs) // 2
        halves = (handoffs[:middle], handoffs[middle:])
        return {cycle: one for half in halves for cycle, one in legible(half, context).items()}


def presences(handoffs: Sequence[Handoff], context: RunContext) -> Mapping[str, Presence]:
    """What Slack says of the people concerned; nothing while Slack is down."""
    if context.messenger is None or not handoffs:
        return {}
    try:
        return context.messenger.presences(sorted(context.policy.users))
    except ToolError as error:
        said = "Slack status is not available; continuing without it"
        alert("presence_unknown", f"{said}: {error.discreet}")
        return {}


def seen(
    handoffs: Sequence[Handoff],
    observed: Mapping[CycleId, Observed],
    present: Mapping[str, Presence],
    context: RunContext,
) -> dict[CycleId, Seen]:
    """What was observed of each, and whether it counts as a touch."""
    replies, silences = _replies(handoffs, context), _silences(handoffs, context)
    found: dict[CycleId, Seen] = {}
    for one in handoffs:
        there = observed[one.cycle]
        presence = present.get(one.answers or "")
        found[one.cycle] = Seen(
            judgment=judge(there.activities, turn_of(one, there, context), context.policy.touch),
            record=there.record,
            absence=_absence(one, there, presence, context),
            online=presence.is_online if presence is not None else False,
            marketing_replies=replies.get(one.cycle, ()),
            silences=silences.get(one.cycle, ()),
        )
    return found


def turn_of(handoff: Handoff, observed: Observed, context: RunContext) -> Turn:
    """What the judge of touches must know of a handoff."""
    policy = context.policy
    accepted = {handoff.owner.email, handoff.answers}
    user = policy.users.get(handoff.answers or "")
    if user is not None:
        accepted |= {user.cover, user.manager}
    records = {handoff.record_id}
    if observed.record is not None:
        records.add(observed.record.record_id)
    return Turn(
        assigned_at=handoff.first_assigned_at,
        owner_id=handoff.owner.id,
        accepted=tuple(sorted(email.lower() for email in accepted if email)),
        record_ids=tuple(sorted(records)),
    )


def _absence(
    handoff: Handoff, observed: Observed, presence: Presence | None, context: RunContext
) -> Absence | None:
    """Why the person who answers for a lead isn't there; caps and working hours don't matter."""
    user = context.policy.users.get(handoff.answers or "")
    if user is None:
        return None
    record = observed.record
    is_active = record is None or record.owner.id != handoff.owner.id or record.owner.is_active
    member = Member(
        email=handoff.answers or "",
        name=user.name,
        user_id=handoff.owner.id,
        is_active=is_active,
        out_of_office=presence.away if presence is not None else None,
    )
    boundless = user.model_copy(update={"cap_open": None, "cap_per_day": None})
    calendar = context.policy.calendars[user.calendar]
    return absence(member, boundless, calendar, context.now, at_work=False)


def _silences(
    handoffs: Sequence[Handoff], context: RunContext
) -> dict[CycleId, tuple[Silence, ...]]:
    """When messages to the owner of each waited, longer than the quiet time lets any wait."""
    if context.messenger is None or not handoffs:
        return {}
    told = context.ledger.effects.told([one.cycle for one in handoffs])
    quiet = context.policy.follow_through.quiet
    return {
        one.cycle: tuple(
            Silence(since=each.planned_at, until=each.told_at, again_at=each.again_at)
            for each in told.get(one.cycle, ())
            if each.stage == one.stage and (each.told_at or context.now) - each.planned_at > quiet
        )
        for one in handoffs
    }


def _replies(handoffs: Sequence[Handoff], context: RunContext) -> dict[CycleId, tuple[str, ...]]:
    """The lead's own answers to marketing since the assignment, by the ledger's activities."""
    if not handoffs:
        return {}
    since = min(one.started_at for one in handoffs)
    done = context.ledger.cycles.activities([one.lead for one in handoffs], since)
    return {
        one.cycle: tuple(
            activity.id
            for activity in done.get(one.lead, ())
            if activity.type in REPLIES and activity.at > one.started_at
        )
        for one in handoffs
    }
