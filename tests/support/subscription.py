"""A Marketo subscription over real HTTP, and short words for what tests do with it."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests

from sandbox import marketo
from sandbox.http.message import Json
from sandbox.marketo.lead_database import people
from sandbox.server.http_server import Server
from sandbox.state.world import Row, World


@dataclass
class Subscription:
    """A running Marketo with a signed-in client."""

    world: World
    url: str
    http: requests.Session

    def setting(self, **told: Json) -> None:
        """Say what this world's Marketo is like, beyond what was said before."""
        table = self.world.table("sandbox.setting")
        table["marketo"] = table.get("marketo", {}) | told

    def sign_in(self, client: str = marketo.CLIENT_ID, secret: str = marketo.CLIENT_SECRET) -> Row:
        """Fetch a token and use it from here on; returns what identity answered."""
        asked = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        answer = self.http.get(f"{self.url}/identity/oauth/token", params=asked).json()
        self.http.headers["Authorization"] = f"Bearer {answer.get('access_token')}"
        return answer

    def call(self, method: str, path: str, **more: Any) -> requests.Response:  # noqa: ANN401  (as requests)
        """One request, as `requests` makes it; `path` begins behind the base URL."""
        return self.http.request(method, f"{self.url}{path}", **more)

    def get(self, path: str, **asked: Json) -> Row:
        """GET below `/rest/v1/` unless `path` begins with a slash; `.json` is added."""
        return self.call("GET", _full(path), params=asked).json()

    def post(self, path: str, body: Json = None, **asked: Json) -> Row:
        """POST JSON below `/rest/v1/` unless `path` begins with a slash; `.json` is added."""
        return self.call("POST", _full(path), json=body, params=asked).json()

    def persons(self, count: int, **values: Json) -> list[int]:
        """So many new persons, each with an address of its own."""
        return [
            people.create_person(self.world, {"email": f"p{number}@acme.example", **values})
            for number in range(count)
        ]

    def person(self, lead: int) -> Row:
        """A person as the world holds it."""
        return self.world.table(people.PERSON)[str(lead)]

    def log(self, lead: int, kind: int) -> list[Row]:
        """What a person's log says of a type, oldest first; the attributes by their names."""
        return [
            {one["name"]: one["value"] for one in row["attributes"]}
            | {"primary": row["primaryAttributeValue"]}
            for row in self.world.table(people.ACTIVITY).values()
            if (row["leadId"], row["activityTypeId"]) == (lead, kind)
        ]

    def put(self, table: str, **rows: Row) -> None:
        """Put rows into a table by their keys."""
        self.world.table(table).update(rows)

    def pass_time(self, **by: float) -> None:
        """Let time pass: `minutes=5`."""
        self.world.advance(timedelta(**by))


def _full(path: str) -> str:
    return f"{path if path.startswith('/') else f'/rest/v1/{path}'}.json"


def code(answer: Row) -> str:
    """The code of a refusal; raises when it was none."""
    assert (False, True) == (answer["success"], "result" not in answer)
    return str(answer["errors"][0]["code"])


def codes(answer: Row) -> list[str]:
    """Per record, its status or the code of its failure."""
    told: list[Mapping[str, Json]] = answer["result"]
    return [
        str((one.get("reasons") or one.get("errors") or [{"code": one.get("status")}])[0]["code"])
        for one in told
    ]


@contextmanager
def subscribed(world: World) -> Generator[Subscription]:
    """Put a world's Marketo behind a port and sign in; the rate limit is out of the way."""
    server = Server(world, {"/marketo": marketo.face(world)})
    server.start()
    with requests.Session() as http:
        here = Subscription(world, f"http://127.0.0.1:{server.port}/marketo", http)
        here.setting(calls=1_000_000)
        here.sign_in()
        yield here
    server.stop()
