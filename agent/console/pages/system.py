"""System: ticks, feeds and their lag, writes under way, limits, pauses, who used the console."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from agent.console import labels, words
from agent.console.visit import Visit
from agent.ledger.tables.operations import RunRow
from domain.conversation.change_requests import WORKER
from domain.conversation.permissions import Ability
from domain.language import names

RUNS = 120
"""So many of the last are looked at; those with nothing due are left out."""
LOOKS = 60
LAG = timedelta(minutes=15)


@dataclass(frozen=True)
class Tick:
    """One run of the worker."""

    kind: str
    started_at: datetime
    took: timedelta | None
    did: str
    error: str | None


@dataclass(frozen=True)
class Limit:
    """What may be used up in a day, and how much of it is."""

    name: str
    used: int
    most: int


def show(visit: Visit) -> Response:
    """The worker's own state."""
    ledger, policy = visit.ledger, visit.policy
    today = visit.midnight()
    runs = ledger.workings.runs(RUNS)
    told = [_tick(row) for row in runs[:1] + [one for one in runs[1:] if one.counts or one.error]]
    rules = policy.conversation
    stops = ledger.conversations.stops()
    return visit.page(
        "system.html",
        ticks=told,
        has_quiet=len(told) < len(runs),
        cursors=[one for one in ledger.workings.cursors() if one.name in labels.FEEDS],
        leases=ledger.workings.leases(),
        lag=LAG,
        backlog=ledger.workings.backlog(),
        limits=[
            Limit(
                "Leads reassigned by conversation",
                ledger.conversations.given_since(today),
                rules.reassignments_per_day,
            ),
            Limit(
                "Conversation tokens",
                ledger.turns.tokens_since(today).total,
                rules.tokens_per_day,
            ),
        ],
        providers=policy.enrichment.providers,
        stops=stops,
        scopes=[
            one for one in (WORKER, *(each.name for each in policy.segments)) if one not in stops
        ],
        may_stop=visit.circle(Ability.PAUSE) is None,
        looks=ledger.visits.latest(LOOKS),
        stop_file=visit.office.app.settings.routeready_stop_file,
        database=labels.DATABASES.get(ledger.engine.dialect.name, ledger.engine.dialect.name),
    )


def _tick(row: RunRow) -> Tick:
    counts = [
        (names.TALLIES.get(kind, words.spoken(kind)), count)
        for kind, count in sorted(row.counts.items())
    ]
    return Tick(
        kind=labels.RUNS.get(row.kind, words.spoken(row.kind).capitalize()),
        started_at=row.started_at,
        took=None if row.ended_at is None else row.ended_at - row.started_at,
        did=", ".join(f"{told}: {words.number(count)}" for told, count in counts) or "nothing due",
        error=row.error,
    )
