"""Sign in with Slack (OpenID Connect): who somebody is, by Slack's word.

The code that a browser brings back is exchanged for an ID token. It comes from Slack itself over
TLS, which stands for its signature (OpenID Connect Core 1.0, 3.1.3.7, number 6); issuer, audience,
nonce and expiry are checked here.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode, urljoin

import jwt
from pydantic import SecretStr

from domain.errors import AuthError
from domain.ports import Clock, Identity, Watch, unwatched
from tools.slack.client import VENDOR, SlackAccess, SlackClient
from tools.slack.users.directory import Directory

ISSUER = "https://slack.com"
"""As Slack's discovery document names it, whatever address it was reached by."""
TEAM = "https://slack.com/team_id"
"""The claim that holds the workspace."""
DRIFT = timedelta(minutes=1)
"""By so much Slack's clock may differ from ours."""
USER = "https://slack.com/user_id"
"""The claim that holds the account."""
_WANTED = ["iss", "aud", "exp", "nonce", "email", TEAM, USER]


@dataclass(frozen=True)
class SlackSignIn:
    """The app's registration with Slack, by which people sign in."""

    client_id: str
    client_secret: SecretStr = field(repr=False)
    access: SlackAccess = field(repr=False)
    """The bot's own, by which our workspace is known."""
    clock: Clock
    watch: Watch = unwatched

    def address(self, state: str, nonce: str, redirect: str) -> str:
        """Where a browser is sent."""
        asked = {
            "response_type": "code",
            "scope": "openid email profile",
            "client_id": self.client_id,
            "redirect_uri": redirect,
            "state": state,
            "nonce": nonce,
        }
        path = urljoin(self.access.base(), "../openid/connect/authorize")
        return f"{path}?{urlencode(asked)}"

    def identity(self, code: str, nonce: str, redirect: str) -> Identity:
        """Who brings a code back; it is good once.

        Raises ToolError when Slack refuses it or does not answer, AuthError for a token that was
        not made for this sign-in.
        """
        nobody = SlackAccess(SecretStr(""), self.access.base_url, self.access.timeout)
        answer = SlackClient(nobody, self.clock, self.watch).write(
            "openid.connect.token",
            {
                "client_id": self.client_id,
                "client_secret": self.client_secret.get_secret_value(),
                "code": code,
                "grant_type": "authorization_code",
                "redirect_uri": redirect,
            },
        )
        claims = claims_of(str(answer.get("id_token", "")), self.client_id, nonce, self.clock.now())
        email = str(claims["email"])
        return Identity(
            email=email,
            is_verified=claims.get("email_verified") is True,
            is_ours=self._directory.is_home(str(claims[TEAM])),
            barred=self._directory.why_not(str(claims[USER]), email),
        )

    @cached_property
    def _directory(self) -> Directory:
        """The same rules for who is a colleague as for a message in Slack."""
        return Directory(SlackClient(self.access, self.clock, self.watch), self.clock)


def claims_of(token: str, client_id: str, nonce: str, now: datetime) -> dict[str, Any]:
    """What an ID token claims; raises AuthError for one that was not made for this sign-in."""
    try:
        claims = jwt.decode(
            token,
            issuer=ISSUER,
            audience=client_id,
            options={
                "require": _WANTED,
                "verify_signature": False,
                "verify_iss": True,
                "verify_aud": True,
            },
        )
    except jwt.PyJWTError as error:
        raise AuthError(VENDOR, f"the ID token is not for us: {error}", quotes=True) from None
    # Expiry is checked by the given clock; the library knows the wall's only.
    if float(claims["exp"]) < (now - DRIFT).timestamp():
        raise AuthError(VENDOR, "the ID token is too old")
    if claims["nonce"] != nonce:
        raise AuthError(VENDOR, "the ID token is of another sign-in")
    return claims
