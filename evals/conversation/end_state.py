"""How a world stands: read from the vendors' records and the ledger, not from what was said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import select

from agent.app import App
from agent.ledger.engine import reading
from agent.ledger.rows import table
from agent.ledger.tables.conversations import ProposalRow
from agent.ledger.tables.leads import HoldRow
from agent.ledger.tables.states import CycleStatus
from domain.conversation.change_requests import Proposal
from domain.values import LeadKey
from sandbox.marketo.lead_database import people
from sandbox.state.world import Row, World

_PROPOSAL = table(ProposalRow)
_HOLD = table(HoldRow)
_EVER = datetime(2000, 1, 1, tzinfo=UTC)
_STUCK = (CycleStatus.PARKED, CycleStatus.REJECTED, CycleStatus.APPROVAL)


@dataclass(frozen=True)
class Proposed:
    """A proposal as the ledger holds it."""

    proposal: Proposal
    state: str
    decided_by: str
    decided_at: datetime | None


@dataclass(frozen=True)
class Standing:
    """The world at one moment."""

    owners: Mapping[str, str] = field(default_factory=dict[str, str])
    """Salesforce's owner of each lead, by full names."""
    held: frozenset[str] = frozenset()
    paused: frozenset[str] = frozenset()
    proposals: tuple[Proposed, ...] = ()
    """In the order they were made."""
    stuck: frozenset[str] = frozenset()
    """Leads that the gate let not through, or that wait for a word."""
    answers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Email of who answers for a lead, or would after a yes, by full names; empty for nobody."""
    policies: frozenset[str] = frozenset()
    """Versions of the policy that were ever in force."""


def standing(world: World, app: App) -> Standing:
    """How everything stands now."""
    names = {
        **{key: str(row["Name"]) for key, row in world.table("salesforce.User").items()},
        **{key: str(row["DeveloperName"]) for key, row in world.table("salesforce.Group").items()},
    }
    leads = world.table("salesforce.Lead").values()
    cycles = app.ledger.conversations.of_leads([LeadKey(one) for one in world.table(people.PERSON)])
    proposed = {one.id: one.owner or "" for one in app.ledger.history.cycles()}
    return Standing(
        owners={full_name(one): names[one["OwnerId"]] for one in leads},
        held=frozenset(_held(world, app)),
        paused=frozenset(app.ledger.conversations.stops()),
        proposals=tuple(_proposals(app)),
        stuck=frozenset(_name(world, one.lead) for one in cycles if one.status in _STUCK),
        answers={
            _name(world, one.lead): one.owner or proposed.get(one.cycle, "") for one in cycles
        },
        policies=frozenset(version for version, _ in app.ledger.history.policies_since(_EVER)),
    )


def full_name(lead: Row) -> str:
    """First and last name of a Salesforce lead."""
    return f"{lead['FirstName']} {lead['LastName']}"


def _held(world: World, app: App) -> list[str]:
    with reading(app.ledger.engine) as connection:
        keys = list(connection.scalars(select(_HOLD.c.lead)))
    return [_name(world, one) for one in keys]


def _name(world: World, key: str) -> str:
    person = world.table(people.PERSON)[key]
    return f"{person['firstName']} {person['lastName']}"


def _proposals(app: App) -> list[Proposed]:
    query = select(
        _PROPOSAL.c.body, _PROPOSAL.c.state, _PROPOSAL.c.decided_by, _PROPOSAL.c.decided_at
    )
    with reading(app.ledger.engine) as connection:
        found = [
            Proposed(
                Proposal.model_validate(row.body), row.state, row.decided_by or "", row.decided_at
            )
            for row in connection.execute(query)
        ]
    return sorted(found, key=lambda one: one.proposal.requested_at)
