"""Telling RevOps admins in Slack what is wrong with the worker: once each, and only what lasts."""

from collections.abc import Sequence

from agent.ledger.records import PlannedEffect, Step, effect_key
from agent.run.context import RunContext
from agent.worker.health import Standing
from domain.conversation.permissions import PUBLISHERS
from domain.effects import Planned, SendReport
from domain.health import PolicyRefused, matter, patience
from domain.language import health as words
from domain.policy.model import next_at_work
from domain.values import CycleId, DecisionId, content_hash

NOBODY = CycleId("")
"""A trouble of the worker's belongs to no cycle."""
_LONGEST_TITLE = 150
_LONGEST_INTRO = 2000


def tell(context: RunContext, standing: Sequence[Standing]) -> None:
    """Plan the messages that nobody was sent yet; they go out with the other reports.

    Of one matter there is one message a day, so that what comes and goes doesn't fill a channel.
    """
    policy, now = context.policy, context.now
    if context.messenger is None or not policy.alerts.on:
        return
    readers = sorted(email for email, one in policy.users.items() if one.role in PUBLISHERS)
    wanted = {
        effect_key(NOBODY, "send_report", f"trouble {_episode(one)} {to}"): _message(one, to)
        for one in standing
        if (waits := patience(one.trouble)) is not None and now - one.since >= waits
        for to in readers
    }
    if not wanted:
        return
    step, known = Step(at=now), context.ledger.effects.known(list(wanted))
    for key, report in wanted.items():
        if key not in known:
            due_at = next_at_work(policy, report.to, now)
            planned = Planned(key=key, action=report)
            step.effects.append(PlannedEffect(NOBODY, planned, DecisionId(""), due_at))
    if step.effects:
        context.ledger.cycles.record(step)


def _episode(one: Standing) -> str:
    """Tells one message about a matter from the next; another mistake in a file is another."""
    told = one.trouble
    more = f" {content_hash(told.detail)}" if isinstance(told, PolicyRefused) else ""
    return f"{matter(told)} {one.since:%Y-%m-%d}{more}"


def _message(one: Standing, to: str) -> SendReport:
    title, _, rest = words.trouble(one.trouble).partition(": ")
    return SendReport(
        to=to,
        title=title[:_LONGEST_TITLE],
        intro=rest[:_LONGEST_INTRO] or f"{title}.",
        sections=(("What to do", (words.fix(one.trouble),)),),
    )
