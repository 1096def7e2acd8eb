"""Making text that strangers wrote harmless before it is shown in Slack.

`plain` is for the places that Slack shows as they are: `plain_text` objects and the text elements
of `rich_text`. `neutral` is for the places that Slack interprets, such as a message's `text`.
"""

import re
import unicodedata

LONGEST = 200
"""Characters, unless the caller says otherwise."""

_CUT = "…"
_MOST_MARKS = 2
"""Accents on one letter; more of them spill over the lines above and below."""
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of characters that can't be seen: control, bidirectional, zero-width, tags."""
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that count as visible but look like nothing."""
_LOOKALIKES = str.maketrans({"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ", "@": "＠", "|": "ǀ"})
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_DOT_WITHIN = re.compile(r"(?<=\w)\.(?=\w)")


def plain(text: str, limit: int = LONGEST) -> str:
    """One line of visible characters, at most `limit` of them; what is cut off ends in "…"."""
    spaced = (" " if one.isspace() else one for one in text)
    seen = "".join(one for one in spaced if not _is_hidden(one))
    line = " ".join(_without_floods(seen).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + _CUT


def neutral(text: str, limit: int = LONGEST) -> str:
    """Like `plain`, and nothing in it formats, mentions, links or notifies.

    Slack knows no escape for formatting, so its characters become look-alikes; `& < >` are escaped
    as Slack asks for (Slack: Formatting text for app surfaces).
    """
    line = plain(text, limit).translate(_LOOKALIKES).replace("://", ":∕∕")
    return _DOT_WITHIN.sub("․", line).translate(_ESCAPES)


def _is_hidden(one: str) -> bool:
    return one in _BLANK or unicodedata.category(one) in _HIDDEN or _is_selector(one)


def _is_selector(one: str) -> bool:
    """Variation selectors: they can carry hidden text."""
    return "\ufe00" <= one <= "\ufe0f" or "\U000e0100" <= one <= "\U000e01ef"


def _without_floods(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for one in text:
        marks = marks + 1 if unicodedata.combining(one) else 0
        if marks <= _MOST_MARKS:
            kept.append(one)
    return "".join(kept)
