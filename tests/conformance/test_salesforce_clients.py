"""Salesforce's face, used by clients that others wrote for Salesforce."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from sandbox.http.message import Json
from sandbox.salesforce.login import grants
from sandbox.state.world import World
from tests.conformance.conftest import LEADS

VERSION = "62.0"
MY_DOMAIN = "meridian.my"
"""What their client makes https://meridian.my.salesforce.com of."""
PAGE = 2_000
JWT_APP = "jwt-app"

Login = Callable[[Json, requests.Session, str], Salesforce]


class HostMap(HTTPAdapter):
    """Names of Salesforce's hosts that lead to the sandbox, as a line in a hosts file does."""

    def __init__(self, there: str) -> None:
        super().__init__()
        self._there = there

    def send(self, request: requests.PreparedRequest, *args: Json, **kwargs: Json) -> Json:
        """Send a request for *.salesforce.com to the sandbox."""
        parts = urlsplit(str(request.url))
        if str(parts.hostname).endswith(".salesforce.com"):
            request.url = parts._replace(netloc=self._there).geturl()
        return super().send(request, *args, **kwargs)


@pytest.fixture(scope="module")
def session(details: Json) -> Iterator[requests.Session]:
    """A session that knows the sandbox's certificate authority and where its hosts are."""
    with requests.Session() as session:
        session.verify = details["salesforce"]["ca_file"]
        session.mount("https://", HostMap(details["salesforce"]["domain"]))
        yield session


@pytest.fixture(scope="module")
def private_key(world: World) -> str:
    """The key of an app whose certificate the org knows."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    public = key.public_key().public_bytes(serialization.Encoding.PEM, spki).decode()
    grants.add_app(world, JWT_APP, "unused", public_key=public)
    plain, pkcs8 = serialization.NoEncryption(), serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, plain).decode()


def by_password(there: Json, session: requests.Session, _key: str) -> Salesforce:
    """User name, password and security token: a SOAP login."""
    who = {name: there[name] for name in ("username", "password", "security_token")}
    return Salesforce(**who, session=session, version=VERSION)


def by_certificate(there: Json, session: requests.Session, key: str) -> Salesforce:
    """A JSON web token signed with the app's key."""
    return Salesforce(
        username=there["username"],
        consumer_key=JWT_APP,
        privatekey=key,
        session=session,
        version=VERSION,
    )


def by_client_credentials(there: Json, session: requests.Session, _key: str) -> Salesforce:
    """The app's own key and secret, at the org's own domain."""
    return Salesforce(
        consumer_key=there["consumer_key"],
        consumer_secret=there["consumer_secret"],
        domain=MY_DOMAIN,
        session=session,
        version=VERSION,
    )


@pytest.fixture
def salesforce(details: Json, session: requests.Session) -> Json:
    """A client that is logged in."""
    return by_client_credentials(details["salesforce"], session, "")


@pytest.mark.parametrize("login", [by_password, by_certificate, by_client_credentials])
def test_each_login_reads_every_page(
    login: Login, details: Json, session: requests.Session, private_key: str
) -> None:
    """Three ways to sign in, and 2,600 leads with each: a page of 2,000 and the rest."""
    salesforce = login(details["salesforce"], session, private_key)
    query = "SELECT Id, Email FROM Lead WHERE Company != 'Conform'"
    first = salesforce.query(query)
    rows = list(salesforce.query_all_iter(query))
    assert (PAGE, False, LEADS) == (len(first["records"]), first["done"], first["totalSize"])
    assert LEADS == len({row["Id"] for row in rows})


def test_a_wrong_password_is_refused(details: Json, session: requests.Session) -> None:
    """With Salesforce's own code."""
    there = details["salesforce"] | {"password": "wrong"}
    with pytest.raises(SalesforceAuthenticationFailed) as refused:
        by_password(there, session, "")
    assert "INVALID_LOGIN" == refused.value.code


def test_a_record_lives_and_ends(salesforce: Json) -> None:
    """Create, read, update, upsert, delete; and then it is gone."""
    made = salesforce.Lead.create({"LastName": "Conny", "Company": "Conform"})
    changed = salesforce.Lead.update(made["id"], {"Title": "CTO"})
    title = salesforce.Lead.get(made["id"])["Title"]
    deleted = salesforce.Lead.delete(made["id"])
    with pytest.raises(SalesforceResourceNotFound):
        salesforce.Lead.get(made["id"])
    assert (True, 204, "CTO", 204) == (made["success"], changed, title, deleted)


def test_many_records_go_through_bulk(salesforce: Json) -> None:
    """Bulk API 2.0: 300 rows in one job, and a query that brings them back."""
    rows = [{"LastName": f"Bulk {number}", "Company": "Conform"} for number in range(300)]
    (job,) = salesforce.bulk2.Lead.insert(records=rows, wait=1)
    (csv,) = salesforce.bulk2.Lead.query("SELECT LastName FROM Lead WHERE LastName LIKE 'Bulk %'")
    assert (300, 300, 0) == (
        job["numberRecordsTotal"],
        job["numberRecordsProcessed"],
        job["numberRecordsFailed"],
    )
    assert 300 == csv.count("Bulk ")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT Id FROM", "MALFORMED_QUERY"),
        ("SELECT Nonsense__c FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM Nonsense__c", "INVALID_TYPE"),
    ],
)
def test_a_wrong_query_is_refused(salesforce: Json, query: str, code: str) -> None:
    """Each with Salesforce's own code."""
    with pytest.raises(SalesforceMalformedRequest) as refused:
        salesforce.query(query)
    content: Any = refused.value.content
    assert code == content[0]["errorCode"]


def test_fields_and_limits_are_told(salesforce: Json) -> None:
    """Describe, the limits resource, and what every answer's header says was used."""
    described = salesforce.Lead.describe()
    limits = salesforce.limits()
    used = salesforce.api_usage["api-usage"]
    assert {"OwnerId", "Email", "LastName"} <= {field["name"] for field in described["fields"]}
    assert limits["DailyApiRequests"]["Max"] == used.total
    assert 0 < used.used <= used.total


def test_jsforce_does_the_same(node: Callable[..., Json]) -> None:
    """Jsforce signs in twice, reads page by page, writes one and many, and names what is wrong."""
    assert {
        "user": 18,
        "pageSize": PAGE,
        "read": LEADS,
        "total": LEADS,
        "changed": True,
        "title": "CTO",
        "many": 450,
        "described": True,
        "errors": ["MALFORMED_QUERY", "INVALID_FIELD", "REQUIRED_FIELD_MISSING"],
        "limits": True,
    } == node("salesforce.mjs")
