"""Who somebody is in Slack: the id within our workspace decides, never an address alone."""

from collections.abc import Iterator
from typing import Any

import pytest

from agent.follow_through.rep_actions import STRANGER
from sandbox.slack.conversations.channels import open_dm
from sandbox.slack.people.users import add_user
from tests.support.conversations import answer, event
from tests.support.follow_through import said
from tests.support.worlds import Town, town

QUINN = "quinn.walsh@meridian.example"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town in which a lead was just assigned."""
    with town(tmp_path_factory.mktemp("town")) as place:
        place.arrive()
        place.tick()
        yield place


def asked_by(here: Town, user: str, text: str) -> str:
    """What an account reads after it wrote something to the worker."""
    channel = str(open_dm(here.world, user)[0]["id"])
    here.pass_time(minutes=6)
    stamp = f"{here.world.now.timestamp():.6f}"
    said_by = {"channel": channel, "channel_type": "im", "user": user, "text": text}
    assert 200 == event(here, {"type": "message", "ts": stamp} | said_by)
    found = [one for one in here.world.table("slack.message").values() if one["channel"] == channel]
    return said(found[-1])


@pytest.mark.parametrize(
    "marks",
    [
        {"is_stranger": True, "team_id": "T0000000999"},
        {"is_ultra_restricted": True, "is_restricted": True},
        {"is_email_confirmed": False},
        {"is_invited_user": True},
    ],
    ids=lambda marks: next(iter(marks)),
)
def test_an_account_with_the_admins_address_is_a_stranger(
    here: Town, marks: dict[str, Any]
) -> None:
    """Somebody else's account reads nothing and pauses nothing, and the admin stays known."""
    other = add_user(here.world, name="Mal Quinn", email=QUINN, timezone="UTC")
    here.world.table("slack.user")[other].update(marks)
    assert STRANGER in asked_by(here, other, "unworked")
    assert STRANGER in asked_by(here, other, "pause, mine now")
    assert STRANGER not in answer(here, QUINN, "unworked")


def test_doctor_names_two_accounts_of_one_address(here: Town) -> None:
    """Neither account is taken for the person, and doctor says which they are."""
    other = add_user(here.world, name="Quinn W.", email=QUINN, timezone="UTC")
    assert STRANGER in asked_by(here, other, "unworked")
    assert STRANGER in answer(here, QUINN, "unworked")
    messenger = here.app.messenger
    assert messenger is not None
    told = [one.sentence for one in messenger.examine() if not one.ok]
    assert any(other in one and QUINN in one for one in told)
