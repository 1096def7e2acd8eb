"""The two real ways on which Slack reaches the worker: a WebSocket, and signed HTTP requests."""

import json
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

import requests
from pydantic import SecretStr
from slack_sdk.signature import SignatureVerifier

from agent.slack import http, listener
from sandbox.state.world import Row
from tests.support.conversations import dm, replies
from tests.support.follow_through import SECRET, said
from tests.support.worlds import Town

T = TypeVar("T")
PATIENCE = 15.0
"""Seconds until an answer that is made on a thread of the worker's must be there."""


class Line(Protocol):
    """A way on which Slack delivers."""

    def event(self, inner: Row) -> None:
        """Deliver an event."""
        ...

    def interaction(self, payload: Row) -> None:
        """Deliver a press of a button."""
        ...

    def command(self, form: Row) -> None:
        """Deliver a slash command."""
        ...


class OverSocket:
    """Envelopes over the WebSocket that the worker opened; each must be acknowledged."""

    def __init__(self, here: Town) -> None:
        self._socket = here.running.socket

    def event(self, inner: Row) -> None:
        """Deliver an event."""
        self._deliver("events_api", _wrapped(inner))

    def interaction(self, payload: Row) -> None:
        """Deliver a press of a button."""
        self._deliver("interactive", payload)

    def command(self, form: Row) -> None:
        """Deliver a slash command."""
        self._deliver("slash_commands", form)

    def _deliver(self, kind: str, payload: Row) -> None:
        assert self._socket.deliver(kind, payload) is not None


class OverHttp:
    """Requests to the port that the worker listens on, signed as Slack signs them."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}{http.PATH}"

    def event(self, inner: Row) -> None:
        """Deliver an event."""
        assert 200 == self.post(json.dumps(_wrapped(inner)), "application/json")

    def interaction(self, payload: Row) -> None:
        """Deliver a press of a button."""
        self._form({"payload": json.dumps(payload)})

    def command(self, form: Row) -> None:
        """Deliver a slash command."""
        self._form(form)

    def _form(self, form: Row) -> None:
        assert 200 == self.post(urlencode(form), "application/x-www-form-urlencoded")

    def post(self, body: str, content: str, **headers: str) -> int:
        """Send a signed request; the HTTP status of the answer."""
        now = str(int(time.time()))
        signature = SignatureVerifier(SECRET).generate_signature(timestamp=now, body=body)
        signed = {
            "content-type": content,
            "x-slack-request-timestamp": now,
            "x-slack-signature": str(signature),
        }
        answer = requests.post(self.url, data=body, headers=signed | headers, timeout=10)
        return answer.status_code


@contextmanager
def socket_line(here: Town) -> Generator[Line]:
    """The worker connected by Socket Mode, as it is by default."""
    token = SecretStr(here.running.details()["slack"]["app_token"])
    settings = here.app.settings.model_copy(update={"slack_app_token": token})
    here.app.settings = settings
    with listener.listening(here.app):
        assert here.running.socket.wait_for_connection()
        yield OverSocket(here)
    here.app.settings = settings.model_copy(update={"slack_app_token": None})


@contextmanager
def http_line(here: Town) -> Generator[OverHttp]:
    """The worker listening on a port."""
    update = {"slack_signing_secret": SecretStr(SECRET)}
    here.app.settings = here.app.settings.model_copy(update=update)
    with http.serving(listener.build(here.app), SECRET, 0) as port:
        yield OverHttp(port)


LINES = {"socket": socket_line, "http": http_line}


def ask(here: Town, line: Line, email: str, text: str, **more: Any) -> Row:  # noqa: ANN401  (JSON)
    """Somebody writes to the worker; the message that became the answer."""
    before = len(replies(here, email))
    here.pass_time(seconds=2)
    line.event(message(here, email, text) | more)
    return awaited(lambda: _answer(here, email, before))


def message(here: Town, email: str, text: str) -> Row:
    """What somebody writes in the direct message, as Slack words it."""
    return {
        "type": "message",
        "channel": dm(here, email),
        "channel_type": "im",
        "user": here.slack_users[email],
        "text": text,
        "ts": f"{here.world.now.timestamp():.6f}",
    }


def _answer(here: Town, email: str, before: int) -> Row | None:
    """The newest message once it is the answer and no longer says that it is looking."""
    with here.world.lock:
        found = replies(here, email)[before:]
    if not found or said(found[-1]).startswith("One moment"):
        return None
    return found[-1]


def awaited(look: Callable[[], T | None]) -> T:
    """What a look finds, once it finds something."""
    deadline = time.monotonic() + PATIENCE
    while (found := look()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def _wrapped(inner: Row) -> Row:
    return {
        "type": "event_callback",
        "team_id": "T0000000001",
        "api_app_id": "A1",
        "event_id": f"Ev{inner.get('ts')}",
        "event_time": 0,
        "event": inner,
    }
