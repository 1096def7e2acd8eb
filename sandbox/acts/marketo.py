"""What visitors of the website do, readers of mails, and Marketo's own flow steps."""

from collections.abc import Callable, Mapping

from sandbox.acts.lookups import ActError, person_id
from sandbox.http.message import Json
from sandbox.marketo.lead_database import people
from sandbox.marketo.sync import native_sync
from sandbox.state.world import Row, World

REPLIES: Mapping[str, tuple[str, ...]] = {
    "delivered": ("Send Email", "Email Delivered"),
    "opened": ("Send Email", "Email Delivered", "Open Email"),
    "clicked": ("Send Email", "Email Delivered", "Open Email", "Click Email"),
    "bounced": ("Send Email", "Email Bounced"),
    "soft_bounced": ("Send Email", "Email Bounced Soft"),
    "unsubscribed": ("Send Email", "Email Delivered", "Open Email", "Unsubscribe Email"),
}
"""What is logged, by what came of a mail."""
NO_MAILBOX = "550 5.1.1 The email account that you tried to reach does not exist"
MARKS: Mapping[str, Row] = {
    "bounced": {"emailInvalid": True, "emailInvalidCause": NO_MAILBOX},
    "unsubscribed": {"unsubscribed": True, "unsubscribedReason": "Unsubscribe link"},
}
"""How the person is marked for it."""


def _fill_form(world: World, deed: Row) -> Json:
    return people.fill_out_form(world, deed["form"], deed["values"])


def _visit(world: World, deed: Row) -> Json:
    person = person_id(world, deed["email"])
    people.log_activity(world, person, "Visit Webpage", primary=deed["page"])
    return person


def _change(world: World, deed: Row) -> Json:
    person = person_id(world, deed["email"])
    people.change_person(
        world,
        person,
        deed["values"],
        reason=deed.get("reason", "Changed by hand"),
        source=deed.get("source", "Marketo user"),
    )
    return person


def _score(world: World, deed: Row) -> Json:
    person = person_id(world, deed["email"])
    reason = deed.get("reason", "Scoring")
    change = {"leadScore": deed["score"]}
    people.change_person(world, person, change, reason=reason, source="Smart Campaign")
    return person


def _sync(world: World, deed: Row) -> Json:
    person = person_id(world, deed["email"])
    native_sync.sync_person(world, person)
    return person


def _mail(world: World, deed: Row) -> Json:
    person, then = person_id(world, deed["email"]), str(deed["then"])
    if then not in REPLIES:
        raise ActError(f"a mail can't be {then}; it can be {', '.join(REPLIES)}")
    for kind in REPLIES[then]:
        people.log_activity(world, person, kind, primary=deed["mailing"])
    marks = MARKS.get(then, {})
    people.change_person(world, person, marks, reason=deed["mailing"], source="Email")
    return person


DEEDS: Mapping[str, Callable[[World, Row], Json]] = {
    "marketo.form": _fill_form,
    "marketo.visit": _visit,
    "marketo.change": _change,
    "marketo.score": _score,
    "marketo.sync": _sync,
    "marketo.mail": _mail,
}
