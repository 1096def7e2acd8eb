"""A policy published to some leads: who is decided by it, and how it ends."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agent.cli.main import cli
from agent.policy.file import load_policy
from agent.rollout import publications
from agent.rollout.publications import Request
from agent.rollout.replay import replay
from domain.errors import PublishingError
from domain.policy.model import Policy
from domain.rollout.canary import Publication, Scope, State
from domain.values import CycleId, LeadKey
from tests.e2e.test_commands import environment
from tests.e2e.test_what_if import ANA, without_ana
from tests.support.follow_through import messages, said
from tests.support.worlds import Town

QUINN = "quinn.walsh@meridian.example"
HAND_RAISERS = "Hand-raisers"


def arrive(here: Town, count: int, first: int = 0, employees: int = 500) -> list[int]:
    """So many leads in California, and a tick."""
    found = [
        here.arrive(
            lastName=f"Number{number}",
            email=f"lead{number}@company{number}.example",
            company=f"Company {number}",
            numberOfEmployees=employees,
        )
        for number in range(first, first + count)
    ]
    here.tick()
    return found


def publish(here: Town, policy: Policy, scope: Scope | None = None) -> Publication:
    """Operations publish a policy."""
    wanted = Request(policy, scope or Scope(), QUINN, "Ana is on leave")
    return publications.publish(wanted, here.app.context())


def deciding(here: Town, person: int) -> str:
    """Version of the policy that gave a lead away."""
    rows = here.app.ledger.history.decisions(here.cycle(person).id)
    return next(row.policy_version for row in rows if row.kind == "route")


def altered(policy: Policy, **parts: Any) -> Policy:  # noqa: ANN401  (field values)
    """A policy with other parts."""
    return Policy.model_validate({**policy.model_dump(), **parts})


def broken(policy: Policy) -> Policy:
    """A policy that names a pool in its territories that it doesn't have: no linter let it pass."""
    return altered(policy, pools={})


@pytest.fixture
def changed(tmp_path: Path) -> Policy:
    """The policy with Ana out of every pool."""
    return load_policy(without_ana(tmp_path))


def test_a_share_is_decided_by_the_published_policy_until_it_is_taken_back(
    here: Town, changed: Policy
) -> None:
    """Half of the leads; each decision names its policy and can be replayed; then the file."""
    here.pass_time(hours=4)
    scope = Scope(share=50)
    publish(here, changed, scope)
    people = arrive(here, 12)
    expected = {
        person: changed.version
        if scope.takes(changed.version, LeadKey(str(person)), HAND_RAISERS)
        else here.app.policy.version
        for person in people
    }
    assert expected == {person: deciding(here, person) for person in people}
    assert {changed.version, here.app.policy.version} == set(expected.values())
    tried = [person for person in people if expected[person] == changed.version]
    assert ANA not in {here.cycle(person).owner for person in tried}
    assert ANA in {here.cycle(person).owner for person in people}
    stamped = {here.lead(person)["Routing_Policy_Version__c"] for person in tried}
    assert {changed.version} == stamped
    publications.roll_back(QUINN, "Ana is back", here.app.context())
    later = arrive(here, 3, first=20)
    assert {here.app.policy.version} == {deciding(here, person) for person in later}
    found = replay(here.app.ledger)
    assert (15, ()) == (sum(1 for _ in people + later), found.differences)


def test_a_segment_alone_is_decided_and_keeps_its_own_clock(here: Town, changed: Policy) -> None:
    """Hand-raisers get the published target of ten minutes, Enterprise that of the file."""
    here.pass_time(hours=4)
    segments = [one.model_dump(mode="json") for one in changed.segments]
    quick = [
        {**one, "sla": {"first_touch": "10m"}} if one["name"] == HAND_RAISERS else one
        for one in segments
    ]
    policy = altered(changed, segments=quick)
    publish(here, policy, Scope(segment=HAND_RAISERS))
    (raised,) = arrive(here, 1)
    (large,) = arrive(here, 1, first=1, employees=5000)
    assert (policy.version, here.app.policy.version) == (
        deciding(here, raised),
        deciding(here, large),
    )
    minutes = [
        held.handoff.target.total_seconds() / 60
        for person in (raised, large)
        if (held := here.app.ledger.handoffs.get(CycleId(here.cycle(person).id)))
    ]
    assert [10, 120] == minutes
    here.pass_time(minutes=11)
    here.tick()  # the breach's rung is due by the published clock
    kinds = [row.kind for row in here.app.ledger.history.decisions(here.cycle(raised).id)]
    assert "follow" in kinds
    assert () == replay(here.app.ledger).differences


def test_a_policy_that_fails_on_a_lead_is_rolled_back_and_the_lead_is_routed(here: Town) -> None:
    """The file decides in its place, operations are told once, and the history says why."""
    here.pass_time(hours=4)
    base = here.app.policy
    failing = broken(base)
    made = Publication(
        id="p1",
        version=failing.version,
        base=base.version,
        scope=Scope(),
        by=QUINN,
        because="a slip",
        state=State.LIVE,
        asked_at=here.world.now,
        live_at=here.world.now,
    )
    assert here.app.ledger.publications.open(made, failing)
    (person,) = arrive(here, 1)
    here.tick()
    here.tick()
    (ended,) = here.app.ledger.publications.all()
    assert (State.ROLLED_BACK, "worker") == (ended.state, ended.ended_by)
    assert base.version == deciding(here, person)
    told = [said(one) for one in messages(here, QUINN)]
    assert 1 == sum("A policy was rolled back" in one for one in told)


def test_a_spike_ends_a_trial_by_itself(here: Town) -> None:
    """Six leads go to somebody whom nobody can tell of them; the file decides the next."""
    here.pass_time(hours=4)
    rules = here.app.policy.publishing.model_copy(update={"min_leads": 5})
    here.app.policy = altered(here.app.policy, publishing=rules)
    arrive(here, 6)
    pools = here.app.policy.model_dump()["pools"]
    pools["us_west"] = {"members": [{"user": "rob.diaz@meridian.example"}]}
    made = publish(here, altered(here.app.policy, pools=pools))
    arrive(here, 6, first=10)
    assert publications.trial_of(made, here.app.context()).reason is not None
    here.pass_time(minutes=6)
    (after,) = arrive(here, 1, first=20)
    (ended,) = here.app.ledger.publications.all()
    assert (State.ROLLED_BACK, "worker") == (ended.state, ended.ended_by)
    assert "leads with a write that was given up: 6 of 6 beside 0 of 6" in ended.ended_because
    assert here.app.policy.version == deciding(here, after)


def test_a_file_that_becomes_the_published_policy_ends_the_trial(
    here: Town, changed: Policy
) -> None:
    """Adopted when it is the same; overtaken when the file changed to something else."""
    publish(here, changed)
    here.app.policy = changed
    here.tick()
    here.pass_time(minutes=1)
    publish(here, altered(changed, name="A second try"))
    here.app.policy = altered(changed, name="Something else")
    here.tick()
    states = [one.state for one in here.app.ledger.publications.all()]
    assert [State.OVERTAKEN, State.ADOPTED] == states


def test_only_operations_publish_and_a_second_person_may_be_asked_for(
    here: Town, changed: Policy
) -> None:
    """Whoever else tries is told why not; what waits for a word decides nothing."""
    with pytest.raises(
        PublishingError, match="Ana Torres has the role rep; this needs the role ops"
    ):
        publications.publish(Request(changed, Scope(), ANA, "why not"), here.app.context())
    made = publish(here, changed)
    with pytest.raises(PublishingError, match="is live"):
        publish(here, altered(changed, name="Yet another"))
    publications.roll_back(QUINN, "not yet", here.app.context())
    assert made.id == here.app.ledger.publications.all()[0].id

    rules = here.app.policy.publishing.model_copy(update={"two_person": True})
    here.app.policy = altered(here.app.policy, publishing=rules)
    both = altered(changed, publishing=rules)
    here.pass_time(minutes=1)
    waiting = publish(here, both)
    assert (State.PROPOSED, None) == (waiting.state, here.app.context().canary)
    with pytest.raises(PublishingError, match="Someone other"):
        publications.agree(waiting.id, QUINN, here.app.context())


def test_the_commands_publish_compare_and_take_back(
    here: Town, changed: Policy, tmp_path: Path
) -> None:
    """From a terminal: publish, look at the history, see what differs, roll back."""
    run = CliRunner(env=environment(here, tmp_path)).invoke
    path = str(without_ana(tmp_path))
    words = ["policy", "publish", path, "--to", "share=10%", "--by", QUINN]
    done = run(cli, [*words, "--because", "Ana is on leave"])
    assert f"policy {changed.version} to 10% of the leads, live" in done.stdout
    done = run(cli, ["policy", "history"])
    assert "leads for whom nobody was available: 0 of 0" in done.stdout
    done = run(cli, ["policy", "diff", "file", "live"])
    assert f"pools.us_west.members[{ANA}]: removed user: {ANA}, weight: 1" in done.stdout
    done = run(cli, ["policy", "rollback", "--by", QUINN, "--because", "enough"])
    assert "rolled back: enough" in done.stdout
