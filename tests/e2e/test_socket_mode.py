"""Socket Mode as real clients speak it: Bolt connects, is handed envelopes, and acknowledges."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from agent.slack import listener
from sandbox.slack.transport.socket_mode import APP_ID
from sandbox.state.world import Row
from tests.support.follow_through import live, messages, owner, payload
from tests.support.worlds import Town
from tools.slack.messages.blocks import ON_IT


@pytest.fixture
def connected(here: Town) -> Iterator[Town]:
    """A town whose worker listens to Slack through Socket Mode."""
    token = SecretStr(here.running.details()["slack"]["app_token"])
    settings = here.app.settings.model_copy(update={"slack_app_token": token})
    here.app = replace(here.app, settings=settings)
    with listener.listening(here.app):
        assert here.running.socket.wait_for_connection()
        yield here


def on_it(here: Town, rep: str, message: Row) -> Row:
    """A press of "I'm on it" as Slack puts it in an envelope."""
    element = next(
        element
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == ON_IT
    )
    action = {"action_id": ON_IT, "type": "button", "value": element["value"], "action_ts": "1.1"}
    return payload(here, rep, "block_actions", message=message, actions=[action], app_id=APP_ID)


def test_a_press_arrives_and_is_acknowledged(connected: Town) -> None:
    """Delivered eleven times, as Slack sometimes does, it is one decision."""
    dana = connected.arrive()
    connected.pass_time(hours=4)
    connected.tick()
    rep = owner(connected, dana)
    (message,) = messages(connected, rep)
    pressed = on_it(connected, rep, dict(message))
    answers = [connected.running.socket.deliver("interactive", pressed) for _ in range(11)]
    assert [{}] * 11 == answers
    connected.tick()
    decisions = connected.app.ledger.history.decisions(connected.cycle(dana).id)
    assert 1 == sum(one.kind == "said" for one in decisions)
    live(connected, minutes=5)
    deliveries = [entry for entry in connected.world.journal if entry.name == "interactive"]
    assert (11, True) == (len(deliveries), all(entry.data["acked"] for entry in deliveries))


def test_without_a_connection_nothing_is_acknowledged(here: Town) -> None:
    """An envelope that nobody takes is told as not delivered."""
    assert None is here.running.socket.deliver("interactive", {})
    acked = [entry.data["acked"] for entry in here.world.journal if entry.kind == "delivery"]
    assert [False] == acked
