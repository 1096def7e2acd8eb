"""Who is let into the console, and which requests are its own.

Everybody needs a session. It is begun with a token of `routeready console token`, with Slack, or on
the machine itself (a loopback address, and no public address set) with the link that the console
prints where it is started; that is good for one entry. Other users of the machine can reach a
loopback address, too, and can't read the ledger. What somebody may then see and do is decided by
their role on every page and act; the door only says who they are.
"""

import hmac
import ipaddress
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from agent.ledger.stores.visits import LINK, SESSION, STARTED, TOKEN, Visits
from domain.errors import SettingsError

COOKIE = "routeready"
SESSION_LASTS = timedelta(hours=12)
TOKEN_LASTS = timedelta(minutes=10)
LOOPBACK = "127.0.0.1"
NAMES_OF_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
LINK_LASTS = timedelta(hours=1)
START = "/start/"
"""Where the link of who started the console leads, and its secret after it."""
_PROXIES = (
    "akamai-",
    "cdn-",
    "cf-",
    "client-ip",
    "fastly-",
    "fly-",
    "forwarded",
    "max-forwards",
    "proxy-",
    "tailscale-",
    "true-client",
    "via",
    "x-",
)
"""How the headers begin that proxies add. Browsers themselves send none of them."""
_SITES = ("same-origin", "none")


@dataclass(frozen=True)
class Address:
    """Where the console is reached."""

    host: str
    """What it listens on."""
    port: int
    public: str | None = None
    """The address that people use, such as `https://routeready.company.example`."""

    def __post_init__(self) -> None:
        """Refuse what would let passwords and sessions travel in the open, or nobody sign in."""
        if self.public is None:
            if not _is_loopback(self.host):
                raise SettingsError(
                    f"the console would be open to everyone who can reach {self.host}; set "
                    "ROUTEREADY_CONSOLE_URL to the https address that people use"
                )
            return
        parts = urlsplit(self.public)
        if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
            raise SettingsError(
                "ROUTEREADY_CONSOLE_URL must start with https://; over http, sessions could be read"
            )

    @property
    def url(self) -> str:
        """What people type; a number where only this machine is meant.

        Another user could listen at what else the name `localhost` stands for.
        """
        host = LOOPBACK if self.host == "localhost" else self.host.strip("[]")
        return self.public or f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def is_open(self) -> bool:
        """It is for whoever started it on this machine, and has no other address."""
        return self.public is None

    @property
    def is_https(self) -> bool:
        """Browsers reach it by HTTPS."""
        return self.public is not None and self.public.startswith("https://")

    @property
    def origins(self) -> frozenset[str]:
        """The addresses that requests may be for; another one is a name made to point here."""
        if self.public is not None:
            parts = urlsplit(self.public)
            return frozenset({f"{parts.scheme}://{parts.netloc}"})
        return frozenset(f"http://{name}:{self.port}" for name in NAMES_OF_LOOPBACK)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Door:
    """The way in."""

    address: Address
    visits: Visits
    now: Callable[[], datetime]
    """The real time: sessions end by the clock on the wall."""

    def is_for_us(self, host: str, headers: Iterable[str]) -> bool:
        """Whether a request was sent to us by our name.

        An open door takes nothing from a proxy: what comes through one is not from this machine.
        """
        if self.address.is_open and any(one.lower().startswith(_PROXIES) for one in headers):
            return False
        return any(urlsplit(origin).netloc == host for origin in self.address.origins)

    def is_own(self, origin: str | None, site: str | None) -> bool:
        """Whether a form was sent from our own page, as the browser tells it.

        A client that tells neither is no browser; it still needs the session's own secret.
        """
        if origin is not None:
            return origin in self.address.origins
        return site is None or site in _SITES

    def visitor(self, secret: str | None) -> str | None:
        """Email of the bearer of a session; None for somebody who must sign in."""
        return None if not secret else self.visits.bearer(secret, self.now())

    def let_in(self, email: str, *, started: bool = False) -> str:
        """Begin a session; its secret goes into the cookie and nowhere else.

        Who `started` the console on this machine may look at it as anybody.
        """
        secret, now = secrets.token_urlsafe(32), self.now()
        kind = STARTED if started else SESSION
        self.visits.admit(kind, secret, email, now, now + SESSION_LASTS)
        return secret

    def enter_by_link(self, secret: str) -> str | None:
        """Email of whom a link was made for; None for one that is used, over or made up."""
        return self.visits.redeem(secret, self.now(), LINK) if self.address.is_open else None

    def may_become_others(self, secret: str | None) -> bool:
        """Whether the bearer of a session started the console, and could read all of the ledger."""
        return bool(secret) and self.address.is_open and self.visits.is_started(secret, self.now())

    def enter_with(self, token: str) -> str | None:
        """Email of whom a token was made for; it is good for one entry."""
        return self.visits.redeem(token.strip(), self.now())

    def leave(self, secret: str | None) -> None:
        """End a session."""
        if secret:
            self.visits.leave(secret)

    @property
    def cookie(self) -> str:
        """The cookie's name: by its prefix browsers bind it to this very host over HTTPS."""
        return f"__Host-{COOKIE}" if self.address.is_https else f"{COOKIE}_{self.address.port}"


def make_link(address: Address, visits: Visits, email: str, now: datetime) -> str:
    """An address for who may read the ledger here: it lets in once, within an hour."""
    secret = secrets.token_urlsafe(32)
    visits.admit(LINK, secret, email, now, now + LINK_LASTS)
    return f"{address.url}{START}{secret}"


def make_token(visits: Visits, email: str, now: datetime) -> str:
    """A token that lets somebody in once, within ten minutes."""
    secret = secrets.token_urlsafe(32)
    visits.admit(TOKEN, secret, email, now, now + TOKEN_LASTS)
    return secret


def form_secret(session: str) -> str:
    """What every form of a session carries: nobody without the session can make it."""
    return hmac.new(session.encode(), b"form", sha256).hexdigest()


def is_form_of(session: str, told: str) -> bool:
    """Whether a form came from a page of this session."""
    return hmac.compare_digest(form_secret(session).encode(), told.encode())
