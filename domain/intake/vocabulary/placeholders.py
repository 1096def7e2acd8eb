"""Texts that stand in a field for no value, per field: a person may be called Null."""

import re
from collections.abc import Mapping, Sequence

from domain.intake.vocabulary.texts import fold
from domain.lead.model import FieldName

_NAMES = frozenset({FieldName.FIRST_NAME, FieldName.LAST_NAME})
_SECTIONS: Mapping[FieldName, tuple[str, ...]] = {
    FieldName.FIRST_NAME: ("names",),
    FieldName.LAST_NAME: ("names",),
    FieldName.COMPANY: ("any", "company", "other"),
    FieldName.TITLE: ("any", "title"),
    FieldName.INDUSTRY: ("any", "other"),
}
_MEANT: Mapping[FieldName, frozenset[str]] = {
    FieldName.COUNTRY: frozenset({"na"}),
    FieldName.STATE: frozenset({"na", "nd", "n d", "nc", "ka"}),
    FieldName.CITY: frozenset({"nan", "na", "bar", "ka", "nd"}),
}
"""Words of the common list that are values there: Namibia, North Dakota, a city of Thailand."""
_NUMBERS = frozenset(
    {FieldName.EMPLOYEES, FieldName.EMPLOYEE_BAND, FieldName.POSTAL_CODE, FieldName.PHONE}
)
"""Fields where digits say something: 12345 is a postal code."""
_ONE_SIGN = re.compile(r"^(.)\1{3,}$")


class Placeholders:
    """The lists, compiled once."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        self._any = frozenset(map(fold, lists.get("any", ())))
        self._by_field = {
            name: frozenset(fold(one) for section in sections for one in lists.get(section, ()))
            for name, sections in _SECTIONS.items()
        } | {name: self._any - meant for name, meant in _MEANT.items()}

    def is_one(self, name: FieldName, text: str) -> bool:
        """Whether a text says that there is no value."""
        folded = fold(text)
        if not folded or text == "\\N":
            return text != "" and not _is_symbol(text)
        if name in _NUMBERS and any(one.isdigit() for one in folded):
            return False
        if folded in self._by_field.get(name, self._any):
            return True
        if name in _NAMES and folded in self._any and not text.replace(" ", "").isalpha():
            return True  # "(null)", "[not provided]": people's names have no brackets
        return name is not FieldName.COUNTRY and _ONE_SIGN.match(folded) is not None


def _is_symbol(text: str) -> bool:
    """Whether a text without letters may be a name all the same, in emoji or signs of its own."""
    return any(ord(one) > 0x2FFF for one in text)  # noqa: PLR2004  (above all punctuation)
