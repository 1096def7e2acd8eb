"""The language of conditions: what a rule's `when` may say, and your own words for its values."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from typing_extensions import TypeAliasType

from domain.values import Value


def _listed(given: object) -> object:
    """One text as a list of one."""
    return (given,) if isinstance(given, str) else given


Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""One text or a list of texts of which one must fit; case is ignored."""


class Range(Value):
    """A condition on a number, a part of a text, excluded values or presence."""

    at_least: float | None = None
    at_most: float | None = None
    not_in: tuple[str, ...] = ()
    contains: Texts = ()
    """Part of the value, such as `contains: [revenue, sales]`."""
    starts_with: Texts = ()
    ends_with: Texts = ()
    present: bool | None = None
    """`true`: the field must have a value; `false`: it must be empty."""


Test = str | bool | tuple[str, ...] | Range
"""A value, a list of values of which one must match (case is ignored), or a range."""


When = TypeAliasType("When", Mapping[str, "Test | tuple[When, ...]"])
"""Facts that must all hold. A fact is a field name, `region`, `segment`, `trigger` or one of the
account's. `any`, `all` and `not` take lists of conditions: one of them must hold, each of them, or
none of them."""

GROUPS = ("any", "all", "not")
"""What takes lists of conditions instead of a fact's value."""


def parts(name: str, test: "Test | tuple[When, ...]") -> tuple[When, ...] | None:
    """The conditions that a group combines; None for a fact and its value."""
    if name not in GROUPS or not isinstance(test, tuple):
        return None
    return tuple(one for one in test if isinstance(one, Mapping))


def tests(when: When) -> Iterator[tuple[str, Test]]:
    """Every fact that conditions look at, groups included, with what is asked of it."""
    for name, test in when.items():
        grouped = parts(name, test)
        if grouped is None:
            yield name, as_test(test)
        else:
            for one in grouped:
                yield from tests(one)


def as_test(test: "Test | tuple[When, ...]") -> Test:
    """What is asked of a fact; lists of conditions are no value of one."""
    if isinstance(test, tuple):
        return tuple(one for one in test if isinstance(one, str))
    return test


Words = Mapping[str, tuple[str, ...]]


def _none() -> Words:
    return {}


class Vocabulary(Value):
    """Your own words for what leads write.

    They win over the shipped lists; a new label is a new value for rules. Words under the label
    `-` mean nothing and stay as typed.
    """

    industries: Words = Field(default_factory=_none)
    """Words by industry, such as `software: [robotics platforms]`."""
    lead_sources: Words = Field(default_factory=_none)
    """Words by lead source, such as `Partner: [Northwind Alliance]`."""
    seniority: Words = Field(default_factory=_none)
    """Words in job titles by seniority: `c_level`, `vp`, `director`, `manager`, `individual` or
    `student`."""
    function: Words = Field(default_factory=_none)
    """Words in job titles by function, such as `legal: [privacy champion]`."""
    placeholders: Words = Field(default_factory=_none)
    """What counts as an empty value: `any` field, `company`, `names` or `title`."""
    free_mail: tuple[str, ...] = ()
    """More domains of personal mailboxes."""
    disposable: tuple[str, ...] = ()
    """More domains of addresses that are made for one use."""
    business_domains: tuple[str, ...] = ()
    """Domains that are companies, whatever the shipped lists say."""
    replace: tuple[
        Literal["industries", "lead_sources", "seniority", "function", "placeholders"], ...
    ] = ()
    """Lists that are used instead of the shipped ones, not on top of them."""
