"""Faults as clients see them, switched on through the control client."""

import socket
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
import requests

from sandbox import faults
from sandbox.control.client import Control, ControlCallError
from sandbox.faults import (
    Act,
    Delay,
    Double,
    Drip,
    Error,
    Fault,
    Hide,
    Partial,
    Quota,
    Reorder,
    Repeat,
    Replay,
    Reset,
    Stale,
    Status,
    Truncate,
)
from sandbox.marketo.lead_database import people
from sandbox.server.instance import Running
from sandbox.state.world import World
from tests.support.sandbox_vendors import Vendors

ANA = "ana.torres@meridian.example"


def names(world: World) -> list[str]:
    """The last names of all persons in Marketo."""
    return [row["lastName"] for row in world.table(people.PERSON).values()]


def lead(control: Control, email: str = "keld@x.example") -> str:
    """A lead in Salesforce, put there by a person."""
    values = {"LastName": "Keld", "Company": "Alder", "Email": email}
    return str(control.act("salesforce.insert", object="Lead", values=values, by=ANA))


def test_a_status_is_answered_instead(world: World, control: Control, vendors: Vendors) -> None:
    """The vendor is never asked; the answer is the fault's."""
    control.strike(Status(vendor="marketo", status=502, text="<html>"))
    answer = vendors.rename("new", "ada@x.example")
    assert (502, "<html>", ["ada", "bob"]) == (answer.status_code, answer.text, names(world))


def test_a_status_after_the_effect(world: World, control: Control, vendors: Vendors) -> None:
    """The vendor did it all the same."""
    control.strike(Status(vendor="marketo", status=502, after=True))
    vendors.rename("new", "ada@x.example")
    assert names(world) == ["new", "bob"]


@pytest.mark.parametrize(
    ("fault", "status", "told"),
    [
        (Error(vendor="marketo", code="606"), 200, '"code":"606"'),
        (Error(vendor="salesforce", code="UNABLE_TO_LOCK_ROW"), 400, '"UNABLE_TO_LOCK_ROW"'),
        (Error(vendor="salesforce", code="SERVER_UNAVAILABLE"), 503, '"SERVER_UNAVAILABLE"'),
        (Error(vendor="slack", code="fatal_error"), 200, '{"ok":false,"error":"fatal_error"}'),
        (Error(vendor="slack", code="ratelimited"), 429, '{"ok":false,"error":"ratelimited"}'),
        (Quota(vendor="salesforce"), 403, '"REQUEST_LIMIT_EXCEEDED"'),
        (Quota(vendor="marketo"), 200, '"code":"607"'),
    ],
)
def test_errors_have_the_vendors_shape(
    control: Control, vendors: Vendors, fault: Fault, status: int, told: str
) -> None:
    """Each vendor refuses as it does by itself."""
    calls = {
        "marketo": lambda: vendors.marketo("GET", "leads/describe"),
        "salesforce": lambda: vendors.salesforce("GET", "limits"),
        "slack": lambda: vendors.slack("auth.test"),
    }
    control.strike(fault)
    answer = calls[fault.vendor]()
    assert (answer.status_code, told in answer.text) == (status, True)


def test_retry_after_is_what_the_fault_says(control: Control, vendors: Vendors) -> None:
    """Seconds or a date, or the vendor's usual."""
    control.strike(Error(vendor="slack", code="ratelimited", retry_after="7", times=1))
    assert vendors.slack("auth.test").headers["retry-after"] == "7"


@pytest.mark.parametrize(("after", "expected"), [(False, "ada"), (True, "new")])
def test_a_connection_is_reset(
    world: World, control: Control, vendors: Vendors, *, after: bool, expected: str
) -> None:
    """Before or after the effect the client sees the same: a reset."""
    control.strike(Reset(vendor="marketo", after=after))
    with pytest.raises(requests.ConnectionError, match="reset"):
        vendors.rename("new", "ada@x.example")
    assert names(world)[0] == expected


def test_a_reset_goes_through_tls(control: Control, vendors: Vendors) -> None:
    """Salesforce's connections are reset too."""
    control.strike(Reset(vendor="salesforce"))
    with pytest.raises(requests.ConnectionError):
        vendors.salesforce("GET", "limits")


def test_an_answer_breaks_off(world: World, control: Control, vendors: Vendors) -> None:
    """The length was announced, a part arrives."""
    control.strike(Truncate(vendor="marketo", keep=5))
    with pytest.raises(requests.RequestException):
        vendors.rename("new", "ada@x.example")
    assert names(world)[0] == "new"


def test_an_answer_is_late(world: World, control: Control, vendors: Vendors) -> None:
    """The world's time passes, and, where asked for, the wall clock's."""
    before = world.now
    control.strike(Delay(vendor="slack", seconds=90, wall_seconds=0.05))
    answer = vendors.slack("auth.test")
    assert world.now - before == timedelta(seconds=90)
    assert answer.elapsed >= timedelta(seconds=0.05)


def test_a_request_arrives_twice(control: Control, vendors: Vendors) -> None:
    """A message is posted once by the client, and twice in the channel."""
    (user,) = [
        key for key, row in control.rows("slack.user").items() if row["name"] == "ana.torres"
    ]
    control.strike(Repeat(vendor="slack", path="chat.postMessage"))
    assert vendors.slack("chat.postMessage", channel=user, text="hello").json()["ok"]
    assert len(list(control.journal(vendor="slack", name="message.post"))) == 2


def test_a_read_is_stale(control: Control, vendors: Vendors) -> None:
    """A query sees the records of before; the record itself is fresh; removed, both are."""
    record = lead(control)
    fault = control.strike(Stale(vendor="salesforce", path="/query"))
    values = {"LastName": "Later"}
    control.act("salesforce.update", object="Lead", id=record, values=values, by=ANA)
    asked = {"q": "SELECT LastName FROM Lead"}

    def queried() -> str:
        return str(
            vendors.salesforce("GET", "query", params=asked).json()["records"][0]["LastName"]
        )

    fresh = vendors.salesforce("GET", f"sobjects/Lead/{record}").json()["LastName"]
    assert (queried(), fresh) == ("Keld", "Later")
    control.lift(fault)
    assert queried() == "Later"


def test_some_records_of_marketo_fail(world: World, control: Control, vendors: Vendors) -> None:
    """The struck record is skipped in its place; the other is written."""
    control.strike(Partial(vendor="marketo", code="1007", message="Multiple", records=(0,)))
    told = vendors.rename("new", "ada@x.example", "bob@x.example").json()["result"]
    assert [one["status"] for one in told] == ["skipped", "updated"]
    assert names(world) == ["ada", "new"]


def test_all_records_of_marketo_fail(world: World, control: Control, vendors: Vendors) -> None:
    """Nothing is left for Marketo to do."""
    control.strike(Partial(vendor="marketo", code="1007", records=(0, 1)))
    told = vendors.rename("new", "ada@x.example", "bob@x.example").json()["result"]
    assert [one["reasons"][0]["code"] for one in told] == ["1007", "1007"]
    assert names(world) == ["ada", "bob"]


def test_some_records_of_a_composite_fail(world: World, control: Control, vendors: Vendors) -> None:
    """Records are counted through rows and collections; each failure has its place and shape."""
    ids = [lead(control, f"{name}@x.example") for name in "abcd"]
    root = "/services/data/v67.0"
    rows = [{"attributes": {"type": "Lead"}, "id": one, "LastName": "New"} for one in ids[2:]]
    subrequests = [
        {
            "method": "PATCH",
            "url": f"{root}/sobjects/Lead/{one}",
            "referenceId": f"r{number}",
            "body": {"LastName": "New"},
        }
        for number, one in enumerate(ids[:2])
    ]
    together = {
        "method": "PATCH",
        "url": f"{root}/composite/sobjects",
        "referenceId": "r2",
        "body": {"records": rows},
    }
    control.strike(
        Partial(vendor="salesforce", path="/composite$", code="UNABLE_TO_LOCK_ROW", records=(0, 3))
    )
    body = {"compositeRequest": [*subrequests, together]}
    parts = vendors.salesforce("POST", "composite", json=body).json()["compositeResponse"]
    assert [part["httpStatusCode"] for part in parts] == [400, 204, 200]
    assert [one["success"] for one in parts[2]["body"]] == [True, False]
    leads = world.table("salesforce.Lead")
    assert [leads[one]["LastName"] for one in ids] == ["Keld", "New", "New", "Keld"]


def test_some_records_of_a_collection_fail(control: Control, vendors: Vendors) -> None:
    """A collection answers 200 with the failure in its place."""
    ids = [lead(control, f"{name}@x.example") for name in "ab"]
    rows = [{"attributes": {"type": "Lead"}, "id": one, "LastName": "New"} for one in ids]
    control.strike(Partial(vendor="salesforce", code="UNABLE_TO_LOCK_ROW", records=(1,)))
    told = vendors.salesforce("PATCH", "composite/sobjects", json={"records": rows}).json()
    assert [one["success"] for one in told] == [True, False]
    assert told[1]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"


def test_somebody_acts_in_between(control: Control, vendors: Vendors) -> None:
    """A person changes the record between the client's request and its being performed."""
    record = lead(control)
    deed = {
        "do": "salesforce.update",
        "object": "Lead",
        "id": record,
        "values": {"LastName": "Mine"},
        "by": ANA,
    }
    control.strike(Act(vendor="salesforce", method="GET", deed=deed, times=1))
    answer = vendors.salesforce("GET", f"sobjects/Lead/{record}").json()
    assert answer["LastName"] == "Mine"


def test_a_fault_strikes_as_often_as_it_says(control: Control, vendors: Vendors) -> None:
    """Some pass first, then some are struck, then the world has healed."""
    fault = control.strike(Status(vendor="slack", status=503, skip=1, times=2))
    codes = [vendors.slack("auth.test").status_code for _ in range(5)]
    assert codes == [200, 503, 503, 200, 200]
    standing = control.faults()[fault]
    assert (standing.seen, standing.struck) == (5, 2)


def test_a_fault_has_its_time(world: World, control: Control, vendors: Vendors) -> None:
    """It strikes from its start on, and before its end."""
    start = world.now + timedelta(minutes=5)
    until = start + timedelta(minutes=5)
    control.strike(Status(vendor="slack", status=503, start=start, until=until))
    codes: list[int] = []
    for _ in range(3):
        codes.append(vendors.slack("auth.test").status_code)
        control.advance(timedelta(minutes=5))
    assert codes == [200, 503, 200]


def test_chance_is_drawn_from_the_seed(control: Control, vendors: Vendors) -> None:
    """The same seed strikes the same requests again, about as many as it says."""

    def struck(seed: int) -> list[int]:
        control.strike(Status(vendor="slack", status=503, chance=0.3, seed=seed))
        codes = [vendors.slack("auth.test").status_code for _ in range(30)]
        control.lift_all()
        return codes

    first = struck(1)
    assert first == struck(1)
    assert first != struck(2)
    assert 3 <= first.count(503) <= 15


def test_a_matcher_looks_into_the_body(control: Control, vendors: Vendors) -> None:
    """Only requests whose body has the text are struck, and no other vendor's."""
    control.strike(
        Status(vendor="marketo", method="POST", path=r"/leads\.json", body="bob", status=503)
    )
    assert vendors.rename("new", "ada@x.example").status_code == 200
    assert vendors.rename("new", "bob@x.example").status_code == 503
    assert vendors.slack("auth.test", text="bob").status_code == 200


def test_faults_combine(world: World, control: Control, vendors: Vendors) -> None:
    """A late answer can also be a lost one."""
    before = world.now
    control.strike(Delay(vendor="marketo", seconds=30))
    control.strike(Reset(vendor="marketo", after=True))
    with pytest.raises(requests.ConnectionError):
        vendors.rename("new", "ada@x.example")
    assert (world.now - before, names(world)[0]) == (timedelta(seconds=30), "new")


def test_marketos_quota_begins_anew_at_midnight_central(
    world: World, control: Control, vendors: Vendors
) -> None:
    """Until 00:00 US Central every call is refused; from then on none."""
    control.strike(Quota(vendor="marketo", path="describe"))
    assert "607" in vendors.marketo("GET", "leads/describe").text
    midnight = world.now.replace(hour=6, minute=0) + timedelta(days=1)
    control.advance_to(midnight - timedelta(seconds=1))
    assert '"code":"607"' in _described(vendors)
    control.advance_to(midnight)
    assert '"success":true' in _described(vendors)


def _described(vendors: Vendors) -> str:
    vendors.marketo_token = vendors.marketo_sign_in()
    return vendors.marketo("GET", "leads/describe").text


def test_a_snapshot_keeps_faults(control: Control, vendors: Vendors) -> None:
    """Restoring brings back the fault and how often it has struck."""
    fault = control.strike(Status(vendor="slack", status=503, times=1))
    taken = control.snapshot()
    assert vendors.slack("auth.test").status_code == 503
    control.restore(taken)
    assert control.faults()[fault].struck == 0
    assert vendors.slack("auth.test").status_code == 503


def test_what_struck_is_in_the_journal(control: Control, vendors: Vendors) -> None:
    """Each strike is a line of its own with the fault's id."""
    fault = control.strike(Reset(vendor="slack", times=1))
    with pytest.raises(requests.ConnectionError):
        vendors.slack("auth.test")
    told = [(one.name, one.data["fault"]) for one in control.journal(kind="fault")]
    assert told == [("reset", fault)]


def test_a_page_comes_twice(control: Control, vendors: Vendors) -> None:
    """The second page is the first one again; then paging goes on."""
    control.strike(Replay(vendor="slack", path="users.list", skip=1, times=1))
    first = vendors.slack("users.list", limit=2).json()
    cursor = first["response_metadata"]["next_cursor"]
    again, second = (vendors.slack("users.list", limit=2, cursor=cursor).json() for _ in range(2))
    assert first["members"] == again["members"] != second["members"]


def test_records_come_in_another_order(control: Control, vendors: Vendors) -> None:
    """The records of an answer are turned round."""
    usual = vendors.slack("users.list").json()["members"]
    control.strike(Reorder(vendor="slack"))
    assert usual[::-1] == vendors.slack("users.list").json()["members"]


def test_a_field_is_hidden(control: Control, vendors: Vendors) -> None:
    """The field is missing wherever it stands, and only that."""
    record = lead(control)
    control.strike(Hide(vendor="salesforce", fields=("Company",)))
    asked = {"q": "SELECT Company, LastName FROM Lead"}
    told = vendors.salesforce("GET", "query", params=asked).json()["records"][0]
    assert ("Keld", False) == (told["LastName"], "Company" in told)
    assert "Company" not in vendors.salesforce("GET", f"sobjects/Lead/{record}").json()


def test_an_answer_drips(control: Control, vendors: Vendors) -> None:
    """Slow bytes come whole; no wait between two is long enough for a timeout of reads."""
    control.strike(Drip(vendor="slack", wall_seconds=0.2))
    vendors.timeout = 0.15
    assert vendors.slack("auth.test").json()["ok"]


def test_an_answer_comes_twice(running: Running, control: Control) -> None:
    """The same bytes follow the answer once more on the same connection."""
    control.strike(Double(vendor="pdl"))
    with socket.create_connection(("127.0.0.1", running.plain.port), timeout=5) as connection:
        connection.sendall(b"GET /pdl/v5/x HTTP/1.1\r\nConnection: close\r\n\r\n")
        told = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert 2 == told.count(b"HTTP/1.1 ")
    assert told[: len(told) // 2] == told[len(told) // 2 :]


def test_somebody_takes_the_lead_that_a_request_names(control: Control, vendors: Vendors) -> None:
    """`{record}` in a deed is the lead of the request that was struck."""
    record = lead(control)
    values = {"OwnerId": {"user": ANA}, "Status": "Working"}
    deed = {"do": "salesforce.update", "object": "Lead", "id": "{record}", "by": ANA}
    control.strike(Act(vendor="salesforce", method="PATCH", deed=deed | {"values": values}))
    rows = [{"attributes": {"type": "Lead"}, "id": record, "Title": "CEO"}]
    vendors.salesforce("PATCH", "composite/sobjects", json={"records": rows})
    row = control.rows("salesforce.Lead", record)[record]
    assert ("CEO", "Working") == (row["Title"], row["Status"])


def test_retry_after_can_be_a_date(world: World, control: Control, vendors: Vendors) -> None:
    """The header is an instant of the world's time."""
    control.strike(Error(vendor="slack", code="ratelimited", retry_at_seconds=20))
    told = parsedate_to_datetime(vendors.slack("auth.test").headers["retry-after"])
    assert world.now + timedelta(seconds=20) == told


def test_deliveries_are_late_and_repeated(world: World, control: Control) -> None:
    """What the app is sent waits, and comes as often as the fault says."""
    control.strike(Delay(vendor="slack", method="SOCKET", seconds=60))
    control.strike(Repeat(vendor="slack", method="SOCKET", copies=2))
    how = faults.delivered(world, "/interactive", {})
    assert (3, timedelta(minutes=1)) == (how.copies, how.late)


def test_a_refused_control_call_says_why(control: Control) -> None:
    """The client raises the sandbox's own sentence."""
    with pytest.raises(ControlCallError, match="there is no fault 'nothing'"):
        control.lift("nothing")
