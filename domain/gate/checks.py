"""The route-ready gate: a pure function of snapshot and policy, every check with its sentence.

All checks are made, in the order of `CheckCode`; none stops the others. A failure that nothing
mends rejects the lead; one that somebody can mend parks it; else something still on its way lets
it wait; else it is ready.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from domain.gate.snapshot import Snapshot
from domain.gate.verdict import (
    CheckCode,
    CheckResult,
    Mend,
    Outcome,
    Park,
    Ready,
    Reject,
    Verdict,
    Wait,
)
from domain.lead.crm_records import CrmRecord, RecordKind
from domain.lead.match import ManyAccounts, ManyRecords, NoRecord, OneAccount, OneRecord
from domain.lead.model import Activity, FieldName, Lead
from domain.policy.facts import (
    Facts,
    explain,
    facts,
    holds,
    segment_of,
    with_segment,
    would_need,
)
from domain.policy.model import Policy, Segment
from domain.time.durations import format_duration
from domain.values import Scalar, Source

OVERDUE_LOOK = timedelta(hours=1)
"""How often a lead is looked at that is past its deadline and reported already."""
MARKETING_OPS = "marketing ops"
SALES_OPS = "sales ops"


@dataclass(frozen=True)
class Case:
    """One lead before the gate, with what several checks look at."""

    snapshot: Snapshot
    policy: Policy

    @property
    def lead(self) -> Lead:
        """The lead."""
        return self.snapshot.lead

    @cached_property
    def _own_facts(self) -> Facts:
        snapshot = self.snapshot
        return facts(snapshot.lead, snapshot.cycle.trigger, self.policy, snapshot.match)

    @cached_property
    def segment(self) -> Segment:
        """The lead's segment."""
        return segment_of(self._own_facts, self.policy)

    @cached_property
    def facts(self) -> Facts:
        """What the policy's conditions speak of."""
        return with_segment(self._own_facts, self.segment)

    @cached_property
    def intent(self) -> tuple[Activity, ...]:
        """High-intent activities within the policy's window."""
        since = self.snapshot.at - self.policy.gate.intent_window
        wanted = {
            (kind.strip().casefold(), name.strip().casefold())
            for kind, _, name in (one.partition(":") for one in self.policy.gate.intent_activities)
        }
        return tuple(
            one
            for one in self.snapshot.activities
            if one.at >= since
            and not wanted.isdisjoint(
                ((one.type.casefold(), ""), (one.type.casefold(), one.name.casefold()))
            )
        )


def judge(snapshot: Snapshot, policy: Policy) -> Verdict:
    """Whether a lead is route-ready, with all checks and the verdict in one sentence."""
    case = Case(snapshot, policy)
    checks = tuple(check(case) for check in CHECKS)
    failed = [check for check in checks if check.outcome is Outcome.FAIL]
    final = [check for check in failed if check.mend is None]
    waits = [check for check in checks if check.outcome is Outcome.WAIT]
    segment = case.segment.name
    if final:
        return Reject(checks=checks, segment=segment, sentence=_sentences(final))
    if failed:
        mends = tuple(check.mend for check in failed if check.mend is not None)
        return Park(checks=checks, segment=segment, sentence=_sentences(failed), mends=mends)
    if waits:
        return _wait(case, checks, waits)
    return Ready(checks=checks, segment=segment, sentence=_why_ready(checks))


def _sentences(checks: list[CheckResult]) -> str:
    return " ".join(check.sentence for check in checks)


def _why_ready(checks: tuple[CheckResult, ...]) -> str:
    qualified = next(check for check in checks if check.code is CheckCode.QUALIFIED)
    return f"Route-ready: {qualified.sentence}"


def _wait(case: Case, checks: tuple[CheckResult, ...], waits: list[CheckResult]) -> Wait:
    now, gate = case.snapshot.at, case.policy.gate
    deadline = case.snapshot.cycle.opened_at + gate.wait_for_sync
    looks = [check.look_at for check in waits if check.look_at is not None]
    look_at = min(looks, default=now + gate.look_again)
    return Wait(
        checks=checks,
        segment=case.segment.name,
        sentence=_sentences(waits),
        look_at=min(look_at, deadline) if now < deadline else look_at,
        deadline=deadline,
        overdue=now >= deadline,
    )


def _pass(code: CheckCode, sentence: str, **seen: str) -> CheckResult:
    return CheckResult(code=code, outcome=Outcome.PASS, sentence=sentence, seen=seen)


def _skip(code: CheckCode, sentence: str) -> CheckResult:
    return CheckResult(code=code, outcome=Outcome.NOT_APPLICABLE, sentence=sentence)


def _fail(
    code: CheckCode, sentence: str, mend: Mend | None = None, seen: Mapping[str, str] | None = None
) -> CheckResult:
    return CheckResult(
        code=code, outcome=Outcome.FAIL, sentence=sentence, mend=mend, seen=seen or {}
    )


def _trigger(case: Case) -> CheckResult:
    code, trigger, gate = CheckCode.TRIGGER, case.snapshot.cycle.trigger, case.policy.gate
    before = case.snapshot.conditions.previous_trigger_at
    sentence = f"Came up because it {trigger.sentence}."
    if (
        before is not None
        and trigger.kind not in gate.cool_down_exceptions
        and trigger.at < before + gate.cool_down
    ):
        until = before + gate.cool_down
        return _fail(code, f"Came up again inside the cool-down until {until:%d %b %Y}.")
    return _pass(code, sentence, kind=trigger.kind, activity=trigger.activity_id)


def _identity(case: Case) -> CheckResult:
    code, lead, gate = CheckCode.IDENTITY, case.lead, case.policy.gate
    email, kind = lead.text(FieldName.EMAIL), lead.text(FieldName.EMAIL_KIND)
    ask = Mend(who=MARKETING_OPS, what="find a working business e-mail address")
    if email is None and kind is None:
        return _skip(code, "There is no e-mail address to look at.")
    seen = {"email_kind": kind or ""}
    if kind == "invalid":
        return _fail(code, "The e-mail address is not valid.", ask, seen)
    if kind == "disposable":
        return _fail(code, "The e-mail address is disposable.", None, seen)
    if kind == "role" and gate.role_accounts == "refuse":
        return _fail(code, "The e-mail address belongs to a role, not a person.", ask, seen)
    if lead.holds(FieldName.EMAIL_INVALID):
        return _fail(code, "Marketo says that mail to this address bounces.", ask, seen)
    if kind == "free" and gate.free_mail == "refuse":
        return _fail(code, "The e-mail address is a personal one.", None, seen)
    if kind == "free" and gate.free_mail == "company_required" and not lead.text(FieldName.COMPANY):
        what = Mend(who=MARKETING_OPS, what="find out the company", missing=("company",))
        return _fail(code, "A personal e-mail address and no company.", what, seen)
    return _pass(code, f"The e-mail address is valid ({kind}).", **seen)


def _required(case: Case) -> CheckResult:
    code, lead, gate = CheckCode.REQUIRED_FIELDS, case.lead, case.policy.gate
    wanted = dict.fromkeys((*gate.required, *case.segment.required))
    if lead.text(FieldName.COUNTRY) in gate.state_required_in:
        wanted[FieldName.STATE] = None
    missing = [name for name in wanted if lead.text(name) is None]
    if not missing:
        return _pass(code, f"All {len(wanted)} required fields are there.")
    said = [one.sentence for one in lead.problems if one.field in missing]
    names = ", ".join(name.replace("_", " ") for name in missing)
    sentence = " ".join([f"Missing: {names}.", *said])
    mend = Mend(who=MARKETING_OPS, what=f"add {names} in Marketo", missing=tuple(missing))
    return _fail(code, sentence, mend)


def _consent(case: Case) -> CheckResult:
    code, lead = CheckCode.CONSENT, case.lead
    if case.segment.call_first and lead.holds(FieldName.DO_NOT_CALL):
        return _fail(code, "Asked not to be called, and this segment calls first.")
    if not case.segment.call_first and lead.holds(FieldName.UNSUBSCRIBED):
        return _fail(code, "Unsubscribed from e-mail.")
    if lead.holds(FieldName.MARKETING_SUSPENDED):
        mend = Mend(who=MARKETING_OPS, what="lift the suspension in Marketo, if it is right to")
        return _fail(code, "Marketing is suspended for this person.", mend)
    needed = _needs_basis(case)
    if needed is not None and lead.text(FieldName.CONSENT_BASIS) is None:
        mend = Mend(who=MARKETING_OPS, what="record the consent basis", missing=("consent_basis",))
        return _fail(code, f"{needed} needs a recorded consent basis, and there is none.", mend)
    return _pass(code, "May be contacted.")


def _needs_basis(case: Case) -> str | None:
    """Where the policy asks for a recorded consent basis; a country we don't know may be one."""
    asked = case.policy.gate.consent_basis_required_in
    country = case.lead.text(FieldName.COUNTRY)
    if asked and country is None:
        return "An unknown country"
    places = (country, case.policy.region_of(country))
    return next((place for place in places if place in asked), None)


def _not_excluded(case: Case) -> CheckResult:
    code, lead, gate = CheckCode.NOT_EXCLUDED, case.lead, case.policy.gate
    host = (lead.text(FieldName.EMAIL) or "").rpartition("@")[2]
    hosts = [one for one in (host, lead.text(FieldName.DOMAIN)) if one]
    own, excluded = _within(hosts, gate.own_domains), _within(hosts, gate.excluded_domains)
    if own is not None:
        return _fail(code, "One of our own people.", seen={"domain": own})
    if excluded is not None:
        sentence = f"{excluded} is on the list of excluded domains."
        return _fail(code, sentence, seen={"domain": excluded})
    names = (FieldName.FIRST_NAME, FieldName.LAST_NAME, FieldName.COMPANY)
    words = {word.casefold() for word in gate.test_words}
    for name in names:
        text = lead.text(name)
        if text is not None and text.casefold() in words:
            return _fail(code, f"A test: the {name.replace('_', ' ')} is {text!r}.")
    if lead.text(FieldName.SENIORITY) == "student" and gate.students == "refuse":
        title = lead.text(FieldName.TITLE)
        return _fail(code, f"A student, by the title {title!r}." if title else "A student.")
    ticked = _ticked_in(case)
    if ticked is not None:
        mend = Mend(who=SALES_OPS, what=f"untick Do Not Route in {ticked}, if it is right to")
        return _fail(code, f"Somebody ticked Do Not Route in {ticked}.", mend)
    return _pass(code, "Not an employee, competitor, student or test.")


def _ticked_in(case: Case) -> str | None:
    """Which system says that nobody is to be given this lead; None when none does."""
    person = case.snapshot.match.person
    if isinstance(person, OneRecord) and person.record.do_not_route:
        return "Salesforce"
    if case.lead.holds(FieldName.DO_NOT_ROUTE):
        said = case.lead.source(FieldName.DO_NOT_ROUTE)
        return "Salesforce" if said is Source.SALESFORCE else "Marketo"
    return None


def _within(hosts: list[str], domains: tuple[str, ...]) -> str | None:
    """The first host that is one of the domains, or within one; None when none is."""
    listed = [domain.casefold() for domain in domains]
    return next(
        (
            host
            for host in hosts
            if any(host == domain or host.endswith(f".{domain}") for domain in listed)
        ),
        None,
    )


def _qualified(case: Case) -> CheckResult:
    code, count = CheckCode.QUALIFIED, len(case.intent)
    for rule in case.policy.gate.qualified:
        if count >= rule.intent_activities and holds(rule.when, case.facts):
            tier = case.lead.text(FieldName.ICP_TIER)
            parts = [f"ICP tier {tier}"] if tier else []
            if count:
                some = "activity" if count == 1 else "activities"
                window = _span(case.policy.gate.intent_window)
                parts.append(f"{count} high-intent {some} in {window}")
            parts.append(case.snapshot.cycle.trigger.sentence)
            because = f" ({explain(rule.when, case.facts)})" if rule.when else ""
            sentence = f"{' + '.join(parts)}: {rule.name}{because}."
            return _pass(code, sentence, rule=rule.name, intent=str(count))
    return _unqualified(case, count)


def _unqualified(case: Case, count: int) -> CheckResult:
    """Final, unless a field that nobody knows yet could still make a rule fit."""
    rules, seen = case.policy.gate.qualified, {"intent": str(count)}
    sentence = f"Fits none of: {', '.join(rule.name for rule in rules)}."
    for rule in rules:
        needed = would_need(rule.when, case.facts, case.policy)
        if needed and count >= rule.intent_activities:
            names = ", ".join(name.replace("_", " ") for name in needed)
            mend = Mend(who=MARKETING_OPS, what=f"add {names} in Marketo", missing=needed)
            told = f"{sentence} It may be {rule.name!r}, but this is unknown: {names}."
            return _fail(CheckCode.QUALIFIED, told, mend, seen)
    return _fail(CheckCode.QUALIFIED, sentence, seen=seen)


def _span(duration: timedelta) -> str:
    hours, days = duration // timedelta(hours=1), duration.days
    if timedelta(days=days) == duration:
        return "1 day" if days == 1 else f"{days} days"
    return "1 hour" if hours == 1 else f"{hours} hours"


def _deduped(case: Case) -> CheckResult:
    code, snapshot = CheckCode.DEDUPED, case.snapshot
    doubles = snapshot.conditions.other_people
    person = snapshot.match.person
    if doubles:
        others = ", ".join(doubles)
        mend = Mend(who=MARKETING_OPS, what=f"merge with Marketo person {others}")
        return _fail(code, f"Marketo has the same e-mail address on person {others} too.", mend)
    if isinstance(person, ManyRecords):
        ids = ", ".join(record.id for record in person.records)
        mend = Mend(who=SALES_OPS, what=f"merge or convert in Salesforce: {ids}")
        return _fail(code, person.sentence, mend)
    return _pass(code, "No unresolved duplicate.")


def _match_resolved(case: Case) -> CheckResult:
    code, account = CheckCode.MATCH_RESOLVED, case.snapshot.match.account
    if isinstance(account, ManyAccounts):
        ids = ", ".join(one.id for one in account.accounts)
        mend = Mend(who=SALES_OPS, what=f"choose or merge the accounts: {ids}")
        return _fail(code, account.sentence, mend)
    company = "No account in Salesforce matches."
    if isinstance(account, OneAccount):
        company = f"The account is {account.account.name} ({account.by})."
    person = case.snapshot.match.person
    if isinstance(person, OneRecord):
        company = f"The record is {person.record.kind} {person.record.id} ({person.by}). {company}"
    return _pass(code, company)


_SYNC_NEEDS = (FieldName.LAST_NAME, FieldName.COMPANY)
"""Adobe: Sync Person to SFDC needs these; without them Salesforce refuses the Lead."""
_MARKETOS_OWN = frozenset({Source.MARKETO, Source.FORM, Source.PERSON})


def _crm_present(case: Case) -> CheckResult:
    code, snapshot = CheckCode.CRM_PRESENT, case.snapshot
    person = snapshot.match.person
    if not isinstance(person, NoRecord):
        return _pass(code, "The Salesforce record exists.")
    link = case.lead.link
    unsynced = [name for name in _SYNC_NEEDS if case.lead.source(name) not in _MARKETOS_OWN]
    if unsynced and link is None:
        names = " and ".join(name.replace("_", " ") for name in unsynced)
        mend = Mend(who=MARKETING_OPS, what=f"add the {names} in Marketo", missing=tuple(unsynced))
        sentence = f"Marketo can't sync it to Salesforce without the {names}."
        return _fail(code, sentence, mend)
    overdue = snapshot.at >= snapshot.cycle.opened_at + case.policy.gate.wait_for_sync
    look_at = snapshot.at + (OVERDUE_LOOK if overdue else case.policy.gate.look_again)
    return CheckResult(
        code=code, outcome=Outcome.WAIT, sentence=_why_absent(snapshot), look_at=look_at
    )


def _why_absent(snapshot: Snapshot) -> str:
    link, requested = snapshot.lead.link, snapshot.conditions.sync_requested_at
    if link is not None:
        what = f"{link.kind} {link.record_id}"
        return (
            f"Marketo says it is {what}, which Salesforce doesn't show: deleted, merged or hidden."
        )
    if requested is not None:
        return f"Not in Salesforce yet; the sync was requested at {_clock(requested)}."
    return "Not in Salesforce yet; Marketo's sync brings it."


def _clock(instant: datetime) -> str:
    return f"{instant:%H:%M} UTC"


def _fresh(case: Case) -> CheckResult:
    code, snapshot, gate = CheckCode.FRESH, case.snapshot, case.policy.gate
    person = snapshot.match.person
    if not isinstance(person, OneRecord):
        return _skip(code, "There is no Salesforce record to compare with.")
    changed, copied = snapshot.lead.updated_at, person.record.modified_at
    if copied >= changed:
        return _pass(code, "Salesforce's copy is as new as Marketo's.")
    differing = _differing(snapshot.lead, person.record)
    if not differing:
        return _pass(code, "Salesforce's copy says the same as Marketo.")
    names = ", ".join(differing)
    patience = changed + gate.stale_after
    if snapshot.at >= patience:
        waited = format_duration(gate.stale_after)
        sentence = f"Salesforce's copy still differs after {waited} ({names}); not waiting longer."
        return _pass(code, sentence, differing=names)
    return CheckResult(
        code=code,
        outcome=Outcome.WAIT,
        sentence=f"Marketo changed at {_clock(changed)}, Salesforce doesn't show it yet ({names}).",
        seen={"differing": names},
        look_at=min(snapshot.at + gate.look_again, patience),
    )


def _differing(lead: Lead, record: CrmRecord) -> list[str]:
    """The fields that routing decides on of which Marketo tells another value than Salesforce.

    What another source told is none of the sync's business. A contact has no company of its own.
    """
    deciding = [FieldName.COUNTRY, FieldName.STATE]
    if record.kind is RecordKind.LEAD:
        deciding.append(FieldName.COMPANY)
    own = [name for name in deciding if lead.source(name) in _MARKETOS_OWN]
    return [name.value for name in own if not _alike(lead.text(name), record.values.get(name))]


def _alike(text: str | None, value: Scalar | None) -> bool:
    return (text or "").casefold() == ("" if value is None else str(value)).casefold()


def _not_held(case: Case) -> CheckResult:
    code, held = CheckCode.NOT_HELD, case.snapshot.conditions.held_by
    if held is None:
        return _pass(code, "Nobody holds it back.")
    end = "" if held.endswith((".", "!", "?")) else "."
    mend = Mend(who=held.partition(":")[0], what="release it")
    return _fail(code, f"On hold by {held}{end}", mend)


CHECKS: tuple[Callable[[Case], CheckResult], ...] = (
    _trigger,
    _identity,
    _required,
    _consent,
    _not_excluded,
    _qualified,
    _deduped,
    _match_resolved,
    _crm_present,
    _fresh,
    _not_held,
)
