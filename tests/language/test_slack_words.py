"""Everything that a person reads in Slack keeps to the product's language.

Messages and forms are made from sample facts with neutral sentences; answers come from a town in
which leads were routed. Sentences that the ledger keeps (of the gate, the routing and the ladder)
are quoted in answers and have their own words; they are cut out before a text is judged.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from agent.conversation import commands
from agent.conversation.changes import decisions
from agent.conversation.desk import FAILED, HOME, LOOKING, STATUS, Desk
from agent.conversation.graph import BROKE_OFF, SILENT, USED_UP, answered
from agent.conversation.requests import REQUESTS
from agent.conversation.turn import Talk
from agent.follow_through import message_updates
from agent.follow_through.rep_actions import STRANGER, Press, Verb, respond
from agent.ledger.records import Approval, Step
from agent.ledger.rows import table
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.leads import CycleRow
from agent.metrics import digests
from agent.slack.conversation import SUGGESTED
from domain.conversation.answers import Answer, Ask, Card, Shown
from domain.conversation.permissions import Ability, Principal, principal
from domain.effects import Line, SendReport, TellManager, Tone
from domain.lead.crm_records import RecordKind
from domain.metrics.charts import Chart, Series
from domain.values import CycleId, DecisionId, Quoted, RecordId
from tests.support.follow_through import live, messages
from tests.support.words import hits, zoneless
from tests.support.worlds import Town, town
from tools.slack.messages import manager_messages, modals, owner_messages, replies
from tools.slack.messages.manager_messages import Pictures, Reading
from tools.slack.messages.owner_messages import Buttons, Item

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
DUE = NOW - timedelta(minutes=30)
EAST = ZoneInfo("America/New_York")
URL = "https://acme.my.salesforce.com/00Q000000000001AAA"
DANA = "Dana Fox, VP Marketing at Acme"
DID = (Line(at=NOW - timedelta(hours=1), what='filled out the form "Demo Request"'),)
ANA, MARTA, QUINN, HELEN = (
    f"{name}@meridian.example"
    for name in ("ana.torres", "marta.silva", "quinn.walsh", "helen.brooks")
)


def words(shown: object) -> str:
    """Every word of blocks, a view or an answer, one text a line."""
    found: list[str] = []

    def gather(node: dict[str, Any]) -> dict[str, Any]:
        found.extend(
            str(node[key]) for key in ("text", "alt_text") if isinstance(node.get(key), str)
        )
        return node

    json.loads(json.dumps(shown), object_hook=gather)
    return "\n".join(found)


def problems(text: str, where: str) -> list[str]:
    """What is wrong with a text that a person reads."""
    return [str(one) for one in (*hits(text, where, "people"), *zoneless(text, where))]


def item(tone: Tone = Tone.ASSIGNED, **more: Any) -> Item:  # noqa: ANN401  (an item's own fields)
    """A lead as its owner is told of it."""
    facts: dict[str, Any] = {
        "reason": "Territory US West.",
        "due": DUE,
        "did": DID,
        "opening": "I saw your demo request.",
        "for_whom": "Ana Torres",
        "buttons": Buttons("c1", 0, (timedelta(hours=1), timedelta(days=1))),
    }
    return Item(DANA, URL, tone=tone, **(facts | more))


STATES: Mapping[str, Mapping[str, Any]] = {
    "new": {},
    "reassigned": {"is_reassigned": True},
    "noted": {"note": "You're on it."},
    "over": {"news": "First touch after 14 min, within SLA. Ana Torres called."},
}


@pytest.mark.parametrize(("tone", "state", "count"), [*product(Tone, STATES, (1, 2))])
def test_a_message_to_an_owner(tone: Tone, state: str, count: int) -> None:
    """New, reminded, late or covered, alone or with others, whatever became of it."""
    items = [item(tone, **STATES[state])] * count
    text = words(owner_messages.owned(items, EAST))
    assert [] == problems(f"{text}\n{owner_messages.summary(items, EAST)}", f"{tone} {state}")


def test_the_first_line_says_who_and_what_and_until_when() -> None:
    """It is enough to act on, in the message and in its notification."""
    text = words(owner_messages.owned([item(Tone.BREACH)], EAST)).splitlines()
    due = "First touch was due Mon, Nov 23, 12:30 PM EST"
    assert ["SLA breach: ", DANA, "", due] == text[:4]
    assert f"SLA breach: {DANA}. {due}" == owner_messages.summary([item(Tone.BREACH)], EAST)


def test_a_lead_that_changed_hands_says_so() -> None:
    """Its new owner reads that somebody else had it."""
    assert f"Reassigned to you: {DANA}" in owner_messages.summary([item(is_reassigned=True)], EAST)


def test_buttons_are_verbs() -> None:
    """With the length that a snooze has."""
    text = words(owner_messages.owned([item()], EAST)).splitlines()
    assert {"I'm on it", "Log call", "Snooze", "Snooze 1 h", "Snooze 1 d", "Not mine"} == set(
        text[-6:]
    )


def told(**more: Any) -> TellManager:  # noqa: ANN401  (a message's own fields)
    """What a manager is told of a lead."""
    facts: dict[str, Any] = {
        "lead": "1",
        "cycle": "c1",
        "manager": MARTA,
        "title": DANA,
        "record_id": RecordId("00Q000000000001AAA"),
        "record_kind": RecordKind.LEAD,
        "owner_name": "Ana Torres",
        "rung": "breach",
        "sentence": "No activity was found.",
        "timeline": DID,
        "sla_due": DUE,
    }
    return TellManager(**(facts | more))


@pytest.mark.parametrize(
    ("more", "headline"),
    [
        ({}, "SLA breach"),
        ({"sla_due": NOW + timedelta(hours=1)}, "SLA at risk"),
        ({"dispute": "q1"}, "Not mine"),
    ],
)
@pytest.mark.parametrize("is_reply", [False, True])
def test_a_message_to_a_manager(more: dict[str, Any], headline: str, *, is_reply: bool) -> None:
    """The headline says what it is; a breach says how late, a dispute has two verbs."""
    one = told(**more)
    text = words(manager_messages.breach(one, URL, Reading(NOW, EAST), is_reply=is_reply))
    line = manager_messages.breach_summary(one, NOW)
    assert [] == problems(f"{text}\n{line}", headline)
    assert f"{headline}: {DANA}. Owner: Ana Torres" == line
    is_over = headline != "SLA at risk" and not is_reply
    assert is_over == ("Overdue by 30 min: first touch was due Mon, Nov 23" in text)
    assert ("Reassign" in text.splitlines()) == (headline == "Not mine")


def test_several_leads_of_a_manager_are_one_message() -> None:
    """Each is named once with its owner, however many steps piled up; the rest is counted."""
    many = [told(cycle=f"c{number}", title=f"Lead {number}") for number in range(60)]
    again = told(cycle="c0", title="Lead 0", sentence="Reassignment due.")
    leads = [(one, URL) for one in [*many, again]]
    shown = words(manager_messages.breaches(leads, Reading(NOW, EAST), is_reply=False))
    line = manager_messages.summary([*many, again], NOW)
    assert [] == problems(f"{shown}\n{line}", "SLA breaches")
    assert (1, True) == (shown.count("Lead 0"), "No activity was found. Reassignment due." in shown)
    assert ("60 SLA breaches" in shown, "more in Salesforce" in shown) == (True, True)
    assert "60 SLA breaches: Lead 0; Lead 1; Lead 2; and 57 more" == line


def test_leads_at_risk_are_told_from_breaches() -> None:
    """The headline of several says which is which."""
    later = {"sla_due": NOW + timedelta(hours=1)}
    both = [told(cycle="c1"), told(cycle="c2", title="Bo Li", **later)]
    assert "1 SLA breach, 1 at risk: " in manager_messages.summary(both, NOW)
    risky = [told(cycle="c1", **later), told(cycle="c2", **later)]
    assert "2 leads with the SLA at risk: " in manager_messages.summary(risky, NOW)


CHART = Chart(
    title="Assigned leads by day",
    labels=("Nov 22", "Nov 23"),
    series=(Series(name="within SLA", values=(1, 2)),),
)


@pytest.mark.parametrize(
    "pictures", [Pictures({"F1": CHART.alt}), Pictures(missing="file_too_large")]
)
def test_a_report(pictures: Pictures) -> None:
    """With its charts, or with the reason for having none; long lists are counted."""
    one = SendReport(
        to=MARTA,
        title="Daily digest: your team's leads",
        intro="1 SLA breach, 0 on track, 0 pending approvals.",
        sections=(("SLA breaches", tuple(f"Lead {number}" for number in range(30))),),
    )
    text = words(manager_messages.report(one, pictures))
    assert [] == problems(text, "report")
    assert "and 10 more" in text


@pytest.mark.parametrize(
    "view",
    [modals.call("c1"), modals.refusal("c1", {"conflict": "A colleague works with them"})],
    ids=["call", "not mine"],
)
def test_a_form(view: dict[str, Any]) -> None:
    """Its title, its fields and its buttons."""
    assert [] == problems(words(view), "form")


def test_an_answer_that_proposes_has_buttons_that_say_what_they_do() -> None:
    """The verb of the change, and Cancel; what somebody else asked for is approved or denied."""
    mine = Answer(title="Reassign Dana Fox?", proposal="p1", yes="Reassign")
    theirs = Answer(title="Pending", cards=(Card(title="Dana Fox", proposal="p2"),))
    shown = [words(replies.shown(Shown(answers=(one,)), str)) for one in (mine, theirs)]
    assert ["Reassign", "Cancel"] == shown[0].splitlines()[-2:]
    assert ["Approve", "Deny"] == shown[1].splitlines()[-2:]
    asks = Card(title="", asks=(Ask(label="Why?", says="why 1"),))
    much = Shown(answers=(Answer(title="x" * 300, lines=("y" * 300,) * 30, cards=(asks,)),) * 9)
    for one in (Shown(), much):
        assert [] == problems(words(replies.shown(one, str)), "reply")


def test_what_is_always_said_in_the_same_words() -> None:
    """Strangers, waiting, failing, and what the assistant offers."""
    fixed = [STRANGER, FAILED, STATUS, LOOKING.text(), SILENT, USED_UP, BROKE_OFF, decisions.GONE]
    offered = [text for pair in (*HOME, *SUGGESTED) for text in pair]
    updated = message_updates.WORDS.values()
    assert [] == problems("\n".join([*fixed, *offered, *updated]), "fixed words")


# A town in which things happened.


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """An overdue lead, one that isn't ready, one pending approval, and a failed update."""
    with town(tmp_path_factory.mktemp("town")) as here:
        here.pass_time(hours=4)
        late = here.arrive()
        here.arrive(synced=False, firstName="Cora", lastName="Dean", email="c@larkspur.example")
        asked = here.arrive(firstName="Grace", lastName="Kim", email="g@globex.example")
        here.tick()
        live(here, minutes=35)
        cycle, effects = table(CycleRow), table(EffectRow)
        with here.app.ledger.engine.begin() as connection:
            mine = CycleId(here.cycle(asked).id)
            approval = update(cycle).where(cycle.c.id == mine)
            connection.execute(approval.values(status="approval"))
            failed = update(effects).where(effects.c.cycle_id == here.cycle(late).id)
            connection.execute(failed.where(effects.c.kind == "mirror_fields").values(state="dead"))
        step = Step(at=here.world.now)
        step.approvals.append(Approval(mine, DecisionId("d1"), Quoted(text="Territory US West.")))
        here.app.ledger.cycles.record(step)
        yield here


def person(here: Town, email: str) -> Principal:
    """Somebody as the policy knows them."""
    found = principal(email, here.app.policy)
    assert found is not None
    return found


TRIED: Mapping[Ability, Sequence[Mapping[str, str]]] = {
    Ability.FIND: ({"words": "Dana"}, {"words": "Zora"}),
    Ability.UNWORKED: ({}, {"where": "my team"}, {"where": "Ana Torres"}, {"where": "Atlantis"}),
    Ability.WORKLOAD: (
        {},
        {"who": "Ana"},
        {"who": "Bartholomew"},
        {"who": "Kate"},
        {"who": "Chloe"},
    ),
    Ability.NUMBERS: ({}, {"segment": "Hand-raisers"}, {"segment": "Nowhere"}),
    Ability.CHANGES: ({}, {"since": "whenever"}),
    Ability.RULES: ({}, {"topic": "Hand-raisers"}, {"topic": "DACH"}, {"topic": "tides"}),
    Ability.WHAT_IF: ({"territory": "DACH", "to": "Lena"}, {"without": "Ana"}, {"without": "Zoe"}),
    Ability.WAITING: ({},),
    Ability.GIVE: tuple(
        {"lead": lead, "to": to}
        for lead, to in product(
            ("Dana Fox", "Cora Dean", "Zora", ""), ("Ursula", "Mei Tan", "Chloe", "Zoe")
        )
    ),
    Ability.HOLD: tuple(
        {"lead": lead, "until": until}
        for lead, until in product(("Dana Fox", "Zora"), ("3d", "900d", "never"))
    ),
    Ability.SNOOZE: tuple(
        {"lead": lead, "lasting": lasting}
        for lead, lasting in product(("Dana Fox", "Cora Dean"), ("1h", "long"))
    ),
    Ability.CORRECT: tuple(
        {"lead": "Cora Dean", "field": field, "value": value}
        for field, value in (("country", "Austria"), ("country", "Mars"), ("e-mail", "x"))
    ),
    Ability.PAUSE: ({}, {"scope": "Hand-raisers"}, {"scope": "Nowhere"}),
    Ability.RESUME: ({}, {"scope": "Nowhere"}),
}
"""What is asked with each tool; of others, a lead with an owner, one without, and a stranger."""
LEADS: Sequence[Mapping[str, str]] = (
    {"lead": "Dana Fox"},
    {"lead": "Cora Dean"},
    {"lead": "Grace Kim"},
    {"lead": "Zora"},
    {},
)


@pytest.mark.parametrize(
    "email", [ANA, MARTA, QUINN, HELEN], ids=["rep", "manager", "ops", "viewer"]
)
@pytest.mark.parametrize("ability", Ability, ids=str)
def test_an_answer(lived: Town, ability: Ability, email: str) -> None:
    """Every tool, by every role: what is found, what isn't, refused and proposed."""
    who = person(lived, email)
    talk = Talk(lived.app.context(), who, f"{email} {ability}")
    for given in TRIED.get(ability, LEADS):
        answer = answered(ability, REQUESTS[ability].form.model_validate(given), talk)
        if ability is Ability.STORY:
            answer = answer.model_copy(update={"lines": ()})  # The command line's own words.
        shown = words(replies.shown(Shown(answers=(answer,)), str))
        assert [] == problems(f"{answer.text()}\n{shown}", f"{ability} {given}")


@pytest.mark.parametrize(
    "email", [ANA, MARTA, QUINN, HELEN], ids=["rep", "manager", "ops", "viewer"]
)
def test_the_app_home_and_the_manual(lived: Town, email: str) -> None:
    """What stands in the App Home, and what can be asked."""
    who = person(lived, email)
    home = Desk(lived.app.context(), lived.app.memory).home(who)
    text = words(replies.shown(home, str))
    assert [] == problems(text, "home")
    assert [] == problems(commands.manual(who).text(), "manual")


def test_deciding(lived: Town) -> None:
    """A proposal approved, canceled, denied, decided again, and by who may not."""
    desk = Desk(lived.app.context(), lived.app.memory)
    said: list[str] = []
    for yes, by in ((True, ANA), (False, MARTA), (True, MARTA), (False, QUINN)):
        talk = Talk(lived.app.context(), person(lived, MARTA), f"word {yes} {by}")
        form = REQUESTS[Ability.HOLD].form.model_validate({"lead": "Dana Fox", "until": "3d"})
        proposal = answered(Ability.HOLD, form, talk).proposal
        assert proposal is not None
        who = person(lived, by)
        said += [desk.word(proposal, yes=yes, who=who).text() for _ in range(2)]
        lived.pass_time(seconds=1)
    assert [] == problems("\n".join(said), "deciding")
    assert ["Only the owner's manager or a RevOps admin can approve this."] * 2 == said[:2]
    assert said[2] == "Canceled by Marta Silva. Nothing was changed."


FIELDS = {
    "reason": "no_capacity",
    "outcome": "Connected",
    "seconds": "3600",
    "dispute": "q1",
    "note": "Ben knows them",
}


@pytest.mark.parametrize("email", [ANA, MARTA, HELEN])
@pytest.mark.parametrize("verb", Verb, ids=str)
def test_a_press(lived: Town, verb: Verb, email: str) -> None:
    """By the owner or the manager or somebody else: done, done before, or not theirs to do."""
    context = lived.app.context()
    for row in lived.app.ledger.handoffs.rows():
        for fields in (FIELDS, {}):
            press = Press("p1", email, verb, CycleId(row.cycle_id), row.handoff["stage"], fields)
            answer = respond(press, context)
            assert [] == problems(answer.said, f"{verb} by {email}")
    stranger = respond(Press("p1", "eve@x.example", verb, CycleId("none")), context)
    gone = respond(Press("p1", email, verb, CycleId("none")), context)
    assert [] == problems(f"{stranger.said}\n{gone.said}", str(verb))


def test_what_was_written_in_the_town(lived: Town) -> None:
    """Reminders, breaches and reassignments, as they stand in Slack."""
    rows = lived.app.ledger.handoffs.rows()
    everybody = {one.owner for one in rows} | {MARTA, QUINN}
    told = [words(one["blocks"]) for email in everybody for one in messages(lived, email)]
    assert told
    assert [] == problems("\n".join(told), "messages")


def test_digests_and_lists(lived: Town) -> None:
    """The daily digest, the weekly review, and the list of unworked leads."""
    for days in range(8):
        lived.world.advance(
            datetime(2026, 11, 24, 14, 30, tzinfo=UTC) + timedelta(days=days) - lived.world.now
        )
        step = digests.plan_reports(lived.app.context())
        lived.app.ledger.cycles.record(step)
        for effect in step.effects:
            report = effect.planned.action
            assert isinstance(report, SendReport)
            text = words(manager_messages.report(report, Pictures()))
            alt = "\n".join(one.alt for one in report.charts)
            assert [] == problems(f"{text}\n{alt}", report.title)


def test_no_digest_when_there_is_nothing_to_say(tmp_path_factory: pytest.TempPathFactory) -> None:
    """All counts are zero: nobody is written to, and it isn't worked out again that day."""
    with town(tmp_path_factory.mktemp("quiet")) as here:
        here.world.advance(datetime(2026, 11, 24, 14, 30, tzinfo=UTC) - here.world.now)
        assert [] == digests.plan_reports(here.app.context()).effects
        kept_quiet = here.app.ledger.intake.cursor(f"{digests.QUIET} {MARTA}")
        assert kept_quiet is not None
        here.arrive()
        here.tick()
        assert [] == [one for one in messages(here, MARTA) if "digest" in words(one["blocks"])]
        here.pass_time(days=1)
        here.tick()
        assert 1 == sum("Daily digest" in words(one["blocks"]) for one in messages(here, MARTA))
