"""Reading Marketo's feeds into the ledger.

A feed that was read to its end begins again a little earlier next time, and now and then much
earlier (`look_back`): Marketo shows some activities late, and the ledger knows by `marketoGUID`
which it has seen.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from agent.logs import alert
from agent.routing.look_back import EXHAUSTED, FIRST_LOOK, TOKEN_LIFE, sweep
from agent.run.context import RunContext
from domain.intake.normalization.emails import address
from domain.intake.triggers import triggered
from domain.lead.model import FieldName, RawLead
from domain.ports import Unread
from domain.values import LeadKey

OVERLAP = timedelta(minutes=10)
UNREAD_AGAIN = timedelta(hours=1)
"""So long a record that can't be read is read again and again, with all that came after it."""
PAGES_PER_RUN = 40
"""At most so many pages of one feed in one run; the rest is read by the next."""

FORGET = timedelta(days=2)
"""What was seen of a feed is known so long at least."""

ACTIVITIES = "activities"
CHANGES = "changes"


def refill(context: RunContext) -> None:
    """Take in new activities and open the cycles that their triggers call for."""
    policy = context.policy
    types = sorted(
        {rule.activity for rule in policy.triggers}
        | {name.partition(":")[0] for name in policy.gate.intent_activities}
    )
    _take_in(ACTIVITIES, _resume(context, ACTIVITIES, FIRST_LOOK), types, context)
    again = sweep(ACTIVITIES, context)
    if again is not None:
        _take_in(again.cursor, again.token, types, context)


def _take_in(cursor: str, token: str, types: Sequence[str], context: RunContext) -> None:
    """Read a feed on from a token, as far as one run may."""
    policy, intake = context.policy, context.ledger.intake
    for _ in range(PAGES_PER_RUN):
        page = context.marketing.activities(token, types)
        kept = page if page.more else page.model_copy(update={"token": EXHAUSTED})
        triggers = triggered(page.activities, policy.triggers)
        intake.take_in(cursor, kept, triggers, policy.gate, context.now)
        _tell(page.unread)
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
        intake.move_cursor(CHANGES, EXHAUSTED, context.now)
        return
    # What made somebody be set aside may lie in any field.
    fields = tuple(FieldName) if context.ledger.workings.set_aside() else _DECIDING
    _wake(CHANGES, _resume(context, CHANGES, OVERLAP), sleeping, fields, context)
    again = sweep(CHANGES, context)
    if again is not None:
        _wake(again.cursor, again.token, sleeping, fields, context)


def _wake(
    cursor: str,
    token: str,
    sleeping: Collection[LeadKey],
    fields: Sequence[FieldName],
    context: RunContext,
) -> None:
    """Read changes on from a token; one that was seen before wakes nobody again."""
    intake, now = context.ledger.intake, context.now
    forget = now - 2 * context.look_back - FORGET
    for _ in range(PAGES_PER_RUN):
        page = context.marketing.changes(token, fields)
        theirs = {one.id: one.lead for one in page.activities if one.lead in sleeping}
        if theirs:
            intake.wake_changed(theirs, now, forget)
        _tell(page.unread)
        intake.note_unread(cursor, page.unread, now)
        token = page.token
        intake.move_cursor(cursor, token if page.more else EXHAUSTED, now)
        if not page.more:
            return


def _tell(odd: Sequence[Unread]) -> None:
    """Say what can't be read; the record itself is in the ledger, not in the log."""
    for one in odd:
        alert("record_unread", f"Marketo's record can't be read: {one.why}.", lead=one.lead)


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
    """For each person, the older Marketo people with the same email address.

    Only the later ones are doubles: so who is routed doesn't depend on who else is looked at.
    """
    emails = {
        key: address(str(raw.values[FieldName.EMAIL])).email
        for key, raw in people.items()
        if raw.values.get(FieldName.EMAIL)
    }
    alike = context.marketing.same_email(sorted(set(emails.values())))
    return {
        key: tuple(other for other in alike.get(email, ()) if _age(other) < _age(key))
        for key, email in emails.items()
    }


def _age(key: LeadKey) -> tuple[int, str]:
    """Marketo counts its people up: the oldest comes first."""
    return len(key), key


def _resume(context: RunContext, feed: str, first_look: timedelta) -> str:
    """Where reading goes on: mid-page after a crash, else a little before the last end."""
    cursor = context.ledger.intake.cursor(feed)
    if cursor is None:
        return context.marketing.start_token(context.now - first_look)
    if cursor.token == EXHAUSTED or context.now - cursor.at > TOKEN_LIFE:
        return context.marketing.start_token(_again_from(context, feed, cursor.at) - OVERLAP)
    return cursor.token


def _again_from(context: RunContext, feed: str, end: datetime) -> datetime:
    """Where the last read ended, or what it couldn't read lies: that may be whole again soon."""
    odd = context.ledger.intake.unread_since(feed, context.now - UNREAD_AGAIN)
    return end if odd is None else min(odd, end)
