"""Slack's requests by HTTP, for where Socket Mode is not wanted: signed, bounded, one path.

Bolt reads a body before it verifies the signature, and answers an unreadable body or timestamp of
a stranger with an error of its own; so the signature over the raw body, at most five minutes old,
is verified here, before anything is read.
"""

import asyncio
import json
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import parse_qs

from slack_bolt import App as Bolt
from slack_bolt import BoltRequest, BoltResponse
from slack_sdk.signature import SignatureVerifier

from agent import server
from agent.logs import alert, defect
from agent.server import Bounded, Message, Receive, Send

PATH = "/slack/events"
LOOPBACK = "127.0.0.1"
MOST_BYTES = 1_000_000
"""Slack's own payloads are far smaller; a view may have 250 kB."""
THREADS = 16
"""Requests that are answered at once; others wait their turn."""
_LONGEST_STAMP, _LONGEST_SIGNATURE = 15, 100
"""Slack's have 10 and 67 characters."""


@contextmanager
def serving(bolt: Bolt, secret: str, port: int, *, host: str = LOOPBACK) -> Generator[int]:
    """Take Slack's requests; the port, which 0 leaves to the system.

    Raises SettingsError when nobody can listen there.
    """
    socket = server.bound(host, port, "SLACK_HTTP_PORT")
    with ThreadPoolExecutor(THREADS, "slack") as pool:
        endpoint = Bounded(_Endpoint(bolt, SignatureVerifier(secret), pool), MOST_BYTES)
        with server.serving(endpoint, socket, "slack-http") as found:
            yield found


class _Endpoint:
    """The one path; a body that is handed to Bolt was signed by Slack."""

    def __init__(self, bolt: Bolt, verifier: SignatureVerifier, pool: ThreadPoolExecutor) -> None:
        self._bolt, self._verifier, self._pool = bolt, verifier, pool

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"] != PATH:
            await server.refuse(send, HTTPStatus.NOT_FOUND)
            return
        if scope["method"] != "POST":
            await server.refuse(send, HTTPStatus.METHOD_NOT_ALLOWED)
            return
        body: bytes = (await receive())["body"]
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        if not is_signed(self._verifier, body, headers):
            await server.refuse(send, HTTPStatus.UNAUTHORIZED)
            return
        answer = await asyncio.get_running_loop().run_in_executor(
            self._pool, self._answered, body, headers
        )
        if isinstance(answer, HTTPStatus):
            await server.refuse(send, answer)
            return
        await _send(send, answer)

    def _answered(self, body: bytes, headers: Mapping[str, str]) -> BoltResponse | HTTPStatus:
        try:
            text = body.decode()
            if not is_message(text, headers.get("content-type", "")):
                return HTTPStatus.BAD_REQUEST
            return self._bolt.dispatch(BoltRequest(body=text, headers=dict(headers)))
        except (UnicodeDecodeError, ValueError, RecursionError):
            return HTTPStatus.BAD_REQUEST
        except Exception as error:  # noqa: BLE001  (Slack sends it again; no traceback with its data)
            alert("slack_request_failed", f"A request of Slack's failed: {defect(error)}")
            return HTTPStatus.INTERNAL_SERVER_ERROR


def is_signed(verifier: SignatureVerifier, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether Slack signed this, just now; whatever a stranger writes there is a no."""
    stamp = headers.get("x-slack-request-timestamp", "")
    signature = headers.get("x-slack-signature", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= _LONGEST_STAMP):
        return False
    if not signature.isascii() or len(signature) > _LONGEST_SIGNATURE:
        return False
    try:
        return verifier.is_valid(body, stamp, signature)
    except UnicodeDecodeError:  # the library reads the body as text; Slack's own always is
        return False


def is_message(text: str, content: str) -> bool:
    """Whether a body has the shape that Slack gives all of its messages, which Bolt relies on.

    Raises ValueError or RecursionError for what is no JSON.
    """
    if "json" not in content:
        payload = parse_qs(text).get("payload")
        return payload is None or isinstance(json.loads(payload[0]), dict)
    told: Any = json.loads(text)
    return isinstance(told, dict) and isinstance(cast("Any", told).get("event", {}), dict)


async def _send(send: Send, answer: BoltResponse) -> None:
    body = str(answer.body or "").encode()
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, values in answer.headers.items()
        if name.lower() != "content-length"
        for value in values
    ]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
