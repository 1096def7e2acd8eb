"""The hygiene contract: per field, whose word counts first."""

from collections.abc import Mapping, Sequence

from domain.intake.normalization.fields import with_band
from domain.lead.model import FieldName, Lead
from domain.values import Source, Sourced

_OWN = frozenset({Source.PERSON, Source.FORM, Source.MARKETO, Source.DERIVED})
Authority = Mapping[FieldName, tuple[Source, ...]]


def merge(
    lead: Lead,
    found: Sequence[Mapping[FieldName, Sourced]],
    authority: Authority,
    *,
    min_confidence: float = 0.0,
) -> Lead:
    """The lead with the best value per field, by the policy's order of sources.

    A field without an order keeps the lead's own value; what was found only fills its gaps, and
    only when it is sure enough. Equal sources are told apart by confidence, then by date.
    """
    offers: dict[FieldName, list[Sourced]] = {name: [one] for name, one in lead.fields.items()}
    for some in found:
        for name, one in some.items():
            if one.confidence >= min_confidence:
                offers.setdefault(name, []).append(one)
    fields = {name: _best(offers[name], authority.get(name, ())) for name in sorted(offers)}
    # What can't be used, such as a misspelled address, stays in doubt until another value is found.
    known = tuple(
        one for one in lead.problems if fields.get(one.field) == lead.fields.get(one.field)
    )
    return lead.model_copy(update={"fields": with_band(fields), "problems": known})


def _best(offers: Sequence[Sourced], order: tuple[Source, ...]) -> Sourced:
    def rank(one: Sourced) -> tuple[int, float, float, str]:
        place = order.index(one.source) if one.source in order else len(order)
        own = 0 if one.source in _OWN else 1
        return place if order else own, -one.confidence, -one.at.timestamp(), one.source

    return min(offers, key=rank)


def lacking(lead: Lead, wanted: Sequence[FieldName]) -> tuple[FieldName, ...]:
    """Which of the wanted fields the lead has no value for."""
    return tuple(name for name in wanted if name not in lead.fields)
