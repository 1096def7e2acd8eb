"""A worker of this release on the ledger of an earlier one, which named its policies otherwise."""

from pathlib import Path

import pytest

from agent.app import open_app
from agent.ledger.rows import insert_new
from agent.ledger.tables.policies import PolicyRow
from agent.policy.file import load_policy
from agent.policy.upgrade import upgrade
from agent.rollout.replay import replay
from domain.errors import PolicyError
from domain.policy.model import Policy
from domain.rollout.canary import Scope, State
from domain.values import CycleId
from tests.e2e.test_publishing import arrive, deciding, publish
from tests.e2e.test_what_if import without_ana
from tests.support.old_policies import as_stored_before, file_before, version_before
from tests.support.repository import ROOT
from tests.support.worlds import Town

SHARE = Scope(share=50)


def remembered(here: Town, policy: Policy) -> Policy:
    """The policy as an earlier release kept it in the ledger, under that release's version."""
    version = version_before(policy)
    row = {
        "version": version,
        "body": as_stored_before(policy),
        "first_used_at": here.world.now,
    }
    with here.app.ledger.engine.begin() as connection:
        insert_new(connection, PolicyRow, [row])
    return policy.named(version)


def restart(here: Town) -> None:
    """The worker of this release starts."""
    old = here.app
    here.app = open_app(old.settings, clock=old.clock)
    old.close()


def test_a_trial_and_its_leads_go_on_under_the_versions_of_an_earlier_release(
    here: Town, tmp_path: Path
) -> None:
    """After the restart: the same names, the trial lives, its ladders climb, all replays."""
    here.pass_time(hours=4)
    changed = load_policy(without_ana(tmp_path))
    base, tried = (remembered(here, one) for one in (here.app.policy, changed))
    here.app.policy = base
    made = publish(here, tried, SHARE)
    people = arrive(here, 8)
    assert {base.version, tried.version} == {deciding(here, person) for person in people}
    assert (version_before(changed), version_before(base)) == (made.version, made.base)

    restart(here)
    assert base.version == here.app.policy.version != here.app.policy.fingerprint
    assert not here.app.reload_policy()
    here.pass_time(hours=1)
    assert here.tick().error is None
    canary = here.app.context().canary
    assert canary is not None
    assert (made.id, State.LIVE, tried.version) == (
        canary.publication.id,
        canary.publication.state,
        canary.policy.version,
    )
    for person in people:
        decisions = here.app.ledger.history.decisions(here.cycle(person).id)
        assert {deciding(here, person)} == {one.policy_version for one in decisions}
        assert 1 == sum(one.kind == "route" for one in decisions)
        assert "follow" in {one.kind for one in decisions}
        held = here.app.ledger.handoffs.get(CycleId(here.cycle(person).id))
        assert held is not None
        assert deciding(here, person) == held.handoff.policy
    more = arrive(here, 8, first=20)
    assert {base.version, tried.version} == {deciding(here, person) for person in more}
    assert {base.version, tried.version} == set(here.app.ledger.history.policies())
    assert () == replay(here.app.ledger).differences
    wider = publish(here, changed)
    assert tried.version == wider.version


def test_the_published_file_is_adopted_under_its_old_version(here: Town, tmp_path: Path) -> None:
    """Put in place of the policy file, with its keys upgraded, it is still what was published."""
    changed = load_policy(without_ana(tmp_path))
    base, tried = (remembered(here, one) for one in (here.app.policy, changed))
    here.app.policy = base
    publish(here, tried, SHARE)
    folder = tmp_path / "new"
    folder.mkdir()
    file = {"routeready_policy": without_ana(folder)}
    here.app.settings = here.app.settings.model_copy(update=file)
    assert here.app.reload_policy()
    here.tick()
    (ended,) = here.app.ledger.publications.all()
    assert (State.ADOPTED, tried.version) == (ended.state, here.app.policy.version)


def test_a_running_worker_keeps_its_policy_until_the_file_is_upgraded(
    here: Town, tmp_path: Path
) -> None:
    """Old keys are refused as any error is; the upgraded file is the policy that it had."""
    file = tmp_path / "policy.yaml"
    text = here.app.settings.routeready_policy.read_text(encoding="utf-8")
    file.write_text(file_before(text), encoding="utf-8")
    (tmp_path / "territories.csv").write_bytes((ROOT / "territories.csv").read_bytes())
    here.app.settings = here.app.settings.model_copy(update={"routeready_policy": file})
    before = here.app.policy
    with pytest.raises(PolicyError, match=r"routeready policy upgrade policy\.yaml"):
        here.app.reload_policy()
    upgrade(file).write()
    assert (False, before) == (here.app.reload_policy(), here.app.policy)
