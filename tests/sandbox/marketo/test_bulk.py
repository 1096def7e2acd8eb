"""Marketo's bulk extract and import, also by the sequences that tap-marketo and Airbyte follow."""

import csv
import hashlib
import http.client
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
import requests

from sandbox.marketo.lead_database import people
from sandbox.state.world import Row, World
from tests.support.subscription import Subscription, code, codes, subscribed

SPAN = {"startAt": "2026-11-23T00:00:00+00:00", "endAt": "2026-11-24T00:00:00+00:00"}
LEADS = {"format": "CSV", "fields": ["id", "email"], "filter": {"createdAt": SPAN}}
MORNING = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def here() -> Iterator[Subscription]:
    """A subscription of its own."""
    with subscribed(World(now=MORNING)) as here:
        yield here


def create(here: Subscription, kind: str = "leads", **more: object) -> str:
    """A new job; returns its id."""
    made = here.post(f"/bulk/v1/{kind}/export/create", LEADS | more)
    return str(made["result"][0]["exportId"])


def on_job(here: Subscription, verb: str, what: str, job: str, kind: str = "leads") -> Row:
    """Do something with a job; returns what is told of it."""
    answer = here.call(verb, f"/bulk/v1/{kind}/export/{job}/{what}.json").json()
    return answer["result"][0] if answer["success"] else answer


def fetch(here: Subscription, job: str, kind: str = "leads", **headers: str) -> requests.Response:
    """The file of a job."""
    return here.call("GET", f"/bulk/v1/{kind}/export/{job}/file.json", headers=headers)


def extract(here: Subscription, kind: str, body: Row) -> str:
    """Create, enqueue, wait; returns the file."""
    job = create(here, kind, **body)
    on_job(here, "POST", "enqueue", job, kind)
    here.pass_time(minutes=3)
    return fetch(here, job, kind).content.decode()


def test_a_job_goes_through_its_states(here: Subscription) -> None:
    """Created, queued, processing, completed, as minutes go by; the file is there at the end."""
    leads = here.persons(3)
    job = create(here)
    seen = [on_job(here, "GET", "status", job)["status"]]
    seen.append(on_job(here, "POST", "enqueue", job)["status"])
    assert (404, "text/plain") == (
        fetch(here, job).status_code,
        fetch(here, job).headers["content-type"],
    )
    for _ in range(2):
        here.pass_time(minutes=1)
        seen.append(on_job(here, "GET", "status", job)["status"])
    assert ["Created", "Queued", "Processing", "Completed"] == seen
    told, file = on_job(here, "GET", "status", job), fetch(here, job)
    expected = "id,email\n" + "".join(f"{lead},p{n}@acme.example\n" for n, lead in enumerate(leads))
    assert expected.encode() == file.content
    assert (3, len(expected)) == (told["numberOfRecords"], told["fileSize"])
    assert f"sha256:{hashlib.sha256(file.content).hexdigest()}" == told["fileChecksum"]


def test_a_file_is_read_in_parts(here: Subscription) -> None:
    """Ranges as RFC 7233 has them: from the beginning, the middle, the end, and past it."""
    here.persons(5)
    job = create(here)
    on_job(here, "POST", "enqueue", job)
    here.pass_time(minutes=3)
    whole = fetch(here, job).content
    for asked, part in (
        ("bytes=0-9", whole[:10]),
        ("bytes=10-", whole[10:]),
        ("bytes=-7", whole[-7:]),
        (f"bytes=5-{len(whole) + 99}", whole[5:]),
    ):
        answer = fetch(here, job, Range=asked)
        assert (206, part) == (answer.status_code, answer.content)
        assert answer.headers["content-range"].endswith(f"/{len(whole)}")
    assert 416 == fetch(here, job, Range=f"bytes={len(whole)}-").status_code


def test_two_run_and_ten_are_queued(here: Subscription) -> None:
    """The eleventh is refused, a queued one too; free places are given in order."""
    jobs = [create(here) for _ in range(11)]
    for job in jobs[:10]:
        assert "Queued" == on_job(here, "POST", "enqueue", job)["status"]
    assert "1029" == code(on_job(here, "POST", "enqueue", jobs[10]))
    assert "1029" == code(on_job(here, "POST", "enqueue", jobs[0]))
    here.pass_time(minutes=1)

    def states() -> list[str]:
        return [on_job(here, "GET", "status", job)["status"][:4] for job in jobs[:6]]

    assert ["Proc", "Proc", "Queu", "Queu", "Queu", "Queu"] == states()
    assert "Cancelled" == on_job(here, "POST", "cancel", jobs[2])["status"]
    here.pass_time(minutes=1)
    assert ["Comp", "Comp", "Canc", "Proc", "Proc", "Queu"] == states()
    assert "1003" == code(on_job(here, "POST", "cancel", jobs[0]))


def test_the_daily_megabytes_run_out_until_midnight_in_chicago(here: Subscription) -> None:
    """Creating and enqueuing are refused with the sentence that clients look for."""
    here.setting(export_megabytes=0.0001)
    here.persons(10)
    first, second = create(here), create(here)
    on_job(here, "POST", "enqueue", first)
    here.pass_time(minutes=3)
    refused = here.post("/bulk/v1/leads/export/create", LEADS)
    assert ("1029", "Export daily quota 0.0001MB exceeded") == (
        code(refused),
        refused["errors"][0]["message"],
    )
    assert "1029" == code(on_job(here, "POST", "enqueue", second))
    here.pass_time(hours=18)
    here.sign_in()
    assert "Queued" == on_job(here, "POST", "enqueue", second)["status"]


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("leads", {"filter": {}}, "1003"),
        ("leads", {"filter": {"createdAt": SPAN, "updatedAt": SPAN}}, "1003"),
        (
            "leads",
            {"filter": {"createdAt": {"startAt": "2026-01-01", "endAt": "2026-02-02"}}},
            "1003",
        ),
        ("leads", {"filter": {"createdAt": {"startAt": "soon", "endAt": "2026-02-02"}}}, "704"),
        ("leads", {"filter": {"staticListName": "None"}}, "1013"),
        ("leads", {"filter": {"updatedAt": SPAN}}, "1035"),
        ("leads", {"fields": ["nope"]}, "1003"),
        ("leads", {"format": "XML"}, "1003"),
        ("activities", {"fields": [], "filter": {"activityTypeIds": [1]}}, "1003"),
        (
            "activities",
            {"fields": [], "filter": {"createdAt": SPAN, "activityTypeIds": [37]}},
            "1003",
        ),
        ("program/members", {"filter": {"programId": 1}}, "1013"),
        ("program/members", {"filter": {}}, "1003"),
        ("customobjects/none", {}, "1013"),
    ],
)
def test_jobs_that_make_no_sense(here: Subscription, kind: str, body: Row, expected: str) -> None:
    """They are refused when they are created, in a subscription without filters by change."""
    here.setting(corona=False)
    assert expected == code(here.post(f"/bulk/v1/{kind}/export/create", LEADS | body))


def test_formats_headers_and_lists(here: Subscription) -> None:
    """Members of a static and a smart list; tabs and semicolons; renamed columns; null."""
    (lead, _) = here.persons(2, lastName='Says "hi", twice')
    people.add_to_list(here.world, lead, "Fair")
    rule = {"id": 7, "name": "Fair goers", "rule": {"list": "Fair"}}
    here.put("marketo.smart_list", **{"7": rule})
    body = {"fields": ["id", "lastName", "city"], "columnHeaderNames": {"id": "Marketo Id"}}
    tabs = extract(here, "leads", body | {"format": "TSV", "filter": {"staticListName": "Fair"}})
    rows = list(csv.reader(tabs.splitlines(), delimiter="\t"))
    assert [["Marketo Id", "lastName", "city"], [str(lead), 'Says "hi", twice', "null"]] == rows
    semicolons = extract(here, "leads", body | {"format": "SSV", "filter": {"smartListId": 7}})
    assert rows == list(csv.reader(semicolons.splitlines(), delimiter=";"))


def test_program_members_and_custom_objects(here: Subscription) -> None:
    """Fields of lead and membership side by side; of several programs, the program first."""
    leads = here.persons(2)
    members = {"statusName": "Invited", "input": [{"leadId": lead} for lead in leads]}
    here.post("programs/1000/members/status", members)
    here.post("programs/1001/members/status", members | {"statusName": "Attended"})
    body = {"fields": ["email", "statusName"], "filter": {"programIds": [1000, 1001]}}
    file = extract(here, "program/members", body)
    assert ["programId,email,statusName", "1000,p0@acme.example,Invited"] == file.splitlines()[:2]
    narrow = {"programId": 1001, "statusNames": ["Invited"]}
    assert ["email,statusName"] == extract(
        here, "program/members", body | {"filter": narrow}
    ).splitlines()
    here.put("marketo.custom_object", car={"dedupeFields": ["vin"], "fields": {"vin": "string"}})
    here.post("customobjects/car", {"input": [{"vin": "V1"}]})
    cars = extract(here, "customobjects/car", {"fields": ["vin"], "filter": {"updatedAt": SPAN}})
    assert "vin\nV1\n" == cars


def test_jobs_belong_to_who_made_them(here: Subscription) -> None:
    """Another user sees neither job nor file, and lists are of the last seven days."""
    job = create(here)
    other = create(here, "activities", fields=[], filter={"createdAt": SPAN})
    listed = here.get("/bulk/v1/leads/export", status=["Created", "Queued"])["result"]
    assert ([job], []) == (
        [row["exportId"] for row in listed],
        here.get("/bulk/v1/leads/export", status="Failed")["result"],
    )
    assert "1013" == code(on_job(here, "GET", "status", other))
    here.pass_time(days=8)
    here.put("marketo.service", bi={"secret": "s", "user": "bi@x.io"})
    here.sign_in()
    assert [] == here.get("/bulk/v1/leads/export")["result"]
    here.sign_in("bi", "s")
    assert ("1013", 404) == (code(on_job(here, "GET", "status", job)), fetch(here, job).status_code)


def test_a_failed_job_says_so(here: Subscription) -> None:
    """Without a file."""
    here.setting(exports_fail=True)
    job = create(here)
    on_job(here, "POST", "enqueue", job)
    here.pass_time(minutes=3)
    told = on_job(here, "GET", "status", job)
    assert ("Failed", "Internal error", 404) == (
        told["status"],
        told["errorMsg"],
        fetch(here, job).status_code,
    )


def test_the_sequence_of_tap_marketo(here: Subscription) -> None:
    """Usage, a probe for `updatedAt` that is cancelled, export, list of jobs, one byte, file."""
    (lead,) = here.persons(1)
    people.log_activity(
        here.world, lead, "Visit Webpage", primary="/", attributes={"Webpage URL": "/"}
    )
    assert here.get("stats/usage")["result"][0]["total"] >= 0
    probe = {"startAt": "2026-11-22T12:00:00+00:00", "endAt": "2026-11-22T12:00:01+00:00"}
    probed = here.post("/bulk/v1/leads/export/create", LEADS | {"filter": {"updatedAt": probe}})
    on_job(here, "POST", "cancel", probed["result"][0]["exportId"])
    fields = ["marketoGUID", "leadId", "activityDate", "activityTypeId", "campaignId"]
    fields += ["primaryAttributeValue", "primaryAttributeValueId", "attributes"]
    asked = {"fields": fields, "filter": {"createdAt": SPAN, "activityTypeIds": [1]}}
    job = create(here, "activities", **asked)
    polled: list[str] = []
    while not polled or polled[-1] != "Completed":
        polled.append(on_job(here, "GET", "status", job, "activities")["status"])
        if polled[-1] == "Created":
            on_job(here, "POST", "enqueue", job, "activities")
        here.pass_time(minutes=5)
    states = ["Created", "Queued", "Processing", "Completed"]
    listed = here.get("/bulk/v1/activities/export", status=states)["result"]
    assert [job] == [row["exportId"] for row in listed]
    assert 206 == fetch(here, job, "activities", Range="bytes=0-0").status_code
    head, row = csv.reader(fetch(here, job, "activities").text.splitlines())
    told = dict(zip(head, row, strict=True))
    assert fields == head
    assert (str(lead), "1", "null", "/") == tuple(
        told[name] for name in ("leadId", "activityTypeId", "campaignId", "primaryAttributeValue")
    )
    assert {"Webpage URL": "/"} == json.loads(told["attributes"])


def test_the_sequence_of_airbyte(here: Subscription) -> None:
    """A token by a form, `batchSize` on every call, fields by describe, offsets for programs."""
    form = {
        "grant_type": "client_credentials",
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
    }
    token = requests.post(f"{here.url}/identity/oauth/token", data=form, timeout=9).json()
    here.http.headers["Authorization"] = f"Bearer {token['access_token']}"
    here.persons(2)
    fields = [one["rest"]["name"] for one in here.get("leads/describe")["result"]]
    span = {"startAt": "2026-11-23T00:00:00Z", "endAt": "2026-12-23T00:00:00Z"}
    body = {"format": "CSV", "fields": fields, "filter": {"createdAt": span}}
    made = here.post("/bulk/v1/leads/export/create", body, batchSize=300)["result"][0]
    assert "created" == made["status"].lower()
    here.call("POST", f"/bulk/v1/leads/export/{made['exportId']}/enqueue.json?batchSize=300")
    here.pass_time(minutes=2)
    assert "Completed" == on_job(here, "GET", "status", made["exportId"])["status"]
    rows = list(csv.reader(fetch(here, made["exportId"]).text.splitlines()))
    assert (fields, 2) == (rows[0], len(rows) - 1)
    for path in ("campaigns", "lists", "activities/types"):
        assert "nextPageToken" not in here.get(path, batchSize=300)
    asked = {"maxReturn": 200, "earliestUpdatedAt": "2026-11-01T00:00:00Z"}
    programs = here.get("/rest/asset/v1/programs", **asked, latestUpdatedAt="2026-11-30T00:00:00Z")
    assert ["Routing", "Launch Webinar"] == [row["name"] for row in programs["result"]]
    beyond = here.get("/rest/asset/v1/programs", **asked, offset=200)
    assert ["No assets found for the given search criteria."] == beyond["warnings"]
    assert "result" not in beyond


def test_node_marketo_rest_goes_up_before_it_goes_down(here: Subscription) -> None:
    """It begins at the REST address and asks for `../bulk`, which the path is freed of."""
    where = urlsplit(here.url)
    plain = http.client.HTTPConnection(str(where.hostname), where.port)
    head = {
        "Authorization": str(here.http.headers["Authorization"]),
        "Content-Type": "application/json",
    }
    path = f"{where.path}/rest/../bulk/v1/leads/export/create.json?_method=POST"
    plain.request("POST", path, json.dumps(LEADS), head)
    assert "Created" == json.load(plain.getresponse())["result"][0]["status"]
    plain.close()


def upload(here: Subscription, text: str, name: str = "leads.csv", **asked: object) -> Row:
    """Import a file; returns the answer."""
    files = {"file": (name, text, "text/csv")}
    return here.call("POST", "/bulk/v1/leads.json", params=asked, files=files).json()


def batch(here: Subscription, number: int, what: str = "") -> requests.Response:
    """What is told of an import, or one of its files."""
    return here.call("GET", f"/bulk/v1/leads/batch/{number}{what}.json")


def test_an_import_writes_what_it_can(here: Subscription) -> None:
    """Lines that fail, and those that look wrong, are in files of the same format with a reason."""
    here.persons(1)
    text = "email;lastName;numberOfEmployees;Shoe\np0@acme.example;Known;5;1\n"
    text += "new@x.io;New;many;2\nwrong;Odd;1;3\n"
    people.add_to_list(here.world, here.persons(1, email="z@x.io")[0], "Fair")
    fair = here.get("lists", name="Fair")["result"][0]["id"]
    made = upload(here, text, format="ssv", listId=fair)["result"][0]
    seen, told = [made["status"]], Row()
    for _ in range(2):
        here.pass_time(seconds=20)
        told = batch(here, made["batchId"]).json()["result"][0]
        seen.append(told["status"])
    assert ["Queued", "Importing", "Complete"] == seen
    assert (2, 1, 1) == tuple(
        told[name] for name in ("numOfLeadsProcessed", "numOfRowsFailed", "numOfRowsWithWarning")
    )
    assert (
        "Import completed with errors, 2 records imported (2 members), 1 failed" == told["message"]
    )
    failed = batch(here, made["batchId"], "/failures").text.splitlines()
    assert [
        "email;lastName;numberOfEmployees;Shoe;Import Failure Reason",
        "new@x.io;New;many;2;Invalid data type in field Num Employees",
    ] == failed
    warned = batch(here, made["batchId"], "/warnings").text.splitlines()
    assert "wrong;Odd;1;3;Invalid email address" == warned[1]
    asked = {"filterType": "email", "filterValues": "p0@acme.example,new@x.io,wrong"}
    found = here.get("leads", **asked, fields="lastName,numberOfEmployees")["result"]
    assert [("Known", 5), ("Odd", 1)] == [
        (row["lastName"], row["numberOfEmployees"]) for row in found
    ]
    assert 3 == len(here.get(f"lists/{fair}/leads")["result"])


def test_imports_wait_for_each_other(here: Subscription) -> None:
    """Two at a time, ten in all; a list that is being imported to is taken."""
    people.add_to_list(here.world, here.persons(1)[0], "Fair")
    fair = here.get("lists", name="Fair")["result"][0]["id"]
    rows = "email\na@x.io\n"
    numbers = [upload(here, rows, listId=fair)["result"][0]["batchId"]]
    assert "1019" == code(upload(here, rows, listId=fair))
    numbers += [upload(here, rows)["result"][0]["batchId"] for _ in range(9)]
    assert "1016" == code(upload(here, rows))
    here.pass_time(seconds=20)
    states = [batch(here, one).json()["result"][0]["status"] for one in numbers]
    assert ["Importing"] * 2 + ["Queued"] * 8 == states
    here.pass_time(minutes=5)
    states = [batch(here, one).json()["result"][0]["status"] for one in numbers]
    assert ["Complete"] * 10 == states


def test_an_import_by_id_only_updates(here: Subscription) -> None:
    """And without the column that leads are known by, every line fails."""
    (lead,) = here.persons(1)
    text = f"id,lastName,doNotCall\n{lead},Byron,true\n5,Nobody,\n"
    by_id = upload(here, text, lookupField="id")["result"][0]["batchId"]
    wrong = upload(here, "mail,lastName\na@x.io,A\n")["result"][0]["batchId"]
    here.pass_time(minutes=1)
    told = batch(here, by_id).json()["result"][0]
    assert (1, 1) == (told["numOfLeadsProcessed"], told["numOfRowsFailed"])
    assert ("Byron", True) == (here.person(lead)["lastName"], here.person(lead)["doNotCall"])
    failed = batch(here, wrong).json()["result"][0]
    assert (0, 1) == (failed["numOfLeadsProcessed"], failed["numOfRowsFailed"])
    assert 404 == batch(here, wrong, "/warnings").status_code


def test_members_are_imported(here: Subscription) -> None:
    """Leads and the fields of their membership at once; the status must be the channel's."""
    files = {"file": ("m.csv", "email,lastName,registrationCode\na@x.io,A,7\nb@x.io,B,8\n")}
    place = "/bulk/v1/program/1000/members/import.json?format=csv&programMemberStatus="
    assert "1025" == code(here.call("POST", f"{place}Nope", files=files).json())
    assert "701" == code(here.call("POST", place, files=files).json())
    made = here.call("POST", f"{place}Registered", files=files).json()["result"][0]
    assert {"batchId", "importId", "status"} == set(made)
    here.pass_time(minutes=1)
    one = f"/bulk/v1/program/members/import/{made['batchId']}"
    told = here.get(f"{one}/status")["result"][0]
    assert ("Complete", "Import succeeded, 2 records imported (2 members)") == (
        told["status"],
        told["message"],
    )
    asked = {"filterType": "statusName", "filterValues": "Registered", "fields": "registrationCode"}
    found = here.get("programs/1000/members", **asked)["result"]
    assert ["7", "8"] == [row["registrationCode"] for row in found]
    assert "1013" == code(batch(here, made["batchId"]).json())


def test_custom_objects_are_imported(here: Subscription) -> None:
    """A line without its key fails by the word that the documentation shows."""
    fields = {"vin": "string", "price": "currency"}
    here.put("marketo.custom_object", car={"dedupeFields": ["vin"], "fields": fields})
    files = {"file": ("c.csv", "price,vin\n5,V1\n6,\nmuch,V3\n")}
    place = "/bulk/v1/customobjects/car/import"
    made = here.call("POST", f"{place}.json?format=csv", files=files).json()["result"][0]
    assert ("Queued", "car") == (made["status"], made["objectApiName"])
    here.pass_time(minutes=1)
    told = here.get(f"{place}/{made['batchId']}/status")["result"][0]
    assert (1, 2, "import") == (
        told["numOfObjectsProcessed"],
        told["numOfRowsFailed"],
        told["operation"],
    )
    failed = here.call("GET", f"{place}/{made['batchId']}/failures.json").text.splitlines()
    assert ["6,,missing.dedupe.fields", "much,V3,Invalid data type in field price"] == failed[1:]
    (car,) = here.get("customobjects/car", filterType="vin", filterValues="V1", fields="price")[
        "result"
    ]
    assert 5 == car["price"]
    unknown = here.call("POST", "/bulk/v1/customobjects/none/import.json", files=files).json()
    assert "1013" == code(unknown)


def test_imports_that_make_no_sense(here: Subscription) -> None:
    """No file, no such format, list or lookup; a batch is known for seven days."""
    rows = "email\na@x.io\n"
    assert "1003" == code(upload(here, ""))
    assert "1003" == code(upload(here, rows, format="xml"))
    assert "1013" == code(upload(here, rows, listId=5))
    assert "1011" == code(upload(here, rows, lookupField="firstName"))
    number = upload(here, rows)["result"][0]["batchId"]
    here.pass_time(days=8)
    here.sign_in()
    assert "1013" == code(batch(here, number).json())
    assert ["created"] == codes(here.post("leads", {"input": [{"email": "b@x.io"}]}))
