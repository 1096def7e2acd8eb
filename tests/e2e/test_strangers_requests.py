"""What strangers send to the ports: refused with a 4xx, without a traceback, a thread or a wait."""

import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from agent import server
from tests.support.slack_lines import OverHttp, http_line
from tests.support.worlds import Town

LINE = b"POST /slack/events HTTP/1.1\r\nHost: x\r\n"
NOW = str(int(time.time())).encode()


def head(*lines: bytes) -> bytes:
    """The head of a request to Slack's path."""
    return LINE + b"".join(one + b"\r\n" for one in lines) + b"\r\n"


def signed(stamp: bytes, signature: bytes, body: bytes = b"{}") -> bytes:
    """A request with these headers, whatever they are worth."""
    return (
        head(
            b"Content-Length: " + str(len(body)).encode(),
            b"X-Slack-Request-Timestamp: " + stamp,
            b"X-Slack-Signature: " + signature,
        )
        + body
    )


REFUSED = {
    "no signature": (signed(b"", b""), 401),
    "a signature with a byte beyond ASCII": (signed(NOW, b"v0=\xff\xfe"), 401),
    "a signature of 5,000 characters": (signed(NOW, b"v0=" + b"a" * 5000), 401),
    "a timestamp of 400 digits": (signed(b"9" * 400, b"v0=aa"), 401),
    "a timestamp of 5,000 digits": (signed(b"9" * 5000, b"v0=aa"), 401),
    "a timestamp in other digits": (signed("١٢٣".encode(), b"v0=aa"), 401),
    "a negative timestamp": (signed(b"-1", b"v0=aa"), 401),
    "a body that is no text": (signed(NOW, b"v0=aa", b"\xff\xfe"), 401),
    "a length of 5,000 digits": (head(b"Content-Length: " + b"9" * 5000), 400),
    "a length of 19 digits": (head(b"Content-Length: " + b"9" * 19), 400),
    "a negative length": (head(b"Content-Length: -5"), 400),
    "a length that is a word": (head(b"Content-Length: many"), 400),
    "two lengths": (head(b"Content-Length: 5", b"Content-Length: 6"), 400),
    "more than we take": (head(b"Content-Length: 1000001"), 413),
    "no length": (head(), 411),
    "pieces that are none": (head(b"Transfer-Encoding: chunked") + b"zz\r\n", 400),
    "a long address": (b"POST /" + b"a" * 30_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    "HEAD": (b"HEAD /slack/events HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    "TRACE": (b"TRACE /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405),
    "a body in pieces": (head(b"Transfer-Encoding: chunked") + b"0\r\n\r\n", 411),
    "a head without end": (LINE + b"X-Long: " + b"a" * 40_000, 400),
    "a thousand headers": (head(*[b"X-%d: %s" % (n, b"a" * 30) for n in range(1000)]), 431),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "another path": (b"POST /../etc HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 404),
    "another method": (b"GET /slack/events HTTP/1.1\r\nHost: x\r\n\r\n", 405),
}


@pytest.fixture
def line(here: Town) -> Iterator[OverHttp]:
    """The worker's port for Slack."""
    with http_line(here) as found:
        yield found


def answer(line: OverHttp, sent: bytes) -> int:
    """The HTTP status of an answer to raw bytes."""
    port = int(line.url.split(":")[2].split("/")[0])
    with socket.create_connection(("127.0.0.1", port), 15) as one:
        one.sendall(sent)
        return int(one.recv(64).split(b" ")[1])


def test_what_slack_never_sends_is_refused(
    line: OverHttp, caplog: pytest.LogCaptureFixture
) -> None:
    """One after the other; each with its own status, and none with a traceback."""
    found = {name: answer(line, sent) for name, (sent, _) in REFUSED.items()}
    assert {name: status for name, (_, status) in REFUSED.items()} == found
    assert [] == [one for one in caplog.records if one.exc_info]


DEEP = "[" * 100_000 + "]" * 100_000
SIGNED = {
    "nested 100,000 deep": DEEP,
    "nested within an event": f'{{"event": {DEEP}}}',
    "not JSON": "{",
    "a number": "5",
    "a list": "[1]",
    "an event that is a text": '{"type": "event_callback", "event": "x"}',
    "an event without a type": '{"type": "event_callback", "event": {}}',
}


@pytest.mark.parametrize("body", SIGNED.values(), ids=list(SIGNED))
def test_what_is_signed_and_can_not_be_read_has_no_traceback(
    line: OverHttp, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It comes from Slack, and still nothing breaks; what follows is answered."""
    assert 400 <= line.post(body, "application/json") < 500
    assert [] == [one for one in caplog.records if one.exc_info]
    assert 200 == line.post(
        json.dumps({"type": "url_verification", "challenge": "c"}), "application/json"
    )


def test_slow_senders_cost_no_thread_and_are_let_go(
    line: OverHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred sockets that send half a head or half a body; the next request is answered."""
    monkeypatch.setattr(server, "PATIENCE_SECONDS", 1.0)
    port = int(line.url.split(":")[2].split("/")[0])
    before = threading.active_count()
    halves = (LINE, b"", head(b"Content-Length: 1000") + b"a")
    slow = [socket.create_connection(("127.0.0.1", port), 15) for _ in range(99)]
    for number, one in enumerate(slow):
        one.sendall(halves[number % 3])
    assert 401 == requests.post(line.url, data="{}", timeout=15).status_code
    assert before == threading.active_count()
    heads = [one for number, one in enumerate(slow) if number % 3 != 2]
    assert {b""} == {one.recv(100) for one in heads}
    for one in slow:
        one.close()
