"""A client of the control face, for tests and scripts in other processes.

control = Control("http://127.0.0.1:8080/_control")
control.strike(Reset(vendor="slack", path="chat.postMessage", after=True, times=1))
control.advance(timedelta(minutes=5))
posts = control.journal(vendor="slack", name="message.post")
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import requests

from sandbox.faults import Fault, parse
from sandbox.http.message import Json
from sandbox.state.world import Entry, Row

TIMEOUT_SECONDS = 60
"""Of the wall clock; a month of the world's time can pass within one call."""


class ControlCallError(Exception):
    """The sandbox refuses a control call; the sentence is its own."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A fault that stands, and what it has done so far."""

    fault: Fault
    seen: int
    """How many requests it matched."""
    struck: int
    """How many of them it struck."""


class Control:
    """One world, from outside. Every method raises `ControlCallError` when it is refused."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def now(self) -> datetime:
        """The world's present, aware UTC."""
        return datetime.fromisoformat(self.state()["now"])

    def state(self) -> Row:
        """Now, the size of each table, the length of journal and future."""
        return self._call("GET", "/state")

    def advance(self, by: timedelta) -> datetime:
        """Let time pass; returns the new present."""
        told = self._call("POST", "/clock", {"advance_seconds": by.total_seconds()})
        return datetime.fromisoformat(told["now"])

    def advance_to(self, instant: datetime) -> datetime:
        """Let time pass until an aware instant; returns the new present."""
        told = self._call("POST", "/clock", {"to": instant.isoformat()})
        return datetime.fromisoformat(told["now"])

    def run(self, factor: float = 1) -> None:
        """From here on, let time pass as the wall clock does, or so many times as fast."""
        self._call("POST", "/clock", {"mode": "fast", "factor": factor})

    def pause(self) -> None:
        """Let time stand until it is resumed."""
        self._call("POST", "/clock", {"mode": "paused"})

    def resume(self) -> None:
        """Let time pass as it did before the pause."""
        self._call("POST", "/clock", {"mode": "resumed"})

    def strike(self, fault: Fault) -> str:
        """Let a fault stand; returns its id."""
        return str(self._call("POST", "/fault", fault.model_dump(mode="json"))["id"])

    def strike_by(self, profile: str) -> list[str]:
        """Let the faults of a named profile stand; returns their ids."""
        return list(self._call("POST", "/fault", {"profile": profile})["ids"])

    def faults(self) -> dict[str, Standing]:
        """The faults that stand, by id."""
        rows: dict[str, Row] = self._call("GET", "/faults")["faults"]
        return {
            fault_id: Standing(parse(row["fault"]), row["seen"], row["struck"])
            for fault_id, row in rows.items()
        }

    def profiles(self) -> dict[str, str]:
        """What goes wrong in each named profile."""
        return dict(self._call("GET", "/profiles")["profiles"])

    def lift(self, fault_id: str) -> None:
        """Remove one fault."""
        self._call("DELETE", "/fault", id=fault_id)

    def lift_all(self) -> None:
        """Remove all faults."""
        self._call("DELETE", "/faults")

    def snapshot(self) -> int:
        """Keep this moment as long as the sandbox runs; returns its number."""
        return int(self._call("POST", "/snapshot")["snapshot"])

    def restore(self, snapshot: int) -> None:
        """Go back to a kept moment."""
        self._call("POST", "/restore", {"snapshot": snapshot})

    def journal(
        self, *, after: int = -1, vendor: str = "", kind: str = "", name: str = "", text: str = ""
    ) -> Iterator[Entry]:
        """What happened after a place in the journal, oldest first, page by page.

        `text` is what the line must contain, such as an id or an address.
        """
        wanted = {"vendor": vendor, "kind": kind, "name": name, "text": text}
        given = {key: value for key, value in wanted.items() if value}
        more = True
        while more:
            page = self._call("GET", "/journal", after=str(after), **given)
            for row in page["entries"]:
                after = row["seq"]
                yield Entry(**row)
            more = page["more"]

    def digest(self) -> str:
        """The journal's last hash: equal for worlds that have lived the same life."""
        return str(self.state()["hash"])

    def rows(self, table: str, *ids: str) -> dict[str, Row]:
        """The rows of a table such as `salesforce.Lead`; all of them, or those with some ids."""
        asked = {"id": list(ids)} if ids else {}
        return dict(self._call("GET", f"/table/{table}", **asked)["rows"])

    def put(self, table: str, rows: Mapping[str, Row | None]) -> None:
        """Put rows into a table, and remove those that are None."""
        self._call("POST", f"/table/{table}", {"rows": dict(rows)})

    def people(self) -> list[Row]:
        """Who the colleagues are: address, role, region, timezone, habit, whether at work now."""
        return list(self._call("GET", "/people")["people"])

    def let_live(self, *kinds: str, on: bool = True) -> dict[str, bool]:
        """Let people of these kinds, or all, live or rest; returns which kinds live."""
        told = self._call("POST", "/people", {"on": on, "kinds": list(kinds)})
        return dict(told["living"])

    def act(self, do: str, **deed: Json) -> Json:
        """Let a person do something, as `sandbox.acts` documents; returns what it made."""
        return self._call("POST", "/act", {"do": do, **deed})["result"]

    def _call(self, method: str, path: str, body: Json = None, **asked: str | list[str]) -> Json:
        answer = self._session.request(
            method, self._url + path, json=body, params=asked, timeout=TIMEOUT_SECONDS
        )
        told: Json = answer.json()
        if not answer.ok:
            raise ControlCallError(told["error"])
        return told
