"""Slack's requests by HTTP, for where Socket Mode is not wanted: signed, bounded, one path.

Bolt reads a body before it verifies the signature, and answers an unreadable body or timestamp of
a stranger with an error of its own; so the signature over the raw body, at most five minutes old,
is verified here, before anything is read.
"""

import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from http import HTTPStatus
from io import BytesIO
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from slack_bolt import App as Bolt
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk.signature import SignatureVerifier

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

PATH = "/slack/events"
MOST_BYTES = 1_000_000
"""Slack's own payloads are far smaller; a view may have 250 kB."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its own name)
        """Say nothing: addresses and paths of strangers are not for the log."""


@contextmanager
def serving(bolt: Bolt, secret: str, port: int) -> Generator[int]:
    """Take Slack's requests on threads of their own; the port, which 0 leaves to the system."""
    answer, verifier = SlackRequestHandler(bolt, path=PATH), SignatureVerifier(secret)

    def guarded(environment: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        refusal = _refusal(environment, verifier)
        if refusal is None:
            return answer(environment, start)
        start(f"{refusal.value} {refusal.phrase}", [("content-type", "text/plain")])
        return [refusal.phrase.encode()]

    server = make_server("", port, guarded, server_class=_Server, handler_class=_Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _refusal(environment: "WSGIEnvironment", verifier: SignatureVerifier) -> HTTPStatus | None:
    """Why a request is not even looked at; None when it is, and then its body can be read again."""
    length = str(environment.get("CONTENT_LENGTH") or "0")
    if not length.isdecimal() or int(length) > MOST_BYTES:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    body = environment["wsgi.input"].read(int(length))
    environment["wsgi.input"] = BytesIO(body)
    stamp = str(environment.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", ""))
    signature = str(environment.get("HTTP_X_SLACK_SIGNATURE", ""))
    if not stamp.isdecimal() or not verifier.is_valid(body, stamp, signature):
        return HTTPStatus.UNAUTHORIZED
    return None
