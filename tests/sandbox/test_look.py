"""The look page in a real browser: people talk with an app, time passes, faults are switched."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import requests
from playwright.sync_api import Page, expect
from slack_bolt.adapter.socket_mode import SocketModeHandler

from sandbox import slack
from sandbox.look import web
from sandbox.marketo.lead_database import people
from sandbox.people import roster
from sandbox.salesforce.store import records
from sandbox.server.instance import Running, start
from sandbox.slack.conversations.channels import open_dm
from sandbox.slack.messages import files
from sandbox.state.world import World
from tests.support import slack_app
from tests.support.browser import DESK, PHONE, barriers, is_too_wide

ANA = "ana.torres@meridian.example"
EVIL = "<script>alert(1)</script> & <b>bold</b>"


@dataclass
class Town:
    """A running world with a small app that listens through Socket Mode."""

    world: World
    running: Running
    ana: str
    channel: str
    """Ana's direct message with the app."""
    lead: str

    @property
    def dm(self) -> str:
        """Where Ana talks with the app."""
        return f"{self.running.url}/look/slack/{self.channel}?as={self.ana}"

    def at(self, path: str) -> str:
        """The address of a page."""
        return f"{self.running.url}/look/{path}"


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    """The roster's people, one lead whose name is an attack, and its Marketo person."""
    world = World(seed=1)
    roster.settle(world)
    by = records.find(world, "User", Email=roster.SYNC)[0]["Id"]
    values = {"LastName": EVIL, "Company": "Acme", "Email": "dana@acme.example"}
    lead = records.insert(world, "Lead", values, by=by, assign=False)
    person = people.create_person(world, {"lastName": "Fox", "email": "dana@acme.example"})
    people.log_activity(world, person, "Fill Out Form", primary="Demo Request")
    running = start(world)
    details = running.details()["slack"]
    user = slack.user_by_email(world, ANA)
    assert user is not None
    app = slack_app.build(details["bot_token"], details["api_url"])
    handler = SocketModeHandler(app, details["app_token"], web_client=app.client)
    handler.connect()  # pyright: ignore[reportUnknownMemberType]  (untyped in Bolt)
    assert running.socket.wait_for_connection()
    channel = open_dm(world, user["id"])[0]["id"]
    yield Town(world, running, user["id"], channel, lead)
    handler.close()  # pyright: ignore[reportUnknownMemberType]  (untyped in Bolt)
    running.stop()


def write(page: Page, text: str) -> None:
    """Write into the conversation's box, and send with Enter."""
    page.get_by_label("Message routeready").fill(text)
    page.get_by_label("Message routeready").press("Enter")


def test_a_pressed_button_has_its_effect(town: Town, page: Page) -> None:
    """Somebody writes, the app answers with a card, its button changes the message."""
    page.goto(town.dm)
    expect(page.get_by_text("No app listens")).to_have_count(0)
    write(page, "hello @routeready")
    card = page.get_by_role("article").filter(has_text="A new lead is yours").last
    card.get_by_role("button", name="I'm on it").click()
    expect(page.get_by_text("Taken by @Ana Torres").last).to_be_visible()


def test_a_menu_acts_when_something_is_chosen(town: Town, page: Page) -> None:
    """Choosing is pressing; what the app answers only Ana sees."""
    page.goto(town.dm)
    write(page, "hello")
    page.get_by_label("Snooze", exact=True).last.select_option("4")
    expect(page.get_by_text("Quiet for 4 hours")).to_be_visible()
    expect(page.get_by_text("Only visible to you").first).to_be_visible()


def test_a_form_is_filled_in(town: Town, page: Page) -> None:
    """Slack's own complaint, the app's complaint, what was typed stays, and then it is sent."""
    page.goto(town.dm)
    write(page, "hello")
    page.get_by_role("button", name="Log a call").last.click()
    form = page.get_by_role("dialog", name="Log a call")
    expect(form).to_be_visible()
    assert [] == barriers(page)
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("alert")).to_have_text("Please complete this required field.")
    form.get_by_label("What came of it?").select_option("connected")
    form.get_by_label("A note").fill("nothing")
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("alert")).to_have_text("Say what was said.")
    expect(form.get_by_label("What came of it?")).to_have_value("connected")
    form.get_by_label("A note").fill("a budget")
    form.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Logged: connected, a budget")).to_be_visible()
    expect(form).to_have_count(0)


def test_escape_closes_a_form(town: Town, page: Page) -> None:
    """The keyboard alone opens and closes it."""
    page.goto(town.dm)
    write(page, "hello")
    log = page.get_by_role("button", name="Log a call").last
    log.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_thread_and_a_command(town: Town, page: Page) -> None:
    """A reply stands beside the conversation; a command's answer is shown in it."""
    page.goto(town.dm)
    write(page, "/leads unworked")
    expect(page.get_by_text("You asked: unworked")).to_be_visible()
    write(page, "hello")
    page.get_by_role("link", name="Reply in thread").last.click()
    page.get_by_label("Reply", exact=True).fill("one more thing")
    page.get_by_label("Reply", exact=True).press("Enter")
    expect(page.get_by_role("region", name="Thread").get_by_text("Noted.")).to_be_visible()


def test_a_new_chat_stands_beside(town: Town, page: Page) -> None:
    """Opening the assistant pane begins a thread, with the box to write in."""
    page.goto(town.dm)
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_role("region", name="Thread").get_by_label("Reply")).to_be_visible()


def test_somebody_says_that_they_are_away(town: Town, page: Page) -> None:
    """A status is set as that person would, and ends by itself."""
    page.goto(town.dm)
    page.get_by_label("Status").select_option("Out sick")
    expect(page.get_by_label("Status")).to_have_value("Out sick")
    profile = town.world.table("slack.user")[town.ana]["profile"]
    assert ("Out sick", ":face_with_thermometer:") == (
        profile["status_text"],
        profile["status_emoji"],
    )
    page.get_by_label("Status").select_option("At work")
    expect(page.get_by_label("Status")).to_have_value("At work")


def test_the_home_tab_is_published(town: Town, page: Page) -> None:
    """Opening it asks the app for it."""
    page.goto(f"{town.at('slack/home')}?as={town.ana}")
    page.get_by_role("button", name="Open it anew").click()
    expect(page.get_by_role("heading", name="A new lead is yours")).to_be_visible()


def test_time_is_moved(town: Town, page: Page) -> None:
    """An hour passes at once; fast-forward makes it run; pause stops it."""
    before = town.world.now
    page.goto(town.at("journal"))
    clock = page.get_by_role("form", name="Clock")
    clock.get_by_role("button", name="+1 hour").click()
    expect(clock).to_contain_text(f"{before.hour + 1:02}:")
    clock.get_by_role("button", name="60x", exact=True).click()
    clock.get_by_role("button", name="Pause").click()
    expect(clock.get_by_role("button", name="Pause")).to_have_count(0)
    assert (town.world.clock.factor, town.world.now.hour > before.hour) == (0, True)


def test_a_fault_is_switched(town: Town, page: Page) -> None:
    """On, it strikes; off, it stands no longer."""
    page.goto(town.at("faults"))
    switch = page.get_by_role("switch", name="slack.unavailable")
    switch.click()
    expect(switch).to_be_checked()
    api = town.running.details()["slack"]["api_url"]
    assert [200, 503] == [requests.post(f"{api}api.test", timeout=5).status_code for _ in range(2)]
    switch.click()
    expect(switch).not_to_be_checked()
    assert [] == list(town.world.table("sandbox.fault"))


def test_the_journal_is_followed(town: Town, page: Page) -> None:
    """What happens appears by itself, and only what is asked for."""
    page.goto(f"{town.at('journal')}?vendor=marketo")
    expect(page.get_by_text("person.insert")).to_be_visible()
    with town.world.lock:
        town.world.record("effect", "marketo", "person.example")
    expect(page.get_by_text("person.example")).to_be_visible()
    expect(page.locator(".line").filter(has_text="slack")).to_have_count(0)


def test_records_are_shown_as_data(town: Town, page: Page) -> None:
    """A lead's page has its name, markup and all, as words; a person's page has the log."""
    page.goto(town.at("records"))
    page.get_by_role("link", name=EVIL).click()
    expect(page.get_by_role("heading", name=EVIL)).to_be_visible()
    expect(page.get_by_text("created", exact=True)).to_be_visible()
    page.goto(town.at("persons"))
    page.get_by_role("link", name="Fox").click()
    expect(page.get_by_text("Demo Request")).to_be_visible()


def test_everybody_can_use_it(town: Town, page: Page) -> None:
    """axe-core finds no barrier on any page, in either theme; no page is wider than a phone."""
    talk = f"slack/{town.channel}?as={town.ana}"
    found: list[str] = []
    for path in (talk, "faults", "journal", f"records/Lead/{town.lead}"):
        page.emulate_media(color_scheme="light")
        page.goto(town.at(path))
        found += barriers(page)
        page.set_viewport_size(PHONE)
        found += [f"{path} is too wide"] if is_too_wide(page) else []
        page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="dark")
    page.goto(town.at(talk))
    assert [] == found + barriers(page)


def test_uploaded_pictures_are_seen(town: Town, page: Page) -> None:
    """A chart that the app uploads stands in the conversation."""
    pixel = (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:"
        b"~\x9bU\x00\x00\x00\nIDATx\x9cc`\x00\x00\x00\x02\x00\x01H\xaf\xa4q\x00\x00\x00\x00IEND"
        b"\xaeB`\x82"
    )
    details = town.running.details()["slack"]
    client = slack_app.build(details["bot_token"], details["api_url"]).client
    client.files_upload_v2(channel=town.channel, content=pixel, filename="week.png", title="Week")
    assert [True] == [bool(row["content"]) for row in town.world.table(files.FILE).values()]
    page.goto(town.dm)
    picture = page.get_by_role("img", name="Week")
    expect(picture).to_be_visible()
    assert 1 == picture.evaluate("one => one.naturalWidth")
    (file_id,) = town.world.table(files.FILE)
    town.world.advance(timedelta(seconds=2))
    block = {"type": "image", "slack_file": {"id": file_id}, "alt_text": "Touched in time"}
    client.chat_postMessage(channel=town.channel, text="Your week", blocks=[block])
    page.goto(town.dm)
    shown = page.get_by_role("img", name="Touched in time")
    expect(shown).to_be_visible()
    assert 1 == shown.evaluate("one => one.naturalWidth")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"origin": "https://evil.example"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
    ],
)
def test_forms_of_other_sites_are_refused(town: Town, headers: dict[str, str], status: int) -> None:
    """A page elsewhere can't make somebody's browser act here."""
    answer = requests.post(
        town.at("do/clock"),
        data={"seconds": "0"},
        headers=headers,
        timeout=5,
        allow_redirects=False,
    )
    assert (status, web.POLICY) == (answer.status_code, answer.headers["content-security-policy"])


@pytest.mark.parametrize(
    ("path", "form", "sentence"),
    [
        ("nowhere", {}, "there is nothing to do named"),
        ("say", {"user": "U404", "channel": "D404", "text": "x"}, "there is no conversation D404"),
        ("press", {"user": "U404"}, "lacks"),
        ("clock", {"seconds": "-1"}, "31 days"),
        ("clock", {"speed": "nan"}, "3600"),
        ("fault", {"profile": "slack.nothing"}, "there is no profile"),
        ("model", {"personality": "kind"}, "there is no character"),
        ("status", {"user": "U404", "status": "Asleep"}, "there is no status"),
    ],
)
def test_what_cannot_be_done_is_said(
    town: Town, path: str, form: dict[str, str], sentence: str
) -> None:
    """A form that makes no sense gets a page with a sentence."""
    answer = requests.post(town.at(f"do/{path}"), data=form, timeout=5)
    assert (True, True) == (answer.status_code in (400, 404), sentence in answer.text)


def test_the_way_back_leads_here(town: Town) -> None:
    """A form can't send the browser to another site."""
    form = {"seconds": "0", "back": "https://evil.example/look/"}
    answer = requests.post(town.at("do/clock"), data=form, timeout=5, allow_redirects=False)
    assert "/look/" == answer.headers["location"]
