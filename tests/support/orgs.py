"""A Salesforce org of the sandbox behind real HTTPS, for tests."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import requests
from simple_salesforce.api import Salesforce

from sandbox import salesforce
from sandbox.http import tls
from sandbox.http.message import Json
from sandbox.salesforce.login import sessions
from sandbox.salesforce.store import records
from sandbox.server.http_server import Server
from sandbox.state.world import World

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ANA = "ana.torres@meridian.example"
SELF = "routeready@meridian.example"
ROOT = "/services/data/v66.0"


@dataclass
class Org:
    """A running org with two users and two queues, and a session of the integration user."""

    world: World
    host: str
    http: requests.Session
    ids: dict[str, str]

    @property
    def sf(self) -> Json:
        """simple-salesforce with a session of the integration user."""
        return Salesforce(
            session_id=sessions.open_session(self.world, self.ids[SELF]),
            instance=self.host,
            session=self.http,
            version="66.0",
        )

    def insert(self, sobject: str, **values: Json) -> str:
        """Create a record as an administrator would."""
        return records.insert(self.world, sobject, values, by="setup", assign=False)

    def lead(self, name: str = "Fox", **values: Json) -> str:
        """A lead in the holding queue."""
        usual: dict[str, Json] = {"LastName": name, "Company": "Co", "OwnerId": self.ids["Holding"]}
        return self.insert("Lead", **usual | values)

    def row(self, record_id: str) -> Json:
        """A lead as it is."""
        return self.world.table("salesforce.Lead")[record_id]

    def call(self, method: str, path: str, **options: Json) -> requests.Response:
        """A plain call of the REST API with a fresh session."""
        token = sessions.open_session(self.world, self.ids[SELF])
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        url = f"https://{self.host}{path}"
        return self.http.request(method, url, headers=headers, timeout=5, **options)

    def composite(self, subrequests: list[Json], *, all_or_none: bool = False) -> list[Json]:
        """A composite call: each subrequest is method, path, body and maybe headers."""
        asked = [
            {
                "method": method,
                "url": f"{ROOT}/{path}",
                "referenceId": f"r{number}",
                "body": body,
                "httpHeaders": {"Sforce-Auto-Assign": "FALSE"} if not headers else headers[0],
            }
            for number, (method, path, body, *headers) in enumerate(subrequests)
        ]
        body = {"allOrNone": all_or_none, "compositeRequest": asked}
        answer = self.call("POST", f"{ROOT}/composite", json=body)
        return answer.json()["compositeResponse"]


@contextmanager
def running_org() -> Generator[Org]:
    """An org behind its TLS port, with two users and two queues."""
    world = World(now=NOON)
    context, ca_file = tls.serve()
    server = Server(world, {"/": salesforce.face(world)}, tls=context)
    server.start()
    with requests.Session() as http:
        http.trust_env = False
        http.verify = ca_file
        org = Org(world, f"localhost:{server.port}", http, {})
        for email in (ANA, SELF):
            name = email.split("@")[0].title()
            org.ids[email] = org.insert("User", Username=email, Email=email, LastName=name)
        for name in ("Holding", "EMEA"):
            org.ids[name] = org.insert("Group", Name=name, DeveloperName=name, Type="Queue")
            org.insert("QueueSobject", QueueId=org.ids[name], SobjectType="Lead")
        yield org
    server.stop()
