"""All that one run may touch: ports, policy, ledger, and the one `now`."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from agent.ledger import Ledger
from domain.policy.model import Policy
from domain.ports import (
    Crm,
    Enrichment,
    Investigator,
    Marketing,
    Messenger,
    Talker,
    Watch,
    unwatched,
)
from domain.rollout.canary import Canary
from domain.values import CycleId
from prompts import Prompt, load

T = TypeVar("T")


@dataclass(frozen=True)
class RunContext:
    """Handed to every node; never stored."""

    run: str
    now: datetime
    policy: Policy
    """The policy file's; after `under`, the one that decides the lead at hand."""
    ledger: Ledger
    marketing: Marketing
    crm: Crm
    enrichment: Enrichment | None
    """None when no provider has a key."""
    messenger: Messenger | None
    """None when Slack isn't connected."""
    investigator: Investigator | None = None
    """None when no model is connected."""
    talker: Talker | None = None
    """None when no model is connected."""
    batch_size: int = 1000
    look_back: timedelta = timedelta(hours=24)
    """How late Marketo's feeds are read again; zero reads nothing twice."""
    stopwatch: Callable[[], float] = time.perf_counter
    """Seconds, to tell how long something took."""
    halted: Callable[[], str | None] = lambda: None
    """The file that stops every write, while it exists."""
    prompt: Callable[[str], Prompt] = load
    """A prompt by its name; an eval brings the version it compares."""
    watch: Watch = unwatched
    """Put around every node."""
    only: frozenset[CycleId] | None = None
    """What may be claimed, while a batch that failed is looked into; None for all that is due."""
    canary: Canary | None = None
    """A policy that is published to a part of the leads; None when the file is alone."""

    def under(self, version: str | None) -> "RunContext":
        """The same run under the policy that gave a lead away, while that is published.

        What was given away under a policy that is no longer published goes on under the file's.
        """
        canary = self.canary
        if canary is None or version != canary.policy.version:
            return self
        return replace(self, policy=canary.policy, canary=None)

    def parted(
        self, things: Iterable[T], version: Callable[[T], str | None]
    ) -> list[tuple["RunContext", list[T]]]:
        """Things by the policy that decides them, each part with its context; none is empty."""
        parts: dict[str, tuple[RunContext, list[T]]] = {}
        for one in things:
            context = self.under(version(one))
            parts.setdefault(context.policy.version, (context, []))[1].append(one)
        return [parts[key] for key in sorted(parts, key=lambda key: key != self.policy.version)]
