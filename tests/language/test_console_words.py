"""What people read in the console: every page in each state keeps to the product's language.

Sentences of the record (what the gate, routing and follow-through once said, and what a model or a
vendor said) stand in elements with `data-said`: they were written long before the page is read and
are checked where they are made. Everything else on a page is the console's own and is checked here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import requests

from agent.console import labels, words
from agent.console.door import make_token
from agent.console.sign_in import slack
from agent.console.web.site_map import MENU
from agent.ledger.tables.states import CycleStatus
from agent.ledger.views.lead_lists import Order, Standing
from agent.metrics import lead_history
from agent.worker.order import KINDS
from agent.worker.telemetry import LedgerCollector, Watch
from domain.conversation.permissions import CHANGES
from domain.gate.verdict import CheckCode, Outcome
from domain.language import names
from domain.lead.model import FieldName, TriggerKind
from domain.metrics.charts import Chart, Series
from domain.metrics.fates import Fate
from domain.metrics.leakage import Leak, LeakKind
from domain.metrics.measures import Dimension
from domain.policy.follow_through import Move
from domain.ports import Identity
from domain.rollout.canary import State
from domain.values import LeadKey, Source
from tests.e2e.test_cohorts_page import US, Hall, path
from tests.e2e.test_console import DISPUTED, HELEN, QUINN, WAITING, Console
from tests.support.consoles import Served, form_secret, serving
from tests.support.words import hits, zoneless
from tests.support.worlds import town

ANA, MARTA = "ana.torres@meridian.example", "marta.silva@meridian.example"
KATE = "kate.molloy@meridian.example"
ROLES = (ANA, MARTA, HELEN, QUINN)
TIMEOUT = 60
UNREAD = ("script", "style", "textarea")
VOID = ("input", "br", "meta", "link", "img", "path", "rect")
SPOKEN = ("title", "aria-label", "placeholder", "alt", "data-title", "data-label")
ONE_OF_MANY = re.compile(r"(?<![\d,.])1 (?!\w*(?:ss|us)\b)[a-z]{2,}s\b")
"""A count of one with a plural."""


class _Read(HTMLParser):
    """The text of a page as a person reads it, without sentences of the record."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what is not read, and what an attribute says."""
        told = dict(attrs)
        self.parts += [f"\n{told[name]}\n" for name in SPOKEN if told.get(name)]
        if tag not in ("span", "b", "a", "code", "i"):
            self.parts.append("\n")
        if tag not in VOID:
            self._open.append((tag, tag in UNREAD or "data-said" in told))

    def handle_endtag(self, tag: str) -> None:
        """Close the element, with what was left open in it."""
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Keep what is read."""
        if not any(is_unread for _, is_unread in self._open):
            self.parts.append(data)


def text_of(html: str) -> str:
    """A page as text, a line per element."""
    read = _Read()
    read.feed(html)
    lines = (" ".join(line.split()) for line in "".join(read.parts).splitlines())
    return "\n".join(line for line in lines if line)


def wrong(html: str, where: str) -> list[str]:
    """What a page says that nobody should read."""
    text = text_of(html)
    assert text, where
    plurals = [f"{where}: {one.group()!r}" for one in ONE_OF_MANY.finditer(text)]
    found = [*hits(text, where, "people"), *zoneless(text, where)]
    return [*map(str, found), *plurals]


def get(session: requests.Session, served: Served, where: str) -> requests.Response:
    """A page, wherever it leads."""
    return session.get(served.url + where, timeout=TIMEOUT)


def post(session: requests.Session, served: Served, where: str, **fields: str) -> requests.Response:
    """A form of somebody's own page, sent; the page that it leads to."""
    secret = form_secret(get(session, served, "/").text)
    return session.post(served.url + where, data={"csrf": secret, **fields}, timeout=TIMEOUT)


@pytest.mark.parametrize("email", ROLES)
def test_every_page_of_every_role(console: Console, email: str) -> None:
    """A rep, a manager, a viewer and a RevOps admin, with leads in every state."""
    session = console.served.visitor(email)
    people = console.here.app.ledger.lists.of_leads([LeadKey(str(console.person("Number1")))])
    pages = [one.path for one in MENU]
    pages += [f"/leads/{one.lead}" for one in people]
    pages += ["/leads?standing=late", "/leads?standing=parked", "/leads?owner=x"]
    found = [each for one in pages for each in wrong(get(session, console.served, one).text, one)]
    assert [] == found


def test_every_lead_of_an_afternoon(console: Console) -> None:
    """Routed, touched, unworked, in review, pending approval, disputed: each lead's own page."""
    session = console.served.visitor(QUINN)
    found: list[str] = []
    for person in console.journal.people:
        found += wrong(get(session, console.served, f"/leads/{person}").text, f"lead {person}")
    assert [] == found


def test_every_cut_and_list_of_the_funnel(console: Console) -> None:
    """By each dimension, and every list that a number leads to."""
    session = console.served.visitor(QUINN)
    found: list[str] = []
    lists: set[str] = set()
    for cut in ("segment", "territory", "source", "tier", "rep", "rule", "week"):
        html = get(session, console.served, f"/funnel?days=7&by={cut}").text
        found += wrong(html, f"funnel by {cut}")
        lists |= {
            one.replace("&amp;", "&") for one in re.findall(r'href="(/leads\?behind[^"]+)', html)
        }
    for one in sorted(lists)[:40]:
        found += wrong(get(session, console.served, one).text, "list")
    assert [] == found


def proposals(console: Console) -> Iterator[tuple[str, dict[str, str]]]:
    """Everything that can be asked for, and of whom."""
    person = console.person
    yield (
        f"/leads/{person('Number6')}",
        {"ability": "hold", "until": "2d", "reason": "asked for it"},
    )
    yield f"/leads/{person('Number7')}", {"ability": "snooze", "lasting": "1h"}
    yield f"/leads/{person('Number7')}", {"ability": "give", "to": KATE, "reason": "knows them"}
    yield f"/leads/{person('Number8')}", {"ability": "gate_again"}
    yield f"/leads/{person(WAITING)}", {"ability": "approve"}
    yield f"/leads/{person(WAITING)}", {"ability": "deny"}
    yield "/system", {"ability": "pause", "scope": "worker", "reason": "maintenance"}
    yield "/system", {"ability": "pause", "scope": "Hand-raisers", "reason": "maintenance"}


def test_every_proposal_names_what_will_happen(console: Console) -> None:
    """Before, once it was canceled, and where it is listed; nothing is changed by reading it."""
    session, found = console.served.visitor(QUINN), list[str]()
    headlines: list[str] = []
    for where, fields in proposals(console):
        shown = post(session, console.served, f"{where}/propose", **fields)
        found += wrong(shown.text, str(fields))
        headlines += re.findall(r"<h1>(.*?)</h1>", shown.text)
        found += wrong(get(session, console.served, "/waiting").text, "/waiting")
        address = shown.url.removeprefix(console.served.url)
        found += wrong(post(session, console.served, address, word="no").text, "canceled")
        found += wrong(get(session, console.served, address).text, "canceled before")
    assert [] == found
    assert [
        "Put Dana Number6 on hold",
        "Snooze reminders for Dana Number7",
        "Reassign Dana Number7 to Kate Molloy",
        "Run checks again for Dana Number8",
        f"Approve assignment of Dana {WAITING}",
        f"Deny assignment of Dana {WAITING}",
        "Pause the worker",
        "Pause Hand-raisers",
    ] == headlines


def test_every_error_says_what_to_do(console: Console) -> None:
    """Refused, missing, too old, too large, of another site: signed in and not."""
    served, session, rep = (
        console.served,
        console.served.visitor(QUINN),
        console.served.visitor(ANA),
    )
    lead = f"/leads/{console.person(DISPUTED)}/propose"
    pages: Mapping[str, requests.Response] = {
        "no page": get(session, served, "/nowhere"),
        "no lead": get(session, served, "/leads/999999"),
        "no role": get(rep, served, "/system"),
        "no version": get(session, served, "/policy/versions/x"),
        "no test": get(session, served, "/policy/tries/x"),
        "no request": get(session, served, "/proposals/x"),
        "old form": session.post(f"{served.url}/leads/search", data={}, timeout=TIMEOUT),
        "no field": post(session, served, lead, ability="give"),
        "no act": post(session, served, lead, ability="erase"),
        "no person": get(session, served, "/leads?owner=x"),
        "no dispute": post(session, served, "/disputes/x", verb="keep"),
        "no verb": post(session, served, "/disputes/x", verb="burn"),
        "no trial": post(session, served, "/policy/rollback", because="so"),
        "no date": get(session, served, "/cohorts?after=soon"),
        "no group": get(session, served, "/cohorts?how=group&treated=x"),
        "other site": session.post(
            f"{served.url}/leads/search", headers={"Origin": "http://x.example"}, timeout=TIMEOUT
        ),
        "other name": session.get(served.url, headers={"Host": "x.example"}, timeout=TIMEOUT),
        "too large": session.post(
            f"{served.url}/leads/search", data=b"x" * 2_000_001, timeout=TIMEOUT
        ),
        "nobody to become": post(session, served, "/become", email="x"),
    }
    assert [] == [each for name, one in pages.items() for each in wrong(one.text, name)]


def test_a_policy_is_tested_in_words(console: Console) -> None:
    """With its errors, with its outcome, and beside another version."""
    session, served = console.served.visitor(QUINN), console.served
    html = get(session, served, "/policy").text
    text = re.findall(r'<textarea name="policy"[^>]*>(.*?)</textarea>', html, re.DOTALL)[0]
    text = (
        text.replace("&#34;", '"').replace("&#39;", "'").replace("&gt;", ">").replace("&lt;", "<")
    )
    broken = post(session, served, "/policy/tries", policy=text.replace("review", "nowhere", 1))
    longer = text.replace("first_touch: 30m", "first_touch: 45m")
    tested = post(session, served, "/policy/tries", policy=longer)
    served.office.tries.get(tested.url.rpartition("/")[2])
    version = console.here.app.ledger.workings.policies()[-1].version
    pages = (broken, tested, get(session, served, tested.url.removeprefix(served.url)))
    compared = get(session, served, f"/policy/versions/{version}")
    assert [] == [each for one in (*pages, compared) for each in wrong(one.text, one.url)]


def test_a_comparison_of_groups(hall: Hall) -> None:
    """By group and by date: what can be claimed and what can't."""
    session = hall.served.visitor(QUINN)
    pages = (path(how="group", treated=US), path(after="2026-11-20"), path(after="2020-01-01"))
    assert [] == [each for one in pages for each in wrong(get(session, hall.served, one).text, one)]


def test_empty_pages_and_the_entrance(tmp_path: Path) -> None:
    """Before the first lead and the first run, and for somebody who must sign in."""
    found: list[str] = []
    with town(tmp_path) as here:
        with serving(here.app) as served:
            session = served.visitor(QUINN)
            pages = [*(one.path for one in MENU), "/leads?behind=x", "/leads?search=x"]
            for one in pages:
                found += wrong(get(session, served, one).text, f"empty {one}")
        with serving(here.app, "http://127.0.0.1:{port}") as served:
            stranger, visits = served.visitor(), here.app.ledger.visits
            token = make_token(visits, "gone@meridian.example", served.office.door.now())
            data = {"token": "guess", "to": "/"}
            answers = {
                "entrance": get(stranger, served, "/"),
                "wrong token": stranger.post(f"{served.url}/enter", data=data, timeout=TIMEOUT),
                "no session": stranger.post(f"{served.url}/leads/search", timeout=TIMEOUT),
                "not a user": stranger.post(
                    f"{served.url}/enter", data={"token": token, "to": "/"}, timeout=TIMEOUT
                ),
            }
            found += [each for name, one in answers.items() for each in wrong(one.text, name)]
    assert [] == found


def test_why_slack_lets_nobody_in() -> None:
    """Another workspace, an address that is not verified, a guest, and nobody of the policy."""
    cases: tuple[Mapping[str, Any], ...] = (
        {"is_ours": False, "is_verified": True},
        {"is_ours": True, "is_verified": False},
        {"is_ours": True, "is_verified": True},
        {"is_ours": True, "is_verified": True, "barred": "is a guest in Slack"},
    )
    told = [slack.why_not(Identity(email="x@x.example", **one)) for one in cases]
    assert [] == [each for one in told for each in wrong(one, "sign-in")]
    assert 4 == len(set(told))


@pytest.mark.parametrize(
    ("codes", "table"),
    [
        (CycleStatus, labels.STATUSES),
        (Standing, labels.LISTS),
        (Order, labels.ORDERS),
        (Outcome, labels.OUTCOMES),
        (TriggerKind, labels.TRIGGERS),
        (Dimension, labels.DIMENSIONS),
        (Move, labels.MOVES),
        (State, labels.PUBLICATIONS),
        (Source, labels.SOURCES),
        (tuple(sorted(CHANGES)), labels.ACTS),
        (tuple(kind.action.model_fields["kind"].default for kind in KINDS), labels.UPDATES),
    ],
)
def test_every_code_that_a_page_shows_has_a_label(
    codes: Iterable[str], table: Mapping[str, object]
) -> None:
    """A page that meets a new code without one would fail only when somebody opens it."""
    assert [] == [code for code in codes if code not in table]


def test_labels_of_every_code() -> None:
    """Each table of labels, each reason why a lead is blocked, and the words of a chart."""
    tables = [one for name, one in vars(labels).items() if name.isupper()]
    told = [str(text) for one in tables for text in one.values()]
    told += [*names.UPDATES.values(), *names.UPDATED.values(), *names.UPDATE_STATES.values()]
    told += [names.blocked(code) for code in (*CheckCode, "APPROVAL", "SALESFORCE")]
    told += [names.blocked(f"REQUIRED_FIELDS ({FieldName.COUNTRY}, {FieldName.LAST_NAME})")]
    told += [names.leak(Leak(kind, (), CheckCode.IDENTITY)) for kind in LeakKind]
    told += [*names.TALLIES.values(), *map(names.publication_state, State)]
    told += [names.group(Dimension.TRIGGER, kind) for kind in TriggerKind]
    series = tuple(Series(name=kind, values=(1,)) for kind in Fate)
    told.append(Chart(title="Assigned leads by day", labels=("Nov 23",), series=series).alt)
    assert [] == [each for one in told for each in wrong(one, one)]


def test_help_texts_of_metrics(console: Console) -> None:
    """Those of the ledger and those of calls, as an operator's dashboard shows them."""
    collectors = (LedgerCollector(console.here.app), Watch().registry)
    told = [one.documentation for each in collectors for one in each.collect()]
    assert [] == [each for one in told for each in hits(one, one, "operators")]
    assert all(one.endswith(".") for one in told)


def test_the_history_of_a_lead_has_zones_and_lengths(console: Console) -> None:
    """Every time has its zone; lengths of time read like those of pages."""
    found: list[str] = []
    lengths: list[str] = []
    for person in console.journal.people:
        told = str(lead_history.tell(console.here.app.ledger, LeadKey(str(person)), "Europe/Paris"))
        own = "\n".join(line for line in told.splitlines() if "routing time" not in line)
        found += [str(one) for one in zoneless(own, f"lead {person}")]
        lengths += re.findall(r"Routing time .*", told)
    assert [] == found
    assert lengths
    assert all(re.fullmatch(r"Routing time [\d dhmin]+; .*", one) for one in lengths)


@pytest.mark.parametrize(
    ("count", "expected"), [(1, "1 open lead"), (2, "2 open leads"), (1200, "1,200 open leads")]
)
def test_counts_have_real_plurals(count: int, expected: str) -> None:
    """With their thousands apart."""
    assert expected == words.plural(count, "open lead")
