"""The managers' daily digest, the weekly review and list of unworked leads: each is sent once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from agent.follow_through import wording
from agent.follow_through.wording import LATE, SOON, WAITING
from agent.ledger.records import PlannedEffect, Step, effect_key
from agent.ledger.tables.handoffs import HandoffRow
from agent.ledger.tables.states import OPEN
from agent.logs import alert, defect
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
from domain.grammar import counted, lasting, moment
from domain.metrics.lifecycle import Journey
from domain.metrics.suspicious_activity import Pattern
from domain.policy.model import Policy, User
from domain.time.business_hours import is_open
from domain.values import CycleId, DecisionId

MONDAY = 0
WINDOW_HOURS = 3
"""A report that could not be made within so many hours is not made that day."""
REVIEWED = timedelta(weeks=9)
"""So far back the weekly review looks, and a few days more."""
QUIET = "digest with nothing to say"
"""The cursor of the last day on which a manager's digest was empty, with the manager's email."""
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
    rows = [row for row in context.ledger.handoffs.rows() if _is_legible(row)]
    seen = context.ledger.journeys.journeys(context.now - REVIEWED)
    for to, rung in due:
        try:
            report = _report(to, rung, rows, seen, context)
        except (ArithmeticError, LookupError, ValueError) as error:
            alert(
                "report_failed",
                f"A report could not be made: {defect(error)}",
                report=rung.split(maxsplit=1)[0],
            )
            continue
        if report is None:
            _keep_quiet(to, context)
            continue
        key = effect_key(NOBODY, "send_report", rung)
        planned = Planned(key=key, action=report)
        step.effects.append(PlannedEffect(NOBODY, planned, DecisionId(""), context.now))
    return step


def _is_legible(row: HandoffRow) -> bool:
    """Whether a lead can be reported on; one that can't be read keeps no other back."""
    try:
        Handoff.model_validate(row.handoff)
    except ValidationError as error:
        said = f"A lead is left out of reports: {defect(error)}"
        alert("handoff_unreadable", said, cycle=row.cycle_id)
        return False
    return True


def _report(
    to: str,
    rung: str,
    rows: Sequence[HandoffRow],
    seen: Sequence[Journey],
    context: RunContext,
) -> SendReport | None:
    """The report that a key names; None for a digest with nothing to say."""
    match rung.split(maxsplit=1)[0]:
        case "digest":
            digest = _digest(to, rows, seen, context)
            return None if digest is None else wording.digest(digest, context)
        case "review":
            return weekly_review.review(to, seen, context.policy, context.now)
        case _:
            return _leakage(to, rows, context)


def _digests(context: RunContext) -> list[tuple[str, str]]:
    """Managers whose digest hour has come on a working day of theirs, each with its key."""
    policy, hour = context.policy, context.policy.follow_through.digest_hour
    managers = sorted({user.manager for user in policy.users.values() if user.manager})
    found: list[tuple[str, str]] = []
    for email in managers:
        user = policy.users.get(email)
        if user is None or not _is_time(user, hour, policy, context.now):
            continue
        today = _today(user, context.now)
        if not _kept_quiet(email, today, context):
            found.append((email, f"digest {email} {today}"))
    return found


def _keep_quiet(email: str, context: RunContext) -> None:
    """Note that a manager's digest had nothing to say today: it is not made again that day."""
    today = _today(context.policy.users[email], context.now)
    context.ledger.intake.move_cursor(f"{QUIET} {email}", today, context.now)


def _kept_quiet(email: str, today: str, context: RunContext) -> bool:
    noted = context.ledger.intake.cursor(f"{QUIET} {email}")
    return noted is not None and noted.token == today


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
) -> SendReport | None:
    """What a manager should know in the morning: breaches, what is due or pending, what is done.

    None when all of that is nothing: an empty digest teaches people not to read digests.
    """
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
    if not (late or soon or waiting or touched):
        return None
    titles = {row.cycle_id: Handoff.model_validate(row.handoff).title for row in open_ones}
    return SendReport(
        to=manager,
        title="Daily digest: your team's leads",
        intro=(
            f"{counted(len(late), 'SLA breach')}, {len(soon)} on track, "
            f"{counted(len(waiting), 'pending approval')}. "
            f"Last 24 h: {_touches(len(touched), in_time)}."
        ),
        sections=(
            (LATE, tuple(_line(row, zone, context) for row in late)),
            (WAITING, tuple(titles[one.cycle_id] for one in waiting)),
            (SOON, tuple(_line(row, zone, context) for row in soon)),
        ),
        charts=weekly_review.days(manager, seen, policy, now),
    )


def _touches(count: int, in_time: int) -> str:
    """What the team did: `2 first touches, 1 within SLA`."""
    done = "1 first touch" if count == 1 else f"{count} first touches"
    return f"{done}, {in_time} within SLA" if count else "no first touches"


def _leakage(reader: str, rows: Sequence[HandoffRow], context: RunContext) -> SendReport:
    """Every unworked lead after its final escalation, by the name of its owner."""
    policy = context.policy
    zone = ZoneInfo(policy.users[reader].timezone)
    listed = [row for row in rows if row.state == OPEN and row.listed_at is not None]
    by_name: dict[str, list[str]] = {}
    for row in listed:
        name = name_of_who_answers(Handoff.model_validate(row.handoff), policy)
        by_name.setdefault(name, []).append(_line(row, zone, context, owned=False))
    return SendReport(
        to=reader,
        title="Unworked leads",
        intro=f"{_count(len(listed))} after final escalation.",
        sections=(
            *((name, tuple(lines)) for name, lines in sorted(by_name.items())),
            ("Unusual activity", tuple(_pattern(one, policy) for one in oddities(rows, context))),
        ),
    )


def _count(unworked: int) -> str:
    return counted(unworked, "unworked lead") if unworked else "No unworked leads"


def _pattern(one: Pattern, policy: Policy) -> str:
    """What stands out, with the person's name."""
    user = policy.users.get(one.who)
    return one.sentence if user is None else one.sentence.replace(one.who, user.name, 1)


def _manager(row: HandoffRow, policy: Policy) -> str | None:
    return manager_of(Handoff.model_validate(row.handoff), policy)


def _line(row: HandoffRow, zone: ZoneInfo, context: RunContext, *, owned: bool = True) -> str:
    """A lead in a list: who, whose unless a heading says so, and how late or until when."""
    handoff = Handoff.model_validate(row.handoff)
    owner = name_of_who_answers(handoff, context.policy)
    late = context.now - promised_at(handoff, context.policy)
    due = "" if row.target_at is None else f" Due {moment(row.target_at, zone)}."
    if late > timedelta():
        due = f" Overdue by {lasting(late)}."
    return f"{handoff.title}.{f' Owner: {owner}.' if owned else ''}{due}"
