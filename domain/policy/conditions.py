"""The language of conditions: what a rule's `when` may say, and your own words for its values."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from domain.values import Value


class Range(Value):
    """A condition on a number, on excluded values or on presence."""

    at_least: float | None = None
    at_most: float | None = None
    not_in: tuple[str, ...] = ()
    present: bool | None = None
    """`true`: the field must have a value; `false`: it must be empty."""


Test = str | bool | tuple[str, ...] | Range
"""A value, a list of values of which one must match (case is ignored), or a range."""


When = Mapping[str, Test]
"""Facts that must all hold. A fact is a field name, `region`, `segment` or `trigger`."""


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
