"""Clients that know only the vendor's own hosts, and how they reach the sandbox."""

from collections.abc import Iterator

import pytest
import requests
from simple_salesforce.api import Salesforce

from sandbox.http.message import Json
from sandbox.server.instance import Running, start
from sandbox.state.world import World


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """An empty world behind its ports."""
    running = start(World())
    yield running
    running.stop()


@pytest.fixture
def through(running: Running) -> Iterator[requests.Session]:
    """A client's session that goes by the proxy and trusts the sandbox's authority."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = running.ca_file
        session.proxies = {"https": running.details()["proxy"]}
        yield session


def test_a_client_of_the_vendors_own_host(running: Running, through: requests.Session) -> None:
    """A login at the org's My Domain stays at that host, and is answered by the sandbox."""
    told = running.details()["salesforce"]
    login = {name: told[name] for name in ("consumer_key", "consumer_secret")}
    sf: Json = Salesforce(**login, domain="acme.my", session=through, version="66.0")
    assert ("acme.my.salesforce.com", 0) == (
        sf.sf_instance,
        sf.query("SELECT COUNT() FROM Lead")["totalSize"],
    )


def test_a_client_of_marketos_own_host(running: Running, through: requests.Session) -> None:
    """Identity and leads at the subscription's own host, without `/marketo` before the path."""
    told, host = running.details()["marketo"], "https://123-abc-456.mktorest.com"
    login = {name: told[name] for name in ("client_id", "client_secret")}
    asked = login | {"grant_type": "client_credentials"}
    token = through.get(f"{host}/identity/oauth/token", params=asked, timeout=5).json()
    head = {"authorization": f"Bearer {token['access_token']}"}
    wanted = {"filterType": "email", "filterValues": "nobody@x.example"}
    answer = through.get(f"{host}/rest/v1/leads.json", params=wanted, headers=head, timeout=5)
    assert (True, []) == (answer.json()["success"], answer.json()["result"])


def test_other_hosts_are_refused(through: requests.Session) -> None:
    """Nothing leaves for a host that the sandbox doesn't stand for."""
    with pytest.raises(requests.exceptions.ProxyError, match="403"):
        through.get("https://salesforce.example", timeout=5)
