"""Digests, reviews and alerts: a report that is sent once, by its key."""

from collections.abc import Mapping

from agent.effects.kind import Kind, Receipts, alike
from agent.notifications.posts import look_up
from agent.notifications.screen import DAILY, no_slack
from agent.run.context import RunContext
from domain.effects import SendReport
from domain.values import EffectKey


def _send(reports: Mapping[EffectKey, SendReport], context: RunContext) -> Receipts:
    if context.messenger is None:
        return alike(reports, no_slack(context))
    return context.messenger.send_reports(reports)


SEND_REPORT = Kind(SendReport, _send, look_up, limit=DAILY)
