"""One lead's way through the providers: what it still lacks, and what was found for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.intake.normalization.emails import registrable
from domain.lead.model import FieldName, Lead
from domain.ports import Enriched, Sought
from domain.values import Scalar, Source, Sourced

Canonical = Callable[[Mapping[FieldName, Scalar]], Mapping[FieldName, Scalar]]
"""Brings a provider's values into the form that the rules speak of, and leaves out the rest."""

_WITHIN_COUNTRY = (FieldName.STATE, FieldName.CITY)


@dataclass(frozen=True, slots=True)
class Stage:
    """One kind of question."""

    name: str
    fields: frozenset[FieldName]
    """What may be asked for in this way."""
    subject: Callable[[Lead], str | None]
    """What a lead is looked up by; None when it can't be."""
    without: str
    """Why it can't be."""


def _company_of(lead: Lead) -> str | None:
    """The company's domain; a freemail or disposable address has none."""
    return lead.text(FieldName.DOMAIN)


def _work_address_of(lead: Lead) -> str | None:
    is_work = lead.text(FieldName.EMAIL_KIND) == "business"
    return lead.text(FieldName.EMAIL) if is_work else None


COMPANY = Stage(
    "company",
    frozenset(
        {
            FieldName.ANNUAL_REVENUE,
            FieldName.CITY,
            FieldName.COMPANY,
            FieldName.COUNTRY,
            FieldName.EMPLOYEES,
            FieldName.EMPLOYEE_BAND,
            FieldName.INDUSTRY,
            FieldName.STATE,
        }
    ),
    _company_of,
    "no company domain to look up",
)
PERSON = Stage(
    "person",
    frozenset(
        {
            FieldName.FIRST_NAME,
            FieldName.FUNCTION,
            FieldName.LAST_NAME,
            FieldName.SENIORITY,
            FieldName.TITLE,
        }
    ),
    _work_address_of,
    "no work address to look up",
)


@dataclass(frozen=True, slots=True)
class Fact:
    """What one provider said of one company or person, as it is kept."""

    values: Mapping[FieldName, Scalar] = field(repr=False)
    confidence: float
    at: datetime


@dataclass
class Case:
    """One lead and what was found for it so far."""

    sought: Sought
    min_confidence: float
    canonical: Canonical
    found: dict[FieldName, Sourced] = field(default_factory=dict[FieldName, Sourced])
    notes: list[str] = field(default_factory=list[str])
    must_forget: bool = False

    @property
    def lead(self) -> Lead:
        """The lead."""
        return self.sought.lead

    def lacking(self, fields: frozenset[FieldName]) -> list[FieldName]:
        """Which of these fields are sought and not yet known surely enough."""
        if self.must_forget:
            return []
        return [name for name in self.sought.fields if name in fields and not self._is_sure(name)]

    def note(self, sentence: str) -> None:
        """Say why something is missing, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def forget(self, sentence: str) -> None:
        """This person asked to be erased: nothing is looked up or handed on."""
        self.must_forget = True
        self.found.clear()
        self.note(sentence)

    def take(self, fact: Fact, source: Source) -> None:
        """Keep what is sought and surer than what is there already.

        A state or city counts only within the country that the lead is known to be in: the seat of
        a company says nothing about where in another country the lead is.
        """
        values = dict(self.canonical(fact.values))
        country = values.get(FieldName.COUNTRY)
        before = self.found.get(FieldName.COUNTRY)
        if self._offer(FieldName.COUNTRY, country, fact, source) and before is not None:
            for name in _WITHIN_COUNTRY:
                self.found.pop(name, None)
        is_elsewhere = country is None or str(country) != self._country()
        for name, value in values.items():
            if not (is_elsewhere and name in _WITHIN_COUNTRY):
                self._offer(name, value, fact, source)

    def result(self) -> Enriched:
        """What was found, what wasn't, and why."""
        missing = [name for name in self.sought.fields if not self._is_sure(name)]
        return Enriched(
            fields=self.found,
            missing=tuple(missing),
            notes=tuple(self.notes),
            must_forget=self.must_forget,
        )

    def _offer(self, name: FieldName, value: Scalar | None, fact: Fact, source: Source) -> bool:
        """Keep a value if it is sought and the surest yet; true when it now stands."""
        known = self.found.get(name)
        if value is None or name not in self.sought.fields:
            return False
        if known is not None and known.confidence >= fact.confidence:
            return False
        self.found[name] = Sourced(
            value=value, source=source, confidence=fact.confidence, at=fact.at
        )
        return known is None or known.value != value

    def _is_sure(self, name: FieldName) -> bool:
        known = self.found.get(name)
        return known is not None and known.confidence >= self.min_confidence

    def _country(self) -> str | None:
        known = self.found.get(FieldName.COUNTRY)
        return str(known.value) if known else self.lead.text(FieldName.COUNTRY)


def same_company(named: str | None, domain: str) -> bool:
    """Whether a provider's answer is about the company asked for; one that names none is taken."""
    return named is None or _domain(named) == _domain(domain)


def _domain(text: str) -> str:
    host = text.strip().lower().partition("://")[2] or text.strip().lower()
    host = host.partition("/")[0].partition(":")[0]
    return registrable(host) or host.removeprefix("www.")
