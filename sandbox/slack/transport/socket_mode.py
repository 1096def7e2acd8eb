"""Socket Mode: Slack delivers over a WebSocket that the app opens, and waits for an ack.

`apps.connections.open` gives an address with a ticket for one connection. Every envelope goes to
one of the app's connections and must be acknowledged within three seconds; what is delivered again
goes to the next one (Slack: Using Socket Mode). Deliveries are calls to the outside, so they wait
in wall-clock time.
"""

import json
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import cast

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from sandbox.http.message import Json
from sandbox.slack.web.app import ADDRESS, APP_ID
from sandbox.slack.web.call import Call, SlackError
from sandbox.state.world import Row, World

TICKET = "slack.ticket"
TICKET_SECONDS = 30
"""Of the wall clock, in which apps connect."""
ACK_SECONDS = 3.0
WARNING_SECONDS = 10.0
"""Between the warning that a connection will be refreshed and its end."""
MOST_CONNECTIONS = 10
"""Per app (Slack: Using Socket Mode)."""
REFUSED = 1008
"""WebSocket close code: policy violation."""
HOST = "sandbox"


def open_connection(call: Call) -> Json:
    """apps.connections.open: an address for one connection; needs the app-level token."""
    address = call.world.table(ADDRESS).get("address")
    if address is None:
        raise SlackError("internal_error", "[ERROR] no socket is served")
    ticket = f"ticket{call.world.next_serial()}"
    call.world.table(TICKET)[ticket] = {"used": False, "at": time.monotonic()}
    return {"url": f"{address['url']}/link/?ticket={ticket}&app_id={APP_ID}"}


class SocketMode:
    """The WebSocket side of one workspace and one app."""

    def __init__(self, world: World, *, ack_seconds: float = ACK_SECONDS) -> None:
        self._world = world
        self.ack_seconds = ack_seconds
        """Of the wall clock, that an app has to acknowledge."""
        self._lock = threading.Lock()
        self._connections: list[ServerConnection] = []
        self._waiting: set[str] = set()
        """Envelopes that an ack is waited for."""
        self._acks: dict[str, Json] = {}
        self._acked = threading.Condition(self._lock)
        self._server: Server = serve(self._serve, "127.0.0.1", 0)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        host, port = self._server.socket.getsockname()[:2]
        world.table(ADDRESS)["address"] = {"url": f"ws://{host}:{port}"}

    def start(self) -> None:
        """Begin to accept connections, on a thread."""
        self._thread.start()

    def stop(self) -> None:
        """End every connection and free the port."""
        for connection in self.connections:
            connection.close()
        self._server.shutdown()
        self._thread.join()

    @property
    def connections(self) -> Sequence[ServerConnection]:
        """The connections that are open now."""
        with self._lock:
            return tuple(self._connections)

    def tell_count(self) -> None:
        """Say in the world how many connections there are, as it may have gone back meanwhile."""
        with self._world.lock:
            self._world.table(ADDRESS)["open"] = {"connections": len(self.connections)}

    def wait_for_connection(self, seconds: float = 10.0) -> bool:
        """Wait until the app is connected; says whether it is."""
        with self._acked:
            return self._acked.wait_for(lambda: bool(self._connections), timeout=seconds)

    def deliver(self, kind: str, payload: Row, *, attempt: int = 0, reason: str = "") -> Json:
        """Deliver one envelope (`interactive`, `events_api`, `slash_commands`) once.

        Returns what the app answered in its ack, {} when nothing; None when nobody acknowledged it
        in time.
        """
        with self._world.lock:
            envelope = f"envelope{self._world.next_serial()}"
        told: Row = {
            "type": kind,
            "envelope_id": envelope,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            told |= {"retry_attempt": attempt, "retry_reason": reason}
        return self._send(told, attempt)

    def refresh(self, *, warning_seconds: float = WARNING_SECONDS) -> None:
        """End all connections as the backend does every few hours: a warning, then the end."""
        old = self.connections
        self._tell(old, "warning")
        threading.Timer(warning_seconds, self._end, (old, "refresh_requested")).start()

    def disable(self) -> None:
        """Switch Socket Mode off: connections end, and no new ones should be opened."""
        with self._world.lock:
            self._world.table(ADDRESS).pop("address", None)
        self._end(self.connections, "link_disabled")

    def _end(self, connections: Sequence[ServerConnection], reason: str) -> None:
        self._tell(connections, reason)
        for connection in connections:
            connection.close()

    def _tell(self, connections: Sequence[ServerConnection], reason: str) -> None:
        told = {"type": "disconnect", "reason": reason, "debug_info": {"host": HOST}}
        for connection in connections:
            with suppress(ConnectionClosed):
                connection.send(json.dumps(told))

    def _send(self, told: Row, attempt: int) -> Json:
        connections, envelope = self.connections, str(told["envelope_id"])
        sent = False
        with self._lock:
            self._waiting.add(envelope)
        if connections:
            with suppress(ConnectionClosed):
                connections[attempt % len(connections)].send(json.dumps(told))
                sent = True
        with self._acked:
            acked = sent and self._acked.wait_for(lambda: envelope in self._acks, self.ack_seconds)
            answer = self._acks.pop(envelope, None)
            self._waiting.discard(envelope)
        with self._world.lock:
            self._world.record(
                "delivery",
                "slack",
                told["type"],
                envelope=envelope,
                attempt=attempt,
                acked=bool(acked),
            )
        return answer

    def _serve(self, connection: ServerConnection) -> None:
        if len(self.connections) >= MOST_CONNECTIONS:
            self._end([connection], "too_many_websockets")
            return
        if not self._admit(connection):
            connection.close(REFUSED, "the ticket is not valid")
            return
        with self._acked:
            self._connections.append(connection)
            count = len(self._connections)
            self._acked.notify_all()
        self.tell_count()
        try:
            connection.send(json.dumps(_hello(count)))
            for text in connection:
                self._read(text)
        except ConnectionClosed:
            return
        finally:
            with self._lock:
                self._connections.remove(connection)
            self.tell_count()

    def _admit(self, connection: ServerConnection) -> bool:
        """Whether a connection comes with a ticket that was not used before."""
        request = connection.request
        path = "" if request is None else request.path
        ticket = path.partition("ticket=")[2].partition("&")[0]
        with self._world.lock:
            row = self._world.table(TICKET).get(ticket)
            if row is None or row["used"]:
                return False
            if time.monotonic() - row["at"] > TICKET_SECONDS:
                return False
            row["used"] = True
            return True

    def _read(self, text: str | bytes) -> None:
        try:
            told: Json = json.loads(text)
        except ValueError:
            return
        if isinstance(told, dict) and "envelope_id" in told:
            row = cast("Row", told)
            with self._acked:
                if row["envelope_id"] in self._waiting:
                    self._acks[row["envelope_id"]] = row.get("payload") or {}
                    self._acked.notify_all()


def _hello(count: int) -> Row:
    return {
        "type": "hello",
        "num_connections": count,
        "debug_info": {"host": HOST, "build_number": 1, "approximate_connection_time": 18060},
        "connection_info": {"app_id": APP_ID},
    }
