"""Small repairs that every text field shares, and the form in which texts are compared."""

import re
import unicodedata

_BLANKS = re.compile(r"\s+")
_UNSEEN = frozenset({"Cf", "Cc", "Zl", "Zp"})
_MARKS_IN_A_ROW = re.compile(r"([\u0300-\u036f]{2})[\u0300-\u036f]+")
_BLANK_LETTERS = str.maketrans("", "", "\u115f\u1160\u3164\uffa0\u2800")
"""Letters by Unicode's books that show nothing."""
_VOICED = "\u3099\u309a"
"""Marks that make another sound of a Japanese letter."""
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"})


def tidy(text: str) -> str | None:
    """A text without stray blanks and invisible characters; None when nothing can be seen."""
    if text.isascii() and text.isprintable():
        return _BLANKS.sub(" ", text).strip(" ,;") or None
    visible = "".join(
        " " if one in "\t\r\n" else one
        for one in text.translate(_BLANK_LETTERS)
        if one in "\t\r\n" or unicodedata.category(one) not in _UNSEEN
    )
    few = _MARKS_IN_A_ROW.sub(r"\1", visible)
    return _BLANKS.sub(" ", few).strip(" ,;") or None


def fold(text: str) -> str:
    """A text for comparing: no case, no accents, no punctuation, single blanks."""
    if text.isascii():
        spelled = text.lower()
        return " ".join("".join(one if one.isalnum() else " " for one in spelled).split())
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    kept = "".join(one for one in plain if one in _VOICED or not unicodedata.combining(one))
    whole = unicodedata.normalize("NFC", kept)
    return " ".join("".join(one if one.isalnum() else " " for one in whole).split())
