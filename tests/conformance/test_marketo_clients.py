"""Marketo's face, used by clients that others wrote for Marketo."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from marketorestpython.client import MarketoClient
from marketorestpython.helper.exceptions import MarketoException

from sandbox.http.message import Json
from sandbox.marketo.lead_database import people
from sandbox.server.instance import Running
from sandbox.state.world import World
from tests.conformance.conftest import LEADS

AT_ONCE = 300
MOST_LOOKS = 30


@pytest.fixture(scope="module")
def client(details: Json) -> Json:
    """Their client, its host changed and nothing else."""
    marketo = details["marketo"]
    client = MarketoClient("AAA-BBB-CCC", marketo["client_id"], marketo["client_secret"])
    client.host = marketo["base_url"].removesuffix("/rest")
    return client


@pytest.fixture(scope="module")
def everybody(world: World) -> int:
    """A static list that holds every lead."""
    for person in list(world.table("marketo.person"))[:LEADS]:
        people.add_to_list(world, int(person), "Everybody")
    return int(people.list_named(world, "Everybody")["id"])


def test_a_lead_is_created_changed_and_refused(client: Json) -> None:
    """Create, update and a record that can't be written, each in its own words."""
    fox = {"email": "conny@conform.example", "firstName": "Conny", "company": "Conform"}
    (created,) = client.create_update_leads([fox], action="createOnly", lookupField="email")
    (again,) = client.create_update_leads([fox], action="createOnly", lookupField="email")
    later = fox | {"firstName": "Constance"}
    (changed,) = client.create_update_leads([later], action="updateOnly", lookupField="email")
    (row,) = client.get_lead_by_id(created["id"], fields=["firstName", "email"])
    assert ("created", "skipped", "updated") == (
        created["status"],
        again["status"],
        changed["status"],
    )
    assert "1005" == again["reasons"][0]["code"]
    assert ("Constance", fox["email"]) == (row["firstName"], row["email"])


def test_all_leads_are_read_by_filter(client: Json, world: World) -> None:
    """2,600 persons by 300 ids at a time, which their client sends as a POST that means GET."""
    ids = list(world.table("marketo.person"))[:LEADS]
    seen: list[str] = []
    for start in range(0, LEADS, AT_ONCE):
        some = ids[start : start + AT_ONCE]
        rows = client.get_multiple_leads_by_filter_type("id", some, fields=["id", "email"])
        seen += [str(row["id"]) for row in rows]
    assert sorted(ids) == sorted(seen)


def test_all_activities_are_read_page_by_page(client: Json) -> None:
    """Their client follows `moreResult` and the paging tokens to the end."""
    pages = client.get_lead_activities_yield(["2"], sinceDatetime="2026-01-01")
    assert LEADS == sum(len(page) for page in pages)


def test_all_leads_come_out_in_bulk(client: Json, running: Running) -> None:
    """A bulk extract: create, enqueue, poll until it is done, download."""
    (job,) = client.create_leads_export_job(
        fields=["id", "email"],
        filters={"createdAt": {"startAt": "2026-11-01T00:00:00Z", "endAt": "2026-11-28T00:00:00Z"}},
    )
    states = [client.enqueue_leads_export_job(job["exportId"])[0]["status"]]
    while states[-1] != "Completed" and len(states) < MOST_LOOKS:
        running.world.advance(timedelta(minutes=1))
        states.append(client.get_leads_export_job_status(job["exportId"])[0]["status"])
    file = client.get_leads_export_job_file(job["exportId"])
    rows = list(csv.DictReader(io.StringIO(file.decode())))
    assert ["Queued", "Completed"] == [states[0], states[-1]]
    assert LEADS <= len(rows)
    assert {"id", "email"} == set(rows[0])


def test_errors_raise_what_their_client_raises(client: Json) -> None:
    """An unknown field and an unknown filter are the vendor's codes in their exception."""
    with pytest.raises(MarketoException) as field:
        client.get_multiple_leads_by_filter_type("email", ["a@b.example"], fields=["nonsense"])
    with pytest.raises(MarketoException) as filter_type:
        client.get_multiple_leads_by_filter_type("shoeSize", ["44"])
    assert ("1006", "1011") == (field.value.code, filter_type.value.code)


def test_node_marketo_reads_pages_and_errors(node: Callable[..., Json], everybody: int) -> None:
    """node-marketo-rest creates, finds, pages through a list of 2,600 and names an error."""
    assert {
        "created": "created",
        "found": "Nora",
        "onList": LEADS,
        "error": "1006",
    } == node("marketo.mjs", str(everybody))
