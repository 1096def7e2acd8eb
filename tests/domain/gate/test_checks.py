"""When a lead may be routed: each check, and what follows from all of them."""

from datetime import timedelta
from typing import Any

import pytest

from domain.gate.checks import judge
from domain.gate.snapshot import Snapshot
from domain.gate.verdict import CheckCode, CheckResult, Outcome, Park, Ready, Reject, Wait
from domain.lead.match import ManyAccounts, ManyRecords, NoRecord
from domain.lead.model import Conditions, CrmLink, FieldName, Problem, TriggerKind
from domain.policy.model import Policy
from domain.values import LeadKey, RecordId, Source
from tests.support.builders import (
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

ABSENT = "deleted, merged or hidden"
MINUTES = timedelta(minutes=1)
ANA = user_owner("ana@meridian.example")


def check(code: CheckCode, seen: Snapshot, rules: Policy | None = None) -> CheckResult:
    """One check of a verdict."""
    return next(one for one in judge(seen, rules or policy()).checks if one.code is code)


def mended_by(result: CheckResult) -> str:
    """Who mends a failed check; `nobody` where nothing does, `-` where it didn't fail."""
    if result.outcome is not Outcome.FAIL:
        return "-"
    return "nobody" if result.mend is None else result.mend.who


def test_every_check_is_told_in_its_order() -> None:
    """None stops another, and the order is that of the codes."""
    worst = snapshot(
        lead(email="a@b", email_kind="disposable", company=None, unsubscribed=True),
        person=NoRecord(),
        conditions=Conditions(held_by="Marta: asks first"),
    )
    assert tuple(CheckCode) == tuple(one.code for one in judge(worst, policy()).checks)


def test_a_lead_is_ready_when_nothing_speaks_against_it() -> None:
    """The sentence says why, in one line anyone can defend."""
    verdict = judge(snapshot(), policy())
    assert isinstance(verdict, Ready)
    expected = (
        'Route-ready: ICP tier B + filled out the form "Demo Request": asked (trigger hand_raise).'
    )
    assert expected == verdict.sentence


def test_what_nothing_mends_rejects_even_when_something_else_could_be_mended() -> None:
    """A disposable address ends the cycle, whatever is missing besides; only it is named."""
    verdict = judge(snapshot(lead(email_kind="disposable", last_name=None)), policy())
    assert isinstance(verdict, Reject)
    assert verdict.sentence == "The e-mail address is disposable."


def test_what_can_be_mended_parks_even_when_something_is_still_on_its_way() -> None:
    """All who can mend something are named, with what."""
    hold = Conditions(held_by="Marta: asks first")
    verdict = judge(snapshot(lead(state=None), person=NoRecord(), conditions=hold), policy())
    assert isinstance(verdict, Park)
    assert ["marketing ops", "Marta"] == [one.who for one in verdict.mends]
    assert verdict.mends[0].missing == ("state",)


@pytest.mark.parametrize(
    ("kind", "days_before", "outcome"),
    [
        (TriggerKind.MQL_THRESHOLD, 29, Outcome.FAIL),
        (TriggerKind.MQL_THRESHOLD, 31, Outcome.PASS),
        (TriggerKind.HAND_RAISE, 29, Outcome.PASS),
        (TriggerKind.MQL_THRESHOLD, None, Outcome.PASS),
    ],
    ids=["inside the cool-down", "after it", "a hand raise always counts", "the first time"],
)
def test_the_cool_down(kind: TriggerKind, days_before: int | None, outcome: Outcome) -> None:
    """A new trigger inside the cool-down is not a second cycle, but for those that always are."""
    before = None if days_before is None else NOW - timedelta(days=days_before)
    seen = snapshot(kind=kind, conditions=Conditions(previous_trigger_at=before))
    assert outcome is check(CheckCode.TRIGGER, seen).outcome


@pytest.mark.parametrize(
    ("fields", "rules", "expected"),
    [
        ({}, {}, "-"),
        ({"email_kind": "invalid", "email": None}, {}, "marketing ops"),
        ({"email_kind": "disposable"}, {}, "nobody"),
        ({"email_kind": "role"}, {}, "marketing ops"),
        ({"email_kind": "role"}, {"role_accounts": "allow"}, "-"),
        ({"email_invalid": True}, {}, "marketing ops"),
        ({"email_invalid": False}, {}, "-"),
        ({"email_kind": "free"}, {}, "-"),
        ({"email_kind": "free", "company": None}, {}, "marketing ops"),
        ({"email_kind": "free", "company": None}, {"free_mail": "allow"}, "-"),
        ({"email_kind": "free"}, {"free_mail": "refuse"}, "nobody"),
    ],
)
def test_identity(fields: dict[str, Any], rules: dict[str, Any], expected: str) -> None:
    """Who mends which kind of e-mail address."""
    found = check(CheckCode.IDENTITY, snapshot(lead(**fields)), policy(gate=gate(**rules)))
    assert expected == mended_by(found)


def test_a_missing_address_is_a_required_fields_business() -> None:
    """It is said once, where what is missing is said."""
    seen = snapshot(lead(email=None, email_kind=None))
    assert check(CheckCode.IDENTITY, seen).outcome is Outcome.NOT_APPLICABLE
    assert "Missing: email." == check(CheckCode.REQUIRED_FIELDS, seen).sentence


def test_a_missing_field_is_named_with_the_text_that_was_not_understood() -> None:
    """Ops read what stands in Marketo and why it is of no use."""
    trouble = Problem(
        field=FieldName.COUNTRY, value="germny", sentence="'germny' is not a country we know."
    )
    found = check(CheckCode.REQUIRED_FIELDS, snapshot(lead(country=None, problems=[trouble])))
    assert "Missing: country. 'germny' is not a country we know." == found.sentence
    assert found.mend is not None
    assert ("country",) == found.mend.missing


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({}, ()),
        ({"state": None}, ("state",)),
        ({"state": None, "country": "DE"}, ()),
        ({"employees": 5000}, ("phone",)),
        ({"employees": 5000, "phone": "+14155552671"}, ()),
        ({"last_name": None, "company": None}, ("last_name", "company")),
    ],
    ids=["all there", "a state of the US", "no state of Germany", "segment's", "both", "two"],
)
def test_what_is_required(fields: dict[str, Any], missing: tuple[str, ...]) -> None:
    """The gate's fields, the segment's own, and the state where territories need it."""
    big, rest = policy().segments
    rules = policy(segments=(big.model_copy(update={"required": (FieldName.PHONE,)}), rest))
    found = check(CheckCode.REQUIRED_FIELDS, snapshot(lead(**fields)), rules)
    assert missing == (found.mend.missing if found.mend else ())


@pytest.mark.parametrize(
    ("fields", "rules", "calls", "expected"),
    [
        ({}, {}, False, "-"),
        ({"unsubscribed": True}, {}, False, "nobody"),
        ({"unsubscribed": True}, {}, True, "-"),
        ({"do_not_call": True}, {}, True, "nobody"),
        ({"do_not_call": True}, {}, False, "-"),
        ({"marketing_suspended": True}, {}, False, "marketing ops"),
        ({"country": "DE"}, {"consent_basis_required_in": ("EMEA",)}, False, "marketing ops"),
        ({"country": "DE"}, {"consent_basis_required_in": ("DE",)}, False, "marketing ops"),
        (
            {"country": "DE", "consent_basis": "opt-in"},
            {"consent_basis_required_in": ("EMEA",)},
            False,
            "-",
        ),
        ({"country": "US"}, {"consent_basis_required_in": ("EMEA",)}, False, "-"),
        ({"country": None}, {"consent_basis_required_in": ("EMEA",)}, False, "marketing ops"),
    ],
)
def test_consent(
    fields: dict[str, Any],
    rules: dict[str, Any],
    calls: bool,  # noqa: FBT001  (a table's column)
    expected: str,
) -> None:
    """What counts is the channel that the segment uses, and a basis where the region needs one."""
    rest = policy().segments[1].model_copy(update={"call_first": calls})
    small = policy(gate=gate(**rules), segments=(rest,))
    assert expected == mended_by(check(CheckCode.CONSENT, snapshot(lead(**fields)), small))


@pytest.mark.parametrize(
    ("fields", "sentence", "expected"),
    [
        ({"email": "ana@meridian.example"}, "One of our own people.", "nobody"),
        ({"email": "ana@mail.meridian.example"}, "One of our own people.", "nobody"),
        (
            {"email": "x@notmeridian.example"},
            "Not an employee, competitor, student or test.",
            "-",
        ),
        (
            {"email": "x@gmail.com", "domain": "rival.example"},
            "rival.example is on the list of excluded domains.",
            "nobody",
        ),
        (
            {"email": "x@eu.rival.example"},
            "eu.rival.example is on the list of excluded domains.",
            "nobody",
        ),
        ({"last_name": "TEST"}, "A test: the last name is 'TEST'.", "nobody"),
        ({"company": "asdf"}, "A test: the company is 'asdf'.", "nobody"),
        ({"last_name": "Testa"}, "Not an employee, competitor, student or test.", "-"),
        (
            {"seniority": "student", "title": "PhD Student"},
            "A student, by the title 'PhD Student'.",
            "nobody",
        ),
        ({"seniority": "student"}, "A student.", "nobody"),
        ({"do_not_route": True}, "Somebody ticked Do Not Route in Marketo.", "sales ops"),
    ],
)
def test_who_is_excluded(fields: dict[str, Any], sentence: str, expected: str) -> None:
    """Our own, competitors and their subdomains, tests, students, and whom somebody ticked."""
    rules = policy(
        gate=gate(own_domains=("Meridian.example",), excluded_domains=("rival.example",))
    )
    found = check(CheckCode.NOT_EXCLUDED, snapshot(lead(**fields)), rules)
    assert (sentence, expected) == (found.sentence, mended_by(found))


def test_do_not_route_on_the_record_counts_too() -> None:
    """Salesforce's own tick holds it back, and says that it is Salesforce's."""
    found = check(CheckCode.NOT_EXCLUDED, snapshot(person=one_record(record(do_not_route=True))))
    assert "Somebody ticked Do Not Route in Salesforce." == found.sentence


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


def test_qualified_by_tier_and_intent_says_both() -> None:
    """The line names the tier, the activities that count, the trigger and the rule."""
    seen = snapshot(activities=TWICE, kind=SCORED)
    found = check(CheckCode.QUALIFIED, seen, policy(gate=QUALIFIED, icp=ICP))
    expected = (
        "ICP tier B + 2 high-intent activities in 7 days + "
        'filled out the form "Demo Request": big and interested (icp tier B).'
    )
    assert (Outcome.PASS, expected) == (found.outcome, found.sentence)


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
    """Only what the policy names, within its window, counts; nothing mends that."""
    seen = snapshot(activities=activities, kind=SCORED)
    found = check(CheckCode.QUALIFIED, seen, policy(gate=QUALIFIED, icp=ICP))
    assert "nobody" == mended_by(found)


def test_a_rule_can_ask_for_the_segment() -> None:
    """The segment is a fact like the others."""
    seen = snapshot(lead(employees=2000, icp_tier="A"), activities=(), kind=SCORED)
    found = check(CheckCode.QUALIFIED, seen, policy(gate=QUALIFIED, icp=ICP))
    assert (Outcome.PASS, "enterprise") == (found.outcome, found.seen["rule"])


def test_an_unknown_size_is_asked_for_instead_of_being_taken_for_small() -> None:
    """Unknown is not no: the tier D of a company of unknown size may be a better one."""
    seen = snapshot(lead(employees=None, icp_tier="D"), activities=TWICE, kind=SCORED)
    found = check(CheckCode.QUALIFIED, seen, policy(gate=QUALIFIED, icp=ICP))
    assert found.mend is not None
    assert ("employees",) == found.mend.missing
    expected = "It may be 'big and interested', but this is unknown: employees."
    assert found.sentence.endswith(expected)


def test_a_known_size_that_is_too_small_is_final() -> None:
    """Nothing mends a small company."""
    seen = snapshot(lead(employees=12, icp_tier="D"), activities=TWICE, kind=SCORED)
    assert "nobody" == mended_by(check(CheckCode.QUALIFIED, seen, policy(gate=QUALIFIED, icp=ICP)))


def test_duplicates_in_marketo_are_named() -> None:
    """Marketing merges them."""
    seen = snapshot(conditions=Conditions(other_people=(LeadKey("7"), LeadKey("8"))))
    found = check(CheckCode.DEDUPED, seen)
    assert ("marketing ops", True) == (mended_by(found), "7, 8" in found.sentence)


def test_duplicates_in_salesforce_are_named() -> None:
    """Sales ops merges or converts them."""
    twins = ManyRecords(
        records=(record(), record(id=RecordId("00Q2"))), sentence="Twice: Lead 00Q1, Lead 00Q2."
    )
    found = check(CheckCode.DEDUPED, snapshot(person=twins))
    assert ("sales ops", "Twice: Lead 00Q1, Lead 00Q2.") == (mended_by(found), found.sentence)


def test_an_ambiguous_account_is_a_persons_to_decide() -> None:
    """Both are named; no guess is made."""
    both = ManyAccounts(
        accounts=(account(ANA), account(ANA, id=RecordId("0012"))), sentence="Two fit equally."
    )
    found = check(CheckCode.MATCH_RESOLVED, snapshot(company=both))
    assert found.mend is not None
    assert "choose or merge the accounts: 0011, 0012" == found.mend.what


def test_a_match_says_how_it_was_made() -> None:
    """Record and account, each with what told."""
    found = check(CheckCode.MATCH_RESOLVED, snapshot(company=one_account(account(ANA))))
    expected = (
        "The record is Lead 00Q1 (same e-mail address). "
        "The account is Acme (same domain acme.example)."
    )
    assert expected == found.sentence


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
    ("some", "conditions", "sentence"),
    [
        (lead(), Conditions(), "Not in Salesforce yet; Marketo's sync brings it."),
        (
            lead(),
            Conditions(sync_requested_at=NOW - 3 * MINUTES),
            "Not in Salesforce yet; the sync was requested at 14:57 UTC.",
        ),
        (
            lead(link=CrmLink(kind="Lead", record_id=RecordId("00Q9"))),
            Conditions(),
            f"Marketo says it is Lead 00Q9, which Salesforce doesn't show: {ABSENT}.",
        ),
    ],
    ids=["not yet", "requested", "linked"],
)
def test_why_there_is_no_record(some: Any, conditions: Conditions, sentence: str) -> None:  # noqa: ANN401
    """Three reasons that ops treat differently."""
    found = check(CheckCode.CRM_PRESENT, snapshot(some, person=NoRecord(), conditions=conditions))
    assert (Outcome.WAIT, sentence) == (found.outcome, found.sentence)


def test_what_marketo_cannot_sync_is_not_waited_for() -> None:
    """Salesforce refuses a Lead without a company; what enrichment knows doesn't help the sync."""
    found = check(
        CheckCode.CRM_PRESENT,
        snapshot(lead(sources={"company": Source.PDL}), person=NoRecord()),
    )
    assert found.mend is not None
    assert ("company",) == found.mend.missing


STATED = {FieldName.COUNTRY: "US", FieldName.STATE: "CA", FieldName.COMPANY: "ACME"}


@pytest.mark.parametrize(
    ("changed_ago", "copied_ago", "values", "sources", "outcome"),
    [
        pytest.param(5, 5, {}, {}, Outcome.PASS, id="as new"),
        pytest.param(5, 30, STATED, {}, Outcome.PASS, id="older, but says the same"),
        pytest.param(5, 30, STATED | {FieldName.STATE: "NV"}, {}, Outcome.WAIT, id="differs"),
        pytest.param(5, 30, {}, {}, Outcome.WAIT, id="says nothing: no evidence that it is right"),
        pytest.param(10, 30, {}, {}, Outcome.PASS, id="not waited for longer than stale_after"),
        pytest.param(
            5,
            30,
            STATED | {FieldName.STATE: "NV"},
            {"state": Source.PHONE},
            Outcome.PASS,
            id="what Marketo did not say is not on its way",
        ),
    ],
)
def test_a_copy_that_the_sync_has_not_reached_yet_is_waited_for(
    changed_ago: int,
    copied_ago: int,
    values: dict[FieldName, str],
    sources: dict[str, Source],
    outcome: Outcome,
) -> None:
    """Only on fields that routing decides on, and never for long."""
    some = lead(updated_at=NOW - changed_ago * MINUTES, sources=sources)
    copy = record(modified_at=NOW - copied_ago * MINUTES, values=values)
    assert outcome is check(CheckCode.FRESH, snapshot(some, person=one_record(copy))).outcome


def test_patience_with_the_sync_ends_in_words() -> None:
    """Routing on older values is said, with the fields."""
    some = lead(updated_at=NOW - 10 * MINUTES)
    copy = record(values=STATED | {FieldName.STATE: "NV"})
    found = check(CheckCode.FRESH, snapshot(some, person=one_record(copy)))
    expected = "Salesforce's copy still differs after 10m (state); not waiting longer."
    assert expected == found.sentence


def test_a_hold_is_the_holders_to_release() -> None:
    """The sentence has the whole reason, the mend only the name."""
    found = check(CheckCode.NOT_HELD, snapshot(conditions=Conditions(held_by="Marta: duplicate?")))
    assert ("On hold by Marta: duplicate?", "Marta") == (found.sentence, mended_by(found))
