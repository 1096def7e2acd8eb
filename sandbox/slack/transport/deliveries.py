"""Deliveries to the app: through its WebSocket, or signed to its own address over HTTP.

An answer must come within three seconds of the wall clock, as the app is a real program. An event
without one is delivered again at once, after a minute and after five minutes of the world's clock
(Slack: Events API, "Retries"); a press, a form or a command is delivered once.
"""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode

import requests

from sandbox.http.message import Json
from sandbox.slack.events.envelopes import CHALLENGE, EVENT, HTTP_PUSH, SOCKET, Delivery, Push, push
from sandbox.slack.transport import acknowledgments
from sandbox.slack.transport.socket_mode import SocketMode
from sandbox.slack.web import app
from sandbox.state.world import Row, World

ANSWER_SECONDS = 3.0
RETRY_AFTER = (timedelta(0), timedelta(minutes=1), timedelta(minutes=5))
"""How long after a failure the next attempt is made."""
LATE = "slack.push_late"
"""The scheduled event of a push that a fault holds back."""
Plan = Callable[[World, str, Json, str], Delivery]
"""How a delivery with this path, payload and method is to reach the app: as the faults have it."""
AT_ONCE = 8
"""Deliveries that wait for answers at the same time."""
FAILURES: Mapping[type[Exception], str] = {
    requests.exceptions.TooManyRedirects: "too_many_redirects",
    requests.exceptions.SSLError: "ssl_error",
    requests.exceptions.Timeout: "http_timeout",
    requests.exceptions.ConnectionError: "connection_failed",
}
"""Slack's word for what went wrong, the first that fits."""
MOST_REDIRECTS = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt."""

    answer: Json = None
    failure: str = ""
    """Slack's word for it; empty when the app acknowledged."""
    may_retry: bool = True


class Deliveries:
    """Takes up what is pushed in a world and delivers it, on threads of its own."""

    def __init__(
        self,
        world: World,
        socket: SocketMode,
        plan: Plan,
        *,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._world = world
        self._socket = socket
        self._plan = plan
        self.answer_seconds = answer_seconds
        """Of the wall clock, that an app by HTTP has to answer."""
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="slack-delivery")
        self._left = 0
        self._is_stopped = False
        self._settled = threading.Condition()
        world.on(EVENT, self._take)
        world.on(LATE, self._send)
        world.table(app.ADDRESS)["courier"] = {"at": "work"}

    def stop(self) -> None:
        """Deliver nothing more; what is on its way is waited for."""
        self._is_stopped = True
        self._pool.shutdown(wait=True, cancel_futures=True)

    def settle(self, seconds: float = 10.0) -> bool:
        """Wait until nothing is on its way; says whether that came to be in time."""
        with self._settled:
            return self._settled.wait_for(lambda: self._left == 0, seconds)

    def _take(self, payload: Json) -> None:
        """Take up one push, under the world's lock; faults may make it late."""
        what = Push(**payload)
        is_new_event = what.kind == "events_api" and not what.attempt
        if is_new_event and not self.is_heard():
            return
        method = SOCKET if self._is_by_socket(what) else HTTP_PUSH
        how = self._plan(self._world, f"/{what.kind}", what.payload, method)
        told: Row = {
            "push": payload,
            "copies": how.copies,
            "hold_seconds": how.hold_seconds,
            "is_lost": how.is_lost,
            "is_unheard": how.is_unheard,
        }
        if how.late:
            self._world.schedule(self._world.now + how.late, LATE, told)
        else:
            self._send(told)

    def _send(self, told: Json) -> None:
        if self._is_stopped:
            return
        with self._settled:
            self._left += 1
        sent = self._pool.submit(self._deliver, Push(**told["push"]), told)
        sent.add_done_callback(_raise)

    def is_heard(self) -> bool:
        """Whether an app listens; one at a request URL is taken to."""
        self._socket.tell_count()
        return app.is_listening(self._world)

    def _is_by_socket(self, what: Push) -> bool:
        return bool(app.installed(self._world)["socket_mode"]) and what.kind != CHALLENGE

    def _deliver(self, what: Push, how: Row) -> None:
        try:
            time.sleep(how["hold_seconds"])
            outcome = Outcome(failure="connection_failed")
            if not how["is_lost"]:
                with self._world.lock:
                    send = self._by_socket if self._is_by_socket(what) else self._by_http
                    versions = [what, *(self._again(what) for _ in range(how["copies"] - 1))]
                outcome = [send(each) for each in versions][-1]
            if how["is_unheard"]:
                outcome = Outcome(failure="http_timeout")
            with self._world.lock:
                self._conclude(what, outcome)
        finally:
            with self._settled:
                self._left -= 1
                self._settled.notify_all()

    def _again(self, what: Push) -> Push:
        """The same once more: an event under another id, as Slack is known to send them."""
        if "event_id" not in what.payload:
            return what
        event_id = f"Ev{self._world.next_serial():08d}"
        return replace(what, payload={**what.payload, "event_id": event_id})

    def _conclude(self, what: Push, outcome: Outcome) -> None:
        if not outcome.failure:
            acknowledgments.accept(self._world, what, outcome.answer)
            return
        is_event = what.kind == "events_api"
        if is_event and outcome.may_retry and what.attempt < len(RETRY_AFTER):
            again = replace(what, attempt=what.attempt + 1, reason=outcome.failure)
            push(self._world, again, after=RETRY_AFTER[what.attempt])
        elif not is_event:
            acknowledgments.fail(self._world, what, outcome.failure)

    def _by_socket(self, what: Push) -> Outcome:
        answer = self._socket.deliver(
            what.kind, what.payload, attempt=what.attempt, reason=what.reason
        )
        if answer is not None:
            return Outcome(answer)
        return Outcome(failure="timeout" if self._socket.connections else "connection_failed")

    def _by_http(self, what: Push) -> Outcome:
        body, content = _encoded(what)
        retried: dict[str, str] = {}
        if what.attempt:
            retried = {
                "x-slack-retry-num": str(what.attempt),
                "x-slack-retry-reason": what.reason,
            }
        with self._world.lock:
            url = what.about.get("url") or _url(app.installed(self._world), what.kind)
        outcome = self._post(url, body, content, retried)
        with self._world.lock:
            self._world.record(
                "delivery",
                "slack",
                what.kind,
                url=url,
                attempt=what.attempt,
                acked=not outcome.failure,
                reason=outcome.failure,
            )
        return outcome

    def _post(self, url: str, body: str, content: str, more: Mapping[str, str]) -> Outcome:
        with self._world.lock:
            secret = str(app.installed(self._world)["signing_secret"])
        headers = {"content-type": content, **more, **signature(secret, body)}
        try:
            with requests.Session() as session:
                session.trust_env, session.max_redirects = False, MOST_REDIRECTS
                answer = session.post(
                    url, body.encode(), headers=headers, timeout=self.answer_seconds
                )
        except requests.RequestException as error:
            failed = (word for kind, word in FAILURES.items() if isinstance(error, kind))
            return Outcome(failure=next(failed, "unknown_error"))
        may_retry = answer.headers.get("x-slack-no-retry") != "1"
        if not answer.ok:
            return Outcome(failure="http_error", may_retry=may_retry)
        return Outcome(_decoded(answer))


def _raise(done: Future[None]) -> None:
    """Let what went wrong in a delivery be seen: the pool logs it."""
    done.result()


def signature(secret: str, body: str) -> Row:
    """The headers by which an app knows that a request is Slack's.

    The time is the wall clock's, as apps compare it with theirs.
    """
    now = str(int(time.time()))
    told = hmac.new(secret.encode(), f"v0:{now}:{body}".encode(), hashlib.sha256)
    return {"x-slack-request-timestamp": now, "x-slack-signature": f"v0={told.hexdigest()}"}


def _encoded(what: Push) -> tuple[str, str]:
    """The body of a delivery and its content type: JSON for events, a form for the rest."""
    if what.kind in ("events_api", CHALLENGE):
        return json.dumps(what.payload), "application/json"
    form = what.payload if what.kind == "slash_commands" else {"payload": json.dumps(what.payload)}
    return urlencode(form), "application/x-www-form-urlencoded"


def _url(row: Row, kind: str) -> str:
    own = {"interactive": "interactivity_url", "slash_commands": "command_url"}.get(kind, "")
    return str(row.get(own) or row["request_url"])


def _decoded(answer: requests.Response) -> Json:
    """What was answered: JSON, or text, or nothing."""
    if not answer.content:
        return {}
    try:
        return answer.json()
    except ValueError:
        return answer.text
