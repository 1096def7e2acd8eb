"""Filling what a lead lacks: its own signals, the CRM, then paid providers within their budget."""

from collections.abc import Mapping

from agent.run.context import RunContext
from domain.intake.crm_facts import crm_facts
from domain.intake.field_precedence import lacking, merge
from domain.intake.normalization.fields import offline_signals
from domain.lead.crm_records import Candidates
from domain.lead.model import FieldName, Lead
from domain.matching.rules import match
from domain.policy.model import Policy
from domain.ports import Sought
from domain.values import LeadKey, Sourced


def from_crm(
    leads: Mapping[LeadKey, Lead], candidates: Mapping[LeadKey, Candidates], policy: Policy
) -> dict[LeadKey, Lead]:
    """Add what the lead's own signals tell and what the CRM already knows."""
    known: dict[LeadKey, Lead] = {}
    for key, lead in leads.items():
        facts = crm_facts(match(lead, candidates[key], policy.matching))
        known[key] = _merge(lead, [*facts, offline_signals(lead)], policy)
    return known


def from_providers(leads: Mapping[LeadKey, Lead], context: RunContext) -> Mapping[LeadKey, Lead]:
    """Ask the providers for the fields that are still lacking; never blocks, may be degraded."""
    policy = context.policy
    sought = [
        Sought(lead=lead, fields=fields)
        for lead in leads.values()
        if (fields := _worth_asking(lead, policy))
    ]
    if context.enrichment is None or not sought:
        return leads
    found = context.enrichment.look_up(sought, policy.enrichment.time_budget)
    return {
        key: _merge(lead, [found[key].fields], policy) if key in found else lead
        for key, lead in leads.items()
    }


def _worth_asking(lead: Lead, policy: Policy) -> tuple[FieldName, ...]:
    """The wanted fields a lead lacks; the state only where territories need it."""
    country = lead.text(FieldName.COUNTRY)
    without_state = country is not None and country not in policy.gate.state_required_in
    return tuple(
        name
        for name in lacking(lead, policy.enrichment.fields)
        if not (name is FieldName.STATE and without_state)
    )


def _merge(lead: Lead, found: list[Mapping[FieldName, Sourced]], policy: Policy) -> Lead:
    return merge(lead, found, policy.hygiene, min_confidence=policy.enrichment.min_confidence)
