"""The console in a real browser: what a person clicks, reads and decides, over a town's ledger."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import requests
from playwright.sync_api import Browser, Page
from sqlalchemy import update

from agent.console.web.site_map import MENU
from agent.console.words import sentence
from agent.follow_through import rep_actions
from agent.follow_through.rep_actions import Press, Verb
from agent.ledger.rows import table
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.states import CycleStatus
from agent.metrics import report as metrics_report
from agent.metrics.report import Question, shares
from domain.language import operations
from domain.metrics import measures
from domain.metrics.leakage import Stage
from domain.policy.model import Mode
from domain.values import CycleId
from tests.e2e.test_modes import everywhere
from tests.support.browser import DESK, PHONE, barriers, is_too_wide
from tests.support.consoles import Served, serving
from tests.support.journals import Journal, afternoon, rank
from tests.support.worlds import MONDAY, Town

HELEN, QUINN = "helen.brooks@meridian.example", "quinn.walsh@meridian.example"
TARGET = timedelta(minutes=30)
DAYS = 30
CONTRAST = {"runOnly": ["color-contrast"]}
"""The one rule whose outcome the color scheme changes."""
WAITING, DEAD, DISPUTED = "Waiter", "Number0", "Number5"


@dataclass
class Console:
    """An afternoon's leads, and the console over them."""

    journal: Journal
    served: Served

    @property
    def here(self) -> Town:
        """The town."""
        return self.journal.here

    def as_ops(self, page: Page) -> None:
        """Sign the browser in as operations."""
        self.sign_in(page, QUINN)

    def sign_in(self, page: Page, email: str) -> None:
        """Sign the browser in as somebody."""
        self.served.sign_in(page, email)

    def open(self, page: Page, path: str) -> None:
        """Open a page, as who started the console unless somebody signed in.

        Its scripts have drawn the plots when it is loaded.
        """
        if not page.context.cookies():
            self.served.sign_in(page)
        answer = page.goto(self.served.url + path)
        assert answer is not None
        assert 200 == answer.status

    def person(self, name: str) -> int:
        """Marketo's id of somebody, by last name."""
        people = self.here.world.table("marketo.person")
        return next(int(one["id"]) for one in people.values() if one["lastName"] == name)


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One assignment waits for a word, one write was given up, one lead is disputed."""
    with afternoon(tmp_path_factory.mktemp("console")) as journal:
        here = journal.here
        everywhere(here, mode=Mode.APPROVE)
        person = here.arrive(lastName=WAITING, email="w@waiting.example", company="Waiting Inc")
        journal.people[person] = here.world.now
        here.pass_time(minutes=1)
        here.tick()
        with serving(here.app) as served:
            made = Console(journal, served)
            _give_up(here, made.person(DEAD))
            _dispute(here, made.person(DISPUTED))
            yield made


def _give_up(here: Town, person: int) -> None:
    effects = table(EffectRow)
    mirror = (effects.c.lead == str(person)) & (effects.c.kind == "mirror_activity")
    with here.app.ledger.engine.begin() as connection:
        connection.execute(update(effects).where(mirror).values(state="dead"))


def _dispute(here: Town, person: int) -> None:
    cycle = CycleId(here.cycle(person).id)
    held = here.app.ledger.handoffs.get(cycle)
    assert held is not None
    owner = held.handoff.answers
    assert owner is not None
    fields = {"reason": "conflict", "note": "they are Ben's"}
    press = Press("p-dispute", owner, Verb.NOT_MINE, cycle, held.handoff.stage, fields)
    context = here.app.context()
    assert rep_actions.keep(press, context) is None
    rep_actions.carry_out(press, context)


def numbers(page: Page, heading: str) -> dict[str, list[str]]:
    """The rows of the table under a heading, by their first cell."""
    rows = page.locator(f"xpath=//h2[.='{heading}']/following::table[1]/tbody/tr").all()
    cells = [row.locator("xpath=./*").all_inner_texts() for row in rows]
    return {row[0].split("\n")[0]: [cell.split("\n")[0] for cell in row[1:]] for row in cells}


def test_the_first_screen_says_whether_leads_are_worked(console: Console, page: Page) -> None:
    """How many are late is what the journal says: assigned, not called, and past the promise."""
    console.open(page, "/")
    assigned, touched = console.journal.assigned(), console.journal.touched()
    now = console.here.world.now
    late = [one for one, at in assigned.items() if one not in touched and now - at > TARGET]
    cards = dict(
        zip(
            page.locator(".card .name").all_inner_texts(),
            page.locator(".card b").all_inner_texts(),
            strict=True,
        )
    )
    assert str(len(late)) == cards["SLA breaches"]
    assert str(len(assigned) - len(touched)) == cards["Unworked"]
    page.get_by_role("link", name="SLA breaches").first.click()
    assert len(late) == page.locator("td.lead").count()


def test_the_numbers_are_those_of_the_report_and_of_the_journal(
    console: Console, page: Page
) -> None:
    """The waterfall, the shares and the speed: on the page, by the report, and by the vendors."""
    console.open(page, f"/funnel?days={DAYS}")
    here, journal = console.here, console.journal
    question = Question(here.world.now - timedelta(days=DAYS), here.world.now)
    journeys = metrics_report.read(here.app.ledger, question, here.app.policy)
    report = metrics_report.report(journeys, question, here.app.policy)
    steps = numbers(page, "Funnel, from trigger to conversion")
    reached = {one.stage: one.reached for one in report.levels if one.reached is not None}
    assert {stage: str(count) for stage, count in reached.items()} == {
        stage: steps[sentence(stage)][1] for stage in reached
    }
    assigned, touched = journal.assigned(), journal.touched()
    counted = (len(journal.people), len(assigned), len(journal.told()), len(touched))
    stages = (Stage.CAPTURED, Stage.ASSIGNED, Stage.NOTIFIED, Stage.TOUCHED)
    assert counted == tuple(int(steps[sentence(stage)][1]) for stage in stages)
    shown = numbers(page, "Coverage and quality")
    told = {name: [str(one.part), str(one.whole - one.part)] for name, one in shares(report.whole)}
    assert told == {name: shown[sentence(name)][1:] for name in told}
    in_time = sum(at - assigned[one] <= TARGET for one, at in touched.items())
    assert [str(in_time), str(len(assigned) - in_time)] == shown[measures.IN_TIME][1:]
    waits = [(at - assigned[one]).total_seconds() / 60 for one, at in touched.items()]
    half = rank(waits, len(assigned), 50)
    assert f"{half:.0f} min" == numbers(page, "Speed to lead")["Assigned to first touch"][0]


def test_the_spreadsheet_says_the_same(console: Console) -> None:
    """The export of the funnel is the report's own; that of the list has every lead once."""
    session = console.served.visitor()
    figures = session.get(f"{console.served.url}/funnel.csv?days={DAYS}", timeout=30).text
    rows = {row["measure"]: row for row in csv.DictReader(io.StringIO(figures))}
    touched = (len(console.journal.touched()), len(console.journal.assigned()))
    assert touched == tuple(int(rows[measures.TOUCHED][name]) for name in ("part", "whole"))
    listed = session.get(f"{console.served.url}/leads.csv", timeout=30).text
    leads = [row["marketo_id"] for row in csv.DictReader(io.StringIO(listed))]
    assert sorted(map(str, console.journal.people)) == sorted(leads)


def test_every_number_of_the_funnel_leads_to_as_many_leads(console: Console) -> None:
    """Each link of the page is followed, and the list is as long as the number says."""
    session = console.served.visitor()
    page = session.get(f"{console.served.url}/funnel?days={DAYS}", timeout=30).text
    found = re.findall(r'href="(/leads\?behind=[^"]+)"[^>]*>([\d,]+)<', page)
    assert 30 < len(found)
    wrong = [
        (path, number)
        for path, number in found
        if f"{number} lead" not in _asof(session, console, path.replace("&amp;", "&"))
    ]
    assert [] == wrong


def _asof(session: requests.Session, console: Console, path: str) -> str:
    text = session.get(console.served.url + path, timeout=30).text
    return text.partition('<p class="asof">')[2].partition("</p>")[0]


def test_somebody_finds_a_lead_and_reads_why(console: Console, page: Page) -> None:
    """From the search to the reason, the checks, and why not the others."""
    console.open(page, "/leads")
    page.keyboard.press("/")
    page.keyboard.type("number3")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Dana Number3").click()
    lead = console.person("Number3")
    assert f"{console.served.url}/leads/{lead}" == page.url
    cycle = console.here.cycle(lead)
    decisions = console.here.app.ledger.history.decisions(cycle.id)
    (routed,) = [one for one in decisions if one.kind == "route"]
    section = page.locator("section", has=page.get_by_role("heading", name="Why "))
    zone = ZoneInfo(console.here.app.policy.timezone)
    assert operations.said(routed.said, zone) in section.first.inner_text()
    assert not page.get_by_role("heading", name="Other triggers").is_visible()
    page.get_by_text("Checks and evidence").last.click()
    assert page.get_by_text("Salesforce record").last.is_visible()
    assert page.get_by_text(f"decision {routed.id}").first.is_visible()


def test_an_assignment_is_approved(console: Console, page: Page) -> None:
    """Shown whole first; the word goes the way of Slack's, and the next tick writes the owner."""
    console.as_ops(page)
    console.open(page, "/waiting")
    page.locator("tr", has_text=WAITING).get_by_role("button", name="Approve").click()
    assert "assigned in Salesforce on the next run" in page.locator("dl").inner_text()
    page.get_by_role("button", name="Approve assignment").click()
    assert "Approved by Quinn Walsh" in page.locator(".notice").inner_text()
    console.here.tick()
    person = console.person(WAITING)
    assert CycleStatus.ASSIGNED == console.here.cycle(person).status
    kinds = [
        one.kind for one in console.here.app.ledger.history.decisions(console.here.cycle(person).id)
    ]
    assert "directed" in kinds


def test_a_lead_is_held_and_released(console: Console, page: Page) -> None:
    """A hold with its reason stands on the lead and among the exceptions, until it is ended."""
    console.as_ops(page)
    console.open(page, f"/leads/{console.person('Number6')}")
    page.get_by_label("Hold until").fill("2d")
    form = page.locator("form", has=page.get_by_label("Hold until"))
    form.get_by_label("Reason").fill("they asked for it")
    page.get_by_role("button", name="Put on hold").click()
    page.get_by_role("button", name="Put on hold").click()
    assert page.get_by_text("On hold by Quinn Walsh: they asked for it").is_visible()
    console.open(page, "/waiting")
    page.locator("tr", has_text="Number6").get_by_role("button", name="Release").click()
    page.get_by_role("button", name="Release").click()
    lead = str(console.person("Number6"))
    assert {} == console.here.app.ledger.conversations.held([lead])  # pyright: ignore[reportArgumentType]


def test_a_dead_letter_is_tried_again_and_a_dispute_is_ruled(console: Console, page: Page) -> None:
    """Both from the list of exceptions; a manager's word counts as in Slack."""
    console.as_ops(page)
    console.open(page, "/waiting")
    page.locator("tr", has_text=DEAD).get_by_role("button", name="Retry").click()
    page.get_by_role("button", name="Retry failed update").click()
    ledger = console.here.app.ledger
    assert [] == ledger.workings.dead_letters(10)
    console.open(page, "/waiting")
    page.locator("tr", has_text=DISPUTED).get_by_role("button", name="Keep owner").click()
    assert "keeps Dana" in page.locator(".notice").inner_text()
    assert ["refused"] == [one.state for one in ledger.handoffs.disputes()]


def test_a_policy_is_tried_published_and_taken_back(console: Console, page: Page) -> None:
    """Edited on the page; what it would change is seen before it decides anything."""
    console.as_ops(page)
    console.open(page, "/policy")
    page.get_by_text("Or edit the policy here").click()
    text = page.get_by_label("policy.yaml").input_value()
    longer = text.replace("sla: {first_touch: 30m}", "sla: {first_touch: 45m}")
    page.get_by_label("policy.yaml").fill(longer.replace("mode: auto", "mode: approve"))
    page.get_by_role("button", name="Test policy").click()
    page.get_by_role("heading", name="Expected SLA attainment").wait_for()
    assert ["30m", "45m"] == numbers(page, "Policy changes")[
        "segments[Hand-raisers].sla.first_touch"
    ]
    assert "No leads would have gone to a different owner" == page.locator("h1").inner_text()
    page.get_by_label("Segment").select_option("Hand-raisers")
    page.get_by_label("Share of its leads").select_option("25")
    page.get_by_label("Reason").fill("calls take longer")
    page.get_by_role("button", name="Publish trial").click()
    current = console.here.app.ledger.publications.current()
    assert current is not None
    assert ("Hand-raisers", 25, QUINN) == (current.scope.segment, current.scope.share, current.by)
    page.get_by_label("Reason").first.fill("enough seen")
    page.get_by_role("button", name="Roll back trial").click()
    assert "rolled back: enough seen" in page.locator(".notice").inner_text()
    assert console.here.app.ledger.publications.current() is None


def test_a_policy_with_errors_is_not_tried(console: Console, page: Page) -> None:
    """What is wrong is said with its line and what to do; nothing can be published."""
    console.as_ops(page)
    console.open(page, "/policy")
    page.get_by_text("Or edit the policy here").click()
    box = page.get_by_label("policy.yaml")
    box.fill(box.input_value().replace("fallback: review", "fallback: nowhere", 1))
    page.get_by_role("button", name="Test policy").click()
    assert "This policy has 1 error" == page.locator("h1").inner_text()
    assert "nowhere" in page.locator("main li").first.inner_text()
    assert 0 == page.get_by_role("button", name="Publish trial").count()


def paths(console: Console) -> list[str]:
    """Every page that can be looked at, with a lead and a comparison of policies."""
    ledger = console.here.app.ledger
    version = ledger.workings.policies()[-1].version
    lead = console.person("Number1")
    return [*(one.path for one in MENU), f"/leads/{lead}", f"/policy/versions/{version}"]


def test_every_page_is_for_everybody(console: Console, page: Page) -> None:
    """axe-core finds no barrier, by day and by night; nothing scrolls sideways on a phone."""
    console.as_ops(page)
    found: dict[str, object] = {}
    for path in paths(console):
        page.set_viewport_size(DESK)
        page.emulate_media(color_scheme="light")
        console.open(page, path)
        wrong = barriers(page)
        page.emulate_media(color_scheme="dark")
        wrong += barriers(page, CONTRAST)
        page.set_viewport_size(PHONE)
        if wrong or is_too_wide(page):
            found[path] = wrong or "too wide"
    assert {} == found


def test_everything_can_be_read_and_decided_without_scripts(
    console: Console, browser: Browser
) -> None:
    """Searching, reading and proposing are plain forms and links; plots are tables."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    console.as_ops(page)
    page.goto(f"{console.served.url}/leads")
    page.get_by_role("searchbox").fill("number7")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("link", name="Dana Number7").click()
    page.get_by_role("button", name="Snooze").click()
    assert "Snooze reminders for Dana Number7" == page.locator("h1").inner_text()
    assert "snoozed for 30 min" in page.locator("dl").inner_text()
    page.get_by_role("button", name="Cancel").click()
    assert "Nothing was changed" in page.locator(".notice").inner_text()
    page.goto(f"{console.served.url}/funnel?days=7")
    page.get_by_text("Show as a table").click()
    assert MONDAY.date().isoformat() in page.locator("#days").inner_text()
    context.close()
