"""Every code has words: what any of them is rendered to, whatever the words are just now."""

import re
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from domain.decision.said import NotReassigned, Said, WriteRefused
from domain.follow_through.escalation import End
from domain.follow_through.first_touch import Found, Touched, Untouched
from domain.follow_through.handoff import Closing
from domain.follow_through.reasons import Cause, Disowned, Escalated, Rotated, WhyOwner, WhyRest
from domain.gate.reasons import ExcludedDomain, Reason
from domain.gate.verdict import CheckCode, Remedy, VerdictKind
from domain.language import (
    checks,
    facts,
    manager,
    names,
    operations,
    rep,
    routes,
    salesforce_record,
    steps,
    touches,
)
from domain.lead.absences import Absence
from domain.lead.brief import Opener
from domain.lead.match import AccountBasis, PersonBasis
from domain.lead.model import Occurrence, Problem
from domain.routing.basis import Basis, RoutedBy, Skipped, WhyNot
from domain.values import Quoted, canonical_json
from tests.support.codes import (
    ACCOUNT_BASES,
    AT,
    FOUND,
    KNOWN,
    OPENERS,
    PROBLEMS,
    REMEDIES,
    SAMPLES,
    SKIPPED,
    ZONE,
    literals,
    members,
    samples,
)

NEW_YORK = ZoneInfo(ZONE)
UNIONS = (Absence, Basis, Cause, Occurrence, Reason, Said, WhyNot, WhyOwner, WhyRest)
LEAKS = re.compile(r"(?<!\. )\bNone\b|[{}<>_]|\s\s|\.\.|\s[.,;:)]|\(\s|\(\)")
"""A value or code that nobody put into words, and what is left of one that is empty."""
IN_ANOTHERS_WORDS = (Disowned, NotReassigned, Quoted, WriteRefused)
"""What ends with a label, a vendor's code or a quotation instead of a full stop."""


def name(one: object) -> str:
    """A sample's id in the test's name."""
    return type(one).__name__


def is_phrase(told: str) -> bool:
    """Whether something can stand inside a sentence: there, trimmed, with no full stop."""
    return bool(told) and told == told.strip() and not told.endswith(".") and not LEAKS.search(told)


def is_sentence(told: str) -> bool:
    """Whether something stands by itself: a capital in front, a full stop or the like behind."""
    begins = told[:1].isupper() or told[:1].isdigit() or told[:1] == '"'
    return begins and told.endswith((".", "!", "?")) and not LEAKS.search(told)


@pytest.mark.parametrize("union", UNIONS, ids=lambda union: members(union)[0].__name__)
def test_every_member_of_a_union_has_a_sample(union: object) -> None:
    """A new code without one would be told by nothing here."""
    assert [] == [one.__name__ for one in members(union) if not SAMPLES.get(one)]


def test_every_basis_of_an_account_has_a_sample() -> None:
    """Each way in which an account is recognized is among them."""
    assert set(literals(AccountBasis, "by")) == {one.by for one in ACCOUNT_BASES}


@pytest.mark.parametrize("one", samples(Reason), ids=name)
def test_a_reason_is_a_sentence(one: Reason) -> None:
    """Why a check came out as it did stands by itself; a domain in front stays as it is."""
    told = checks.reason(one, NEW_YORK)
    begun = f"{told[:1].upper()}{told[1:]}" if isinstance(one, ExcludedDomain) else told
    assert is_sentence(begun), told


@pytest.mark.parametrize("one", REMEDIES, ids=lambda one: f"{one.what} {one.team}")
def test_a_remedy_is_a_phrase(one: Remedy) -> None:
    """What fixes it, and who can: a team or a person by name."""
    told = (checks.fix(one), checks.who(one))
    assert all(map(is_phrase, told)), told
    assert (told[1] == one.person) == (one.team is None)


@pytest.mark.parametrize("one", samples(WhyNot), ids=name)
def test_why_somebody_was_passed_over_is_a_phrase(one: WhyNot) -> None:
    """It stands behind a name."""
    told = routes.why_not(one, NEW_YORK)
    assert is_phrase(told), told


@pytest.mark.parametrize("one", samples(Absence), ids=name)
def test_an_absence_is_a_phrase(one: Absence) -> None:
    """It stands in brackets behind a name."""
    told = facts.absence(one, NEW_YORK)
    assert is_phrase(told), told


@pytest.mark.parametrize("one", SKIPPED, ids=lambda one: one.what)
def test_who_was_passed_over_has_a_name(one: Skipped) -> None:
    """A person, a pool, a queue, or the territories."""
    told = routes.name(one)
    assert is_phrase(told), told


@pytest.mark.parametrize("one", samples(Basis), ids=name)
def test_a_basis_is_a_phrase(one: Basis) -> None:
    """It stands behind its rule's name, and as a rep's whole sentence."""
    told = routes.basis(one)
    assert is_phrase(told), told
    whole = rep.reason(RoutedBy(rule="Territory", basis=one), NEW_YORK)
    assert is_sentence(whole), whole


@pytest.mark.parametrize("one", samples(Cause), ids=name)
def test_a_cause_is_a_phrase(one: Cause) -> None:
    """What is done about it follows."""
    told = steps.cause(one)
    assert is_phrase(told), told


@pytest.mark.parametrize("one", samples(Said), ids=name)
def test_what_the_ledger_says_is_a_sentence(one: Said) -> None:
    """A page, an answer and a shell show it as it is."""
    told = operations.said(one, NEW_YORK)
    ends = "" if isinstance(one, IN_ANOTHERS_WORDS) else "."
    assert is_sentence(told if ends else f"{told}."), told


def test_nothing_said_is_nothing() -> None:
    """What nobody decided anything about has no words."""
    assert ("", "", None) == (
        operations.said(None, NEW_YORK),
        rep.reason(None, NEW_YORK),
        rep.opener(None),
    )


@pytest.mark.parametrize("one", samples(WhyOwner), ids=name)
def test_why_somebody_has_it_is_a_sentence(one: WhyOwner) -> None:
    """For its owner and for whoever opens the record; a quotation stays as it was said."""
    told = (rep.reason(one, NEW_YORK), salesforce_record.owner(one, NEW_YORK))
    if isinstance(one, Quoted):
        assert (one.text, one.text) == told
    else:
        assert all(map(is_sentence, told)), told


@pytest.mark.parametrize("one", samples(Escalated | Rotated), ids=name)
def test_a_breach_is_a_sentence(one: Escalated | Rotated) -> None:
    """A manager reads why they hear of it."""
    told = manager.breach(one, NEW_YORK)
    assert is_sentence(told), told


@pytest.mark.parametrize("one", samples(Occurrence), ids=name)
def test_what_happened_is_a_phrase(one: Occurrence) -> None:
    """It stands behind a date, and in the reason of a check."""
    told = facts.occurrence(one)
    assert is_phrase(told), told


@pytest.mark.parametrize("one", PROBLEMS, ids=lambda one: one.why)
def test_a_problem_is_a_sentence(one: Problem) -> None:
    """Whoever can fix the field reads what stands in it."""
    told = facts.problem(one)
    assert is_sentence(told), told


def test_facts_are_a_phrase() -> None:
    """Numbers, yes and no, our own codes and the unknown."""
    told = facts.known(KNOWN)
    assert is_phrase(told), told


@pytest.mark.parametrize("one", FOUND, ids=lambda one: f"{one.code} {one.kind} {one.is_inbound}")
def test_a_finding_is_a_sentence(one: Found) -> None:
    """Whatever the kind of activity, and where an older version told none."""
    told = touches.found(one)
    assert is_sentence(told), told


def test_a_judgment_is_a_sentence() -> None:
    """Touched, untouched, and with nothing seen at all."""
    kind = next(one.kind for one in FOUND if one.kind is not None)
    touched = Touched(at=AT, by="Ana", touch=kind, evidence=("a1",), findings=FOUND[:1])
    judgments = (touched, Untouched(), Untouched(findings=FOUND[:1]), Untouched(findings=FOUND))
    told = [touches.judgment(one) for one in judgments]
    assert all(map(is_sentence, told)), told


@pytest.mark.parametrize("by", PersonBasis)
def test_how_a_person_was_recognized_is_a_phrase(by: PersonBasis) -> None:
    """It stands in brackets."""
    told = checks.person_basis(by)
    assert is_phrase(told), told


@pytest.mark.parametrize("by", ACCOUNT_BASES, ids=lambda by: by.by)
def test_how_an_account_was_recognized_is_a_phrase(by: AccountBasis) -> None:
    """It stands in brackets."""
    told = checks.account_basis(by)
    assert is_phrase(told), told


@pytest.mark.parametrize("one", OPENERS, ids=lambda one: f"{one.trigger} {one.by_phone}")
def test_an_opener_is_a_sentence(one: Opener) -> None:
    """By each kind of trigger, with a number to call and without one."""
    told = rep.opener(one)
    assert told is not None
    assert is_sentence(told), told


def test_checks_and_verdicts_have_names_of_their_own() -> None:
    """No two are called alike."""
    kinds: tuple[VerdictKind, ...] = get_args(VerdictKind)
    told = [*map(names.check, CheckCode), *map(names.verdict, kinds)]
    assert all(map(is_phrase, told)), told
    assert len(told) == len(set(told))


def test_an_end_without_its_particulars_says_nothing_wrong() -> None:
    """A touch that an older version kept no finding of is told by its state alone."""
    bare = End(how=Closing.TOUCHED, at=AT, in_time=True)
    assert "" == operations.said(bare, NEW_YORK)


@pytest.mark.parametrize("union", UNIONS, ids=lambda union: members(union)[0].__name__)
def test_a_code_comes_back_from_json_as_itself(union: Any) -> None:  # noqa: ANN401  (a union)
    """Through the union that holds it, so that no two kinds are mistaken for each other."""
    reader: TypeAdapter[Any] = TypeAdapter(union)
    kept = samples(union)
    assert kept == [reader.validate_json(canonical_json(one)) for one in kept]
