"""SOQL: values can't break out of their quotes, and no statement exceeds Salesforce's limits."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.salesforce.soql.query import (
    LONGEST_QUERY,
    MOST_TERMS,
    Literal,
    Term,
    conditions,
    finding,
    identifier,
    literal,
    one_of,
    packs,
    select,
)

STRING = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def unquoted(text: str) -> str:
    """What Salesforce reads out of one quoted string, by its documented escapes."""
    found = STRING.fullmatch(text)
    assert found is not None, text
    return re.sub(r"\\(.)", lambda one: ESCAPES.get(one[1], one[1]), found[1], flags=re.DOTALL)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("acme", "'acme'"),
        ("O'Brien", r"'O\'Brien'"),
        ("back\\slash", r"'back\\slash'"),
        ("x' OR Name != '", r"'x\' OR Name != \''"),
        ("\\' OR Id != ''", r"'\\\' OR Id != \'\''"),
        ("line\nbreak\ttab", r"'line\nbreak\ttab'"),
        ("Müller & Söhne 株式会社", "'Müller & Söhne 株式会社'"),
        ("100%_sure", "'100%_sure'"),
        (True, "true"),
        (False, "false"),
        (None, "null"),
        (12, "12"),
        (1.5, "1.5"),
        (date(2026, 11, 23), "2026-11-23"),
        (datetime(2026, 11, 23, 8, 12, 36, 999, tzinfo=UTC), "2026-11-23T08:12:36Z"),
        (
            datetime(2026, 11, 23, 9, 0, tzinfo=timezone(timedelta(hours=1))),
            "2026-11-23T08:00:00Z",
        ),
    ],
)
def test_literals(value: Literal, expected: str) -> None:
    """Each kind of value has one way to be written; wildcards mean nothing outside of LIKE."""
    assert literal(value) == expected


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), datetime(2026, 1, 1), "x" * 4000],  # noqa: DTZ001  (naive on purpose)
)
def test_what_soql_cannot_say_is_refused(value: str | float | datetime) -> None:
    """NaN, infinity, times without a zone and over-long strings raise instead of being sent."""
    with pytest.raises(ValueError, match=r"."):
        literal(value)


@given(st.text(max_size=300))
def test_any_text_comes_back_unchanged(text: str) -> None:
    """Whatever a lead typed, Salesforce reads exactly that and nothing behind it."""
    assert unquoted(literal(text)) == text


@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=30))
def test_a_list_holds_its_values_and_no_more(values: list[str]) -> None:
    """A hostile value inside an IN list stays one value of that list."""
    inner = one_of("Company", values).removeprefix("Company IN (").removesuffix(")")
    assert [unquoted(f"'{found[1]}'") for found in STRING.finditer(inner)] == values


@pytest.mark.parametrize("name", ["Id, Name", "Name FROM User--", "Naïve", "", "a.", "1a", "a b"])
def test_only_names_are_identifiers(name: str) -> None:
    """A field's or object's name can't smuggle anything else into the statement."""
    with pytest.raises(ValueError, match="name of a field"):
        identifier(name)
    with pytest.raises(ValueError, match="field or a count"):
        select((name,), "Lead", "Id != null")


def test_terms_of_several_fields_share_a_query() -> None:
    """E-mail addresses and ids are looked for in one statement, in a stable order."""
    terms = [Term("Id", "00Q2"), Term("Email", "b@x.io"), Term("Email", "a@x.io")]
    found = finding(("Id", "Owner.Name"), "Lead", terms, rest="AND IsConverted = false")
    [text] = [query.text for query in found]
    begin, _, where = text.partition(" WHERE ")
    assert begin == "SELECT Id, Owner.Name FROM Lead"
    assert where == "(Email IN ('a@x.io','b@x.io') OR Id IN ('00Q2')) AND IsConverted = false"


def test_no_terms_make_no_query() -> None:
    """Looking for nothing costs nothing."""
    assert finding(("Id",), "Lead", []) == []


def test_a_value_no_field_can_hold_is_left_out() -> None:
    """One absurdly long value doesn't fail the batch."""
    assert list(conditions([Term("Name", "x" * 5000), Term("Name", "a")], room=100)) == [
        "Name IN ('a')"
    ]


@pytest.mark.parametrize("length", [10, 60, 900])
def test_long_lists_are_split_below_the_limits(length: int) -> None:
    """10,000 values come back whole, in statements short enough, of at most a page's rows."""
    values = [f"{number:0{length}d}" for number in range(10_000)]
    found = finding(("Id",), "Account", [Term("Name", value) for value in values])
    held = [STRING.findall(query.text) for query in found]
    assert [value for some in held for value in some] == values
    assert max(len(query.text) for query in found) <= LONGEST_QUERY
    assert max(len(some) for some in held) <= MOST_TERMS


@given(
    st.lists(st.tuples(st.sampled_from(["Email", "Id"]), st.text(min_size=1, max_size=20))),
    st.integers(min_value=60, max_value=400),
)
def test_conditions_keep_to_their_room(pairs: list[tuple[str, str]], room: int) -> None:
    """However the texts escape, no condition is longer than asked for, and none is lost."""
    terms = [Term(field, value) for field, value in pairs]
    made = list(conditions(terms, room=room))
    assert all(len(one) <= room for one in made)
    assert sum(len(STRING.findall(one)) for one in made) == len(set(terms))


def test_packs_keep_the_order() -> None:
    """Five at a time, the last pack with what is left."""
    assert list(packs("abcdefg", 5)) == ["abcde", "fg"]
