"""The words of a SOQL statement."""

import re
from typing import NamedTuple

from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.soql.syntax import mistake

LONGEST_STATEMENT = 100_000
LONGEST_LITERAL = 4_000
"""Salesforce: SOQL and SOSL Limits."""

_TOKEN = re.compile(
    r"""
    (?P<string>'(?:[^'\\]|\\.)*')
  | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
  | (?P<date>\d{4}-\d\d-\d\d)
  | (?P<number>[+-]?\d+(?:\.\d+)?)
  | (?P<word>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?::\d+)?)
  | (?P<operator><=|>=|!=|<>|=|<|>)
  | (?P<mark>[(),])
  | (?P<blank>\s+)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPED = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "b": "\b",
    "f": "\f",
    '"': '"',
    "'": "'",
    "\\": "\\",
    "_": "_",
    "%": "%",
}
"""Salesforce: Quoted String Escape Sequences."""
_LIKE = re.compile(r"(\\(?:u[0-9A-Fa-f]{4}|.))|([%_])|([^\\%_]+)", re.DOTALL)


class Token(NamedTuple):
    """One word."""

    kind: str
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """The words of a statement, a last one of kind `end` behind them. Raises `SalesforceError`."""
    if len(text) > LONGEST_STATEMENT:
        message = f"SOQL statements cannot be longer than {LONGEST_STATEMENT} characters."
        raise SalesforceError("MALFORMED_QUERY", message)
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise mistake(text, at, f"unexpected token: '{text[at]}'")
        if match.lastgroup != "blank":
            found.append(Token(match.lastgroup, match.group(), at))
        at = match.end()
    found.append(Token("end", "<EOF>", len(text)))
    return found


def unescaped(text: str) -> str:
    """What a string literal means, given what is between its quotes. Raises `SalesforceError`."""
    if len(text) > LONGEST_LITERAL:
        message = f"String literals cannot be longer than {LONGEST_LITERAL} characters."
        raise SalesforceError("MALFORMED_QUERY", message)
    return _ESCAPE.sub(lambda found: _character(found[1]), text) if "\\" in text else text


def like_pattern(text: str) -> re.Pattern[str]:
    """What the right side of LIKE means: % is any text, _ any character, both may be escaped."""
    parts: list[str] = []
    for escaped, wildcard, plain in _LIKE.findall(text):
        if wildcard:
            parts.append(".*" if wildcard == "%" else ".")
        else:
            parts.append(re.escape(_character(escaped[1:]) if escaped else plain))
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def _character(escape: str) -> str:
    if len(escape) > 1:
        return chr(int(escape[1:], 16))
    known = _ESCAPED.get(escape.lower())
    if known is None:
        raise SalesforceError("MALFORMED_QUERY", f"Illegal string literal: \\{escape}")
    return known
