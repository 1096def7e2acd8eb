"""All that one run may touch: ports, policy, ledger, and the one `now`."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from agent.ledger import Ledger
from domain.policy import Policy
from domain.ports import Crm, Enrichment, Investigator, Marketing, Messenger, Talker
from prompts import Prompt, load


@dataclass(frozen=True)
class RunContext:
    """Handed to every node; never stored."""

    run: str
    now: datetime
    policy: Policy
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
    stopwatch: Callable[[], float] = time.perf_counter
    """Seconds, to tell how long something took."""
    halted: Callable[[], str | None] = lambda: None
    """The file that stops every write, while it exists."""
    prompt: Callable[[str], Prompt] = load
    """A prompt by its name; an eval brings the version it compares."""
