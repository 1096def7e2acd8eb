"""A lead's fields in canonical form. What can't be understood is reported, never guessed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain.intake.normalization import emails, numbers, phones, places
from domain.intake.vocabulary import spellings
from domain.intake.vocabulary.compiled import Compiled, as_shipped
from domain.intake.vocabulary.texts import tidy
from domain.lead.model import FieldName, Lead, Misread, Problem, RawLead
from domain.values import Instant, LeadKey, Scalar, Source, Sourced

PHONE_CONFIDENCE = 0.8
DOMAIN_CONFIDENCE = 0.5

_FLAGS = (
    FieldName.UNSUBSCRIBED,
    FieldName.EMAIL_INVALID,
    FieldName.DO_NOT_CALL,
    FieldName.MARKETING_SUSPENDED,
    FieldName.DO_NOT_ROUTE,
)
_PLAIN = (
    FieldName.CITY,
    FieldName.POSTAL_CODE,
    FieldName.SOURCE_DETAIL,
    FieldName.PRODUCT_INTEREST,
    FieldName.COMMENT,
    FieldName.CONSENT_BASIS,
)
_YES = frozenset({"true", "1", "yes", "y", "on"})


@dataclass
class _Reading:
    """A raw lead being read: canonical values and problems collect here."""

    raw: RawLead
    at: Instant
    words: Compiled
    fields: dict[FieldName, Sourced] = field(default_factory=dict[FieldName, Sourced])
    problems: list[Problem] = field(default_factory=list[Problem])

    def text(self, name: FieldName) -> str | None:
        """The raw text of a field; None when it says nothing."""
        value = self.raw.values.get(name)
        text = None if value is None else tidy(str(value))
        return None if text is None or self.words.placeholders.is_one(name, text) else text

    def put(
        self,
        name: FieldName,
        value: Scalar | None,
        source: Source = Source.MARKETO,
        confidence: float = 1.0,
        typed: str | None = None,
    ) -> None:
        """Keep a canonical value, unless there is none, and what was typed if that was another."""
        if value is not None:
            self.fields[name] = Sourced(
                value=value,
                source=source,
                confidence=confidence,
                at=self.at,
                typed=None if typed == str(value) else typed,
            )

    def refuse(self, name: FieldName, value: str, why: Misread, country: str | None = None) -> None:
        """Note what could not be understood."""
        self.problems.append(Problem(field=name, value=value, why=why, country=country))


def normalize(raw: RawLead, words: Compiled | None = None) -> Lead:
    """A lead with every field in canonical form, its provenance, and what wasn't understood.

    Read with the policy's vocabulary; with the shipped one if none is given.
    """
    reading = _Reading(raw, raw.updated_at, words or as_shipped())
    for part in (_names, _email, _company, _place, _phone, _title, _size, _labels, _rest):
        part(reading)
    return Lead(
        key=raw.key,
        fields=reading.fields,
        problems=tuple(reading.problems),
        link=raw.link,
        updated_at=raw.updated_at,
    )


def _names(reading: _Reading) -> None:
    for name in (FieldName.FIRST_NAME, FieldName.LAST_NAME):
        text = reading.text(name)
        reading.put(name, None if text is None else spellings.person(text))


def _email(reading: _Reading) -> None:
    text = reading.text(FieldName.EMAIL)
    if text is not None:
        address = emails.address(text, reading.words.mail_hosts)
        reading.put(FieldName.EMAIL, address.email)
        reading.put(FieldName.EMAIL_KIND, address.kind, Source.DERIVED)
        reading.put(FieldName.DOMAIN, address.domain, Source.DERIVED)
        if address.kind == "invalid":
            slip = address.is_misspelled
            why = Misread.MISSPELLED_EMAIL if slip else Misread.NOT_AN_EMAIL
            reading.refuse(FieldName.EMAIL, text, why)
    site = reading.text(FieldName.WEBSITE) or reading.text(FieldName.DOMAIN)
    domain = None if site is None else emails.registrable(site)
    reading.put(FieldName.WEBSITE, domain)
    if FieldName.DOMAIN in reading.fields or domain is None:
        return
    if emails.address(f"a@{domain}", reading.words.mail_hosts).kind == "business":
        reading.put(FieldName.DOMAIN, domain, Source.DERIVED)


def _company(reading: _Reading) -> None:
    typed = reading.raw.values.get(FieldName.COMPANY)
    text = reading.text(FieldName.COMPANY)
    if text is not None:
        reading.put(FieldName.COMPANY, spellings.company(text), typed=text)
    elif typed is not None and tidy(str(typed)) is not None:
        reading.refuse(FieldName.COMPANY, str(typed).strip(), Misread.NOT_A_COMPANY)


def _place(reading: _Reading) -> None:
    text = reading.text(FieldName.COUNTRY)
    if text is not None:
        found = places.country(text)
        if found is None:
            reading.refuse(FieldName.COUNTRY, text, Misread.UNKNOWN_COUNTRY)
        else:
            reading.put(FieldName.COUNTRY, found[0], confidence=round(found[1], 2), typed=text)
    _state(reading)


def _state(reading: _Reading) -> None:
    text, country = reading.text(FieldName.STATE), reading.fields.get(FieldName.COUNTRY)
    if text is None:
        return
    if country is None:
        reading.refuse(FieldName.STATE, text, Misread.STATE_WITHOUT_COUNTRY)
        return
    code = str(country.value)
    found = places.read_state(text, code)
    if found is not None:
        reading.put(FieldName.STATE, found[0], confidence=found[1], typed=text)
    elif places.knows_states(code):
        reading.refuse(FieldName.STATE, text, Misread.NOT_A_STATE, code)


def _phone(reading: _Reading) -> None:
    text, country = reading.text(FieldName.PHONE), reading.fields.get(FieldName.COUNTRY)
    if text is None:
        return
    number = phones.phone(text, None if country is None else str(country.value))
    reading.put(FieldName.PHONE, number)
    if number is None:
        reading.refuse(FieldName.PHONE, text, Misread.INVALID_PHONE)


def _title(reading: _Reading) -> None:
    text = reading.text(FieldName.TITLE)
    if text is None:
        return
    reading.put(FieldName.TITLE, spellings.title(text), typed=text)
    seniority, function = reading.words.titles.read(text)
    reading.put(FieldName.SENIORITY, seniority, Source.DERIVED)
    reading.put(FieldName.FUNCTION, function, Source.DERIVED)


def with_title_read(
    said: Mapping[FieldName, Sourced], words: Compiled
) -> Mapping[FieldName, Sourced]:
    """What somebody said of a lead, and what the title among it tells."""
    title = said.get(FieldName.TITLE)
    if title is None:
        return said
    seniority, function = words.titles.read(str(title.value))
    told = {FieldName.SENIORITY: seniority, FieldName.FUNCTION: function}
    read = {
        name: title.model_copy(update={"value": value, "typed": None})
        for name, value in told.items()
        if value is not None
    }
    return {**read, **said}


def _size(reading: _Reading) -> None:
    text = reading.text(FieldName.EMPLOYEES) or reading.text(FieldName.EMPLOYEE_BAND)
    if text is not None:
        found = numbers.head_count(text)
        if isinstance(found, Misread):
            reading.refuse(FieldName.EMPLOYEES, text, found)
        else:
            reading.put(FieldName.EMPLOYEES, found.count, confidence=found.confidence, typed=text)
            reading.put(FieldName.EMPLOYEE_BAND, numbers.band(found.count), Source.DERIVED)
    for name in (FieldName.ANNUAL_REVENUE, FieldName.SCORE):
        value = reading.raw.values.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            reading.put(name, value)


def _labels(reading: _Reading) -> None:
    lists = {
        FieldName.INDUSTRY: reading.words.industries,
        FieldName.LEAD_SOURCE: reading.words.lead_sources,
    }
    for name, labels in lists.items():
        text = reading.text(name)
        if text is not None:
            reading.put(name, labels.read(text) or text, typed=text)


def _rest(reading: _Reading) -> None:
    for name in _PLAIN:
        reading.put(name, reading.text(name))
    for name in _FLAGS:
        value = reading.raw.values.get(name)
        if value is not None:
            reading.put(name, value is True or str(value).strip().lower() in _YES)


def canonical_values(
    values: Mapping[FieldName, Scalar], words: Compiled | None = None
) -> Mapping[FieldName, Scalar]:
    """Somebody else's values, such as a provider's, in canonical form; the others are left out."""
    never = datetime.min.replace(tzinfo=UTC)
    raw = RawLead(
        key=LeadKey(""), values=values, link=None, created_at=never, updated_at=never, read_at=never
    )
    return {name: one.value for name, one in normalize(raw, words).fields.items() if name in values}


def offline_signals(lead: Lead) -> Mapping[FieldName, Sourced]:
    """What the lead's own phone number and domain tell of its place, with modest confidence."""
    signals: dict[FieldName, Sourced] = {}

    def tell(name: FieldName, value: str | None, source: Source, confidence: float) -> None:
        if value is not None and name not in signals:
            signals[name] = Sourced(
                value=value, source=source, confidence=confidence, at=lead.updated_at
            )

    number = lead.text(FieldName.PHONE)
    if number is not None:
        region = phones.region_of(number)
        tell(FieldName.COUNTRY, region, Source.PHONE, PHONE_CONFIDENCE)
        if region is not None and region == lead.text(FieldName.COUNTRY):
            place = phones.place_of(number).rpartition(",")[2].strip()
            tell(FieldName.STATE, places.state(place, region), Source.PHONE, PHONE_CONFIDENCE)
    domain = lead.text(FieldName.DOMAIN)
    if domain is not None:
        tell(FieldName.COUNTRY, emails.country_of(domain), Source.DOMAIN, DOMAIN_CONFIDENCE)
    return signals


def with_band(fields: Mapping[FieldName, Sourced]) -> Mapping[FieldName, Sourced]:
    """The fields with the band that belongs to their head count."""
    employees = fields.get(FieldName.EMPLOYEES)
    if employees is None or isinstance(employees.value, str | bool):
        return fields
    name = numbers.band(employees.value)
    if name is None:
        return fields
    told = employees.model_copy(update={"value": name, "typed": None})
    return {**fields, FieldName.EMPLOYEE_BAND: told}
