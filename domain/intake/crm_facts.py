"""What the CRM already knows about a matched lead, offered to the hygiene contract."""

from collections.abc import Mapping

from domain.lead.crm_records import Account
from domain.lead.match import Match, OneAccount, OneRecord
from domain.lead.model import FieldName
from domain.values import Scalar, Source, Sourced


def crm_facts(match: Match) -> list[Mapping[FieldName, Sourced]]:
    """The matched record's and account's own values, each with its provenance and date."""
    facts: list[Mapping[FieldName, Sourced]] = []
    if isinstance(match.person, OneRecord):
        record = match.person.record
        facts.append(
            {
                name: Sourced(value=value, source=Source.SALESFORCE, at=record.modified_at)
                for name, value in record.values.items()
            }
        )
    if isinstance(match.account, OneAccount):
        facts.append(_account_facts(match.account.account, match.account.confidence))
    return facts


def _account_facts(account: Account, confidence: float) -> Mapping[FieldName, Sourced]:
    known: dict[FieldName, Scalar | None] = {
        FieldName.INDUSTRY: account.industry,
        FieldName.EMPLOYEES: account.employees,
    }
    return {
        name: Sourced(
            value=value, source=Source.ACCOUNT, confidence=confidence, at=account.created_at
        )
        for name, value in known.items()
        if value is not None
    }
