"""How far the worker goes by itself, and who chooses the owner: by segment, as the policy says."""

from agent.ledger.tables.states import CycleStatus
from agent.routing.approvals import approve, deny
from domain.decision.said import Denied
from domain.policy.model import Assignment, Mode
from sandbox.salesforce.rules import assignment
from tests.support.worlds import Town


def everywhere(here: Town, **changes: Mode | Assignment) -> None:
    """Give every segment of the policy the same mode or assignment."""
    policy = here.app.policy
    segments = tuple(one.model_copy(update=changes) for one in policy.segments)
    here.app.policy = policy.model_copy(update={"segments": segments})


def writes(here: Town) -> int:
    """How many writes the worker made at any vendor, by the journal."""
    effects = [entry for entry in here.world.journal if entry.kind == "effect"]
    return sum(entry.data.get("by") in (here.worker, "REST API") for entry in effects)


def test_shadow_mode_decides_and_writes_nothing(here: Town) -> None:
    """Everything is decided and recorded; Salesforce, Marketo and Slack see no write."""
    everywhere(here, mode=Mode.SHADOW)
    dana = here.arrive()
    here.pass_time(hours=4)
    here.tick()
    assert (CycleStatus.SHADOWED, 0) == (here.cycle(dana).status, writes(here))
    assert {} == here.world.table("slack.message")
    assert 1 == len(here.app.ledger.history.decisions(here.cycle(dana).id))


def test_approve_mode_waits_for_a_persons_word(here: Town) -> None:
    """Nothing is written before the approval, and one write after it."""
    everywhere(here, mode=Mode.APPROVE)
    dana = here.arrive()
    here.pass_time(minutes=1)
    here.tick()
    (waiting,) = here.app.ledger.approvals.pending()
    assert (CycleStatus.APPROVAL, 0) == (here.cycle(dana).status, writes(here))
    said = [approve(waiting.id, "quinn", here.app.context()) for _ in range(2)]
    here.tick()
    assert ([True, False], CycleStatus.ASSIGNED) == (said, here.cycle(dana).status)
    assert {here.lead(dana)["Id"]: 1} == dict(here.owner_writes())


def test_a_denied_assignment_stays_denied(here: Town) -> None:
    """A denial closes the cycle with the name of who said no, whatever the next looks find."""
    everywhere(here, mode=Mode.APPROVE)
    dana = here.arrive()
    here.pass_time(minutes=1)
    here.tick()
    (waiting,) = here.app.ledger.approvals.pending()
    deny(waiting.id, "quinn", here.app.context())
    here.pass_time(minutes=1)
    here.tick()
    cycle = here.cycle(dana)
    assert ("denied", Denied(by="quinn")) == (cycle.status, cycle.said)


def test_salesforces_own_rules_may_choose(here: Town) -> None:
    """In such a segment the worker hands the lead over and records who got it."""
    everywhere(here, assignment=Assignment.SALESFORCE_RULES)
    tom = here.user("tom.ashby@meridian.example")
    assignment.activate(here.world, "Inbound", [{"criteria": [], "assigned_to": tom}])
    dana = here.arrive()
    here.pass_time(minutes=1)
    here.tick()
    cycle = here.cycle(dana)
    assert ("Tom Ashby", "tom.ashby@meridian.example") == (here.owner(dana), cycle.owner)
    assert "Salesforce's rules" == cycle.rule


def test_the_org_rules_never_run_when_the_worker_chooses(here: Town) -> None:
    """An active assignment rule takes nothing from the worker: every write says FALSE."""
    tom = here.user("tom.ashby@meridian.example")
    dana = here.arrive()
    assignment.activate(here.world, "Inbound", [{"criteria": [], "assigned_to": tom}])
    here.pass_time(minutes=1)
    here.tick()
    assert here.owner(dana) in ("Ana Torres", "Ben Okafor", "Chloe Park")


def test_a_person_who_takes_the_lead_before_the_write_keeps_it(here: Town) -> None:
    """Between decision and write a rep takes the lead: it stays, and the record says so."""
    everywhere(here, mode=Mode.APPROVE)
    dana = here.arrive()
    here.pass_time(minutes=1)
    here.tick()
    (waiting,) = here.app.ledger.approvals.pending()
    here.take(dana, "jack.byrne@meridian.example")
    approve(waiting.id, "quinn", here.app.context())
    here.tick()
    assert ("Jack Byrne", {}) == (here.owner(dana), dict(here.owner_writes()))
    assert "a person's own change" == here.cycle(dana).rule
