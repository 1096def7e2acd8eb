"""What Slack's client makes of typed words before they are sent.

Three signs are escaped, addresses and links become tokens, and what the client inserted by itself
(people, channels) stays (Slack: Formatting message text, "Retrieving messages").
"""

import re

_INSERTED = re.compile(r"<[@#!][^<>\n]*>")
_LINK = re.compile(
    r"(?P<url>https?://[^\s|<>]+)"
    r"|(?P<mail>[\w.+-]+@(?:[\w-]+\.)+[a-zA-Z]{2,})"
    r"|(?P<site>(?<![\w.@/])(?:[a-zA-Z0-9](?:[\w-]*[a-zA-Z0-9])?\.)+(?:com|org|net|io|example)\b)"
)
"""A client knows every top-level domain; the sandbox those that its worlds have."""


def delivered(typed: str) -> str:
    """A message's text as events carry it."""
    parts: list[str] = []
    end = 0
    for found in _INSERTED.finditer(typed):
        parts += [_linked(typed[end : found.start()]), found[0]]
        end = found.end()
    return "".join([*parts, _linked(typed[end:])])


def _linked(text: str) -> str:
    parts: list[str] = []
    end = 0
    for found in _LINK.finditer(text):
        parts += [_escaped(text[end : found.start()]), _token(found)]
        end = found.end()
    return "".join([*parts, _escaped(text[end:])])


def _token(found: re.Match[str]) -> str:
    words = _escaped(found[0])
    match found.lastgroup:
        case "mail":
            return f"<mailto:{words}|{words}>"
        case "site":
            return f"<http://{words}|{words}>"
        case _:
            return f"<{words}>"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
