"""What the golden ledger lived through: some days of a company, and everything that can happen.

It runs on the code of 0.1.0 alone and is kept as the record of how the ledger was made. Two days
of the demo's company with a third of its leads come first; then one scene after the other, each
with leads of its own, does what those days lack.
"""

import random
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from agent import publishing
from agent.app import App
from agent.approving import approve, deny
from agent.context import RunContext
from agent.demo import sandbox_settings
from agent.ledger import open_ledger
from agent.ledger.visits import SESSION, TOKEN, Look
from agent.policy_file import load_policy
from agent.publishing import Request
from domain.policy import Assignment, Mode, Policy
from domain.ports import unwatched
from domain.publishing import Publication, Scope, State
from sandbox import acts, faults
from sandbox.marketo import people, sync
from sandbox.openai import become
from sandbox.openai.script import add_rule
from sandbox.running import start
from sandbox.salesforce import assignment, records, validation
from sandbox.salesforce.org import SYSTEM_USER
from sandbox.slack import set_status
from sandbox.world import Row, World
from sandbox.worlds import demo, roster
from sandbox.worlds import people as company
from sandbox.worlds.companies import found_companies, open_accounts
from sandbox.worlds.stories import KINDS, Stage, tell
from tests import talking
from tests.following import call, owner, press, submit
from tests.worlds import Town, WorldClock
from tools.slack import forms
from tools.slack.blocks import GIVE_ON, KEEP, NOT_MINE, ON_IT, SNOOZE

ANA = "ana.torres@meridian.example"
CHLOE = "chloe.park@meridian.example"
KATE = "kate.molloy@meridian.example"
MARTA = "marta.silva@meridian.example"
QUINN = "quinn.walsh@meridian.example"
HELEN = "helen.brooks@meridian.example"
SVEN = "sven.olsen@meridian.example"
HAND_RAISERS = "Hand-raisers"
SHARE = 4
"""One of so many leads of the demo's company comes up here."""
DAYS = timedelta(hours=57)
"""Until Wednesday morning at nine in Chicago: the scenes need people at work."""
NO_SYNC = {"lag_seconds": timedelta(days=30).total_seconds()}
STATES = ("New York", "Texas", "Illinois")
STEP = timedelta(minutes=30)
SEED = 7
_OWNERS: Mapping[str, Any] = {
    "vendor": "salesforce",
    "method": "POST",
    "path": "/composite$",
    "body": '"OwnerId"',
    "times": 1,
}
LOST = faults.Reset(**_OWNERS, after=True)
"""The owners are written, and the answer is lost."""
REFUSALS = tuple(
    faults.Partial(**_OWNERS, code=code, message=message)
    for code, message in {
        "UNABLE_TO_LOCK_ROW": "unable to obtain exclusive access to this record",
        "OP_WITH_INVALID_USER_TYPE_EXCEPTION": "Operation not valid for this user type",
        "CANNOT_UPDATE_CONVERTED_LEAD": "cannot reference converted lead",
        "ENTITY_IS_DELETED": "entity is deleted",
        "PRECONDITION_FAILED": "The requested resource has changed",
    }.items()
)
BUSY = faults.Error(
    vendor="slack", path="chat.postMessage", code="ratelimited", retry_after="7200", times=1
)
LOST_POST = faults.Reset(vendor="slack", path="chat.postMessage", after=True, times=1)
SKIPPED = faults.Partial(
    vendor="marketo", method="POST", path=r"/leads\.json", code="1003", message="x", times=1
)


class CountedApp(App):
    """The worker with a stopwatch that stands still, so that nothing depends on the machine."""

    def context(self) -> RunContext:
        """What one run may touch."""
        return replace(super().context(), stopwatch=lambda: 0.0)


@dataclass
class Story:
    """A town in which the story happens, and the words it is told in."""

    here: Town
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def app(self) -> App:
        """The worker."""
        return self.here.app

    @property
    def now(self) -> datetime:
        """The town's present."""
        return self.here.world.now

    def forget(self, *made: str) -> None:
        """Let the worker make these gateways again, by the settings of now."""
        for name in made:
            self.app.__dict__.pop(name, None)

    def live(self, step: timedelta = timedelta(minutes=5), **by: float) -> None:
        """Let time pass, the worker looking after each step."""
        until = self.now + timedelta(**by)
        while self.now < until:
            self.here.world.advance(min(step, until - self.now))
            self.here.tick()

    def arrive(self, first: str, **more: Any) -> int:  # noqa: ANN401  (field values)
        """A hand-raiser in the United States with a name and a company of their own."""
        number = next(self.numbers)
        known: Row = {
            "firstName": first,
            "lastName": f"Golden{number}",
            "email": f"{first.lower()}@golden{number}.example",
            "company": f"Golden {number}",
            "state": STATES[number % len(STATES)],
        }
        return self.here.arrive(**known | more)

    def assigned(self, first: str, **more: Any) -> int:  # noqa: ANN401  (field values)
        """The same, and the worker has looked."""
        person = self.arrive(first, **more)
        self.live(minutes=5)
        return person

    def name(self, person: int) -> str:
        """How people call a lead."""
        row = self.here.world.table(people.PERSON)[str(person)]
        return f"{row['firstName']} {row['lastName']}"

    def cycle(self, person: int) -> str:
        """A lead's latest cycle."""
        return self.here.cycle(person).id

    def message(self, person: int, action: str) -> Row:
        """The newest message with a button about a lead, with its buttons alone."""
        cycle = self.cycle(person)
        found: list[Row] = []
        for message in self.here.world.table("slack.message").values():
            blocks = [
                block
                for block in message.get("blocks") or ()
                if block["type"] == "actions" and cycle in str(block) and action in str(block)
            ]
            if blocks:
                found.append({**message, "blocks": blocks})
        return found[-1]

    def press(self, email: str, person: int, action: str, times: int = 1) -> None:
        """Somebody presses a button about a lead, some times in a row."""
        message = self.message(person, action)
        for _ in range(times):
            self.here.pass_time(seconds=1)
            assert 200 == press(self.here, email, message, action)

    def submit(self, email: str, person: int, form: str, **fields: str) -> None:
        """Somebody sends a form about a lead."""
        self.here.pass_time(seconds=1)
        button = self.message(person, NOT_MINE)["blocks"][0]["elements"]
        about = next(one["value"] for one in button if one["action_id"] == NOT_MINE)
        assert 200 == submit(self.here, email, form, about, **fields)

    def owner(self, person: int) -> str:
        """E-mail of who owns a lead."""
        return owner(self.here, person)

    def update(self, person: int, by: str, **values: str) -> None:
        """Somebody changes a lead in Salesforce."""
        lead = self.here.lead(person)["Id"]
        user = self.here.user(by)
        records.update(self.here.world, "Lead", lead, values, by=user, assign=False)

    def ask(self, email: str, text: str) -> Row:
        """Somebody writes to the worker; the answer."""
        return talking.write(self.here, email, text)

    def agree(self, email: str, text: str, *, yes: bool = True) -> None:
        """Somebody asks for a change and then says yes, or no."""
        self.word(email, self.ask(email, text), yes=yes)

    def word(self, email: str, shown: Row, *, yes: bool = True) -> None:
        """Somebody says yes or no to what was shown."""
        self.here.pass_time(seconds=1)
        assert 200 == talking.word(self.here, email, shown, yes=yes)

    def publish(self, policy: Policy, scope: Scope | None = None, because: str = "") -> Publication:
        """Operations publish a policy."""
        wanted = Request(policy, scope or Scope(), QUINN, because or "To see how it does")
        return publishing.publish(wanted, self.app.context())

    def roll_back(self, because: str) -> None:
        """Operations take a policy back."""
        publishing.roll_back(QUINN, because, self.app.context())

    @contextmanager
    def under(self, **parts: object) -> Generator[Policy]:
        """Another policy file for a while."""
        before = self.app.policy
        self.app.policy = altered(before, **parts)
        try:
            yield self.app.policy
        finally:
            self.app.policy = before

    @contextmanager
    def struck(self, fault: faults.Fault) -> Generator[None]:
        """A vendor that fails in some way for a while."""
        faults.add(self.here.world, fault)
        try:
            yield
        finally:
            faults.clear(self.here.world)


def altered(policy: Policy, **parts: object) -> Policy:
    """A policy with other parts; a part may be given by the names of some of its own."""
    told = policy.model_dump()
    for name, part in parts.items():
        told[name] = {**told[name], **part} if isinstance(part, dict) else part
    return Policy.model_validate(told)


def without(policy: Policy, email: str) -> Policy:
    """A policy with somebody in no pool."""
    pools = {
        name: {"members": [one for one in pool["members"] if one["user"] != email]}
        for name, pool in policy.model_dump()["pools"].items()
    }
    return altered(policy, pools=pools)


def with_segments(policy: Policy, **modes: Mode | Assignment) -> list[dict[str, Any]]:
    """The segments, hand-raisers and Enterprise changed: `mode`, `shadow` or `assignment`."""
    changed = [one.model_dump() for one in policy.segments]
    for one in changed:
        if one["name"] == HAND_RAISERS:
            one.update(modes)
        if one["name"] == "Enterprise" and "mode" in modes:
            one["mode"] = Mode.SHADOW
    return changed


@contextmanager
def telling() -> Generator[Story]:
    """The town before anything happened."""
    world = World(seed=SEED, now=demo.START)
    _settle(world)
    running = start(world)
    with tempfile.TemporaryDirectory() as folder:
        settings = sandbox_settings(running.details(), Path(folder))
        runs = count(1)
        app = CountedApp(
            settings,
            load_policy(settings.routeready_policy),
            open_ledger(settings.routeready_database),
            WorldClock(world),
            chance=random.Random(SEED),
            new_run=lambda: f"r{next(runs):012}",
        )
        app.__dict__["name"] = "golden-worker"
        try:
            yield Story(Town(world, running, app))
        finally:
            app.close()
            running.stop()


def _settle(world: World) -> None:
    """The demo's company with fewer leads."""
    acts.live(world)
    sync.begin(world)
    roster.settle(world)
    companies = found_companies(world, demo.COMPANIES)
    stage = Stage(world, companies, open_accounts(world, companies))
    roster.part_ways(world)
    for name, kind in KINDS.items():
        for _ in range(max(1, kind.count // SHARE)):
            tell(stage, name, demo.surge if kind.trigger == "surge" else demo.arrival)
    company.live(world, "reps")


def live_through(story: Story) -> None:
    """Everything, from Monday morning to the Monday after."""
    for scene in SCENES:
        scene(story)


def days_of_the_company(story: Story) -> None:
    """Reps work, leads come and go; on Tuesday a policy is tried on some leads for a while."""
    story.live(STEP, hours=30)
    story.publish(without(story.app.policy, "max.brandt@meridian.example"), Scope(share=40))
    story.live(STEP, hours=20)
    story.roll_back("Max is back")
    left = demo.START + DAYS - story.now
    story.live(STEP, seconds=left.total_seconds())
    company.rest(story.here.world, "reps")


def presses(story: Story) -> None:
    """What owners and managers press, and how each lead goes on from there."""
    names = ("Onno", "Sybil", "Carl", "Rosa", "Kurt")
    taken, snoozed, called, refused, kept = map(story.arrive, names)
    story.live(minutes=15)
    story.press(story.owner(taken), taken, ON_IT, times=2)
    story.press(KATE, taken, SNOOZE)
    story.press(story.owner(snoozed), snoozed, SNOOZE, times=3)
    story.submit(story.owner(called), called, forms.CALL, outcome="Connected", note="Nice talk")
    story.submit(story.owner(taken), taken, forms.CALL, outcome="Left voicemail")
    first = {one: story.owner(one) for one in (refused, kept)}
    story.submit(first[refused], refused, forms.REFUSAL, reason="conflict", note="Ben knows them")
    story.submit(first[kept], kept, forms.REFUSAL, reason="no_capacity")
    story.live(minutes=10)
    story.press(first[refused], refused, GIVE_ON)
    story.press(MARTA, refused, GIVE_ON)
    story.press(MARTA, kept, KEEP)
    story.live(minutes=20)


def people_go_first(story: Story) -> None:
    """What people do in Salesforce by hand: it is followed and never undone."""
    names = ("Tara", "Quin", "Dora", "Remy", "Gone", "Cora", "Twice", "Agnes")
    taken, queued, closed, recycled, deleted, converted, twice, covered = map(story.arrive, names)
    story.live(minutes=10)
    back = story.now + timedelta(hours=1)
    away = story.here.slack_users[story.owner(covered)]
    set_status(story.here.world, away, text="Out sick", emoji=":palm_tree:", until=back)
    story.here.take(taken, KATE)
    story.update(queued, KATE, OwnerId=story.here.queue("EMEA_Inbound"))
    story.update(closed, story.owner(closed), Status="Disqualified")
    story.update(recycled, story.owner(recycled), Status="Recycled")
    world, by = story.here.world, story.here.user(story.owner(deleted))
    records.delete(world, "Lead", story.here.lead(deleted)["Id"], by=by)
    records.convert_lead(world, story.here.lead(converted)["Id"], by=by)
    people.log_activity(world, twice, "Fill Out Form", primary="Contact Sales")
    story.live(minutes=25)


def a_closer_look(story: Story) -> None:
    """A model looks at a puzzling case, words what to say first, and holds a conversation."""
    talking.give_model(story.here)
    story.forget("investigator", "talker")
    become(story.here.world, "lazy")
    person = story.arrive("Dana")
    story.live(minutes=10)
    rep, worded = story.owner(person), "Ask Dana what made them look for a demo right now."
    story.press(rep, person, ON_IT)
    task = call(story.here, person, CallDisposition="No answer", CallDurationInSeconds=0)
    chosen = {"move": "nudge", "evidence": [task], "reason": "They tried and got no answer."}
    add_rule(story.here.world, {"schema": "Choosing"}, {"json": chosen})
    add_rule(story.here.world, {"anywhere": "Say first"}, {"text": worded})
    story.live(minutes=40)
    talking.speaks(story.here, "why", {"lead": story.name(person)}, "It went by the territory.")
    story.ask(QUINN, f"tell me about {story.name(person)} please")
    without_model = {"openai_api_key": None, "openai_model": None}
    story.app.settings = story.app.settings.model_copy(update=without_model)
    story.forget("investigator", "talker")


def questions(story: Story) -> None:
    """What people ask: each is a turn on record."""
    name = story.name(story.assigned("Fay"))
    talking.command(story.here, MARTA, "help")
    talking.mention(story.here, QUINN, f"why {name}")
    talking.home(story.here, MARTA)
    for text in ("unworked", "workload", "numbers 7 days", "approvals", "rules Enterprise"):
        story.ask(QUINN, text)
    for text in (f"why {name}", f"story {name}", f"marketo {name}", f"salesforce {name}"):
        story.ask(MARTA, text)
    story.ask(KATE, f"why {name}")


def triggers(story: Story) -> None:
    """Leads that come up by a list; one comes up again too soon, one joins its open cycle."""
    world = story.here.world
    names = ("Target Account Surge", "Product Qualified", "Recycled - Ready Again")
    surging, again, twice = (story.arrive("Lister", form="Newsletter") for _ in names)
    for person, name in zip((surging, again, twice), names, strict=True):
        people.add_to_list(world, person, name)
    story.live(minutes=5)
    people.remove_from_list(world, again, "Product Qualified")
    people.add_to_list(world, again, "Product Qualified")
    for form in ("Demo Request", "Contact Sales"):
        people.log_activity(world, twice, "Fill Out Form", primary=form)
    story.live(minutes=5)


def changes_by_word(story: Story) -> None:
    """What people ask the worker to change: agreed to, refused, too late, overtaken, undone."""
    names = ("Gift", "Nope", "Late", "Over", "Held", "Nap", "Wrong")
    persons = [story.arrive(one) for one in names]
    story.live(minutes=5)
    gift, nope, late, over, held, nap, wrong = persons
    give = "give {} to Ursula, Priya is out"
    story.agree(MARTA, give.format(story.name(gift)))
    story.agree(MARTA, give.format(story.name(nope)), yes=False)
    overtaken = story.ask(MARTA, give.format(story.name(over)))
    story.here.take(over, "victor.chen@meridian.example")
    story.agree(MARTA, f"hold {story.name(held)} until Friday, they are at a fair")
    story.agree(story.owner(nap), f"snooze {story.name(nap)} for 1h")
    story.agree(QUINN, f"correct {story.name(wrong)} country to Germany, I asked them")
    story.live(minutes=5)
    story.word(MARTA, overtaken)
    too_late = story.ask(MARTA, give.format(story.name(late)))
    story.here.pass_time(minutes=11)
    story.word(MARTA, too_late)
    story.agree(MARTA, f"release {story.name(held)}")
    story.live(minutes=5)


def other_files(story: Story) -> None:
    """Files that want a second person's word on gifts or on policies, or rule disputes alone."""
    rule = {"name": "wrong_territory", "label": "Not my territory", "ruling": "accept"}
    with story.under(follow_through={"disputes": (rule,)}):
        person = story.arrive("Rula")
        story.live(minutes=15)
        rep = story.owner(person)
        story.submit(rep, person, forms.REFUSAL, reason="wrong_territory")
        story.live(minutes=5)
    with story.under(conversation={"two_person": ("give",)}):
        person = story.assigned("Duo")
        shown = story.ask(MARTA, f"give {story.name(person)} to Ursula, they asked for her")
        story.word(MARTA, shown)
        story.live(minutes=5)
        story.word(QUINN, shown)
        story.live(minutes=5)
    with story.under(publishing={"two_person": True}) as base:
        story.publish(without(base, ANA), because="Ana is on leave")
        story.live(minutes=5)
        story.roll_back("She is not")
        story.live(minutes=5)


def gates(story: Story) -> None:
    """Leads that wait or are parked: held back, corrected, looked at again, never synced, gone."""
    setting = story.here.world.table("sandbox.setting")
    setting["sync"] = NO_SYNC
    held, again, gone = (story.arrive(one, synced=False) for one in ("Hal", "Gail", "Vera"))
    mended = story.arrive("Mona", country=None, state=None, synced=False)
    story.live(minutes=5)
    story.agree(QUINN, f"hold {story.name(held)} for 1d, legal asks first")
    story.agree(QUINN, f"gate {story.name(again)} again")
    story.agree(QUINN, f"correct {story.name(mended)} country to Austria, she said so")
    people.delete_person(story.here.world, gone)
    story.live(minutes=10)
    with story.under(sync={"request": True}):
        story.forget("marketing")
        story.arrive("Zoe", synced=False)
        story.live(minutes=10)
    story.forget("marketing")
    setting.pop("sync")


def pauses(story: Story) -> None:
    """A segment, then everything, is stopped by a word and goes on by another."""
    story.arrive("Paul")
    story.agree(QUINN, "pause Hand-raisers, forms are broken")
    story.live(minutes=5)
    story.agree(QUINN, "resume Hand-raisers")
    story.agree(QUINN, "pause, wrong territories")
    story.live(minutes=10)
    story.agree(QUINN, "resume")
    story.live(minutes=5)
    story.agree(QUINN, "pause Mid-market, the list is being cleaned")


def modes(story: Story) -> None:
    """Segments that wait for a word, that decide in the shadow, or leave it to Salesforce."""
    with story.under(segments=with_segments(story.app.policy, mode=Mode.APPROVE)):
        names = ("Yes", "Nora", "Fred", "Will", "Dean")
        yes, no, first, word, never = map(story.arrive, names)
        story.arrive("Bigshot", numberOfEmployees=5000)
        story.live(minutes=5)
        story.here.pass_time(minutes=1)
        waiting = {one.cycle_id: one.id for one in story.app.ledger.approvals.pending()}
        approve(waiting[story.cycle(yes)], "quinn", story.app.context())
        deny(waiting[story.cycle(no)], "quinn", story.app.context())
        story.here.take(first, "jack.byrne@meridian.example")
        approve(waiting[story.cycle(first)], "quinn", story.app.context())
        story.agree(MARTA, f"approve {story.name(word)}")
        story.agree(MARTA, f"deny {story.name(never)}")
        story.live(minutes=5)
    rules = with_segments(story.app.policy, assignment=Assignment.SALESFORCE_RULES)
    with story.under(segments=rules):
        tom = story.here.user("tom.ashby@meridian.example")
        assignment.activate(story.here.world, "Inbound", [{"criteria": [], "assigned_to": tom}])
        story.assigned("Rule")


def trials(story: Story) -> None:
    """Policies on trial: adopted, replaced, overtaken, and one that ends by itself."""
    base = story.app.policy
    changed = altered(without(base, ANA), follow_through={"tasks": True})
    story.publish(changed, Scope(segment=HAND_RAISERS), "A task for each lead")
    story.arrive("Task")
    story.live(minutes=30)
    story.publish(changed, Scope(segment=HAND_RAISERS, share=90), "Not for all yet")
    story.live(minutes=5)
    story.app.policy = changed
    tasked = story.arrive("Tess")
    story.live(minutes=25)
    call(story.here, tasked)
    story.live(minutes=5)
    story.publish(altered(changed, name="A second try"))
    story.app.policy = altered(changed, name="Something else")
    story.live(minutes=5)
    broken = Policy.model_validate({**story.app.policy.model_dump(), "pools": {}})
    made = Publication(
        id="p1",
        version=broken.version,
        base=story.app.policy.version,
        scope=Scope(),
        by=QUINN,
        because="a slip",
        state=State.LIVE,
        asked_at=story.now,
        live_at=story.now,
    )
    assert story.app.ledger.publications.open(made, broken)
    story.arrive("Slip")
    story.live(minutes=10)
    story.app.policy = base
    story.live(minutes=5)


def failures(story: Story) -> None:
    """Vendors that fail: in doubt and then found, refused, given up, and tried again."""
    for fault in (LOST, *REFUSALS, LOST_POST, SKIPPED):
        with story.struck(fault):
            story.assigned("Fail")
        story.live(minutes=5)
    refused = story.arrive("Bart")
    words = "Sales asked that this lead stays as it is"
    lead = story.here.lead(refused)["Id"]
    validation.add_rule(story.here.world, "Lead", "Id", lead, words)
    story.live(minutes=5)
    story.agree(QUINN, f"retry {story.name(refused)}")
    story.live(minutes=5)


def somebody_leaves(story: Story) -> None:
    """An owner's user is deactivated: the lead goes on at once."""
    person = story.assigned("Leo")
    rep = story.here.lead(person)["OwnerId"]
    gone = {"IsActive": False}
    records.update(story.here.world, "User", rep, gone, by=SYSTEM_USER, assign=False)
    story.update(person, MARTA, Description="?")
    story.live(minutes=10)


def the_console(story: Story) -> None:
    """Somebody signs in to the console and looks around."""
    visits, now = story.app.ledger.visits, story.now
    visits.admit(TOKEN, "a token of the golden story", HELEN, now, now + timedelta(minutes=10))
    visits.redeem("a token of the golden story", now)
    visits.admit(SESSION, "a session of the golden story", HELEN, now, now + timedelta(days=1))
    for page, about in (("/", ""), ("/leads/{lead}", "1"), ("/leads", "")):
        visits.keep(Look(now, HELEN, page, about, "looked", 200))
    visits.keep(Look(now, "", "/", "", "looked", 403))


def the_weekend(story: Story) -> None:
    """Thanksgiving and the weekend; on Monday the list of what nobody worked."""
    monday = demo.START + timedelta(days=7, hours=8)
    story.live(timedelta(hours=12), seconds=(monday - story.now).total_seconds())
    story.live(STEP, hours=2)


def the_process_ends(story: Story) -> None:
    """At the end all is under way: something of each state is left as a crash leaves it."""
    world = story.here.world
    world.table("sandbox.setting")["sync"] = NO_SYNC
    story.arrive("Wait", synced=False)
    with story.under(segments=with_segments(story.app.policy, mode=Mode.APPROVE)):
        story.assigned("Ask")
    with story.struck(BUSY):
        person = story.assigned("Open")
    story.ask(MARTA, f"give {story.name(person)} to Ursula, she asked for it")
    story.arrive("Doubt")
    story.app.watch = _ending("slack", "chat.postMessage")
    story.forget("messenger")
    faults.add(world, LOST)
    story.here.pass_time(minutes=30)
    try:
        story.here.tick()
    except SystemExit:
        story.app.watch = unwatched
    assert unwatched is story.app.watch
    faults.add(world, faults.Status(vendor="salesforce", path="/services/data/", status=503))
    story.arrive("Crash")
    story.here.pass_time(minutes=6)
    story.here.tick()


def _ending(*what: str) -> Callable[[str, str], AbstractContextManager[object]]:
    """A process that ends at one call of a vendor's."""

    def watch(kind: str, name: str) -> AbstractContextManager[object]:
        if (kind, name) == what:
            raise SystemExit
        return nullcontext()

    return watch


SCENES: tuple[Callable[[Story], None], ...] = (
    days_of_the_company,
    presses,
    people_go_first,
    a_closer_look,
    questions,
    triggers,
    changes_by_word,
    other_files,
    gates,
    pauses,
    modes,
    trials,
    the_console,
    the_weekend,
    failures,
    somebody_leaves,
    the_process_ends,
)
"""In the order in which they happen."""
