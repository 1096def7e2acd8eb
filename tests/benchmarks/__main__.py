"""`make bench`: measure the worker against the sandbox, in this process, and print one table.

A ratio compares a figure with a baseline of the same run, so that it means the same on any
machine; seconds alone don't.
"""

import gc
import json
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import RowMapping, insert, select, update

from agent.conversation.desk import Desk
from agent.ledger import Ledger
from agent.ledger.rows import table
from agent.ledger.tables.decisions import DecisionRow
from agent.ledger.tables.handoffs import HandoffRow
from agent.ledger.tables.leads import CycleRow
from agent.metrics.report import Question, read, report
from agent.rollout.simulation import Trying, what_if
from agent.worker.tick import Worker
from domain.conversation.permissions import principal
from domain.policy.model import Pool
from sandbox.state.world import World
from sandbox.worlds import scale
from tests.benchmarks.console import pages
from tests.benchmarks.figure import Figure
from tests.benchmarks.sandbox import sandboxed
from tests.support.worlds import Town, town

LEADS, OPEN, DUE, DECISIONS = 1_000, 5_000, 200, 10_000
TURNS = 40


def measured(name: str, here: Town, work: Callable[[], object]) -> Figure:
    """Run some work once and say what it cost."""
    before = here.requests().total()
    tracemalloc.start()
    begun = time.perf_counter()
    work()
    seconds = time.perf_counter() - begun
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return Figure(name, here.requests().total() - before, seconds, peak)


def timed(name: str, work: Callable[[], object]) -> Figure:
    """Run some work once that speaks with nobody; tracing memory would slow it several times."""
    begun = time.perf_counter()
    work()
    return Figure(name, 0, time.perf_counter() - begun, None)


def routing() -> Iterator[Figure]:
    """A tick that routes a thousand leads, and one that finds nothing to do."""
    world = World(seed=3)
    scale.build(world, leads=LEADS)
    with tempfile.TemporaryDirectory() as folder, town(Path(folder), world) as here:
        worker = Worker.of(here.app)
        full = measured(f"route {LEADS} leads", here, worker.route)
        here.pass_time(minutes=10)
        idle = measured("route nothing", here, worker.route)
    yield full
    yield ratio(idle, full)


def following() -> Iterator[Figure]:
    """A tick of follow-through over many open leads of which few are due, and of which none is."""
    world = World(seed=3)
    scale.build(world, leads=OPEN)
    with tempfile.TemporaryDirectory() as folder, town(Path(folder), world) as here:
        worker = Worker.of(here.app)
        while here.app.ledger.handoffs.open_count() < OPEN:
            worker.route()
        here.pass_time(days=1)
        _let_be_due(here, DUE)
        few = measured(f"follow {DUE} due of {OPEN} open", here, worker.follow)
        here.pass_time(minutes=10)
        _let_be_due(here, 0)
        none = measured(f"follow none of {OPEN} open", here, worker.follow)
    yield few
    yield ratio(none, few)


def talking() -> Iterator[Figure]:
    """Turns of a conversation over many leads: our own time per turn, the model's left out."""
    world = World(seed=3)
    scale.build(world, leads=OPEN)
    with tempfile.TemporaryDirectory() as folder, town(Path(folder), world) as here:
        worker = Worker.of(here.app)
        while here.app.ledger.handoffs.open_count() < OPEN:
            worker.route()
        who = next(one for one, user in here.app.policy.users.items() if user.role == "ops")
        asker = principal(who, here.app.policy)
        if asker is None:
            raise LookupError(who)
        desk = Desk(here.app.context(), here.app.memory)
        rep = next(iter(here.app.ledger.handoffs.rows(state="open"))).handoff["owner"]["name"]
        # The sandbox lives in this process: without it, no full collection would pass its rows.
        gc.collect()
        gc.freeze()
        for said in ("rules", "find Smith", "workload", f"unworked {rep}", "numbers 7 days"):
            seconds: list[float] = []
            for _ in range(TURNS):
                begun = time.perf_counter()
                desk.respond(said, asker, said)
                seconds.append(time.perf_counter() - begun)
            p95 = sorted(seconds)[round(0.95 * TURNS) - 1]
            yield Figure(f'turn "{said}", p95 of {TURNS}, {OPEN} open', 0, p95, 0.0)
        gc.unfreeze()


def measuring() -> Iterator[Figure]:
    """A report over many leads, and a policy tried on as many decisions."""
    world = World(seed=3)
    scale.build(world, leads=LEADS)
    with tempfile.TemporaryDirectory() as folder, town(Path(folder), world) as here:
        Worker.of(here.app).route()
        _multiply(here.app.ledger, DECISIONS // LEADS)
        question = Question(since=here.world.now - timedelta(days=30), now=here.world.now)
        policy = here.app.policy
        other = policy.model_copy(update={"pools": _shortened(policy.pools)})
        yield timed(
            f"report on {DECISIONS} leads",
            lambda: report(read(here.app.ledger, question, policy), question, policy),
        )
        trying = Trying(question.since, question.now, policy, other)
        yield timed(
            f"simulate {DECISIONS} decisions",
            lambda: what_if(here.app.ledger, trying),
        )


def console() -> Iterator[Figure]:
    """The pages of the console over a hundred thousand leads."""
    for name, seconds in pages():
        yield Figure(name, 0, seconds, None)


def _shortened(pools: Mapping[str, Pool]) -> dict[str, Pool]:
    """Every pool without its first member, where others are left."""
    return {
        name: pool.model_copy(update={"members": pool.members[1:] or pool.members})
        for name, pool in pools.items()
    }


def _multiply(ledger: Ledger, times: int) -> None:
    """Let the ledger hold what it holds so many times, as other leads' on the days before."""
    cycle, decision = table(CycleRow), table(DecisionRow)
    with ledger.engine.begin() as connection:
        cycles = connection.execute(select(cycle)).mappings().all()
        decisions = connection.execute(select(decision)).mappings().all()
        for copy in range(1, times):
            before = timedelta(days=copy)
            connection.execute(
                insert(cycle),
                [
                    {**row, "id": f"{copy}x{row['id']}", "lead": f"{copy}x{row['lead']}"}
                    for row in cycles
                ],
            )
            connection.execute(
                insert(decision), [_copied(row, f"{copy}x", before) for row in decisions]
            )


def _copied(row: RowMapping, mark: str, before: timedelta) -> dict[str, Any]:
    """A decision as another lead's, so long before."""
    case, at = json.loads(row["inputs"]), row["at"] - before
    snapshot = case["snapshot"]
    snapshot["at"] = at.isoformat()
    snapshot["cycle"]["id"] = mark + snapshot["cycle"]["id"]
    ids = {name: mark + row[name] for name in ("id", "cycle_id", "lead")}
    return {**row, **ids, "at": at, "inputs": json.dumps(case)}


def _let_be_due(here: Town, count: int) -> None:
    """Let exactly so many of the open handoffs be due now."""
    handoff = table(HandoffRow)
    rows = here.app.ledger.handoffs.rows(state="open")
    later = here.world.now + timedelta(days=3)
    with here.app.ledger.engine.begin() as connection:
        connection.execute(update(handoff).values(due_at=later))
        due = [row.cycle_id for row in rows[:count]]
        now = update(handoff).where(handoff.c.cycle_id.in_(due)).values(due_at=here.world.now)
        connection.execute(now)


def ratio(one: Figure, base: Figure) -> Figure:
    """A figure with its share of another's seconds."""
    share = f"{one.seconds / base.seconds:.2f} of the time of: {base.name}"
    return Figure(one.name, one.calls, one.seconds, one.megabytes, share)


BENCHMARKS: dict[str, Callable[[], Iterator[Figure]]] = {
    "routing": routing,
    "following": following,
    "talking": talking,
    "measuring": measuring,
    "sandbox": sandboxed,
    "console": console,
}


def main() -> None:
    """Run the benchmarks that are named, or all."""
    wanted = sys.argv[1:] or list(BENCHMARKS)
    shown = Table("what", "vendor calls", "seconds", "peak MB", "beside", box=None)
    for name in wanted:
        for one in BENCHMARKS[name]():
            memory = "-" if one.megabytes is None else f"{one.megabytes:.1f}"
            numbers = (f"{one.calls:>5}", f"{one.seconds:>7.2f}", f"{memory:>7}")
            shown.add_row(one.name, *numbers, one.ratio)
    Console(width=120, highlight=False).print(shown)


if __name__ == "__main__":
    main()
