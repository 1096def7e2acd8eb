"""The rest of Salesforce's protocol over real HTTPS: logins, graphs, trees, duplicates, bulk."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sandbox.http.message import Json
from sandbox.salesforce import CONSUMER_KEY, CONSUMER_SECRET
from sandbox.salesforce.login import sessions
from sandbox.salesforce.rules.duplicates import TABLE, add_rule
from sandbox.salesforce.soap.envelope import PARTNER, read
from sandbox.state.world import Row
from tests.support.orgs import ANA, NOON, ROOT, SELF, Org, running_org

CLIENT = {"client_id": CONSUMER_KEY, "client_secret": CONSUMER_SECRET}
BACK = "https://app.example/back"


@pytest.fixture(scope="module")
def org() -> Iterator[Org]:
    """An org behind its TLS port."""
    with running_org() as org:
        yield org


@pytest.fixture
def alert(org: Org) -> Iterator[str]:
    """A duplicate rule that finds leads and contacts with the same address; its id."""
    rule = add_rule(org.world, "Lead", against=("Lead", "Contact"))
    yield rule
    del org.world.table(TABLE)[rule]


def oauth(org: Org, resource: str, **form: str) -> requests.Response:
    """A call of an endpoint of OAuth."""
    return org.http.post(f"https://{org.host}/services/oauth2/{resource}", data=form, timeout=5)


def authorized(org: Org, **asked: str) -> dict[str, list[str]]:
    """What the browser brings back to the app from the login page."""
    params = {"response_type": "code", "client_id": CONSUMER_KEY, "redirect_uri": BACK, **asked}
    url = f"https://{org.host}/services/oauth2/authorize"
    answer = org.http.get(url, params=params, allow_redirects=False, timeout=5)
    return parse_qs(urlsplit(answer.headers["location"]).query)


def partner(org: Org, operation: str, inner: str, session: str | None = None) -> Json:
    """The result of a call of the SOAP API."""
    token = session or sessions.open_session(org.world, org.ids[SELF])
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header><SessionHeader>'
        f"<sessionId>{token}</sessionId></SessionHeader></e:Header>"
        f'<e:Body><{operation} xmlns="{PARTNER}">{inner}</{operation}></e:Body></e:Envelope>'
    )
    url = f"https://{org.host}/services/Soap/u/64.0"
    told = read(org.http.post(url, data=body, timeout=5).content).arguments
    return told.get("result", told)


def graph(name: str, *nodes: tuple[str, str, str, Row]) -> Row:
    """A graph of requests: reference, method, path and body of each."""
    asked = [
        {"referenceId": ref, "method": method, "url": f"{ROOT}/sobjects/{path}", "body": body}
        for ref, method, path, body in nodes
    ]
    return {"graphId": name, "compositeRequest": asked}


def test_a_code_with_a_proof_key(org: Org) -> None:
    """An app without a secret gets in with the verifier of its challenge, and with no other."""
    digest = hashlib.sha256(b"verifier").digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    for verifier, word in (("another", "error"), ("verifier", "refresh_token")):
        told = authorized(org, code_challenge=challenge, state="s 1")
        assert ["s 1"] == told["state"]
        form = {"client_id": CONSUMER_KEY, "redirect_uri": BACK, "code_verifier": verifier}
        answer = oauth(org, "token", grant_type="authorization_code", code=told["code"][0], **form)
        assert word in answer.json()


def test_a_token_is_looked_at_and_revoked(org: Org) -> None:
    """A session is active until its token is revoked; the identity URL is the org's own."""
    told = oauth(org, "token", grant_type="client_credentials", **CLIENT).json()
    headers = {"Authorization": f"Bearer {told['access_token']}"}
    identity = org.http.get(told["id"], headers=headers, timeout=5).json()
    assert (SELF, org.ids[SELF]) == (identity["username"], identity["user_id"])
    url = f"https://{org.host}/services/oauth2/userinfo"
    assert SELF == org.http.get(url, headers=headers, timeout=5).json()["preferred_username"]
    token = {"token": told["access_token"]}
    assert SELF == oauth(org, "introspect", **CLIENT, **token).json()["username"]
    assert 200 == oauth(org, "revoke", **token).status_code
    assert {"active": False} == oauth(org, "introspect", **CLIENT, **token).json()
    assert "Bad_OAuth_Token" == org.http.get(told["id"], headers=headers, timeout=5).text


def test_a_lead_is_converted_by_soap(org: Org) -> None:
    """A conversion answers with account and contact; one that can't be is an error of its own."""
    lead, other = org.lead("Fox", Company="Fox Co"), org.lead("Hen")
    inner = "<leadConverts><leadId>{}</leadId><convertedStatus>{}</convertedStatus></leadConverts>"
    asked = inner.format(lead, "Closed - Converted") + inner.format(other, "Working")
    done, refused = partner(org, "convertLead", asked)
    assert org.row(lead)["ConvertedContactId"] == done["contactId"]
    assert ("false", "INVALID_STATUS") == (refused["success"], refused["errors"]["statusCode"])


def test_leads_are_merged_by_soap_until_the_logout(org: Org) -> None:
    """The master takes over; after the logout the session is illegal."""
    session = sessions.open_session(org.world, org.ids[SELF])
    master, loser = org.lead("Fox"), org.lead("Fox")
    inner = (
        f"<request><masterRecord><type>Lead</type><Id>{master}</Id><Title>CFO</Title>"
        f"</masterRecord><recordToMergeIds>{loser}</recordToMergeIds></request>"
    )
    assert loser == partner(org, "merge", inner, session)["mergedRecordIds"]
    assert ("CFO", master) == (org.row(master)["Title"], org.row(loser)["MasterRecordId"])
    partner(org, "logout", "", session)
    assert "sf:INVALID_SESSION_ID" == partner(org, "getUserInfo", "", session)["faultcode"]


def test_graphs_stand_and_fall_alone(org: Org) -> None:
    """Nodes are done in the order of their references; a graph with an error leaves nothing."""
    link = {"AccountId": "@{a.id}", "LastName": "Fox"}
    good = graph("1", ("c", "POST", "Contact", link), ("a", "POST", "Account", {"Name": "G1"}))
    bad = graph("2", ("a", "POST", "Account", {"Name": "G2"}), ("b", "POST", "Account", {}))
    path = f"{ROOT}/composite/graph"
    first, second = org.call("POST", path, json={"graphs": [good, bad]}).json()["graphs"]
    assert (True, False) == (first["isSuccessful"], second["isSuccessful"])
    told = second["graphResponse"]["compositeResponse"]
    codes = [each["body"][0]["errorCode"] for each in told]
    assert ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING"] == codes
    text = "SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE Name IN ('G1', 'G2')"
    (found,) = org.sf.query(text)["records"]
    assert ("G1", "Fox") == (found["Name"], found["Contacts"]["records"][0]["LastName"])
    many = [graph(str(number)) for number in range(76)]
    assert 400 == org.call("POST", path, json={"graphs": many}).status_code


def test_trees(org: Org) -> None:
    """Records are created with their children, or none of them when one fails."""
    path = f"{ROOT}/composite/tree/Account"

    def tree(name: str, last: str | None) -> Row:
        contact: Row = {"attributes": {"referenceId": "c"}, "LastName": last}
        attributes = {"referenceId": "a"}
        nested = {"records": [contact]}
        return {"records": [{"attributes": attributes, "Name": name, "Contacts": nested}]}

    failed = org.call("POST", path, json=tree("T1", None)).json()
    assert (True, "c") == (failed["hasErrors"], failed["results"][0]["referenceId"])
    made = org.call("POST", path, json=tree("T1", "Fox"))
    ids = {each["referenceId"]: each["id"] for each in made.json()["results"]}
    (contact,) = org.sf.query("SELECT Id, AccountId FROM Contact WHERE Account.Name = 'T1'")[
        "records"
    ]
    assert (201, ids["c"], ids["a"]) == (made.status_code, contact["Id"], contact["AccountId"])


def test_a_duplicate_is_told(org: Org, alert: str) -> None:
    """An alert says which records are the same, and lets the caller save anyway."""
    twin = org.lead("Fox", Email="twin@co.example", Title="CFO")
    contact = org.insert("Contact", LastName="Fox", Email="TWIN@co.example", OwnerId=org.ids[ANA])
    body = {"LastName": "Foxx", "Company": "Co", "Email": "Twin@co.example"}
    path, header = f"{ROOT}/sobjects/Lead", "Sforce-Duplicate-Rule-Header"
    before = len(org.world.table("salesforce.Lead"))
    (error,) = org.call("POST", path, json=body).json()
    assert "DUPLICATES_DETECTED" == error["errorCode"]
    result = error["duplicateResult"]
    assert (True, "Standard_Lead_Duplicate_Rule") == (result["allowSave"], result["duplicateRule"])
    found = {
        match["entityType"]: [each["record"]["Id"] for each in match["matchRecords"]]
        for match in result["matchResults"]
    }
    assert {"Lead": [twin], "Contact": [contact]} == found
    detailed = {header: "includeRecordDetails=true"}
    (error,) = org.call("POST", path, json=body, headers=detailed).json()
    (match, _) = error["duplicateResult"]["matchResults"]
    assert "CFO" == match["matchRecords"][0]["record"]["Title"]
    assert before == len(org.world.table("salesforce.Lead"))
    allowed = {header: "allowSave=true"}
    assert 201 == org.call("POST", path, json=body, headers=allowed).status_code
    records = [{"attributes": {"type": "Lead"}, **body}]
    (each,) = org.call("POST", f"{ROOT}/composite/sobjects", json={"records": records}).json()
    assert "DUPLICATES_DETECTED" == each["errors"][0]["statusCode"]
    org.world.table(TABLE)[alert] |= {"Action": "Block"}
    refused = org.call("POST", path, json=body, headers=allowed)
    assert (400, False) == (refused.status_code, refused.json()[0]["duplicateResult"]["allowSave"])


def test_conditional_requests(org: Org) -> None:
    """What wasn't changed isn't told again; an account's tag guards its change."""
    account = org.insert("Account", Name="Tagged", OwnerId=org.ids[ANA])
    path = f"{ROOT}/sobjects/Account/{account}"
    first = org.call("GET", path)
    tag, date = first.headers["etag"], first.headers["last-modified"]
    for name, value in (("If-None-Match", tag), ("If-Modified-Since", date)):
        assert 304 == org.call("GET", path, headers={name: value}).status_code
    org.world.advance(timedelta(seconds=1))
    codes = [
        org.call("PATCH", path, headers={"If-Match": tag}, json={"Phone": "1"}).status_code
        for _ in range(2)
    ]
    assert [204, 412] == codes
    described = org.call("GET", f"{ROOT}/sobjects/Lead/describe")
    since = {"If-Modified-Since": described.headers["last-modified"]}
    for resource in ("sobjects", "sobjects/Lead/describe"):
        assert 304 == org.call("GET", f"{ROOT}/{resource}", headers=since).status_code


def test_other_methods(org: Org) -> None:
    """HEAD says what GET would; a client without PATCH says it in a POST."""
    path = f"{ROOT}/sobjects/Lead/{org.lead('Plain')}"
    head = org.call("HEAD", path)
    assert (200, b"", True) == (head.status_code, head.content, "last-modified" in head.headers)
    params = {"_HttpMethod": "PATCH"}
    assert 204 == org.call("POST", path, params=params, json={"Title": "CFO"}).status_code
    assert 405 == org.call("POST", path, json={"Title": "CFO"}).status_code


def test_records_by_key_and_relationship(org: Org) -> None:
    """A record's parent is found behind it; an external id is good for a deletion."""
    lead = org.lead("Key", Email="key@co.example")
    assert "Holding" == org.call("GET", f"{ROOT}/sobjects/Lead/{lead}/Owner").json()["Name"]
    assert 404 == org.call("GET", f"{ROOT}/sobjects/Lead/{lead}/Nobody").status_code
    path = f"{ROOT}/sobjects/Lead/Email/key@co.example"
    assert [204, 404] == [org.call("DELETE", path).status_code for _ in range(2)]


@pytest.mark.parametrize(
    ("begins", "ends"), [(timedelta(0), timedelta(seconds=59)), (timedelta(days=-31), timedelta(0))]
)
def test_feeds_have_bounds(org: Org, begins: timedelta, ends: timedelta) -> None:
    """A feed is of a minute at least, and of the last 30 days."""
    params = {"start": (NOON + begins).isoformat(), "end": (NOON + ends).isoformat()}
    answer = org.call("GET", f"{ROOT}/sobjects/Lead/updated", params=params)
    assert "INVALID_REPLICATION_DATE" == answer.json()[0]["errorCode"]


def test_searches(org: Org) -> None:
    """Words are found at the beginning of words, within the fields that are asked for."""
    fox = org.lead("Quickfox", Company="Brown Boxes")
    hen = org.lead("Hen", Company="Quickfox & Sons", Title="CFO")

    def found(text: str) -> set[str]:
        answer = org.call("GET", f"{ROOT}/search", params={"q": text}).json()
        return {each["Id"] for each in answer["searchRecords"]}

    assert {fox, hen} == found("FIND {quick*} IN ALL FIELDS RETURNING Lead(Id)")
    assert {fox} == found("FIND {quickfox box} RETURNING Lead(Id, Name)")
    assert {hen} == found("FIND {Quickfox} RETURNING Lead(Id WHERE Title = 'CFO' LIMIT 5), User")
    assert set[str]() == found("FIND {fox} IN EMAIL FIELDS")
    asked = {"q": "quickfox", "sobjects": [{"name": "Lead", "fields": ["Id"], "limit": 1}]}
    answer = org.call("POST", f"{ROOT}/parameterizedSearch", json=asked).json()
    assert [fox] == [each["Id"] for each in answer["searchRecords"]]
    short = org.call("GET", f"{ROOT}/search", params={"q": "FIND {q}"}).json()
    assert "MALFORMED_SEARCH" == short[0]["errorCode"]


def test_a_plan_names_its_index(org: Org) -> None:
    """A statement that an address narrows down is answered by an index."""
    params = {"explain": "SELECT Id FROM Lead WHERE Email = 'a@b.example' AND Status = 'Open'"}
    first, second = org.call("GET", f"{ROOT}/query", params=params).json()["plans"]
    kinds = [each["leadingOperationType"] for each in (first, second)]
    assert (["Index", "TableScan"], ["Email"]) == (kinds, first["fields"])


def test_bulk_jobs(org: Org) -> None:
    """Records are written from CSV, failures are told apart; a query comes in pages."""
    path = f"{ROOT}/jobs/ingest"
    job = org.call("POST", path, json={"object": "Lead", "operation": "insert"}).json()
    data = "LastName,Company,DoNotCall\nBulk0,Bulk,true\nBulk1,Bulk,\n,Bulk,\nBulk2,Bulk,#N/A\n"
    csv = {"Content-Type": "text/csv"}
    put = org.call("PUT", f"/{job['contentUrl']}", data=data, headers=csv)
    closed = org.call("PATCH", f"{path}/{job['id']}", json={"state": "UploadComplete"}).json()
    assert (201, "UploadComplete") == (put.status_code, closed["state"])
    told = org.call("GET", f"{path}/{job['id']}").json()
    counts = (told["state"], told["numberRecordsProcessed"], told["numberRecordsFailed"])
    assert ("JobComplete", 4, 2) == counts
    failed = org.call("GET", f"{path}/{job['id']}/failedResults").text.splitlines()
    assert '"sf__Id","sf__Error","LastName","Company","DoNotCall"' == failed[0]
    assert "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --" in failed[1]
    again = org.call("PATCH", f"{path}/{job['id']}", json={"state": "UploadComplete"})
    assert "INVALIDJOBSTATE" == again.json()[0]["errorCode"]


def test_bulk_queries(org: Org) -> None:
    """The result of a query comes as CSV, page by page."""
    for number in range(3):
        org.lead(f"Page{number}", Company="Paged", DoNotCall=True)
    text = "SELECT LastName, DoNotCall, Owner.Name FROM Lead WHERE Company = 'Paged'"
    path = f"{ROOT}/jobs/query"
    job = org.call("POST", path, json={"operation": "query", "query": text}).json()
    assert "JobComplete" == org.call("GET", f"{path}/{job['id']}").json()["state"]
    results, params = f"{path}/{job['id']}/results", {"maxRecords": "2"}
    first = org.call("GET", results, params=params)
    assert "2" == first.headers["sforce-numberofrecords"]
    last = org.call("GET", results, params=params | {"locator": first.headers["sforce-locator"]})
    assert ["null", "1"] == [
        last.headers[name] for name in ("sforce-locator", "sforce-numberofrecords")
    ]
    lines = ['"LastName","DoNotCall","Owner.Name"', '"Page2","true","Holding"']
    assert lines == last.text.splitlines()
    grouped = {"operation": "query", "query": "SELECT COUNT(Id) FROM Lead"}
    assert "API_ERROR" == org.call("POST", path, json=grouped).json()[0]["errorCode"]


def test_batches_of_the_first_bulk_api(org: Org) -> None:
    """Batches of JSON are written one record for itself, and queried."""
    sf = org.sf
    given = [{"LastName": "Batch", "Company": "Batches"}, {"LastName": "Batch"}]
    good, bad = sf.bulk.Lead.insert(given)
    assert (True, "REQUIRED_FIELD_MISSING") == (good["success"], bad["errors"][0]["statusCode"])
    (found,) = sf.bulk.Lead.query("SELECT Id FROM Lead WHERE Company = 'Batches'")
    assert good["id"] == found["Id"]


def test_an_index_follows_changes(org: Org) -> None:
    """A lead is found by its present address, whatever was asked before."""
    lead = org.lead("Moving", Email="old@move.example")

    def found(address: str) -> list[str]:
        text = f"SELECT Id FROM Lead WHERE Email = '{address}'"  # noqa: S608  (SOQL)
        return [each["Id"] for each in org.sf.query(text)["records"]]

    assert [lead] == found("OLD@move.example")
    org.sf.Lead.update(lead, {"Email": "new@move.example"})
    assert ([], [lead]) == (found("old@move.example"), found("new@move.example"))
    failing = [
        ("PATCH", f"sobjects/Lead/{lead}", {"Email": "lost@move.example"}),
        ("PATCH", f"sobjects/Lead/{lead}", {"Email": "no address"}),
    ]
    org.composite(failing, all_or_none=True)
    assert ([], [lead]) == (found("lost@move.example"), found("new@move.example"))
