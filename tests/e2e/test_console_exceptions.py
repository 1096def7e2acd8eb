"""What can't be read is seen by whoever may see the lead, and isn't kept for ever."""

import re
from datetime import timedelta
from html import unescape

from playwright.sync_api import Page

from agent.app import App
from agent.ledger.stores.intake import UNREAD_KEPT
from agent.worker.service import Service
from domain.ports import Unread
from domain.values import LeadKey
from tests.support.browser import PHONE, barriers, is_too_wide
from tests.support.consoles import Served, serving
from tests.support.worlds import Town

ANA, QUINN = "ana.torres@meridian.example", "quinn.walsh@meridian.example"
MARTA, SVEN = "marta.silva@meridian.example", "sven.olsen@meridian.example"
TIMEOUT = 30
WHY = "Marketo's activityDate holds a list"
SECRET = "dana.fox@acme.example"


def note(app: App, *leads: LeadKey | None) -> None:
    """Records of these leads that can't be read, as the feed keeps them."""
    odd = [
        Unread(lead=one, why=WHY, record=f'{{"leadId": "{one}", "x": "{SECRET}"}}') for one in leads
    ]
    app.ledger.intake.note_unread("activities", odd, app.clock.now())


def rows(served: Served, email: str) -> list[str]:
    """The rows of the list that somebody sees, as text."""
    html = served.visitor(email).get(f"{served.url}/waiting", timeout=TIMEOUT).text
    assert SECRET not in html
    _, _, rest = html.partition('<h2 id="unread">')
    cells = re.findall(r"<tr><td.*?</tr>", rest, re.DOTALL)
    return [unescape(" ".join(re.sub(r"<[^>]*>", " ", one).split())) for one in cells]


def test_a_record_is_listed_for_whoever_may_see_its_lead(here: Town) -> None:
    """Operations see all of them, a manager those of the team; what it holds is shown to nobody."""
    person = here.arrive()
    here.pass_time(minutes=1)
    here.tick()
    note(here.app, LeadKey(str(person)), LeadKey("404"), None)
    with serving(here.app, "http://127.0.0.1:{port}") as served:
        seen = {email: rows(served, email) for email in (QUINN, MARTA, SVEN)}
    assert (3, 1, 0) == tuple(len(one) for one in seen.values())
    assert seen[MARTA][0].startswith(f"Dana Fox at Acme {WHY} Marketo activities ")
    assert {"Marketo ID 404", "unknown lead", "Dana Fox at Acme"} == {
        one.partition(f" {WHY}")[0] for one in seen[QUINN]
    }


def test_a_record_is_forgotten_a_month_after_it_was_last_seen(here: Town) -> None:
    """What it holds is somebody's data."""
    note(here.app, LeadKey("1"), LeadKey("2"))
    here.pass_time(hours=24)
    note(here.app, LeadKey("2"))
    here.pass_time(hours=(UNREAD_KEPT - timedelta(hours=12)) / timedelta(hours=1))
    Service(here.app).tick()
    assert ["2"] == [one.lead for one in here.app.ledger.workings.unread()]


def test_the_list_is_for_everybody(here: Town, page: Page) -> None:
    """axe-core finds no barrier, and nothing scrolls sideways on a phone."""
    note(here.app, LeadKey("404"), None)
    with serving(here.app) as served:
        served.sign_in(page, QUINN)
        page.goto(f"{served.url}/waiting")
        found = barriers(page)
        page.set_viewport_size(PHONE)
        assert ([], False) == (found, is_too_wide(page))
