"""Shadow mode beside what people did, alerts that are told once, and cohorts from a terminal."""

import json
from datetime import timedelta
from pathlib import Path

from typer.testing import CliRunner

from agent.cli.main import cli
from agent.metrics import alerts, shadow_agreement
from domain.metrics.agreement import Match
from domain.policy.model import Assignment, Mode
from domain.values import LeadKey
from sandbox.salesforce.rules import assignment
from sandbox.state.world import Row
from tests.e2e.test_commands import environment
from tests.e2e.test_modes import everywhere
from tests.support.follow_through import live, messages, said
from tests.support.worlds import MONDAY, Town

QUINN = "quinn.walsh@meridian.example"
LENA = "lena.vogel@meridian.example"


def arrive(here: Town, number: int) -> int:
    """A lead in California."""
    return here.arrive(
        lastName=f"Number{number}",
        email=f"lead{number}@company{number}.example",
        company=f"Company {number}",
    )


def test_shadow_mode_is_compared_with_what_people_did(here: Town) -> None:
    """One lead went as the policy says, one elsewhere, one to nobody; a few calls tell it all."""
    everywhere(here, mode=Mode.SHADOW)
    here.pass_time(hours=4)
    people = [arrive(here, number) for number in range(3)]
    here.tick()
    here.take(people[0], str(here.cycle(people[0]).owner))
    here.take(people[1], LENA)
    before = here.requests()["salesforce"]
    found = {one.lead: one for one in shadow_agreement.shadowed(here.app.context(), MONDAY)}
    assert [Match.SAME, Match.OTHER, Match.NOBODY] == [
        found[LeadKey(str(one))].match for one in people
    ]
    assert LENA == found[LeadKey(str(people[1]))].actual
    assert here.requests()["salesforce"] - before <= 2


def test_salesforces_choices_are_compared_with_the_policys_own(here: Town) -> None:
    """Where its rules choose, the ledger alone tells whom the policy would have chosen."""
    everywhere(here, assignment=Assignment.SALESFORCE_RULES)
    entry: Row = {"criteria": [], "assigned_to": here.user(LENA)}
    assignment.activate(here.world, "Inbound", [entry])
    here.pass_time(hours=4)
    dana = arrive(here, 1)
    here.tick()
    policy = here.app.policy
    (found,) = shadow_agreement.by_salesforce(here.app.ledger, policy, MONDAY)
    assert (str(dana), LENA, Match.OTHER) == (found.lead, found.actual, found.match)
    assert found.predicted in {one.user for one in policy.pools["us_west"].members}


def test_operations_are_told_once_of_what_lies_in_a_fallback_queue(here: Town) -> None:
    """After half a working day, in one message, however often the worker looks."""
    policy = here.app.policy
    full = {
        email: one.model_copy(update={"cap_open": 0}) if one.role == "rep" else one
        for email, one in policy.users.items()
    }
    rules = policy.alerts.model_copy(update={"fallback_dwell": timedelta(minutes=30)})
    here.app.policy = policy.model_copy(update={"alerts": rules, "users": full})
    here.pass_time(hours=2)
    arrive(here, 1)
    live(here, hours=3)
    (found,) = alerts.current(here.app.ledger, here.app.policy, here.world.now)
    assert "1 lead in a fallback queue" in found.sentence
    told = [one for one in map(said, messages(here, QUINN)) if "stuck in a fallback queue" in one]
    assert (1, True) == (len(told), found.todo in told[0])


def test_cohorts_are_compared_from_a_terminal(here: Town, tmp_path: Path) -> None:
    """Before and after a date, as data; too few leads claim nothing, and a typo is told."""
    here.pass_time(hours=4)
    for number in range(2):
        arrive(here, number)
        here.tick()
        here.pass_time(hours=1)
    run = CliRunner(env=environment(here, tmp_path)).invoke
    words = ["cohorts", "--since", "5000w"]
    cut = (MONDAY + timedelta(hours=4, minutes=30)).isoformat()
    done = run(cli, [*words, "--after", cut, "--format", "json"])
    found = json.loads(done.stdout)
    assert ([1, 1], None) == (found["sizes"], found["comparisons"][0]["difference"])
    assert "each group needs 20 leads" in found["sentences"][0]
    done = run(cli, [*words, "--treated", "segment=Hand-raisers"])
    assert 'The group "other segment" has no leads' in str(done.exception)
    done = run(cli, [*words, "--treated", "planet=Mars"])
    assert '"planet=Mars" is not a group' in str(done.exception)
    done = run(cli, ["shadow", "--since", "5000w"])
    assert "0 leads: policy's choice vs. actual owner" in done.stdout
    assert "0 alerts" in run(cli, ["alerts"]).stdout
