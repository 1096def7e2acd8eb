"""Addresses that a setting, a policy or a vendor's answer brings: where our bytes may go.

Two looks, because a name can lead anywhere. `expect` judges the address as it is written;
`session` judges the machine that really answers, before a byte is sent to it, and follows no
redirect. Everybody who calls an address that isn't written in this code goes through both.
"""

import ipaddress
import re
import socket
from collections.abc import Collection
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
import requests.adapters
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

from domain.errors import SettingsError

LONGEST = 2048
"""Characters of an address."""
HERE = frozenset({"127.0.0.1", "localhost", "::1"})
"""This machine, as people write it."""

_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*")
_DOTTED, _SIX = 4, 6
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


def expect(url: str, named: str, *, inside: Collection[str] = (), here: bool = True) -> str:
    """The address without a slash at its end.

    `named` is what the sentence calls it, such as a setting. `inside` are hosts that may lie in
    the company's own network and be spoken to without TLS; `here` says whether this machine may.

    Raises:
        SettingsError: it may not be called; the sentence says why, and never shows a password.
    """
    why = refusal(url, inside=inside, here=here)
    if why is not None:
        raise SettingsError(f"{named} {why}")
    return url.strip().rstrip("/")


def refusal(url: str, *, inside: Collection[str] = (), here: bool = True) -> str | None:
    """Why an address may not be called, as the end of a sentence; None when it may."""
    if len(url) > LONGEST:
        return f"is longer than {LONGEST} characters."
    parts = _parts(url.strip())
    if parts is None:
        return "is not a web address. Use one such as https://www.example.com."
    host = (parts.hostname or "").rstrip(".")
    if parts.username is not None or parts.password is not None:
        return "has a name or password in it. Leave them out."
    if host in {one.lower() for one in inside} or (here and host in HERE):
        return None
    if host in HERE or host.endswith(".localhost") or not is_public(host):
        return f"leads into a private network ({host}), which is not allowed."
    if parts.scheme != "https":
        return "must begin with https://."
    return None


def _parts(url: str) -> SplitResult | None:
    """An address in its parts; None when it is none."""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    host = (parts.hostname or "").rstrip(".")
    is_host = _HOST.fullmatch(host) is not None or _literal(host) is not None
    return parts if parts.scheme in ("http", "https") and is_host else None


def is_public(host: str) -> bool:
    """Whether a host may be one of the internet: False for every way to write a private number."""
    number = _literal(host.rstrip("."))
    if number is None:
        return True
    meant = _within(number) if number.version == _SIX else None
    return number.is_global and not number.is_multicast and (meant is None or meant.is_global)


def _within(number: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 number that a gateway would make of an IPv6 one (RFC 4291, 3056, 6052)."""
    if number in _TRANSLATED:
        return ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
    return number.ipv4_mapped or number.sixtofour


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The number that a host is; also 2130706433, 0x7f.1 and 0177.0.0.1, which resolvers take."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    if not 0 < len(host.split(".")) <= _DOTTED or not re.fullmatch(r"[0-9a-fx.]+", host):
        return None
    try:
        return ipaddress.ip_address(socket.inet_aton(host))
    except OSError:
        return None


def session(inside: Collection[str] = (), *, here: bool = True) -> requests.Session:
    """A session that reaches no private machine but those named, and follows no redirect.

    Give each of its calls a `timeout`, and read its answers in bounds.
    """
    made = requests.Session()
    made.trust_env = False
    made.max_redirects = 0
    adapter = _PublicAdapter(frozenset({*inside, *(HERE if here else ())}))
    for scheme in ("https://", "http://"):
        made.mount(scheme, adapter)
    return made


class PrivateError(NewConnectionError):
    """A name that led into a private network; nothing was sent."""


def led_inside(error: Exception) -> bool:
    """Whether a call of such a session failed because its address led into a private network."""
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", cause), PrivateError)


class _PublicAdapter(requests.adapters.HTTPAdapter):
    """Opens connections that look at who answers."""

    def __init__(self, inside: frozenset[str]) -> None:
        self._inside = inside
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:  # noqa: ANN401  (the library's)
        """Let every pool open connections of ours."""
        super().init_poolmanager(*args, **options)
        pools: dict[str, Any] = {
            "http": _pool(HTTPConnectionPool, HTTPConnection, self._inside),
            "https": _pool(HTTPSConnectionPool, HTTPSConnection, self._inside),
        }
        self.poolmanager.pool_classes_by_scheme = pools


def _pool(pool: Any, connection: Any, inside: frozenset[str]) -> Any:  # noqa: ANN401  (classes)
    """A kind of pool whose connections close before the first byte if they led inside."""

    def connected(self: Any) -> socket.socket:  # noqa: ANN401  (a connection of the kind)
        opened: socket.socket = connection._new_conn(self)  # noqa: SLF001  (urllib3's own hook)
        if self.host not in inside and not is_public(str(opened.getpeername()[0])):
            opened.close()
            raise PrivateError(self, f"{self.host} leads into a private network")
        return opened

    kind = type("Watched", (connection,), {"_new_conn": connected})
    return type("WatchedPool", (pool,), {"ConnectionCls": kind})
