"""The link that a console on this machine is opened with: for who started it, and nobody else."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from agent.console.door import Address, make_link, make_token
from agent.console.web import browser
from agent.console.web.server import new_link, serve
from agent.console.web.site_map import PAGES, Page
from agent.ledger.rows import table
from agent.ledger.stores.visits import Visits
from agent.ledger.tables.audit import SignInRow
from domain.errors import SettingsError
from tests.support.consoles import Served, form_secret, serving
from tests.support.environments import environment
from tests.support.repository import ROOT
from tests.support.worlds import Town, town

ANA, HELEN = "ana.torres@meridian.example", "helen.brooks@meridian.example"
QUINN = "quinn.walsh@meridian.example"
TIMEOUT = 30
HOW = "Open the console with its link"
"""What the page says to everybody else."""


@dataclass
class House:
    """A console for this machine alone, and one behind a sign-in, over one ledger."""

    here: Town
    open: Served
    closed: Served

    @property
    def visits(self) -> Visits:
        """The ways in."""
        return self.here.app.ledger.visits

    def link(self, email: str = HELEN) -> str:
        """A link as `routeready console` prints it."""
        return new_link(self.here.app, self.open.office.door.address, email)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """No leads are needed to be somebody."""
    with (
        town(tmp_path_factory.mktemp("link")) as here,
        serving(here.app) as opened,
        serving(here.app, "http://127.0.0.1:{port}") as closed,
    ):
        yield House(here, opened, closed)


def stranger() -> requests.Session:
    """Another user of this machine, who can reach its loopback address."""
    session = requests.Session()
    session.trust_env = False
    return session


def _broken(*_: object) -> str:
    """A ledger that fails in the middle of a look."""
    raise ZeroDivisionError


def become(session: requests.Session, served: Served, email: str) -> int:
    """Look at the console as somebody else, with the form of one's own page."""
    secret = form_secret(session.get(served.url, timeout=TIMEOUT).text)
    given = {"csrf": secret, "email": email}
    url = f"{served.url}/become"
    return session.post(url, data=given, timeout=TIMEOUT, allow_redirects=False).status_code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.method} {page.path}")
def test_other_users_of_the_machine_see_nothing(house: House, page: Page) -> None:
    """Reaching a loopback address is no proof of anything."""
    answered = stranger().request(
        page.method, house.open.url + page.path, timeout=TIMEOUT, allow_redirects=False
    )
    assert {"GET": 303, "POST": 401}[page.method] == answered.status_code


def test_they_read_how_to_get_a_link(house: House) -> None:
    """A plain page, with no way in that leads nowhere."""
    told = stranger().get(house.open.url, timeout=TIMEOUT).text
    assert HOW in told
    assert "routeready console link" in told
    assert "Slack" not in told


def test_the_link_lets_in_who_started_the_console_once(house: House) -> None:
    """They may look at it as anybody; whoever comes second with the same link is a stranger."""
    link, first, second = house.link(), stranger(), stranger()
    assert "Helen Brooks" in first.get(link, timeout=TIMEOUT).text
    refused = second.get(link, timeout=TIMEOUT)
    assert (401, True) == (refused.status_code, HOW in refused.text)
    assert 401 == second.get(f"{house.open.url}/start/guess", timeout=TIMEOUT).status_code
    assert 303 == become(first, house.open, QUINN)
    assert 200 == first.get(f"{house.open.url}/system", timeout=TIMEOUT).status_code


def test_a_used_link_leads_who_is_in_to_the_first_page(house: House) -> None:
    """A browser offers the address again from its history; no session ends by it."""
    link, session = house.link(), stranger()
    session.get(link, timeout=TIMEOUT)
    cookie = session.cookies.get_dict()
    again = session.get(link, timeout=TIMEOUT, allow_redirects=False)
    assert (303, "/") == (again.status_code, again.headers["Location"])
    assert cookie == session.cookies.get_dict()
    assert "Helen Brooks" in session.get(house.open.url, timeout=TIMEOUT).text


def test_a_preview_of_the_link_does_not_use_it_up(house: House) -> None:
    """What only asks for the head of a page gets none."""
    link = house.link()
    assert 405 == stranger().head(link, timeout=TIMEOUT).status_code
    assert 200 == stranger().get(link, timeout=TIMEOUT).status_code


def test_a_link_is_over_after_an_hour(house: House) -> None:
    """Whoever finds it later in a scrolled-back terminal is a stranger."""
    address, long_ago = house.open.office.door.address, datetime.now(UTC) - timedelta(minutes=61)
    link = make_link(address, house.visits, HELEN, long_ago)
    assert 401 == stranger().get(link, timeout=TIMEOUT).status_code


def test_a_link_and_a_token_do_not_stand_for_each_other(house: House) -> None:
    """A console with a public address has no link; a token is for the person that it names."""
    secret, closed = house.link().rpartition("/")[2], house.closed
    assert None is house.open.office.door.enter_with(secret)
    assert 401 == stranger().get(f"{closed.url}/start/{secret}", timeout=TIMEOUT).status_code
    with pytest.raises(SettingsError, match="routeready console token"):
        new_link(house.here.app, closed.office.door.address)
    token, session = make_token(house.visits, ANA, datetime.now(UTC)), stranger()
    session.post(f"{house.open.url}/enter", data={"token": token, "to": "/"}, timeout=TIMEOUT)
    assert 403 == become(session, house.open, QUINN)
    assert "View as" not in session.get(house.open.url, timeout=TIMEOUT).text


def test_the_secret_is_kept_nowhere(
    house: House, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in the ledger, not in what a browser tells others, not in the log of a failure."""
    link = house.link()
    secret = link.rpartition("/")[2]
    answers = [stranger().get(link, timeout=TIMEOUT, allow_redirects=False) for _ in range(2)]
    assert [("no-referrer", "no-store")] * 2 == [
        (one.headers["Referrer-Policy"], one.headers["Cache-Control"]) for one in answers
    ]
    monkeypatch.setattr(Visits, "redeem", _broken)
    failed = stranger().get(link, timeout=TIMEOUT)
    assert (500, False) == (failed.status_code, secret in failed.text)
    assert secret not in "".join(capfd.readouterr())
    with house.here.app.ledger.engine.connect() as connection:
        rows = [str(row) for row in connection.execute(select(table(SignInRow)))]
    assert [] == [row for row in [*rows, *map(str, house.visits.latest(50))] if secret in row]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:8750"),
        ("localhost", "http://127.0.0.1:8750"),
        ("::1", "http://[::1]:8750"),
        ("[::1]", "http://[::1]:8750"),
    ],
)
def test_a_link_names_the_very_address_that_is_listened_on(host: str, expected: str) -> None:
    """Somebody else may listen at another address that the name localhost stands for."""
    assert expected == Address(host, 8750).url


def test_a_port_that_is_taken_is_one_sentence(house: House) -> None:
    """The option is named, and nothing else is begun."""
    port = int(house.open.url.rpartition(":")[2])
    with pytest.raises(SettingsError, match=f"--port 127.0.0.1:{port} can't be listened on"):
        serve(house.here.app, Address("127.0.0.1", port), tell=print)


def test_the_browser_is_given_a_file_for_its_user_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The arguments of a process are everybody's to read; the link isn't in them."""
    told: list[str] = []
    monkeypatch.setattr(browser, "has_screen", lambda: True)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("webbrowser.open", told.append)
    path = browser.show("http://127.0.0.1:8750/start/secret")
    assert path is not None
    assert (0o600, True) == (path.stat().st_mode & 0o777, "/start/secret" in path.read_text())
    assert [path.as_uri()] == told


def test_a_link_that_nobody_opened_ends_with_its_console(here: Town, tmp_path: Path) -> None:
    """The command prints two links; one is used, the other is gone when the process is."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "agent.cli", "console"]
    serving_it = [*command, "--port", port, "--by", ANA]
    env = {**environment(here, tmp_path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(  # noqa: S603  (our own module)
        serving_it, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        first = re.search(r"http://\S+", process.stdout.readline())
        more = subprocess.run(  # noqa: S603
            [*command, "link", "--port", port, "--by", HELEN],
            cwd=ROOT, env=env, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        assert first is not None
        assert "Ana Torres" in stranger().get(first[0], timeout=TIMEOUT).text
        process.send_signal(signal.SIGTERM)
        assert "Console stopped.\n" == process.stdout.read()
    secret = more.stdout.strip().rpartition("/")[2]
    visits, now = here.app.ledger.visits, datetime.now(UTC)
    assert (0, None) == (process.returncode, visits.redeem(secret, now, "link"))
