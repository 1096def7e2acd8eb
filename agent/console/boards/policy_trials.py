"""Policies that people try in the console: kept for a while, each with its what-if."""

import secrets
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from agent.console.boards.workshop import Workshop
from agent.policy.file import TERRITORIES, Complaint, Reading, read_policy
from agent.rollout.simulation import Trying
from domain.errors import RoutereadyError
from domain.policy.model import Policy
from domain.rollout.simulation import Simulation
from domain.values import LeadKey

MOST = 20
NAME = "policy.yaml"


@dataclass(frozen=True)
class Try:
    """A policy that somebody tries."""

    id: str
    by: str
    """Email of the person."""
    at: datetime
    days: int
    reading: Reading
    base: Policy
    making: "Future[Simulation] | None"
    """None for a policy with errors."""

    @property
    def policy(self) -> Policy | None:
        """The policy, if it has no errors."""
        return None if self.reading.errors else self.reading.policy

    @property
    def complaints(self) -> Sequence[Complaint]:
        """All that is wrong with it, or worth a thought."""
        return self.reading.complaints

    def found(self) -> Simulation | None:
        """What came of it; None while it is being worked out.

        Raises RoutereadyError with what went wrong.
        """
        if self.making is None or not self.making.done():
            return None
        error = self.making.exception()
        if error is not None:
            raise RoutereadyError(f"The test of this policy failed: {error}")
        return self.making.result()


class Tries:
    """The policies that are tried, newest last; the oldest are forgotten."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._kept: OrderedDict[str, Try] = OrderedDict()
        self._lock = threading.Lock()

    def begin(
        self, reading: Reading, base: Policy, by: str, now: datetime, asked: tuple[int, str]
    ) -> Try:
        """Try a policy on the decisions of so many days; `asked` also names a lead, or none."""
        days, lead = asked
        making = None
        if reading.policy is not None and not reading.errors:
            leads = (LeadKey(lead),) if lead else ()
            trying = Trying(now - timedelta(days=days), now, base, reading.policy, leads)
            making = self._workshop.tried(trying)
        made = Try(secrets.token_hex(6), by, now, days, reading, base, making)
        with self._lock:
            self._kept[made.id] = made
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return made

    def get(self, wanted: str) -> Try | None:
        """A try by its id; None when it was forgotten."""
        with self._lock:
            return self._kept.get(wanted)


def read_texts(policy: str, territories: str) -> Reading:
    """A policy from the texts of its two files, with all that is wrong with it."""
    with tempfile.TemporaryDirectory(prefix="routeready-try-") as folder:
        path = Path(folder) / NAME
        path.write_text(policy, encoding="utf-8")
        if territories.strip():
            path.with_name(TERRITORIES).write_text(territories, encoding="utf-8")
        return read_policy(path)
