"""What becomes of leads that Marketo shows late, merges, or that come up again more strongly."""

import json
import urllib.request
from datetime import timedelta
from typing import Any

import pytest

from agent.ledger.tables.states import CycleStatus
from agent.rollout.replay import replay
from domain.decision.said import MergedInto
from domain.follow_through.handoff import Closing
from domain.lead.crm_records import OwnerKind
from domain.policy.model import Mode
from domain.values import CycleId, LeadKey
from sandbox.marketo.lead_database import people
from sandbox.salesforce.store import records
from tests.support.worlds import Town

POOL = {"Ana Torres", "Ben Okafor"}
FORM, PAGE = "Fill Out Form", "Visit Webpage"


def live(here: Town, minutes: int, step: int = 2) -> None:
    """Let time pass, with a look each `step` minutes."""
    for _ in range(0, minutes, step):
        here.pass_time(minutes=step)
        here.tick()


def does(here: Town, person: int, kind: str, name: str) -> None:
    """Somebody does something."""
    people.log_activity(here.world, person, kind, primary=name)


def scores(here: Town, person: int, score: int) -> None:
    """A person's score reaches a number."""
    changes = {"leadScore": score}
    people.change_person(here.world, person, changes, reason="score", source="score")


def late(here: Town, seconds: int) -> None:
    """From now on Marketo shows activities so much later."""
    here.world.table("sandbox.setting").setdefault("marketo", {})["activity_lag_seconds"] = seconds


def merge(here: Town, winner: int, loser: int) -> None:
    """Somebody merges two people in Marketo."""
    details = here.running.details()["marketo"]
    query = f"grant_type=client_credentials&client_id={details['client_id']}"
    identity = f"{details['identity_url']}/oauth/token?{query}"
    token = f"{identity}&client_secret={details['client_secret']}"
    with urllib.request.urlopen(token) as answer:  # noqa: S310  (the sandbox)
        access = json.load(answer)["access_token"]
    request = urllib.request.Request(  # noqa: S310
        f"{details['base_url']}/v1/leads/{winner}/merge.json?leadId={loser}",
        method="POST",
        headers={"Authorization": f"Bearer {access}"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        assert json.load(answer)["success"]


def mql(here: Town, **values: Any) -> int:  # noqa: ANN401  (field values)
    """Somebody reaches the score with two signs of interest."""
    person = here.arrive(form="Newsletter", numberOfEmployees=30, **values)
    does(here, person, PAGE, "/pricing")
    does(here, person, FORM, "Webinar")
    scores(here, person, 105)
    return person


@pytest.mark.parametrize("seconds", [600, 3600])
def test_an_activity_that_marketo_shows_late_is_read_late(here: Town, seconds: int) -> None:
    """Routed once, soon after it is there to be seen."""
    late(here, seconds)
    here.tick()
    dana = here.arrive()
    live(here, seconds // 60 + 24, 12)
    assert (CycleStatus.ASSIGNED, 1) == (here.cycle(dana).status, here.cycle(dana).number)
    assert [1] == list(here.owner_writes().values())


def test_a_mend_that_marketo_shows_late_wakes_a_parked_lead(here: Town) -> None:
    """A change of the field is looked for farther back too."""
    dana = here.arrive(country=None, state=None)
    live(here, 2)
    late(here, 1200)
    fixed = {"country": "Germany"}
    people.change_person(here.world, dana, fixed, reason="ops", source="ops")
    live(here, 48, 12)
    assert CycleStatus.ASSIGNED == here.cycle(dana).status


def test_a_merged_person_s_hand_raise_goes_on_for_who_is_left(here: Town) -> None:
    """The fix that the worker itself advises brings the lead to an owner."""
    first = here.arrive(form="Newsletter")
    second = here.arrive(synced=False)
    live(here, 2)
    assert "DEDUPED" == here.cycle(second).blocked_by
    merge(here, first, second)
    live(here, 20, 4)
    gone = here.cycle(second)
    assert (CycleStatus.GONE, MergedInto(lead=LeadKey(str(first)))) == (gone.status, gone.said)
    assert (CycleStatus.ASSIGNED, True) == (here.cycle(first).status, here.owner(first) in POOL)
    assert "Hand-raisers" == here.cycle(first).segment


def test_an_owner_s_merged_lead_is_followed_as_one(here: Town) -> None:
    """A handoff goes over to the person who is left, whose next trigger supersedes it."""
    second = here.arrive()
    live(here, 2)
    handed = CycleId(here.cycle(second).id)
    first = here.arrive(email="dana@acme.example", form="Newsletter", synced=False)
    sent = here.world.table(people.PERSON)[str(second)]["sfdcLeadId"]
    people.change_person(
        here.world,
        first,
        {"sfdcType": "Lead", "sfdcId": sent, "sfdcLeadId": sent},
        reason="sync",
        source="sync",
    )
    merge(here, first, second)
    live(here, 20, 4)
    held = here.app.ledger.handoffs.get(handed)
    assert held is not None
    assert LeadKey(str(first)) == held.handoff.lead
    does(here, first, FORM, "Demo Request")
    live(here, 4)
    row = here.app.ledger.handoffs.row(handed)
    assert row is not None
    assert (CycleStatus.ASSIGNED, Closing.SUPERSEDED) == (here.cycle(first).status, row.state)


def test_a_hand_raise_makes_a_parked_score_a_hand_raiser(here: Town) -> None:
    """The stronger trigger decides segment and clock."""
    dana = mql(here, country=None, state=None)
    live(here, 2)
    assert CycleStatus.PARKED == here.cycle(dana).status
    does(here, dana, FORM, "Demo Request")
    known = {"country": "United States", "state": "California"}
    people.change_person(here.world, dana, known, reason="form", source="form")
    live(here, 12, 4)
    cycle = here.cycle(dana)
    assert (1, CycleStatus.ASSIGNED, "Hand-raisers") == (cycle.number, cycle.status, cycle.segment)


def test_a_hand_raise_takes_back_what_waits_for_approval(here: Town) -> None:
    """What was to be approved of the weaker trigger is withdrawn, and decided again."""
    segments = [one.model_copy(update={"mode": Mode.APPROVE}) for one in here.app.policy.segments]
    here.app.policy = here.app.policy.model_copy(update={"segments": tuple(segments)})
    dana = mql(here)
    live(here, 2)
    (old,) = here.app.ledger.approvals.pending()
    does(here, dana, FORM, "Demo Request")
    live(here, 2)
    (new,) = here.app.ledger.approvals.pending()
    assert (True, "Hand-raisers") == (old.id != new.id, here.cycle(dana).segment)


def test_a_hand_raise_while_a_score_is_unworked_is_a_hand_raiser(here: Town) -> None:
    """The owner stays; the clock and the segment are those of the hand raise."""
    dana = mql(here)
    live(here, 2)
    owner, before = here.owner(dana), here.cycle(dana)
    does(here, dana, FORM, "Demo Request")
    live(here, 4)
    after = here.cycle(dana)
    assert (owner, 2, "Hand-raisers") == (here.owner(dana), after.number, after.segment)
    assert before.segment != after.segment


def test_who_reached_nobody_has_no_cool_down(here: Town) -> None:
    """Rejected for want of interest, then interested: routed; and then the cool-down counts."""
    dana = here.arrive(form="Newsletter", numberOfEmployees=30)
    scores(here, dana, 105)
    live(here, 2)
    assert CycleStatus.REJECTED == here.cycle(dana).status
    here.pass_time(days=4)
    does(here, dana, PAGE, "/pricing")
    does(here, dana, FORM, "Webinar")
    scores(here, dana, 160)
    live(here, 4)
    assert (2, CycleStatus.ASSIGNED) == (here.cycle(dana).number, here.cycle(dana).status)
    here.pass_time(days=2)
    scores(here, dana, 170)
    live(here, 2)
    assert 2 == here.cycle(dana).number
    assert timedelta(days=30) == here.app.policy.gate.cool_down


def colleague(here: Town) -> str:
    """The Salesforce id of somebody whom the policy doesn't name."""
    known = records.find(here.world, "User", Email="ana.torres@meridian.example")[0]
    names = ("FirstName", "LastName", "Email", "Username", "Alias")
    told = ("Uma", "Klein", "uma.klein@meridian.example", "uma.klein@meridian.example", "uklein")
    copied = ("ProfileId", "TimeZoneSidKey", "LocaleSidKey", "LanguageLocaleKey", "UserType")
    values = {name: known[name] for name in copied if known.get(name)}
    values |= {"IsActive": True, **dict(zip(names, told, strict=True))}
    return records.insert(here.world, "User", values, by=known["Id"], assign=False)


def give(here: Town, person: int, owner: str) -> None:
    """Somebody changes the owner of a person's Lead by hand."""
    by, record = here.user("quinn.walsh@meridian.example"), here.lead(person)["Id"]
    records.update(here.world, "Lead", record, {"OwnerId": owner}, by=by, assign=False)


@pytest.mark.parametrize("choice", ["Uma Klein", "Partner_Desk", "Ops_Review"])
def test_an_owner_whom_a_person_chose_stays_whoever_it_is(here: Town, choice: str) -> None:
    """A colleague whom the policy doesn't name, and any queue but those where leads wait."""
    dana = here.arrive()
    give(here, dana, colleague(here) if choice == "Uma Klein" else here.queue(choice))
    live(here, 2)
    cycle = here.cycle(dana)
    assert (choice, {}) == (here.owner(dana), dict(here.owner_writes()))
    assert (CycleStatus.ASSIGNED, "Stays with its owner") == (cycle.status, cycle.rule)
    held = here.app.ledger.handoffs.get(CycleId(cycle.id))
    assert held is not None
    assert (choice != "Uma Klein") == (held.handoff.owner.kind is OwnerKind.QUEUE)
    assert () == replay(here.app.ledger).differences


def test_a_queue_that_the_worker_chose_itself_is_nobody_s_choice(here: Town) -> None:
    """What went to the partner desk by a rule is routed anew when it comes up as something else."""
    dana = here.arrive(leadSource="Partner")
    live(here, 2)
    assert "Partner_Desk" == here.owner(dana)
    people.change_person(here.world, dana, {"leadSource": "Web"}, reason="x", source="x")
    does(here, dana, FORM, "Demo Request")
    live(here, 4)
    assert here.owner(dana) in POOL


def test_a_short_link_and_an_address_in_other_letters_are_the_same_record(here: Town) -> None:
    """Marketo's 15 characters are Salesforce's 18, and a domain is itself as DNS has it."""
    dana = here.arrive(email="dana@xn--mnchen-3ya.example", synced=False)
    row = here.world.table(people.PERSON)[str(dana)]
    row["email"] = "dana@münchen.example"
    record = here.sync(dana)
    row["email"] = "dana@xn--mnchen-3ya.example"
    row.update(sfdcId=record[:15], sfdcLeadId=record[:15])
    sam = here.arrive(email="sam@xn--mnchen-3ya.example", lastName="Hill", synced=False)
    other = here.world.table(people.PERSON)[str(sam)]
    other["email"] = "sam@münchen.example"
    here.sync(sam)
    other["email"] = "sam@xn--mnchen-3ya.example"
    other.update(sfdcType=None, sfdcId=None, sfdcLeadId=None)
    live(here, 2)
    assert [CycleStatus.ASSIGNED] * 2 == [here.cycle(one).status for one in (dana, sam)]
