"""What a person typed, from the text that Slack delivers; the one place that decodes it.

Slack escapes three signs, makes tokens of links, addresses, people and channels, and keeps
formatting as signs around words (Slack: Formatting message text, "Retrieving messages").
"""

import re
from collections.abc import Callable

Named = Callable[[str, str], str]
"""The words for an account: its id and the label that Slack gave it; empty for none."""

_TOKEN = re.compile(r"<([^<>\n]+)>")
_ENTITY = re.compile(r"&(amp|lt|gt);")
_SIGNS = {"amp": "&", "lt": "<", "gt": ">"}
_QUOTED = re.compile(r"^(?:&gt;|>){1,3} ?")
_FENCE = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
_PAIRED = re.compile(r"(?<!\w)([*_~`])(?=\S)([^\n]{0,400}?\S)\1(?!\w)")
"""Bold, italic, struck or code; within a word the signs are the word's own."""
_HELD = "\x00"
"""Stands for a token while the words around it are read."""
_NESTED = 4
"""So many formats can lie around the same words."""
_EMOJI = re.compile(r"(?<![\w:]):(?=[^:\s]*[a-z+-]|100:)[a-z0-9_+'-]+:(?::skin-tone-\d:)?(?!\w)")
_KEYBOARD = str.maketrans(
    {"‘": "'", "’": "'", "‚": "'", "‛": "'", "“": '"', "”": '"', "„": '"', "‟": '"'}
    | {"\u00a0": " ", "\u202f": " ", "\u2007": " "}
)
"""What keyboards make of quotes and blanks by themselves."""
_UNSEEN = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffd\x00]")
"""Nobody types these: they come with pasted text, or in place of half an emoji."""


def typed(delivered: str, named: Named) -> str:
    """The words of a message, a command or a mention as the person meant them.

    Decoded once only: an escaped escape is what the person typed. Lines that quote somebody come
    after the person's own.
    """
    lines = _FENCE.sub(r"\1", delivered).split("\n")
    own = [line for line in lines if not _QUOTED.match(line)]
    quotes = [_QUOTED.sub("", line) for line in lines if _QUOTED.match(line)]
    text = "\n".join(own + quotes).replace(_HELD, "")
    tokens = [_token(inner, named) for inner in _TOKEN.findall(text)]
    first, *others = entered(_formatless(_TOKEN.sub(_HELD, text))).split(_HELD)
    read = first + "".join(token + other for token, other in zip(tokens, others, strict=True))
    seen = _UNSEEN.sub("", read.translate(_KEYBOARD))
    return "\n".join(filter(None, (" ".join(line.split()) for line in seen.splitlines())))


def entered(delivered: str) -> str:
    """What was filled in at a field of a form: only the three signs are escaped."""
    return _ENTITY.sub(lambda found: _SIGNS[found[1]], delivered)


def _formatless(text: str) -> str:
    """The words without emoji and the signs of formats around them."""
    text = _EMOJI.sub("", text)
    for _ in range(_NESTED):
        text, count = _PAIRED.subn(r"\2", text)
        if not count:
            break
    return text


def _token(inner: str, named: Named) -> str:
    """The words for what stands between angle brackets."""
    target, _, label = (entered(part) for part in inner.partition("|"))
    match target[:1]:
        case "@":
            return named(target[1:], label)
        case "#":
            return label or target
        case "!":
            return label or f"@{target[1:].partition('^')[0]}"
        case _:
            pass
    if "://" in target or target.startswith(("mailto:", "tel:")):
        return label or target.removeprefix("mailto:").removeprefix("tel:")
    return f"<{entered(inner)}>"
