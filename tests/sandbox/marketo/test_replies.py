"""Every endpoint of the sandbox's Marketo answers with the keys that Adobe requires."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests

from sandbox.http.message import Json
from sandbox.marketo.routes import ROUTES
from sandbox.people import roster
from sandbox.state.world import World
from tests.support.marketo_replies import (
    ASSET_ENVELOPE,
    ENVELOPE,
    FILE,
    IDENTITY,
    NOTHING,
    REPLIES,
    required,
)
from tests.support.subscription import Subscription, subscribed

NO_METADATA = "customobjects/schema"
"""Refused for every subscription of this type, as the documentation says (error 616)."""
SPAN = {"startAt": "2026-11-01T00:00:00Z", "endAt": "2026-11-30T00:00:00Z"}
LEADS = {"fields": ["id", "email"], "filter": {"createdAt": SPAN}}
CSV = "email,numberOfEmployees\nnew@x.io,7\nodd@x.io,many\nwrong,1\n"
TYPE = {
    "apiName": "attendTalk",
    "name": "Attend Talk",
    "triggerName": "Attends Talk",
    "filterName": "Attended Talk",
    "primaryAttribute": {"apiName": "talk", "name": "Talk"},
}
FOLDER = '{"id": 1, "type": "Folder"}'
ACME = {"filterType": "name", "filterValues": "Acme"}
FIELD = {"displayName": "Shoe Size", "name": "shoeSize", "dataType": "integer"}


class Caller:
    """Calls endpoints by their templates, and keeps what they answered."""

    def __init__(self, here: Subscription) -> None:
        self.here = here
        self.answers: dict[str, requests.Response] = {}

    def __call__(
        self,
        endpoint: str,
        *blanks: object,
        json: Json = None,
        **more: Any,  # noqa: ANN401  (as requests)
    ) -> Any:  # noqa: ANN401  (JSON)
        """Call `GET lead/{id}` with its blanks filled in; returns the first item of `result`."""
        method, _, template = endpoint.partition(" ")
        path = template if template.startswith("/") else f"/rest/v1/{template}"
        for blank in blanks:
            before, _, rest = path.partition("{")
            path = f"{before}{blank}{rest.partition('}')[2]}"
        answer = self.here.call(method, f"{path}.json", json=json, **more)
        self.answers[endpoint] = answer
        is_json = answer.headers["content-type"].startswith("application/json")
        told: Json = answer.json() if is_json else {}
        return told["result"][0] if told.get("result") else told


def _leads(call: Caller) -> int:
    call("POST leads", json={"input": [{"email": f"{name}@x.io"} for name in "abcd"]})
    ids = [row["id"] for row in call.answers["POST leads"].json()["result"]]
    call("GET lead/{id}", ids[0])
    call("GET leads", params={"filterType": "email", "filterValues": "a@x.io"})
    call("POST leads/{id}/associate", ids[0], params={"cookie": "id:1&token:_mch"})
    call("POST leads/push", json={"programName": "Routing", "input": [{"email": "e@x.io"}]})
    form = {"leadFormFields": {"email": "f@x.io"}}
    call("POST leads/submitForm", json={"formId": 1, "input": [form]})
    call("POST leads/{id}/merge", ids[0], params={"leadId": ids[1]})
    call("GET leads/describe")
    call("GET leads/describe2")
    call("GET leads/partitions")
    call("POST leads/partitions", json={"input": [{"id": ids[0], "partitionName": "Partner"}]})
    call("POST leads/delete", json={"input": [{"id": ids[2]}]})
    call("DELETE leads", params={"id": ids[3]})
    return int(ids[0])


def _fields(call: Caller) -> None:
    for place in ("leads", "programs/members"):
        call(f"POST {place}/schema/fields", json={"input": [FIELD]})
        call(f"GET {place}/schema/fields")
        call(f"GET {place}/schema/fields/{{name}}", "shoeSize")
        change = {"input": [{"description": "EU"}]}
        call(f"POST {place}/schema/fields/{{name}}", "shoeSize", json=change)
    call("GET programs/members/describe")
    call("GET program/members/describe")


def _lists(call: Caller, lead: int) -> int:
    asset = "/rest/asset/v1"
    made = call(f"POST {asset}/staticLists", data={"name": "L", "folder": FOLDER})["id"]
    call(f"GET {asset}/staticLists")
    call(f"GET {asset}/staticList/byName", params={"name": "L"})
    call(f"GET {asset}/staticList/{{id}}", made)
    call(f"POST {asset}/staticList/{{id}}", made, data={"description": "d"})
    call("POST lists/{id}/leads", made, params={"id": lead})
    call("GET lists")
    call("GET lists/{id}", made)
    call("GET list/{id}/leads", made)
    call("GET lists/{id}/leads", made)
    call("GET lists/{id}/leads/ismember", made, params={"id": lead})
    call("GET leads/{id}/listMembership", lead)
    return made


def _unlist(call: Caller, lead: int, made: int) -> None:
    call("DELETE lists/{id}/leads", made, params={"id": lead})
    call("POST /rest/asset/v1/staticList/{id}/delete", made)


def _programs(call: Caller, lead: int) -> None:
    members = {"input": [{"leadId": lead}]}
    call("POST programs/{id}/members/status", 1000, json=members | {"statusName": "Invited"})
    older = {"status": "Registered", "input": [{"id": lead}]}
    call("POST leads/programs/{id}/status", 1000, json=older)
    change = {"input": [{"leadId": lead, "registrationCode": "7"}]}
    call("POST programs/{id}/members", 1000, json=change)
    asked = {"filterType": "leadId", "filterValues": lead}
    call("GET programs/{id}/members", 1000, params=asked)
    call("GET leads/programs/{id}", 1000)
    call("GET leads/{id}/programMembership", lead)
    call("POST programs/{id}/members/delete", 1000, json=members)
    asset = "/rest/asset/v1"
    call(f"GET {asset}/programs")
    call(f"GET {asset}/program/byName", params={"name": "Routing", "includeTags": "true"})
    call(f"GET {asset}/program/byTag", params={"tagType": "Region", "tagValue": "AMER"})
    call(f"GET {asset}/program/{{id}}", 1000)
    call(f"GET {asset}/channels")
    call(f"GET {asset}/channel/byName", params={"name": "Webinar"})
    call(f"GET {asset}/tagTypes")
    call(f"GET {asset}/tagType/byName", params={"name": "Region"})
    call(f"GET {asset}/smartLists")
    call(f"GET {asset}/smartList/byName", params={"name": "Goers"})
    call(f"GET {asset}/smartList/{{id}}", 7)
    for none in ("segmentation", "emails"):
        call(f"GET {asset}/{none}")
    call(f"GET {asset}/folder/{{id}}/tokens", 1)


def _campaigns(call: Caller, lead: int) -> None:
    asset = "/rest/asset/v1"
    call("GET campaigns")
    call("GET campaigns/{id}", 1000)
    call("POST campaigns/{id}/trigger", 1000, json={"input": {"leads": [{"id": lead}]}})
    call("POST campaigns/{id}/schedule", 1002, json={"input": {}})
    call("GET leads/{id}/smartCampaignMembership", lead)
    call(f"GET {asset}/smartCampaigns")
    call(f"GET {asset}/smartCampaign/byName", params={"name": "Old sync"})
    call(f"GET {asset}/smartCampaign/{{id}}", 1001)
    call(f"POST {asset}/smartCampaign/{{id}}/activate", 1001)
    call(f"POST {asset}/smartCampaign/{{id}}/deactivate", 1001)


def _types(call: Caller) -> None:
    one, attribute = (
        "activities/external/type/{name}",
        {"attributes": [{"apiName": "seat", "name": "Seat"}]},
    )
    call("POST activities/external/type", json=TYPE)
    call(f"POST {one}", "attendTalk", json={"description": "A talk"})
    call(f"POST {one}/approve", "attendTalk")
    for what in ("create", "update", "delete"):
        call(f"POST {one}/attributes/{what}", "attendTalk", json=attribute)
    call(f"POST {one}/discardDraft", "attendTalk")
    call(f"GET {one}/describe", "attendTalk")
    call("GET activities/external/types")
    call("GET activities/types")


def _activities(call: Caller, lead: int) -> None:
    number = call("GET activities/external/type/{name}/describe", "attendTalk")["id"]
    done = {"leadId": lead, "activityTypeId": number, "activityDate": "2026-11-20T08:00:00Z"}
    call("POST activities/external", json={"input": [done | {"primaryAttributeValue": "Talk"}]})
    since = {"sinceDatetime": "2026-11-20T00:00:00Z"}
    token = call("GET activities/pagingtoken", params=since)["nextPageToken"]
    call("GET activities", params={"nextPageToken": token, "activityTypeIds": "12,13"})
    call("GET activities/leadchanges", params={"nextPageToken": token, "fields": "email"})
    call("GET activities/deletedleads", params={"nextPageToken": token})
    call("POST activities/external/type/{name}/delete", "attendTalk")


def _objects(call: Caller, lead: int) -> None:
    role = {"externalOpportunityId": "O1", "leadId": lead, "role": "Captain"}
    rows: Mapping[str, tuple[dict[str, Json], dict[str, Json]]] = {
        "companies": ({"externalCompanyId": "C1"}, {"filterType": "company", "filterValues": "A"}),
        "opportunities": (
            {"externalOpportunityId": "O1"},
            {"filterType": "dedupeFields", "filterValues": "O1"},
        ),
        "opportunities/roles": (role, {"filterType": "leadId", "filterValues": lead}),
        "salespersons": (
            {"externalSalesPersonId": "S1"},
            {"filterType": "dedupeFields", "filterValues": "S1"},
        ),
        "namedaccounts": ({"name": "Acme"}, ACME),
        "customobjects/{name}": ({"vin": "V1"}, {"filterType": "vin", "filterValues": "V1"}),
    }
    for place, (row, asked) in rows.items():
        blank = ["car"] if "{name}" in place else []
        more = {"company": "A"} if place == "companies" else {}
        call(f"POST {place}", *blank, json={"input": [row | more]})
        call(f"GET {place}", *blank, params=asked)
        call(f"GET {place}/describe", *blank)
        if place in ("companies", "opportunities", "namedaccounts"):
            call(f"GET {place}/schema/fields")
            call(f"GET {place}/schema/fields/{{name}}", next(iter(row)))
    _account_lists(call)
    for place, (row, _) in reversed(rows.items()):
        call(f"POST {place}/delete", *(["car"] if "{name}" in place else []), json={"input": [row]})
    call("GET customobjects")


def _account_lists(call: Caller) -> None:
    made = call("POST namedAccountLists", json={"input": [{"name": "Key"}]})["marketoGUID"]
    call("GET namedAccountLists", params={"filterType": "dedupeFields", "filterValues": "Key"})
    account = {"input": [{"marketoGUID": call("GET namedaccounts", params=ACME)["marketoGUID"]}]}
    one = "namedAccountList/{name}/namedAccounts"
    call(f"POST {one}", made, json=account)
    call(f"GET {one}", made)
    call(f"POST {one}/remove", made, json=account)
    call("POST namedAccountLists/delete", json={"input": [{"name": "Key"}]})


def _bulk(call: Caller) -> None:
    one = "/bulk/v1/{bulk}/export"
    export = call(f"POST {one}/create", "leads", json=LEADS)["exportId"]
    call(f"POST {one}/{{export}}/enqueue", "leads", export)
    batch = call("POST /bulk/v1/leads", params={"format": "csv"}, files={"file": ("l.csv", CSV)})
    status = {"format": "csv", "programMemberStatus": "Invited"}
    members = "/bulk/v1/program/{id}/members/import"
    member = call(f"POST {members}", 1000, params=status, files={"file": ("m.csv", CSV)})
    cars = "/bulk/v1/customobjects/{name}/import"
    car = call(f"POST {cars}", "car", files={"file": ("c.csv", "vin\nV9\n")})
    call.here.pass_time(minutes=5)
    for what in ("status", "failures", "warnings"):
        call(f"GET /bulk/v1/program/members/import/{{id}}/{what}", member["batchId"])
        call(f"GET {cars}/{{id}}/{what}", "car", car["batchId"])
    call(f"GET {one}/{{export}}/status", "leads", export)
    call(f"GET {one}/{{export}}/file", "leads", export)
    call(f"GET {one}", "leads")
    other = call(f"POST {one}/create", "leads", json=LEADS)["exportId"]
    call(f"POST {one}/{{export}}/cancel", "leads", other)
    for what in ("", "/failures", "/warnings"):
        call(f"GET /bulk/v1/leads/batch/{{id}}{what}", batch["batchId"])


@pytest.fixture(scope="module")
def answers() -> Iterator[Mapping[str, requests.Response]]:
    """What each endpoint answered when all of it was used once, in a subscription without CRM."""
    world = World()
    roster.settle(world)
    with subscribed(world) as here:
        here.setting(crm=False)
        here.put(
            "marketo.custom_object", car={"dedupeFields": ["vin"], "fields": {"vin": "string"}}
        )
        here.put("marketo.smart_list", **{"7": {"id": 7, "name": "Goers", "rule": {"list": "L"}}})
        call = Caller(here)
        lead = _leads(call)
        _fields(call)
        made = _lists(call, lead)
        _programs(call, lead)
        _campaigns(call, lead)
        _unlist(call, lead, made)
        _types(call)
        _activities(call, lead)
        _objects(call, lead)
        _bulk(call)
        for what in ("usage", "errors"):
            call(f"GET stats/{what}")
            call(f"GET stats/{what}/last7days")
        yield call.answers


def _name(method: str, path: str) -> str:
    return f"{method} {path.removeprefix('/rest/v1/').removesuffix('.json')}"


def test_every_endpoint_is_described() -> None:
    """Of each one in the sandbox it is known what it must answer, and the other way round."""
    there = {_name(route.method, route.path) for route in ROUTES if NO_METADATA not in route.path}
    assert set(REPLIES) == there


@pytest.mark.parametrize("endpoint", REPLIES)
def test_a_reply_has_the_required_keys(
    answers: Mapping[str, requests.Response], endpoint: str
) -> None:
    """The envelope's, and those of each item of its result, of which there is at least one."""
    answer = answers[endpoint]
    if REPLIES[endpoint] == FILE:
        kind = answer.headers["content-type"].partition(";")[0]
        assert (answer.status_code, kind) in {(200, "text/csv"), (404, "text/plain")}
        return
    assert 200 == answer.status_code
    told = answer.json()
    is_asset = "/asset/" in endpoint
    assert (ASSET_ENVELOPE if is_asset else ENVELOPE) <= set(told)
    assert True is told["success"]
    if REPLIES[endpoint] == NOTHING:
        assert "result" not in told
        return
    assert told["result"]
    missing = [required(endpoint) - set(item) for item in told["result"]]
    assert [frozenset()] * len(missing) == missing


def test_identity_has_the_required_keys() -> None:
    """Those of a token's answer."""
    with subscribed(World()) as here:
        assert IDENTITY == set(here.sign_in())
