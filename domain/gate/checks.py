"""The route-ready gate: a pure function of snapshot and policy, every check with its reason.

All checks are made, in the order of `CheckCode`; none stops the others. A failure that nobody can
fix rejects the lead; one that somebody can fix parks it; else something still on its way lets it
wait; else it is ready.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Literal

from domain.gate.reasons import (
    AccountRef,
    AllRequired,
    CannotSync,
    CoolingDown,
    DoNotRoute,
    DoublePeople,
    ExcludedDomain,
    Held,
    Hidden,
    Matched,
    MissingFields,
    NoConsentBasis,
    NotCopied,
    Plain,
    PlainCode,
    Qualified,
    Reason,
    RecordRef,
    SeveralAccounts,
    SeveralRecords,
    StillDiffers,
    Student,
    SyncRequested,
    TestWord,
    Triggered,
    Unqualified,
    ValidEmail,
)
from domain.gate.snapshot import Snapshot
from domain.gate.verdict import (
    CheckCode,
    CheckResult,
    Fix,
    Outcome,
    Park,
    Ready,
    Reject,
    Remedy,
    Team,
    Verdict,
    Wait,
)
from domain.intake.normalization.written import in_unicode
from domain.lead.crm_records import CrmRecord, RecordKind
from domain.lead.match import ManyAccounts, ManyRecords, NoRecord, OneAccount, OneRecord
from domain.lead.model import Activity, FieldName, Lead, Misread
from domain.policy.facts import (
    Facts,
    facts,
    holds,
    looked_at,
    segment_of,
    with_segment,
    would_need,
)
from domain.policy.model import Policy, Segment
from domain.values import Scalar, Source

OVERDUE_LOOK = timedelta(hours=1)
"""How often a lead is looked at that is past its deadline and reported already."""


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
    """Whether a lead is route-ready, with all checks."""
    case = Case(snapshot, policy)
    checks = tuple(check(case) for check in CHECKS)
    failed = [check for check in checks if check.outcome is Outcome.FAIL]
    waits = [check for check in checks if check.outcome is Outcome.WAIT]
    segment = case.segment.name
    if any(check.remedy is None for check in failed):
        return Reject(checks=checks, segment=segment)
    if failed:
        remedies = tuple(check.remedy for check in failed if check.remedy is not None)
        return Park(checks=checks, segment=segment, remedies=remedies)
    if waits:
        return _wait(case, checks, waits)
    return Ready(checks=checks, segment=segment)


def _wait(case: Case, checks: tuple[CheckResult, ...], waits: list[CheckResult]) -> Wait:
    now, gate = case.snapshot.at, case.policy.gate
    deadline = case.snapshot.cycle.opened_at + gate.wait_for_sync
    looks = [check.look_at for check in waits if check.look_at is not None]
    look_at = min(looks, default=now + gate.look_again)
    return Wait(
        checks=checks,
        segment=case.segment.name,
        look_at=min(look_at, deadline) if now < deadline else look_at,
        deadline=deadline,
        overdue=now >= deadline,
    )


def _because(why: Reason | PlainCode) -> Reason:
    return Plain(code=why) if isinstance(why, PlainCode) else why


def _pass(code: CheckCode, why: Reason | PlainCode) -> CheckResult:
    return CheckResult(code=code, outcome=Outcome.PASS, why=_because(why))


def _skip(code: CheckCode, why: PlainCode) -> CheckResult:
    return CheckResult(code=code, outcome=Outcome.NOT_APPLICABLE, why=_because(why))


def _fail(code: CheckCode, why: Reason | PlainCode, remedy: Remedy | None = None) -> CheckResult:
    return CheckResult(code=code, outcome=Outcome.FAIL, why=_because(why), remedy=remedy)


def _trigger(case: Case) -> CheckResult:
    code, trigger, gate = CheckCode.TRIGGER, case.snapshot.cycle.trigger, case.policy.gate
    before = case.snapshot.conditions.previous_trigger_at
    if (
        before is not None
        and trigger.kind not in gate.cool_down_exceptions
        and trigger.at < before + gate.cool_down
    ):
        return _fail(code, CoolingDown(until=before + gate.cool_down))
    return _pass(code, Triggered(fact=trigger.fact))


def _identity(case: Case) -> CheckResult:
    code, lead, gate = CheckCode.IDENTITY, case.lead, case.policy.gate
    email, kind = lead.text(FieldName.EMAIL), lead.text(FieldName.EMAIL_KIND)
    ask = Remedy(team=Team.MARKETING_OPS, what=Fix.FIND_EMAIL)
    if email is None and kind is None:
        return _skip(code, PlainCode.NO_EMAIL)
    if kind == "invalid":
        slip = any(one.why is Misread.MISSPELLED_EMAIL for one in lead.problems)
        why = PlainCode.MISSPELLED_EMAIL if slip else PlainCode.INVALID_EMAIL
        return _fail(code, why, ask)
    if kind == "disposable":
        return _fail(code, PlainCode.DISPOSABLE_EMAIL)
    if kind == "role" and gate.role_accounts == "refuse":
        return _fail(code, PlainCode.ROLE_EMAIL, ask)
    if lead.holds(FieldName.EMAIL_INVALID):
        return _fail(code, PlainCode.BOUNCING_EMAIL, ask)
    if kind == "free" and gate.free_mail == "refuse":
        return _fail(code, PlainCode.PERSONAL_EMAIL)
    if kind == "free" and gate.free_mail == "company_required" and not lead.text(FieldName.COMPANY):
        find = Remedy(team=Team.MARKETING_OPS, what=Fix.FIND_COMPANY, missing=("company",))
        return _fail(code, PlainCode.PERSONAL_EMAIL_NO_COMPANY, find)
    return _pass(code, ValidEmail(email_kind=kind))


def _required(case: Case) -> CheckResult:
    code, lead, gate = CheckCode.REQUIRED_FIELDS, case.lead, case.policy.gate
    wanted = dict.fromkeys((*gate.required, *case.segment.required))
    if lead.text(FieldName.COUNTRY) in gate.state_required_in:
        wanted[FieldName.STATE] = None
    missing = tuple(name for name in wanted if lead.text(name) is None)
    if not missing:
        return _pass(code, AllRequired(count=len(wanted)))
    problems = tuple(one for one in lead.problems if one.field in missing)
    add = Remedy(team=Team.MARKETING_OPS, what=Fix.ADD_FIELDS, missing=missing)
    return _fail(code, MissingFields(fields=missing, problems=problems), add)


def _consent(case: Case) -> CheckResult:
    code, lead = CheckCode.CONSENT, case.lead
    if case.segment.call_first and lead.holds(FieldName.DO_NOT_CALL):
        return _fail(code, PlainCode.DO_NOT_CALL)
    if not case.segment.call_first and lead.holds(FieldName.UNSUBSCRIBED):
        return _fail(code, PlainCode.UNSUBSCRIBED)
    if lead.holds(FieldName.MARKETING_SUSPENDED):
        lift = Remedy(team=Team.MARKETING_OPS, what=Fix.LIFT_SUSPENSION)
        return _fail(code, PlainCode.MARKETING_SUSPENDED, lift)
    asked = case.policy.gate.consent_basis_required_in
    if not asked or lead.text(FieldName.CONSENT_BASIS) is not None:
        return _pass(code, PlainCode.CONTACTABLE)
    country = lead.text(FieldName.COUNTRY)
    places = (country, case.policy.region_of(country))
    place = next((one for one in places if one in asked), None)
    if country is not None and place is None:
        return _pass(code, PlainCode.CONTACTABLE)
    record = Remedy(team=Team.MARKETING_OPS, what=Fix.RECORD_CONSENT, missing=("consent_basis",))
    return _fail(code, NoConsentBasis(place=place), record)


def _not_excluded(case: Case) -> CheckResult:
    code, lead, gate = CheckCode.NOT_EXCLUDED, case.lead, case.policy.gate
    host = (lead.text(FieldName.EMAIL) or "").rpartition("@")[2]
    hosts = [one for one in (host, lead.text(FieldName.DOMAIN)) if one]
    own, excluded = _within(hosts, gate.own_domains), _within(hosts, gate.excluded_domains)
    if own is not None:
        return _fail(code, ExcludedDomain(domain=own, is_own=True))
    if excluded is not None:
        return _fail(code, ExcludedDomain(domain=excluded, is_own=False))
    test = _test_word(lead, gate.test_words)
    if test is not None:
        return _fail(code, test)
    if lead.text(FieldName.SENIORITY) == "student" and gate.students == "refuse":
        return _fail(code, Student(title=lead.text(FieldName.TITLE)))
    system = _ticked_in(case)
    if system is not None:
        what = Fix.UNTICK_IN_SALESFORCE if system == "Salesforce" else Fix.UNTICK_IN_MARKETO
        return _fail(code, DoNotRoute(system=system), Remedy(team=Team.SALES_OPS, what=what))
    return _pass(code, PlainCode.NOT_EXCLUDED)


def _test_word(lead: Lead, test_words: Sequence[str]) -> TestWord | None:
    """The field that says that somebody tried something out.

    People are called Test: a last name alone says so only without a company.
    """
    words = {word.casefold() for word in test_words}
    for name in (FieldName.FIRST_NAME, FieldName.LAST_NAME, FieldName.COMPANY):
        text = lead.text(name)
        is_name = name is FieldName.LAST_NAME and lead.text(FieldName.COMPANY) is not None
        if text is not None and text.casefold() in words and not is_name:
            return TestWord(field=name, text=text)
    for one in lead.problems:
        if one.field is FieldName.COMPANY and one.value.casefold() in words:
            return TestWord(field=FieldName.COMPANY, text=one.value)
    return None


def _ticked_in(case: Case) -> Literal["Marketo", "Salesforce"] | None:
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
    listed = [in_unicode(domain) for domain in domains]
    return next(
        (
            host
            for host in hosts
            if any(host == domain or host.endswith(f".{domain}") for domain in listed)
        ),
        None,
    )


def _qualified(case: Case) -> CheckResult:
    gate, count = case.policy.gate, len(case.intent)
    for rule in gate.qualified:
        if count >= rule.intent_activities and holds(rule.when, case.facts):
            why = Qualified(
                rule=rule.name,
                facts=looked_at(rule.when, case.facts),
                tier=case.lead.text(FieldName.ICP_TIER),
                intent=count,
                window=gate.intent_window,
                trigger=case.snapshot.cycle.trigger.fact,
            )
            return _pass(CheckCode.QUALIFIED, why)
    return _unqualified(case, count)


def _unqualified(case: Case, count: int) -> CheckResult:
    """Final, unless a field that nobody knows yet could still make a rule fit."""
    rules = case.policy.gate.qualified
    why = Unqualified(rules=tuple(rule.name for rule in rules), intent=count)
    for rule in rules:
        needed = would_need(rule.when, case.facts, case.policy)
        if needed and count >= rule.intent_activities:
            add = Remedy(team=Team.MARKETING_OPS, what=Fix.ADD_FIELDS, missing=needed)
            near = why.model_copy(update={"nearest": rule.name, "unknown": needed})
            return _fail(CheckCode.QUALIFIED, near, add)
    return _fail(CheckCode.QUALIFIED, why)


def _deduped(case: Case) -> CheckResult:
    code, snapshot = CheckCode.DEDUPED, case.snapshot
    doubles = snapshot.conditions.other_people
    person = snapshot.match.person
    if doubles:
        merge = Remedy(team=Team.MARKETING_OPS, what=Fix.MERGE_PEOPLE, ids=doubles)
        return _fail(code, DoublePeople(people=doubles), merge)
    if isinstance(person, ManyRecords):
        ids = tuple(record.id for record in person.records)
        merge = Remedy(team=Team.SALES_OPS, what=Fix.MERGE_RECORDS, ids=ids)
        if person.only_converted:
            return _fail(code, PlainCode.ONLY_CONVERTED, merge)
        return _fail(code, SeveralRecords(records=tuple(map(_ref, person.records))), merge)
    return _pass(code, PlainCode.NO_DUPLICATE)


def _ref(record: CrmRecord) -> RecordRef:
    return RecordRef(object=record.kind, id=record.id)


def _match_resolved(case: Case) -> CheckResult:
    code, account = CheckCode.MATCH_RESOLVED, case.snapshot.match.account
    if isinstance(account, ManyAccounts):
        refs = tuple(AccountRef(id=one.id, name=one.name) for one in account.accounts)
        ids = tuple(one.id for one in refs)
        choose = Remedy(team=Team.SALES_OPS, what=Fix.CHOOSE_ACCOUNT, ids=ids)
        return _fail(code, SeveralAccounts(accounts=refs, by=account.by), choose)
    found = Matched()
    if isinstance(account, OneAccount):
        found = Matched(account=account.account.name, account_by=account.by)
    person = case.snapshot.match.person
    if isinstance(person, OneRecord):
        whose = {"record": _ref(person.record), "record_by": person.by}
        found = found.model_copy(update=whose)
    return _pass(code, found)


_SYNC_NEEDS = (FieldName.LAST_NAME, FieldName.COMPANY)
"""Adobe: Sync Person to SFDC needs these; without them Salesforce refuses the Lead."""
_MARKETOS_OWN = frozenset({Source.MARKETO, Source.FORM, Source.PERSON})


def _crm_present(case: Case) -> CheckResult:
    code, snapshot = CheckCode.CRM_PRESENT, case.snapshot
    person = snapshot.match.person
    if not isinstance(person, NoRecord):
        return _pass(code, PlainCode.RECORD_EXISTS)
    link = case.lead.link
    unsynced = tuple(name for name in _SYNC_NEEDS if case.lead.source(name) not in _MARKETOS_OWN)
    if unsynced and link is None:
        add = Remedy(team=Team.MARKETING_OPS, what=Fix.ADD_FIELDS_TO_SYNC, missing=unsynced)
        return _fail(code, CannotSync(fields=unsynced), add)
    overdue = snapshot.at >= snapshot.cycle.opened_at + case.policy.gate.wait_for_sync
    look_at = snapshot.at + (OVERDUE_LOOK if overdue else case.policy.gate.look_again)
    return CheckResult(code=code, outcome=Outcome.WAIT, why=_why_absent(snapshot), look_at=look_at)


def _why_absent(snapshot: Snapshot) -> Reason:
    link, requested = snapshot.lead.link, snapshot.conditions.sync_requested_at
    if link is not None:
        return Hidden(object=link.kind, id=link.record_id)
    return Plain(code=PlainCode.SYNC_PENDING) if requested is None else SyncRequested(at=requested)


def _fresh(case: Case) -> CheckResult:
    code, snapshot, gate = CheckCode.FRESH, case.snapshot, case.policy.gate
    person = snapshot.match.person
    if not isinstance(person, OneRecord):
        return _skip(code, PlainCode.NOTHING_TO_COMPARE)
    changed, copied = snapshot.lead.updated_at, person.record.modified_at
    if copied >= changed:
        return _pass(code, PlainCode.COPY_IS_NEWER)
    differing = _differing(snapshot.lead, person.record)
    if not differing:
        return _pass(code, PlainCode.COPY_IS_ALIKE)
    patience = changed + gate.stale_after
    if snapshot.at >= patience:
        return _pass(code, StillDiffers(fields=differing, waited=gate.stale_after))
    return CheckResult(
        code=code,
        outcome=Outcome.WAIT,
        why=NotCopied(fields=differing, changed_at=changed),
        look_at=min(snapshot.at + gate.look_again, patience),
    )


def _differing(lead: Lead, record: CrmRecord) -> tuple[str, ...]:
    """The fields that routing decides on of which Marketo tells another value than Salesforce.

    What another source told is none of the sync's business. A contact has no company of its own.
    """
    deciding = [FieldName.COUNTRY, FieldName.STATE]
    if record.kind is RecordKind.LEAD:
        deciding.append(FieldName.COMPANY)
    own = [name for name in deciding if lead.source(name) in _MARKETOS_OWN]
    return tuple(name.value for name in own if not _alike(lead.text(name), record.values.get(name)))


def _alike(text: str | None, value: Scalar | None) -> bool:
    return (text or "").casefold() == ("" if value is None else str(value)).casefold()


def _not_held(case: Case) -> CheckResult:
    code, held = CheckCode.NOT_HELD, case.snapshot.conditions.held
    if held is None:
        return _pass(code, PlainCode.NOT_HELD)
    release = Remedy(person=held.by, what=Fix.RELEASE)
    return _fail(code, Held(by=held.by, reason=held.reason), release)


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
