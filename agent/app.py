"""The composition root: from settings to a worker. The only place that knows the vendors."""

import os
import socket
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from agent import stories
from agent.context import RunContext
from agent.ledger import Ledger
from agent.ledger.engine import check, migrate, open_engine
from agent.policy_file import load_policy
from agent.settings import Settings
from agent.stories import Told
from agent.tick import Worker
from domain.policy import Policy
from domain.ports import Clock, Finding
from domain.values import LeadKey


class WallClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The present."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass
class Calls:
    """How many calls each vendor got."""

    counts: Counter[str] = field(default_factory=Counter[str])
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, vendor: str) -> None:
        """Note one call."""
        with self._lock:
            self.counts[vendor] += 1

    def told(self) -> str:
        """The counts in words."""
        return ", ".join(f"{count} {vendor} calls" for vendor, count in sorted(self.counts.items()))


def open_ledger(url: str) -> Ledger:
    """The ledger at a database URL. A new SQLite file gets its tables; others must have them."""
    engine = open_engine(url)
    if engine.dialect.name == "sqlite":
        migrate(engine)
    check(engine)
    return Ledger.on(engine)


@dataclass
class App:
    """Everything that one process needs, made when first asked for."""

    settings: Settings
    clock: Clock
    ledger: Ledger
    calls: Calls = field(default_factory=Calls)
    policy: Policy = field(init=False)
    _read_at: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.policy = load_policy(self.settings.routeready_policy)
        self._read_at = self.settings.routeready_policy.stat().st_mtime

    def refresh_policy(self) -> None:
        """Take up a policy file that was changed; one with errors is told, and not taken up."""
        changed = self.settings.routeready_policy.stat().st_mtime
        if changed == self._read_at:
            return
        self._read_at = changed
        self.policy = load_policy(self.settings.routeready_policy)

    @cached_property
    def name(self) -> str:
        """Under which this process holds leases."""
        return f"{socket.gethostname()}-{os.getpid()}"

    def worker(self) -> Worker:
        """The worker of this process."""
        return Worker(self.name, self.context)

    def context(self) -> RunContext:
        """What one run may touch; `now` is one value for all of it."""
        return RunContext(
            run=f"r{uuid.uuid4().hex[:12]}",
            now=self.clock.now(),
            policy=self.policy,
            ledger=self.ledger,
            marketing=self.marketing,
            crm=self.crm,
            enrichment=self.enrichment,
            messenger=self.messenger,
            batch_size=self.settings.routeready_batch_size,
        )

    def stories(self, who: str) -> list[Told]:
        """The stories of a lead by e-mail address or Marketo id."""
        keys = [LeadKey(who)]
        if "@" in who:
            keys = list(self.marketing.same_email([who]).get(who.lower(), ()))
        told = [stories.tell(self.ledger, key, self.policy.timezone) for key in keys]
        return [story for story in told if story is not None]

    def examine(self) -> list[Finding]:
        """What every vendor's own examination found."""
        findings = [*self.marketing.examine(), *self.crm.examine()]
        if self.messenger is not None:
            findings += self.messenger.examine()
        if self.enrichment is not None:
            findings += self.enrichment.examine()
        return findings
