"""Telling somebody elsewhere that the worker is alive: a call after each check that ended.

The address comes from whoever runs the worker, but what it resolves to may change: unless a private
address is allowed, the very address that was checked is the one that is connected to. Nothing but
the call itself is sent, nothing of the answer is kept, and nothing is followed.
"""

import http.client
import ipaddress
import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

from domain.errors import SettingsError, UnavailableError

NAME = "heartbeat"
PATIENCE_SECONDS = 10.0
_HTTPS = 443
_FINE = range(200, 300)


class Heartbeat:
    """One address that is called by GET.

    Raises SettingsError for an address that is not https, or names no host.
    """

    def __init__(
        self, url: str, *, is_private_allowed: bool = False, trust: ssl.SSLContext | None = None
    ) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port or _HTTPS
        except ValueError:
            raise SettingsError("ROUTEREADY_HEARTBEAT_URL is not an address.") from None
        if parts.scheme != "https" or not parts.hostname or parts.username is not None:
            raise SettingsError(
                "ROUTEREADY_HEARTBEAT_URL must start with https:// and have no user name in it."
            )
        self._host, self._port = parts.hostname, port
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not self._target.isascii() or any(one.isspace() for one in self._target):
            raise SettingsError("ROUTEREADY_HEARTBEAT_URL has characters that must be escaped.")
        self._is_private_allowed = is_private_allowed
        self._trust = trust or ssl.create_default_context()

    def beat(self) -> None:
        """Call once, bounded in time; raises UnavailableError when nobody heard it."""
        try:
            connection = _Checked(
                self._host,
                self._port,
                timeout=PATIENCE_SECONDS,
                context=self._trust,
                address=self._address(),
            )
            try:
                connection.request("GET", self._target, headers={"User-Agent": "routeready"})
                status = connection.getresponse().status
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise UnavailableError(NAME, str(reason)) from None
        if status not in _FINE:
            raise UnavailableError(NAME, f"HTTP status {status}")

    def _address(self) -> str:
        found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        for *_, place in found:
            address = str(place[0])
            if self._is_private_allowed or _is_public(address):
                return address
        raise UnavailableError(
            NAME, "its host has a private address; ROUTEREADY_HEARTBEAT_PRIVATE=true allows that"
        )


def _is_public(address: str) -> bool:
    one = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(one, "ipv4_mapped", None) or getattr(one, "sixtofour", None)
    return one.is_global and not one.is_multicast and (inner is None or inner.is_global)


class _Checked(http.client.HTTPSConnection):
    """A connection to the address that was checked, under the name that was asked for."""

    def __init__(self, host: str, port: int, *, address: str, **more: Any) -> None:  # noqa: ANN401
        super().__init__(host, port, **more)
        self._address = address
        self._trust: ssl.SSLContext = more["context"]

    def connect(self) -> None:
        """Connect there; the certificate must be of the name."""
        plain = socket.create_connection((self._address, self.port), self.timeout)
        try:
            self.sock = self._trust.wrap_socket(plain, server_hostname=self.host)
        except OSError:
            plain.close()
            raise
