"""When a lead may be routed: each check, and what follows from all of them."""

from datetime import timedelta
from typing import Any

import pytest

from domain.gate import reasons
from domain.gate.checks import judge
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
    Triggered,
    Unqualified,
    ValidEmail,
)
from domain.gate.snapshot import Snapshot
from domain.gate.verdict import (
    CheckCode,
    CheckResult,
    Fix,
    Judged,
    Outcome,
    Park,
    Ready,
    Reject,
    Remedy,
    Team,
    Wait,
    in_short,
)
from domain.lead.crm_records import RecordKind
from domain.lead.match import ManyAccounts, ManyRecords, NoRecord, PersonBasis
from domain.lead.model import (
    Conditions,
    CrmLink,
    FieldName,
    Lead,
    Misread,
    OnHold,
    Problem,
    TriggerKind,
)
from domain.policy.facts import Known
from domain.policy.model import Policy
from domain.values import LeadKey, RecordId, Source
from tests.support.builders import (
    ASKED,
    BY_DOMAIN,
    NOW,
    account,
    activity,
    gate,
    lead,
    one_account,
    one_record,
    policy,
    record,
    snapshot,
    user_owner,
)

MINUTES = timedelta(minutes=1)
ANA = user_owner("ana@meridian.example")
HOLD = OnHold(by="Marta", reason="asks first")
FIND_EMAIL = Remedy(team=Team.MARKETING_OPS, what=Fix.FIND_EMAIL)
FIND_COMPANY = Remedy(team=Team.MARKETING_OPS, what=Fix.FIND_COMPANY, missing=("company",))
LIFT = Remedy(team=Team.MARKETING_OPS, what=Fix.LIFT_SUSPENSION)
RECORD_CONSENT = Remedy(
    team=Team.MARKETING_OPS, what=Fix.RECORD_CONSENT, missing=("consent_basis",)
)
UNTICK_IN_MARKETO = Remedy(team=Team.SALES_OPS, what=Fix.UNTICK_IN_MARKETO)
UNTICK_IN_SALESFORCE = Remedy(team=Team.SALES_OPS, what=Fix.UNTICK_IN_SALESFORCE)
RELEASE = Remedy(person="Marta", what=Fix.RELEASE)


def add(*missing: str) -> Remedy:
    """What marketing ops does about fields that are missing."""
    return Remedy(team=Team.MARKETING_OPS, what=Fix.ADD_FIELDS, missing=missing)


def check(code: CheckCode, seen: Snapshot, rules: Policy | None = None) -> CheckResult:
    """One check of a verdict."""
    return next(one for one in judge(seen, rules or policy()).checks if one.code is code)


def plain(code: PlainCode) -> Plain:
    """A reason without particulars."""
    return Plain(code=code)


def passed(code: CheckCode, why: Reason) -> CheckResult:
    """A check that passed."""
    return CheckResult(code=code, outcome=Outcome.PASS, why=why)


def failed(code: CheckCode, why: Reason, remedy: Remedy | None = None) -> CheckResult:
    """A check that failed; without a remedy for good."""
    return CheckResult(code=code, outcome=Outcome.FAIL, why=why, remedy=remedy)


def test_every_check_is_told_in_its_order() -> None:
    """None stops another, and the order is that of the codes."""
    worst = snapshot(
        lead(email="a@b", email_kind="disposable", company=None, unsubscribed=True),
        person=NoRecord(),
        conditions=Conditions(held=HOLD),
    )
    assert tuple(CheckCode) == tuple(one.code for one in judge(worst, policy()).checks)


def test_a_lead_is_ready_when_nothing_speaks_against_it() -> None:
    """What it rests on is the rule that fits, with all that the rule looked at."""
    verdict = judge(snapshot(), policy())
    assert isinstance(verdict, Ready)
    why = Qualified(
        rule="asked",
        facts=(Known(fact="trigger", value="hand_raise"),),
        tier="B",
        intent=0,
        window=timedelta(days=7),
        trigger=ASKED,
    )
    assert Judged(verdict="READY", why=(why,)) == in_short(verdict)


def test_what_nothing_fixes_rejects_even_when_something_else_could_be_fixed() -> None:
    """A disposable address ends the cycle, whatever is missing besides; only it is named."""
    verdict = judge(snapshot(lead(email_kind="disposable", last_name=None)), policy())
    assert isinstance(verdict, Reject)
    why = plain(PlainCode.DISPOSABLE_EMAIL)
    assert Judged(verdict="REJECT", why=(why,)) == in_short(verdict)


def test_what_can_be_fixed_parks_even_when_something_is_still_on_its_way() -> None:
    """All who can fix something are named, with what, and nothing that is only waited for."""
    hold = Conditions(held=HOLD)
    verdict = judge(snapshot(lead(state=None), person=NoRecord(), conditions=hold), policy())
    assert isinstance(verdict, Park)
    assert (add("state"), RELEASE) == verdict.remedies
    why = (MissingFields(fields=("state",)), Held(by="Marta", reason="asks first"))
    assert Judged(verdict="PARK", why=why) == in_short(verdict)


@pytest.mark.parametrize(
    ("kind", "days_before", "expected"),
    [
        (
            TriggerKind.MQL_THRESHOLD,
            29,
            failed(CheckCode.TRIGGER, CoolingDown(until=NOW + timedelta(days=1))),
        ),
        (TriggerKind.MQL_THRESHOLD, 31, passed(CheckCode.TRIGGER, Triggered(fact=ASKED))),
        (TriggerKind.HAND_RAISE, 29, passed(CheckCode.TRIGGER, Triggered(fact=ASKED))),
        (TriggerKind.MQL_THRESHOLD, None, passed(CheckCode.TRIGGER, Triggered(fact=ASKED))),
    ],
    ids=["inside the cool-down", "after it", "a hand raise always counts", "the first time"],
)
def test_the_cool_down(kind: TriggerKind, days_before: int | None, expected: CheckResult) -> None:
    """A new trigger inside the cool-down is not a second cycle, but for those that always are."""
    before = None if days_before is None else NOW - timedelta(days=days_before)
    seen = snapshot(kind=kind, conditions=Conditions(previous_trigger_at=before))
    assert expected == check(CheckCode.TRIGGER, seen)


@pytest.mark.parametrize(
    ("fields", "rules", "why", "remedy"),
    [
        (
            {"email_kind": "invalid", "email": None},
            {},
            plain(PlainCode.INVALID_EMAIL),
            FIND_EMAIL,
        ),
        ({"email_kind": "disposable"}, {}, plain(PlainCode.DISPOSABLE_EMAIL), None),
        ({"email_kind": "role"}, {}, plain(PlainCode.ROLE_EMAIL), FIND_EMAIL),
        ({"email_invalid": True}, {}, plain(PlainCode.BOUNCING_EMAIL), FIND_EMAIL),
        (
            {"email_kind": "free", "company": None},
            {},
            plain(PlainCode.PERSONAL_EMAIL_NO_COMPANY),
            FIND_COMPANY,
        ),
        ({"email_kind": "free"}, {"free_mail": "refuse"}, plain(PlainCode.PERSONAL_EMAIL), None),
    ],
)
def test_identity_fails(
    fields: dict[str, Any], rules: dict[str, Any], why: Reason, remedy: Remedy | None
) -> None:
    """Which kind of e-mail address is refused, and who fixes it."""
    found = check(CheckCode.IDENTITY, snapshot(lead(**fields)), policy(gate=gate(**rules)))
    assert failed(CheckCode.IDENTITY, why, remedy) == found


@pytest.mark.parametrize(
    ("fields", "rules", "kind"),
    [
        ({}, {}, "business"),
        ({"email_kind": "role"}, {"role_accounts": "allow"}, "role"),
        ({"email_invalid": False}, {}, "business"),
        ({"email_kind": "free"}, {}, "free"),
        ({"email_kind": "free", "company": None}, {"free_mail": "allow"}, "free"),
    ],
)
def test_identity_passes(fields: dict[str, Any], rules: dict[str, Any], kind: str) -> None:
    """What the policy takes is told with its kind."""
    found = check(CheckCode.IDENTITY, snapshot(lead(**fields)), policy(gate=gate(**rules)))
    assert passed(CheckCode.IDENTITY, ValidEmail(email_kind=kind)) == found


def test_a_missing_address_is_a_required_fields_business() -> None:
    """It is said once, where what is missing is said."""
    seen = snapshot(lead(email=None, email_kind=None))
    assert check(CheckCode.IDENTITY, seen).outcome is Outcome.NOT_APPLICABLE
    why = MissingFields(fields=("email",))
    assert failed(CheckCode.REQUIRED_FIELDS, why, add("email")) == check(
        CheckCode.REQUIRED_FIELDS, seen
    )


def test_a_missing_field_is_named_with_the_text_that_was_not_understood() -> None:
    """Ops read what stands in Marketo and why it is of no use; other fields' troubles stay out."""
    trouble = Problem(field=FieldName.COUNTRY, value="germny", why=Misread.UNKNOWN_COUNTRY)
    other = Problem(field=FieldName.PHONE, value="12345", why=Misread.INVALID_PHONE)
    seen = snapshot(lead(country=None, problems=[trouble, other]))
    why = MissingFields(fields=("country",), problems=(trouble,))
    assert failed(CheckCode.REQUIRED_FIELDS, why, add("country")) == check(
        CheckCode.REQUIRED_FIELDS, seen
    )


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, AllRequired(count=5)),
        ({"state": None}, MissingFields(fields=("state",))),
        ({"state": None, "country": "DE"}, AllRequired(count=4)),
        ({"employees": 5000}, MissingFields(fields=("phone",))),
        ({"employees": 5000, "phone": "+14155552671"}, AllRequired(count=6)),
        ({"last_name": None, "company": None}, MissingFields(fields=("last_name", "company"))),
    ],
    ids=["all there", "a state of the US", "no state of Germany", "segment's", "both", "two"],
)
def test_what_is_required(fields: dict[str, Any], why: AllRequired | MissingFields) -> None:
    """The gate's fields, the segment's own, and the state where territories need it."""
    big, rest = policy().segments
    rules = policy(segments=(big.model_copy(update={"required": (FieldName.PHONE,)}), rest))
    found = check(CheckCode.REQUIRED_FIELDS, snapshot(lead(**fields)), rules)
    missing = isinstance(why, MissingFields)
    expected = failed(found.code, why, add(*why.fields)) if missing else passed(found.code, why)
    assert expected == found


CONTACTABLE = passed(CheckCode.CONSENT, plain(PlainCode.CONTACTABLE))


def without_basis(place: str | None) -> CheckResult:
    """A consent basis is missing there."""
    return failed(CheckCode.CONSENT, NoConsentBasis(place=place), RECORD_CONSENT)


@pytest.mark.parametrize(
    ("fields", "rules", "calls", "expected"),
    [
        ({}, {}, False, CONTACTABLE),
        (
            {"unsubscribed": True},
            {},
            False,
            failed(CheckCode.CONSENT, plain(PlainCode.UNSUBSCRIBED)),
        ),
        ({"unsubscribed": True}, {}, True, CONTACTABLE),
        ({"do_not_call": True}, {}, True, failed(CheckCode.CONSENT, plain(PlainCode.DO_NOT_CALL))),
        ({"do_not_call": True}, {}, False, CONTACTABLE),
        (
            {"marketing_suspended": True},
            {},
            False,
            failed(CheckCode.CONSENT, plain(PlainCode.MARKETING_SUSPENDED), LIFT),
        ),
        (
            {"country": "DE"},
            {"consent_basis_required_in": ("EMEA",)},
            False,
            without_basis("EMEA"),
        ),
        ({"country": "DE"}, {"consent_basis_required_in": ("DE",)}, False, without_basis("DE")),
        (
            {"country": "DE", "consent_basis": "opt-in"},
            {"consent_basis_required_in": ("EMEA",)},
            False,
            CONTACTABLE,
        ),
        ({"country": "US"}, {"consent_basis_required_in": ("EMEA",)}, False, CONTACTABLE),
        ({"country": None}, {"consent_basis_required_in": ("EMEA",)}, False, without_basis(None)),
    ],
)
def test_consent(
    fields: dict[str, Any],
    rules: dict[str, Any],
    calls: bool,  # noqa: FBT001  (a table's column)
    expected: CheckResult,
) -> None:
    """What counts is the channel that the segment uses, and a basis where the region needs one."""
    rest = policy().segments[1].model_copy(update={"call_first": calls})
    small = policy(gate=gate(**rules), segments=(rest,))
    assert expected == check(CheckCode.CONSENT, snapshot(lead(**fields)), small)


def excluded(why: Reason, remedy: Remedy | None = None) -> CheckResult:
    """It is not to be routed."""
    return failed(CheckCode.NOT_EXCLUDED, why, remedy)


NOT_EXCLUDED = passed(CheckCode.NOT_EXCLUDED, plain(PlainCode.NOT_EXCLUDED))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"email": "ana@meridian.example"},
            excluded(ExcludedDomain(domain="meridian.example", is_own=True)),
        ),
        (
            {"email": "ana@mail.meridian.example"},
            excluded(ExcludedDomain(domain="mail.meridian.example", is_own=True)),
        ),
        ({"email": "x@notmeridian.example"}, NOT_EXCLUDED),
        (
            {"email": "x@gmail.com", "domain": "rival.example"},
            excluded(ExcludedDomain(domain="rival.example", is_own=False)),
        ),
        (
            {"email": "x@eu.rival.example"},
            excluded(ExcludedDomain(domain="eu.rival.example", is_own=False)),
        ),
        ({"first_name": "TEST"}, excluded(reasons.TestWord(field="first_name", text="TEST"))),
        (
            {"last_name": "TEST", "company": None},
            excluded(reasons.TestWord(field="last_name", text="TEST")),
        ),
        ({"last_name": "TEST"}, NOT_EXCLUDED),
        ({"company": "asdf"}, excluded(reasons.TestWord(field="company", text="asdf"))),
        ({"last_name": "Testa"}, NOT_EXCLUDED),
        (
            {"seniority": "student", "title": "PhD Student"},
            excluded(Student(title="PhD Student")),
        ),
        ({"seniority": "student"}, excluded(Student(title=None))),
        ({"do_not_route": True}, excluded(DoNotRoute(system="Marketo"), UNTICK_IN_MARKETO)),
    ],
)
def test_who_is_excluded(fields: dict[str, Any], expected: CheckResult) -> None:
    """Our own, competitors and their subdomains, tests, students, and whom somebody ticked."""
    rules = policy(
        gate=gate(own_domains=("Meridian.example",), excluded_domains=("rival.example",))
    )
    assert expected == check(CheckCode.NOT_EXCLUDED, snapshot(lead(**fields)), rules)


@pytest.mark.parametrize(
    "seen",
    [
        snapshot(person=one_record(record(do_not_route=True))),
        snapshot(lead(do_not_route=True, sources={"do_not_route": Source.SALESFORCE})),
    ],
    ids=["on the record", "merged into the lead"],
)
def test_do_not_route_on_the_record_counts_too(seen: Snapshot) -> None:
    """Salesforce's own tick holds it back, and says that it is Salesforce's."""
    expected = excluded(DoNotRoute(system="Salesforce"), UNTICK_IN_SALESFORCE)
    assert expected == check(CheckCode.NOT_EXCLUDED, seen)


QUALIFIED = gate(
    qualified=(
        {"name": "big and interested", "when": {"icp_tier": ("A", "B")}, "intent_activities": 2},
        {"name": "enterprise", "when": {"segment": "Enterprise"}},
    ),
    intent_activities=("Fill Out Form: Demo Request", "visit webpage"),
)
ICP = (
    {"tier": "A", "when": {"employees": {"at_least": 1000}}},
    {"tier": "B", "when": {"employees": {"at_least": 200}}},
    {"tier": "D"},
)
TWICE = (activity(), activity("/pricing", type="Visit Webpage", id="g2"))
SCORED = TriggerKind.MQL_THRESHOLD
RULES = ("big and interested", "enterprise")


def test_qualified_by_tier_and_intent_says_both() -> None:
    """The rule is named with the tier, the activities that count and the trigger."""
    seen = snapshot(activities=TWICE, kind=SCORED)
    why = Qualified(
        rule="big and interested",
        facts=(Known(fact="icp_tier", value="B"),),
        tier="B",
        intent=2,
        window=timedelta(days=7),
        trigger=ASKED,
    )
    found = check(CheckCode.QUALIFIED, seen, policy(gate=QUALIFIED, icp=ICP))
    assert passed(CheckCode.QUALIFIED, why) == found


@pytest.mark.parametrize(
    "activities",
    [
        (activity(),),
        (activity(), activity("Newsletter", id="g2")),
        (
            activity(),
            activity("/pricing", type="Visit Webpage", at=NOW - timedelta(days=8), id="g2"),
        ),
    ],
    ids=["one", "another form", "too long ago"],
)
def test_too_little_intent_does_not_qualify(activities: tuple[Any, ...]) -> None:
    """Only what the policy names, within its window, counts; nothing fixes that."""
    seen = snapshot(activities=activities, kind=SCORED)
    found = check(CheckCode.QUALIFIED, seen, policy(gate=QUALIFIED, icp=ICP))
    assert failed(CheckCode.QUALIFIED, Unqualified(rules=RULES, intent=1)) == found


def test_a_rule_can_ask_for_the_segment() -> None:
    """The segment is a fact like the others."""
    seen = snapshot(lead(employees=2000, icp_tier="A"), activities=(), kind=SCORED)
    why = Qualified(
        rule="enterprise",
        facts=(Known(fact="segment", value="Enterprise"),),
        tier="A",
        intent=0,
        window=timedelta(days=7),
        trigger=ASKED,
    )
    found = check(CheckCode.QUALIFIED, seen, policy(gate=QUALIFIED, icp=ICP))
    assert passed(CheckCode.QUALIFIED, why) == found


def test_an_unknown_size_is_asked_for_instead_of_being_taken_for_small() -> None:
    """Unknown is not no: the tier D of a company of unknown size may be a better one."""
    seen = snapshot(lead(employees=None, icp_tier="D"), activities=TWICE, kind=SCORED)
    why = Unqualified(rules=RULES, intent=2, nearest="big and interested", unknown=("employees",))
    found = check(CheckCode.QUALIFIED, seen, policy(gate=QUALIFIED, icp=ICP))
    assert failed(CheckCode.QUALIFIED, why, add("employees")) == found


def test_a_known_size_that_is_too_small_is_final() -> None:
    """Nothing fixes a small company."""
    seen = snapshot(lead(employees=12, icp_tier="D"), activities=TWICE, kind=SCORED)
    found = check(CheckCode.QUALIFIED, seen, policy(gate=QUALIFIED, icp=ICP))
    assert failed(CheckCode.QUALIFIED, Unqualified(rules=RULES, intent=2)) == found


def test_duplicates_in_marketo_are_named() -> None:
    """Marketing merges them."""
    people = (LeadKey("7"), LeadKey("8"))
    found = check(CheckCode.DEDUPED, snapshot(conditions=Conditions(other_people=people)))
    merge = Remedy(team=Team.MARKETING_OPS, what=Fix.MERGE_PEOPLE, ids=people)
    assert failed(CheckCode.DEDUPED, DoublePeople(people=people), merge) == found


def ref(record_id: str) -> RecordRef:
    """A Salesforce lead."""
    return RecordRef(object=RecordKind.LEAD, id=RecordId(record_id))


@pytest.mark.parametrize(
    ("ids", "only_converted", "why"),
    [
        (("00Q1", "00Q2"), False, SeveralRecords(records=(ref("00Q1"), ref("00Q2")))),
        (("00Q1",), True, plain(PlainCode.ONLY_CONVERTED)),
    ],
    ids=["several", "a converted one alone"],
)
def test_duplicates_in_salesforce_are_named(
    ids: tuple[str, ...],
    only_converted: bool,  # noqa: FBT001  (a table's column)
    why: Reason,
) -> None:
    """Sales ops merges or converts them."""
    records = tuple(record(id=RecordId(one)) for one in ids)
    many = ManyRecords(records=records, only_converted=only_converted)
    merge = Remedy(team=Team.SALES_OPS, what=Fix.MERGE_RECORDS, ids=ids)
    found = check(CheckCode.DEDUPED, snapshot(person=many))
    assert failed(CheckCode.DEDUPED, why, merge) == found


def test_an_ambiguous_account_is_a_persons_to_decide() -> None:
    """Both are named; no guess is made."""
    both = ManyAccounts(accounts=(account(ANA), account(ANA, id=RecordId("0012"))), by=BY_DOMAIN)
    named = tuple(AccountRef(id=RecordId(one), name="Acme") for one in ("0011", "0012"))
    choose = Remedy(team=Team.SALES_OPS, what=Fix.CHOOSE_ACCOUNT, ids=("0011", "0012"))
    found = check(CheckCode.MATCH_RESOLVED, snapshot(company=both))
    why = SeveralAccounts(accounts=named, by=BY_DOMAIN)
    assert failed(CheckCode.MATCH_RESOLVED, why, choose) == found


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (
            snapshot(company=one_account(account(ANA))),
            Matched(
                record=ref("00Q1"),
                record_by=PersonBasis.SAME_EMAIL,
                account="Acme",
                account_by=BY_DOMAIN,
            ),
        ),
        (snapshot(), Matched(record=ref("00Q1"), record_by=PersonBasis.SAME_EMAIL)),
        (
            snapshot(person=NoRecord(), company=one_account(account(ANA))),
            Matched(account="Acme", account_by=BY_DOMAIN),
        ),
        (snapshot(person=NoRecord()), Matched()),
    ],
    ids=["both", "the record", "the account", "neither"],
)
def test_a_match_says_how_it_was_made(seen: Snapshot, why: Matched) -> None:
    """Record and account, each with what told."""
    found = check(CheckCode.MATCH_RESOLVED, seen)
    assert passed(CheckCode.MATCH_RESOLVED, why) == found


def test_a_lead_that_is_not_in_salesforce_waits_for_the_sync() -> None:
    """Absence is a wait with a next look and a deadline, not an error."""
    verdict = judge(snapshot(person=NoRecord()), policy())
    assert isinstance(verdict, Wait)
    assert (NOW + 5 * MINUTES, NOW + 80 * MINUTES, False) == (
        verdict.look_at,
        verdict.deadline,
        verdict.overdue,
    )


def test_the_last_look_before_the_deadline_is_at_the_deadline() -> None:
    """So that leakage is reported when it begins."""
    opened = NOW - 118 * MINUTES
    verdict = judge(snapshot(person=NoRecord(), opened_at=opened), policy())
    assert isinstance(verdict, Wait)
    assert verdict.look_at == verdict.deadline == NOW + 2 * MINUTES


def test_past_the_deadline_it_is_leakage_and_looked_at_less_often() -> None:
    """It keeps waiting, but is reported."""
    opened = NOW - timedelta(hours=2)
    verdict = judge(snapshot(person=NoRecord(), opened_at=opened), policy())
    assert isinstance(verdict, Wait)
    assert (True, NOW + timedelta(hours=1)) == (verdict.overdue, verdict.look_at)


@pytest.mark.parametrize(
    ("some", "conditions", "why"),
    [
        (lead(), Conditions(), plain(PlainCode.SYNC_PENDING)),
        (
            lead(),
            Conditions(sync_requested_at=NOW - 3 * MINUTES),
            SyncRequested(at=NOW - 3 * MINUTES),
        ),
        (
            lead(link=CrmLink(kind="Lead", record_id=RecordId("00Q9"))),
            Conditions(),
            Hidden(object="Lead", id=RecordId("00Q9")),
        ),
    ],
    ids=["not yet", "requested", "linked"],
)
def test_why_there_is_no_record(some: Lead, conditions: Conditions, why: Reason) -> None:
    """Three reasons that ops treat differently."""
    found = check(CheckCode.CRM_PRESENT, snapshot(some, person=NoRecord(), conditions=conditions))
    assert (Outcome.WAIT, why) == (found.outcome, found.why)


def test_what_marketo_cannot_sync_is_not_waited_for() -> None:
    """Salesforce refuses a Lead without a company; what enrichment knows doesn't help the sync."""
    found = check(
        CheckCode.CRM_PRESENT,
        snapshot(lead(sources={"company": Source.PDL}), person=NoRecord()),
    )
    to_sync = Remedy(team=Team.MARKETING_OPS, what=Fix.ADD_FIELDS_TO_SYNC, missing=("company",))
    assert failed(CheckCode.CRM_PRESENT, CannotSync(fields=("company",)), to_sync) == found


STATED = {FieldName.COUNTRY: "US", FieldName.STATE: "CA", FieldName.COMPANY: "ACME"}


@pytest.mark.parametrize(
    ("changed_ago", "copied_ago", "values", "sources", "why"),
    [
        pytest.param(5, 5, {}, {}, plain(PlainCode.COPY_IS_NEWER), id="as new"),
        pytest.param(
            5, 30, STATED, {}, plain(PlainCode.COPY_IS_ALIKE), id="older, but says the same"
        ),
        pytest.param(
            5,
            30,
            STATED | {FieldName.STATE: "NV"},
            {},
            NotCopied(fields=("state",), changed_at=NOW - 5 * MINUTES),
            id="differs",
        ),
        pytest.param(
            5,
            30,
            {},
            {},
            NotCopied(fields=("country", "state", "company"), changed_at=NOW - 5 * MINUTES),
            id="says nothing: no evidence that it is right",
        ),
        pytest.param(
            10,
            30,
            STATED | {FieldName.STATE: "NV"},
            {},
            StillDiffers(fields=("state",), waited=10 * MINUTES),
            id="not waited for longer than stale_after",
        ),
        pytest.param(
            5,
            30,
            STATED | {FieldName.STATE: "NV"},
            {"state": Source.PHONE},
            plain(PlainCode.COPY_IS_ALIKE),
            id="what Marketo did not say is not on its way",
        ),
    ],
)
def test_a_copy_that_the_sync_has_not_reached_yet_is_waited_for(
    changed_ago: int,
    copied_ago: int,
    values: dict[FieldName, str],
    sources: dict[str, Source],
    why: Reason,
) -> None:
    """Only on fields that routing decides on, and never for long."""
    some = lead(updated_at=NOW - changed_ago * MINUTES, sources=sources)
    copy = record(modified_at=NOW - copied_ago * MINUTES, values=values)
    found = check(CheckCode.FRESH, snapshot(some, person=one_record(copy)))
    outcome = Outcome.WAIT if isinstance(why, NotCopied) else Outcome.PASS
    assert (outcome, why) == (found.outcome, found.why)


def test_a_hold_is_the_holders_to_release() -> None:
    """The reason is in their own words, the remedy has only the name."""
    hold = OnHold(by="Marta", reason="duplicate?")
    found = check(CheckCode.NOT_HELD, snapshot(conditions=Conditions(held=hold)))
    assert failed(CheckCode.NOT_HELD, Held(by="Marta", reason="duplicate?"), RELEASE) == found
