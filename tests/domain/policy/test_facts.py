"""What a policy's conditions can ask about a lead."""

import pytest

from domain.lead.match import AccountMatch, ManyAccounts, Match, NoAccount
from domain.lead.model import FieldName, TriggerKind
from domain.policy.conditions import Range, Test
from domain.policy.facts import (
    Known,
    account_kind,
    facts,
    holds,
    looked_at,
    segment_of,
    with_icp_tier,
    with_segment,
    would_need,
)
from domain.values import Scalar, Source
from tests.support import builders
from tests.support.builders import BY_DOMAIN, account, one_account, one_record, policy, user_owner

ICP = (
    {"tier": "A", "when": {"employees": {"at_least": 1000}}},
    {"tier": "B", "when": {"employees": {"at_least": 200}, "region": "AMER"}},
    {"tier": "D"},
)
OWNER = user_owner("ana@meridian.example")


@pytest.mark.parametrize(
    ("test", "value", "expected"),
    [
        pytest.param("US", "US", True, id="the same text"),
        pytest.param("us", "US", True, id="case is ignored"),
        pytest.param("STRASSE", "straße", True, id="case is ignored in every script"),
        pytest.param("US", None, False, id="unknown is not equal"),
        pytest.param(("DE", "US"), "US", True, id="one of a list"),
        pytest.param(("DE", "GB"), "US", False, id="none of a list"),
        pytest.param("250", 250, True, id="a number as text"),
        pytest.param("250", 250.0, True, id="a whole float as text"),
        pytest.param("2000000", 2000000.0, True, id="a large one too"),
        pytest.param(True, True, True, id="yes"),
        pytest.param(False, False, True, id="no"),
        pytest.param(False, None, False, id="unknown is not no"),
        pytest.param(True, 1, False, id="one is not yes"),
        pytest.param(Range(at_least=200), 200, True, id="at least includes"),
        pytest.param(Range(at_least=200), 199, False, id="just below"),
        pytest.param(Range(at_most=200), 200, True, id="at most includes"),
        pytest.param(Range(at_least=1, at_most=5), 6, False, id="above"),
        pytest.param(Range(at_least=200), None, False, id="unknown is not enough"),
        pytest.param(Range(at_least=200), "many", False, id="text is no number"),
        pytest.param(Range(at_least=0), True, False, id="yes is no number"),
        pytest.param(Range(present=True), "x", True, id="known"),
        pytest.param(Range(present=True), None, False, id="not known"),
        pytest.param(Range(present=False), None, True, id="unknown as asked"),
        pytest.param(Range(present=False), "x", False, id="known against the asking"),
        pytest.param(Range(not_in=("DE",)), "US", True, id="not among"),
        pytest.param(Range(not_in=("de",)), "DE", False, id="among, whatever the case"),
        pytest.param(Range(not_in=("DE",)), None, False, id="unknown is not known to differ"),
    ],
)
def test_a_condition_holds_or_not(test: Test, value: Scalar | None, *, expected: bool) -> None:
    """Each form of test against a known and an unknown value."""
    known = {} if value is None else {"field": value}
    assert expected == holds({"field": test}, known)


def test_all_conditions_must_hold() -> None:
    """One that fails is enough; none at all holds for everything."""
    known = {"country": "US", "employees": 300}
    assert holds({}, known)
    assert holds({"country": "US", "employees": Range(at_least=200)}, known)
    assert not holds({"country": "US", "employees": Range(at_least=301)}, known)


def test_facts_are_fields_region_trigger_and_account() -> None:
    """What is unknown is absent: a country without a region, a lead without a trigger."""
    small = policy()
    match = Match(person=one_record(), account=NoAccount())
    known = facts(builders.lead(), builders.trigger(TriggerKind.RECYCLED), small, match)
    assert ("AMER", "recycled", "none") == (known["region"], known["trigger"], known["account"])
    assert known["employees"] == 500
    bare = facts(builders.lead(country="FR"), None, small, None)
    assert {"region", "trigger", "account", "segment"}.isdisjoint(bare)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (NoAccount(), "none"),
        (ManyAccounts(accounts=(), by=BY_DOMAIN), "none"),
        (one_account(account(OWNER, type="Customer", is_named=True)), "customer"),
        (one_account(account(OWNER, type="Prospect", is_named=True)), "named"),
        (one_account(account(OWNER)), "prospect"),
    ],
    ids=["none", "ambiguous", "customer", "named", "prospect"],
)
def test_what_the_account_is(found: AccountMatch, expected: str) -> None:
    """A customer is one before it is a named account; what is ambiguous is no account."""
    assert expected == account_kind(Match(person=one_record(), account=found), policy())


def test_the_first_segment_that_fits_is_the_leads() -> None:
    """And the last one where none does."""
    small = policy()
    assert segment_of({"employees": 1000}, small).name == "Enterprise"
    assert segment_of({"employees": 999}, small).name == "Everyone else"
    assert segment_of({}, small).name == "Everyone else"


def test_the_segment_becomes_a_fact() -> None:
    """Rules below the segments can ask for it."""
    segment = policy().segments[0]
    assert holds({"segment": "enterprise"}, with_segment({"country": "US"}, segment))


@pytest.mark.parametrize(
    ("employees", "country", "tier"),
    [(1000, "DE", "A"), (999, "US", "B"), (999, "DE", "D"), (None, "US", "D")],
)
def test_the_first_tier_that_fits_is_the_leads(
    employees: int | None, country: str, tier: str
) -> None:
    """The tier is worked out from the fields, and says so."""
    some = with_icp_tier(
        builders.lead(employees=employees, country=country, icp_tier=None), policy(icp=ICP)
    )
    assert (tier, Source.DERIVED) == (
        some.text(FieldName.ICP_TIER),
        some.source(FieldName.ICP_TIER),
    )


def test_without_a_tier_that_fits_the_lead_is_unchanged() -> None:
    """No tier is invented."""
    some = builders.lead(employees=3, icp_tier=None)
    assert some == with_icp_tier(some, policy(icp=ICP[:1]))


@pytest.mark.parametrize(
    ("when", "known", "expected"),
    [
        ({"industry": "Retail"}, {}, ("industry",)),
        ({"industry": "Retail"}, {"industry": "Banking"}, ()),
        ({"industry": "Retail"}, {"industry": "Retail"}, ()),
        ({"industry": "Retail", "country": "US"}, {"country": "DE"}, ()),
        ({"industry": "Retail", "country": "US"}, {}, ("industry", "country")),
        ({"region": "AMER"}, {}, ("country",)),
        ({"region": "AMER"}, {"country": "FR"}, ()),
        ({"employee_band": "5000+"}, {}, ("employees",)),
        ({"title": Range(present=False)}, {"title": "CTO"}, ()),
        ({"trigger": "recycled"}, {}, ()),
        ({"account": "customer"}, {}, ()),
        ({"icp_tier": ("A", "B")}, {"icp_tier": "D"}, ("employees",)),
        ({"icp_tier": "B"}, {"icp_tier": "D", "employees": 300}, ("country",)),
        ({"icp_tier": "A"}, {"icp_tier": "D", "employees": 300}, ()),
        ({"icp_tier": "C"}, {"icp_tier": "D"}, ()),
        ({"icp_tier": "A", "country": "US"}, {"icp_tier": "D", "country": "US"}, ("employees",)),
    ],
)
def test_which_unknown_fields_could_still_make_conditions_hold(
    when: dict[str, Test], known: dict[str, Scalar], expected: tuple[str, ...]
) -> None:
    """Unknown is not no: a tier of an unknown size may be another, a known fact is final."""
    assert expected == would_need(when, known, policy(icp=ICP))


def test_without_icp_rules_the_tier_itself_is_what_is_needed() -> None:
    """Marketo may hold the tier as a field of its own."""
    assert would_need({"icp_tier": "A"}, {}, policy()) == ("icp_tier",)


def test_conditions_are_explained_by_the_values_seen() -> None:
    """Each fact that a condition looks at, in an order of its own, and the unknown as unknown."""
    when: dict[str, Test] = {
        "employees": Range(at_least=1000),
        "do_not_call": False,
        "lead_source": Range(present=False),
        "region": "EMEA",
    }
    known: dict[str, Scalar] = {"employees": 1200, "do_not_call": False, "region": "EMEA"}
    expected = (
        Known(fact="do_not_call", value=False),
        Known(fact="employees", value=1200),
        Known(fact="lead_source", value=None),
        Known(fact="region", value="EMEA"),
    )
    assert expected == looked_at(when, known)
