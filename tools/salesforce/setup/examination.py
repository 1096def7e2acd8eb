"""What `doctor` looks at in Salesforce: each question with its answer and, if need be, its fix."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.errors import AuthError, RequestError, ToolError
from domain.ports import Finding
from tools.salesforce.connection.answers import Row
from tools.salesforce.connection.client import Client
from tools.salesforce.records import fields
from tools.salesforce.records.fields import (
    COLUMNS,
    FIRST_TOUCH_AT,
    FIRST_TOUCH_TYPE,
    PACKAGE,
    PERSON_ACCOUNT,
    SLA_MET,
    STAMP,
    TASK_KEY,
    SObject,
)
from tools.salesforce.records.reader import Reader, Wanted
from tools.salesforce.soql.query import Query, Term, select
from tools.salesforce.writes.owner_changes import Guard

TOLERATED_SKEW = timedelta(seconds=60)
"""Sign-in with a key fails at three minutes; deadlines are wrong before that."""
TIGHT_USAGE = 0.8
LONGEST_LIST = 8
GUARD_COLUMNS = ("ErrorMessage", "EntityDefinitionId")
"""A standard object's own name is its id there. Salesforce: Tooling API, ValidationRule."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the policy expects of the org."""

    users: tuple[str, ...] = ()
    """Email addresses."""
    queues: tuple[str, ...] = ()
    """DeveloperNames."""
    worker_assigns: bool = True
    """Whether the worker chooses the owner in any segment."""
    salesforce_assigns: bool = False
    """Whether any segment leaves the choice to Salesforce's active assignment rule."""


@dataclass(frozen=True, slots=True)
class Org:
    """The org that is looked at, and when."""

    client: Client
    reader: Reader
    now: datetime


def examine(org: Org, expected: Expected, guard: Guard, *, person_accounts: bool) -> list[Finding]:
    """Look at everything; a sign-in that fails ends it, since nothing else can be seen then."""
    client, reader = org.client, org.reader
    try:
        client.read("limits")
    except ToolError as error:
        return [_sign_in_failed(client, error)]
    version = client.connection.version
    findings = [_fine("sign-in", f"Signed in to {client.connection.url}, API version {version}.")]
    checks: Sequence[tuple[str, Callable[[], Iterator[Finding]]]] = (
        ("fields", lambda: _fields(reader)),
        ("person accounts", lambda: _person_accounts(reader, is_set=person_accounts)),
        ("people and queues", lambda: _people_and_queues(reader, expected)),
        ("follow-through fields", lambda: _followed(reader)),
        ("owner guard", lambda: _guard_rule(client, guard)),
        ("clock", lambda: _clock(client, org.now)),
        ("API calls", lambda: _usage(client)),
    )
    for subject, check in checks:
        try:
            findings += check()
        except ToolError as error:
            fix = "Ask a Salesforce admin which permission the integration user is missing."
            findings.append(_wrong(subject, f"Could not be checked: {error}", fix))
    return findings


def _fine(subject: str, sentence: str) -> Finding:
    return Finding(subject=f"Salesforce {subject}", ok=True, sentence=sentence)


def _wrong(subject: str, sentence: str, fix: str) -> Finding:
    return Finding(subject=f"Salesforce {subject}", ok=False, sentence=sentence, fix=fix)


def _sign_in_failed(client: Client, error: ToolError) -> Finding:
    if isinstance(error, AuthError):
        fix = (
            "Check the external client app's consumer key, its secret or certificate, and that it "
            "may run as the integration user."
        )
    elif isinstance(error, RequestError):
        version = client.connection.version
        fix = f"Check the My Domain address, and that the org supports API version {version}."
    else:
        fix = f"Check that this machine can reach {client.connection.url}."
    return _wrong("sign-in", str(error), fix)


def _fields(reader: Reader) -> Iterator[Finding]:
    for sobject in (SObject.LEAD, SObject.CONTACT):
        known = reader.describe(sobject)
        missing = [name for name in PACKAGE if name not in known]
        written = (*STAMP, "OwnerId")
        fixed = [name for name in written if name in known and not known[name].is_updateable]
        if missing:
            fix = "Run: routeready setup salesforce. It shows what it will add, and asks first."
            yield _wrong(f"{sobject} fields", _missing(sobject, missing), fix)
        if fixed:
            sentence = f"The integration user can't edit {sobject} fields: {_listed(fixed)}."
            fix = "Run: routeready setup salesforce. Or grant them with a permission set."
            yield _wrong(f"{sobject} fields", sentence, fix)
        if not missing and not fixed:
            yield _fine(f"{sobject} fields", f"All {len(PACKAGE)} fields exist and can be edited.")
        needed = [name for name in COLUMNS[sobject].needed if "." not in name]
        hidden = [name for name in needed if name not in known and name not in PACKAGE]
        if hidden:
            fix = "Grant the integration user read access to these fields (field-level security)."
            yield _wrong(f"{sobject} fields", _missing(sobject, hidden), fix)


def _missing(sobject: SObject, names: Sequence[str]) -> str:
    return f"{sobject} fields missing, or hidden from the integration user: {_listed(names)}."


def _followed(reader: Reader) -> Iterator[Finding]:
    """What follow-through reads and writes; without it touches are told to the ledger alone."""
    wanted = {
        SObject.LEAD: (FIRST_TOUCH_AT, FIRST_TOUCH_TYPE, SLA_MET),
        SObject.CONTACT: (FIRST_TOUCH_AT, FIRST_TOUCH_TYPE, SLA_MET),
        SObject.TASK: (TASK_KEY,),
    }
    missing: list[str] = []
    for sobject, names in wanted.items():
        known = reader.known(sobject)
        missing += [f"{sobject}.{name}" for name in names if name not in known]
    subject = "follow-through fields"
    if missing:
        fix = "Add these fields; Routing_Key__c is a text field marked as a unique external ID."
        yield _wrong(subject, f"Missing fields: {_listed(missing)}.", fix)
    else:
        yield _fine(subject, "First touches, SLA results and logged calls can be saved.")


def _person_accounts(reader: Reader, *, is_set: bool) -> Iterator[Finding]:
    are_used = PERSON_ACCOUNT in reader.describe(SObject.ACCOUNT)
    used, fix = ("uses", "on") if are_used else ("doesn't use", "off")
    if are_used == is_set:
        yield _fine("person accounts", f"The org {used} person accounts, as in the settings.")
    else:
        sentence = f"The org {used} person accounts, but the setting says otherwise."
        yield _wrong("person accounts", sentence, f"Turn the person accounts setting {fix}.")


def _people_and_queues(reader: Reader, expected: Expected) -> Iterator[Finding]:
    rule_query = select(
        COLUMNS[SObject.ASSIGNMENT_RULE].needed,
        SObject.ASSIGNMENT_RULE,
        "SobjectType = 'Lead' AND Active = true",
    )
    people = [Term(name, user) for user in expected.users for name in ("Email", "Username")]
    names = [Term("Queue.DeveloperName", queue) for queue in expected.queues]
    users, groups, members, rules = reader.rows(
        [
            Wanted(SObject.USER, people),
            Wanted(
                SObject.GROUP,
                [Term("DeveloperName", queue) for queue in expected.queues],
                rest="AND Type = 'Queue'",
            ),
            Wanted(SObject.QUEUE_SOBJECT, names, rest="AND SobjectType = 'Lead'"),
            [Query(rule_query)],
        ]
    )
    yield from _users(users, expected.users)
    yield from _queues(groups, members, expected.queues)
    yield from _rule(rules, expected)


def _users(rows: Sequence[Row], emails: Sequence[str]) -> Iterator[Finding]:
    known = {
        name.lower(): False for row in rows for name in (row["Email"], row["Username"]) if name
    }
    for row in rows:
        for name in (row["Email"], row["Username"]):
            known[(name or "").lower()] |= row["IsActive"]
    unknown = [email for email in emails if email.lower() not in known]
    inactive = [email for email in emails if known.get(email.lower()) is False]
    if unknown:
        fix = "Correct the address under users in the policy, or create the user in Salesforce."
        yield _wrong("users", f"Not found in Salesforce: {_listed(unknown)}.", fix)
    if inactive:
        fix = "Remove them from the policy's pools and territories, or activate them."
        yield _wrong("users", f"Inactive in Salesforce: {_listed(inactive)}.", fix)
    if not unknown and not inactive:
        yield _fine("users", f"All users of the policy are active ({len(emails)}).")


def _queues(
    groups: Sequence[Row], members: Sequence[Row], queues: Sequence[str]
) -> Iterator[Finding]:
    known = {row["DeveloperName"] for row in groups}
    for_leads = {row["QueueId"] for row in members}
    missing = [queue for queue in queues if queue not in known]
    unfit = [row["DeveloperName"] for row in groups if row["Id"] not in for_leads]
    if missing:
        fix = "Create the queue in Setup > Queues, or correct its DeveloperName in the policy."
        yield _wrong("queues", f"Not found in Salesforce: {_listed(missing)}.", fix)
    if unfit:
        fix = "Setup > Queues: add Lead to the queue's supported objects."
        yield _wrong("queues", f"Can't own leads: {_listed(unfit)}.", fix)
    if not missing and not unfit:
        yield _fine("queues", f"All queues of the policy can own leads ({len(queues)}).")


def _rule(rules: Sequence[Row], expected: Expected) -> Iterator[Finding]:
    names = _listed([row["Name"] for row in rules])
    if expected.salesforce_assigns and not rules:
        sentence = "The policy relies on Salesforce's assignment rule, but none is active."
        fix = "Setup > Lead Assignment Rules: activate one."
        yield _wrong("assignment rule", sentence, fix)
    elif expected.worker_assigns and rules:
        sentence = (
            f"The assignment rule {names} is active while routeready also assigns leads. Updates "
            "by routeready never trigger it, but Marketo's sync and other tools may."
        )
        fix = (
            "Deactivate the rule, or let it assign only new leads to a queue listed under "
            "sync.unassigned_owners in the policy."
        )
        yield _wrong("assignment rule", sentence, fix)
    else:
        yield _fine("assignment rule", f"{names} is active." if rules else "None is active.")


def _guard_rule(client: Client, guard: Guard) -> Iterator[Finding]:
    if guard is Guard.UNMODIFIED_SINCE:
        sentence = "Owner changes are protected by time only (to the second), not by the rule."
        fix = "Run: routeready setup salesforce. Then set SALESFORCE_GUARD=validation_rule."
        yield _wrong("owner guard", sentence, fix)
        return
    objects = ("Lead", "Contact")
    query = Query(select(GUARD_COLUMNS, SObject.VALIDATION_RULE, "Active = true"))
    try:
        rows = client.tooling_query(query)
    except (AuthError, RequestError) as error:
        sentence = f"Can't check for the validation rule: {error.detail}"
        fix = (
            "Check Setup > Object Manager > Lead and Contact > Validation Rules, or grant the "
            "integration user View Setup and Configuration."
        )
        yield _wrong("owner guard", sentence, fix)
        return
    guarded: set[str] = {
        row["EntityDefinitionId"]
        for row in rows
        if fields.GUARD_WORDS in (row["ErrorMessage"] or "")
    }
    open_objects = [name for name in objects if name not in guarded]
    if open_objects:
        sentence = f"No active routeready validation rule on {_listed(open_objects)}."
        fix = "Run: routeready setup salesforce. Or set SALESFORCE_GUARD=unmodified_since."
        yield _wrong("owner guard", sentence, fix)
    else:
        yield _fine("owner guard", "The validation rule is active on Lead and Contact.")


def _clock(client: Client, now: datetime) -> Iterator[Finding]:
    if client.server_time is None:
        return
    skew = client.server_time - now
    seconds = round(abs(skew).total_seconds())
    sentence = f"This machine's clock and Salesforce's differ by {seconds} s."
    if abs(skew) > TOLERATED_SKEW:
        fix = "Turn on automatic time (NTP) on the machine that runs routeready."
        yield _wrong("clock", sentence, fix)
    else:
        yield _fine("clock", sentence)


def _usage(client: Client) -> Iterator[Finding]:
    usage = client.usage
    if usage is None:
        return
    sentence = f"{usage.used:,} of {usage.limit:,} API calls used in the last 24 hours."
    if usage.used > usage.limit * TIGHT_USAGE:
        fix = "Find the integration with the most calls in Setup > API Usage, or buy more calls."
        yield _wrong("API calls", sentence, fix)
    else:
        yield _fine("API calls", sentence)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:LONGEST_LIST])
    rest = len(names) - LONGEST_LIST
    return f"{shown} and {rest} more" if rest > 0 else shown
