"""Salesforce's API over real HTTPS, mostly by simple-salesforce."""

import time
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceError,
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)
from simple_salesforce.format import format_soql

from sandbox import salesforce
from sandbox.http.message import Json
from sandbox.salesforce import CONSUMER_KEY, CONSUMER_SECRET, PASSWORD, SECURITY_TOKEN
from sandbox.salesforce.login import grants
from sandbox.salesforce.org.ids import lengthened
from sandbox.salesforce.org.setup import DAILY_API_REQUESTS, change_setting
from sandbox.salesforce.rules.assignment import activate, add_rule
from sandbox.salesforce.store import records
from tests.support.orgs import ANA, NOON, ROOT, SELF, Org, running_org

NOBODY = lengthened("00QHs0000zzzzzz")
DOMAIN = "acme.my"
EVERYONE_TO_EMEA: list[dict[str, Json]] = [{"criteria": [], "assigned_to": "EMEA"}]


@pytest.fixture
def org() -> Iterator[Org]:
    """An org behind its TLS port."""
    with running_org() as org:
        yield org


def assertion(key: rsa.RSAPrivateKey) -> str:
    """A JWT for Ana."""
    claims = {"iss": CONSUMER_KEY, "sub": ANA, "aud": "https://login.salesforce.com"}
    return jwt.encode(claims | {"exp": 1_795_435_200}, key, algorithm="RS256")


def error_code(raised: pytest.ExceptionInfo[SalesforceError]) -> str:
    """The code of the first error that the library was answered with."""
    content: Json = raised.value.content
    return content[0]["errorCode"]


def token_call(org: Org, **form: str) -> Json:
    """The answer of the token endpoint."""
    return org.http.post(f"https://{org.host}/services/oauth2/token", data=form, timeout=5).json()


class Rerouted(HTTPAdapter):
    """Sends what is meant for the vendor's own host names to a running org."""

    def __init__(self, host: str) -> None:
        super().__init__()
        self.host = host

    def send(self, request: requests.PreparedRequest, **options: Json) -> requests.Response:  # type: ignore[override]
        """Send to the org instead."""
        request.url = f"https://{self.host}/{(request.url or '').split('/', 3)[3]}"
        return super().send(request, **options)


@pytest.mark.parametrize(
    ("login", "user"),
    [
        ({"username": ANA, "password": PASSWORD, "security_token": SECURITY_TOKEN}, ANA),
        ({"username": ANA, "consumer_key": CONSUMER_KEY, "privatekey": "made"}, ANA),
        ({"consumer_key": CONSUMER_KEY, "consumer_secret": CONSUMER_SECRET}, SELF),
    ],
)
def test_logins_of_simple_salesforce(org: Org, login: dict[str, Json], user: str) -> None:
    """By SOAP, by key and by client credentials, the library stays on the org it was told of."""
    if "privatekey" in login:
        key = rsa.generate_private_key(65537, 2048)
        login = login | {"privatekey": private_pem(key)}
    org.http.mount(f"https://{DOMAIN}.salesforce.com", Rerouted(org.host))
    sf: Json = Salesforce(**login, domain=DOMAIN, session=org.http)
    assert sf.sf_instance == org.host
    sf.Lead.create({"LastName": "Fox", "Company": "Co", "OwnerId": org.ids[ANA]})
    (lead,) = sf.query("SELECT CreatedById FROM Lead")["records"]
    assert lead["CreatedById"] == org.ids[user]


def test_a_refused_login_of_simple_salesforce(org: Org) -> None:
    """The library reads the org's own code and sentence."""
    org.http.mount(f"https://{DOMAIN}.salesforce.com", Rerouted(org.host))
    with pytest.raises(SalesforceAuthenticationFailed) as raised:
        Salesforce(username=ANA, password="x", security_token="", domain=DOMAIN, session=org.http)
    assert raised.value.code == "INVALID_LOGIN"


def private_pem(key: rsa.RSAPrivateKey) -> str:
    """A key as a file would hold it."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def test_the_token_names_the_address_that_was_called(org: Org) -> None:
    """Clients stay on the host and port that they came to."""
    form = {"grant_type": "client_credentials"}
    url = f"https://{org.host}/services/oauth2/token"
    told = org.http.post(url, data=form, auth=(CONSUMER_KEY, CONSUMER_SECRET), timeout=5).json()
    assert told["instance_url"] == f"https://{org.host}"
    assert told["id"].endswith(org.ids[SELF])


def test_the_other_grants(org: Org) -> None:
    """A password, a code, its refresh token and an assertion each open a session of their user."""
    client = {"client_id": CONSUMER_KEY, "client_secret": CONSUMER_SECRET}
    person = {"username": ANA, "password": PASSWORD + SECURITY_TOKEN}
    by_password = token_call(org, grant_type="password", **client, **person)
    asked = {"response_type": "code", "login_hint": ANA, "redirect_uri": "https://app.example/back"}
    back = org.http.get(
        f"https://{org.host}/services/oauth2/authorize",
        params={**asked, "client_id": CONSUMER_KEY, "state": "s1"},
        allow_redirects=False,
        timeout=5,
    ).headers["location"]
    code = parse_qs(urlsplit(back).query)["code"][0]
    given = {"code": code, "redirect_uri": asked["redirect_uri"]}
    by_code = token_call(org, grant_type="authorization_code", **given, **client)
    again = token_call(org, grant_type="authorization_code", **given, **client)
    assert again["error_description"] == "expired authorization code"
    refresh = by_code["refresh_token"]
    by_refresh = token_call(org, grant_type="refresh_token", refresh_token=refresh, **client)
    key = rsa.generate_private_key(65537, 2048)
    by_jwt = token_call(org, grant_type=grants.JWT_BEARER, assertion=assertion(key))
    for told in (by_password, by_code, by_refresh, by_jwt):
        assert told["id"].endswith(org.ids[ANA])
    assert not [told for told in (by_password, by_refresh, by_jwt) if "refresh_token" in told]


def test_an_assertion_must_fit_the_registered_key(org: Org) -> None:
    """When the app has a certificate, only its key opens sessions."""
    right, wrong = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    pem = right.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    salesforce.add_app(org.world, CONSUMER_KEY, CONSUMER_SECRET, public_key=pem.decode())
    for key, word in ((right, "access_token"), (wrong, "error")):
        assert word in token_call(org, grant_type=grants.JWT_BEARER, assertion=assertion(key))


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "client_credentials", "client_id": "x"}, "invalid_client_id"),
        (
            {"grant_type": "client_credentials", "client_id": CONSUMER_KEY, "client_secret": "x"},
            "invalid_client",
        ),
        ({"grant_type": grants.JWT_BEARER, "assertion": "nonsense"}, "invalid_grant"),
        ({"grant_type": "magic"}, "unsupported_grant_type"),
    ],
)
def test_refused_grants(org: Org, form: dict[str, str], error: str) -> None:
    """A refusal names its kind, as OAuth does."""
    assert token_call(org, **form)["error"] == error


def test_soap_login(org: Org) -> None:
    """The old login answers with a session and the server to use; wrong passwords do not."""
    url = f"https://{org.host}/services/Soap/u/59.0"
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        '<n1:login xmlns:n1="urn:partner.soap.sforce.com"><n1:username>{}</n1:username>'
        "<n1:password>{}</n1:password></n1:login></e:Body></e:Envelope>"
    )
    good = org.http.post(url, data=body.format(ANA, PASSWORD), timeout=5)
    assert good.status_code == 200
    assert f"<serverUrl>https://{org.host}/services" in good.text
    bad = org.http.post(url, data=body.format(ANA, "x"), timeout=5)
    assert bad.status_code == 500
    assert "<sf:exceptionCode>INVALID_LOGIN<" in bad.text


def test_paging_over_2500_rows(org: Org) -> None:
    """All rows come in two pages, each row once."""
    ids = {org.lead(f"L{number}") for number in range(2_500)}
    began = time.perf_counter()
    answer = org.sf.query_all("SELECT Id, Owner.Name FROM Lead")
    took = time.perf_counter() - began
    assert answer["totalSize"] == 2_500
    assert {each["Id"] for each in answer["records"]} == ids
    assert took < 2


def test_small_pages_and_forgotten_locators(org: Org) -> None:
    """A hint makes pages smaller; a locator that is not known is an error."""
    for number in range(250):
        org.lead(f"L{number}")
    hint = {"Sforce-Query-Options": "batchSize=200"}
    params = {"q": "SELECT Id FROM Lead"}
    page = org.call("GET", f"{ROOT}/query/", headers=hint, params=params).json()
    assert (len(page["records"]), page["done"]) == (200, False)
    last = org.call("GET", page["nextRecordsUrl"]).json()
    assert (len(last["records"]), last["done"]) == (50, True)
    lost = org.call("GET", f"{ROOT}/query/01gHs0000000000AAA-200")
    assert lost.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_rows_by_simple_salesforce(org: Org) -> None:
    """Create, read, change and delete; then the record is gone."""
    sf = org.sf
    made = sf.Lead.create({"LastName": "Fox", "Company": "Co", "OwnerId": org.ids[ANA]})
    assert made == {"id": made["id"], "success": True, "errors": []}
    assert sf.Lead.update(made["id"], {"Title": "CFO"}) == 204
    assert sf.Lead.get(made["id"])["Title"] == "CFO"
    assert sf.Lead.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound) as raised:
        sf.Lead.get(made["id"])
    assert error_code(raised) == "ENTITY_IS_DELETED"


def test_bad_values_by_simple_salesforce(org: Org) -> None:
    """Errors come as a list with code, sentence and fields; read-only fields can't be set."""
    with pytest.raises(SalesforceMalformedRequest) as raised:
        org.sf.Lead.create({"LastName": "Fox"})
    assert raised.value.content == [
        {
            "message": "Required fields are missing: [Company]",
            "errorCode": "REQUIRED_FIELD_MISSING",
            "fields": ["Company"],
        }
    ]
    with pytest.raises(SalesforceMalformedRequest) as raised:
        org.sf.Lead.update(org.lead(), {"CreatedDate": "2026-01-01T00:00:00Z", "Foo": 1})
    assert error_code(raised) == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_upsert_by_simple_salesforce(org: Org) -> None:
    """A key that fits nobody creates, one that fits one changes, one that fits two is a 300."""
    sf = org.sf
    lead = {"LastName": "Fox", "Company": "Co"}
    assert sf.Lead.upsert("Email/fox@co.example", lead) == 201
    assert sf.Lead.upsert("Email/FOX@co.example", {"Title": "CFO"}) == 200
    assert sf.Lead.get_by_custom_id("Email", "fox@co.example")["Title"] == "CFO"
    org.lead("Twin", Email="fox@co.example")
    with pytest.raises(SalesforceMoreThanOneRecord):
        sf.Lead.upsert("Email/fox@co.example", lead)


def test_if_unmodified_since(org: Org) -> None:
    """A change since then is a 412; times are compared to the second."""
    lead = org.lead()
    since = {"If-Unmodified-Since": format_datetime(NOON, usegmt=True)}
    path = f"{ROOT}/sobjects/Lead/{lead}"
    assert org.call("PATCH", path, headers=since, json={"Title": "CFO"}).status_code == 204
    org.world.advance(timedelta(seconds=1))
    assert org.call("PATCH", path, json={"Title": "CEO"}).status_code == 204
    assert org.call("PATCH", path, headers=since, json={"Title": "x"}).status_code == 412
    broken = {"If-Unmodified-Since": "yesterday"}
    assert org.call("PATCH", path, headers=broken, json={"Title": "x"}).status_code == 400
    assert org.row(lead)["Title"] == "CEO"


def test_auto_assign_is_on_when_absent(org: Org) -> None:
    """Without the header the active rule overrides the owner, on create and on update."""
    activate(org.world, "Inbound", EVERYONE_TO_EMEA)
    ana = org.ids[ANA]
    for header, owner in ((None, "EMEA"), ("TRUE", "EMEA"), ("false", ANA)):
        headers = {} if header is None else {"Sforce-Auto-Assign": header}
        body = {"LastName": "Fox", "Company": "Co", "OwnerId": ana}
        made = org.call("POST", f"{ROOT}/sobjects/Lead", headers=headers, json=body).json()
        assert org.row(made["id"])["OwnerId"] == org.ids[owner]
        path = f"{ROOT}/sobjects/Lead/{made['id']}"
        org.call("PATCH", path, headers=headers, json={"OwnerId": ana})
        assert org.row(made["id"])["OwnerId"] == org.ids[owner]


def test_auto_assign_by_rule(org: Org) -> None:
    """A rule that is not active can be named for new leads; a wrong id is an error."""
    rule = add_rule(org.world, "Partners", EVERYONE_TO_EMEA, active=False)
    body = {"LastName": "Fox", "Company": "Co", "OwnerId": org.ids[ANA]}
    for told, status in ((rule, 201), (rule[:15], 201), ("00Qx", 400)):
        headers = {"Sforce-Auto-Assign": told}
        made = org.call("POST", f"{ROOT}/sobjects/Lead/", headers=headers, json=body)
        assert made.status_code == status
    assert made.json()[0]["errorCode"] == "MALFORMED_ID"
    owners = {row["OwnerId"] for row in org.world.table("salesforce.Lead").values()}
    assert owners == {org.ids["EMEA"]}


def test_a_lost_session(org: Org) -> None:
    """After sessions end, every call is a 401 with INVALID_SESSION_ID."""
    sf = org.sf
    salesforce.expire_sessions(org.world)
    with pytest.raises(SalesforceExpiredSession) as raised:
        sf.query("SELECT Id FROM Lead")
    assert error_code(raised) == "INVALID_SESSION_ID"


def test_collections(org: Org) -> None:
    """200 records are changed in one quick call; each bad one fails by itself, in order."""
    leads = [org.lead(f"L{number}") for number in range(200)]
    decided = [
        {
            "attributes": {"type": "Lead"},
            "id": lead,
            "OwnerId": org.ids[ANA],
            "Routing_Decision_Id__c": f"d{number}",
            "Routing_Expected_Owner__c": org.ids["Holding" if number != 7 else "EMEA"],
        }
        for number, lead in enumerate(leads)
    ]
    began = time.perf_counter()
    results = org.call("PATCH", f"{ROOT}/composite/sobjects", json={"records": decided}).json()
    took = time.perf_counter() - began
    assert [each["success"] for each in results] == [number != 7 for number in range(200)]
    assert results[7]["errors"] == [
        {
            "statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "message": "routeready: the owner changed since the decision was made",
            "fields": ["OwnerId"],
        }
    ]
    assert org.row(leads[7])["OwnerId"] == org.ids["Holding"]
    assert took < 1


def test_collections_all_or_none(org: Org) -> None:
    """One bad record undoes the others, history and journal too."""
    one, other = org.lead(), org.lead()
    before = dict(org.world.state.records["salesforce.Lead"])
    body = {
        "allOrNone": True,
        "records": [
            {"attributes": {"type": "Lead"}, "id": one, "OwnerId": org.ids[ANA]},
            {"attributes": {"type": "Lead"}, "id": other, "Email": "nobody"},
        ],
    }
    results = org.call("PATCH", f"{ROOT}/composite/sobjects", json=body).json()
    codes = [each["errors"][0]["statusCode"] for each in results]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_EMAIL_ADDRESS"]
    assert org.world.table("salesforce.Lead") == before
    assert "Lead.update" not in {entry.name for entry in org.world.journal}
    assert not records.find(org.world, "LeadHistory", Field="Owner")


def test_collections_create_read_and_delete(org: Org) -> None:
    """Records of several objects are made, read and deleted together."""
    body = {
        "records": [
            {"attributes": {"type": "Account"}, "Name": "Alder"},
            {"attributes": {"type": "Lead"}, "LastName": "Fox", "Company": "Co"},
            {"attributes": {"type": "Castle"}, "Name": "x"},
        ]
    }
    made = org.call("POST", f"{ROOT}/composite/sobjects/", json=body).json()
    assert [each["success"] for each in made] == [True, True, False]
    account, lead = made[0]["id"], made[1]["id"]
    params = {"ids": f"{account},001Hs0000000000AAA", "fields": "Name"}
    read = org.call("GET", f"{ROOT}/composite/sobjects/Account", params=params).json()
    assert [each and each["Name"] for each in read] == ["Alder", None]
    params = {"ids": f"{account},{lead}", "allOrNone": "true"}
    gone = org.call("DELETE", f"{ROOT}/composite/sobjects", params=params).json()
    assert [each["success"] for each in gone] == [True, True]


@pytest.mark.parametrize(("count", "code"), [(201, "EXCEEDED_ID_LIMIT"), (2, "DUPLICATE_VALUE")])
def test_collections_refused_as_a_whole(org: Org, count: int, code: str) -> None:
    """Too many records, or one record twice, is a 400 for all."""
    lead = org.lead()
    body = {"records": [{"attributes": {"type": "Lead"}, "id": lead, "Title": "x"}] * count}
    answer = org.call("PATCH", f"{ROOT}/composite/sobjects", json=body)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_composite(org: Org) -> None:
    """Subrequests see each other's results; those that fail leave the others alone."""
    body = {"LastName": "Fox", "Company": "Co"}
    answers = org.composite(
        [
            ("POST", "sobjects/Lead", body),
            ("PATCH", "sobjects/Lead/@{r0.id}", {"Title": "CFO"}),
            ("GET", "query/?q=SELECT+Title+FROM+Lead+WHERE+Id+=+'@{r0.id}'", None),
            ("PATCH", f"sobjects/Lead/{NOBODY}", {"Title": "x"}),
            ("PATCH", "sobjects/Lead/@{r3.id}", {"Title": "x"}),
        ]
    )
    assert [each["httpStatusCode"] for each in answers] == [201, 204, 200, 404, 400]
    assert answers[2]["body"]["records"][0]["Title"] == "CFO"
    assert answers[4]["body"][0]["errorCode"] == "PROCESSING_HALTED"


def test_composite_all_or_none(org: Org) -> None:
    """One failure halts and undoes all the others."""
    lead = org.lead()
    answers = org.composite(
        [
            ("PATCH", f"sobjects/Lead/{lead}", {"Title": "CFO"}),
            ("PATCH", f"sobjects/Lead/{lead}", {"Email": "nobody"}),
            ("PATCH", f"sobjects/Lead/{lead}", {"Title": "CEO"}),
        ],
        all_or_none=True,
    )
    codes = [each["body"][0]["errorCode"] for each in answers]
    assert codes == ["PROCESSING_HALTED", "INVALID_EMAIL_ADDRESS", "PROCESSING_HALTED"]
    assert org.row(lead)["Title"] is None


def test_composite_headers_are_each_subrequests_own(org: Org) -> None:
    """A subrequest has no header of the outer request: assignment rules are on."""
    activate(org.world, "Inbound", EVERYONE_TO_EMEA)
    off, on = org.lead(), org.lead()
    since = {"If-Unmodified-Since": "Mon, 23 Nov 2020 12:00:00 GMT", "Sforce-Auto-Assign": "FALSE"}
    answers = org.composite(
        [
            ("PATCH", f"sobjects/Lead/{off}", {"OwnerId": org.ids[ANA]}),
            ("PATCH", f"sobjects/Lead/{on}", {"OwnerId": org.ids[ANA]}, {"X-Other": "1"}),
            ("PATCH", f"sobjects/Lead/{off}", {"OwnerId": org.ids[SELF]}, since),
        ]
    )
    assert [each["httpStatusCode"] for each in answers] == [204, 204, 412]
    assert org.row(off)["OwnerId"] == org.ids[ANA]
    assert org.row(on)["OwnerId"] == org.ids["EMEA"]


@pytest.mark.parametrize(("count", "path"), [(26, "limits"), (6, "query/?q=x")])
def test_composite_limits(org: Org, count: int, path: str) -> None:
    """At most 25 subrequests, at most five of them queries or collections."""
    asked = [
        {"method": "GET", "url": f"{ROOT}/{path}", "referenceId": f"r{number}"}
        for number in range(count)
    ]
    answer = org.call("POST", f"{ROOT}/composite", json={"compositeRequest": asked})
    assert answer.json()[0]["errorCode"] == "LIMIT_EXCEEDED"


def test_batch_and_tree(org: Org) -> None:
    """A batch halts when asked to; a tree is made whole or not at all."""
    asked = [{"method": "GET", "url": f"v66.0/{path}"} for path in ("limits", "nowhere", "limits")]
    body = {"haltOnError": True, "batchRequests": asked}
    told = org.call("POST", f"{ROOT}/composite/batch", json=body).json()
    assert [each["statusCode"] for each in told["results"]] == [200, 404, 412]
    good = {"attributes": {"type": "Account", "referenceId": "a"}, "Name": "Alder"}
    bad = {"attributes": {"type": "Account", "referenceId": "b"}}
    path = f"{ROOT}/composite/tree/Account"
    assert org.call("POST", path, json={"records": [good, bad]}).status_code == 400
    assert not org.world.table("salesforce.Account")
    assert org.call("POST", path, json={"records": [good]}).status_code == 201


def test_merged_leads_are_found_by_query_all(org: Org) -> None:
    """A merged lead is gone for query and row, and names its master to queryAll."""
    master, loser = org.lead(), org.lead()
    records.merge_leads(org.world, master, [loser], by="setup")
    text = format_soql("SELECT IsDeleted, MasterRecordId FROM Lead WHERE Id = {}", loser)
    assert org.sf.query(text)["records"] == []
    (found,) = org.sf.query(text, include_deleted=True)["records"]
    assert (found["IsDeleted"], found["MasterRecordId"]) == (True, master)


def test_usage_and_its_limit(org: Org) -> None:
    """Every answer tells the calls of the last 24 hours; above the limit they are refused."""
    change_setting(org.world, DAILY_API_REQUESTS, 2)
    for used in (1, 2):
        answer = org.call("GET", f"{ROOT}/limits/")
        assert answer.headers["Sforce-Limit-Info"] == f"api-usage={used}/2"
    refused = org.call("GET", f"{ROOT}/limits/")
    assert refused.status_code == 403
    assert refused.json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
    org.world.advance(timedelta(hours=25))
    assert org.call("GET", f"{ROOT}/limits/").json()["DailyApiRequests"]["Remaining"] == 1


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"),
    [
        ("GET", f"{ROOT}/nowhere", {}, 404, "NOT_FOUND"),
        ("GET", "/services/data/v99.0/limits", {}, 404, "NOT_FOUND"),
        ("GET", f"{ROOT}/sobjects/Castle/describe", {}, 404, "NOT_FOUND"),
        ("PUT", f"{ROOT}/limits", {}, 405, "METHOD_NOT_ALLOWED"),
        ("POST", f"{ROOT}/sobjects/Lead", {"json": []}, 400, "JSON_PARSER_ERROR"),
        ("POST", f"{ROOT}/sobjects/Lead", {"data": "x=1"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("GET", f"{ROOT}/query?q={'x' * 17_000}", {}, 414, "URI_TOO_LONG"),
    ],
)
def test_calls_that_make_no_sense(
    org: Org, method: str, path: str, options: Json, status: int, code: str
) -> None:
    """Each has its own status and code, in a list."""
    if "data" in options:
        options = options | {"headers": {"Content-Type": "text/plain"}}
    answer = org.call(method, path, **options)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)


def test_headers_that_are_too_long(org: Org) -> None:
    """URI and headers together have a limit of their own."""
    headers = {f"X-{number}": "x" * 4_000 for number in range(5)}
    with pytest.raises(SalesforceGeneralError) as raised:
        org.sf.restful("limits", headers=headers)
    assert raised.value.status == 431


def test_describe(org: Org) -> None:
    """Fields are described as the org has them, custom ones too; versions need no session."""
    described = org.sf.Lead.describe()
    fields = {each["name"]: each for each in described["fields"]}
    assert fields["Routing_Decision_Id__c"]["updateable"]
    assert not fields["CreatedDate"]["updateable"]
    assert fields["OwnerId"]["referenceTo"] == ["Group", "User"]
    assert "Lead" in {each["name"] for each in org.sf.describe()["sobjects"]}
    versions = org.http.get(f"https://{org.host}/services/data/", timeout=5).json()
    assert versions[-1] == {
        "label": "Winter '27",
        "url": "/services/data/v68.0",
        "version": "68.0",
    }


def test_tooling_query(org: Org) -> None:
    """The guard rule is visible through the Tooling API."""
    text = "SELECT ErrorMessage FROM ValidationRule WHERE EntityDefinition.QualifiedApiName='Lead'"
    (rule,) = org.call("GET", f"{ROOT}/tooling/query/", params={"q": text}).json()["records"]
    assert rule["ErrorMessage"].startswith("routeready:")


def test_changed_and_deleted(org: Org) -> None:
    """What changed within a stretch of time is listed, and what was deleted."""
    kept, gone = org.lead(), org.lead()
    records.delete(org.world, "Lead", gone, by="setup")
    start, end = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
    assert org.sf.Lead.updated(start, end)["ids"] == [kept]
    assert [each["id"] for each in org.sf.Lead.deleted(start, end)["deletedRecords"]] == [gone]


def test_the_journal_has_every_call(org: Org) -> None:
    """A composite call is one request; what is in it is told as its subrequests."""
    lead = org.lead()
    before = len(org.world.journal)
    org.composite([("PATCH", f"sobjects/Lead/{lead}", {"Title": "CFO"})])
    assert [(entry.kind, entry.name) for entry in org.world.journal[before:]] == [
        ("effect", "Lead.update"),
        ("request", "subrequest PATCH /sobjects/{sobject}/{id}"),
        ("request", "POST /composite"),
    ]
    assert org.world.journal[-1].data["records"] == 1
