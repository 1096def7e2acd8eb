"""Who could take leads now: as things stand, or as the policy alone has it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agent.preview.companies import Companies
from agent.routing.roster import route_inputs
from agent.run.context import RunContext
from domain.lead.crm_records import Candidates, Member, PoolState, Roster
from domain.lead.model import Lead
from domain.policy.model import Policy
from domain.routing.route import RouteInputs
from domain.values import LeadKey, RecordId

Find = Callable[[Sequence[Lead]], Mapping[LeadKey, Candidates]]


@dataclass(frozen=True)
class Situation:
    """A moment, a policy, and what routing looks at besides the lead."""

    policy: Policy
    now: datetime
    inputs: RouteInputs
    find: Find
    """Records and accounts that may be leads; each lead is in the answer."""


def offline(policy: Policy, companies: Companies, now: datetime) -> Situation:
    """Everybody of the policy is at work, every queue exists, pools are at their start."""
    members = {
        email: Member(email=email, name=user.name, user_id=RecordId(email))
        for email, user in policy.users.items()
    }
    queues = {one.salesforce: RecordId(one.salesforce) for one in policy.queues.values()}
    inputs = RouteInputs(
        roster=Roster(at=now, members=members, queues=queues),
        pools={name: PoolState() for name in policy.pools},
    )
    return Situation(policy, now, inputs, companies.candidates)


def present(context: RunContext, policy: Policy, *, records: bool = True) -> Situation:
    """As the ledger, Salesforce and Slack have it now; only read, nothing is asked to change.

    Without `records` leads count as new ones, and nobody learns whose an existing one is.
    """
    under = replace(context, policy=policy, canary=None)

    def find(leads: Sequence[Lead]) -> Mapping[LeadKey, Candidates]:
        found = context.crm.candidates(leads)
        if records:
            return found
        return {key: one.model_copy(update={"records": ()}) for key, one in found.items()}

    return Situation(policy, context.now, route_inputs(under), find)
