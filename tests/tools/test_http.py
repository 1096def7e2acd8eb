"""One way out over HTTP, against a real server on loopback that misbehaves as told."""

import gzip
import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from domain.errors import (
    AuthError,
    RateLimitError,
    RequestError,
    ToolError,
    UnavailableError,
    UnknownOutcomeError,
)
from tools.http import Answer, Call, CallRecord, HttpSettings, Retries, Timeouts, Transport
from tools.http import expect_success as expect
from tools.quota import Budget, Limits

START = datetime(2026, 11, 23, 12, tzinfo=UTC)

Exchange = BaseHTTPRequestHandler
Script = list[Callable[[Exchange], None]]


class Clock:
    """A clock that moves only when slept on."""

    def __init__(self) -> None:
        self.time = START
        self.naps: list[float] = []

    def now(self) -> datetime:
        """The time so far."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move on and remember."""
        self.naps.append(seconds)
        self.time += timedelta(seconds=seconds)


class Vendor:
    """A server that answers each request with the next act of its script, the last one for ever."""

    def __init__(self) -> None:
        self.script: Script = [says({"ok": True})]
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _play(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): text for name, text in self.headers.items()}
                vendor.seen.append((self.command, self.path, headers, body))
                script = vendor.script
                (script.pop(0) if len(script) > 1 else script[0])(self)

            do_GET = do_POST = _play  # noqa: N815  (http.server's names)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)


def chance(seed: int) -> random.Random:
    """A known chance."""
    return random.Random(seed)


def says(value: Any, status: int = 200, **headers: str) -> Callable[[Exchange], None]:  # noqa: ANN401  (JSON)
    """Answer with JSON."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()

    def act(exchange: Exchange) -> None:
        exchange.send_response(status)
        for name, text in {"content_length": str(len(body)), **headers}.items():
            exchange.send_header(name.replace("_", "-"), text)
        exchange.end_headers()
        exchange.wfile.write(body)

    return act


def resets(exchange: Exchange) -> None:
    """Take the request and drop the connection."""
    linger = struct.pack("ii", 1, 0)
    exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    exchange.connection.close()
    exchange.close_connection = True


def cuts_off(exchange: Exchange) -> None:
    """Promise more than is sent."""
    says(b'{"ok": tr', content_length="20")(exchange)
    exchange.close_connection = True


def stalls(exchange: Exchange) -> None:
    """Send nothing for longer than the client waits."""
    time.sleep(0.3)
    exchange.close_connection = True


def drips(exchange: Exchange) -> None:
    """Send one byte at a time, each soon enough, until the client has had enough."""
    exchange.send_response(200)
    exchange.send_header("content-length", "1000")
    exchange.end_headers()
    exchange.close_connection = True
    with suppress(ConnectionError):
        for _ in range(12):
            exchange.wfile.write(b" ")
            time.sleep(0.05)


@pytest.fixture
def vendor() -> Generator[Vendor]:
    """A running vendor."""
    vendor = Vendor()
    vendor.thread.start()
    yield vendor
    vendor.http.shutdown()
    vendor.http.server_close()
    vendor.thread.join()


@pytest.fixture
def clock() -> Clock:
    """A clock of our own."""
    return Clock()


SETTINGS = HttpSettings(timeouts=Timeouts(connect=1, read=0.15, whole=0.3))


@pytest.fixture
def calls() -> list[CallRecord]:
    """What was logged."""
    return []


@pytest.fixture
def transport(clock: Clock, calls: list[CallRecord]) -> Generator[Transport]:
    """A transport with short timeouts and a known chance."""
    transport = Transport("acme", clock, chance(1), SETTINGS, on_call=calls.append)
    yield transport
    transport.close()


def read(vendor: Vendor, **more: Any) -> Call:  # noqa: ANN401  (any field of a call)
    """A call that may be repeated."""
    given: dict[str, Any] = {"repeatable": True, "query": {"email": "dana@acme.example"}, **more}
    return Call("GET", vendor.url, "/v1/people/{id}", path={"id": "a/b"}, **given)


def write(vendor: Vendor) -> Call:
    """A call that may not."""
    return Call("POST", vendor.url, "/v1/people", repeatable=False, json={"name": "Dana"})


def understood(answer: Answer) -> Any:  # noqa: ANN401  (JSON)
    """The JSON of a successful answer."""
    return expect("acme", answer, START).json()


def test_a_call_carries_its_parts_and_returns_what_was_understood(
    vendor: Vendor, transport: Transport
) -> None:
    """Path blanks are quoted, the user agent is ours, and the answer is decoded."""
    assert transport.call(read(vendor), understood) == {"ok": True}
    method, path, headers, _ = vendor.seen[0]
    assert (method, path) == ("GET", "/v1/people/a%2Fb?email=dana%40acme.example")
    assert headers["user-agent"] == "routeready/0.1"


@pytest.mark.parametrize("act", [resets, cuts_off, stalls, drips, says({}, 500), says({}, 502)])
def test_an_unanswered_read_is_repeated(
    vendor: Vendor, transport: Transport, act: Callable[[Exchange], None]
) -> None:
    """A read whose answer was lost is asked again."""
    vendor.script = [act, says({"ok": True})]
    assert transport.call(read(vendor), understood) == {"ok": True}
    assert len(vendor.seen) == 2


@pytest.mark.parametrize("act", [resets, cuts_off, stalls, drips, says({}, 500), says({}, 502)])
def test_an_unanswered_write_is_not_repeated(
    vendor: Vendor, transport: Transport, act: Callable[[Exchange], None]
) -> None:
    """A write that left and got no whole answer may have happened, so it is sent once."""
    vendor.script = [act, says({"ok": True})]
    with pytest.raises(UnknownOutcomeError):
        transport.call(write(vendor), understood)
    assert len(vendor.seen) == 1


def test_a_write_that_was_refused_for_haste_is_repeated(
    vendor: Vendor, transport: Transport, clock: Clock
) -> None:
    """429 says that nothing happened, so even a write is sent again after the time asked for."""
    vendor.script = [says({}, 429, retry_after="7"), says({"ok": True})]
    assert transport.call(write(vendor), understood) == {"ok": True}
    assert 7 <= clock.naps[0] <= 7.5


def test_retry_after_may_be_a_date(vendor: Vendor, transport: Transport, clock: Clock) -> None:
    """The HTTP date form of Retry-After is kept to as well, with any status."""
    vendor.script = [
        says({}, 503, retry_after="Mon, 23 Nov 2026 12:00:09 GMT"),
        says({"ok": True}),
    ]
    transport.call(read(vendor), understood)
    assert 9 <= clock.naps[0] <= 9.5


def test_waits_double_and_are_jittered(vendor: Vendor, clock: Clock) -> None:
    """Each wait lies between zero and a bound that doubles up to the longest."""
    vendor.script = [says({}, 500)]
    retries = Retries(attempts=6, first_wait=1, longest_wait=4)
    settings = HttpSettings(SETTINGS.timeouts, retries)
    transport = Transport("acme", clock, chance(7), settings)
    with pytest.raises(UnavailableError):
        transport.call(read(vendor), understood)
    transport.close()
    assert len(vendor.seen) == 6
    same = chance(7)
    waits = [same.uniform(0, bound) for bound in (1, 2, 4, 4, 4)]
    assert pytest.approx(waits, abs=1e-5) == clock.naps


def test_no_attempt_begins_after_the_total_time(
    vendor: Vendor, transport: Transport, clock: Clock
) -> None:
    """A vendor that asks for more time than there is gets its error passed on at once."""
    vendor.script = [says({}, 429, retry_after="91")]
    with pytest.raises(RateLimitError) as caught:
        transport.call(read(vendor), understood)
    assert timedelta(seconds=91) == caught.value.retry_after
    assert clock.naps == []


def test_a_refused_connection_means_that_nothing_happened(clock: Clock) -> None:
    """Nobody listens: a write is tried again and ends as unavailable, not as unknown."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    transport = Transport("acme", clock, chance(1), SETTINGS)
    with pytest.raises(UnavailableError):
        transport.call(Call("POST", url, "/v1", repeatable=False), understood)
    transport.close()
    assert len(clock.naps) == 3


def test_an_unknown_host_means_that_nothing_happened(clock: Clock) -> None:
    """A name that does not resolve was never sent anything."""
    transport = Transport("acme", clock, chance(1), HttpSettings(retries=Retries(1)))
    with pytest.raises(UnavailableError):
        transport.call(Call("POST", "http://nowhere.invalid", "/", repeatable=False), understood)
    transport.close()


@pytest.mark.parametrize(
    ("status", "error"),
    [(302, RequestError), (400, RequestError), (401, AuthError), (403, AuthError)],
)
def test_a_final_answer_is_not_asked_for_again(
    vendor: Vendor, transport: Transport, status: int, error: type[ToolError]
) -> None:
    """Redirects, bad requests and refusals are raised at once; redirects are not followed."""
    vendor.script = [says({}, status, location="/elsewhere")]
    with pytest.raises(error) as caught:
        transport.call(read(vendor), understood)
    assert str(status) == caught.value.code
    assert len(vendor.seen) == 1


def test_an_answer_beyond_the_cap_is_refused(vendor: Vendor, clock: Clock) -> None:
    """The cap counts what a compressed answer unfolds to, so that it can't fill the memory."""
    vendor.script = [says(gzip.compress(b" " * 1_000_000), content_encoding="gzip")]
    transport = Transport("acme", clock, chance(1), HttpSettings(max_bytes=10_000))
    with pytest.raises(RequestError):
        transport.call(read(vendor), understood)
    with pytest.raises(UnknownOutcomeError):
        transport.call(write(vendor), understood)
    transport.close()


def test_a_compressed_answer_is_unfolded(vendor: Vendor, transport: Transport) -> None:
    """Gzip is asked for and undone."""
    vendor.script = [says(gzip.compress(b'{"n": 1}'), content_encoding="gzip")]
    assert transport.call(read(vendor), understood) == {"n": 1}


def test_every_attempt_is_logged_without_values(
    vendor: Vendor, transport: Transport, calls: list[CallRecord]
) -> None:
    """The log has the path's template and the status, never a value of path or query."""
    vendor.script = [resets, says({"ok": True})]
    transport.call(read(vendor), understood)
    assert [
        CallRecord("acme", "GET", "/v1/people/{id}", None, 0.0, 1),
        CallRecord("acme", "GET", "/v1/people/{id}", 200, 0.0, 2),
    ] == calls


@pytest.mark.parametrize("act", [resets, says({}, 400), says({}, 401), says({}, 503)])
def test_neither_errors_nor_reprs_show_values(
    vendor: Vendor, transport: Transport, act: Callable[[Exchange], None]
) -> None:
    """No secret and nothing personal is in a call's repr or in an error and what caused it."""
    secret = "s3cret-token"
    vendor.script = [act]
    call = read(vendor, headers={"Authorization": f"Bearer {secret}"}, form={"secret": secret})
    with pytest.raises(ToolError) as caught:
        transport.call(call, understood)
    error: BaseException | None = caught.value
    while error is not None:
        assert secret not in repr(error)
        assert "dana" not in repr(error)
        error = error.__cause__
    assert secret not in repr(call)
    assert "dana" not in repr(call)


def test_cookies_are_not_kept(vendor: Vendor, transport: Transport) -> None:
    """What one answer sets, the next request does not carry."""
    vendor.script = [says({}, set_cookie="a=b"), says({})]
    transport.call(read(vendor), understood)
    transport.call(read(vendor), understood)
    assert "cookie" not in vendor.seen[1][2]


def test_the_environment_is_not_trusted(
    vendor: Vendor, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy of the environment is ignored unless asked for."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert transport.call(read(vendor), understood) == {"ok": True}


def test_every_attempt_takes_from_the_budget(vendor: Vendor, clock: Clock) -> None:
    """Repeats count as calls; calls that the vendor doesn't count don't."""
    budget = Budget("acme", clock, Limits(calls=2))
    transport = Transport("acme", clock, chance(1), SETTINGS, budget=budget)
    vendor.script = [says({}, 500), says({}, 200)]
    transport.call(read(vendor), understood)
    transport.call(read(vendor, counted=False), understood)
    assert START + timedelta(seconds=1) > clock.now()
    transport.call(read(vendor), understood)
    assert START + timedelta(seconds=20) <= clock.now()
    transport.close()
