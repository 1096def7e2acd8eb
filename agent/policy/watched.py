"""The policy file of a process that looks at it again and again."""

from pathlib import Path

from agent.policy.file import TERRITORIES, load_policy
from domain.errors import PolicyError
from domain.policy.model import Policy


class WatchedPolicy:
    """A policy and its territories, read anew only when their bytes changed: checks cost CPU."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[bytes, bytes | None] | None = None
        self._found: Policy | str = ""
        """The policy, or what is wrong with it."""

    def load(self) -> Policy:
        """The policy as it is in the file now; raises PolicyError with every error in it."""
        there = self._bytes()
        if there is None or there != self._seen:
            self._seen = None
            try:
                self._found = load_policy(self.path)
            except PolicyError as error:
                self._found = str(error)
            self._seen = there
        if isinstance(self._found, str):
            raise PolicyError(self._found)
        return self._found

    def _bytes(self) -> tuple[bytes, bytes | None] | None:
        """What the two files hold; None when that can't be told, and then they are read."""
        table = self.path.with_name(TERRITORIES)
        try:
            return self.path.read_bytes(), table.read_bytes() if table.exists() else None
        except OSError:
            return None
