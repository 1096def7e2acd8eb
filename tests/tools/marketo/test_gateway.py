"""The Marketo gateway over real HTTP against the sandbox's Marketo."""

import random
from collections.abc import Callable, Generator
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr

from domain.effects import (
    Applied,
    MirrorActivity,
    MirrorFields,
    Refused,
    RequestSync,
    Stamp,
    Unknown,
)
from domain.errors import QuotaError, RateLimitError, RequestError
from domain.lead.model import FieldName
from domain.ports import Marketing
from domain.values import DecisionId, EffectKey, LeadKey
from sandbox import marketo
from sandbox.http.message import Request, Response
from sandbox.marketo.lead_database import people
from sandbox.server.http_server import Server
from sandbox.state.world import World
from tools.http import CallRecord, Transport
from tools.marketo.client import MarketoAccess, MarketoClient
from tools.marketo.gateway import MarketoGateway
from tools.quota import Budget, Limits

Fault = Callable[[Request], Response | None]
"""Answers in Marketo's place, or None to let Marketo answer."""


class WorldClock:
    """Time as the sandbox's world has it: sleeping moves it on."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> datetime:
        """The world's present."""
        return self._world.now

    def sleep(self, seconds: float) -> None:
        """Let the world's time pass."""
        self._world.advance(timedelta(seconds=seconds))


@pytest.fixture
def world() -> World:
    """A world of its own."""
    return World()


@pytest.fixture
def requests() -> list[Request]:
    """What reached Marketo, oldest first."""
    return []


@pytest.fixture
def faults() -> list[Fault]:
    """What goes wrong; the first that answers does so in Marketo's place."""
    return []


@pytest.fixture
def calls() -> list[CallRecord]:
    """What the client logged."""
    return []


@pytest.fixture
def url(world: World, requests: list[Request], faults: list[Fault]) -> Generator[str]:
    """Where Marketo answers."""
    face = marketo.face(world)

    def watched(request: Request) -> Response:
        requests.append(request)
        for fault in list(faults):
            answer = fault(request)
            if answer is not None:
                faults.remove(fault)
                return answer
        return face(request)

    server = Server(world, {"/marketo": watched})
    server.start()
    yield f"http://127.0.0.1:{server.port}/marketo"
    server.stop()


@pytest.fixture
def gateway(world: World, url: str, calls: list[CallRecord]) -> Generator[Marketing]:
    """The port over that Marketo."""
    clock = WorldClock(world)
    budget = Budget("marketo", clock, Limits())
    jitter = random.Random(1)
    transport = Transport("marketo", clock, jitter, budget=budget, on_call=calls.append)
    access = MarketoAccess(url + "/rest", marketo.CLIENT_ID, SecretStr(marketo.CLIENT_SECRET))
    yield MarketoGateway(MarketoClient(access, transport, clock), clock)
    transport.close()


def refuses(code: str, path: str = "/rest/") -> Fault:
    """Answer one call to a path with a code, executing nothing."""
    failed = {"success": False, "errors": [{"code": code, "message": "injected"}]}
    return lambda request: Response.of(failed) if request.path.startswith(path) else None


def people_in(world: World, count: int) -> list[LeadKey]:
    """So many new persons."""
    values = [{"email": f"p{number}@acme.example", "lastName": "P"} for number in range(count)]
    return [LeadKey(str(people.create_person(world, one))) for one in values]


def stamp(world: World, decision: str = "d-1") -> Stamp:
    """What was decided now."""
    return Stamp(
        decision_id=DecisionId(decision),
        status="assigned",
        reason="Territory EMEA-DACH fits. " * 20,
        rule="territory",
        territory="EMEA-DACH",
        policy_version="abc",
        routed_at=world.now,
        sla_due=world.now + timedelta(hours=4),
    )


def mirrors(world: World, keys: list[LeadKey]) -> dict[EffectKey, MirrorFields]:
    """One mirror per lead, keyed by it."""
    told = stamp(world)
    return {
        EffectKey(key): MirrorFields(
            lead=key, status="assigned", owner_name="Lena Vogel", stamp=told
        )
        for key in keys
    }


def logs(world: World, keys: list[LeadKey]) -> dict[EffectKey, MirrorActivity]:
    """One custom activity per lead, keyed by it."""
    return {
        EffectKey(key): MirrorActivity(
            lead=key, owner_name="Lena Vogel", stamp=stamp(world, f"d-{key}")
        )
        for key in keys
    }


def routed(world: World) -> list[str]:
    """The leads that have a `Lead Routed` activity, one entry for each."""
    rows = world.table(people.ACTIVITY).values()
    return [str(row["leadId"]) for row in rows if row["activityTypeId"] == 100001]


def read_all(gateway: Marketing, since: datetime) -> list[str]:
    """The ids of all form fills since then, however many pages they are on."""
    token, more, found = gateway.start_token(since), True, list[str]()
    while more:
        page = gateway.activities(token, ["Fill Out Form"])
        found += [one.id for one in page.activities]
        token, more = page.token, page.more
    return found


def test_a_form_fill_becomes_a_lead(world: World, gateway: Marketing) -> None:
    """What somebody typed into a form comes out under our names, with the form's name."""
    since = world.now
    form = {"email": "Dana@Acme.example", "lastName": "Fox", "productInterest": "Insights"}
    key = LeadKey(str(people.fill_out_form(world, "Demo Request", form)))
    page = gateway.activities(gateway.start_token(since), ["Fill Out Form"])
    assert [(one.lead, one.name) for one in page.activities] == [(key, "Demo Request")]
    lead = gateway.people([key])[key]
    assert lead.link is None
    assert lead.values == {
        FieldName.EMAIL: "Dana@Acme.example",
        FieldName.LAST_NAME: "Fox",
        FieldName.PRODUCT_INTEREST: "Insights",
    }
    assert gateway.same_email(["dana@acme.example"]) == {"dana@acme.example": (key,)}


def test_the_link_to_salesforce_is_told(world: World, gateway: Marketing) -> None:
    """A synced person names its Salesforce record."""
    synced = {"email": "d@x.io", "sfdcType": "Lead", "sfdcLeadId": "00Q000000000001AAA"}
    key = LeadKey(str(people.create_person(world, {**synced, "sfdcId": synced["sfdcLeadId"]})))
    link = gateway.people([key])[key].link
    assert link is not None
    assert (link.kind, link.record_id) == ("Lead", "00Q000000000001AAA")


def test_activities_are_read_across_pages_and_a_stale_token(
    world: World, gateway: Marketing, faults: list[Fault]
) -> None:
    """700 form fills on three pages, with the access token refused before the second one."""
    since = world.now
    for number in range(700):
        people.fill_out_form(world, "Demo Request", {"email": f"f{number}@acme.example"})
    calls = iter(range(100))
    stale = refuses("601", "/rest/v1/activities.json")
    faults.append(
        lambda request: (
            stale(request)
            if request.path.endswith("/activities.json") and next(calls) == 1
            else None
        )
    )
    found = read_all(gateway, since)
    assert (len(found), len(set(found)), faults) == (700, 700, [])


def test_changes_are_told_under_our_names(world: World, gateway: Marketing) -> None:
    """A change of the country is seen, that of another field is not."""
    (key,) = people_in(world, 1)
    world.advance(timedelta(seconds=5))
    token = gateway.start_token(world.now)
    values = {"country": "Germany", "city": "Bonn"}
    people.change_person(world, int(key), values, reason="r", source="s")
    page = gateway.changes(token, [FieldName.COUNTRY])
    assert [(one.lead, one.attributes) for one in page.activities] == [
        (key, {"country": "Germany"})
    ]


def test_a_thousand_people_are_four_calls(
    world: World, gateway: Marketing, calls: list[CallRecord]
) -> None:
    """300 persons a call."""
    keys = people_in(world, 1000)
    assert set(gateway.people(keys)) == set(keys)
    assert len([one for one in calls if one.template == "/rest/v1/leads.json"]) == 4


def test_long_filters_find_everyone(
    world: World, gateway: Marketing, requests: list[Request]
) -> None:
    """Several hundred addresses travel in a form, and every one is found."""
    emails = [f"somebody.with.a.long.name.{number}@company.example" for number in range(310)]
    for email in emails:
        people.create_person(world, {"email": email})
    assert list(gateway.same_email(emails)) == sorted(emails)
    assert ("POST", {"_method": ["GET"]}) in [(one.method, one.query) for one in requests]


def test_decisions_are_mirrored_in_order(world: World, gateway: Marketing) -> None:
    """301 persons in two calls; one that was deleted meanwhile fails alone."""
    keys = people_in(world, 301)
    people.delete_person(world, int(keys[1]))
    receipts = gateway.mirror_fields(mirrors(world, keys))
    refused = [key for key, one in receipts.items() if isinstance(one, Refused)]
    assert refused == [keys[1]]
    assert all(isinstance(one, Applied) for key, one in receipts.items() if key != keys[1])
    row = world.table(people.PERSON)[keys[300]]
    expected = ("assigned", "Lena Vogel", "EMEA-DACH", "d-1", "2026-11-23T12:00:00Z")
    names = ("routeReadyStatus", "routedOwner", "routedTerritory", "routeDecisionId", "routeSlaDue")
    assert tuple(row[name] for name in names) == expected


def test_a_lost_answer_is_found_again(
    world: World, gateway: Marketing, url: str, faults: list[Fault]
) -> None:
    """502 after the effect: unknown, then found by its decision, so it is there exactly once."""
    face, keys = marketo.face(world), people_in(world, 2)

    def executes_then_fails(request: Request) -> Response | None:
        if not request.path.endswith("/external.json"):
            return None
        face(request)
        return Response(502)

    faults.append(executes_then_fails)
    planned = logs(world, keys)
    receipts = gateway.mirror_activities(planned)
    assert [type(one) for one in receipts.values()] == [Unknown, Unknown]
    world.advance(timedelta(hours=3))
    assert gateway.mirrored(planned, world.now) == set(planned)
    assert routed(world) == keys
    assert url


def test_what_never_arrived_is_not_found(
    world: World, gateway: Marketing, faults: list[Fault]
) -> None:
    """604 before the effect: unknown, and Marketo holds only the ones that did arrive."""
    first, second = people_in(world, 2)
    assert isinstance(gateway.mirror_activities(logs(world, [first]))[EffectKey(first)], Applied)
    faults.append(refuses("604", "/rest/v1/activities/external"))
    receipts = gateway.mirror_activities(logs(world, [second]))
    assert isinstance(receipts[EffectKey(second)], Unknown)
    assert gateway.mirrored(logs(world, [first, second]), world.now) == {first}


def test_a_sync_is_requested_by_the_campaigns_name(world: World, gateway: Marketing) -> None:
    """Everybody is queued once: 100 persons a call, and the answer means queued, not done."""
    keys = people_in(world, 150)
    planned = {EffectKey(key): RequestSync(lead=key, campaign="Sync to Salesforce") for key in keys}
    receipts = gateway.request_sync(planned)
    assert list(receipts.values()) == [Applied(detail="queued")] * 150
    rows = world.table(people.ACTIVITY).values()
    requested = [str(row["leadId"]) for row in rows if row["activityTypeId"] == 47]
    assert requested == keys


def test_an_inactive_campaign_is_not_requested(world: World, gateway: Marketing) -> None:
    """A campaign that isn't active is our setting's mistake."""
    (key,) = people_in(world, 1)
    with pytest.raises(RequestError, match="Old sync"):
        gateway.request_sync({EffectKey(key): RequestSync(lead=key, campaign="Old sync")})


def test_the_rate_limit_is_never_hit(world: World, gateway: Marketing) -> None:
    """120 calls in a row stay within the limit by waiting, not by being refused."""
    began = world.now
    for _ in range(120):
        gateway.start_token(world.now)
    assert world.now - began >= timedelta(seconds=40)
    assert "606" not in str([entry.data for entry in world.journal])


def test_a_rate_limit_that_others_use_up_is_waited_out(world: World, gateway: Marketing) -> None:
    """606 because of other integrations: the call succeeds when the window has passed."""
    world.table("sandbox.setting")["marketo"] = {"calls": 1}
    gateway.start_token(world.now)
    before = world.now
    gateway.start_token(world.now)
    assert world.now - before >= timedelta(seconds=20)


def test_a_limit_of_nothing_is_passed_on(world: World, gateway: Marketing) -> None:
    """When waiting doesn't help, the caller is told for how long to leave Marketo alone."""
    world.table("sandbox.setting")["marketo"] = {"calls": 0}
    with pytest.raises(RateLimitError):
        gateway.start_token(world.now)


def test_the_daily_quota_is_passed_on(world: World, gateway: Marketing) -> None:
    """607 names midnight in Chicago."""
    world.table("sandbox.setting")["marketo"] = {"daily_calls": 0}
    with pytest.raises(QuotaError) as caught:
        gateway.start_token(world.now)
    assert caught.value.until.isoformat() == "2026-11-24T06:00:00+00:00"


def test_secrets_are_never_in_a_url(
    world: World, gateway: Marketing, requests: list[Request]
) -> None:
    """No request has a token or secret in its query, and each but the sign-in has the header."""
    gateway.people(people_in(world, 1))
    secret = marketo.CLIENT_SECRET
    for request in requests:
        assert "access_token" not in request.query
        assert secret not in str(request.query)
    assert [one.headers["authorization"][:7] for one in requests[1:]] == ["Bearer "]


def test_the_sandbox_is_sound(gateway: Marketing) -> None:
    """Everything that routing needs is there, and the clocks agree."""
    assert [one.sentence for one in gateway.examine() if not one.ok] == []
