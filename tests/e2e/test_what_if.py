"""A policy tried on what really came, from the command line."""

import json
import shutil
from pathlib import Path

import pytest

from agent.policy.file import load_policy
from agent.rollout.simulation import Trying, try_policy, what_if
from agent.rollout.simulation_tables import called, render
from agent.tables.table import Form
from domain.errors import RoutereadyError
from domain.values import LeadKey
from tests.e2e.test_commands import ROOT, environment, routeready
from tests.support.worlds import MONDAY, Town

ANA = "ana.torres@meridian.example"


@pytest.fixture
def routed(here: Town) -> Town:
    """Nine leads that came over three ticks and were shared by the pool in the west."""
    here.pass_time(hours=4)
    for number in range(9):
        here.arrive(
            lastName=f"Number{number}",
            email=f"lead{number}@company{number}.example",
            company=f"Company {number}",
        )
        if number % 3 == 2:
            here.pass_time(minutes=5)
            here.tick()
    return here


def without_ana(folder: Path) -> Path:
    """The policy with Ana out of every pool."""
    shutil.copy(ROOT / "territories.csv", folder)
    text = (ROOT / "policy.yaml").read_text(encoding="utf-8")
    target = folder / "changed.yaml"
    target.write_text(text.replace(f"{{user: {ANA}}}, ", ""), encoding="utf-8")
    return target


def test_the_same_policy_repeats_the_ledger(routed: Town) -> None:
    """What is simulated under the policy in force is what each cycle's row says."""
    found = try_policy(routed.app.ledger, MONDAY, routed.app.policy, routed.app.policy)
    cycles = routed.app.ledger.history.cycles()
    assert (9, ()) == (found.leads, found.changes)
    given = {one.owner: one.before for one in found.loads}
    assert given == {one: [each.owner for each in cycles].count(one) for one in given}


def test_whose_leads_go_elsewhere_is_told(routed: Town, tmp_path: Path) -> None:
    """Without Ana in the pool her leads are others', and the ledger is left as it was."""
    changed = load_policy(without_ana(tmp_path))
    found = try_policy(routed.app.ledger, MONDAY, routed.app.policy, changed)
    (ana,) = [one for one in found.loads if one.owner == ANA]
    assert (True, 0) == (ana.before > 0, ana.after)
    hers = {one.lead for one in routed.app.ledger.history.cycles() if one.owner == ANA}
    assert hers <= {one.lead for one in found.changes if one.is_direct}


def test_one_lead_is_told_under_both_policies(routed: Town, tmp_path: Path) -> None:
    """Her verdict, owner and reason before and after, whether or not they differ."""
    changed = load_policy(without_ana(tmp_path))
    (first, *_) = [one for one in routed.app.ledger.history.cycles() if one.owner == ANA]
    lead = LeadKey(first.lead)
    now = routed.world.now
    found = what_if(routed.app.ledger, Trying(MONDAY, now, routed.app.policy, changed, (lead,)))
    (asked,) = found.asked
    assert (lead, ANA, "READY") == (asked.lead, asked.before.owner, asked.after.verdict)
    assert asked.after.owner is not None
    assert asked.after.owner != ANA
    assert {"Hand-raisers"} == {one.segment for one in found.expected}
    owners = called(routed.app.policy, changed)
    page = render(found, Form.HTML, owners)
    told = ("The lead you asked for", owners[asked.after.owner], "Expected SLA attainment")
    assert [True] * 3 == [one in page for one in told]
    assert ("Ana Torres" in page, ANA in page) == (True, False)
    stranger = Trying(MONDAY, now, routed.app.policy, changed, (LeadKey("999999"),))
    with pytest.raises(RoutereadyError, match="This lead has no decisions"):
        what_if(routed.app.ledger, stranger)


def test_the_command_tells_it_and_writes_it(routed: Town, tmp_path: Path) -> None:
    """A table for the eyes, JSON for the rest."""
    env = environment(routed, tmp_path)
    target = tmp_path / "what-if.json"
    words = ("simulate", "--policy", str(without_ana(tmp_path)), "--since", "5000w")
    done = routeready(*words, "--json", str(target), env=env)
    assert (0, "") == (done.returncode, done.stderr)
    assert "9 leads, 9 decisions recomputed" in done.stdout
    data = json.loads(target.read_text(encoding="utf-8"))
    assert len(data["changes"]) == int(done.stdout.splitlines()[1].split()[0])
