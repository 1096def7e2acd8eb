"""Countries and states in the forms people write them, to their ISO codes.

Every name of CLDR in all its languages, ISO's own names and codes, and what people write besides;
then the ways of writing around a name, and last slips of the keyboard, where one place alone is
meant. A place that isn't known is none.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

from phonenumbers.geodata.locale import LOCALE_DATA
from rapidfuzz.distance import OSA

from domain.intake.vocabulary.shipped import table, vocabulary
from domain.intake.vocabulary.texts import fold

Place = tuple[str, float]
"""An ISO code, and how sure it is."""

_CODE, _LONG_CODE = 2, 3
_SHORTEST_SLIP, _LONG = 5, 8
_AROUND = 0.95
_TOWN = 0.9
"""A town that we don't know, and its country."""
_PARTS = re.compile(r"[,;/()|\[\]]|\s[-\u2013\u2014]\s")
_COUNTRY_FORM = frozenset("the republic of kingdom rep".split())
_STATE_FORM = frozenset(
    "the state of province provincia provincie prefecture commonwealth freistaat free land region "
    "regione region governorate emirate oblast county department departamento estado co "
    "canton kanton ken fu to do shi sheng territory voivodeship".split()
)
_CJK_FORM = tuple("府県省都市道州縣")
_CLOSED = frozenset({"US", "CA", "AU"})
"""Countries whose addresses always have one state of a list that everybody knows."""


@cache
def _own() -> tuple[Mapping[str, str], Mapping[str, Mapping[str, str]], frozenset[str]]:
    """Our own words: countries by name, states by country and name, and what is no country."""
    countries: dict[str, str] = {}
    states: dict[str, dict[str, str]] = {}
    lists = vocabulary("places")
    for key, names in lists.items():
        code, _, short = key.partition("-")
        if short:
            states.setdefault(code, {}).update(dict.fromkeys(map(fold, names), short))
        elif key != "nowhere":
            countries.update(dict.fromkeys(map(fold, names), code))
    return countries, states, frozenset(map(fold, lists["nowhere"]))


@cache
def _countries() -> Mapping[str, str]:
    """ISO codes by every folded name; a name that several countries bear is none."""
    found: dict[str, set[str]] = {}
    codes: dict[str, str] = {}
    for code, alpha3, names in table("countries"):
        codes[code.lower()] = codes[alpha3.lower()] = code
        for name in names.split(";"):
            found.setdefault(fold(name), set()).add(code)
    for code, languages in LOCALE_DATA.items():
        for name in languages.values():
            if len(code) == _CODE and not name.startswith("*"):
                found.setdefault(fold(name), set()).add(code)
    own, _, nowhere = _own()
    known = {
        name: next(iter(some))
        for name, some in found.items()
        if len(some) == 1 and not (name.isascii() and len(name) <= _LONG_CODE)
    }
    return {**{k: v for k, v in known.items() if k not in nowhere}, **codes, **own}


@cache
def _everyday() -> Mapping[str, str]:
    """The names that a slip of the keyboard is looked for in: English ones and our own."""
    english = {
        fold(names.get("en", "*").lstrip("*") or code): code
        for code, names in LOCALE_DATA.items()
        if len(code) == _CODE
    }
    plain = {
        fold(name): code
        for code, names in LOCALE_DATA.items()
        if len(code) == _CODE and not (name := names.get("aa", "*")).startswith("*")
    }
    own, _, _ = _own()
    both = {**english, **plain, **own}
    return {name: code for name, code in both.items() if len(name) >= _SHORTEST_SLIP}


@lru_cache(maxsize=8192)
def country(text: str) -> Place | None:
    """A country's ISO code and how sure that is; None when the text names none, or several."""
    folded = fold(text)
    _, _, nowhere = _own()
    if not folded or folded in nowhere:
        return None
    exact = _country(folded)
    if exact is not None:
        return exact, 1.0
    parts = [part for part in map(fold, _PARTS.split(text)) if part]
    if len(parts) > 1:
        return _of_parts(parts)
    return None if folded in _all_states() else _slip(folded, _everyday())


def _country(folded: str) -> str | None:
    known = _countries()
    words = folded.split()
    joined = "".join(words) if all(len(word) == 1 for word in words) else folded
    left = " ".join(word for word in words if word not in _COUNTRY_FORM)
    return known.get(folded) or known.get(joined) or (known.get(left) if len(left) > 3 else None)  # noqa: PLR2004  (no code)


def _of_parts(parts: list[str]) -> Place | None:
    """The one country that all parts name, but for those that are states of it."""
    codes = {code for part in parts if (code := _country(part)) is not None}
    if len(codes) > 1:
        names = {code for part in parts if len(part) > _LONG_CODE and (code := _country(part))}
        codes = names if len(names) == 1 and all(_fits(part, names) for part in parts) else codes
    if len(codes) != 1:
        return None
    if all(_fits(part, codes) for part in parts):
        return next(iter(codes)), _AROUND
    is_last = len(parts) == 2 and len(parts[1]) > _LONG_CODE and _fits(parts[1], codes)  # noqa: PLR2004
    return (next(iter(codes)), _TOWN) if is_last and _country(parts[1]) else None


def _fits(part: str, codes: Iterable[str]) -> bool:
    (code,) = codes
    return _country(part) == code or part in _states_of(code)


@cache
def _all_states() -> frozenset[str]:
    return frozenset(
        fold(name)
        for _, _, level, names in table("states")
        if level == "1"
        for name in names.split(";")
    )


@cache
def _states_of(code: str) -> Mapping[str, str]:
    """A country's states by every folded name and code: those of the first level win."""
    known: dict[str, str] = {}
    rows = [row for row in table("states") if row[0] == code]
    for level in ("1", "2"):
        mine = [row for row in rows if row[2] == level]
        for _, short, _, _ in mine:
            known.setdefault(short.lower(), short)
        for _, short, _, names in mine:
            known.setdefault(fold(names.partition(";")[0]), short)
        others: dict[str, set[str]] = {}
        for _, short, _, names in mine:
            for name in filter(None, map(fold, names.split(";"))):
                others.setdefault(name, set()).add(short)
                others.setdefault(name.replace(" ", ""), set()).add(short)
        for name, some in others.items():
            if len(some) == 1:
                known.setdefault(name, next(iter(some)))
    _, own, _ = _own()
    return {**known, **own.get(code, {})}


def knows_states(code: str) -> bool:
    """Whether a text that is none of this country's states is a fault of the text."""
    return code in _CLOSED


@cache
def country_codes() -> frozenset[str]:
    """The two-letter codes of all countries."""
    return frozenset(row[0] for row in table("countries"))


@cache
def state_codes(code: str) -> frozenset[str]:
    """The codes of a country's states."""
    return frozenset(_states_of(code).values())


@lru_cache(maxsize=8192)
def read_state(text: str, code: str) -> Place | None:
    """A state's code within a country and how sure that is; None for another's."""
    short = text.strip()
    if short.upper().startswith((f"{code}-", f"{code} - ")):
        short = short[len(code) :].lstrip(" -")
    exact = _state(fold(short), code) or _state(fold(text), code)
    if exact is not None:
        return exact, 1.0
    parts = [part for part in map(fold, _PARTS.split(text)) if part and _country(part) != code]
    if len(parts) != len([one for one in map(fold, _PARTS.split(text)) if one]) or len(parts) > 1:
        found = [_state(part, code) for part in parts]
        if len(parts) > 1 and len(parts[0]) <= _LONG_CODE and len({*found} - {None}) > 1:
            return None  # "CA, NV": two states
        last = next((one for one in reversed(found) if one is not None), None)
        is_told = last is not None and (found[-1] == last or len({*found}) <= _CODE)
        return (last, _AROUND) if last is not None and is_told else None
    return _slip(
        fold(short), {n: c for n, c in _states_of(code).items() if len(n) >= _SHORTEST_SLIP}
    )


def state(text: str, code: str) -> str | None:
    """A state's code within a country; None when it is none of that country's."""
    found = read_state(text, code)
    return None if found is None else found[0]


def _state(folded: str, code: str) -> str | None:
    known = _states_of(code)
    words = folded.split()
    if words and all(len(word) == 1 for word in words) and "".join(words) in known:
        return known["".join(words)]
    left = " ".join(word for word in words if word not in _STATE_FORM)
    bare = folded[:-1] if folded[-1:] in _CJK_FORM and len(folded) > _CODE else ""
    for name in (folded, left, bare, folded.replace(" ", "") if len(folded) > _LONG else ""):
        if name and name in known:
            return known[name]
    return None


def _slip(folded: str, names: Mapping[str, str]) -> Place | None:
    """The one place whose name is a slip or two away; None when it may be several, or none."""
    most = 2 if len(folded) >= _LONG - 1 else 1
    if len(folded) < _SHORTEST_SLIP:
        return None
    near: dict[str, int] = {}
    for name, code in names.items():
        if abs(len(name) - len(folded)) <= most and name[0] == folded[0]:
            far = OSA.distance(name, folded, score_cutoff=most)
            if far <= most:
                near[code] = min(far, near.get(code, most))
    least = min(near.values(), default=0)
    best = [code for code, far in near.items() if far == least]
    return (best[0], round(1 - least / len(folded), 2)) if len(best) == 1 else None
