"""The managers' daily digest, the weekly review and leakage list: each is sent once, by its key."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.follow_through import wording
from agent.follow_through.wording import LATE, SOON, WAITING
from agent.ledger.records import PlannedEffect, Step, effect_key
from agent.ledger.tables.handoffs import HandoffRow
from agent.ledger.tables.states import OPEN
from agent.metrics import weekly_review
from agent.metrics.anomalies import oddities
from agent.run.context import RunContext
from domain.effects import Planned, SendReport
from domain.follow_through.handoff import (
    Closing,
    Handoff,
    manager_of,
    name_of_who_answers,
    promised_at,
)
from domain.metrics.lifecycle import Journey
from domain.policy.model import Policy, User
from domain.time.business_hours import is_open
from domain.values import CycleId, DecisionId

MONDAY = 0
WINDOW_HOURS = 3
"""A report that could not be made within so many hours is not made that day."""
REVIEWED = timedelta(weeks=9)
"""So far back the weekly review looks, and a few days more."""
NOBODY = CycleId("")
"""A report belongs to no cycle."""


def plan_reports(context: RunContext) -> Step:
    """The reports that are due now and were not planned before."""
    step = Step(at=context.now)
    if context.messenger is None:
        return step
    wanted = [*_digests(context), *_weekly(context)]
    known = context.ledger.effects.known(
        [effect_key(NOBODY, "send_report", one) for _, one in wanted]
    )
    due = [
        (to, rung) for to, rung in wanted if effect_key(NOBODY, "send_report", rung) not in known
    ]
    if not due:
        return step
    rows = context.ledger.handoffs.rows()
    seen = context.ledger.journeys.journeys(context.now - REVIEWED)
    for to, rung in due:
        match rung.split()[0]:
            case "digest":
                report = wording.digest(_digest(to, rows, seen, context), context)
            case "review":
                report = weekly_review.review(to, seen, context.policy, context.now)
            case _:
                report = _leakage(to, rows, context)
        key = effect_key(NOBODY, "send_report", rung)
        planned = Planned(key=key, action=report)
        step.effects.append(PlannedEffect(NOBODY, planned, DecisionId(""), context.now))
    return step


def _digests(context: RunContext) -> list[tuple[str, str]]:
    """Managers whose digest hour has come on a working day of theirs, each with its key."""
    policy, hour = context.policy, context.policy.follow_through.digest_hour
    managers = sorted({user.manager for user in policy.users.values() if user.manager})
    found: list[tuple[str, str]] = []
    for email in managers:
        user = policy.users.get(email)
        if user is not None and _is_time(user, hour, policy, context.now):
            found.append((email, f"digest {email} {_today(user, context.now)}"))
    return found


def _weekly(context: RunContext) -> list[tuple[str, str]]:
    policy, rules = context.policy, context.policy.follow_through
    user = policy.users.get(rules.leakage_to or "")
    if user is None or rules.leakage_to is None:
        return []
    is_monday = context.now.astimezone(ZoneInfo(user.timezone)).weekday() == MONDAY
    if not is_monday or not _is_time(user, rules.digest_hour, policy, context.now):
        return []
    today = _today(user, context.now)
    return [(rules.leakage_to, f"review {today}"), (rules.leakage_to, f"leakage {today}")]


def _is_time(user: User, hour: int, policy: Policy, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(user.timezone))
    is_morning = hour <= local.hour < hour + WINDOW_HOURS
    return is_morning and is_open(policy.calendars[user.calendar], user.timezone, now)


def _today(user: User, now: datetime) -> str:
    return now.astimezone(ZoneInfo(user.timezone)).date().isoformat()


def _digest(
    manager: str, rows: Sequence[HandoffRow], seen: Sequence[Journey], context: RunContext
) -> SendReport:
    """What a manager should know in the morning: late, due, waiting for a word, done."""
    policy, now = context.policy, context.now
    zone = ZoneInfo(policy.users[manager].timezone)
    theirs = [row for row in rows if _manager(row, policy) == manager]
    open_ones = [row for row in theirs if row.state == OPEN]
    # As in docs/reference/measures.md: late by the first owner's clock, whoever has it now.
    late = [
        row for row in open_ones if promised_at(Handoff.model_validate(row.handoff), policy) < now
    ]
    soon = [row for row in open_ones if row not in late]
    yesterday = [
        row
        for row in theirs
        if row.ended_at is not None and row.ended_at >= now - timedelta(days=1)
    ]
    touched = [row for row in yesterday if row.state == Closing.TOUCHED]
    in_time = sum(row.in_time is True for row in touched)
    waiting = [
        one
        for one in context.ledger.handoffs.disputes(state="open")
        if one.cycle_id in {row.cycle_id for row in open_ones if row.handoff["disputed"]}
    ]
    titles = {row.cycle_id: Handoff.model_validate(row.handoff).title for row in open_ones}
    return SendReport(
        to=manager,
        title="Your team's leads",
        intro=(
            f"{len(late)} late, {len(soon)} open in time, {len(waiting)} waiting for your word. "
            f"Since yesterday {len(touched)} touched, {in_time} of them in time."
        ),
        sections=(
            (LATE, tuple(_line(row, zone, policy) for row in late)),
            (WAITING, tuple(titles[one.cycle_id] for one in waiting)),
            (SOON, tuple(_line(row, zone, policy) for row in soon)),
        ),
        charts=weekly_review.days(manager, seen, policy, now),
    )


def _leakage(reader: str, rows: Sequence[HandoffRow], context: RunContext) -> SendReport:
    """Every lead past its last rung, with the name of the person who answers for it."""
    policy = context.policy
    zone = ZoneInfo(policy.users[reader].timezone)
    listed = [row for row in rows if row.state == OPEN and row.listed_at is not None]
    by_name: dict[str, list[str]] = {}
    for row in listed:
        name = name_of_who_answers(Handoff.model_validate(row.handoff), policy)
        by_name.setdefault(name, []).append(_line(row, zone, policy))
    return SendReport(
        to=reader,
        title="Leads that nobody worked",
        intro=f"{len(listed)} leads are past every step and still untouched, by who answers.",
        sections=(
            *((name, tuple(lines)) for name, lines in sorted(by_name.items())),
            ("Worth a look", tuple(one.sentence for one in oddities(rows, context))),
        ),
    )


def _manager(row: HandoffRow, policy: Policy) -> str | None:
    return manager_of(Handoff.model_validate(row.handoff), policy)


def _line(row: HandoffRow, zone: ZoneInfo, policy: Policy) -> str:
    handoff = Handoff.model_validate(row.handoff)
    due = "" if row.target_at is None else f", due {row.target_at.astimezone(zone):%a %H:%M %Z}"
    return f"{handoff.title}, with {name_of_who_answers(handoff, policy)}{due}"
