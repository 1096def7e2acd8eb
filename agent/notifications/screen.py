"""Which messages are not to be sent now: what needs nobody any more, and what must wait."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.activity import observation
from agent.effects.kind import LONGEST_PAUSE, DailyLimit, Screened
from agent.ledger.records import Outstanding
from agent.ledger.tables.states import OPEN
from agent.run.context import RunContext
from domain.effects import (
    Receipt,
    Refusal,
    Refused,
    SendReport,
    TellManager,
    TellOwner,
    Tone,
    Unknown,
    Untried,
)
from domain.follow_through.first_touch import Touched
from domain.follow_through.handoff import Handoff
from domain.language import operations
from domain.language.touches import judgment
from domain.policy.model import next_at_work
from domain.values import CycleId, EffectKey

UNCONNECTED = Unknown(detail="Slack is not connected")
"""What can be said of a doubtful message while there is no Slack."""
DAILY = DailyLimit(
    ("tell_owner", "tell_manager", "send_report"), lambda limits: limits.messages_per_day
)
"""What people are told without having asked."""


def no_slack(context: RunContext) -> Untried:
    """Nothing can be sent; it is tried again after a while."""
    return Untried(detail="Slack is not connected", retry_at=context.now + LONGEST_PAUSE)


def screen_messages(effects: Sequence[Outstanding], context: RunContext) -> Screened:
    """Nobody is told of what needs them no more, twice within the quiet time, or after hours.

    When a message was planned its reader was at work; after a failed try the day may be over.
    """
    needless = _needless(effects, context)
    told = {
        one.key: one.action.owner
        for one in effects
        if isinstance(one.action, TellOwner) and one.key not in needless
    }
    last = context.ledger.handoffs.last_told(set(told.values())) if told else {}
    quiet: timedelta = context.policy.follow_through.quiet
    later = {
        key: last[person] + quiet
        for key, person in told.items()
        if person in last and last[person] + quiet > context.now
    }
    for key, opens in after_hours(effects, context).items():
        if key not in needless:
            later[key] = max(opens, later.get(key, opens))
    return Screened(needless, later)


def after_hours(effects: Sequence[Outstanding], context: RunContext) -> dict[EffectKey, datetime]:
    """When the readers who aren't at work now will be, by what waits for them."""
    policy, now = context.policy, context.now
    readers = {one.key: _reader(one) for one in effects}
    opens = {
        key: next_at_work(policy, reader, now)
        for key, reader in readers.items()
        if reader in policy.users
    }
    return {key: at for key, at in opens.items() if at > now}


def _reader(one: Outstanding) -> str:
    """Who is notified; nobody for what is no message."""
    match one.action:
        case TellOwner():
            return one.action.owner
        case TellManager():
            return one.action.manager
        case SendReport():
            return one.action.to
        case _:
            return ""


def _needless(effects: Sequence[Outstanding], context: RunContext) -> dict[EffectKey, Receipt]:
    """Messages about leads that were touched, closed or reassigned since they were planned.

    The ledger knows most of it; what waited since an earlier run is looked at once more.
    """
    cycles = sorted({CycleId(one.cycle) for one in effects if one.cycle})
    held = context.ledger.handoffs.several(cycles)
    needless: dict[EffectKey, Receipt] = {}
    zone = ZoneInfo(context.policy.timezone)
    waited: dict[EffectKey, Handoff] = {}
    for one in effects:
        known = held.get(CycleId(one.cycle))
        if known is None:
            continue
        stage = one.action.stage if isinstance(one.action, TellOwner) else known.handoff.stage
        if known.state != OPEN or known.handoff.stage != stage:
            needless[one.key] = _no_need(operations.said(known.said, zone))
        elif one.planned_at < context.now and _is_about_touch(one):
            waited[one.key] = known.handoff
    return {**needless, **_touched_meanwhile(waited, context)}


def _touched_meanwhile(
    waited: Mapping[EffectKey, Handoff], context: RunContext
) -> dict[EffectKey, Receipt]:
    if not waited:
        return {}
    handoffs = list({one.cycle: one for one in waited.values()}.values())
    observed = observation.legible(handoffs, context)
    legible = [one for one in handoffs if one.cycle in observed]
    seen = observation.seen(legible, observed, {}, context)
    judged = {
        key: seen[handoff.cycle].judgment
        for key, handoff in waited.items()
        if handoff.cycle in seen
    }
    return {key: _no_need(judgment(one)) for key, one in judged.items() if isinstance(one, Touched)}


def _is_about_touch(one: Outstanding) -> bool:
    is_news = isinstance(one.action, TellOwner) and one.action.tone is Tone.ASSIGNED
    return not is_news


def _no_need(words: str) -> Refused:
    return Refused(refusal=Refusal.NEEDLESS, code="NEEDLESS", words=words)
