"""Alerts to RevOps admins, once each: what has gone quiet or drifts."""

from datetime import datetime

from agent.ledger import Ledger
from agent.ledger.records import PlannedEffect, Step, effect_key
from agent.logs import alert, defect
from agent.metrics.shadow_agreement import by_salesforce
from agent.run.context import RunContext
from domain.conversation.permissions import PUBLISHERS
from domain.effects import Planned, SendReport
from domain.metrics.alerts import Alert, Kind, alerts
from domain.policy.model import Policy, next_at_work
from domain.values import CycleId, DecisionId

LOOK = "alerts"
"""The cursor of the last look."""
NOBODY = CycleId("")
"""An alert belongs to no cycle."""
LEADS = 10
"""So many leads are named in a message."""


def current(ledger: Ledger, policy: Policy, now: datetime) -> tuple[Alert, ...]:
    """Everything that is wrong now; no vendor is asked."""
    since = now - policy.alerts.look_back
    agreements = by_salesforce(ledger, policy, since)
    return alerts(ledger.journeys.journeys(since), agreements, policy, now)


def plan_alerts(context: RunContext) -> Step:
    """The messages about what nobody was told yet; looked for once in a while."""
    step, policy, now = Step(at=context.now), context.policy, context.now
    intake = context.ledger.intake
    if context.messenger is None or not policy.alerts.on:
        return step
    last = intake.cursor(LOOK)
    if last is not None and now - last.at < policy.alerts.look_every:
        return step
    readers = sorted(email for email, one in policy.users.items() if one.role in PUBLISHERS)
    try:
        found = current(context.ledger, policy, now)
    except (ArithmeticError, LookupError, ValueError) as error:
        # What is wrong is not known now; that must keep no message back that is.
        alert("alerts_failed", f"Alerts could not be computed: {defect(error)}")
        found = ()
    wanted = {
        effect_key(NOBODY, "send_report", f"alert {one.key} {to}"): _message(one, to)
        for one in found
        for to in readers
    }
    known = context.ledger.effects.known(list(wanted))
    for key, report in wanted.items():
        if key not in known:
            planned = Planned(key=key, action=report)
            due_at = next_at_work(policy, report.to, now)
            step.effects.append(PlannedEffect(NOBODY, planned, DecisionId(""), due_at))
    intake.move_cursor(LOOK, "", now)
    return step


_TITLES = {
    Kind.SILENCE: "No leads from {subject}",
    Kind.RULE: "Routing rule no longer matches: {subject}",
    Kind.FALLBACK: "Leads stuck in a fallback queue: {subject}",
    Kind.REFUSED: "Salesforce rejects owners: {subject}",
    Kind.DRIFT: "Salesforce rules differ from the policy: {subject}",
}


def _title(one: Alert) -> str:
    """What is wrong, and with what."""
    return _TITLES[one.kind].format(subject=one.subject)


def _message(one: Alert, to: str) -> SendReport:
    more = len(one.leads) - LEADS
    leads = [*one.leads[:LEADS], *([f"and {more} more"] if more > 0 else [])]
    return SendReport(
        to=to,
        title=_title(one)[:150],
        intro=one.sentence,
        sections=(("What to do", (one.todo,)), ("Leads", tuple(leads))),
    )
