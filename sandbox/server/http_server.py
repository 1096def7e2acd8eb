"""Thin HTTP servers over the vendors' faces: one plain port, one TLS port for Salesforce.

Faces are mounted by path prefix on the plain port (`/marketo`, `/slack`, ...); Salesforce has
the TLS port to itself, because simple-salesforce accepts only https and only a host. Every
connection has a thread, so that a client that is slow, or whose answer is held back, stops nobody.
"""

import gzip
import selectors
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from sandbox import faults
from sandbox.http.connection import Connection, Head, MalformedError
from sandbox.http.message import Handler, Request, Response
from sandbox.state.world import World

GZIP_FROM_BYTES = 1024
"""Adobe compresses bodies from this size on when the client accepts gzip."""

NOT_OF_THIS_WORLD = frozenset({"_control", "look"})
"""Mounts that no fault strikes."""
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends RST."""
BACKLOG = 128
BODILESS = frozenset({204, 304})
DRIPS = 50
"""Pieces of an answer that comes slowly."""
STOP_SECONDS = 5.0
"""How long stopping waits for a request that is being served."""


class Mounts:
    """The faces of one server, each under a path prefix; the longest that fits answers.

    A face that has the server to itself, at `/`, is that of the vendor `at_root`.
    """

    def __init__(self, world: World, faces: Mapping[str, Handler], at_root: str) -> None:
        self._world = world
        self._faces = [
            (prefix.rstrip("/"), prefix.strip("/") or at_root, faces[prefix])
            for prefix in sorted(faces, key=len, reverse=True)
        ]
        self._lock = threading.Lock()
        self._serving = Counter[str]()

    def enter(self, head: Head, body: bytes) -> tuple[str, Handler, Request] | None:
        """Whose request it is, who answers it and what they see; it counts as being served."""
        path, _, query = head.target.partition("?")
        for prefix, vendor, face in self._faces:
            if path == prefix or path.startswith(f"{prefix}/"):
                with self._lock:
                    self._serving[vendor] += 1
                    count = self._serving[vendor]
                target = f"{path[len(prefix) :] or '/'}?{query}"
                request = Request.parse(head.method, target, head.headers, body)
                return vendor, face, replace(request, concurrent=count)
        return None

    def leave(self, vendor: str) -> None:
        """The answer has left."""
        with self._lock:
            self._serving[vendor] -= 1

    def answer(self, vendor: str, face: Handler, request: Request) -> Response:
        """Let a face answer, with the world held still, past the faults that stand."""
        with self._world.present():
            if vendor in NOT_OF_THIS_WORLD:
                return face(request)
            return faults.through(self._world, vendor, request, face)


class _Exchanges:
    """All exchanges of one connection, one after the other."""

    def __init__(
        self, world: World, mounts: Mounts, connection: Connection, stopping: threading.Event
    ) -> None:
        self._world = world
        self._mounts = mounts
        self._connection = connection
        self._stopping = stopping

    def run(self) -> None:
        """Serve until either side ends it."""
        try:
            while not self._stopping.is_set():
                head = self._connection.read_head()
                if head is None:
                    return
                self._serve(head, self._connection.read_body(head))
                if not head.keeps_alive or self._connection.is_closed:
                    return
        except MalformedError as error:
            self._send(None, Response(error.status, f"{error}\n".encode()))
        except OSError:
            return

    def _serve(self, head: Head, body: bytes) -> None:
        entered = self._mounts.enter(head, body)
        if entered is None:
            error = {"error": f"the sandbox has no face at {head.target}"}
            self._send(head, Response.of(error, HTTPStatus.NOT_FOUND))
            return
        vendor = entered[0]
        try:
            response = self._mounts.answer(*entered)
            if response.hold_seconds:
                self._stopping.wait(response.hold_seconds)
            self._send(head, response)
        finally:
            self._mounts.leave(vendor)

    def _send(self, head: Head | None, response: Response) -> None:
        if response.is_reset:
            self._reset()
            return
        body, headers = response.body, dict(response.headers)
        accepts = "" if head is None else head.headers.get("accept-encoding", "")
        if len(body) >= GZIP_FROM_BYTES and "gzip" in accepts and "content-encoding" not in headers:
            body = gzip.compress(body, compresslevel=1)
            headers["content-encoding"] = "gzip"
        if response.status not in BODILESS:
            headers["content-length"] = str(len(body))
        if head is None or not head.keeps_alive:
            headers["connection"] = "close"
        if response.status in BODILESS or (head is not None and head.method == "HEAD"):
            body = b""
        date = _http_date(int(self._world.now.timestamp()))
        start = f"HTTP/1.1 {response.status} {_phrase(response.status)}\r\ndate: {date}\r\n"
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        told = f"{start}{lines}\r\n".encode("latin-1", "replace") + body[: response.cut_at]
        self._write(told * 2 if response.is_doubled else told, response.drip_seconds)
        if response.cut_at is not None:
            self._reset()

    def _write(self, told: bytes, seconds: float) -> None:
        """Send bytes, spread over so many seconds of the wall clock."""
        size = len(told) if not seconds else max(1, len(told) // DRIPS)
        for start in range(0, len(told), size):
            self._connection.send(told[start : start + size])
            if seconds:
                self._stopping.wait(seconds / DRIPS)

    def _reset(self) -> None:
        self._connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._connection.close()


@lru_cache(maxsize=1)
def _http_date(seconds: int) -> str:
    """The Date header: this world's present, not the machine's."""
    return formatdate(seconds, usegmt=True)


@lru_cache(maxsize=100)
def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


class Server:
    """A running HTTP server on loopback; start it with `start`, end it with `stop`."""

    def __init__(
        self,
        world: World,
        faces: Mapping[str, Handler],
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        at_root: str = "salesforce",
    ) -> None:
        self._world = world
        self._mounts = Mounts(world, faces, at_root)
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
        self._wake, self._woken = socket.socketpair()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads: dict[threading.Thread, socket.socket] = {}
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def port(self) -> int:
        """The port that was given, or the free one that was found."""
        return self._listener.getsockname()[1]

    def start(self) -> None:
        """Begin to answer, on threads."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering, end every connection and free the port."""
        self._stopping.set()
        self._wake.send(b"\0")
        self._thread.join()
        for each in (self._listener, self._wake, self._woken):
            each.close()
        with self._lock:
            threads = list(self._threads.items())
        for _, connected in threads:
            with suppress(OSError):
                socket.socket.shutdown(connected, socket.SHUT_RDWR)  # of TLS, the socket below
        for thread, _ in threads:
            thread.join(STOP_SECONDS)

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                selector.select()
                if self._stopping.is_set():
                    return
                connected, _ = self._listener.accept()
                thread = threading.Thread(target=self._converse, args=(connected,), daemon=True)
                with self._lock:
                    self._threads[thread] = connected
                thread.start()

    def _converse(self, connected: socket.socket) -> None:
        """Serve one connection until it ends."""
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                connected = self._tls.wrap_socket(connected, server_side=True)
                with self._lock:
                    self._threads[threading.current_thread()] = connected
            with connected:
                connection = Connection(connected)
                _Exchanges(self._world, self._mounts, connection, self._stopping).run()
        except OSError:  # the client went away, or did not like our certificate
            connected.close()
        finally:
            with self._lock:
                del self._threads[threading.current_thread()]
