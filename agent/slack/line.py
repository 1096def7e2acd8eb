"""Socket Mode that comes up when Slack does: the first connection is tried until it stands.

The SDK repairs a connection that broke, but never one that could not be made at first.
"""

import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, cast

from slack_bolt import App as Bolt
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError

from agent.logs import defect, log
from domain.health import SlackNotConnected, SlackTokenRejected, Trouble

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
"""Seconds; each pause is twice as long as the one before."""
PATIENCE_SECONDS = 30.0
"""Slack renews connections every few hours; a gap shorter than this is none."""
_CODE = re.compile(r"[a-z_]{1,60}")
_REJECTED = frozenset(
    {
        "access_denied",
        "account_inactive",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "token_expired",
        "token_revoked",
    }
)
"""Codes that time doesn't heal (https://docs.slack.dev/reference/methods/apps.connections.open)."""


class SocketLine:
    """A connection to Slack, made and kept beside the work."""

    def __init__(
        self,
        bolt: Bolt,
        token: str,
        *,
        first_pause: float = FIRST_PAUSE,
        passed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._handler = SocketModeHandler(bolt, token, web_client=bolt.client)
        self._first_pause, self._passed = first_pause, passed
        self._stop = threading.Event()
        self._trouble: Trouble | None = SlackNotConnected(detail="connecting")
        self._seen_at = passed()
        self._thread = threading.Thread(target=self._connect, name="slack", daemon=True)

    def open(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def close(self) -> None:
        """End the connection, or the attempts to make one."""
        self._stop.set()
        self._handler.close()  # pyright: ignore[reportUnknownMemberType]  (untyped in Bolt)
        self._thread.join(FIRST_PAUSE)

    def troubles(self) -> Sequence[Trouble]:
        """What is wrong with the connection now."""
        if self._trouble is not None:
            return [self._trouble]
        now = self._passed()
        if self._handler.client.is_connected():
            self._seen_at = now
        elif now - self._seen_at > PATIENCE_SECONDS:
            return [SlackNotConnected(detail="the connection broke; it is being made again")]
        return []

    def _connect(self) -> None:
        pause = self._first_pause
        while not self._stop.is_set():
            try:
                self._handler.connect()  # pyright: ignore[reportUnknownMemberType]  (as above)
            except Exception as error:  # noqa: BLE001  (whatever it is, routing goes on)
                self._trouble = _trouble_of(error)
                self._stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                self._seen_at, self._trouble = self._passed(), None
                log("slack_connected", "Connected to Slack through Socket Mode.")
                return


def _trouble_of(error: Exception) -> Trouble:
    if isinstance(error, SlackApiError):
        answer = cast("Any", error).response  # untyped in the SDK
        told = str(answer.get("error"))
        code = told if _CODE.fullmatch(told) else f"HTTP status {answer.status_code}"
        if code in _REJECTED:
            return SlackTokenRejected(setting="SLACK_APP_TOKEN", code=code)
        return SlackNotConnected(detail=f"Slack answers {code}")
    if isinstance(error, OSError):
        return SlackNotConnected(detail=error.strerror or type(error).__name__)
    return SlackNotConnected(detail=defect(error))
