"""Every row of the fault model has a named profile, and every profile strikes."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

import pytest
import requests

from sandbox import faults
from sandbox.control.client import Control
from sandbox.faults import PROFILES
from sandbox.people import roster
from sandbox.server.instance import Running
from sandbox.slack.events.envelopes import SOCKET
from sandbox.state.world import World
from tests.support.sandbox_vendors import Vendors

Call = Callable[[], object]
MOST_ROUNDS = 60
"""So often is a vendor asked until a fault of chance has struck."""
PATIENCE_SECONDS = 1.0
"""How long a client waits for an answer; some faults hold it back for longer."""

FAULT_MODEL: Mapping[str, tuple[str, ...]] = {
    "Marketo: 601 and 602 in the middle of a batch": (
        "marketo.token_invalid",
        "marketo.token_expires",
    ),
    "Marketo: 604 after the effect": ("marketo.timeout",),
    "Marketo: bursts of 606 and 615": ("marketo.rate_limit", "marketo.concurrency"),
    "Marketo: 607 until midnight US Central": ("marketo.quota",),
    "Marketo: 611, 713": ("marketo.system_error", "marketo.unavailable"),
    "Marketo: HTTP 413, 414, 502, HTML with 200": (
        "marketo.too_large",
        "marketo.uri_too_long",
        "marketo.bad_gateway",
        "marketo.html",
    ),
    "Marketo: rows skipped with 1004, 1006, 1007, 1008": (
        "marketo.gone",
        "marketo.field_renamed",
        "marketo.skips",
        "marketo.no_permission",
    ),
    "Marketo: paging token expired, page repeated or short": (
        "marketo.paging_token",
        "marketo.page_twice",
        "marketo.short_pages",
    ),
    "Marketo: activities late and out of order": (
        "marketo.late_activities",
        "marketo.out_of_order",
    ),
    "Marketo: the sync two hours behind": ("marketo.late_sync",),
    "Salesforce: 401 in the middle of a run": ("salesforce.session_expires",),
    "Salesforce: 403 REQUEST_LIMIT_EXCEEDED": ("salesforce.quota",),
    "Salesforce: 503 before and after the effect": (
        "salesforce.unavailable",
        "salesforce.unavailable_after",
    ),
    "Salesforce: UNABLE_TO_LOCK_ROW, a collection that fails partly": ("salesforce.locked",),
    "Salesforce: 412, and the org's own rule": (
        "salesforce.changed_meanwhile",
        "salesforce.compare_and_set",
    ),
    "Salesforce: deleted or converted between read and write": (
        "salesforce.deleted_meanwhile",
        "salesforce.converted_meanwhile",
    ),
    "Salesforce: inactive owner, queue instead of user": (
        "salesforce.inactive_owner",
        "salesforce.queue_refused",
    ),
    "Salesforce: a human changes the owner just before and just after": (
        "salesforce.taken_just_before",
        "salesforce.taken_just_after",
    ),
    "Salesforce: an assignment rule fires": ("salesforce.assignment_rule",),
    "Salesforce: stale queries": ("salesforce.stale_queries",),
    "Salesforce: a field is hidden": ("salesforce.hidden_field",),
    "Salesforce: the answer lost or cut, the write sent twice": (
        "salesforce.lost_answer",
        "salesforce.truncated",
        "salesforce.twice",
    ),
    "Slack: 429 with seconds, with a date, with nothing": (
        "slack.rate_limit",
        "slack.rate_limit_with_date",
        "slack.rate_limit_without_wait",
    ),
    "Slack: 5xx": ("slack.unavailable",),
    "Slack: internal_error, fatal_error": ("slack.internal_error", "slack.fatal_error"),
    "Slack: posted, then reset or stalled": ("slack.lost_answer", "slack.stalled"),
    "Slack: delivered often, late, out of order; the acknowledgement lost": (
        "slack.delivered_often",
        "slack.delivered_late",
        "slack.out_of_order",
        "slack.unheard",
    ),
    "Slack: archived, not in the channel, deactivated": (
        "slack.archived",
        "slack.not_in_channel",
        "slack.user_deactivated",
    ),
    "Slack: metadata stripped, history behind": ("slack.metadata_stripped", "slack.late_history"),
    "LLM: timeout, past the deadline": ("openai.timeout", "openai.past_deadline"),
    "LLM: 429, no quota, 529": ("openai.rate_limit", "openai.no_quota", "openai.overloaded"),
    "LLM: truncated, broken JSON": ("openai.truncated", "openai.broken_json"),
    "LLM: wrong tool, tool loop": ("openai.wrong_tool", "openai.tool_loop"),
    "LLM: refusal, empty, 200 kB": ("openai.refusal", "openai.empty", "openai.huge"),
    "LLM: lost answer": ("openai.lost_answer",),
    "HTTP: reset before, after, mid-body": (
        "http.resets_before",
        "http.resets_after",
        "http.truncates",
    ),
    "HTTP: late, dripping": ("http.late", "http.slow"),
    "HTTP: answered twice, wrong content": ("http.doubled", "http.wrong_content"),
}
"""What goes wrong outside the worker, and the profiles that make it go wrong. What goes wrong with
the worker's own process, host, clock and configuration is no matter of the sandbox."""


class Traffic:
    """What a client of each vendor does: reads, writes, posts, asks."""

    def __init__(self, running: Running, vendors: Vendors) -> None:
        vendors.timeout = PATIENCE_SECONDS
        self._world = running.world
        self._vendors = vendors
        self._lead = next(iter(running.world.table("salesforce.Lead")))
        users = running.world.table("salesforce.User").values()
        self._owners = [row["Id"] for row in users if row["IsActive"]]
        self._user = next(iter(running.world.table("slack.user")))
        opened = vendors.slack("conversations.open", users=self._user).json()
        self._channel = opened["channel"]["id"]

    def calls(self, vendor: str) -> Iterator[Call]:
        """Calls to a vendor, again and again; to Slack for `http`."""
        makes = {
            "marketo": self._marketo,
            "salesforce": self._salesforce,
            "slack": self._slack,
            "openai": self._openai,
            "http": self._plain,
        }
        for _ in range(MOST_ROUNDS):
            yield from makes[vendor]()

    def _marketo(self) -> Iterator[Call]:
        ask = self._vendors.marketo
        since = {"sinceDatetime": "2026-11-01T00:00:00Z"}
        token = ask("GET", "activities/pagingtoken", params=since).json().get("nextPageToken", "")
        page = {"nextPageToken": token, "activityTypeIds": "12"}
        yield lambda: ask("GET", "activities", params=page)
        yield lambda: ask("GET", "activities", params=page)
        yield lambda: self._vendors.rename("new", "ada@x.example", "bob@x.example")

    def _salesforce(self) -> Iterator[Call]:
        ask, root = self._vendors.salesforce, "/services/data/v67.0"
        for owner in self._owners[:2]:
            row = {"attributes": {"type": "Lead"}, "id": self._lead, "OwnerId": owner}
            write = {
                "method": "PATCH",
                "url": f"{root}/composite/sobjects",
                "referenceId": "w",
                "body": {"records": [row]},
            }
            composite = {"compositeRequest": [write]}
            yield lambda: ask("GET", "query", params={"q": "SELECT Id, Title FROM Lead"})
            yield lambda body=composite: ask("POST", "composite", json=body)

    def _slack(self) -> Iterator[Call]:
        tell = self._vendors.slack
        yield lambda: tell("conversations.open", users=self._user)
        yield lambda: tell("chat.postMessage", channel=self._channel, text="Hello")
        yield lambda: tell("conversations.history", channel=self._channel)
        yield lambda: faults.delivered(self._world, "/interactive", {}, method=SOCKET)

    def _openai(self) -> Iterator[Call]:
        yield lambda: self._vendors.chat("Hello")

    def _plain(self) -> Iterator[Call]:
        yield lambda: self._vendors.slack("auth.test")


@pytest.fixture
def traffic(running: Running, control: Control, vendors: Vendors) -> Traffic:
    """Clients with one lead to work on."""
    values = {"LastName": "Keld", "Company": "Alder", "Email": "keld@x.example"}
    by = f"ana.torres@{roster.DOMAIN}"
    control.act("salesforce.insert", object="Lead", values=values, by=by)
    return Traffic(running, vendors)


def test_every_row_of_the_fault_model_has_profiles() -> None:
    """Each profile belongs to one row, and there is no other profile."""
    named = [name for names in FAULT_MODEL.values() for name in names]
    assert sorted(PROFILES) == sorted(named)


@pytest.mark.parametrize("name", sorted(name for name in PROFILES if PROFILES[name].faults))
def test_every_profile_strikes(world: World, traffic: Traffic, name: str) -> None:
    """Switched on, it strikes what clients do before long, and says so in the journal."""
    ids = faults.add_profile(world, name)
    for call in traffic.calls(name.partition(".")[0]):
        with suppress(requests.RequestException):
            call()
        if any(row["struck"] for row in faults.standing(world).values()):
            break
    assert {entry.data["fault"] for entry in world.journal.select(kind="fault")} & set(ids)


@pytest.mark.parametrize("name", sorted(name for name in PROFILES if PROFILES[name].settings))
def test_a_profile_of_settings_changes_the_world(world: World, name: str) -> None:
    """What it sets is what the vendor goes by from then on."""
    faults.add_profile(world, name)
    made = world.table("sandbox.setting")
    for setting, values in PROFILES[name].settings.items():
        assert values.items() <= made[setting].items()


def test_the_assignment_rule_takes_what_says_nothing(
    world: World, control: Control, vendors: Vendors
) -> None:
    """With that profile a lead that is written without the header goes to the queue."""
    control.strike_by("salesforce.assignment_rule")
    values = {"LastName": "Keld", "Company": "Alder"}
    made = vendors.salesforce("POST", "sobjects/Lead", json=values).json()["id"]
    owner = world.table("salesforce.Lead")[made]["OwnerId"]
    assert "Ops_Review" == world.table("salesforce.Group")[owner]["DeveloperName"]
