"""Is this org fit to be worked in? Each question with its answer and, if need be, its cure."""

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
from tools.salesforce.records.reader import Reader, Wanted, missing_sentence
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
    """E-mail addresses."""
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
    findings = [_fine("sign-in", f"signed in to {client.connection.url}, API version {version}")]
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
            fix = "ask a Salesforce administrator what the integration user may not do"
            findings.append(_wrong(subject, f"could not be looked at: {error}", fix))
    return findings


def _fine(subject: str, sentence: str) -> Finding:
    return Finding(subject=f"Salesforce {subject}", ok=True, sentence=sentence)


def _wrong(subject: str, sentence: str, fix: str) -> Finding:
    return Finding(subject=f"Salesforce {subject}", ok=False, sentence=sentence, fix=fix)


def _sign_in_failed(client: Client, error: ToolError) -> Finding:
    if isinstance(error, AuthError):
        fix = (
            "check the external client app's key, its secret or certificate, and that it may "
            "run as the integration user"
        )
    elif isinstance(error, RequestError):
        fix = f"check the My Domain address and that the org offers API {client.connection.version}"
    else:
        fix = f"check that this machine can reach {client.connection.url}"
    return _wrong("sign-in", str(error), fix)


def _fields(reader: Reader) -> Iterator[Finding]:
    for sobject in (SObject.LEAD, SObject.CONTACT):
        known = reader.describe(sobject)
        missing = [name for name in PACKAGE if name not in known]
        written = (*STAMP, "OwnerId")
        fixed = [name for name in written if name in known and not known[name].is_updateable]
        if missing:
            fix = "run `routeready setup salesforce`, which shows what it will add"
            yield _wrong(f"{sobject} fields", missing_sentence(sobject, missing), fix)
        if fixed:
            sentence = f"the integration user can't write {_listed(fixed)} of {sobject}"
            fix = "run `routeready setup salesforce`, or grant them by a permission set"
            yield _wrong(f"{sobject} fields", sentence, fix)
        if not missing and not fixed:
            yield _fine(f"{sobject} fields", f"all {len(PACKAGE)} fields are there and writable")
        needed = [name for name in COLUMNS[sobject].needed if "." not in name]
        hidden = [name for name in needed if name not in known and name not in PACKAGE]
        if hidden:
            sentence = missing_sentence(sobject, hidden)
            yield _wrong(f"{sobject} fields", sentence, "grant read access to these fields")


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
        fix = "add them; Routing_Key__c is a text field marked as a unique external id"
        yield _wrong(subject, f"missing: {_listed(missing)}", fix)
    else:
        yield _fine(subject, "first touches, results and reported calls can be written")


def _person_accounts(reader: Reader, *, is_set: bool) -> Iterator[Finding]:
    are_used = PERSON_ACCOUNT in reader.describe(SObject.ACCOUNT)
    used, fix = ("uses", "on") if are_used else ("doesn't use", "off")
    if are_used == is_set:
        yield _fine("person accounts", f"the org {used} them, and routeready knows")
    else:
        sentence = f"the org {used} person accounts, and routeready is set otherwise"
        yield _wrong("person accounts", sentence, f"turn the setting for person accounts {fix}")


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
        fix = "correct the address in the policy's users, or create the user in Salesforce"
        yield _wrong("users", f"Salesforce has no user {_listed(unknown)}", fix)
    if inactive:
        fix = "take them out of the policy's pools and territories, or activate them"
        yield _wrong("users", f"inactive in Salesforce: {_listed(inactive)}", fix)
    if not unknown and not inactive:
        yield _fine("users", f"all {len(emails)} people of the policy are active users")


def _queues(
    groups: Sequence[Row], members: Sequence[Row], queues: Sequence[str]
) -> Iterator[Finding]:
    known = {row["DeveloperName"] for row in groups}
    for_leads = {row["QueueId"] for row in members}
    missing = [queue for queue in queues if queue not in known]
    unfit = [row["DeveloperName"] for row in groups if row["Id"] not in for_leads]
    if missing:
        fix = "create the queue in Salesforce's Setup, or correct its DeveloperName in the policy"
        yield _wrong("queues", f"Salesforce has no queue {_listed(missing)}", fix)
    if unfit:
        fix = "in Setup, Queues, add Lead to the queue's supported objects"
        yield _wrong("queues", f"these queues can't own leads: {_listed(unfit)}", fix)
    if not missing and not unfit:
        yield _fine("queues", f"all {len(queues)} queues are there and may own leads")


def _rule(rules: Sequence[Row], expected: Expected) -> Iterator[Finding]:
    names = _listed([row["Name"] for row in rules])
    if expected.salesforce_assigns and not rules:
        sentence = "the policy leaves leads to Salesforce's assignment rule, and none is active"
        yield _wrong("assignment rule", sentence, "activate a Lead assignment rule in Setup")
    elif expected.worker_assigns and rules:
        sentence = (
            f"the assignment rule {names} is active while routeready assigns too; routeready's own "
            "writes never start it, but Marketo's sync and other tools may"
        )
        fix = (
            "deactivate the rule, or let it only send new leads to the holding queue "
            "that the policy names under sync.unassigned_owners"
        )
        yield _wrong("assignment rule", sentence, fix)
    else:
        yield _fine("assignment rule", f"{names} is active" if rules else "none is active")


def _guard_rule(client: Client, guard: Guard) -> Iterator[Finding]:
    if guard is Guard.UNMODIFIED_SINCE:
        sentence = "owner writes are guarded by time, to the second, instead of by the rule"
        fix = "run `routeready setup salesforce` and set the guard to validation_rule"
        yield _wrong("owner guard", sentence, fix)
        return
    objects = ("Lead", "Contact")
    query = Query(select(GUARD_COLUMNS, SObject.VALIDATION_RULE, "Active = true"))
    try:
        rows = client.tooling_query(query)
    except (AuthError, RequestError) as error:
        sentence = f"can't tell whether the validation rule is there: {error.detail}"
        fix = (
            "look in Setup, Object Manager, Lead and Contact, Validation Rules; or grant the "
            "integration user View Setup and Configuration"
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
        sentence = f"no active routeready validation rule on {_listed(open_objects)}"
        fix = "run `routeready setup salesforce`, or set the guard to unmodified_since"
        yield _wrong("owner guard", sentence, fix)
    else:
        yield _fine("owner guard", "the validation rule is active on Lead and Contact")


def _clock(client: Client, now: datetime) -> Iterator[Finding]:
    if client.server_time is None:
        return
    skew = client.server_time - now
    seconds = round(abs(skew).total_seconds())
    if abs(skew) > TOLERATED_SKEW:
        sentence = f"this machine's clock and Salesforce's are {seconds} seconds apart"
        yield _wrong("clock", sentence, "let this machine set its clock by NTP")
    else:
        yield _fine("clock", f"the clocks are {seconds} seconds apart")


def _usage(client: Client) -> Iterator[Finding]:
    usage = client.usage
    if usage is None:
        return
    sentence = f"{usage.used:,} of {usage.limit:,} API calls used in the last 24 hours"
    if usage.used > usage.limit * TIGHT_USAGE:
        fix = "find the integration that uses most (Setup, API Usage), or buy more calls"
        yield _wrong("API calls", sentence, fix)
    else:
        yield _fine("API calls", sentence)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:LONGEST_LIST])
    rest = len(names) - LONGEST_LIST
    return f"{shown} and {rest} more" if rest > 0 else shown
