"""Who does not want to be disturbed now, and until when (Slack: dnd.teamInfo)."""

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from domain import border
from domain.errors import ToolError
from tools.slack.client import Row, SlackClient, within
from tools.slack.users.directory import FRESH_FOR

AT_ONCE = 50
"""People in one call."""


class QuietHours:
    """Do-not-disturb times, read at most every few minutes; unknown while they can't be read.

    They only ever delay a message, so that a missing scope costs politeness and nothing else.
    """

    def __init__(self, client: SlackClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._known: Mapping[str, tuple[datetime, datetime]] = {}
        self._read_at: datetime | None = None

    def until(self, users: Sequence[str], now: datetime) -> dict[str, datetime]:
        """When the quiet of those ends who are in one now."""
        with self._lock:
            is_fresh = self._read_at is not None and timedelta() <= now - self._read_at < FRESH_FOR
            if users and not is_fresh:
                self._known, self._read_at = self._read(users), now
            known = self._known
        return {
            user: end
            for user, (start, end) in known.items()
            if user in set(users) and start <= now < end
        }

    def _read(self, users: Sequence[str]) -> dict[str, tuple[datetime, datetime]]:
        found: dict[str, tuple[datetime, datetime]] = {}
        for begin in range(0, len(users), AT_ONCE):
            some = ",".join(users[begin : begin + AT_ONCE])
            try:
                told = self._client.read("dnd.teamInfo", users=some)
            except ToolError:
                return found
            quiet = within(told, "users")
            found |= {user: _span(within(quiet, user)) for user in quiet}
        return found


def _span(row: Row) -> tuple[datetime, datetime]:
    """The next or present quiet time; an empty one where none is set."""
    start, end = (border.epoch(row.get(f"next_dnd_{one}_ts")) for one in ("start", "end"))
    if row.get("dnd_enabled") is not True or start is None or end is None:
        return datetime.fromtimestamp(0, UTC), datetime.fromtimestamp(0, UTC)
    return start, end
