"""Every reader against its table: inputs of strangers, row by row."""

from collections.abc import Iterator, Mapping

import pytest

from domain.intake.normalization import emails, places
from domain.intake.normalization.fields import canonical_values, normalize
from domain.intake.normalization.numbers import HeadCount, head_count
from domain.intake.vocabulary.compiled import as_shipped
from domain.lead.crm_records import Candidates
from domain.lead.match import OneAccount
from domain.lead.model import FieldName, Misread, RawLead
from domain.matching.rules import match
from domain.policy.model import Matching
from domain.values import LeadKey
from tests.domain.intake.table import is_right, rows
from tests.support.builders import NOW, account, lead, user_owner

Row = Mapping[str, str]
WORDS = as_shipped()


def cases(name: str) -> list[object]:
    """A table's rows as parameters, named by their input."""
    return [pytest.param(row, id=f"{at + 2}") for at, row in enumerate(rows(name))]


def raw(**values: str) -> RawLead:
    """A Marketo person with some fields."""
    named = {FieldName(name): value for name, value in values.items()}
    key = LeadKey("1")
    return RawLead(key=key, values=named, link=None, created_at=NOW, updated_at=NOW, read_at=NOW)


@pytest.mark.parametrize("row", cases("titles"))
def test_a_title_is_read_as_a_colleague_would(row: Row) -> None:
    """Seniority and function of job titles in the languages that leads write."""
    seniority, function = WORDS.titles.read(row["input"])
    assert (True, True, seniority, function) == (
        is_right(row["expected_seniority"], seniority),
        is_right(row["expected_function"], function or "none"),
        seniority,
        function,
    )


@pytest.mark.parametrize("row", cases("industries"))
def test_an_industry_has_its_label_or_stays_itself(row: Row) -> None:
    """A word of the name is not the industry; one thing in several writings has one label."""
    found = WORDS.industries.read(row["input"]) or row["input"]
    expected = row["expected"]
    if expected.startswith("="):
        expected = WORDS.industries.read(expected[1:]) or expected[1:]
    assert (True, found) == (is_right(expected, found), found)


@pytest.mark.parametrize("row", cases("lead_sources"))
def test_a_lead_source_has_its_label_or_stays_itself(row: Row) -> None:
    """A referral is no partner, and a list is bought only where it says so."""
    found = WORDS.lead_sources.read(row["input"]) or row["input"]
    expected = row["expected"]
    if expected.startswith("="):
        expected = WORDS.lead_sources.read(expected[1:]) or expected[1:]
    assert (True, found) == (is_right(expected, found), found)


def allowed(expected: str) -> Iterator[tuple[int, bool] | None]:
    """What a head count may be read as: a number and whether it is sure; None for nothing."""
    for one in expected.split("|"):
        if one == "missing":
            yield None
        elif one.startswith("<="):
            yield None
            yield 1, False
        elif one.isdigit():
            yield int(one), True
            yield from [(1, False)] if one == "1" else []
        else:
            yield int(one.strip("~+").partition("-")[0]), False


@pytest.mark.parametrize("row", cases("head_counts"))
def test_a_head_count_is_understood_whole_or_refused(row: Row) -> None:
    """The least that is true with less confidence; an upper bound is no lower bound."""
    found = head_count(row["input"])
    short = (found.count, found.confidence == 1) if isinstance(found, HeadCount) else None
    assert (True, found) == (short in tuple(allowed(row["expected"])), found)


@pytest.mark.parametrize("row", cases("free_mail"))
def test_a_mail_host_is_a_companys_or_anybodys(row: Row) -> None:
    """A free domain is never a company's; a slip in a provider's name is told as such."""
    found = emails.address(f"dana.fox@{row['domain']}")
    kind = "misspelled" if found.is_misspelled else found.kind
    owned = found.domain is not None
    assert (row["expected"], row["expected"] == "business") == (kind, owned)


@pytest.mark.parametrize("row", cases("emails"))
def test_the_one_address_in_a_text_is_read_or_asked_for(row: Row) -> None:
    """With labels, names and quotes around it; where it isn't clear, somebody is asked."""
    lead = normalize(raw(email=row["input"]))
    email, asked = lead.text(FieldName.EMAIL), bool(lead.problems)
    found = "missing" if email is None else "ask" if asked else email
    assert (True, found) == (is_right(row["expected"], found), found)


@pytest.mark.parametrize("row", cases("phones"))
def test_a_phone_number_is_read_as_a_person_would_dial_it(row: Row) -> None:
    """The first of several, whatever a spreadsheet or a label did to it."""
    place = {"country": row["country"]} if row["country"] else {}
    found = normalize(raw(phone=row["input"], **place)).text(FieldName.PHONE) or "missing"
    assert (True, found) == (is_right(row["expected"], found), found)


@pytest.mark.parametrize(
    "text", ["a" * 100_000, " " * 100_000 + "@", "1 /" * 50_000, "-" * 100_000]
)
def test_a_text_without_end_is_neither_an_address_nor_a_number(text: str) -> None:
    """It is refused at once, and not searched through from each of its characters on."""
    found = normalize(raw(email=text, phone=text, company=text))
    assert (None, True) == (
        found.text(FieldName.PHONE),
        found.text(FieldName.EMAIL_KIND) in (None, "invalid"),
    )


@pytest.mark.parametrize("row", cases("company_names"))
def test_a_company_is_known_by_its_name_and_not_by_its_legal_form(row: Row) -> None:
    """As an account of the same country is judged, once it is found."""
    owner = user_owner("ana@meridian.example")
    known = account(owner, name=row["account_name"], domain=None, country=row["country"])
    typed = lead(company=row["typed_name"], country=row["country"], domain=None)
    found = match(typed, Candidates(accounts=(known,)), Matching()).account
    assert (row["expected"] == "yes") == isinstance(found, OneAccount)


@pytest.mark.parametrize("row", cases("placeholders"))
def test_a_placeholder_is_no_value_and_a_name_is_one(row: Row) -> None:
    """Per field: a surname may be Null, a company may hold such a word."""
    found = canonical_values({FieldName(row["field"]): row["input"]})
    assert (row["expected"] == "value") == (FieldName(row["field"]) in found)


@pytest.mark.parametrize("row", cases("names"))
def test_names_are_shown_as_people_write_them(row: Row) -> None:
    """Capitals that somebody typed with care are kept; shouting is not."""
    found = canonical_values({FieldName(row["field"]): row["input"]})
    shown = str(found.get(FieldName(row["field"]), "missing"))
    assert (True, shown) == (is_right(row["expected"], shown), shown)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("less than 1000", Misread.ONLY_AT_MOST),
        ("10-Jan", Misread.A_DATE),
        ("Fortune 500", Misread.NOT_A_HEAD_COUNT),
    ],
)
def test_a_head_count_that_is_refused_says_why(text: str, why: Misread) -> None:
    """A person can fix what is reported to them."""
    assert [why] == [one.why for one in normalize(raw(employees=text)).problems]


def test_the_typed_value_is_kept_beside_the_folded_one() -> None:
    """What was typed stays known, and nothing is kept twice."""
    lead = normalize(raw(industry="SaaS", lead_source="Mystery", employees="250"))
    kept = [(lead.fields[name].value, lead.fields[name].typed) for name in lead.fields]
    assert [(250, None), ("50-199", None), ("software", "SaaS"), ("Mystery", None)] != kept
    assert ("software", "SaaS") == (
        lead.fields[FieldName.INDUSTRY].value,
        lead.fields[FieldName.INDUSTRY].typed,
    )
    assert (None, None) == (
        lead.fields[FieldName.LEAD_SOURCE].typed,
        lead.fields[FieldName.EMPLOYEES].typed,
    )


@pytest.mark.parametrize("row", cases("countries"))
def test_a_country_is_read_in_any_language_or_is_none(row: Row) -> None:
    """ISO's own names and codes, everyday forms, slips; never a guess between two."""
    found = places.country(row["input"])
    assert row["expected"] == ("missing" if found is None else found[0])


@pytest.mark.parametrize("row", cases("states"))
def test_a_state_is_read_within_its_country(row: Row) -> None:
    """Every country that has states; another country's state is none."""
    found = places.read_state(row["input"], row["country"])
    assert row["expected"] == ("missing" if found is None else found[0])


def test_an_endless_text_is_no_head_count() -> None:
    """It is refused unread: the readings of a long one grow with the square of its length."""
    assert Misread.NOT_A_HEAD_COUNT == head_count("about " * 20_000)
