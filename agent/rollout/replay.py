"""Computing every stored decision again: the same case and policy must give the same bytes."""

from dataclasses import dataclass

from pydantic import TypeAdapter

from agent.ledger import Ledger
from domain.decision.cases import AnyCase
from domain.decision.replay import decide_any
from domain.values import canonical_json

_CASES: TypeAdapter[AnyCase] = TypeAdapter(AnyCase)


@dataclass(frozen=True)
class Difference:
    """A decision that no longer comes out as it was recorded."""

    decision: str
    lead: str
    recorded: str
    computed: str


@dataclass(frozen=True)
class Replay:
    """What a replay found."""

    decisions: int
    differences: tuple[Difference, ...]


def replay(ledger: Ledger) -> Replay:
    """Compute all decisions again, each under the policy it was made under."""
    policies = ledger.history.policies()
    differences: list[Difference] = []
    count = 0
    for row in ledger.history.every_decision():
        count += 1
        case = _CASES.validate_json(row.inputs)
        computed = canonical_json(decide_any(case, policies[row.policy_version]))
        if computed != row.outcome:
            differences.append(Difference(row.id, row.lead, row.outcome, computed))
    return Replay(count, tuple(differences))
