"""Digests, reviews and alerts: a report that is sent once, by its key."""

from collections.abc import Mapping, Sequence

from agent.effects.kind import Kind, Receipts, Screened, alike
from agent.ledger.records import Outstanding
from agent.notifications.posts import look_up
from agent.notifications.screen import DAILY, after_hours, no_slack
from agent.run.context import RunContext
from domain.effects import SendReport
from domain.values import EffectKey


def _send(reports: Mapping[EffectKey, SendReport], context: RunContext) -> Receipts:
    if context.messenger is None:
        return alike(reports, no_slack(context))
    return context.messenger.send_reports(reports)


def _screen(effects: Sequence[Outstanding], context: RunContext) -> Screened:
    """A report that an outage kept until its reader's evening comes the next morning."""
    return Screened({}, after_hours(effects, context))


SEND_REPORT = Kind(SendReport, _send, look_up, _screen, limit=DAILY)
