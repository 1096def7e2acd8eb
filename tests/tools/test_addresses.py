"""Where our bytes may go, whoever wrote the address down."""

import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests

from domain.errors import SettingsError
from tools import addresses


@pytest.mark.parametrize(
    "url",
    [
        "https://hc-ping.com/5f0e",
        "https://calendar.example:8443/holidays.ics?year=2026",
        "https://8.8.8.8/x",
        "https://[2606:4700::1111]/x",
        "http://127.0.0.1:4318/v1/traces",
        "http://localhost:4318",
        "http://collector:4318",
    ],
)
def test_what_is_public_this_machine_or_named_may_be_called(url: str) -> None:
    """A host inside the company's network is one that a setting names."""
    assert url == addresses.expect(f" {url}/ ", "X", inside=["collector"])


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "ftp://a.example",
        "file:///etc/passwd",
        "//a.example",
        "https://",
        "https:///x",
        "http://a.example",
        "https://a.example:99999",
        "https://a b.example",
        "https://a.example\\@b.example",
        "https://a.example\r\nHost: b",
        "https://\u0430.example",
        "https://me:pw@a.example",
        "https://127.0.0.1@a.example",
        "https://10.0.0.1",
        "https://192.168.1.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433",
        "https://0x7f000001",
        "https://0x7f.1",
        "https://0177.0.0.1",
        "https://127.1",
        "https://0.0.0.0",
        "https://[::1]:9",
        "https://[::ffff:10.0.0.1]",
        "https://[fe80::1%25eth0]",
        "https://[fd00::1]",
        "https://[64:ff9b::a00:1",
        "https://[64:ff9b::a00:1]",
        "https://[2002:a00:1::]",
        "https://224.0.0.1",
        "https://localhost.",
        "https://a.localhost",
        f"https://a.example/{'x' * 3000}",
    ],
)
def test_what_leads_elsewhere_is_refused_in_a_sentence(url: str) -> None:
    """Private numbers in every way to write them, passwords, other schemes, halves of addresses."""
    with pytest.raises(SettingsError, match=r"^HEARTBEAT .*\.$") as refused:
        addresses.expect(url, "HEARTBEAT", here=False)
    assert "pw" not in str(refused.value)


@pytest.fixture
def elsewhere() -> Generator[str]:
    """A server on this machine that sends everybody on."""

    class Sends(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("location", "http://127.0.0.1:1/inside")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = HTTPServer(("127.0.0.1", 0), Sends)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_name_that_leads_into_a_private_network_gets_no_byte(elsewhere: str) -> None:
    """The machine that answers is looked at, whatever its name promised."""
    with addresses.session(here=False) as session, pytest.raises(requests.ConnectionError) as kept:
        session.get(elsewhere, timeout=5)
    assert "private network" in str(kept.value)


def test_nobody_is_sent_on(elsewhere: str) -> None:
    """A redirect is an error, not another address."""
    with addresses.session() as session, pytest.raises(requests.TooManyRedirects):
        session.get(elsewhere, timeout=5)
