"""The ladder over a lead's life: upwards only, each rung once, and silent after a touch."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.policy.file import load_policy
from domain.follow_through.delivery import Silence, heard
from domain.follow_through.escalation import Climb, End, Pass, Rest, Seen, next_step
from domain.follow_through.first_touch import Code, Found, Touched, Untouched
from domain.follow_through.handoff import Closing, Handoff
from domain.follow_through.reasons import ByHand, Escalated, NoTouch, Unheard
from domain.lead.crm_records import ActivityKind, Owner, OwnerKind, RecordKind, RecordSeen
from domain.policy.follow_through import UNHEARD, Move
from domain.time.business_hours import is_open
from domain.values import CycleId, LeadKey, RecordId
from tests.support.repository import ROOT

POLICY = load_policy(ROOT / "policy.yaml")
ANA = "ana.torres@meridian.example"
OWNER = Owner(id=RecordId("005A"), kind=OwnerKind.USER, name="Ana Torres", email=ANA)
CALLED = Found(activity="t1", code=Code.COUNTS, kind=ActivityKind.CALL, who="Ana Torres")
TARGET = timedelta(minutes=30)
START = datetime(2026, 10, 26, tzinfo=UTC)
"""A fortnight with the change of the clock in the United States in it."""


def handoff(started: datetime, **changes: object) -> Handoff:
    """A hand-raiser in Ana's hands."""
    return Handoff(
        cycle=CycleId("1-1"),
        lead=LeadKey("1"),
        title="Dana Fox",
        segment="Hand-raisers",
        record_id=RecordId("00Q1"),
        record_kind=RecordKind.LEAD,
        owner=OWNER,
        answers=ANA,
        pool="us_west",
        first_assigned_at=started,
        started_at=started,
        target=TARGET,
        clock="business",
    ).model_copy(update=changes)


def seen(touch: datetime | None = None, owner: Owner = OWNER, status: str = "Open") -> Seen:
    """What was observed: nothing, or a touch."""
    judgment: Touched | Untouched = Untouched()
    if touch is not None:
        judgment = Touched(
            at=touch,
            by=CALLED.who,
            touch=ActivityKind.CALL,
            evidence=(CALLED.activity,),
            findings=(CALLED,),
        )
    record = RecordSeen(
        record_id=RecordId("00Q1"),
        kind=RecordKind.LEAD,
        owner=owner,
        status=status,
        is_converted=False,
        modified_by="Ben",
        modified_at=START,
    )
    return Seen(judgment=judgment, record=record)


MOMENTS = st.integers(0, 14 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
LOOKS = st.lists(st.integers(1, 3 * 24 * 60), min_size=1, max_size=30)


@given(started=MOMENTS, looks=LOOKS)
@settings(max_examples=150, deadline=None)
def test_it_goes_up_and_does_nothing_twice(started: datetime, looks: list[int]) -> None:
    """However the worker looks, rungs are climbed in order, each at most once, in Ana's hours."""
    one, now = handoff(started), started
    order = [rung.name for rung in POLICY.ladder(one.segment)]
    user = POLICY.users[ANA]
    climbed: list[str] = []
    for minutes in looks:
        now += timedelta(minutes=minutes)
        step = next_step(one, seen(), POLICY, now)
        assert next_step(one, seen(), POLICY, now) == step
        if isinstance(step, Climb):
            climbed += [*step.passed, step.rung]
            one = one.model_copy(update={"climbed": (*one.climbed, *step.passed, step.rung)})
        else:
            assert isinstance(step, Rest)
            assert step.until > now
            open_then = is_open(POLICY.calendars[user.calendar], user.timezone, step.until)
            assert open_then or step.until == now + POLICY.follow_through.look_every
    assert order[: len(climbed)] == climbed


@given(started=MOMENTS, wait=st.integers(0, 20_000), touch=st.integers(0, 20_000))
@settings(max_examples=100, deadline=None)
def test_a_touch_ends_it_whatever_was_due(started: datetime, wait: int, touch: int) -> None:
    """After a touch there is nothing but the end, in time or not."""
    now, at = started + timedelta(minutes=wait), started + timedelta(minutes=touch)
    step = next_step(handoff(started), seen(at), POLICY, now)
    assert isinstance(step, End)
    assert (Closing.TOUCHED, at, CALLED) == (step.how, step.at, step.touch)


@given(started=MOMENTS, wait=st.integers(0, 20_000))
@settings(max_examples=50, deadline=None)
def test_a_persons_change_is_followed(started: datetime, wait: int) -> None:
    """Another owner on the record is another turn, never a rung."""
    ben = Owner(id=RecordId("005B"), kind=OwnerKind.USER, name="Ben", email="ben@m.example")
    now = started + timedelta(minutes=wait)
    step = next_step(handoff(started), seen(owner=ben), POLICY, now)
    assert isinstance(step, Pass)
    assert ByHand(by="Ben", former="Ana Torres", owner="Ben") == step.why


@pytest.mark.parametrize(
    ("changes", "moves"),
    [
        pytest.param({}, (Move.REASSIGN,), id="a lead of a pool"),
        pytest.param({"pool": None}, (Move.ESCALATE,), id="an account's lead"),
        pytest.param({"reassigned": 2}, (Move.ESCALATE,), id="given on twice already"),
    ],
)
def test_only_pool_leads_are_given_on(changes: dict[str, object], moves: tuple[Move, ...]) -> None:
    """At one and a half times the target; what can't be given on is escalated."""
    started = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    one = handoff(started, climbed=("reminder", "breach"), **changes)
    step = next_step(one, seen(), POLICY, started + timedelta(minutes=46))
    assert isinstance(step, Climb)
    cause = NoTouch(after=timedelta(minutes=45), sla=TARGET)
    assert ("reassignment", Escalated(cause=cause, moves=moves)) == (step.rung, step.why)


def test_missed_rungs_are_passed() -> None:
    """As decisions of 0.1.0 were made: after three days of sleep the lead is listed, no more."""
    started = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    step = next_step(handoff(started), seen(), POLICY, started + timedelta(days=3))
    assert isinstance(step, Climb)
    assert ("leakage", ("reminder", "breach", "reassignment")) == (step.rung, step.passed)


NOON = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
"""Ten in the morning for Ana."""


def looked(*silences: Silence) -> Seen:
    """Nothing was done, and somebody looked whether Ana was told."""
    return seen().model_copy(update={"silences": silences})


@pytest.mark.parametrize(
    ("pool", "moves"),
    [
        pytest.param(
            "us_west", (Move.NUDGE, Move.ESCALATE, Move.REASSIGN, Move.LIST), id="of a pool"
        ),
        pytest.param(None, (Move.NUDGE, Move.ESCALATE, Move.LIST), id="of an account"),
    ],
)
def test_what_fell_due_while_nobody_looked_is_made_up_for(
    pool: str | None, moves: tuple[Move, ...]
) -> None:
    """The highest that tells and the one that reassigns, each once; nobody is reminded."""
    step = next_step(handoff(NOON, pool=pool), looked(), POLICY, NOON + timedelta(days=3))
    assert isinstance(step, Climb)
    assert ("leakage", moves) == (step.rung, step.moves)
    assert ("reminder", "breach", "reassignment") == step.passed


@given(wait=st.integers(0, 10_000), climbed=st.sets(st.sampled_from(["reminder", UNHEARD])))
@settings(max_examples=100, deadline=None)
def test_who_was_not_told_is_neither_reminded_nor_late(wait: int, climbed: set[str]) -> None:
    """While the message waits: the manager hears of it once, it may be listed, and no more."""
    now = NOON + timedelta(minutes=wait)
    one = handoff(NOON, climbed=tuple(climbed))
    step = next_step(one, looked(Silence(since=NOON, again_at=now)), POLICY, now)
    if isinstance(step, Rest):
        assert now < step.until
        return
    assert isinstance(step, Climb)
    assert isinstance(step.cause, Unheard)
    assert step.moves in ((Move.ESCALATE,), (Move.LIST,))
    assert () == step.passed
    assert (step.rung == UNHEARD) == (step.moves == (Move.ESCALATE,))
    assert not (step.rung == UNHEARD and UNHEARD in climbed)


def test_the_clock_runs_from_the_delivery() -> None:
    """Told after two working hours: the reminder is due a quarter of an hour after that."""
    told = NOON + timedelta(hours=2)
    known = looked(Silence(since=NOON, until=told))
    early = next_step(handoff(NOON), known, POLICY, told + timedelta(minutes=14))
    assert Rest(until=told + timedelta(minutes=15)) == early
    step = next_step(handoff(NOON), known, POLICY, told + timedelta(minutes=15))
    assert isinstance(step, Climb)
    assert ("reminder", (Move.REMIND,)) == (step.rung, step.moves)


@pytest.mark.parametrize(
    ("waits", "minutes"),
    [
        pytest.param([(0, 60), (30, 90)], 90, id="that overlap"),
        pytest.param([(0, 60), (10, 20)], 60, id="one within another"),
        pytest.param([(0, 10), (30, 40)], 20, id="apart"),
    ],
)
def test_waits_are_counted_once(waits: list[tuple[int, int]], minutes: int) -> None:
    """However messages waited together, a minute of waiting is one minute."""
    silences = [
        Silence(since=NOON + timedelta(minutes=start), until=NOON + timedelta(minutes=end))
        for start, end in waits
    ]
    assert timedelta(minutes=minutes) == heard(handoff(NOON), silences, POLICY).paused
