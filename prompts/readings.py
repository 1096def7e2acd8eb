"""What the prompt `read_lead` is answered with, and which of it may be believed."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Candidate(BaseModel):
    """A value that a model proposes for one field."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: Literal["title", "company", "country", "state"]
    value: str = Field(min_length=1, max_length=200)
    found_in: Literal["title", "company", "country", "state", "city"]
    evidence: str = Field(min_length=1, max_length=200)
    """The part of the field it was read from, letter by letter."""


class LeadReading(BaseModel):
    """All that a model proposes for one lead."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    candidates: tuple[Candidate, ...] = Field(max_length=8)


def supported(reading: LeadReading, typed: Mapping[str, str]) -> tuple[Candidate, ...]:
    """The proposals whose evidence really stands in the field named; at most one per field.

    Two proposals for one field contradict each other: neither is kept.
    """
    kept = [one for one in reading.candidates if one.evidence in typed.get(one.found_in, "")]
    fields = [one.field for one in kept]
    return tuple(one for one in kept if fields.count(one.field) == 1)
