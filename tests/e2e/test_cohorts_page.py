"""Cohorts in the console: the same numbers as in the terminal, and nothing claimed beyond them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page

from agent.console.boards.content import in_group, key_of
from agent.console.words import sentence
from agent.metrics import cohort_comparison, report
from agent.metrics.cohort_comparison import Which
from agent.metrics.report import Question
from agent.tables.table import Form
from domain.metrics.measures import Dimension
from tests.benchmarks.console import multiply
from tests.support.browser import PHONE, barriers, is_too_wide
from tests.support.consoles import Served, serving
from tests.support.follow_through import call
from tests.support.worlds import MONDAY, Town, town

LEADS = 120
TIMEOUT = 60
CUT = MONDAY - timedelta(days=14)


@dataclass
class Hall:
    """A ledger with two groups of leads, and its console."""

    here: Town
    served: Served
    american: str
    """E-mail of who has the lead in the United States."""

    def terminal(self, which: Which) -> dict[str, Any]:
        """What `routeready cohorts` tells of the same period, as data."""
        app = self.here.app
        question = Question(since=which.now - timedelta(days=90), now=which.now)
        found = cohort_comparison.cohorts(report.read(app.ledger, question, app.policy), which)
        return json.loads(cohort_comparison.render_cohorts(found, Form.JSON))


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """Leads of the United States are called, those of Germany are not; copied over four weeks."""
    with town(tmp_path_factory.mktemp("cohorts")) as here:
        here.pass_time(hours=4)
        ours = here.arrive(lastName="Fox")
        here.arrive(
            lastName="Wolf", email="w@wald.example", company="Wald", country="Germany", state=None
        )
        here.pass_time(minutes=1)
        here.tick()
        here.pass_time(minutes=5)
        call(here, ours)
        here.tick()
        here.pass_time(hours=30)
        here.tick()
        multiply(here.app.ledger, LEADS)
        with serving(here.app) as served:
            yield Hall(here, served, str(here.cycle(ours).owner))


def path(**asked: str) -> str:
    """The address of a comparison."""
    return f"/cohorts?{urlencode(asked)}"


def group(dimension: Dimension, value: str) -> str:
    """What a group is called in an address."""
    return key_of(in_group(dimension, value))


US = group(Dimension.COUNTRY, "US")


@pytest.mark.parametrize(
    ("which", "asked"),
    [
        ({"treated": (Dimension.COUNTRY, "US")}, {"how": "group", "treated": US}),
        (
            {"cut": CUT, "only": ((Dimension.COUNTRY, "US"),)},
            {"after": f"{CUT:%Y-%m-%dT%H:%M%z}", "only": US},
        ),
    ],
)
def test_the_page_says_what_the_terminal_says(
    hall: Hall, page: Page, which: dict[str, Any], asked: dict[str, str]
) -> None:
    """Each difference with its bounds, each sentence, and how many leads a group has."""
    told = hall.terminal(Which(hall.here.app.clock.now(), **which))
    hall.served.sign_in(page)
    page.goto(hall.served.url + path(**asked))
    differences = [one["difference"] for one in told["comparisons"][:3]]
    assert [
        f"{one['estimate']:+.1f} ({one['low']:+.1f} to {one['high']:+.1f})" for one in differences
    ] == page.locator("table").first.locator("[data-label^=Difference]").all_inner_texts()
    said = page.locator(".plainly li").all_inner_texts()
    assert {sentence(one) for one in told["sentences"]} <= set(said)
    counted = page.get_by_text(re.compile(r"^\d+ leads .*, \d+ leads ")).inner_text()
    assert told["sizes"] == [int(one) for one in reversed(re.findall(r"(\d+) leads", counted))]


def test_somebody_compares_two_groups_without_scripts(hall: Hall, browser: Browser) -> None:
    """Plain forms; what is clear stands apart from what nobody may claim; a phone is enough."""
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    hall.served.sign_in(page)
    page.goto(hall.served.url + path())
    page.get_by_role("link", name="One group against another").click()
    page.locator("select[name=treated]").select_option(US)
    page.get_by_role("button", name="Compare").click()
    may, may_not = page.locator(".plainly").all_inner_texts()
    assert "SLA attainment: changed by +100.0" in may
    assert "less than half of a group completed this stage" in may_not
    assert 4 == page.locator("svg.interval").count()
    context.close()


def test_a_comparison_is_for_everybody(hall: Hall, page: Page) -> None:
    """axe-core finds no barrier, and nothing scrolls sideways on a phone."""
    hall.served.sign_in(page)
    page.goto(hall.served.url + path(how="group", treated=US))
    found = barriers(page)
    page.set_viewport_size(PHONE)
    assert ([], False) == (found, is_too_wide(page))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"after": "soon"}, "&#34;soon&#34; is not a date"),
        ({"after": "2020-01-01"}, "The group &#34;before 2020-01-01&#34; has no leads"),
        ({"how": "group", "treated": "planet"}, "has no leads in this period"),
        (
            {"how": "group", "treated": US, "control": group(Dimension.TRIGGER, "hand_raise")},
            "choose another country, or all others",
        ),
    ],
)
def test_what_cant_be_compared_is_told(hall: Hall, asked: dict[str, str], said: str) -> None:
    """With what to do about it, and the form is still there."""
    answered = hall.served.visitor().get(hall.served.url + path(**asked), timeout=TIMEOUT)
    assert said in answered.text
    assert "Compare</button>" in answered.text


def test_a_rep_compares_their_own_leads_only(hall: Hall) -> None:
    """Other people's groups can't even be chosen; no address names a person."""
    visitor = hall.served.visitor(hall.american)
    seen = visitor.get(hall.served.url + path(how="group"), timeout=TIMEOUT).text
    german = group(Dimension.COUNTRY, "DE")
    assert (True, False) == (US in seen, german in seen)
    values = re.findall(r'<option value="([^"]*)"', seen.partition("<main")[2])
    assert group(Dimension.REP, hall.american) in values
    assert [] == [one for one in values if "@" in one]
