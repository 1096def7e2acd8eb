"""Head counts in the forms people write them, and their bands.

A text is understood whole or refused. Its numbers are read first, then the words around them; a
number that is said to count people needs nothing else to be understood.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from domain.intake.vocabulary.phrases import Phrases, spellings
from domain.intake.vocabulary.shipped import vocabulary
from domain.lead.model import Misread

_BANDS = ((5000, "5000+"), (1000, "1000-4999"), (200, "200-999"), (50, "50-199"), (1, "1-49"))
BANDS = tuple(name for _, name in reversed(_BANDS))
_SMALLEST_BAND = 49
MOST_PEOPLE = 5_000_000
"""More than any employer has: such a number is a mistake."""
_SURE, _LESS_SURE = 1.0, 0.8

_GROUPED = r"\d{1,3}(?:,\d{3})+|\d{1,3}(?:\.\d{3})+|\d{1,3}(?:['\u2019]\d{3})+|\d{1,3}(?: \d{3})+"
_INDIAN = r"\d{1,2}(?:,\d{2})+,\d{3}"
_NUMBER = re.compile(
    rf"(?<![\w.,])(?P<digits>(?P<grouped>{_INDIAN}|{_GROUPED})(?![\d])(?:[.,](?P<cents>\d\d?)(?!\d))?"
    r"|\d+(?:[.,]\d+)?)"
    r"(?P<unit>\s?k\b|m\b|\s?(?:thousand|tsd|tausend|mille|mil|mila|duizend|tusen|tuhatta|tys|tis|"
    r"тыс|bin|lakhs?|lacs?|crores?|million|millionen)\b\.?|\s?[万千])?(?![\d])"
)
_TIMES = {
    "k": 1_000, "m": 1_000_000, "million": 1_000_000, "millionen": 1_000_000, "lakh": 100_000,
    "lakhs": 100_000, "lac": 100_000, "lacs": 100_000, "crore": 10_000_000,
    "crores": 10_000_000, "万": 10_000,
}  # fmt: skip
_MONTH = r"(?:jan|feb|m[aä]r|apr|ma[yi]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*\.?"
_DATE = re.compile(
    rf"\d{{1,2}}\.?[-/. ]{_MONTH}(?:[-/. ]\d+)?|{_MONTH}[-/. ]\d+|\d{{4}}-\d\d?-\d\d?(?:[ t].*)?"
    r"|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}"
)
_LABEL = re.compile(r"^[a-z][:.)]\s+|\b(?:tier|band|level|group|size|bucket|segment|t)[ _-]?\d\b")
_MONEY = re.compile(r"[$€£¥₹%#]|\b(?:revenue|usd|eur|gbp|umsatz|turnover|arr|mrr|chiffre)\b")
_WIDE = re.compile(r"([\u2e80-\u9fff])")
_MARK = re.compile(r"<=|>=|≤|≥|[<>+~〜～]|(?<![^\W\d_])\s?[-–—−]\s?|\s[-–—−]\s|[,;:()\[\]|/.]")
_MARKS = {
    "<=": "E", "≤": "E", ">=": "L", "≥": "L", "<": "S", ">": "L", "+": "P", "~": "A", "〜": "C",
    "～": "C", "-": "C", "–": "C", "—": "C", "−": "C", ":": "", ".": "",
}  # fmt: skip
_CLASSES = {
    "people": "U", "more": "L", "or more": "P", "less": "S", "at most": "E", "about": "A",
    "to": "C", "between": "B", "filler": "F", "one": "X",
}  # fmt: skip
_CORE = r"(?P<how>[ALSEBC]*?)#F*(?:(?P<to>[CEA])#)?(?P<after>[PSE]?)F*U?(?P<late>[PSE]?)"
LONGEST = 255
"""Characters that are read for a head count; a text that goes on is an essay, if not an attack."""
_WHOLE = re.compile(rf"[FUB]*{_CORE}[FUBA]*")
_COUNTED = re.compile(_CORE.replace("U?", "U", 1))


@dataclass(frozen=True, slots=True)
class HeadCount:
    """A number of employees and how sure it is."""

    count: int
    confidence: float


@lru_cache(maxsize=8192)
def head_count(text: str) -> HeadCount | Misread:
    """A head count; what is wrong with a text that has none.

    Of a range such as `1000-5000` or `5,000+` the lower end is taken, as the least that is true,
    with less confidence: the middle would be an invention. "Less than 1000" says no least; only
    when all that it allows lies in the smallest band is it worth a value.
    """
    if len(text) > LONGEST:
        return Misread.NOT_A_HEAD_COUNT
    plain = unicodedata.normalize("NFKC", text).casefold().strip().lstrip("'=")
    plain = re.sub(r"\s+", " ", _WIDE.sub(r" \1 ", plain)).strip()
    if _DATE.fullmatch(plain):
        return Misread.A_DATE
    if _MONEY.search(plain) or re.match(r"[-−]\s?\d", plain):
        return Misread.NOT_A_HEAD_COUNT
    if _ones().whole(next(iter(spellings(plain)), ())) == "one":
        return HeadCount(1, _LESS_SURE)
    signs, numbers = _signs(_LABEL.sub(" ", plain))
    return _understood(signs, numbers)


@cache
def _words() -> Phrases:
    return Phrases(
        {label: some for label, some in vocabulary("head_counts").items() if label != "one"}
    )


@cache
def _ones() -> Phrases:
    return Phrases({"one": vocabulary("head_counts")["one"]})


class _Number(NamedTuple):
    value: float
    times: int
    is_whole: bool

    @property
    def people(self) -> float:
        return self.value * self.times


def _signs(text: str) -> tuple[str, list[_Number]]:
    """A text as one letter per number (`#`), mark or word, and its numbers."""
    signs, numbers, end = "", list[_Number](), 0
    for found in _NUMBER.finditer(text):
        signs += _between(text[end : found.start()]) + "#"
        numbers.append(_read(found))
        end = found.end()
    return signs + _between(text[end:]), numbers


def _between(text: str) -> str:
    signs, end = "", 0
    for found in _MARK.finditer(text):
        signs += "".join(_classes(text[end : found.start()]))
        signs += _MARKS.get(found[0].strip(), ",")
        end = found.end()
    return signs + "".join(_classes(text[end:]))


def _classes(text: str) -> Iterator[str]:
    words = next((one for one in spellings(text) if one), ()) if text.strip() else ()
    known = {one.start: one for one in _words().found(words)}
    at = 0
    while at < len(words):
        if at in known:
            yield _CLASSES[known[at].label]
            at = known[at].end
        else:
            yield "X"
            at += 1


def _read(found: re.Match[str]) -> _Number:
    digits, unit = found["digits"], (found["unit"] or "").strip(" .")
    times = _TIMES.get(unit, 1_000) if unit else 1
    if found["grouped"]:
        if times == 1:
            cents = found["cents"]
            return _Number(float(re.sub(r"\D", "", found["grouped"])), 1, not int(cents or 0))
        digits = re.sub(r"[ '\u2019]", "", digits)
    number = float(digits.replace(",", "."))
    return _Number(number, times, (number * times).is_integer())


def _understood(signs: str, numbers: list[_Number]) -> HeadCount | Misread:
    counted = list(_COUNTED.finditer(signs))
    if len(counted) == 1:
        return _value(counted[0], signs, numbers)
    parts = [part for part in signs.split(",") if "#" in part]
    whole = _WHOLE.fullmatch(parts[0]) if len(parts) == 1 else None
    return Misread.NOT_A_HEAD_COUNT if whole is None else _value(whole, parts[0], numbers)


def _value(found: re.Match[str], signs: str, numbers: list[_Number]) -> HeadCount | Misread:
    first = signs[: found.start()].count("#")
    low = numbers[first]
    high = numbers[first + 1] if found["to"] else None
    if high is not None and low.times == 1 and low.value < high.value:
        low = low._replace(times=high.times, is_whole=(low.value * high.times).is_integer())
    if low.value == 0 and high is not None:
        low = _Number(1, 1, is_whole=True)  # "0-10": nobody is no employer
    if not low.is_whole or not 1 <= low.people <= MOST_PEOPLE:
        return Misread.NOT_A_HEAD_COUNT
    if high is not None and high.people < low.people:
        return Misread.NOT_A_HEAD_COUNT
    how = (found["how"] or "") + (found["after"] or "") + (found["late"] or "")
    if high is None and ("S" in how or "E" in how):
        return _at_most(low.people)
    if high is None and "C" in how:
        return Misread.NOT_A_HEAD_COUNT
    sure = high is None and not how
    return HeadCount(int(low.people), _SURE if sure else _LESS_SURE)


def _at_most(count: float) -> HeadCount | Misread:
    is_small = count <= _SMALLEST_BAND + 1
    return HeadCount(1, _LESS_SURE) if is_small else Misread.ONLY_AT_MOST


def band(count: float) -> str | None:
    """The band of a head count."""
    return next((name for least, name in _BANDS if count >= least), None)
