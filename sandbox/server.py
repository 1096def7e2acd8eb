"""Thin HTTP servers over the vendors' faces: one plain port, one TLS port for Salesforce.

Faces are mounted by path prefix on the plain port (`/marketo`, `/slack`, ...); Salesforce has
the TLS port to itself, because simple-salesforce accepts only https and only a host.
"""

import gzip
import ssl
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sandbox.wire import Handler, Request, Response
from sandbox.world import World

GZIP_FROM_BYTES = 1024
"""Adobe compresses bodies from this size on when the client accepts gzip."""

STOP_POLL_SECONDS = 0.02
"""How often a server looks whether it shall stop; tests start and stop many."""


def dispatch(world: World, faces: Mapping[str, Handler], request: Request) -> Response:
    """Give a request to the face with the longest matching prefix, the prefix removed."""
    for prefix in sorted(faces, key=len, reverse=True):
        if request.path == prefix or request.path.startswith(prefix.rstrip("/") + "/"):
            inner = Request(
                request.method,
                request.path[len(prefix.rstrip("/")) :] or "/",
                request.query,
                request.headers,
                request.body,
            )
            with world.present():
                return faces[prefix](inner)
    return Response.of({"error": f"the sandbox has no face at {request.path}"}, 404)


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
        class Exchange(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _exchange(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length) if length else b""
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                request = Request.parse(self.command, self.path, dict(self.headers.items()), body)
                self._answer(dispatch(world, faces, request))

            def _answer(self, response: Response) -> None:
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
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _exchange  # noqa: N815

            def date_time_string(self, timestamp: float | None = None) -> str:
                """The Date header: this world's present, not the machine's."""
                return super().date_time_string(timestamp or world.now.timestamp())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
                """Say nothing: the journal is the log."""

        self._http = ThreadingHTTPServer(("127.0.0.1", port), Exchange)
        self._http.daemon_threads = True
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
