"""Setting an org up: what it lacks is planned, added once, and enough for the examination."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from domain.errors import RequestError
from sandbox.http import tls
from sandbox.salesforce import CONSUMER_KEY, CONSUMER_SECRET, add_app
from sandbox.salesforce.org.schema import CUSTOM_FIELD
from sandbox.state.world import World
from tests.support.orgs import NOON, SELF, Org, running_org
from tools.salesforce import ClientCredentials, Connection, Deployer, Gateway, Settings


class StillClock:
    """Noon, for ever."""

    def now(self) -> datetime:
        """Noon."""
        return NOON

    def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


@pytest.fixture
def org() -> Iterator[Org]:
    """An org that nobody has set up."""
    with running_org() as org:
        clear(org.world)
        add_app(org.world, CONSUMER_KEY, CONSUMER_SECRET, run_as=SELF)
        yield org


def clear(world: World) -> None:
    """Take away everything that is ours."""
    world.table(CUSTOM_FIELD).clear()
    world.table("salesforce.ValidationRule").clear()


@pytest.fixture
def gateway(org: Org) -> Iterator[Gateway]:
    """A connection as the integration user."""
    credentials = ClientCredentials(CONSUMER_KEY, CONSUMER_SECRET)
    connection = Connection(f"https://{org.host}", credentials, Path(tls.serve()[1]))
    gateway = Gateway(Settings(connection), StillClock())
    yield gateway
    gateway.close()


def perform(deployer: Deployer) -> list[str]:
    """Carry the whole plan out; the sentences of what was done."""
    return [step.sentence for step in deployer.perform(deployer.plan())]


def test_an_org_is_set_up(gateway: Gateway) -> None:
    """After 26 fields, their permissions and two rules the examination finds nothing amiss."""
    deployer = gateway.deployer()
    done = perform(deployer)
    assert 29 == len(done)
    assert "Create field Lead.Routing_Decision_Id__c, Text(255)" == done[0]
    assert [] == deployer.plan()
    looked = {one.subject: one.ok for one in gateway.examine()}
    subjects = ("Lead fields", "Contact fields", "owner guard")
    assert [True] * 3 == [looked[f"Salesforce {subject}"] for subject in subjects]


def test_the_rule_that_was_set_up_guards(org: Org, gateway: Gateway) -> None:
    """A decision that expects another owner is refused by the org itself."""
    perform(gateway.deployer())
    lead = org.lead()
    told = {"Routing_Decision_Id__c": "d1", "Routing_Expected_Owner__c": org.ids["EMEA"]}
    answer = org.call("PATCH", f"/services/data/v66.0/sobjects/Lead/{lead}", json=told)
    assert "routeready:" in answer.json()[0]["message"]
    told["Routing_Expected_Owner__c"] = org.ids["Holding"]
    answer = org.call("PATCH", f"/services/data/v66.0/sobjects/Lead/{lead}", json=told)
    assert 204 == answer.status_code


def test_a_set_up_that_was_broken_off_is_gone_on_with(gateway: Gateway) -> None:
    """A step that is refused ends it; what was done stays, and the next plan has the rest."""
    deployer = gateway.deployer()
    steps = deployer.plan()
    list(deployer.perform(steps[2:3]))
    with pytest.raises(RequestError, match="There is already a field named"):
        list(deployer.perform(steps))
    rest = deployer.plan()
    assert steps[3:] == rest
    assert len(rest) == len(list(deployer.perform(rest)))


def test_what_is_there_is_left_alone(org: Org, gateway: Gateway) -> None:
    """A field that is only hidden is granted, not made again, and added to the set there is."""
    deployer = gateway.deployer()
    perform(deployer)
    for grant in list(org.world.table("salesforce.FieldPermissions").values()):
        if grant["Field"] == "Lead.SLA_Met__c":
            del org.world.table("salesforce.FieldPermissions")[grant["Id"]]
    (step,) = deployer.plan()
    assert step.sentence.startswith("Give the integration user read and edit access to 1 field,")
    assert [step] == list(deployer.perform([step]))
    assert [] == deployer.plan()


def test_a_refused_grant_names_its_cause(gateway: Gateway) -> None:
    """Of a request that fails as a whole, the error that made it fail is told."""
    deployer = gateway.deployer()
    (grant,) = [step for step in deployer.plan() if step.path == "composite"]
    stale = json.loads(json.dumps(grant.body).replace('"Label"', '"Lable"'))
    with pytest.raises(RequestError, match="No such column 'Lable'"):
        list(deployer.perform([replace(grant, body=stale)]))
