"""Reading Marketo's feeds into the ledger.

A feed that was read to its end begins again a little earlier next time: Marketo shows some
activities late, and the ledger knows by `marketoGUID` which it has seen.
"""

from collections.abc import Mapping
from datetime import timedelta

from agent.run.context import RunContext
from domain.intake.triggers import triggered
from domain.lead.model import FieldName, RawLead
from domain.values import LeadKey

OVERLAP = timedelta(minutes=5)
FIRST_LOOK = timedelta(days=1)
"""How far back the very first read goes."""
TOKEN_LIFE = timedelta(hours=6)
"""A token older than this is not trusted any more; reading begins again at its time."""
PAGES_PER_RUN = 40
"""At most so many pages of one feed in one run; the rest is read by the next."""

ACTIVITIES = "activities"
CHANGES = "changes"

_EXHAUSTED = ""


def refill(context: RunContext) -> None:
    """Take in new activities and open the cycles that their triggers call for."""
    policy, intake = context.policy, context.ledger.intake
    types = sorted(
        {rule.activity for rule in policy.triggers}
        | {name.partition(":")[0] for name in policy.gate.intent_activities}
    )
    token = _resume(context, ACTIVITIES, FIRST_LOOK)
    for _ in range(PAGES_PER_RUN):
        page = context.marketing.activities(token, types)
        kept = page if page.more else page.model_copy(update={"token": _EXHAUSTED})
        triggers = triggered(page.activities, policy.triggers)
        intake.take_in(ACTIVITIES, kept, triggers, policy.gate, context.now)
        if not page.more:
            return
        token = page.token


def wake_changed(context: RunContext) -> None:
    """Let parked and waiting leads be looked at again when one of their fields changed.

    While nobody waits nothing is read; the cursor moves on all the same, so that what changes
    after a lead is parked is seen.
    """
    intake = context.ledger.intake
    sleeping = set(intake.sleeping())
    if not sleeping:
        intake.move_cursor(CHANGES, _EXHAUSTED, context.now)
        return
    token = _resume(context, CHANGES, OVERLAP)
    for _ in range(PAGES_PER_RUN):
        page = context.marketing.changes(token, _DECIDING)
        changed = {activity.lead for activity in page.activities} & sleeping
        intake.wake(changed, context.now)
        token = page.token
        intake.move_cursor(CHANGES, token if page.more else _EXHAUSTED, context.now)
        if not page.more:
            return


_DECIDING = (
    FieldName.EMAIL,
    FieldName.FIRST_NAME,
    FieldName.LAST_NAME,
    FieldName.COMPANY,
    FieldName.COUNTRY,
    FieldName.STATE,
    FieldName.WEBSITE,
    FieldName.EMPLOYEES,
    FieldName.INDUSTRY,
    FieldName.TITLE,
    FieldName.UNSUBSCRIBED,
    FieldName.EMAIL_INVALID,
    FieldName.CONSENT_BASIS,
    FieldName.MARKETING_SUSPENDED,
    FieldName.DO_NOT_CALL,
    FieldName.DO_NOT_ROUTE,
    FieldName.PHONE,
    FieldName.CITY,
    FieldName.POSTAL_CODE,
    FieldName.ANNUAL_REVENUE,
    FieldName.LEAD_SOURCE,
)
"""Fields whose change can turn a verdict, or a rule of Salesforce's that refused the owner."""


def doubles(
    context: RunContext, people: Mapping[LeadKey, RawLead]
) -> dict[LeadKey, tuple[LeadKey, ...]]:
    """For each person, the other Marketo people with the same e-mail address."""
    emails = {
        key: str(raw.values[FieldName.EMAIL]).strip().lower()
        for key, raw in people.items()
        if raw.values.get(FieldName.EMAIL)
    }
    alike = context.marketing.same_email(sorted(set(emails.values())))
    return {
        key: tuple(sorted(other for other in alike.get(email, ()) if other != key))
        for key, email in emails.items()
    }


def _resume(context: RunContext, feed: str, first_look: timedelta) -> str:
    """Where reading goes on: mid-page after a crash, else a little before the last end."""
    cursor = context.ledger.intake.cursor(feed)
    if cursor is None:
        return context.marketing.start_token(context.now - first_look)
    if cursor.token == _EXHAUSTED or context.now - cursor.at > TOKEN_LIFE:
        return context.marketing.start_token(cursor.at - OVERLAP)
    return cursor.token
