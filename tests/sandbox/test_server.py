"""The HTTP servers: what any client may send, and answers that are late, cut or lost."""

import gzip
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from sandbox.http import tls
from sandbox.http.message import Request, Response
from sandbox.server.http_server import Server
from sandbox.state.world import World

LARGE = 3_000_000


def echo(request: Request) -> Response:
    """Say what was understood."""
    return Response.of(
        {
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "name": request.headers.get("x-name"),
            "length": len(request.body),
            "begins": request.body[:20].decode(),
            "concurrent": request.concurrent,
        }
    )


def odd(request: Request) -> Response:
    """Answer as a fault would."""
    return {
        "/late": Response(200, b"late", hold_seconds=30),
        "/lost": Response(is_reset=True),
        "/cut": Response(200, b"0123456789", cut_at=4),
        "/nothing": Response(204),
        "/unnamed": Response(299, b"x"),
    }[request.path]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server with two faces and one for the rest."""
    server = Server(World(), {"/echo": echo, "/odd": odd, "/echo/inner": odd})
    server.start()
    yield server
    server.stop()


def told(server: Server, raw: bytes) -> bytes:
    """Send bytes and read until the server ends the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(raw)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_a_request_is_understood_and_dated(server: Server) -> None:
    """Method, path below the mount, query with blanks, headers; the date is the world's."""
    url = f"http://127.0.0.1:{server.port}/echo/a%20b?x=1&x=&y=%C3%A9"
    answer = requests.patch(url, data=b"body", headers={"X-Name": "Ann"}, timeout=5)
    said = answer.json()
    assert ("PATCH", "/a%20b", "Ann", "body") == tuple(
        said[name] for name in ("method", "path", "name", "begins")
    )
    assert {"x": ["1", ""], "y": ["é"]} == said["query"]
    assert "Mon, 23 Nov 2026 08:00:00 GMT" == answer.headers["date"]


def test_the_longest_mount_answers(server: Server) -> None:
    """A mount within another is its own; one that only begins alike is none."""
    url = f"http://127.0.0.1:{server.port}"
    assert 204 == requests.get(f"{url}/echo/inner/nothing", timeout=5).status_code
    assert 404 == requests.get(f"{url}/echoes", timeout=5).status_code


def test_one_connection_serves_many_requests(server: Server) -> None:
    """A connection is kept, for requests one by one and for several at once."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.connect()
    first = connection.sock
    for _ in range(3):
        connection.request("POST", "/echo", b"x")
        assert b'"begins":"x"' in connection.getresponse().read()
        assert connection.sock is first
    connection.close()
    line = b"GET /echo/%d HTTP/1.1\r\nHost: x\r\n%s\r\n"
    said = told(server, line % (1, b"") + line % (2, b"Connection: close\r\n"))
    assert (2, True, True) == (said.count(b"200 OK"), b'"/1"' in said, b'"/2"' in said)


def test_bodies_come_in_every_form(server: Server) -> None:
    """In chunks, after 100 Continue, compressed, and large."""
    url = f"http://127.0.0.1:{server.port}/echo"
    chunked = requests.post(url, data=iter([b"ab", b"cd" * 9, b"e"]), timeout=5).json()
    assert (21, "abcdcdcdcdcdcdcdcdcd") == (chunked["length"], chunked["begins"])
    zipped = gzip.compress(b"hello")
    answer = requests.post(url, data=zipped, headers={"Content-Encoding": "gzip"}, timeout=5)
    assert "hello" == answer.json()["begins"]
    assert LARGE == requests.post(url, data=b"x" * LARGE, timeout=5).json()["length"]
    head = b"POST /echo HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    assert told(server, head + b"hi").startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


def test_answers_are_compressed_for_who_accepts_it(server: Server) -> None:
    """A large answer to a client that accepts gzip, and only to that one."""
    url = f"http://127.0.0.1:{server.port}/echo?" + "x=y&" * 600
    assert "gzip" == requests.get(url, timeout=5).headers["content-encoding"]
    plain = requests.get(url, headers={"Accept-Encoding": "identity"}, timeout=5)
    assert "content-encoding" not in plain.headers


def test_answers_without_a_body(server: Server) -> None:
    """HEAD gives the length alone; 204 gives none at all; any status can be sent."""
    head = told(server, b"HEAD /echo HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert (True, b"") == (b"content-length: " in head, head.partition(b"\r\n\r\n")[2])
    nothing = told(server, b"GET /odd/nothing HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert (True, False) == (b"204 No Content" in nothing, b"content-length" in nothing)
    assert 299 == requests.get(f"http://127.0.0.1:{server.port}/odd/unnamed", timeout=5).status_code


def test_answers_are_lost_and_cut(server: Server) -> None:
    """A reset instead of an answer; an answer of which only a part arrives."""
    url = f"http://127.0.0.1:{server.port}/odd"
    with pytest.raises(requests.ConnectionError, match="reset"):
        requests.get(f"{url}/lost", timeout=5)
    with pytest.raises(requests.RequestException, match=r"reset|4 bytes read, 6 more expected"):
        requests.get(f"{url}/cut", timeout=5)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno header\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", 400),
        (b"GET /" + b"x" * 140_000, 431),
    ],
)
def test_what_is_no_http_is_refused(server: Server, raw: bytes, status: int) -> None:
    """The answer names the status and the connection ends."""
    assert told(server, raw).startswith(b"HTTP/1.1 %d " % status)


def test_a_late_answer_stops_nobody_and_counts_as_being_served() -> None:
    """While answers are held back others come at once; each request knows how many there are."""
    arrived = threading.Semaphore(0)

    def face(request: Request) -> Response:
        if request.path == "/late":
            arrived.release()
            return Response(hold_seconds=60)
        return echo(request)

    server = Server(World(), {"/vendor": face, "/other": echo})
    server.start()
    url = f"http://127.0.0.1:{server.port}"
    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            pool.submit(requests.get, f"{url}/vendor/late", timeout=5)
            assert arrived.acquire(timeout=5)
        counts = [requests.get(f"{url}/{each}", timeout=5).json() for each in ("vendor", "other")]
        assert [3, 1] == [said["concurrent"] for said in counts]
        server.stop()


def test_the_tls_port_speaks_with_who_knows_its_authority() -> None:
    """A client with the authority's file is served; one without ends its own connection only."""
    context, ca_file = tls.serve()
    server = Server(World(), {"/": echo}, tls=context)
    server.start()
    url = f"https://localhost:{server.port}/x"
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(url, timeout=5)
    assert "/x" == requests.get(url, verify=ca_file, timeout=5).json()["path"]
    stranger = ssl.create_default_context(cafile=ca_file)
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain,
        stranger.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        secure.sendall(b"GET /x HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert secure.recv(12) == b"HTTP/1.1 200"
        server.stop()
