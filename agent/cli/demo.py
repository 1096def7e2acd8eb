"""The demo: a made-up company's inbound leads, a sandbox of its vendors, and the worker.

The sandbox runs as a process of its own and is spoken to over HTTP like the vendors it stands
for; its clock is moved from here, so that days pass in seconds.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import requests
from pydantic import SecretStr
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from agent.app import App, open_app
from agent.cli.terminal import console, show_difference, show_funnel
from agent.console.door import LOOPBACK, Address
from agent.console.web.server import serve
from agent.ledger.tables.leads import CycleRow
from agent.ledger.tables.states import CycleStatus
from agent.metrics import lead_history
from agent.metrics.funnel import funnel
from agent.metrics.touch_rates import outcomes
from agent.policy.example import example_policy
from agent.settings import Settings
from agent.slack import listener
from agent.worker.tick import Worker
from domain.errors import RoutereadyError
from domain.grammar import counted
from domain.language import operations
from domain.routing.basis import RoutedBy
from domain.values import LeadKey

START_SECONDS = 60
STEP = timedelta(minutes=30)
"""How often the worker ticks in the demo; in production it is a minute."""
BEAT, SECONDS = timedelta(minutes=5), 5.0
"""While the console is served, so much time passes in so many seconds."""


@dataclass
class SandboxClock:
    """The sandbox's own time, read once per move and moved from here."""

    control: str
    at: datetime

    def now(self) -> datetime:
        """The sandbox's present."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Let the sandbox's time pass instead of ours."""
        self.advance(timedelta(seconds=seconds))

    def advance(self, by: timedelta) -> None:
        """Move the sandbox's clock on; what falls due there happens."""
        body = {"advance_seconds": by.total_seconds()}
        answer = requests.post(f"{self.control}/clock", json=body, timeout=30)
        answer.raise_for_status()
        self.at = datetime.fromisoformat(answer.json()["now"]).astimezone(UTC)


@contextmanager
def running_sandbox(seed: int, world: str = "demo") -> Generator[Mapping[str, Any]]:
    """A sandbox process; what it says when it is ready: base URLs and credentials."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--world", world]
    command += ["--seed", str(seed), "--until-stdin-closes"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(  # noqa: S603  (our own module)
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RoutereadyError("The sandbox did not start. See its error message above.")
            yield json.loads(line)
        finally:
            process.terminate()


def sandbox_settings(ready: Mapping[str, Any], folder: Path) -> Settings:
    """The settings that point the worker at a sandbox instead of the vendors."""
    marketo, salesforce, slack = ready["marketo"], ready["salesforce"], ready["slack"]
    return Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]  (the library's own argument)
        routeready_database=f"sqlite:///{folder}/demo.sqlite3",
        routeready_policy=example_policy(),
        marketo_base_url=marketo["base_url"],
        marketo_client_id=marketo["client_id"],
        marketo_client_secret=marketo["client_secret"],
        salesforce_domain=salesforce["domain"],
        salesforce_consumer_key=salesforce["consumer_key"],
        salesforce_consumer_secret=salesforce["consumer_secret"],
        salesforce_ca_file=salesforce["ca_file"],
        slack_bot_token=slack["bot_token"],
        slack_app_token=SecretStr(slack["app_token"]),
        slack_base_url=slack["api_url"],
        pdl_api_key=SecretStr(ready["pdl"]["api_key"]),
        pdl_base_url=ready["pdl"]["base_url"],
        apollo_api_key=SecretStr(ready["apollo"]["api_key"]),
        apollo_base_url=ready["apollo"]["base_url"],
        hunter_api_key=SecretStr(ready["hunter"]["api_key"]),
        hunter_base_url=ready["hunter"]["base_url"],
    )


def run_demo(*, seed: int, days: int) -> dict[str, Any]:
    """Let the simulated days pass, show what happened, and give the same as data."""
    out = console()
    out.print("Meridian Systems: inbound leads over simulated business days, in a local sandbox.")
    with playing(seed) as (app, clock, _):
        ticks = let_days_pass(app, clock, days, follows=True)
        found = funnel(app.ledger)
        followed = outcomes(app.context())
        out.print()
        show_funnel(found)
        chosen = _worth_telling(app)
        told = [lead_history.tell(app.ledger, lead, app.policy.timezone) for lead in chosen]
        for story in told:
            out.print(f"\n{story}", soft_wrap=True)
        calls = count_calls(clock.control)
        told_calls = ", ".join(f"{count} to {vendor}" for vendor, count in calls.items())
        out.print(f"\n{counted(ticks, 'worker run')}, vendor API calls: {told_calls}")
        leads = [_row(cycle) for cycle in app.ledger.history.cycles()]
    out.print("\nThe same days again with routing only: no reminders, no escalations.")
    with playing(seed) as (app, clock, _):
        let_days_pass(app, clock, days, follows=False)
        routed = outcomes(app.context())
    show_difference(routed, followed)
    return {
        "seed": seed,
        "days": days,
        "ticks": ticks,
        "funnel": found.model_dump(),
        "calls": calls,
        "leads": leads,
        "stories": [story.model_dump() for story in told if story is not None],
        "with_follow_through": followed.model_dump(),
        "without": routed.model_dump(),
    }


def serve_demo(*, seed: int, days: int, port: int) -> None:
    """Let the simulated days pass, then serve the console while the made-up company lives on."""
    out = console()
    out.print("Meridian Systems: inbound leads over simulated business days, in a local sandbox.")
    with playing(seed) as (app, clock, look):
        let_days_pass(app, clock, days, follows=True)
        out.print()
        show_funnel(funnel(app.ledger))
        out.print(
            f"\nFrom now on {BEAT // timedelta(minutes=1)} simulated minutes pass every "
            f"{SECONDS:.0f} seconds, or as soon as you decide something in the console or Slack.\n"
            f"See the sandbox's Slack, Salesforce and Marketo, and cause failures: {look}"
        )
        with _living(app, clock), listener.listening(app):
            serve(app, Address(LOOPBACK, port), opens=True, tell=_whole(out))


def _whole(out: Console) -> Callable[[str], None]:
    """Told in one line however long: a link that is broken in two leads nowhere."""
    return lambda said: out.print(said, soft_wrap=True)


@contextmanager
def _living(app: App, clock: SandboxClock) -> Generator[None]:
    """Time that goes on beside the console; a decision made there is carried out at once."""
    hurry, stop = threading.Event(), threading.Event()
    worker = Worker.of(app)

    def live() -> None:
        while not stop.is_set():
            hurry.wait(SECONDS)
            hurry.clear()
            try:
                clock.advance(BEAT)
            except requests.ConnectionError:
                return  # Ctrl-C in a terminal ends the sandbox's process as well
            worker.tick()

    app.hurry = hurry.set
    living = threading.Thread(target=live, name="demo")
    living.start()
    try:
        yield
    finally:
        stop.set()
        hurry.set()
        living.join()


@contextmanager
def playing(seed: int) -> Generator[tuple[App, SandboxClock, str]]:
    """A fresh sandbox with a worker in it; its clock, and the address of its page to look at."""
    with running_sandbox(seed) as ready, tempfile.TemporaryDirectory() as folder:
        clock = SandboxClock(ready["control"], datetime.fromisoformat(ready["now"]))
        app = open_app(sandbox_settings(ready, Path(folder)), clock=clock)
        try:
            yield app, clock, ready["look"]
        finally:
            app.close()


def let_days_pass(app: App, clock: SandboxClock, days: int, *, follows: bool) -> int:
    """Let the worker tick until so many days are over; how often it did."""
    start, ticks, ready = clock.at, 0, 0
    end = start + timedelta(days=days)
    worker = Worker.of(app)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"))
    with Progress(*columns, console=console()) as progress:
        task = progress.add_task("", total=(end - start).total_seconds(), told="")
        while clock.at < end:
            clock.advance(STEP)
            report = worker.tick() if follows else worker.route()
            ticks += 1
            if report.error:
                progress.console.print(f"{clock.at:%a %H:%M} UTC: {report.error}")
            ready += report.verdicts["READY"]
            progress.update(
                task,
                completed=(clock.at - start).total_seconds(),
                description=f"{clock.at:%a %d %b %H:%M} UTC",
                told=f"{counted(ready, 'lead')} routed",
            )
    return ticks


def count_calls(control: str) -> dict[str, int]:
    """How many requests each vendor got, by the sandbox's own journal."""
    counts: Counter[str] = Counter()
    after = -1
    while True:
        query = {"kind": "request", "after": str(after)}
        answer = requests.get(f"{control}/journal", params=query, timeout=30)
        entries = answer.json()["entries"]
        if not entries:
            return dict(sorted(counts.items()))
        counts.update(
            entry["vendor"] for entry in entries if not entry["name"].startswith("subrequest")
        )
        after = entries[-1]["seq"]


def _worth_telling(app: App) -> list[LeadKey]:
    """Three leads whose stories show the most: somebody skipped, an account's, one parked."""
    cycles = app.ledger.history.cycles()
    routed = [cycle for cycle in cycles if cycle.assigned_at is not None]
    wanted = (
        [cycle for cycle in routed if isinstance(cycle.said, RoutedBy) and cycle.said.skipped],
        [cycle for cycle in routed if cycle.rule != "Territory" and not cycle.is_fallback],
        [cycle for cycle in cycles if cycle.status == CycleStatus.PARKED],
        routed,
    )
    chosen: list[LeadKey] = []
    for group in wanted:
        fresh = [cycle.lead for cycle in group if cycle.lead not in chosen]
        chosen += [LeadKey(lead) for lead in fresh[:1]]
    return chosen[:3]


def _row(cycle: CycleRow) -> dict[str, Any]:
    fields = {"id", "lead", "status", "owner", "owner_name", "rule", "territory", "segment"}
    told = cycle.model_dump(mode="json", include=fields | {"blocked_by", "sla_due"})
    return {**told, "reason": operations.said(cycle.said, ZoneInfo("UTC"))}
