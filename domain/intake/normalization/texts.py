"""Small repairs that every text field shares."""

import re
import unicodedata

_BLANKS = re.compile(r"\s+")
_NOTHING = frozenset("|-|--|n/a|na|none|null|nil|unknown|tbd|x|xx|xxx|.|?".split("|"))
_SHORT = 4
"""An all-capitals word up to this length may be a name of its own, such as IBM or SAP."""


def tidy(text: str) -> str | None:
    """A text without stray blanks and invisible characters; None when it says nothing."""
    visible = "".join(one for one in text if unicodedata.category(one) not in ("Cf", "Cc", "Zl"))
    tidied = _BLANKS.sub(" ", visible if visible.strip() else text).strip(" \t\r\n,;")
    return None if tidied.casefold() in _NOTHING else tidied


def fold(text: str) -> str:
    """A text for comparing: no case, no accents, no punctuation, single blanks."""
    spelled = text.casefold().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", spelled)
    kept = "".join(one for one in plain if not unicodedata.combining(one))
    return _BLANKS.sub(" ", "".join(one if one.isalnum() else " " for one in kept)).strip()


_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th"})


def unshout(text: str) -> str:
    """A text in capitals, or all small, with capitals where names have them; others unchanged."""
    if not (text.isupper() or text.islower()):
        return text
    if text.isupper() and len(text) <= _SHORT:
        return text
    return " ".join(_capital(word) for word in text.split(" "))


def _capital(word: str) -> str:
    parts = re.split(r"([-'’])", word.lower())
    return "".join(part[:1].upper() + part[1:] for part in parts)
