"""Groups of conditions, parts of texts, and the account's own facts: as a policy file says them."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from agent.console.policy_words import conditions
from agent.policy.file import load_policy
from domain.errors import PolicyError
from domain.lead.match import Match, NoAccount
from domain.policy.conditions import When
from domain.policy.facts import Known, facts, holds, looked_at, would_need
from domain.values import Scalar
from tests.support import builders as make
from tests.support.repository import ROOT

WHEN = TypeAdapter[When](When)
LEAD: dict[str, Scalar] = {
    "country": "DE",
    "title_typed": "VP Sales & Marketing",
    "industry": "software",
    "employees": 300,
    "website": "https://www.uni-ulm.edu",
}


def when(text: str) -> When:
    """Conditions as a file says them."""
    return WHEN.validate_python(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title_typed: {contains: sales}", True),
        ("title_typed: {contains: [finance, MARKETING]}", True),
        ("title_typed: {contains: finance}", False),
        ("title_typed: {starts_with: vp, ends_with: marketing}", True),
        ("title_typed: {starts_with: sales}", False),
        ("website: {ends_with: [.edu, .ac.uk]}", True),
        ("city: {contains: ulm}", False),
        ("employees: {starts_with: '30'}", True),
        ("any: [{country: US}, {country: DE, employees: {at_least: 200}}]", True),
        ("any: [{country: US}, {country: DE, employees: {at_least: 500}}]", False),
        ("all: [{any: [{country: DE}, {country: AT}]}, {any: [{industry: software}]}]", True),
        ("all: [{country: DE}, {industry: banking}]", False),
        ("not: [{industry: education}, {country: US}]", True),
        ("not: [{industry: education}, {country: DE}]", False),
        ("not: [{city: Ulm}]", True),
        ("not: [{not: [{country: DE}]}]", True),
        ("country: DE\nnot: [{title_typed: {contains: intern}}]", True),
    ],
)
def test_a_condition_of_the_file_holds_or_not(text: str, *, expected: bool) -> None:
    """Parts of texts, and groups in groups."""
    assert expected == holds(when(text), LEAD)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "any: [{country: DE}, {country: US, employees: {at_least: 500}}]",
            "(country is DE or (country is US and employees is at least 500))",
        ),
        (
            "country: DE\nnot: [{title_typed: {contains: [intern, student]}}]",
            'country is DE and not (title typed contains "intern" or "student")',
        ),
        (
            "all: [{any: [{country: DE}]}, {industry: software}]",
            "country is DE and industry is software",
        ),
    ],
)
def test_groups_read_as_a_sentence(text: str, words: str) -> None:
    """As the policy page says them."""
    assert words == conditions(when(text))


def test_what_a_group_looked_at_is_kept_once() -> None:
    """A decision keeps every value that its conditions asked for, by name."""
    asked = when("any: [{country: US}, {country: DE, city: Ulm}]\nindustry: software")
    expected = (
        Known(fact="city", value=None),
        Known(fact="country", value="DE"),
        Known(fact="industry", value="software"),
    )
    assert expected == looked_at(asked, LEAD)


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("any: [{city: Ulm}, {state: BY}]", ("city", "state")),
        ("any: [{city: Ulm, country: US}, {state: BY}]", ("state",)),
        ("any: [{country: US}, {country: FR}]", ()),
        ("all: [{city: Ulm}, {state: BY}]", ("city", "state")),
        ("all: [{city: Ulm}, {country: US}]", ()),
        ("city: Ulm\nany: [{country: DE}]", ("city",)),
        ("not: [{country: DE}]", ()),
    ],
)
def test_what_would_still_have_to_be_known(text: str, needed: tuple[str, ...]) -> None:
    """Enrichment is asked only for what may make a group hold."""
    assert needed == would_need(when(text), LEAD, make.policy())


def test_the_accounts_own_facts_can_be_asked_for() -> None:
    """In Salesforce's words; without an account none of them is known."""
    owner = make.user_owner("ana@meridian.example")
    account = make.account(owner, type="Customer - Direct", industry="Banking", employees=900)
    deal = account.model_copy(update={"opportunities": (make.opportunity(owner),)})
    match = Match(person=make.one_record(), account=make.one_account(deal))
    asked = when(
        "account_type: {starts_with: customer}\naccount_industry: banking\n"
        "open_opportunities: {at_least: 1}\naccount_owner: ana@meridian.example"
    )
    known = facts(make.lead(), None, make.policy(), match)
    nobody = facts(
        make.lead(), None, make.policy(), Match(person=make.one_record(), account=NoAccount())
    )
    assert (True, False) == (holds(asked, known), holds(asked, nobody))


def complaints(tmp_path: Path, condition: Any) -> str:  # noqa: ANN401  (whatever YAML holds)
    """What the check of the example policy says with this condition on its first segment."""
    document = yaml.safe_load((ROOT / "policy.yaml").read_text("utf-8"))
    document["segments"][0]["when"] = condition
    path = tmp_path / "policy.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    (tmp_path / "territories.csv").write_bytes((ROOT / "territories.csv").read_bytes())
    try:
        load_policy(path)
    except PolicyError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"any": [{"country": "DE"}, {"industry": "software"}]}, None),
        ({"not": [{"title_typed": {"contains": "intern"}}]}, None),
        ({"any": [{"contry": "DE"}]}, 'Unknown field "contry"'),
        ({"any": [{"country": "Germany"}]}, 'No lead has the country "Germany"'),
        ({"not": [{"all": [{"industry": "SaaS"}]}]}, 'No lead has the industry "SaaS"'),
        ({"any": []}, '"any" needs a list of conditions'),
        ({"any": "DE"}, '"any" needs a list of conditions'),
        ({"any": {"country": "DE"}}, '"any" needs a list of conditions'),
        ({"not": [5]}, '"not" needs a list of conditions'),
        ({"country": [{"region": "EMEA"}]}, '"country" takes values'),
        ({"country": {"contain": "D"}}, 'Unknown key "contain"\n    Did you mean "contains"?'),
        ({"any": [{"employees": {"at_least": "x"}}]}, '"at_least": "x" is not a number'),
        ({"any": [{"all": [{"employees": {"at": 3}}]}]}, 'Unknown key "at"'),
    ],
)
def test_the_check_of_a_policy_looks_into_groups(
    tmp_path: Path, condition: dict[str, Any], said: str | None
) -> None:
    """What is misspelled or can't be is found there too; nothing ends in a traceback."""
    found = complaints(tmp_path, condition)
    assert (said is None, True) == (not found, said is None or said in found), found
    assert "tuple" not in found
    assert found.count("error [") <= 1, found
