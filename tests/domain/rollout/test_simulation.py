"""Trying a policy on recorded decisions: what changes, why, and what is only assumed."""

from collections import Counter
from datetime import timedelta
from typing import Any

from domain.decision.cases import GateCase, RouteCase
from domain.gate.snapshot import Snapshot
from domain.lead.absences import OutOfOffice
from domain.policy.model import Policy
from domain.rollout.simulation import Recorded, Simulation, simulate
from domain.routing.route import Route, RouteInputs, ToUser
from domain.routing.rules import evolve, restrict, route
from domain.values import CycleId, LeadKey
from tests.support.builders import NOW, gate, inputs, lead, policy, snapshot

MINUTE = timedelta(minutes=1)


def taken(number: int, **fields: Any) -> Snapshot:  # noqa: ANN401  (field values)
    """The snapshot of one of many leads, each a minute after the other."""
    key = LeadKey(str(1000 + number))
    one = snapshot(lead(**fields).model_copy(update={"key": key}))
    cycle = one.cycle.model_copy(update={"id": CycleId(f"{key}-1")})
    return one.model_copy(update={"cycle": cycle, "at": NOW + number * MINUTE})


def routed(snapshots: list[Snapshot], rules: Policy, here: RouteInputs) -> list[Recorded]:
    """What the ledger keeps when these were ready and routed one after the other."""
    found: list[Recorded] = []
    for one in snapshots:
        gave = route(one, here, rules)
        target = gave.decision.target if isinstance(gave.decision, Route) else None
        to = target.email if isinstance(target, ToUser) else None
        case = RouteCase(snapshot=one, inputs=restrict(here, gave))
        found.append(Recorded(case, to))
        here = evolve(here, gave)
    return found


def month(count: int = 30) -> list[Recorded]:
    """Leads from California, shared by three in the west."""
    return routed([taken(number) for number in range(count)], policy(), inputs())


def with_pool(*names: str) -> Policy:
    """The same policy with other people in the west."""
    members = [{"user": f"{one}@meridian.example"} for one in names]
    return policy(pools={"west": {"members": members}})


def loads(found: Simulation) -> dict[str, tuple[int, int]]:
    """Who gets how many, before and after."""
    return {one.owner.partition("@")[0]: (one.before, one.after) for one in found.loads}


def test_the_same_policy_changes_nothing() -> None:
    """Thirty leads again: as they were, nobody assumed, the pool as fair as it was."""
    found = simulate(month(), policy(), policy())
    assert (30, 30, (), 0, ()) == (
        found.decisions,
        found.leads,
        found.changes,
        found.relabeled,
        found.assumed,
    )
    assert {"ana": (10, 10), "ben": (10, 10), "chloe": (10, 10)} == loads(found)
    (pool,) = found.fairness
    assert (0.0, 0.0) == (pool.widest_before, pool.widest_after)


def test_the_base_world_is_what_was_recorded() -> None:
    """Under the policy of then every lead goes to whom it went, batch after batch."""
    recorded = month()
    given = Counter(one.given_to for one in recorded)
    found = simulate(recorded, policy(), policy())
    assert given == Counter({one.owner: one.before for one in found.loads})


def test_a_member_who_leaves_is_missed_directly_and_by_turns() -> None:
    """Without Chloe her ten leads go elsewhere by the policy; others move as turns do."""
    found = simulate(month(), policy(), with_pool("ana", "ben"))
    assert {"ana": (10, 15), "ben": (10, 15), "chloe": (10, 0)} == loads(found)
    direct = {one.lead for one in found.changes if one.is_direct}
    hers = {
        one.case.snapshot.lead.key for one in month() if one.given_to == "chloe@meridian.example"
    }
    assert hers <= direct
    assert all(one.after.owner != "chloe@meridian.example" for one in found.changes)


def test_one_lead_less_moves_the_turns_of_the_others() -> None:
    """Only the first lead is parked by the new policy; whoever else moves is a cascade."""
    snapshots = [taken(number, title=None if number == 0 else "VP") for number in range(9)]
    recorded = routed(snapshots, policy(), inputs())
    strict = policy(gate=gate(required=("email", "title")))
    found = simulate(recorded, policy(), strict)
    assert {"READY -> PARK": 1} == found.verdicts
    direct = [one.lead for one in found.changes if one.is_direct]
    cascading = [one.lead for one in found.changes if not one.is_direct]
    assert (["1000"], True) == (direct, len(cascading) > 0)


def test_a_lead_that_is_ready_sooner_is_routed_once() -> None:
    """It was parked for its title and routed after; without the rule it goes the first time."""
    strict = policy(gate=gate(required=("email", "title")))
    waited, came = taken(0, title=None), taken(5, title="VP")
    same = {"cycle": waited.cycle, "lead": came.lead.model_copy(update={"key": waited.lead.key})}
    later = came.model_copy(update=same)
    recorded = [
        Recorded(GateCase(snapshot=waited), None),
        *routed([later], strict, inputs()),
    ]
    found = simulate(recorded, strict, policy())
    assert (2, 1, ()) == (found.decisions, found.leads, found.changes)
    assert 1 == sum(one.after for one in found.loads)


def test_somebody_new_is_assumed_to_be_there_and_named() -> None:
    """Nothing is recorded of Lena, so the simulation says that it takes her as available."""
    found = simulate(month(), policy(), with_pool("ana", "lena"))
    assert ("lena@meridian.example",) == found.assumed
    assert (0, 15) == loads(found)["lena"]


def test_a_cap_counts_the_leads_that_the_simulation_gave() -> None:
    """Ana alone with a cap of five open leads: the sixth and all after it find nobody."""
    users = {
        email: user.model_dump() | {"cap_open": 5 if email.startswith("ana@") else None}
        for email, user in policy().users.items()
    }
    pool = {"west": {"members": [{"user": "ana@meridian.example"}]}}
    found = simulate(month(9), policy(), policy(users=users, pools=pool))
    assert 5 == loads(found)["ana"][1]
    (gap,) = found.gaps
    assert ("Everyone else", 0, 4) == (gap.segment, gap.before, gap.after)


def test_another_segment_with_the_same_owner_is_only_relabeled() -> None:
    """The owner stays, the segment's name is another: counted, and no change of owner."""
    segments = ({"name": "All", "sla": {"first_touch": "4h"}, "fallback": "review"},)
    found = simulate(month(), policy(), policy(segments=segments))
    assert ((), 30) == (found.changes, found.relabeled)


def test_who_was_away_then_is_away_in_the_simulation() -> None:
    """Ben was out of office: under another policy of the same pool he still gets nothing."""
    here = inputs(ben={"out_of_office": OutOfOffice(source="Salesforce", note="Until Monday")})
    recorded = routed([taken(number) for number in range(10)], policy(), here)
    found = simulate(recorded, policy(), with_pool("ben", "chloe"))
    assert "ben" not in loads(found)
    assert (5, 10) == loads(found)["chloe"]
