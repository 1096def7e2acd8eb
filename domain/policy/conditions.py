"""The language of conditions: what a rule's `when` may say of a fact."""

from collections.abc import Mapping

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
