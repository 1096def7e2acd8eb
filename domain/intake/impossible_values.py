"""Conditions and territories with a value that no lead ever has, as leads are read."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from domain.intake.normalization import places
from domain.intake.normalization.numbers import BANDS
from domain.intake.vocabulary.compiled import Compiled, compiled
from domain.intake.vocabulary.texts import fold
from domain.intake.vocabulary.titles import SENIORITIES
from domain.lead.model import FieldName
from domain.policy.conditions import Range, When, as_test, parts
from domain.policy.lint.complaints import Lint, Path
from domain.policy.model import Policy
from domain.policy.routing import Territory

_CLOSED = frozenset(
    {
        FieldName.COUNTRY.value,
        FieldName.STATE.value,
        FieldName.INDUSTRY.value,
        FieldName.LEAD_SOURCE.value,
        FieldName.SENIORITY.value,
        FieldName.FUNCTION.value,
        FieldName.EMPLOYEE_BAND.value,
    }
)
_FIELDS = {"lead_source": "lead source", "employee_band": "employee band"}


@dataclass(frozen=True)
class _Values:
    """What a lead's fields can be under a policy."""

    words: Compiled

    def advice(self, fact: str, value: str, country: str | None) -> str | None:
        """How to write a value that no lead has; None for one that a lead may have."""
        match fact:
            case "country":
                return self._place(value, places.country(value), places.country_codes())
            case "state":
                return self._state(value, country)
            case "industry":
                return self._label(value, self.words.industries.read(value))
            case "lead_source":
                return self._label(value, self.words.lead_sources.read(value))
            case "seniority":
                meant = self.words.titles.read(value)[0]
                return self._among(value, SENIORITIES, None if meant == "individual" else meant)
            case "function":
                return self._among(
                    value, self.words.titles.functions, self.words.titles.read(value)[1]
                )
            case _:
                return self._among(value, BANDS, None)

    @staticmethod
    def _among(value: str, known: Iterable[str], meant: str | None) -> str | None:
        names = list(known)
        if value.casefold() in {name.casefold() for name in names}:
            return None
        close = difflib.get_close_matches(value.casefold(), names, n=1)
        found = meant or (close[0] if close else None)
        listed = f"Use one of: {', '.join(names)}."
        return listed if found is None else f'Did you mean "{found}"?'

    @staticmethod
    def _place(value: str, found: places.Place | None, codes: frozenset[str]) -> str | None:
        if value.upper() in codes:
            return None
        if found is None:
            return "Use the two-letter code of one country."
        return f'Did you mean "{found[0]}"?'

    def _state(self, value: str, country: str | None) -> str | None:
        if country is not None:
            codes = places.state_codes(country)
            if not codes or value.upper() in codes:
                return None
            found = places.read_state(value, country)
            if found is None:
                return f"Use one code of a state of {country}."
            return f'Did you mean "{found[0]}"?'
        if any(value.upper() in places.state_codes(code) for code in places.country_codes()):
            return None
        found = places.read_state(value, "US") or places.read_state(value, "CA")
        return "Use a state's code." if found is None else f'Did you mean "{found[0]}"?'

    @staticmethod
    def _label(value: str, label: str | None) -> str | None:
        """A value that is folded to a label never occurs; one that isn't known may."""
        if label is None or label.casefold() == value.casefold():
            return None
        return f'Did you mean "{label}"?'


def impossible_values(policy: Policy) -> list[Lint]:
    """Every condition and cell that no lead can match, with what was probably meant."""
    values = _Values(compiled(policy.vocabulary))
    return [
        *(one for path, when in _conditions(policy) for one in _of_when(path, when, values)),
        *_of_vocabulary(policy),
        *(
            one
            for index, row in enumerate(policy.territories)
            for one in _of_row(("territories", index), row, values)
        ),
    ]


def _of_vocabulary(policy: Policy) -> Iterator[Lint]:
    """Labels of the policy's own words that no reader knows."""
    own = policy.vocabulary
    known = {
        "seniority": (own.seniority, (*SENIORITIES, "assistant", "-")),
        "placeholders": (own.placeholders, ("any", "company", "names", "title", "other")),
    }
    for name, (words, labels) in known.items():
        for label in words:
            if label not in labels:
                advice = f"Use one of: {', '.join(labels)}."
                yield Lint("error", ("vocabulary", name, label), f'Unknown label "{label}"', advice)


def _conditions(policy: Policy) -> Iterator[tuple[Path, When]]:
    for index, segment in enumerate(policy.segments):
        yield ("segments", index, "when"), segment.when
    for index, rule in enumerate(policy.gate.qualified):
        yield ("gate", "qualified", index, "when"), rule.when
    for index, tier in enumerate(policy.icp):
        yield ("icp", index, "when"), tier.when
    for index, rule in enumerate(policy.routing):
        yield ("routing", index, "when"), rule.when
    for email, user in policy.users.items():
        for index, when in enumerate(user.never):
            yield ("users", email, "never", index), when
    for name, pool in policy.pools.items():
        for index, member in enumerate(pool.members):
            yield ("pools", name, "members", index, "when"), member.when


def _of_when(path: Path, when: When, values: _Values) -> Iterator[Lint]:
    country = when.get("country")
    alone = country.upper() if isinstance(country, str) and len(country) == 2 else None  # noqa: PLR2004
    for fact, asked in when.items():
        for index, one in enumerate(parts(fact, asked) or ()):
            yield from _of_when((*path, fact, index), one, values)
        test = as_test(asked)
        if fact not in _CLOSED or isinstance(test, bool):
            continue
        texts = (
            test.not_in if isinstance(test, Range) else (test,) if isinstance(test, str) else test
        )
        for text in texts:
            yield from _told((*path, fact), fact, text, values.advice(fact, text, alone))


def _of_row(path: Path, row: Territory, values: _Values) -> Iterator[Lint]:
    cells: Mapping[str, str | None] = {
        "country": row.country,
        "state": row.state,
        "industry": row.industry,
    }
    known = row.country if row.country in places.country_codes() else None
    for name, size in (("employees_from", row.employees_from), ("employees_to", row.employees_to)):
        if size is not None and size < 0:
            said = f"No lead has {size} employees"
            yield Lint("error", (*path, name), said, "Use 0 or more, or leave the cell empty.")
    for fact, text in cells.items():
        if text is None or (fact == "state" and known is None):
            continue
        advice = values.advice(fact, text, known)
        if fact == "industry" and advice is None and values.words.industries.read(text) is None:
            advice = _close(text, values.words.industries.names)
            if advice is not None:
                said = f'No industry of the list is called "{text}"'
                severity = "error" if advice.startswith("Did") else "warning"
                yield Lint(severity, (*path, fact), said, advice)
            continue
        yield from _told((*path, fact), fact, text, advice)


def _close(text: str, names: Iterable[str]) -> str | None:
    known = list(names)
    close = difflib.get_close_matches(fold(text), known, n=1, cutoff=0.8)
    if close:
        return f'Did you mean "{close[0]}"?'
    return f"Leads match only if this is typed so. The list: {', '.join(known)}."


def _told(path: Path, fact: str, text: str, advice: str | None) -> Iterator[Lint]:
    if advice is not None:
        said = f'No lead has the {_FIELDS.get(fact, fact)} "{text}"'
        yield Lint("error", path, said, advice)
