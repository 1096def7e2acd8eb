"""Whatever a caller sends, Salesforce's face answers: never with a crash."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox import salesforce
from sandbox.http.message import Handler, Json, Request, Response
from sandbox.salesforce.login import sessions
from sandbox.salesforce.routes import RESOURCES
from sandbox.salesforce.soap.envelope import element
from sandbox.salesforce.store import records
from sandbox.state.world import World

OPERATIONS = ("createMetadata", "deleteMetadata", "deploy", "listMetadata", "merge", "readMetadata")
NAMES = (
    "records allOrNone compositeRequest batchRequests graphs ids fields object operation query "
    "state q sobjects FullName Metadata LastName attributes type method url body httpHeaders "
    "metadata fullNames queries fullName label length valueSet value ruleEntry fieldPermissions"
).split()
KNOWN = ("Lead", "Email", "CustomField", "Text", "Picklist", "insert", "x", "Lead.X__c", "1")
SCALARS = st.sampled_from([*KNOWN, None, True, 1, 1.5, ""])
ODD = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*NAMES, "@type"]), inner, max_size=4)
    ),
    max_leaves=8,
)
FEW = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@dataclass
class Asking:
    """A face with a lead in it, and a session."""

    face: Handler
    token: str
    lead: str

    def send(self, method: str, path: str, body: bytes, kind: str) -> Response:
        """Send one request as the session's user."""
        headers = {"authorization": f"Bearer {self.token}", "content-type": kind, "host": "x"}
        return self.face(Request.parse(method, path, headers, body))


@pytest.fixture(scope="module")
def asking() -> Asking:
    """A small org."""
    world = World()
    face = salesforce.face(world)
    user = {"Username": "ana@m.example", "LastName": "Torres"}
    user_id = records.insert(world, "User", user, by="setup", assign=False)
    lead = {"LastName": "Fox", "Company": "Co"}
    lead_id = records.insert(world, "Lead", lead, by="setup", assign=False)
    return Asking(face, sessions.open_session(world, user_id), lead_id)


@FEW
@given(
    template=st.sampled_from(sorted(RESOURCES)),
    body=ODD,
    named=st.sampled_from(KNOWN),
    query=st.dictionaries(
        st.sampled_from(["q", "explain", "ids", "fields", "start", "locator", "sobject"]),
        st.sampled_from(["x", "SELECT Id FROM Lead", "FIND {ab}", "1,2", "2026-11-01T00:00:00Z"]),
    ),
)
def test_any_resource_answers(
    asking: Asking, template: str, body: Json, named: str, query: dict[str, str]
) -> None:
    """A resource that is sent nonsense says so; its status is one that Salesforce has."""
    path = template.replace("{sobject}", named).replace("{id}", asking.lead)
    options = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in query.items())
    for method in RESOURCES[template]:
        target = f"/services/data/v66.0/{path}?{options}"
        answer = asking.send(method, target, json.dumps(body).encode(), "application/json")
        assert answer.status in {200, 201, 204, 300, 304, 400, 404, 415}


@FEW
@given(operation=st.sampled_from(OPERATIONS), name=st.sampled_from(NAMES), argument=ODD)
def test_any_envelope_answers(asking: Asking, operation: str, name: str, argument: Json) -> None:
    """A SOAP call of nonsense has a result or is a fault."""
    inner = element(name, argument) + element("metadata", argument)
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<e:Body><{operation}>{inner}</{operation}></e:Body></e:Envelope>"
    ).encode()
    for kind in ("m", "u"):
        answer = asking.send("POST", f"/services/Soap/{kind}/64.0", body, "text/xml")
        assert answer.status in {200, 500}
