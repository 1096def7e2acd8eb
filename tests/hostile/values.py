"""The catalogue: what vendors, proxies, spreadsheets and people put where a value should be.

Each takes the value that stood there and gives the JSON that stands there instead, as text, since
much of it (half an emoji, NaN, a number of 400 digits) is nothing that Python's JSON would write.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

Json = Any
MISSING = "\x00missing"
"""Stands for a key that is not there at all."""

Hostile = Callable[[Json], str]


def raw(text: str) -> Hostile:
    """The same JSON, whatever stood there."""
    return lambda _: text


def said(text: str) -> Hostile:
    """The same text, whatever stood there."""
    return raw(json.dumps(text))


def within(before: str = "", after: str = "") -> Hostile:
    """The text that stood there with JSON escapes put before and behind it."""

    def spoiled(value: Json) -> str:
        inner = json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1]
        return f'"{before}{inner}{after}"'

    return spoiled


def changed(change: Callable[[str], str]) -> Hostile:
    """The text that stood there, changed."""
    return lambda value: json.dumps(change(value if isinstance(value, str) else json.dumps(value)))


def wrapped(form: str) -> Hostile:
    """What stood there, inside something else."""
    return lambda value: form.replace("*", json.dumps(value))


VALUES: Mapping[str, Hostile] = {
    "missing": raw(MISSING),
    "null": raw("null"),
    "true": raw("true"),
    "false": raw("false"),
    "true as text": said("true"),
    "no as text": said("no"),
    "zero": raw("0"),
    "minus one": raw("-1"),
    "a fraction": raw("1.5"),
    "minus zero": raw("-0.0"),
    "2 to the 63rd": raw(str(2**63)),
    "400 digits": raw("9" * 400),
    "5,000 digits": raw("9" * 5_000),
    "400 digits as text": said("9" * 400),
    "1e999": raw("1e999"),
    "NaN": raw("NaN"),
    "-Infinity": raw("-Infinity"),
    "NaN as text": said("NaN"),
    "an empty text": said(""),
    "blanks": said(" \t\r\n "),
    "an empty list": raw("[]"),
    "an empty object": raw("{}"),
    "a list of it": wrapped("[*]"),
    "a list of it twice": wrapped("[*, *]"),
    "an object of it": wrapped('{"value": *}'),
    "a list of nulls": raw("[null, null]"),
    "a list of lists": raw("[[[[]]]]"),
    "an object with an empty name": raw('{"": ""}'),
    "10,000 levels": raw("[" * 10_000 + "]" * 10_000),
    "100 levels of objects": raw('{"a":' * 100 + "1" + "}" * 100),
    "its JSON as text": changed(json.dumps),
    "half an emoji": within(after="\\ud83d"),
    "the other half": within(before="\\ude00"),
    "only half an emoji": raw('"\\ud83d"'),
    "a NUL": within(before="\\u0000"),
    "a NUL in the middle": changed(lambda text: f"{text[:2]}\x00{text[2:]}"),
    "controls": within(before="\\u0007\\u001b[2J\\u009b", after="\\u0008"),
    "raw controls": raw('"a\x01\x02\tb"'),
    "no character": within(after="\\ufffe\\uffff\\ufdd0"),
    "a BOM": within(before="\\ufeff"),
    "bidi overrides": within(before="\\u202e\\u2066", after="\\u2069\\u202c"),
    "zero width": changed(lambda text: "\u200b".join(text[:200])),
    "tag characters": within(after="\\udb40\\udc41\\udb40\\udc42"),
    "line separators": within(after="\\u2028\\u2029\\u0085x"),
    "1 MB of text": lambda _: json.dumps("x" * 1_000_000),
    "140,000 accents": lambda _: '"e' + "\\u0301" * 140_000 + '"',
    "blanks around": changed(lambda text: f"  {text}\n"),
    "capitals": changed(str.upper),
    "small letters": changed(str.lower),
    "without its last sign": changed(lambda text: text[:-1]),
    "its first 15 signs": changed(lambda text: text[:15]),
    "one sign more": changed(lambda text: f"{text}0"),
    "full width digits": changed(
        lambda text: text.translate({48 + one: 0xFF10 + one for one in range(10)})
    ),
    "Arabic digits": changed(
        lambda text: text.translate({48 + one: 0x0660 + one for one in range(10)})
    ),
    "a decimal point": changed(lambda text: f"{text}.0"),
    "the year 0": said("0000-01-01T00:00:00Z"),
    "the year 1": said("0001-01-01T00:00:00+14:00"),
    "the year 9999": said("9999-12-31T23:59:59-14:00"),
    "the year 10000": said("10000-01-01T00:00:00Z"),
    "a day that isn't": said("2026-02-30T10:00:00Z"),
    "a leap second": said("2026-12-31T23:59:60Z"),
    "a date alone": said("2026-11-23"),
    "a date without a zone": said("2026-11-23 10:00:00"),
    "a zone of 99 hours": said("2026-11-23T10:00:00+99:00"),
    "a zone by name": said("2026-11-23T10:00:00 America/New_York"),
    "a date of Excel's": raw("46349.4166"),
    "milliseconds": raw("1795428000000"),
    "a US date": said("11/23/2026 10:00 AM"),
    "a formula": said('=HYPERLINK("http://evil.example","x")'),
    "a script": said("<script>alert(1)</script><!channel>"),
    "SQL": said("'; DROP TABLE cycle;-- %s {0} ${x}"),
    "a path": said("../../../../etc/passwd"),
    "an address": said("https://evil.example/x"),
    "another's id": said("003000000000001AAA"),
    "undefined": said("undefined"),
    "[object Object]": said("[object Object]"),
}
"""By what people would call it."""
