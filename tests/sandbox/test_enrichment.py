"""The three enrichment providers, over real HTTP."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests

from sandbox import enrichment
from sandbox.http.message import Json
from sandbox.server.http_server import Server
from sandbox.state.world import World

KEYS = {"pdl": "pdl-key", "apollo": "apollo-key", "hunter": "hunter-key"}
CALLS = {
    "pdl": ("GET", "/pdl/v5/company/enrich?website=acme.example"),
    "apollo": ("GET", "/apollo/api/v1/organizations/enrich?domain=acme.example"),
    "hunter": ("GET", "/hunter/v2/companies/find?domain=acme.example"),
}


def company(domain: str, **more: Json) -> dict[str, Json]:
    """A company of the book."""
    return {
        "domain": domain,
        "name": f"{domain.split('.', maxsplit=1)[0].title()} GmbH",
        "industry": "Machinery",
        "employees": 800,
        "country": "DE",
        "country_name": "Germany",
        "region": None,
        "city": "Berlin",
        "founded": 1990,
        **more,
    }


@pytest.fixture
def world() -> World:
    """Two companies, three people, one account with each provider."""
    world = World()
    for provider, key in KEYS.items():
        enrichment.add_account(world, provider, key)
    enrichment.add_company(world, company("acme.example", unknown_to=["hunter"]))
    enrichment.add_company(world, company("wrong.example", mistaken_by={"pdl": "acme.example"}))
    person: dict[str, Json] = {
        "first_name": "Anke",
        "last_name": "Müller",
        "title": "Leiterin Vertrieb",
        "seniority": "director",
        "department": "sales",
        "domain": "acme.example",
        "country": "DE",
        "country_name": "Germany",
        "city": "Berlin",
        "mailbox": "valid",
    }
    enrichment.add_person(world, person | {"email": "anke@acme.example", "pending": 1})
    enrichment.add_person(world, person | {"email": "gone@acme.example", "erased": True})
    enrichment.add_person(world, person | {"email": "x@wrong.example", "domain": "wrong.example"})
    return world


@pytest.fixture
def url(world: World) -> Iterator[str]:
    """The address of a server with all three faces."""
    faces = {
        "/pdl": enrichment.pdl(world),
        "/apollo": enrichment.apollo(world),
        "/hunter": enrichment.hunter(world),
    }
    server = Server(world, faces)
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


def ask(url: str, method: str, path: str, key: str) -> requests.Response:
    """One call; every provider takes the key in this header."""
    return requests.request(method, url + path, headers={"X-Api-Key": key}, timeout=5)


def test_pdl_person(url: str) -> None:
    """People Data Labs answers in lower case, with a likelihood, and charges a match."""
    answer = ask(url, "GET", "/pdl/v5/person/enrich?email=anke@acme.example", KEYS["pdl"])
    body = answer.json()
    assert (
        body["status"],
        body["likelihood"],
        answer.headers["x-call-credits-spent"],
    ) == (200, 8, "1")
    assert (
        body["data"]["job_title"],
        body["data"]["location_country"],
        body["data"]["job_title_levels"],
    ) == ("leiterin vertrieb", "germany", ["director"])


def test_pdl_company_is_flat_and_banded(url: str) -> None:
    """A company has no `data` around it, and a size band."""
    body = ask(url, *CALLS["pdl"], KEYS["pdl"]).json()
    assert (body["size"], body["location"]["country"]) == ("501-1000", "germany")


def test_pdl_miss_is_free(world: World, url: str) -> None:
    """404 costs nothing."""
    answer = ask(url, "GET", "/pdl/v5/company/enrich?website=none.example", KEYS["pdl"])
    assert (
        answer.status_code,
        answer.json()["error"]["type"],
        world.table("enrichment.account")["pdl"]["credits_spent"],
    ) == (404, "not_found", 0)


def test_pdl_wrong_company_has_low_likelihood(url: str) -> None:
    """A mistaken company comes with a weak match, and min_likelihood keeps it out."""
    path = "/pdl/v5/company/enrich?website=wrong.example"
    body = ask(url, "GET", path, KEYS["pdl"]).json()
    assert (body["website"], body["likelihood"]) == ("acme.example", 4)
    assert ask(url, "GET", f"{path}&min_likelihood=5", KEYS["pdl"]).status_code == 404


def test_apollo_person_and_nobody(url: str) -> None:
    """Apollo knows a person with their organization, and says null for nobody."""
    path = "/apollo/api/v1/people/match?email="
    known = ask(url, "POST", f"{path}anke@acme.example", KEYS["apollo"]).json()["person"]
    assert (
        known["last_name"],
        known["organization"]["primary_domain"],
    ) == ("Müller", "acme.example")
    nobody = ask(url, "POST", f"{path}nobody@acme.example", KEYS["apollo"])
    assert (nobody.status_code, nobody.json()) == (200, {"person": None})


def test_hunter_combined_has_its_own_gaps(url: str) -> None:
    """Hunter knows the person but not the company."""
    path = "/hunter/v2/combined/find?email=anke@acme.example"
    data = ask(url, "GET", path, KEYS["hunter"]).json()["data"]
    assert (data["person"]["name"]["familyName"], data["company"]) == ("Müller", None)


def test_hunter_erasure(url: str) -> None:
    """451: the person asked for erasure, whichever call it is."""
    for path in ("people/find", "email-verifier"):
        answer = ask(url, "GET", f"/hunter/v2/{path}?email=gone@acme.example", KEYS["hunter"])
        assert answer.status_code == 451


def test_hunter_verification_takes_two_calls(url: str) -> None:
    """202 while it runs; the same call again brings the result."""
    path = "/hunter/v2/email-verifier?email=anke@acme.example"
    assert ask(url, "GET", path, KEYS["hunter"]).status_code == 202
    data = ask(url, "GET", path, KEYS["hunter"]).json()["data"]
    assert (data["status"], data["result"]) == ("valid", "deliverable")


def test_providers_count_heads_differently(url: str) -> None:
    """Each provider's headcount differs a little, and is the same at every call."""
    counts = [
        ask(url, *CALLS["pdl"], KEYS["pdl"]).json()["employee_count"],
        ask(url, *CALLS["apollo"], KEYS["apollo"]).json()["organization"][
            "estimated_num_employees"
        ],
    ]
    assert counts[0] != counts[1]
    assert all(720 <= count <= 880 for count in counts)
    assert counts[0] == ask(url, *CALLS["pdl"], KEYS["pdl"]).json()["employee_count"]


@pytest.mark.parametrize("provider", sorted(CALLS))
def test_bad_key(url: str, provider: str) -> None:
    """A foreign key is 401 everywhere."""
    assert ask(url, *CALLS[provider], "other").status_code == 401


@pytest.mark.parametrize(("provider", "status"), [("pdl", 402), ("apollo", 422), ("hunter", 429)])
def test_credits_run_out(world: World, url: str, provider: str, status: int) -> None:
    """Without credits each provider has its own status; Hunter's is 429."""
    world.table("enrichment.account")[provider]["credits_left"] = 0
    assert status == ask(url, *CALLS[provider], KEYS[provider]).status_code


@pytest.mark.parametrize(("provider", "status"), [("pdl", 429), ("apollo", 429), ("hunter", 403)])
def test_rate_limit_by_the_minute(world: World, url: str, provider: str, status: int) -> None:
    """Above the limit each provider has its own status (Hunter's is 403), until the next minute."""
    world.table("enrichment.account")[provider]["per_minute"] = 1
    first = ask(url, *CALLS[provider], KEYS[provider])
    assert status == ask(url, *CALLS[provider], KEYS[provider]).status_code
    world.advance(timedelta(minutes=1))
    assert first.status_code == ask(url, *CALLS[provider], KEYS[provider]).status_code
