"""Prompts are data: strict variables, a version by content, and no foreign text in the system."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.values import content_hash
from prompts import PromptError, load, parse
from prompts.history import names
from prompts.readings import Candidate, LeadReading, supported
from tools.llm.investigator import Choosing

FILE = """---
purpose: Greet somebody.
variables: [name]
max_tokens: 10
---
# system
Be brief.

# user
Greet {{ name }}.
"""
FIELDS = {"title": "", "company": "", "country": "", "state": "", "city": ""}


def test_a_prompt_becomes_a_system_and_a_user_message() -> None:
    """The parts of the file are the messages, the variable put in as JSON."""
    expected = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": 'Greet "Dana".'},
    ]
    assert expected == parse("greet", FILE).messages(name="Dana")


def test_the_version_is_the_whole_files_fingerprint() -> None:
    """A change of a setting is a new version too."""
    changed = FILE.replace("max_tokens: 10", "max_tokens: 11")
    assert content_hash(FILE) == parse("greet", FILE).version
    assert parse("greet", FILE).version != parse("greet", changed).version


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("---\npurpose", "purpose", "must have settings between"),
        ("# user", "# you", "must have settings between"),
        ("[name]", "[name, age]", "age is listed but not used"),
        (
            "{{ name }}",
            "{{ name }} {{ age }}",
            "prompts/greet.md, variables: age is used but not listed",
        ),
        ("Be brief.", "Be brief, {{ name }}.", "only the user part may have variables"),
        ("max_tokens: 10", "max_tokens: 0", "max_tokens: "),
        ("max_tokens: 10", "max_tokens: 10\ntemperature: 1", "temperature: "),
        ("max_tokens: 10", "max_tokens: [", "not valid YAML"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(old: str, new: str, sentence: str) -> None:
    """The error says what is wrong with the file."""
    with pytest.raises(PromptError, match=sentence):
        parse("greet", FILE.replace(old, new, 1))


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "name is missing"),
        ({"name": "Dana", "age": 3}, "age is not known"),
        ({"nam": "Dana"}, "name is missing, nam is not known"),
    ],
)
def test_variables_are_strict(variables: dict[str, object], said: str) -> None:
    """One too few, one too many and a misspelt one are errors, told with the file."""
    with pytest.raises(PromptError, match=f"prompts/greet.md, variables: {said}$"):
        parse("greet", FILE).messages(**variables)


def test_prompts_say_what_is_answered() -> None:
    """Text, tools, or the very form that the answer is read by."""
    said = {name: load(name).settings.output for name in names()}
    forms = {"investigate": Choosing.__name__, "read_lead": LeadReading.__name__}
    assert forms | {"converse": "tools"} == {k: one for k, one in said.items() if one != "text"}


@pytest.mark.parametrize("name", ["no_such_prompt", "../pyproject", "Read_Lead", ""])
def test_an_unknown_prompt_is_refused(name: str) -> None:
    """A name that isn't a prompt's never reaches the file system as a path."""
    with pytest.raises(PromptError):
        load(name)


@given(st.text())
def test_a_variable_never_ends_its_own_quotes(text: str) -> None:
    """What a lead wrote can be read back from the message unchanged, whatever it is."""
    said = parse("greet", FILE).messages(name=text)[1]["content"]
    value, end = json.JSONDecoder().raw_decode(said.removeprefix("Greet "))
    assert (text, ".") == (value, said.removeprefix("Greet ")[end:])


def test_a_value_that_looks_like_a_variable_stays_as_it_is() -> None:
    """Variables are put in once, not again into each other."""
    fields = FIELDS | {"title": "{{ company }}", "company": "Acme"}
    said = load("read_lead").messages(**fields)[1]["content"]
    assert 'title: "{{ company }}"\ncompany: "Acme"' in said


def test_the_lead_reader_keeps_the_lead_out_of_the_system_message() -> None:
    """The shipped prompt gives what a lead typed only to the user part."""
    system, user = load("read_lead").messages(**FIELDS | {"company": "ACME!!!"})
    assert (system["role"], user["role"]) == ("system", "user")
    assert "ACME!!!" not in system["content"]
    assert 'company: "ACME!!!"' in user["content"]


def candidate(field: str, value: str, found_in: str, evidence: str) -> Candidate:
    """A proposal of a model."""
    return Candidate.model_validate(
        {"field": field, "value": value, "found_in": found_in, "evidence": evidence}
    )


def test_only_a_proposal_with_real_evidence_is_kept() -> None:
    """Evidence must stand in the field named, letter by letter."""
    true = candidate("country", "Germany", "city", "München")
    invented = candidate("company", "Acme", "company", "Acme Corporation")
    reading = LeadReading(candidates=(true, invented))
    assert (true,) == supported(reading, {"city": "München, Bayern", "company": "acme"})


def test_two_proposals_for_one_field_are_none() -> None:
    """A model that contradicts itself is not believed."""
    one = candidate("country", "Germany", "country", "D")
    other = candidate("country", "Denmark", "country", "D")
    assert supported(LeadReading(candidates=(one, other)), {"country": "D"}) == ()
