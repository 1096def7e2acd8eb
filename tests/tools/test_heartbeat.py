"""The call that tells a monitoring service that the worker is alive."""

import socket
import threading
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from domain.errors import SettingsError, UnavailableError
from sandbox.http import tls
from tools.heartbeat import ALLOWED, Heartbeat


class Service(BaseHTTPRequestHandler):
    """Hears every path, and answers with the status that the path names."""

    heard: list[str]

    def do_GET(self) -> None:
        """Answer a call."""
        self.heard.append(self.path)
        self.send_response(int(self.path.rpartition("/")[2]))
        self.send_header("Location", "https://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the library's name)
        """Say nothing."""


@pytest.fixture
def service() -> Generator[tuple[str, str, list[str]]]:
    """The address of a service over TLS, its authority's certificate, and what it heard."""
    context, ca_file = tls.serve()
    heard: list[str] = []
    kind = type("Heard", (Service,), {"heard": heard})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}", ca_file, heard
    server.shutdown()
    server.server_close()


def test_a_call_is_heard(service: tuple[str, str, list[str]]) -> None:
    """The address is called as it was written, and its certificate is checked."""
    url, ca_file, heard = service
    Heartbeat(f"{url}/ping/200", is_private_allowed=True, ca_file=ca_file).beat()
    with pytest.raises(UnavailableError, match="SSLError"):
        Heartbeat(f"{url}/ping/200", is_private_allowed=True).beat()
    assert ["/ping/200"] == heard


@pytest.mark.parametrize(
    ("status", "told"),
    [(302, "it redirects"), (404, "HTTP status 404"), (500, "HTTP status 500")],
)
def test_another_answer_is_told(
    service: tuple[str, str, list[str]], status: int, told: str
) -> None:
    """A redirect is not followed; it would lead past the checks."""
    url, ca_file, heard = service
    with pytest.raises(UnavailableError, match=told):
        Heartbeat(f"{url}/{status}", is_private_allowed=True, ca_file=ca_file).beat()
    assert [f"/{status}"] == heard


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/ping",
        "https://me:secret@example.com/ping",
        "https://127.0.0.1/ping",
        "https://2130706433/ping",
        "https://[::ffff:10.0.0.1]/ping",
        "https://169.254.169.254/latest",
        "https://exa mple.com/",
        "https:///ping",
        "https://",
    ],
)
def test_an_address_that_must_not_be_called_is_refused(url: str) -> None:
    """Not https, with a password, private in any spelling, or none at all."""
    with pytest.raises(SettingsError, match="ROUTEREADY_HEARTBEAT_URL"):
        Heartbeat(url)


def test_a_name_that_leads_inside_is_not_called(
    service: tuple[str, str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a name resolves to may change: the machine that answers is looked at."""
    url, ca_file, heard = service
    port = url.rpartition(":")[2]
    monkeypatch.setattr("socket.getaddrinfo", _here(int(port)))
    with pytest.raises(UnavailableError, match=ALLOWED):
        Heartbeat(f"https://monitor.example:{port}/200", ca_file=ca_file).beat()
    assert [] == heard


def _here(port: int) -> Callable[..., list[tuple[object, ...]]]:
    """A resolver for which every name is this machine."""

    def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    return resolve
