"""Who is let into the console, who sees and does what there, and what no address ever holds."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner

from agent.cli.main import cli
from agent.console.door import Address, make_token
from agent.console.web.site_map import MENU, PAGES
from domain.errors import SettingsError
from domain.values import LeadKey
from tests.e2e.test_commands import environment
from tests.support.consoles import Served, form_secret, links, serving
from tests.support.worlds import Town, town

ANA = "ana.torres@meridian.example"
MARTA, SVEN = "marta.silva@meridian.example", "sven.olsen@meridian.example"
HELEN, QUINN = "helen.brooks@meridian.example", "quinn.walsh@meridian.example"
TIMEOUT = 30


@dataclass
class Building:
    """Two consoles over one ledger: one for this machine, one behind a sign-in."""

    here: Town
    open: Served
    closed: Served
    ours: LeadKey
    """A lead in California, of Marta's team."""
    theirs: LeadKey
    """A lead in Germany, of Sven's team."""
    rep: str
    """E-mail of who has the lead in California."""
    other: str
    """E-mail of who has the one in Germany."""


@pytest.fixture(scope="module")
def building(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Building]:
    """A lead in California and one in Germany, whose name is a formula."""
    with town(tmp_path_factory.mktemp("access")) as here:
        ours = here.arrive(firstName="Dana", lastName="Fox")
        theirs = here.arrive(
            firstName="=cmd",
            lastName="Wolf",
            email="wolf@wald.example",
            company="Wald AG",
            country="Germany",
            state=None,
        )
        here.pass_time(minutes=1)
        here.tick()
        owners = {row.lead: row.owner for row in here.app.ledger.handoffs.rows(state="open")}
        people = owners[str(ours)], owners[str(theirs)]
        with serving(here.app) as opened, serving(here.app, "http://127.0.0.1:{port}") as closed:
            yield Building(here, opened, closed, LeadKey(str(ours)), LeadKey(str(theirs)), *people)


def status(session: requests.Session, served: Served, path: str) -> int:
    """The answer to a look."""
    return session.get(served.url + path, timeout=TIMEOUT, allow_redirects=False).status_code


def post(session: requests.Session, served: Served, path: str, **fields: str) -> requests.Response:
    """Send a form of somebody's own page."""
    secret = form_secret(session.get(served.url + "/", timeout=TIMEOUT).text)
    given = {"csrf": secret, **fields}
    return session.post(served.url + path, data=given, timeout=TIMEOUT, allow_redirects=False)


def test_reps_see_their_own_and_managers_their_teams(building: Building) -> None:
    """Another's lead is not there at all; not even whether it exists is told."""
    ours, theirs = f"/leads/{building.ours}", f"/leads/{building.theirs}"
    seen = {
        email: tuple(
            status(building.closed.visitor(email), building.closed, path)
            for path in (ours, theirs, "/leads/999999")
        )
        for email in (building.rep, building.other, MARTA, SVEN, HELEN, QUINN)
    }
    all_of_them = (200, 200, 404)
    assert {
        building.rep: (200, 404, 404),
        building.other: (404, 200, 404),
        MARTA: (200, 404, 404),
        SVEN: (404, 200, 404),
        HELEN: all_of_them,
        QUINN: all_of_them,
    } == seen


def test_lists_and_exports_hold_what_one_may_see(building: Building) -> None:
    """The same list, asked for by four people."""
    counts = {
        email: len(list(csv.DictReader(io.StringIO(export(building, email)))))
        for email in (building.rep, MARTA, HELEN, QUINN)
    }
    assert {building.rep: 1, MARTA: 1, HELEN: 2, QUINN: 2} == counts


def export(building: Building, email: str) -> str:
    """The spreadsheet of all leads that somebody may see."""
    session = building.closed.visitor(email)
    return session.get(f"{building.closed.url}/leads.csv", timeout=TIMEOUT).text


def test_no_cell_of_an_export_is_a_formula(building: Building) -> None:
    """A lead whose name begins with = is a text in every spreadsheet."""
    rows = {row["marketo_id"]: row for row in csv.DictReader(io.StringIO(export(building, QUINN)))}
    assert "'=cmd Wolf at Wald AG" == rows[building.theirs]["lead"]


@pytest.mark.parametrize(
    ("path", "roles"),
    [
        ("/", "rep manager viewer ops"),
        ("/funnel", "rep manager viewer ops"),
        ("/cohorts", "rep manager viewer ops"),
        ("/people", "rep manager viewer ops"),
        ("/policy", "rep manager viewer ops"),
        ("/waiting", "manager viewer ops"),
        ("/model", "viewer ops"),
        ("/system", "viewer ops"),
    ],
)
def test_a_page_is_for_some_roles(building: Building, path: str, roles: str) -> None:
    """Others are refused, and their menu does not name it."""
    people = {"rep": ANA, "manager": MARTA, "viewer": HELEN, "ops": QUINN}
    for role, email in people.items():
        session = building.closed.visitor(email)
        allowed = role in roles.split()
        answered = session.get(building.closed.url + path, timeout=TIMEOUT)
        assert (200 if allowed else 403) == answered.status_code
        assert allowed == (path in links(answered.text))


@pytest.mark.parametrize(
    ("email", "path", "fields"),
    [
        (ANA, "/leads/{theirs}/propose", {"ability": "snooze", "lasting": "1h"}),
        (MARTA, "/leads/{theirs}/propose", {"ability": "hold", "until": "2d", "reason": "so"}),
        (HELEN, "/system/propose", {"ability": "pause", "scope": "worker", "reason": "so"}),
        (HELEN, "/leads/{ours}/propose", {"ability": "hold", "until": "2d", "reason": "so"}),
        (MARTA, "/policy/rollback", {"because": "so"}),
        (QUINN, "/leads/{ours}/propose", {"ability": "erase"}),
    ],
)
def test_an_act_beyond_ones_role_changes_nothing(
    building: Building, email: str, path: str, fields: dict[str, str]
) -> None:
    """Refused, or answered with a sentence; no proposal is kept."""
    session = building.closed.visitor(email)
    where = path.format(ours=building.ours, theirs=building.theirs)
    answered = post(session, building.closed, where, **fields)
    assert "/proposals/" not in answered.headers.get("Location", "")
    assert [] == building.here.app.ledger.conversations.pending()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.method} {page.path}")
def test_nobody_gets_in_without_a_session(building: Building, page: object) -> None:
    """Every page and every act of the plan sends a stranger to the entrance or refuses."""
    path, method = str(getattr(page, "path", "")), str(getattr(page, "method", ""))
    session = building.closed.visitor()
    answered = session.request(
        method, building.closed.url + path, timeout=TIMEOUT, allow_redirects=False
    )
    assert {"GET": 303, "POST": 401}[method] == answered.status_code
    assert answered.headers.get("Location", "/enter").startswith("/enter")


def test_a_token_lets_in_once(building: Building) -> None:
    """Exchanged for a session in a cookie that no script reads; used or old, it is nothing."""
    visits, now = building.here.app.ledger.visits, datetime.now(UTC)
    token = make_token(visits, QUINN, now)
    old = make_token(visits, QUINN, now - timedelta(minutes=11))
    answers: list[int] = []
    for told in (token, token, old, "guess"):
        session = building.closed.visitor()
        answered = session.post(
            f"{building.closed.url}/enter",
            data={"token": told, "to": "/leads"},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        answers.append(answered.status_code)
        if answered.status_code == 303:
            cookie = answered.headers["Set-Cookie"]
            assert ("HttpOnly" in cookie, "SameSite=lax" in cookie) == (True, True)
            assert ("/leads", 200) == (
                answered.headers["Location"],
                status(session, building.closed, "/leads"),
            )
            assert 1 <= visits.expel(QUINN)
            assert 303 == status(session, building.closed, "/leads")
    assert [303, 401, 401, 401] == answers


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(building: Building, to: str) -> None:
    """An address of somebody else's is not gone to."""
    token = make_token(building.here.app.ledger.visits, QUINN, datetime.now(UTC))
    answered = building.closed.visitor().post(
        f"{building.closed.url}/enter",
        data={"token": token, "to": to},
        timeout=TIMEOUT,
        allow_redirects=False,
    )
    assert "/" == answered.headers["Location"]


PROXIED = (
    "CF-Connecting-IP",
    "Client-IP",
    "Forwarded",
    "True-Client-IP",
    "Via",
    "X-Envoy-External-Address",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Original-URL",
    "X-Real-IP",
)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1:1"}, 421),
        *(({name: "10.0.0.1"}, 421) for name in PROXIED),
        ({}, 200),
    ],
)
def test_an_open_console_answers_to_its_own_name_only(
    building: Building, headers: dict[str, str], expected: int
) -> None:
    """A name that was made to point here, or any proxy in front, gets nothing."""
    answered = building.open.visitor().get(building.open.url, headers=headers, timeout=TIMEOUT)
    assert expected == answered.status_code


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused(building: Building, headers: dict[str, str]) -> None:
    """Whatever it carries."""
    session = building.open.visitor(QUINN)
    secret = form_secret(session.get(building.open.url, timeout=TIMEOUT).text)
    answered = session.post(
        f"{building.open.url}/leads/search",
        data={"csrf": secret, "words": "fox"},
        headers=headers,
        timeout=TIMEOUT,
    )
    assert 403 == answered.status_code


def test_a_form_without_its_secret_is_refused(building: Building) -> None:
    """As is one with the secret of another session."""
    session, other = building.open.visitor(QUINN), building.open.visitor(QUINN)
    theirs = form_secret(other.get(building.open.url, timeout=TIMEOUT).text)
    answers = [
        session.post(
            f"{building.open.url}/leads/search", data={"csrf": told, "words": "x"}, timeout=TIMEOUT
        ).status_code
        for told in ("", theirs)
    ]
    assert [403, 403] == answers


def test_no_address_holds_a_name(building: Building) -> None:
    """Every link of every page, after a search and a choice of a person: ids and keys only."""
    session = building.open.visitor(QUINN)
    found = post(session, building.open, "/leads/search", words="Fox", standing="untouched")
    paths = [one.path for one in MENU] + [f"/leads/{building.ours}", found.headers["Location"]]
    for path in paths:
        html = session.get(building.open.url + path, timeout=TIMEOUT).text
        told = " ".join([path, *links(html)]).lower()
        assert [] == [word for word in ("@", "fox", "wolf", "dana", "acme", "wald") if word in told]


def test_every_look_and_act_is_on_record(building: Building) -> None:
    """Who, which page, about whom, and what was answered; refusals too."""
    session = building.closed.visitor(ANA)
    status(session, building.closed, "/system")
    status(building.closed.visitor(), building.closed, "/leads")
    status(building.closed.visitor(QUINN), building.closed, f"/leads/{building.ours}")
    latest = building.here.app.ledger.visits.latest(3)
    assert [
        (QUINN, "/leads/{lead}", building.ours, "looked", 200),
        ("", "/leads", "", "looked", 401),
        (ANA, "/system", "", "looked", 403),
    ] == [(one.who, one.page, one.about, one.did, one.outcome) for one in latest]


def test_nonsense_is_answered_with_a_sentence(building: Building) -> None:
    """A page far beyond the end, a form without its fields, a word that is no word."""
    session = building.closed.visitor(QUINN)
    assert 200 == status(session, building.closed, f"/leads?page={'9' * 30}&order=x&days=-1")
    lead = f"/leads/{building.ours}/propose"
    answers = [
        post(session, building.closed, lead, ability="give").status_code,
        post(session, building.closed, lead, ability="hold", until="x" * 300).status_code,
        post(session, building.closed, "/disputes/d1", verb="burn").status_code,
        post(session, building.closed, "/policy/rollback", because="so").status_code,
        post(session, building.closed, "/leads/search", csrf="\u00fc").status_code,
    ]
    assert [422, 422, 404, 422, 403] == answers


def test_pages_tell_browsers_to_run_nothing_else(building: Building) -> None:
    """Scripts and styles from the console alone; nothing is kept in caches, nothing framed."""
    headers = building.open.visitor().get(building.open.url, timeout=TIMEOUT).headers
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'; style-src 'self'" in policy
    assert ("unsafe" in policy, "no-store", "DENY") == (
        False,
        headers["Cache-Control"],
        headers["X-Frame-Options"],
    )


def test_a_token_is_made_and_taken_back_in_the_terminal(building: Building, tmp_path: Path) -> None:
    """For people of the policy alone; who is expelled must sign in anew."""
    database = building.here.app.settings.routeready_database
    env = environment(building.here, tmp_path) | {"ROUTEREADY_DATABASE": database}
    run = CliRunner().invoke
    made = run(cli, ["console", "token", QUINN], env=env)
    strange = run(cli, ["console", "token", "nobody@x.example"], env=env)
    assert (0, QUINN) == (made.exit_code, building.closed.office.door.enter_with(made.output))
    assert "has no user" in str(strange.exception)
    building.closed.office.door.let_in(QUINN)
    ended = run(cli, ["console", "expel", QUINN], env=env)
    assert "ended for" in ended.output


@pytest.mark.parametrize(
    ("host", "public"),
    [("0.0.0.0", None), ("192.168.1.5", None), ("127.0.0.1", "http://routeready.example")],  # noqa: S104
)
def test_a_console_for_others_needs_an_https_address(host: str, public: str | None) -> None:
    """It says so at start instead of being open to everybody."""
    with pytest.raises(SettingsError, match="ROUTEREADY_CONSOLE_URL"):
        Address(host, 8750, public)


def test_a_worker_that_ended_no_check_lately_is_told_on_every_page(building: Building) -> None:
    """Whoever looks at leads must know that nobody moves them."""
    session, here = building.closed.visitor(QUINN), building.here
    said = "The worker has not finished a check since"
    assert said not in session.get(building.closed.url, timeout=TIMEOUT).text
    here.pass_time(minutes=16)
    pages = [session.get(building.closed.url + one.path, timeout=TIMEOUT).text for one in MENU]
    assert [True] * len(pages) == [said in one for one in pages]
    here.tick()
    assert said not in session.get(building.closed.url, timeout=TIMEOUT).text
