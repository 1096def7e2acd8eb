"""Thin HTTP servers over the vendors' faces: one plain port, one TLS port for Salesforce.

Faces are mounted by path prefix on the plain port (`/marketo`, `/slack`, ...); Salesforce has
the TLS port to itself, because simple-salesforce accepts only https and only a host.
"""

import gzip
import socket
import ssl
import struct
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

from sandbox import faults
from sandbox.wire import Handler, Request, Response
from sandbox.world import World

GZIP_FROM_BYTES = 1024
"""Adobe compresses bodies from this size on when the client accepts gzip."""

VENDOR_AT_ROOT = "salesforce"
"""Whose face it is that has a port to itself."""
NOT_OF_THIS_WORLD = frozenset({"_control", "look"})
"""Mounts that no fault strikes."""
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends RST."""

STOP_POLL_SECONDS = 0.02
"""How often a server looks whether it shall stop; tests start and stop many."""


def dispatch(world: World, faces: Mapping[str, Handler], request: Request) -> Response:
    """Give a request to the face with the longest matching prefix, the prefix removed.

    On its way it passes the faults that stand.
    """
    for prefix in sorted(faces, key=len, reverse=True):
        if request.path == prefix or request.path.startswith(prefix.rstrip("/") + "/"):
            inner = Request(
                request.method,
                request.path[len(prefix.rstrip("/")) :] or "/",
                request.query,
                request.headers,
                request.body,
            )
            vendor = prefix.strip("/") or VENDOR_AT_ROOT
            with world.present():
                if vendor in NOT_OF_THIS_WORLD:
                    return faces[prefix](inner)
                return faults.through(world, vendor, inner, faces[prefix])
    return Response.of({"error": f"the sandbox has no face at {request.path}"}, 404)


class _Http(ThreadingHTTPServer):
    """A listening socket with the world and the faces that it serves."""

    daemon_threads = True

    def __init__(self, world: World, faces: Mapping[str, Handler], port: int) -> None:
        super().__init__(("127.0.0.1", port), _Exchange)
        self.world = world
        self.faces = faces


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def _here(self) -> _Http:
        return cast("_Http", self.server)

    def _exchange(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else b""
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        request = Request.parse(self.command, self.path, dict(self.headers.items()), body)
        self._answer(dispatch(self._here.world, self._here.faces, request))

    def _answer(self, response: Response) -> None:
        time.sleep(response.hold_seconds)
        if response.is_reset:
            self._reset()
            return
        body, headers = response.body, dict(response.headers)
        accepts = self.headers.get("accept-encoding", "")
        if "gzip" in accepts and len(body) >= GZIP_FROM_BYTES:
            body = gzip.compress(body, compresslevel=1)
            headers["content-encoding"] = "gzip"
        self.send_response(response.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: response.cut_at])
        if response.cut_at is not None:
            self._reset()

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _exchange  # noqa: N815

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.close_connection = True
        self.connection.close()

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header: this world's present, not the machine's."""
        return super().date_time_string(timestamp or self._here.world.now.timestamp())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
        """Say nothing: the journal is the log."""


class Server:
    """A running HTTP server on loopback; start it with `start`, end it with `stop`."""

    def __init__(
        self,
        world: World,
        faces: Mapping[str, Handler],
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._http = _Http(world, faces, port)
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(STOP_POLL_SECONDS,), daemon=True
        )

    @property
    def port(self) -> int:
        """The port that was given, or the free one that was found."""
        return self._http.server_address[1]

    def start(self) -> None:
        """Begin to answer, on a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
