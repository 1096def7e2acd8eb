"""Listening on a port that strangers reach: bounded in size, in time and in number.

One server for the console, for Slack over HTTP and for metrics. What isn't HTTP, is too large or
too slow is refused before anything of ours reads it, and costs neither a thread nor a traceback.
"""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from agent.logs import alert, defect
from domain.errors import SettingsError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

HEADER_BYTES = 16_384
"""Of a whole head; browsers send less than 8 kB."""
PATIENCE_SECONDS = 10.0
"""So long a head may take, and so long a body."""
CONNECTIONS = 200
"""At once. Who comes then takes the place of who keeps us waiting longest for a whole request; only
where each of them waits for an answer are more told to come again later."""
MARGIN = 2
"""So many times as many there may be for a moment: who is let go needs one to go."""
START_SECONDS = 30.0
_LONGEST_NUMBER = 12
"""Digits of a length; more than a terabyte is nobody's form."""
_READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Bounded:
    """An application that is handed whole bodies only, none larger than it takes."""

    application: Application
    most_bytes: int
    patience: float = PATIENCE_SECONDS

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        body = await self._body(scope, receive)
        if body is None:
            return
        if isinstance(body, HTTPStatus):
            await refuse(send, body)
            return
        await self._answered(scope, _replayed(body, receive), send)

    async def _answered(self, scope: Message, receive: Receive, send: Send) -> None:
        """What fails is logged by its kind and place: its words may hold a lead's data."""
        begun: list[Message] = []

        async def noted(message: Message) -> None:
            begun.append(message)
            await send(message)

        try:
            await self.application(scope, receive, noted)
        except Exception as error:  # noqa: BLE001  (one request's; the others have their answers)
            alert("request_failed", f"A request failed: {defect(error)}")
            if not begun:
                await refuse(send, HTTPStatus.INTERNAL_SERVER_ERROR)

    async def _body(self, scope: Message, receive: Receive) -> bytes | HTTPStatus | None:
        """The body whole; why it is refused; None for a connection that is over."""
        if len(scope["raw_path"]) + len(scope["query_string"]) > HEADER_BYTES:
            return HTTPStatus.REQUEST_URI_TOO_LONG
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_BYTES:
            return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        lengths = [value for name, value in scope["headers"] if name == b"content-length"]
        if not lengths and scope["method"] not in _READS:
            return HTTPStatus.LENGTH_REQUIRED
        if any(not one.isdigit() or len(one) > _LONGEST_NUMBER for one in lengths):
            return HTTPStatus.BAD_REQUEST
        if any(int(one) > self.most_bytes for one in lengths):
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        try:
            async with asyncio.timeout(self.patience):
                return await self._read(receive)
        except TimeoutError:
            return HTTPStatus.REQUEST_TIMEOUT

    async def _read(self, receive: Receive) -> bytes | HTTPStatus | None:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > self.most_bytes:
                return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            if not message.get("more_body", False):
                return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """What was read already, and then what comes after it."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


async def refuse(send: Send, status: HTTPStatus) -> None:
    """Answer with a status, and end the connection: the rest of what was sent is not read."""
    said = status.phrase.encode()
    headers = [
        (b"content-type", b"text/plain"),
        (b"content-length", str(len(said)).encode()),
        (b"connection", b"close"),
    ]
    with suppress(h11.LocalProtocolError):  # the library answered what is no HTTP, and is through
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": said})


class _Hurried(H11Protocol):
    """Closes a connection on which no whole head came in time; the library waits for ever."""

    since = 0.0
    """When the connection was made, by the loop's clock."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head, in the place of another where all are taken."""
        super().connection_made(transport)
        self.since = self.loop.time()
        self._make_room()
        self._await_head()

    def _make_room(self) -> None:
        waiting = [one for one in self.connections if isinstance(one, _Hurried) and one.keeps_us]
        most = (self.limit_concurrency or MARGIN * CONNECTIONS) // MARGIN
        if len(self.connections) > most and len(waiting) > 1:
            longest = min(waiting, key=lambda one: one.since)
            self.connections.discard(longest)
            longest.transport.close()

    @property
    def keeps_us(self) -> bool:
        """Whether we wait for the rest of a request."""
        return self.conn.their_state in (h11.IDLE, h11.SEND_BODY)

    def data_received(self, data: bytes) -> None:
        """Take what comes; what the library stumbles over ends the connection, quietly."""
        try:
            super().data_received(data)
        except (ValueError, h11.ProtocolError):
            self.transport.close()

    def on_response_complete(self) -> None:
        """Begin to wait for the next head."""
        super().on_response_complete()
        self._await_head()

    def _await_head(self) -> None:
        self.loop.call_later(PATIENCE_SECONDS, self._close_if_idle, self._current())

    def _close_if_idle(self, before: RequestResponseCycle | None) -> None:
        now = self._current()
        is_waiting = now is before and (now is None or now.response_complete)
        if is_waiting and not self.transport.is_closing():
            self.transport.close()

    def _current(self) -> RequestResponseCycle | None:
        """The latest request, which the library declares to be there from the start."""
        return self.cycle


def config(application: Application, *, connections: int = CONNECTIONS) -> uvicorn.Config:
    """How uvicorn serves an application here."""
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # what strangers do is no news
    return uvicorn.Config(
        application,
        http=_Hurried,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        limit_concurrency=MARGIN * connections,
        h11_max_incomplete_event_size=HEADER_BYTES,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
    )


def bound(host: str, port: int, setting: str) -> socket.socket:
    """A socket that listens; 0 leaves the port to the system.

    Raises SettingsError naming the setting.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host.strip("[]"), port), family=family, backlog=CONNECTIONS)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise SettingsError(f"{setting} {host}:{port} can't be listened on: {why}.") from None


@contextmanager
def serving(application: Application, listening: socket.socket, name: str) -> Generator[int]:
    """Serve on a thread of its own for as long as the context lasts; the port."""
    server = uvicorn.Server(config(application))
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listening]}, name=name, daemon=True
    )
    with listening:
        thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not server.started and thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.005)
        try:
            yield int(listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(START_SECONDS)
