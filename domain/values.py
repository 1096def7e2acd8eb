"""The kind of value everything here is made of: frozen, compared by content, stable as JSON."""

import hashlib
import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal, NewType

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

LeadKey = NewType("LeadKey", str)
"""A lead's identity: the id of its Marketo person, as text."""

RecordId = NewType("RecordId", str)
"""A Salesforce id, 18 characters."""

CycleId = NewType("CycleId", str)
DecisionId = NewType("DecisionId", str)
EffectKey = NewType("EffectKey", str)

Scalar = str | int | float | bool
"""What one field of a lead can hold."""


def _in_utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment, always aware and in UTC."""


class Value(BaseModel):
    """A frozen value: equal when its content is equal, and unchanged by a trip through JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Quoted(Value):
    """Words that are kept as they were said: a person's own, a vendor's, or of an older version."""

    kind: Literal["quoted"] = "quoted"
    text: str


class Source(StrEnum):
    """Where a field value came from. `hygiene` ranks the sources per field."""

    PERSON = "person"
    """A colleague said so."""
    FORM = "form"
    """The lead said so, on the form of this cycle."""
    MARKETO = "marketo"
    SALESFORCE = "salesforce"
    ACCOUNT = "account"
    """The matched Salesforce account."""
    PDL = "pdl"
    APOLLO = "apollo"
    HUNTER = "hunter"
    PHONE = "phone"
    """Told by the phone number's own prefix."""
    DOMAIN = "domain"
    """Told by the email address or the web domain."""
    DERIVED = "derived"
    """Worked out from other fields, such as a band from a head count."""
    MODEL = "model"
    """Proposed by a language model and accepted by the same validators as any other value."""


def is_absent(value: object) -> bool:
    """Whether a field says nothing: it is left out of JSON, as it was before the field existed.

    What is stored keeps its bytes, and with them its ids and keys, when a field is added.
    """
    return value is None or value == ()


class Sourced(Value):
    """One field's value with where it came from, how sure that is, and when it was seen."""

    value: Scalar
    source: Source
    confidence: float = 1.0
    """From 0 to 1."""
    at: Instant
    typed: str | None = Field(default=None, exclude_if=is_absent)
    """What was typed, where that reads otherwise; rules can use it as `industry_typed`."""


def canonical_json(value: BaseModel, *, exclude_unset: bool = False) -> str:
    """The one JSON text of a value: keys sorted, no spaces, the same on every machine.

    `exclude_unset` leaves out what was not said but has its default.
    """
    plain = value.model_dump(mode="json", exclude_unset=exclude_unset)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def content_hash(text: str) -> str:
    """A short fingerprint of a text: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
