"""What strangers and clumsy clients send to the console: refused, quietly, while others go on."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests
from sqlalchemy import Engine

from agent import server
from agent.ledger import Ledger
from tests.support.consoles import Served, form_secret, serving
from tests.support.worlds import Town

QUINN = "quinn.walsh@meridian.example"
TIMEOUT = 30
FORM = b"Content-Type: application/x-www-form-urlencoded"
PARTS = b"Content-Type: multipart/form-data; boundary=xx"
CHUNK = b"ffff\r\n" + b"a" * 0xFFFF + b"\r\n"


@dataclass
class Port:
    """A console, and raw bytes to it."""

    served: Served
    session: requests.Session
    """Somebody who is signed in, and looks in between."""

    @property
    def number(self) -> int:
        """The port."""
        return int(self.served.url.rpartition(":")[2])

    @property
    def host(self) -> bytes:
        """The header that every request needs."""
        return b"Host: 127.0.0.1:%d" % self.number

    @property
    def cookie(self) -> bytes:
        """The session's header."""
        ((name, value),) = self.session.cookies.get_dict().items()
        return f"Cookie: {name}={value}".encode()

    def answer(self, first: bytes, *lines: bytes, body: bytes = b"") -> int:
        """The status of the answer to raw bytes; 0 when the connection is closed without one."""
        head = b"\r\n".join([first + b" HTTP/1.1", self.host, *lines]) + b"\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.number), 15) as one:
            try:
                one.sendall(head + body)
                told = one.recv(64)
            except ConnectionError:  # it was closed before all of it was sent
                return 0
            return int(told.split(b" ")[1]) if told else 0

    def looks(self) -> int:
        """The status of a visitor's look."""
        return self.session.get(self.served.url, timeout=TIMEOUT).status_code


@pytest.fixture
def port(here: Town, engine: Engine) -> Iterator[Port]:
    """A console that people sign in to, over a ledger in SQLite and in PostgreSQL."""
    here.app.ledger = Ledger.on(engine)
    with serving(here.app, "http://127.0.0.1:{port}") as served:
        yield Port(served, served.visitor(QUINN))


def posted(path: bytes, body: bytes, *lines: bytes) -> tuple[bytes, tuple[bytes, ...], bytes]:
    """A form."""
    return b"POST " + path, (b"Content-Length: %d" % len(body), *(lines or (FORM,))), body


STRANGERS = {
    "a long address": ((b"GET /leads?search=" + b"a" * 30_000, (), b""), 414),
    "long headers": ((b"GET /", (b"X: " + b"a" * 15_000, b"Y: " + b"a" * 3_000), b""), 431),
    "a header with a NUL": ((b"GET /", (b"X: a\0b",), b""), 400),
    "two hosts": ((b"GET /", (b"Host: evil.example",), b""), 400),
    "another address": ((b"GET http://evil.example/", (), b""), 404),
    "a path that is no text": ((b"GET /leads/\xff\xfe", (), b""), 400),
    "a NUL in the path": ((b"GET /leads/%00", (), b""), 400),
    "a NUL in the query": ((b"GET /enter?to=%00", (), b""), 400),
    "an escape that is no text": ((b"GET /leads/%ff%fe", (), b""), 303),
    "a cookie that is no text": ((b"GET /", (b"Cookie: routeready=\xff\xfe",), b""), 303),
    "up from our own files": ((b"GET /static/../../settings.py", (), b""), 404),
    "up, in escapes": ((b"GET /static/%2e%2e/%2e%2e%2fvisit.py", (), b""), 404),
    "from the root": ((b"GET /static//etc/passwd", (), b""), 404),
    "a part of a file, 6,000 digits": (
        (b"GET /static/console.css", (b"Range: bytes=" + b"9" * 6000 + b"-",), b""),
        400,
    ),
    "HEAD": ((b"HEAD /", (), b""), 405),
    "OPTIONS": ((b"OPTIONS /", (b"Content-Length: 0",), b""), 405),
    "OPTIONS *": ((b"OPTIONS *", (), b""), 411),
    "TRACE": ((b"TRACE /", (b"Content-Length: 0",), b""), 405),
    "CONNECT": ((b"CONNECT evil.example:443", (), b""), 411),
    "a negative length": ((b"POST /enter", (b"Content-Length: -1",), b""), 400),
    "two lengths": ((b"POST /enter", (b"Content-Length: 1", b"Content-Length: 2"), b"ab"), 400),
    "chunks without end": ((b"GET /", (b"Transfer-Encoding: chunked",), CHUNK * 40), 413),
    "chunks that are none": ((b"POST /enter", (b"Transfer-Encoding: chunked",), b"zz\r\n"), 400),
    "broken chunks of a look": ((b"GET /", (b"Transfer-Encoding: chunked",), b"zz\r\n"), 400),
    "an unknown encoding": ((b"POST /enter", (b"Transfer-Encoding: gzip, chunked",), b""), 400),
    "a form that is no text": (posted(b"/enter", b"token=\xff\xfe&to=%ff"), 401),
    "a form with a NUL": (posted(b"/enter", b"token=%00"), 400),
    "500,000 fields": (posted(b"/enter", b"a&" * 500_000), 400),
    "parts without a boundary": (
        posted(b"/enter", b"x", b"Content-Type: multipart/form-data"),
        400,
    ),
    "parts that are none": (posted(b"/enter", b"no\r\nparts", PARTS), 400),
    "a part without a name": (
        posted(b"/enter", b"--xx\r\nContent-Disposition: form-data\r\n\r\nx\r\n--xx--\r\n", PARTS),
        400,
    ),
    "a link that is none": ((b"GET /start/%ff", (), b""), 401),
}


def test_strangers_are_refused_and_visitors_go_on(
    port: Port, caplog: pytest.LogCaptureFixture
) -> None:
    """Each with a status of its own and none with a traceback; a visitor looks after each."""
    found = {
        name: (port.answer(first, *lines, body=body), port.looks())
        for name, ((first, lines, body), _) in STRANGERS.items()
    }
    assert {name: (status, 200) for name, (_, status) in STRANGERS.items()} == found
    assert [] == [one for one in caplog.records if one.exc_info]


LOOKS = (
    b"/leads/%00",
    b"/leads.csv?search=%00",
    b"/proposals/%00",
    b"/policy/versions/%00",
    b"/policy/tries/%00",
    b"/leads?owner=%00",
)


def test_a_character_that_no_text_has_is_refused(
    port: Port, caplog: pytest.LogCaptureFixture
) -> None:
    """PostgreSQL can't keep a NUL; whoever is signed in and sends one reads so."""
    assert {400} == {port.answer(b"GET " + path, port.cookie) for path in LOOKS}
    secret = form_secret(port.session.get(port.served.url, timeout=TIMEOUT).text)
    first, lines, body = posted(b"/policy/tries", f"csrf={secret}&policy=a%00".encode())
    assert 400 == port.answer(first, *lines, port.cookie, body=body)
    assert [] == [one for one in caplog.records if one.exc_info]


def test_a_failure_is_logged_without_its_words(
    port: Port,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An error's words may hold a lead's data; its kind and place are enough to find it."""
    monkeypatch.setattr(type(port.served.office.ledger.workings), "last_ended", _broken)
    assert [500, 500] == [port.looks() for _ in range(2)]  # it is logged after it was answered
    told = "".join(capsys.readouterr()) + caplog.text
    assert (True, False) == (
        "ZeroDivisionError at agent/console/" in told,
        "dana.fox@acme.example" in told,
    )


def _broken(_: object) -> None:
    raise ZeroDivisionError("dana.fox@acme.example")


@pytest.mark.parametrize(
    "kept",
    [b"", b"GET / HTTP/1.1\r\n", b"POST /enter HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na"],
    ids=["nothing", "half a head", "half a body"],
)
def test_more_slow_senders_than_there_is_room_for_lock_nobody_out(port: Port, kept: bytes) -> None:
    """Who comes then takes the place of who kept us waiting longest."""
    slow = [
        socket.create_connection(("127.0.0.1", port.number), 15)
        for _ in range(2 * server.CONNECTIONS + 50)
    ]
    for one in slow:
        try:
            one.sendall(kept)
        except ConnectionError:  # its place was given away already
            continue
    assert [200] * 3 == [port.looks() for _ in range(3)]
    for one in slow:
        one.close()
