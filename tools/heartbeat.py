"""Telling somebody elsewhere that the worker is alive: a call after each check that ended.

Nothing but the call itself is sent, nothing of the answer is kept, and nothing is followed.
"""

from urllib.parse import urlsplit

import requests

from domain.errors import SettingsError, UnavailableError
from tools.addresses import is_public, led_inside, refusal, session

NAME, SETTING = "heartbeat", "ROUTEREADY_HEARTBEAT_URL"
ALLOWED = "ROUTEREADY_HEARTBEAT_PRIVATE=true allows a private address."
PATIENCE_SECONDS = 10.0
"""Until the connection stands, and again until the answer begins."""


class Heartbeat:
    """One address that is called by GET; a private one only where that is allowed.

    Raises SettingsError for an address that is not https, or leads where it must not.
    """

    def __init__(self, url: str, *, is_private_allowed: bool = False, ca_file: str = "") -> None:
        if not url.startswith("https://"):
            raise SettingsError(f"{SETTING} must start with https://.")
        host = urlsplit(url).hostname or ""
        inside = (host,) if is_private_allowed else ()
        why = refusal(url, inside=inside, here=False)
        if why is not None:
            raise SettingsError(f"{SETTING} {why}" + ("" if is_public(host) else f" {ALLOWED}"))
        self._url = url
        self._session = session(inside, here=False)
        self._session.verify = ca_file or True

    def beat(self) -> None:
        """Call once, bounded in time; raises UnavailableError when nobody heard it."""
        try:
            answer = self._session.get(
                self._url, timeout=PATIENCE_SECONDS, stream=True, allow_redirects=False
            )
            answer.close()
        except requests.TooManyRedirects:
            raise UnavailableError(NAME, "it redirects, which is not followed") from None
        except (requests.RequestException, OSError) as error:
            told = ALLOWED if led_inside(error) else type(error).__name__
            raise UnavailableError(NAME, f"no answer: {told}") from None
        if not answer.ok:
            raise UnavailableError(NAME, f"HTTP status {answer.status_code}")
