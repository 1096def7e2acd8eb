"""Smart campaigns: requests, batches, flow steps, webhooks, and other people's flow steps."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from sandbox.http.message import Json
from sandbox.marketo.campaigns import flows
from sandbox.marketo.lead_database import people
from sandbox.people import roster
from sandbox.salesforce.store import records
from sandbox.state.world import Row, World
from tests.support.subscription import Subscription, code, codes, subscribed

Answer = tuple[int, str]
PATIENCE_SECONDS = 30


@pytest.fixture
def here() -> Iterator[Subscription]:
    """A subscription of its own, next to Meridian's Salesforce."""
    world = World()
    roster.settle(world)
    with subscribed(world) as here:
        yield here


@dataclass
class Service:
    """Somebody's web service: what it was asked, and what it answers by path."""

    url: str = ""
    asked: list[tuple[str, dict[str, str], str]] = field(
        default_factory=list[tuple[str, dict[str, str], str]]
    )
    answers: dict[str, Callable[[], Answer]] = field(
        default_factory=dict[str, Callable[[], Answer]]
    )

    def bodies(self, path: str) -> list[str]:
        """What came to a path."""
        return [body for where, _, body in self.asked if where == path]


@pytest.fixture
def service() -> Iterator[Service]:
    """A running web service."""
    held = Service()

    class Exchange(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length).decode()
            held.asked.append((self.path, dict(self.headers.items()), body))
            status, text = held.answers.get(self.path, lambda: (404, "none"))()
            with suppress(OSError):  # who asked may have gone
                self.send_response(status)
                self.send_header("content-length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    held.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield held
    server.shutdown()
    server.server_close()
    thread.join()


def wait_until(told: Callable[[], object]) -> None:
    """Wait, by the wall clock, until something is so."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not told():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)


def campaign(here: Subscription, *steps: Row, kind: str = "trigger", **more: Json) -> int:
    """A new campaign with a flow; returns its id."""
    row = here.world.table(flows.CAMPAIGN)["1000"] | {"type": kind, "flow": list(steps)}
    here.put(flows.CAMPAIGN, **{"2000": row | {"id": 2000, "name": "Ours"} | more})
    return 2000


def request(here: Subscription, number: int, *leads: int, **tokens: str) -> Row:
    """Request a campaign, and let the time pass after which its flow begins."""
    given = [{"name": f"{{{{my.{name}}}}}", "value": value} for name, value in tokens.items()]
    body = {"input": {"leads": [{"id": lead} for lead in leads], "tokens": given}}
    answer = here.post(f"campaigns/{number}/trigger", body)
    here.pass_time(seconds=5)
    return answer


def leads_in_salesforce(here: Subscription) -> list[Row]:
    """The Leads there."""
    return list(here.world.table("salesforce.Lead").values())


def test_success_only_means_queued(here: Subscription) -> None:
    """The Lead is in Salesforce some seconds later, and the log tells of request and sync."""
    (lead,) = here.persons(1, lastName="L", company="Acme")
    body = {"input": {"leads": [lead], "tokens": []}}
    assert [{"id": 1000}] == here.post("campaigns/1000/trigger", body)["result"]
    assert [] == leads_in_salesforce(here)
    here.pass_time(seconds=5)
    assert ["p0@acme.example"] == [row["Email"] for row in leads_in_salesforce(here)]
    assert ["Sync to Salesforce"] == [one["primary"] for one in here.log(lead, 47)]
    assert ["created"] == [one["Result"] for one in here.log(lead, 19)]
    (member,) = here.get(f"leads/{lead}/smartCampaignMembership")["result"]
    assert 1000 == member["smartCampaignId"]


def test_requests_that_cannot_be(here: Subscription) -> None:
    """Inactive, batch, unknown; too many leads or tokens; a lead or a token's name that is none."""
    (lead,) = here.persons(1)
    assert "1003" == code(request(here, 1001, lead))
    assert "1003" == code(request(here, 1002, lead))
    assert "1013" == code(request(here, 77, lead))
    assert "1003" == code(request(here, 1000))
    assert "1003" == code(request(here, 1000, *[lead] * 101))
    assert "1004" == code(request(here, 1000, lead, 5))
    many = {f"t{number}": "" for number in range(101)}
    assert "1003" == code(request(here, 1000, lead, **many))
    named = {"leads": [{"id": lead}], "tokens": [{"name": "plain", "value": "x"}]}
    assert "1003" == code(here.post("campaigns/1000/trigger", {"input": named}))


def test_a_contact_becomes_a_second_lead_in_a_queue(here: Subscription) -> None:
    """Assigned to a queue, a contact is duplicated; to a user, it stays whose it is."""
    (lead,) = here.persons(1, lastName="L", company="Acme")
    request(here, 1000, lead)
    by = records.find(here.world, "User", Email=roster.SYNC)[0]["Id"]
    made = records.convert_lead(here.world, here.person(lead)["sfdcId"], by=by)
    link = {"sfdcType": "Contact", "sfdcId": made.contact_id, "sfdcContactId": made.contact_id}
    people.change_person(here.world, lead, link, reason="sync", source="sync")
    queue = records.find(here.world, "Group", DeveloperName="EMEA_Inbound")[0]["Id"]
    request(here, campaign(here, {"do": "sync", "queue": "EMEA_Inbound"}), lead)
    assert [queue] == [
        row["OwnerId"] for row in leads_in_salesforce(here) if not row["IsConverted"]
    ]
    request(here, campaign(here, {"do": "sync", "user": "jack.byrne@meridian.example"}), lead)
    refusal = here.log(lead, 19)[-1]
    assert refusal["Reason"].startswith("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY")


def test_a_sync_to_somebody_changes_the_owner(here: Subscription) -> None:
    """An existing lead is given to the user that the flow step names."""
    (lead,) = here.persons(1, lastName="L", company="Acme")
    request(here, 1000, lead)
    request(here, campaign(here, {"do": "sync", "user": "jack.byrne@meridian.example"}), lead)
    jack = records.find(here.world, "User", Email="jack.byrne@meridian.example")[0]["Id"]
    assert [jack] == [row["OwnerId"] for row in leads_in_salesforce(here)]


def test_steps_follow_each_other_in_time(here: Subscription) -> None:
    """What is behind a wait happens after it; who may run once does not run twice."""
    number = campaign(
        here,
        {"do": "change", "field": "leadStatus", "value": "Queued"},
        {"do": "add_to_list", "list": "Route Me"},
        {"do": "wait", "seconds": 60},
        {"do": "score", "by": 10},
        {"do": "status", "program": "Routing", "status": "Invited"},
        {"do": "remove_from_list", "list": "Route Me"},
        runs="once",
    )
    (lead,) = here.persons(1)
    request(here, number, lead)
    route_me = here.get("lists", name="Route Me")["result"][0]["id"]
    assert ("Queued", 1) == (
        here.person(lead)["leadStatus"],
        len(here.get(f"lists/{route_me}/leads")["result"]),
    )
    here.pass_time(seconds=60)
    assert (10, 0) == (
        here.person(lead)["leadScore"],
        len(here.get(f"lists/{route_me}/leads")["result"]),
    )
    assert ["Invited"] == [one["New Status"] for one in here.log(lead, 104)]
    request(here, number, lead)
    here.pass_time(seconds=120)
    assert 10 == here.person(lead)["leadScore"]


def test_a_flow_that_makes_no_sense_ends_in_the_journal(here: Subscription) -> None:
    """Time goes on all the same."""
    request(here, campaign(here, {"do": "dance"}), *here.persons(1))
    (entry,) = [one for one in here.world.journal if one.name == "flow.impossible"]
    assert ("Ours", "KeyError('dance')") == (entry.data["campaign"], entry.data["why"])


def test_a_batch_runs_at_its_time(here: Subscription) -> None:
    """In five minutes at the soonest, two years at the latest; for who is on its list then."""
    (lead,) = here.persons(1)
    step = {"do": "score", "by": 3}
    number = campaign(here, step, kind="batch", smart_list={"list": "Fair"})
    at = (here.world.now + timedelta(minutes=10)).isoformat()
    assert here.post(f"campaigns/{number}/schedule", {"input": {"runAt": at}})["success"]
    assert here.call("POST", f"/rest/v1/campaigns/{number}/schedule.json").json()["success"]
    people.add_to_list(here.world, lead, "Fair")
    here.pass_time(minutes=4, seconds=59)
    assert here.person(lead)["leadScore"] is None
    here.pass_time(seconds=1)
    assert 3 == here.person(lead)["leadScore"]
    here.pass_time(minutes=5)
    assert 6 == here.person(lead)["leadScore"]
    late = (here.world.now + timedelta(days=800)).isoformat()
    assert "1042" == code(here.post(f"campaigns/{number}/schedule", {"input": {"runAt": late}}))
    assert "1003" == code(here.post("campaigns/1000/schedule", {"input": {}}))


def test_a_batch_is_cloned_with_its_program_twenty_times_a_day(here: Subscription) -> None:
    """Each time under a new name."""
    for number in range(20):
        body = {"input": {"cloneToProgramName": f"Copy {number}"}}
        assert here.post("campaigns/1002/schedule", body)["result"][0]["id"] > 1002
    assert 22 == len(here.get("/rest/asset/v1/programs", maxReturn=200)["result"])
    more = {"input": {"cloneToProgramName": "One more"}}
    assert "1020" == code(here.post("campaigns/1002/schedule", more))


def test_campaigns_are_listed_and_switched(here: Subscription) -> None:
    """By name and by whether they can be requested; what is on can't be switched on again."""
    assert ["Nightly"] == [row["name"] for row in here.get("campaigns", name="Nightly")["result"]]
    requestable = here.get("campaigns", isTriggerable="true")["result"]
    assert ["Sync to Salesforce"] == [row["name"] for row in requestable]
    switch = "/rest/asset/v1/smartCampaign/1001"
    assert here.post(f"{switch}/activate")["success"]
    assert "709" == code(here.post(f"{switch}/activate"))
    assert 2 == len(here.get("campaigns", isTriggerable="true")["result"])
    page = here.get("campaigns", batchSize=2)
    rest = here.get("campaigns", batchSize=2, nextPageToken=page["nextPageToken"])
    assert [2, 1] == [len(one["result"]) for one in (page, rest)]


def hook(here: Subscription, service: Service, **more: Json) -> int:
    """A campaign that calls a webhook; returns its id."""
    row = {
        "url": f"{service.url}/route?id={{{{lead.Id}}}}",
        "payload": '{"mail": {{lead.Email Address}}, "note": {{my.note}}, '
        '"x": {{lead.City:default=?}}}',
        "encoding": "JSON",
        "headers": {"X-Secret": "s3cret"},
        "mappings": {"owner.names[1]": "RoutedBy", "owner.score": "LeadScore", "id": "Email"},
    }
    here.put("marketo.webhook", route=row | more)
    return campaign(here, {"do": "webhook", "webhook": "route"}, {"do": "score", "by": 1})


def calls(here: Subscription, lead: int) -> list[Row]:
    """What a person's log says of webhooks."""
    return here.log(lead, 110)


def test_a_webhook_is_sent_and_its_answer_mapped(here: Subscription, service: Service) -> None:
    """Tokens are filled in and quoted, fields have their SOAP names, the flow goes on after."""
    answer = {
        "owner": {"names": ["Ana", "Ben"], "score": 7},
        "id": {"no": "scalar"},
        "count": "12",
    }
    (lead,) = here.persons(1)
    service.answers[f"/route?id={lead}"] = lambda: (200, json.dumps(answer))
    mappings = {
        "owner.names[1]": "City",
        "owner.score": "LeadScore",
        "id": "Email",
        "none[0]": "Title",
        "count": "NumberOfEmployees",
    }
    request(here, hook(here, service, mappings=mappings), lead, note='say "hi"')
    wait_until(lambda: here.person(lead)["leadScore"] == 8)
    ((path, headers, body),) = service.asked
    assert (f"/route?id={lead}", "s3cret", "application/json") == (
        path,
        headers["X-Secret"],
        headers["Content-Type"],
    )
    assert {"mail": "p0@acme.example", "note": 'say "hi"', "x": "?"} == json.loads(body)
    assert ("Ben", "p0@acme.example", None, None) == tuple(
        here.person(lead)[name] for name in ("city", "email", "title", "numberOfEmployees")
    )
    assert [("OK", json.dumps(answer))] == [
        (one["Error Type"], one["Response"]) for one in calls(here, lead)
    ]


def test_a_webhook_can_speak_form_and_xml(here: Subscription, service: Service) -> None:
    """Repeated elements are a list; a value of another type than the field's is not written."""
    (lead,) = here.persons(1)
    answer = "<people><person><city>Bonn</city></person><person><city>Rome</city></person></people>"
    service.answers[f"/route?id={lead}"] = lambda: (201, answer)
    paths = {"people.person[1].city": "City", "people.person[0].city": "LeadScore"}
    form = {"encoding": "FORM", "payload": "mail={{lead.Email Address}}&c={{campaign.name}}"}
    request(here, hook(here, service, response="XML", mappings=paths, **form), lead)
    wait_until(lambda: here.person(lead)["leadScore"] == 1)
    assert "Rome" == here.person(lead)["city"]
    assert ["mail=p0%40acme.example&c=Ours"] == service.bodies(f"/route?id={lead}")


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        (500, '{"owner": {"score": 9}}', "Internal Server Error"),
        (200, "", "1001"),
        (200, "not json", "OK"),
    ],
)
def test_a_webhook_that_fails_changes_nothing(
    here: Subscription, service: Service, status: int, text: str, expected: str
) -> None:
    """The log tells what came, and the flow goes on."""
    (lead,) = here.persons(1)
    service.answers[f"/route?id={lead}"] = lambda: (status, text)
    request(here, hook(here, service), lead)
    wait_until(lambda: here.person(lead)["leadScore"] == 1)
    assert [expected] == [one["Error Type"] for one in calls(here, lead)]


def test_a_slow_webhook_is_given_up(here: Subscription, service: Service) -> None:
    """After the time limit; the next person's call waits for that."""
    here.setting(timeout_seconds=0.2)
    leads = here.persons(2)
    released = threading.Event()
    service.answers[f"/route?id={leads[0]}"] = lambda: (
        (200, "{}") if released.wait(9) else (500, "")
    )
    service.answers[f"/route?id={leads[1]}"] = lambda: (200, '{"owner": {"score": 5}}')
    request(here, hook(here, service), *leads)
    wait_until(lambda: here.person(leads[1])["leadScore"] == 6)
    released.set()
    assert ["Read timed out"] == [one["Error Type"] for one in calls(here, leads[0])]


def test_a_batch_cannot_call_webhooks(here: Subscription, service: Service) -> None:
    """Error 1000, and nothing is sent."""
    (lead,) = here.persons(1)
    people.add_to_list(here.world, lead, "Fair")
    hook(here, service)
    number = campaign(
        here, {"do": "webhook", "webhook": "route"}, kind="batch", smart_list={"list": "Fair"}
    )
    here.post(f"campaigns/{number}/schedule", {"input": {}})
    here.pass_time(minutes=6)
    assert (["1000"], []) == ([one["Error Type"] for one in calls(here, lead)], service.asked)


DEFINITION: Row = {
    "apiName": "routeLead",
    "i18n": {"en_US": {"name": "Route Lead", "triggerName": "Routes", "filterName": "Was Routed"}},
    "primaryAttribute": "queue",
    "invocationPayloadDef": {
        "flowAttributes": [{"apiName": "queue", "dataType": "string", "i18n": {}}],
        "campaignContext": True,
    },
    "callbackPayloadDef": {"attributes": [{"apiName": "rule", "dataType": "string", "i18n": {}}]},
}


def flow_step(here: Subscription, service: Service, **more: Json) -> int:
    """A campaign with a flow step of somebody's service; returns its id."""
    row = {
        "url": service.url,
        "callback": here.url,
        "outgoing": {"Mail": "email"},
        "incoming": {"status": "leadStatus"},
        "auth": {"kind": "apiKey", "name": "X-Key", "value": "k"},
    }
    here.put("marketo.service_step", router=row | more)
    service.answers |= {
        "/getServiceDefinition": lambda: (200, json.dumps(DEFINITION)),
        "/submitAsyncAction": lambda: (201, ""),
        "/status": lambda: (200, "{}"),
    }
    step = {"do": "service", "service": "router", "values": {"queue": "EMEA"}}
    return campaign(here, step, {"do": "score", "by": 1})


def invoked(service: Service) -> Row:
    """The body of the latest invocation, once there is one."""
    wait_until(lambda: service.bodies("/submitAsyncAction"))
    return json.loads(service.bodies("/submitAsyncAction")[-1])


def call_back(body: Row, told: Row, **headers: str) -> int:
    """Call back as a service does; returns the status."""
    given = {"x-api-key": body["apiCallBackKey"], "x-callback-token": body["token"]}
    answer = requests.post(body["callbackUrl"], json=told, headers=given | headers, timeout=9)
    return answer.status_code


def test_a_flow_step_of_somebodys_service(here: Subscription, service: Service) -> None:
    """It is asked for its definition, then for all leads at once; its callback writes and logs."""
    first, second = here.persons(2)
    number = flow_step(here, service)
    request(here, number, first, second)
    body = invoked(service)
    assert ["k", "k"] == [headers.get("X-Key") for _, headers, _ in service.asked]
    assert ("123-ABC-456", {"id": number, "name": "Ours"}) == (
        body["context"]["subscription"]["munchkinId"],
        body["context"]["campaign"],
    )
    expected = {
        "objectType": "lead",
        "objectContext": {"id": first, "Mail": "p0@acme.example"},
        "flowStepContext": {"queue": "EMEA"},
    }
    assert [expected, second] == [
        body["objectData"][0],
        body["objectData"][1]["objectContext"]["id"],
    ]
    told = {
        "munchkinId": "123-ABC-456",
        "defaultValues": {"activityDefaults": {"success": True, "rule": "territory"}},
        "objectData": [
            {"leadData": {"id": first, "status": "Routed", "secret": "no"}},
            {"leadData": {"id": second}, "activityData": {"success": False, "reason": "full"}},
        ],
    }
    assert 200 == call_back(body, told)
    assert ("Routed", 1) == (here.person(first)["leadStatus"], here.person(first)["leadScore"])
    kind = next(
        one["id"] for one in here.get("activities/types")["result"] if one["name"] == "Route Lead"
    )
    assert [{"success": True, "rule": "territory", "primary": "EMEA", "queue": "EMEA"}] == here.log(
        first, kind
    )
    assert ["full"] == [one["reason"] for one in here.log(second, kind)]
    change = here.log(first, 13)[0]
    assert f"Smart Campaign: {number}, Step Seq ID: 1" == change["Reason"]
    assert 404 == call_back(body, told)


def test_callbacks_are_checked(here: Subscription, service: Service) -> None:
    """Token, key, subscription; an error for the whole fails every lead of it."""
    (lead,) = here.persons(1)
    request(here, flow_step(here, service), lead)
    body, ours = invoked(service), {"munchkinId": "123-ABC-456"}
    assert 404 == call_back(body, ours, **{"x-callback-token": "other"})
    assert 401 == call_back(body, ours, **{"x-api-key": "other"})
    assert 400 == call_back(body, {"munchkinId": "999-XXX-999"})
    assert 400 == call_back(body, ours | {"objectData": [7]})
    assert 200 == call_back(body, ours | {"errorCode": "DOWN", "errorMessage": "no database"})
    (entry,) = [one for one in here.world.journal if one.name == "service.activity"]
    assert {"success": False, "reason": "DOWN: no database"} == entry.data["activity"]


def test_a_busy_service_is_asked_again(here: Subscription, service: Service) -> None:
    """429 and 5xx a minute later, three times in all; then the step has failed."""
    (lead,) = here.persons(1)
    number = flow_step(here, service)
    service.answers["/submitAsyncAction"] = lambda: (429, "")
    request(here, number, lead)
    for tries in (1, 2, 3):
        wait_until(lambda tries=tries: len(_deliveries(here, "service.call")) == tries)
        here.pass_time(minutes=1)
    (entry,) = [one for one in here.world.journal if one.name == "service.activity"]
    assert "429 Too Many Requests" == entry.data["activity"]["reason"]
    assert 1 == here.person(lead)["leadScore"]


def _deliveries(here: Subscription, name: str) -> list[Row]:
    return [one.data for one in list(here.world.journal) if one.name == name]


def test_a_service_can_ask_for_oauth_and_is_looked_after(
    here: Subscription, service: Service
) -> None:
    """A token is fetched for each request; every day Marketo asks how it is."""
    auth = {
        "kind": "oauth2",
        "token_url": f"{service.url}/token",
        "client_id": "c",
        "client_secret": "s",
    }
    service.answers["/token"] = lambda: (200, '{"access_token": "t0"}')
    request(here, flow_step(here, service, auth=auth), *here.persons(1))
    invoked(service)
    headers = next(headers for path, headers, _ in service.asked if path == "/submitAsyncAction")
    assert "Bearer t0" == headers["Authorization"]
    here.pass_time(days=1)
    wait_until(lambda: _deliveries(here, "service.status"))
    assert [200] == [one["status"] for one in _deliveries(here, "service.status")]


def test_choices_are_fetched_when_a_service_is_installed(
    here: Subscription, service: Service
) -> None:
    """Of each attribute that has some, at most a thousand."""
    number = flow_step(here, service)
    listed = DEFINITION["invocationPayloadDef"]["flowAttributes"][0] | {"hasPicklist": True}
    asked = DEFINITION["invocationPayloadDef"] | {"flowAttributes": [listed]}
    definition = DEFINITION | {"invocationPayloadDef": asked}
    choice = {"displayValue": {"en_US": "EMEA"}, "submittedValue": "EMEA"}
    service.answers |= {
        "/getServiceDefinition": lambda: (200, json.dumps(definition)),
        "/getPicklist": lambda: (200, json.dumps({"choices": [choice] * 1001})),
    }
    request(here, number, *here.persons(1))
    row = here.world.table("marketo.service_step")["router"]
    wait_until(lambda: "picklists" in row)
    assert [choice] * 1000 == row["picklists"]["queue"]
    assert [{"name": "queue", "type": "flow"}] == [
        json.loads(body) for body in service.bodies("/getPicklist")
    ]


def test_a_definition_that_lacks_something_fails_the_step(
    here: Subscription, service: Service
) -> None:
    """The journal says what."""
    number = flow_step(here, service)
    service.answers["/getServiceDefinition"] = lambda: (200, '{"apiName": "x"}')
    request(here, number, *here.persons(1))
    wait_until(lambda: _deliveries(here, "service.activity"))
    assert _deliveries(here, "service.activity")[0]["activity"]["reason"].startswith(
        "the definition of router lacks i18n, primaryAttribute"
    )
    assert ["created"] == codes(here.post("leads", {"input": [{"email": "b@x.io"}]}))


def test_one_bad_answer_holds_nobody_up(here: Subscription, service: Service) -> None:
    """A service that is removed while it answers is journaled; the next call is made."""
    first, second = here.persons(2)
    number = flow_step(here, service)

    def removed() -> Answer:
        with here.world.lock:
            del here.world.table("marketo.service_step")["router"]
        return 200, json.dumps(DEFINITION)

    service.answers["/getServiceDefinition"] = removed
    request(here, number, first)
    wait_until(lambda: _deliveries(here, "service.definition.unusable"))
    service.answers[f"/route?id={second}"] = lambda: (200, "{}")
    request(here, hook(here, service), second)
    wait_until(lambda: here.person(second)["leadScore"] == 1)
    assert [200] == [one["status"] for one in _deliveries(here, "webhook.call")]
