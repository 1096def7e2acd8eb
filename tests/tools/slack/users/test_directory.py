"""Who counts as somebody of the workspace, over real HTTP against the sandbox's Slack."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from sandbox import slack
from sandbox.server.http_server import Server
from sandbox.slack.people.users import add_user
from sandbox.state.world import World
from tests.support.worlds import WorldClock
from tools.slack.client import SlackAccess, SlackClient
from tools.slack.users.directory import Directory

QUINN = "quinn.walsh@meridian.example"
TOKEN = "xoxb-test"


@pytest.fixture
def world() -> World:
    """A workspace of one colleague."""
    made = World(seed=1, now=datetime(2026, 11, 23, 14, tzinfo=UTC))
    add_user(made, name="Quinn Walsh", email=QUINN, timezone="UTC")
    return made


@pytest.fixture
def directory(world: World) -> Iterator[Directory]:
    """The workspace as the worker reads it."""
    slack.add_token(world, TOKEN)
    server = Server(world, {"/slack": slack.face(world)})
    server.start()
    access = SlackAccess(SecretStr(TOKEN), f"http://127.0.0.1:{server.port}/slack/api/")
    clock = WorldClock(world)
    yield Directory(SlackClient(access, clock), clock)
    server.stop()


def colleague(world: World) -> str:
    """Slack's id of the colleague."""
    users = world.table("slack.user").values()
    return next(str(one["id"]) for one in users if one["profile"]["email"] == QUINN)


NOT_OURS: list[dict[str, Any]] = [
    {"is_stranger": True},
    {"team_id": "T0000000999"},
    {"team_id": "T0000000999", "enterprise_user": {"teams": ["T0000000998"]}},
    {"is_restricted": True},
    {"is_restricted": True, "is_ultra_restricted": True},
    {"is_ultra_restricted": True},
    {"is_invited_user": True},
    {"is_email_confirmed": False},
    {"deleted": True},
    {"is_bot": True},
    {"is_workflow_bot": True},
    {"is_connector_bot": True},
]


@pytest.mark.parametrize("marks", NOT_OURS, ids=str)
def test_who_is_not_a_member_is_nobody(
    world: World, directory: Directory, marks: dict[str, Any]
) -> None:
    """Somebody else's account with a colleague's address isn't the colleague, who stays known."""
    other = add_user(world, name="Mal Quinn", email=QUINN.upper(), timezone="UTC")
    world.table("slack.user")[other].update(marks)
    assert directory.email_of(other) is None
    assert QUINN == directory.email_of(colleague(world))
    found = directory.find(QUINN)
    assert found is not None
    assert colleague(world) == found.id


@pytest.mark.parametrize("marks", NOT_OURS, ids=str)
def test_an_address_that_only_others_have_is_nobodys(
    world: World, directory: Directory, marks: dict[str, Any]
) -> None:
    """Looking an address up obeys the same rule as the list."""
    directory.people()
    other = add_user(world, name="Mal", email="mal@else.example", timezone="UTC")
    world.table("slack.user")[other].update(marks)
    assert directory.find("mal@else.example") is None


def test_two_accounts_of_one_address_are_both_refused(world: World, directory: Directory) -> None:
    """Neither is guessed, whatever the case of the address; doctor can name it."""
    other = add_user(world, name="Quinn W.", email=QUINN.title(), timezone="UTC")
    assert directory.email_of(other) is None
    assert directory.email_of(colleague(world)) is None
    assert directory.find(QUINN) is None
    assert [QUINN] == sorted(directory.shared())
    assert f"{QUINN} has 2 Slack accounts" == directory.absence(QUINN)


def test_a_member_of_the_whole_organization_is_ours(world: World, directory: Directory) -> None:
    """In an Enterprise Grid a colleague's home can be another workspace of the organization."""
    grid = {"team_id": "T0000000777", "enterprise_user": {"teams": ["T0000000001"]}}
    world.table("slack.user")[colleague(world)].update(grid)
    assert QUINN == directory.email_of(colleague(world))
