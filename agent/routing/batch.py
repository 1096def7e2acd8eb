"""The state of a routing run: a table whose rows are leads and whose columns are channels."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypedDict, TypeVar

from agent.ledger.records import Claimed
from domain.gate.snapshot import Snapshot
from domain.gate.verdict import Park, Ready, Reject, Verdict, Wait
from domain.lead.crm_records import Candidates
from domain.lead.match import Match
from domain.lead.model import Activity, Lead, RawLead
from domain.values import LeadKey

V = TypeVar("V", Ready, Wait, Park, Reject)


@dataclass(frozen=True)
class Batch:
    """One writer per column, filled from left to right; a lead's branch is its verdict's type."""

    claimed: Mapping[LeadKey, Claimed] = field(default_factory=dict[LeadKey, Claimed])
    raw: Mapping[LeadKey, RawLead] = field(default_factory=dict[LeadKey, RawLead])
    """Absent for a person that Marketo no longer has."""
    activities: Mapping[LeadKey, tuple[Activity, ...]] = field(
        default_factory=dict[LeadKey, tuple[Activity, ...]]
    )
    doubles: Mapping[LeadKey, tuple[LeadKey, ...]] = field(
        default_factory=dict[LeadKey, tuple[LeadKey, ...]]
    )
    """Older Marketo people with the same email address."""
    leads: Mapping[LeadKey, Lead] = field(default_factory=dict[LeadKey, Lead])
    candidates: Mapping[LeadKey, Candidates] = field(default_factory=dict[LeadKey, Candidates])
    enriched: Mapping[LeadKey, Lead] = field(default_factory=dict[LeadKey, Lead])
    matches: Mapping[LeadKey, Match] = field(default_factory=dict[LeadKey, Match])
    snapshots: Mapping[LeadKey, Snapshot] = field(default_factory=dict[LeadKey, Snapshot])
    verdicts: Mapping[LeadKey, Verdict] = field(default_factory=dict[LeadKey, Verdict])
    tried: Collection[LeadKey] = frozenset()
    """Leads that the published policy decides; the policy file decides the others."""

    def judged(self, kind: type[V]) -> Mapping[LeadKey, V]:
        """The leads whose verdict is of one kind."""
        return {key: one for key, one in self.verdicts.items() if isinstance(one, kind)}


class Update(TypedDict, total=False):
    """What a node adds."""

    claimed: Mapping[LeadKey, Claimed]
    raw: Mapping[LeadKey, RawLead]
    activities: Mapping[LeadKey, tuple[Activity, ...]]
    doubles: Mapping[LeadKey, tuple[LeadKey, ...]]
    leads: Mapping[LeadKey, Lead]
    candidates: Mapping[LeadKey, Candidates]
    enriched: Mapping[LeadKey, Lead]
    matches: Mapping[LeadKey, Match]
    snapshots: Mapping[LeadKey, Snapshot]
    verdicts: Mapping[LeadKey, Verdict]
    tried: Collection[LeadKey]
