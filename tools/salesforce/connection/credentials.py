"""Where an org is, and how to sign in to it."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Sign-in as an external client app's own user."""

    key: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class JwtBearer:
    """Sign-in with a private key whose certificate the external client app holds."""

    key: str
    username: str
    key_file: Path
    audience: str = "https://login.salesforce.com"
    """`https://test.salesforce.com` for a Salesforce sandbox."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the org is and how to get in."""

    url: str
    """The org's My Domain, such as `https://acme.my.salesforce.com`."""
    credentials: ClientCredentials | JwtBearer
    ca_file: Path | None = None
    """Certificates to trust instead of the usual ones, such as a company proxy's."""
    version: str = "66.0"
    connect_timeout: timedelta = timedelta(seconds=5)
    read_timeout: timedelta = timedelta(seconds=120)
    """A write of 1,000 records runs the org's own automation 1,000 times before it answers."""
