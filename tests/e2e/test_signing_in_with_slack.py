"""Signing in to the console with Slack, over HTTP from the entrance to the first page."""

import html
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest
import requests
from pydantic import SecretStr

from domain.errors import SettingsError
from sandbox.slack.people.openid import CLIENT_ID, CLIENT_SECRET
from sandbox.slack.people.users import add_user
from tests.support.consoles import Served, serving
from tests.support.worlds import Town, town

QUINN = "quinn.walsh@meridian.example"
TIMEOUT = 30
_UPDATE = {"slack_client_id": CLIENT_ID, "slack_client_secret": SecretStr(CLIENT_SECRET)}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town whose worker is registered for sign-in."""
    with town(tmp_path_factory.mktemp("slack")) as place:
        place.app.settings = place.app.settings.model_copy(update=_UPDATE)
        yield place


@pytest.fixture(scope="module")
def console(here: Town) -> Iterator[Served]:
    """A console that people sign in to."""
    with serving(here.app, "http://127.0.0.1:{port}") as served:
        yield served


def get(session: requests.Session, url: str) -> requests.Response:
    """One look, without going where it leads."""
    return session.get(url, timeout=TIMEOUT, allow_redirects=False)


def at_slack(session: requests.Session, console: Served, to: str = "") -> str:
    """Begin at the entrance; where it leads."""
    query = f"?to={to}" if to else ""
    return get(session, f"{console.url}/enter/slack{query}").headers["Location"]


def back(address: str, email: str) -> str:
    """Where Slack sends somebody who agrees."""
    session = requests.Session()
    session.trust_env = False
    return get(session, f"{address}&{urlencode({'login_hint': email})}").headers["Location"]


def changed(address: str, **more: str) -> str:
    """The same address with other values."""
    parts = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | more
    return urlunsplit(parts._replace(query=urlencode(query)))


def test_somebody_signs_in_with_slack(console: Served) -> None:
    """From the page that was wanted to the entrance, to Slack, and in: no address names them."""
    session = console.visitor()
    entrance = session.get(f"{console.url}/funnel", timeout=TIMEOUT)
    (path,) = re.findall(r'href="(/enter/slack[^"]*)"', entrance.text)
    slack = session.get(console.url + path, timeout=TIMEOUT)
    (person,) = re.findall(r'<a href="([^"]*)">Quinn Walsh', slack.text)
    page = session.get(slack.url.partition("?")[0] + html.unescape(person), timeout=TIMEOUT)
    assert (200, f"{console.url}/funnel") == (page.status_code, page.url)
    assert "<b>Quinn Walsh</b>, RevOps admin" in page.text
    assert "quinn" not in page.history[0].headers["Location"].lower()


def test_a_code_is_good_once_and_in_the_browser_that_asked_for_it(console: Served) -> None:
    """Brought by another browser, or twice, or with another state, it opens nothing."""
    session, other = console.visitor(), console.visitor()
    way = back(at_slack(session, console), QUINN)
    assert 400 == get(other, way).status_code
    assert 400 == get(session, changed(way, state="other")).status_code
    way = back(at_slack(session, console), QUINN)
    theirs = parse_qs(urlsplit(at_slack(other, console)).query)["state"][0]
    assert 502 == get(other, changed(way, state=theirs)).status_code
    way = back(at_slack(session, console), QUINN)
    assert 303 == get(session, way).status_code
    assert 400 == get(session, way).status_code


def test_somebody_whom_the_policy_does_not_name_is_refused(here: Town, console: Served) -> None:
    """With a sentence, as is an address that Slack has not verified, and another workspace."""
    users = here.world.table("slack.user")
    quinn = next(one for one in users.values() if one["profile"].get("email") == QUINN)
    answers: list[str] = []
    for table, name, value in (
        (quinn["profile"], "email", "stranger@meridian.example"),
        (quinn["profile"], "email_verified", False),
        (quinn, "team_id", "T0000000002"),
    ):
        session, old = console.visitor(), table.get(name, True)
        table[name] = value
        answer = get(session, back(at_slack(session, console), quinn["profile"]["email"]))
        table[name] = old
        assert 403 == answer.status_code
        (said,) = re.findall(r'role="alert">([^<]*)', answer.text)
        answers.append(said)
    assert ["No user in the", "Slack hasn&#39;t verified your", "You signed in to"] == [
        " ".join(said.split()[:4]) for said in answers
    ]


@pytest.mark.parametrize(
    "marks",
    [
        {"is_restricted": True},
        {"is_restricted": True, "is_ultra_restricted": True},
        {"deleted": True},
        {"is_bot": True},
        {"is_invited_user": True},
        {"is_email_confirmed": False},
        {"is_stranger": True},
    ],
    ids=str,
)
def test_only_a_full_member_is_somebody(
    here: Town, console: Served, marks: dict[str, bool]
) -> None:
    """What counts for a message in Slack counts here: anybody else with the address is nobody."""
    users = here.world.table("slack.user")
    quinn = next(one for one in users.values() if one["profile"].get("email") == QUINN)
    session, before = console.visitor(), dict(quinn)
    way = back(at_slack(session, console), QUINN)
    quinn |= marks
    answer = get(session, way)
    quinn |= {name: before.get(name, False) for name in marks}
    assert (403, None) == (answer.status_code, session.cookies.get(console.office.door.cookie))
    assert "Your Slack account" in answer.text


def test_an_address_of_two_accounts_is_nobodys(here: Town, console: Served) -> None:
    """Which of them is the colleague can't be known."""
    here.pass_time(minutes=6)
    twin = add_user(here.world, name="Quinn Walsh", email=QUINN, timezone="UTC")
    session = console.visitor()
    answer = get(session, back(at_slack(session, console), QUINN))
    here.world.table("slack.user").pop(twin)
    here.pass_time(minutes=6)
    assert (403, True) == (answer.status_code, "another account" in answer.text)


def test_who_says_no_at_slack_is_told_so(console: Served) -> None:
    """They are back at the entrance."""
    session = console.visitor()
    state = parse_qs(urlsplit(at_slack(session, console)).query)["state"][0]
    asked = urlencode({"error": "access_denied", "state": state})
    answer = get(session, f"{console.url}/enter/slack/back?{asked}")
    assert (401, True) == (answer.status_code, "access_denied" in answer.text)


def test_a_client_id_without_its_secret_is_told_at_the_start(here: Town) -> None:
    """Not when the first person wants to sign in."""
    settings = here.app.settings.model_copy(update={"slack_client_secret": None})
    app = type(here.app)(settings, here.app.policy, here.app.ledger, here.app.clock)
    with pytest.raises(SettingsError, match="SLACK_CLIENT_SECRET is not set"), serving(app):
        pass
