"""When Slack, a process or a person misbehaves: nothing is lost, doubled or overheard."""

from dataclasses import replace
from typing import Any

import pytest

from agent.conversation.desk import COMMAND, DIRECT, FAILED, MENTION, TOO_LATE, Desk
from agent.ledger.stores.conversations import Heard
from domain.conversation.permissions import Principal, principal
from domain.policy.conversation import Price
from domain.policy.model import Limits
from domain.ports import Called, Spoken
from sandbox import faults
from sandbox.faults import Status
from sandbox.state.world import Row
from tests.support.conversations import (
    answer,
    command,
    desk,
    dm,
    home,
    replies,
    responses,
    word,
    write,
)
from tests.support.follow_through import payload, said, send
from tests.support.slack_lines import http_line, message
from tests.support.talkers import Overheard
from tests.support.worlds import Town
from tools.slack.messages.replies import ASK

QUINN = "quinn.walsh@meridian.example"
MARTA = "marta.silva@meridian.example"
HELEN = "helen.brooks@meridian.example"
KATE = "kate.molloy@meridian.example"


@pytest.fixture
def dana(here: Town) -> int:
    """A hand-raiser, assigned to a rep of the pool us_west on Monday morning there."""
    person = here.arrive()
    here.pass_time(hours=4)
    here.tick()
    return person


def person(here: Town, email: str) -> Principal:
    """Somebody as the policy knows them."""
    found = principal(email, here.app.policy)
    assert found is not None
    return found


def seat(here: Town, model: Overheard) -> Desk:
    """A desk at which a model sits."""
    return Desk(replace(here.app.context(), talker=model), here.app.memory)


def conversing(here: Town, **rules: Any) -> None:  # noqa: ANN401  (values of the policy)
    """Change the conversation part of the policy."""
    policy = here.app.policy
    conversation = policy.conversation.model_copy(update=rules)
    here.app.policy = policy.model_copy(update={"conversation": conversation})


def whispers(here: Town) -> list[Row]:
    """What was shown to one person only, oldest first."""
    return [one.data for one in here.world.journal if one.name == "message.ephemeral"]


@pytest.mark.usefixtures("dana")
def test_an_answer_that_did_not_reach_slack_is_made_again(here: Town) -> None:
    """The message that says "looking" becomes the answer once Slack works; there is one message."""
    lost = Status(vendor="slack", path="chat.update", status=503)
    fault = faults.add(here.world, lost)
    write(here, QUINN, "find Dana")
    assert "One moment" in said(replies(here, QUINN)[-1])
    faults.remove(here.world, fault)
    here.pass_time(minutes=3)
    desk(here).tidy()
    (reply,) = replies(here, QUINN)
    assert "Dana Fox" in said(reply)


@pytest.mark.usefixtures("dana")
def test_a_question_that_slack_kept_us_from_answering_for_hours_is_told_so(here: Town) -> None:
    """Nobody is left at "One moment": after an hour they read that nothing was done."""
    fault = faults.add(here.world, Status(vendor="slack", path="chat.update", status=503))
    write(here, QUINN, "find Dana")
    here.pass_time(hours=2)
    desk(here).tidy()
    faults.remove(here.world, fault)
    here.pass_time(minutes=3)
    desk(here).tidy()
    (reply,) = replies(here, QUINN)
    assert TOO_LATE in said(reply)
    assert [] == here.app.ledger.conversations.unanswered(here.world.now)


@pytest.mark.usefixtures("dana")
@pytest.mark.parametrize("kind", [COMMAND, MENTION])
def test_what_only_the_asker_may_read_stays_so_after_a_crash(here: Town, kind: str) -> None:
    """A command or mention left behind by a process is answered to its writer alone."""
    heard = Heard("h1", kind, here.slack_users[QUINN], dm(here, HELEN), "", "find Dana")
    assert here.app.ledger.conversations.hear(heard, here.world.now)
    here.pass_time(minutes=5)
    desk(here).tidy()
    (shown,) = whispers(here)
    assert (here.slack_users[QUINN], True) == (shown["to"], "Dana Fox" in said(shown))
    assert [] == replies(here, HELEN)


def test_a_question_that_always_fails_is_given_up(here: Town) -> None:
    """After three begun answers the person is told, and nothing is tried for ever."""
    heard = Heard("h1", DIRECT, here.slack_users[QUINN], dm(here, QUINN), "", "find Dana")
    here.app.ledger.conversations.hear(heard, here.world.now)
    for _ in range(3):
        here.app.ledger.conversations.claim("h1", here.world.now)
        here.pass_time(minutes=3)
    desk(here).tidy()
    assert FAILED in said(replies(here, QUINN)[-1])
    assert [] == here.app.ledger.conversations.unanswered(here.world.now)


@pytest.mark.usefixtures("dana")
def test_two_people_in_one_thread_do_not_share_a_context(here: Town) -> None:
    """What one was told is not in the context of the other, whatever the other asks."""
    model = Overheard("why", lead="")
    seat(here, model).answer(
        Heard("h1", MENTION, here.slack_users[QUINN], "C1", "1.1", "why Dana Fox"),
        person(here, QUINN),
    )
    other = Overheard("why", lead="")
    shown = seat(here, other).answer(
        Heard("h2", MENTION, here.slack_users[KATE], "C1", "1.1", "why this?"),
        person(here, KATE),
    )
    assert "Which lead?" in shown.text()
    assert "Dana" not in other.context


def test_what_one_may_no_longer_see_leaves_the_context(here: Town, dana: int) -> None:
    """A lead that went to another team, and everything when the role changes, is forgotten."""
    model = Overheard("why", lead="Dana Fox")
    seat(here, model).respond("why Dana Fox", person(here, MARTA), "t")
    second = Overheard("rules", topic="")
    seat(here, second).respond("what are the rules?", person(here, MARTA), "t")
    assert "Acme" in second.context
    here.take(dana, KATE)
    here.pass_time(minutes=5)
    here.tick()
    third = Overheard("rules", topic="")
    seat(here, third).respond("and the rules?", person(here, MARTA), "t")
    assert "Acme" not in third.context
    seat(here, third).respond("rules?", person(here, MARTA), "t")
    demoted = person(here, MARTA).model_copy(update={"role": "rep"})
    fourth = Overheard("rules", topic="")
    seat(here, fourth).respond("rules", demoted, "t")
    assert 2 == sum(one["role"] == "user" for one in fourth.read)


@pytest.mark.usefixtures("dana")
def test_no_address_reaches_the_model(here: Town) -> None:
    """E-mail addresses and phone numbers are taken out of what tools show it."""
    model = Overheard("story", lead="Dana Fox")
    desk_with_model = seat(here, model)
    desk_with_model.respond("all of it", person(here, QUINN), "t")
    model.tool, model.arguments = "rules", {"topic": "DACH"}
    desk_with_model.respond("and DACH", person(here, QUINN), "t")
    assert "Dana Fox" in model.context
    assert "@" not in model.context


@pytest.mark.usefixtures("dana")
def test_one_question_has_its_limits(here: Town) -> None:
    """A model that never stops calling tools is stopped, and what was found is shown."""
    conversing(here, calls=3)
    model = Overheard("rules", topic="")

    class Restless(Overheard):
        """Calls five tools each time."""

        def speak(self, *asked: Any, **named: Any) -> Spoken | None:  # noqa: ANN401  (as above)
            """Five calls at once."""
            spoken = model.speak(*asked, **named)
            assert spoken is not None
            calls = [Called(id=f"c{one}", name="rules", arguments={}, raw="{}") for one in range(5)]
            return spoken.model_copy(update={"calls": tuple(calls)})

    shown = seat(here, Restless("rules")).respond("rules", person(here, QUINN), "t")
    assert "didn't finish" in shown.said
    (turn,) = here.app.ledger.turns.since(here.world.now.replace(hour=0))
    most = here.app.policy.conversation.tools
    assert (3, most) == (len(here.app.ledger.turns.calls(turn.id)), len(turn.used))


def test_a_day_has_its_budgets(here: Town, dana: int) -> None:
    """Past the model's cost the usual questions go on; past the questions only a pause."""
    conversing(here, price=Price(per_million_read=1, per_million_written=10), cost_per_day=0.0004)
    model = Overheard("why", lead="Dana Fox")
    seat(here, model).respond("who has Dana?", person(here, QUINN), "t")
    shown = seat(here, model).respond("why Dana Fox", person(here, QUINN), "t")
    assert "language model budget is used up" in shown.said
    assert here.owner(dana) in shown.text()
    conversing(here, questions_per_day=2)
    assert "reached the limit" in answer(here, QUINN, "find Dana")
    assert "Pause the worker" in answer(here, QUINN, "pause, all wrong")


@pytest.mark.usefixtures("dana")
def test_enrichment_by_conversation_has_a_budget(here: Town) -> None:
    """What a lead lacks is looked up at the providers, so often a day."""
    conversing(here, lookups_per_day=1)
    assert "lookup 1 of 1 today" in answer(here, QUINN, "enrich Dana Fox")
    assert "used up" in answer(here, QUINN, "enrich Dana Fox")
    assert "can do this" in answer(here, HELEN, "enrich Dana Fox")


def test_the_stop_file_stops_every_write(here: Town, dana: int) -> None:
    """Beside the worker a file is enough: no tick, no write, and Slack says what to remove."""
    file = here.app.settings.routeready_stop_file
    stopped = here.app.settings.model_copy(
        update={"routeready_stop_file": here.app.settings.routeready_policy}
    )
    here.app.settings, before = stopped, here.app.settings
    shown = write(here, MARTA, "give Dana Fox to Ursula, Priya is out")
    word(here, MARTA, shown)
    owner = here.owner(dana)
    assert (
        f"paused by the file {stopped.routeready_policy}: remove it to go on" == here.tick().paused
    )
    assert "remove it to go on" in answer(here, QUINN, "resume")
    assert owner == here.owner(dana)
    here.app.settings = before
    assert not file.exists()
    here.tick()
    assert "Ursula Grant" == here.owner(dana)


def test_a_day_has_a_limit_of_owner_changes_and_messages(here: Town) -> None:
    """What goes beyond waits for the next day of the business; nothing is lost."""
    limits = Limits(owner_changes_per_day=1, messages_per_day=1)
    here.app.policy = here.app.policy.model_copy(update={"limits": limits})
    first = here.arrive()
    here.pass_time(hours=4)
    here.tick()
    second = here.arrive(lastName="Hill", email="hill@other.example", company="Hill Works")
    here.pass_time(minutes=1)
    here.tick()
    here.pass_time(minutes=1)
    here.tick()
    assert ["assigned", "assigning"] == [here.cycle(one).status for one in (first, second)]
    here.pass_time(hours=14)
    here.tick()
    assert "assigned" == here.cycle(second).status


def test_a_button_asks_as_if_it_was_typed(here: Town, dana: int) -> None:
    """`Why?` under a lead is answered in the same conversation, without the model."""
    shown = write(here, QUINN, "what's unworked right now?")
    assert 200 == _ask(here, QUINN, shown, "Why?")
    assert f"owner {here.owner(dana)}" in said(replies(here, QUINN)[-1])


@pytest.mark.usefixtures("dana")
def test_a_button_of_the_home_tab_is_answered_in_the_direct_message(here: Town) -> None:
    """There is no conversation in the tab, so the answer comes where there is one."""
    home(here, QUINN)
    tab: Row = here.world.table("slack.home")[here.slack_users[QUINN]]
    assert 200 == _ask(here, QUINN, tab, "What changed?", container={"type": "view"})
    assert "since Mon, Nov 23" in said(replies(here, QUINN)[-1])


def _ask(here: Town, email: str, shown: Row, label: str, container: Row | None = None) -> int:
    """Somebody presses a button that asks something."""
    element = next(
        one
        for block in shown["blocks"]
        if block["type"] == "actions"
        for one in block["elements"]
        if one["action_id"].startswith(ASK) and one["text"]["text"] == label
    )
    pressed = {**element, "action_ts": f"{here.world.now.timestamp():.6f}"}
    body = payload(here, email, "block_actions", actions=[pressed])
    if container is None:
        body |= {"message": dict(shown), "channel": {"id": shown["channel"]}}
    return send(here, body | {"container": container or {"type": "message"}})


def test_the_second_person_finds_what_waits_and_the_first_hears(here: Town, dana: int) -> None:
    """Who must approve is told, decides in their own conversation, and the asker is told."""
    conversing(here, two_person=("give",))
    write(here, MARTA, "give Dana Fox to Ursula, Priya is out")
    assert "Requested by Marta Silva" in home(here, QUINN)
    here.tick()
    assert "Approval request from Marta Silva" in said(replies(here, QUINN)[-1])
    shown = write(here, QUINN, "approvals")
    assert "Requested by Marta Silva" in said(shown)
    assert "asks:" not in answer(here, MARTA, "approvals")
    word(here, QUINN, shown)
    here.tick()
    assert "Ursula Grant" == here.owner(dana)
    assert "Approved by Quinn Walsh" in said(replies(here, MARTA)[-1])


def test_a_corrected_field_counts_where_the_policy_believes_a_person(here: Town) -> None:
    """A lead without a country is parked; a colleague knows it; it is routed, and Marketo told."""
    person_id = here.arrive(
        country="Atlantis", state=None, company="Nowhere", email="fox@nowhere.example", phone=None
    )
    here.pass_time(hours=4)
    here.tick()
    assert "parked" == here.cycle(person_id).status
    shown = write(here, QUINN, "correct Dana Fox country to Germany, I asked her")
    assert "Now: unknown After: DE; updated in Marketo, the lead is checked again" in said(shown)
    word(here, QUINN, shown)
    for _ in range(3):
        here.pass_time(minutes=5)
        here.tick()
    assert "assigned" == here.cycle(person_id).status
    assert "Germany" == here.world.table("marketo.person")[str(person_id)]["country"]
    assert "Country is" not in answer(here, QUINN, "why Dana Fox")
    again = answer(here, QUINN, "correct Dana Fox country to DE")
    assert "is already DE (corrected by a colleague)" in again
    refused = answer(here, QUINN, "correct Dana Fox title to King")
    assert "can't be corrected here" in refused


def test_a_correction_gives_way_to_what_marketo_learned_meanwhile(here: Town, dana: int) -> None:
    """What somebody wrote in Marketo after the yes stays; the correction is kept as given up."""
    word(here, QUINN, write(here, QUINN, "correct Dana Fox employees to 900, she said so"))
    here.world.table("marketo.person")[str(dana)]["numberOfEmployees"] = 44
    here.tick()
    (effect,) = [
        one
        for one in here.app.ledger.history.effects(here.cycle(dana).id)
        if one.kind == "correct_field"
    ]
    assert ("dead", True) == (effect.state, "changed to 44" in str(effect.receipt))
    assert 44 == here.world.table("marketo.person")[str(dana)]["numberOfEmployees"]


def test_pausing_needs_no_model(here: Town) -> None:
    """However the model is, `pause` is read by code."""
    model = Overheard("rules", topic="")
    shown = seat(here, model).respond("pause, the form is broken", person(here, QUINN), "t")
    assert ("Pause the worker?", []) == (shown.answers[0].title, model.read)


@pytest.mark.usefixtures("dana")
def test_a_command_needs_no_model_and_happens_once(here: Town) -> None:
    """After /leads nothing is asked of a model; the same command delivered again does nothing."""
    command(here, QUINN, "find Dana")
    before = len(responses(here))
    command(here, QUINN, "find Dana")
    assert before == len(responses(here))


def test_what_is_not_signed_by_slack_is_not_heard(here: Town) -> None:
    """A wrong, old or unreadable signature is refused, and so is what is too large."""
    with http_line(here) as line:
        body = str(message(here, QUINN, "pause"))
        refused = [
            line.post(body, "application/json", **{"x-slack-signature": "v0=00"}),
            line.post(body, "application/json", **{"x-slack-request-timestamp": "1"}),
            line.post(body, "application/json", **{"x-slack-request-timestamp": "soon"}),
            line.post("x" * 1_000_001, "application/json"),
        ]
    assert [401, 401, 401, 413] == refused
    assert [] == here.app.ledger.turns.since(here.world.now.replace(hour=0))
