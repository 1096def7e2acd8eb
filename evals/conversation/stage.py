"""A place to hold conversations in: a world with the worker in it, brought back for each case."""

import json
import queue
import sqlite3
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from agent.app import App, WallClock
from agent.conversation import graph
from agent.conversation.desk import DIRECT, MENTION, Desk
from agent.conversation.memory import NoMemory
from agent.ledger.stores.conversations import Heard, conversation
from agent.run.context import RunContext
from agent.worker.tick import Worker
from domain.conversation.answers import Shown
from domain.conversation.permissions import Ability, principal
from domain.policy.model import Policy
from domain.ports import Spoken, Talker, Wasted
from domain.values import content_hash
from evals.cases.conversation import Move, Press, Talk
from evals.conversation.end_state import Standing, full_name, standing
from evals.conversation.user import MOST_MESSAGES, Answered, Person, Pressed, audit, says_yes
from evals.conversation.worlds import (
    address_of,
    lived,
    load_story,
    open_worker,
    take,
)
from prompts import Prompt
from sandbox.server.instance import Running, start
from sandbox.slack.conversations.channels import add_channel, open_dm
from sandbox.slack.messages.typed_text import delivered
from sandbox.slack.people.users import user_by_email
from sandbox.state.world import Entry, Row, World
from tools.llm.talker import ModelTalker

CHANNEL = "sales-inbound"
_WRITTEN = (Ability.GIVE, Ability.APPROVE)
"""Changes that end in a write to Salesforce, at the worker's next look."""
PAUSE = timedelta(seconds=2)
"""What passes between two things that a person does."""


@dataclass(frozen=True)
class Held:
    """A conversation that was held, and what it did to the world."""

    answered: tuple[Answered, ...]
    pressed: tuple[Pressed, ...]
    before: Standing
    after: Standing
    journal: tuple[Entry, ...]
    """What the vendors noted of it."""
    faults: tuple[str, ...]
    """The simulated person's own."""


@dataclass(frozen=True)
class Scene:
    """All that a conversation is judged by."""

    talk: Talk
    held: Held
    policy: Policy
    asked: Sequence[str]
    """Everything that the model was shown."""
    users: Mapping[str, str]
    """Salesforce's and Slack's ids of colleagues, with their emails."""
    leads: Mapping[str, str]
    """Salesforce's ids of leads, with their full names."""
    channels: Mapping[str, str]
    """Slack's ids of direct messages, with the email of whose they are."""
    companies: Mapping[str, str]
    """Companies of leads, by full names."""


@dataclass(frozen=True)
class _Punctual:
    """The product's talker on the machine's clock, in a world whose time stands still."""

    talker: Talker
    began: datetime
    """When the turn did, by the world's clock."""
    thoughts: list[Spoken | None]
    """What the model said and wanted, one by one."""

    def speak(
        self,
        messages: Sequence[Any],
        tools: Any,  # noqa: ANN401  (as the talker's own)
        max_tokens: int,
        deadline: datetime,
        prompt: str,
    ) -> Spoken | Wasted | None:
        """Ask, with as much time as the product grants to a turn."""
        until = WallClock().now() + (deadline - self.began)
        said = self.talker.speak(messages, tools, max_tokens, until, prompt)
        self.thoughts.append(said if isinstance(said, Spoken) else None)
        return said


@dataclass
class Stage:
    """One world that is brought back to its beginning before each case; for one case at a time."""

    name: str
    running: Running
    app: App
    dms: dict[str, str] = field(default_factory=dict[str, str])
    """The direct messages between the worker and everybody, by email."""
    before: Standing = field(default_factory=Standing)
    """How everything stands at the beginning of every case."""
    _beginning: int = 0
    _ledger: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect(":memory:"))

    @property
    def world(self) -> World:
        """The vendors' world."""
        return self.running.world

    def warm(self) -> None:
        """Sign in everywhere, and keep this moment as the beginning of every case."""
        frozen = lived(self.name)
        self._ledger.close()
        self._ledger = sqlite3.connect(":memory:", check_same_thread=False)
        self._ledger.deserialize(frozen.ledger)
        # This ledger may be lost at any time, and nobody waits for a disk.
        event.listen(self.app.ledger.engine, "connect", _hurry)
        self.app.ledger.engine.dispose()
        self._restore_ledger()
        frozen.put_into(self.world)
        worker = Worker.of(self.app)
        worker.tick()
        worker.leave()
        for email in self.app.policy.users:
            member = user_by_email(self.world, email)
            if member is not None:
                self.dms[email] = str(open_dm(self.world, str(member["id"]))[0]["id"])
        self._beginning = self.world.snapshot()
        self._restore_ledger()
        self.before = standing(self.world, self.app)

    def _restore_ledger(self) -> None:
        with closing(sqlite3.connect(str(self.app.ledger.engine.url.database))) as database:
            self._ledger.backup(database)

    def hold(self, talk: Talk, talker: ModelTalker, prompt: Callable[[str], Prompt]) -> Held:
        """One conversation from its beginning to its end."""
        self.world.restore(self._beginning)
        self._restore_ledger()
        policy = self.app.policy
        if talk.two_person != policy.conversation.two_person:
            rules = policy.conversation.model_copy(update={"two_person": talk.two_person})
            changed = policy.model_copy(update={"conversation": rules})
            # It stays the policy in force by name: only its rule for this case is another.
            self.app.policy = changed.named(policy.version)
        try:
            return _Talking(self, talk, talker, prompt).held()
        finally:
            self.app.policy = policy

    def close(self) -> None:
        """Free everything."""
        self.app.close()
        self.running.stop()
        self._ledger.close()


def _hurry(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


@dataclass
class _Talking:
    stage: Stage
    talk: Talk
    talker: ModelTalker
    prompt: Callable[[str], Prompt]
    memory: NoMemory = field(default_factory=NoMemory)
    answered: list[Answered] = field(default_factory=list[Answered])
    pressed: list[Pressed] = field(default_factory=list[Pressed])

    def held(self) -> Held:
        person, world, app = Person(self.talk), self.stage.world, self.stage.app
        before, began = self.stage.before, len(world.journal)
        last: Shown | None = None
        while len(self.answered) < MOST_MESSAGES and (move := person.next(last)) is not None:
            world.advance(PAUSE)
            last = self._do(move, last)
        after = standing(world, app)
        made = after.proposals[len(before.proposals) :]
        if any(one.state == "approved" and one.proposal.ability in _WRITTEN for one in made):
            Worker.of(app).route()
            after = standing(world, app)
        return Held(
            answered=tuple(self.answered),
            pressed=tuple(self.pressed),
            before=before,
            after=after,
            journal=tuple(world.journal[began:]),
            faults=tuple(audit(self.talk, person, self.answered, self.pressed)),
        )

    def _do(self, move: Move, last: Shown | None) -> Shown | None:
        """Carry out one move; what was answered to it, or what still stands."""
        world = self.stage.world
        if move.words is not None:
            return self._say(move.words, openly=move.mentions is not None)
        if move.press is not None:
            return self._press(move.press, last)
        if move.wait is not None:
            world.advance(move.wait)
        if move.take is not None:
            take(world, move.take.lead, move.take.by)
            Worker.of(self.stage.app).tick()
        return last

    def _desk(self, thoughts: list[Spoken | None]) -> Desk:
        world = self.stage.world
        talker = _Punctual(self.talker, world.now, thoughts)
        context: RunContext = replace(self.stage.app.context(), talker=talker, prompt=self.prompt)
        return Desk(context, self.memory)

    def _say(self, text: str, *, openly: bool) -> Shown:
        world, app = self.stage.world, self.stage.app
        email = address_of(self.talk.who)
        member = user_by_email(world, email)
        user = "" if member is None else str(member["id"])
        channel = _channel(world) if openly else self.stage.dms[email]
        kind, thread = (MENTION, "1.0") if openly else (DIRECT, "")
        heard = Heard(
            "h" + content_hash(f"{channel} {world.now} {text}"),
            kind,
            user,
            channel,
            thread,
            delivered(text),
        )
        thoughts: list[Spoken | None] = []
        desk = self._desk(thoughts)
        seen = len(world.journal)
        app.ledger.conversations.hear(heard, world.now)
        desk.hear(heard.id)
        shown = self._shown(conversation(channel, thread, user))
        read = _read(world, channel, seen, openly=openly)
        names = tuple(call.name for one in thoughts if one is not None for call in one.calls)
        last = thoughts[-1] if thoughts else None
        raw = "" if last is None else last.text
        self.answered.append(Answered(self.talk.who, text, shown, read, names, len(thoughts), raw))
        return shown

    def _shown(self, thread: str) -> Shown:
        kept = self.memory.saver.get_tuple({"configurable": {"thread_id": thread}})
        return graph.shown_of({} if kept is None else kept.checkpoint["channel_values"])

    def _press(self, press: Press, last: Shown | None) -> Shown | None:
        """Press a button of the last proposal, if there is one."""
        answer = last.answers[-1] if last is not None and last.answers else None
        if answer is None or answer.proposal is None:
            return last
        name, showed = press.by or self.talk.who, answer.text()
        who = principal(address_of(name), self.stage.app.policy)
        if who is None:
            return last
        yes = says_yes(press, showed)
        shown = self._desk([]).word(answer.proposal, yes=yes, who=who)
        self.pressed.append(Pressed(name, yes, answer.proposal, press, showed))
        return shown if shown.answers[-1].proposal is None else last


def _channel(world: World) -> str:
    channels = world.table("slack.channel").values()
    known = next((str(one["id"]) for one in channels if one.get("name") == CHANNEL), None)
    return known or add_channel(world, CHANNEL)


def _read(world: World, channel: str, seen: int, *, openly: bool) -> str:
    """The words that the person reads: of the last message to them."""
    if openly:
        whispers = [one.data for one in world.journal[seen:] if one.name == "message.ephemeral"]
        return _words(whispers[-1]) if whispers else ""
    said = [one for one in world.table("slack.message").values() if one["channel"] == channel]
    return _words(said[-1]) if said else ""


def _words(message: Row) -> str:
    found: list[str] = []

    def gather(node: dict[str, Any]) -> dict[str, Any]:
        if isinstance(node.get("text"), str):
            found.append(node["text"])
        return node

    json.loads(json.dumps(message["blocks"]), object_hook=gather)
    return "\n".join(found)


@dataclass
class Stages:
    """As many stages of a world as conversations are held at a time; made when first needed."""

    folder: Path
    _free: "queue.SimpleQueue[Stage]" = field(default_factory=queue.SimpleQueue["Stage"])
    _all: ExitStack = field(default_factory=ExitStack)
    _count: int = 0
    _opening: threading.Lock = field(default_factory=threading.Lock)
    """A world is lived through once, and migrations are for one thread at a time."""

    @contextmanager
    def one(self, name: str) -> Generator[Stage]:
        """A stage of this world that nobody else uses."""
        try:
            stage = self._free.get_nowait()
        except queue.Empty:
            with self._opening:
                stage = self._open(name)
        try:
            yield stage
        finally:
            self._free.put(stage)

    def _open(self, name: str) -> Stage:
        self._count += 1
        folder = self.folder / f"stage{self._count}"
        folder.mkdir()
        story = load_story(name)
        running = start(World(seed=7, now=story.starts))
        stage = Stage(name, running, open_worker(running, folder, story))
        self._all.callback(stage.close)
        stage.warm()
        return stage

    def close(self) -> None:
        """Free all of them."""
        self._all.close()


def scene(stage: Stage, talk: Talk, held: Held, asked: Sequence[str]) -> Scene:
    """A conversation with all that it is judged by."""
    world = stage.world
    emails = {key: str(row["Email"]) for key, row in world.table("salesforce.User").items()}
    for key, row in world.table("slack.user").items():
        emails[key] = str(row["profile"].get("email"))
    leads = world.table("salesforce.Lead")
    return Scene(
        talk=talk,
        held=held,
        policy=stage.app.policy,
        asked=asked,
        users=emails,
        leads={key: full_name(row) for key, row in leads.items()},
        channels={channel: email for email, channel in stage.dms.items()},
        companies={full_name(row): str(row["Company"]) for row in leads.values()},
    )
