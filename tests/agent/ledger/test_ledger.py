"""The ledger on a real SQLite file and a real PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from agent.ledger import Ledger, open_ledger
from agent.ledger.records import (
    CycleFields,
    Decision,
    PlannedEffect,
    Settled,
    Step,
    Taken,
    effect_key,
)
from agent.ledger.tables.schema import METADATA
from agent.ledger.tables.states import CycleStatus, EffectState, TriggerOutcome
from agent.ledger.transaction.step import UnsentError
from domain.decision.said import Accepted, Said
from domain.effects import Applied, Planned, RequestSync, Unknown
from domain.errors import LedgerError
from domain.intake.triggers import what_happened
from domain.lead.crm_records import PoolState
from domain.lead.model import Activity, Did, Trigger, TriggerKind
from domain.policy.model import Gate, QualifiedRule
from domain.ports import ActivityPage
from domain.values import CycleId, DecisionId, LeadKey
from tests.support.codes import samples

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BECAUSE = Accepted(by="Ana")
GATE = Gate(qualified=(QualifiedRule(name="any"),), cool_down=timedelta(days=30))


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    """An empty ledger."""
    return Ledger.on(engine)


def page(*activities: Activity, token: str = "next") -> ActivityPage:  # noqa: S107
    """A page of activities."""
    return ActivityPage(activities=activities, token=token, more=False)


def form(guid: str, lead: str, at: datetime = NOW) -> Activity:
    """A form filled out."""
    return Activity(id=guid, lead=LeadKey(lead), type="Fill Out Form", at=at, name="Demo Request")


def trigger(activity: Activity, kind: TriggerKind = TriggerKind.HAND_RAISE) -> Trigger:
    """The trigger that an activity is."""
    return Trigger(
        kind=kind,
        lead=activity.lead,
        at=activity.at,
        activity_id=activity.id,
        fact=what_happened(activity),
    )


def open_cycle(ledger: Ledger, lead: str = "1") -> CycleId:
    """A lead with one open cycle."""
    activity = form(f"g{lead}", lead)
    ledger.intake.take_in("feed", page(activity), [trigger(activity)], GATE, NOW)
    return CycleId(f"{lead}-1")


def taken_in(ledger: Ledger, activity: Activity, kind: TriggerKind) -> None:
    """Something else that a lead does."""
    ledger.intake.take_in("feed", page(activity), [trigger(activity, kind)], GATE, NOW)


def decision(cycle: CycleId, inputs: str = '{"a":1}', said: Said = BECAUSE) -> Decision:
    """A recorded choice."""
    return Decision(cycle, LeadKey("1"), "gate", NOW, "p1", inputs, '{"b":2}', said)


def sync(cycle: CycleId) -> PlannedEffect:
    """A planned effect."""
    action = RequestSync(lead=LeadKey("1"), campaign="Sync")
    planned = Planned(key=effect_key(cycle, action.kind), action=action)
    return PlannedEffect(cycle, planned, DecisionId("d1"), NOW)


def test_migrations_make_exactly_the_tables_of_the_code(engine: Engine) -> None:
    """What the migrations build and what the code expects are the same."""
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), METADATA)
    assert found == []


def test_ledgers_are_opened_side_by_side(tmp_path: Path) -> None:
    """Threads that open a ledger each at the same moment all get one."""
    urls = [f"sqlite:///{tmp_path}/{number}.sqlite3" for number in range(4)]
    with ThreadPoolExecutor(max_workers=4) as pool:
        opened = list(pool.map(open_ledger, urls))
    assert [[]] * 4 == [one.workings.runs(1) for one in opened]


def test_nothing_is_written_that_would_wait_for_ever(ledger: Ledger) -> None:
    """A step that lets a cycle wait for a write, and plans none, is refused whole."""
    cycle = open_cycle(ledger)
    step = Step(at=NOW, cycles={cycle: CycleFields(status=CycleStatus.ASSIGNING)})
    step.decisions.append(decision(cycle))
    with pytest.raises(UnsentError):
        ledger.cycles.record(step)
    assert (CycleStatus.OPEN, []) == (
        ledger.history.cycles(LeadKey("1"))[0].status,
        ledger.history.decisions(cycle),
    )


def test_a_page_read_twice_opens_one_cycle(ledger: Ledger) -> None:
    """Overlapping polls are harmless: marketoGUID tells what was seen."""
    activity = form("g1", "1")
    first = ledger.intake.take_in("feed", page(activity), [trigger(activity)], GATE, NOW)
    again = ledger.intake.take_in("feed", page(activity), [trigger(activity)], GATE, NOW)
    assert (Taken(1, 1, 0, 0), Taken(0, 0, 0, 0)) == (first, again)


def test_a_second_trigger_joins_the_open_cycle(ledger: Ledger) -> None:
    """A lead has one open cycle; what comes meanwhile joins it."""
    open_cycle(ledger)
    second = form("g2", "1", NOW + timedelta(hours=1))
    taken = ledger.intake.take_in("feed", page(second), [trigger(second)], GATE, NOW)
    assert Taken(1, 0, 1, 0) == taken


@pytest.mark.parametrize(
    ("kind", "later", "expected"),
    [
        (TriggerKind.HAND_RAISE, timedelta(days=1), Taken(1, 1, 0, 0)),
        (TriggerKind.MQL_THRESHOLD, timedelta(days=29), Taken(1, 0, 0, 1)),
        (TriggerKind.MQL_THRESHOLD, timedelta(days=30), Taken(1, 1, 0, 0)),
    ],
    ids=["a hand raise always", "a score inside the cool-down", "a score after it"],
)
def test_a_requalified_lead_opens_a_new_cycle(
    ledger: Ledger, kind: TriggerKind, later: timedelta, expected: Taken
) -> None:
    """After a finished cycle a new one opens, unless the cool-down holds the trigger back."""
    cycle = open_cycle(ledger)
    done = CycleFields(status=CycleStatus.ASSIGNED, due_at=None)
    ledger.cycles.record(Step(NOW, cycles={cycle: done}))
    back = form("g2", "1", NOW + later)
    assert expected == ledger.intake.take_in("feed", page(back), [trigger(back, kind)], GATE, NOW)


def test_a_trigger_is_kept_with_what_happened_and_what_it_led_to(ledger: Ledger) -> None:
    """The first opens a cycle, the next joins it, a later one is held back until the cool-down."""
    day = timedelta(days=1)
    cycle = open_cycle(ledger)
    taken_in(ledger, form("g2", "1", NOW + day), TriggerKind.MQL_THRESHOLD)
    done = CycleFields(status=CycleStatus.ASSIGNED, due_at=None)
    ledger.cycles.record(Step(NOW, cycles={cycle: done}))
    taken_in(ledger, form("g3", "1", NOW + 2 * day), TriggerKind.MQL_THRESHOLD)
    rows = ledger.history.triggers(LeadKey("1"))
    assert [
        (TriggerOutcome.OPENED, None, cycle),
        (TriggerOutcome.JOINED, None, cycle),
        (TriggerOutcome.HELD_BACK, NOW + GATE.cool_down, cycle),
    ] == [(row.outcome, row.cool_until, row.cycle_id) for row in rows]
    assert [TriggerOutcome] * 3 == [type(row.outcome) for row in rows]
    asked = Did(type="Fill Out Form", name="Demo Request")
    assert [asked] * 3 == [row.fact for row in rows]
    assert 1 == ledger.history.held_back()


def test_what_is_said_of_a_lead_comes_back_as_the_same_value(ledger: Ledger) -> None:
    """Every code is the same code after a trip through the database; nothing stays nothing."""
    cycle = open_cycle(ledger)
    assert [None] == [one.said for one in ledger.history.cycles(LeadKey("1"))]
    told = [decision(cycle, f'{{"n":{n}}}', one) for n, one in enumerate(samples(Said))]
    ledger.cycles.record(Step(NOW, cycles={cycle: CycleFields(said=BECAUSE)}, decisions=told))
    assert [BECAUSE] == [one.said for one in ledger.history.cycles(LeadKey("1"))]
    kept = {one.id: one.said for one in ledger.history.decisions(cycle)}
    assert {one.id: one.said for one in told} == kept


def test_a_claimed_cycle_is_nobody_elses(ledger: Ledger) -> None:
    """Two runs never move the same cycle; a crashed one's cycles come back by themselves."""
    open_cycle(ledger)
    first = [one.cycle.id for one in ledger.cycles.claim("run1", NOW, 10)]
    second = [one.cycle.id for one in ledger.cycles.claim("run2", NOW, 10)]
    after_crash = [
        one.cycle.id for one in ledger.cycles.claim("run3", NOW + timedelta(minutes=10), 10)
    ]
    assert (first, second, after_crash) == (["1-1"], [], ["1-1"])


def test_a_change_wakes_a_parked_lead(ledger: Ledger) -> None:
    """A parked lead is due again once one of its fields changed."""
    cycle = open_cycle(ledger)
    asleep = CycleFields(status=CycleStatus.PARKED, due_at=NOW + timedelta(days=1))
    ledger.cycles.record(Step(NOW, cycles={cycle: asleep}))
    assert ledger.intake.sleeping() == ["1"]
    assert ledger.cycles.claim("run1", NOW, 10) == []
    ledger.intake.wake([LeadKey("1")], NOW)
    assert [one.cycle.id for one in ledger.cycles.claim("run1", NOW, 10)] == ["1-1"]


def test_a_step_is_written_whole_or_not_at_all(ledger: Ledger) -> None:
    """A step that fails in its last statement leaves nothing behind."""
    cycle = open_cycle(ledger)
    broken = Step(
        NOW,
        decisions=[decision(cycle)],
        effects=[sync(cycle)],
        pools={"west": PoolState(turns=1)},
        cycles={cycle: CycleFields(status=CycleStatus.OPEN, owner=object())},  # type: ignore[typeddict-item]
    )
    with pytest.raises(DBAPIError):
        ledger.cycles.record(broken)
    left = (
        ledger.history.decisions(cycle),
        ledger.history.effects(cycle),
        ledger.cycles.pools(),
    )
    assert left == ([], [], {})


def test_the_same_effect_is_planned_once_for_ever(ledger: Ledger) -> None:
    """The same intent has the same key, whoever plans it and however often."""
    cycle = open_cycle(ledger)
    ledger.cycles.record(Step(NOW, effects=[sync(cycle)]))
    ledger.cycles.record(Step(NOW, effects=[sync(cycle)]))
    assert len(ledger.history.effects(cycle)) == 1


def test_an_effect_goes_from_planned_over_attempted_to_settled(ledger: Ledger) -> None:
    """The intent is durable before the call, the receipt after it."""
    cycle = open_cycle(ledger)
    effect = sync(cycle)
    ledger.cycles.record(Step(NOW, effects=[effect]))
    key = effect.planned.key
    ledger.effects.attempt([key], NOW)
    (tried,) = ledger.effects.outstanding("request_sync", [EffectState.ATTEMPTED], NOW, 10)
    assert (key, 1, NOW) == (tried.key, tried.attempts, tried.attempted_at)
    later = NOW + timedelta(minutes=1)
    doubt = Settled(key, EffectState.UNKNOWN, Unknown(detail="reset"), later)
    ledger.effects.settle([doubt], Step(NOW))
    assert ledger.effects.outstanding("request_sync", [EffectState.UNKNOWN], NOW, 10) == []
    assert len(ledger.effects.outstanding("request_sync", [EffectState.UNKNOWN], later, 10)) == 1
    ledger.effects.settle([Settled(key, EffectState.APPLIED, Applied())], Step(later))
    (row,) = ledger.history.effects(cycle)
    assert (EffectState.APPLIED, later) == (row.state, row.settled_at)


@pytest.mark.parametrize("deed", ["UPDATE decision SET said = '{}'", "DELETE FROM decision"])
def test_a_decision_cannot_be_changed(ledger: Ledger, engine: Engine, deed: str) -> None:
    """The database itself refuses to change or delete a decision."""
    cycle = open_cycle(ledger)
    ledger.cycles.record(Step(NOW, decisions=[decision(cycle)]))
    with pytest.raises(DBAPIError, match="never changed"), engine.begin() as connection:
        connection.execute(text(deed))


def test_a_second_worker_waits_for_the_lease(ledger: Ledger) -> None:
    """One holder at a time; the fence grows when another takes over."""
    minute = timedelta(minutes=1)
    leases = ledger.leases
    taken = [
        leases.acquire("tick", "a", NOW, minute),
        leases.acquire("tick", "b", NOW, minute),
        leases.acquire("tick", "a", NOW, minute),
        leases.acquire("tick", "b", NOW + minute, minute),
    ]
    assert taken == [1, None, 1, 2]


def test_times_come_back_aware(ledger: Ledger) -> None:
    """An instant is the same instant after a trip through the database."""
    open_cycle(ledger)
    (claimed,) = ledger.cycles.claim("run", NOW, 1)
    assert claimed.cycle.opened_at == NOW
    assert timedelta(0) == claimed.cycle.opened_at.utcoffset()


def test_a_file_that_disappears_under_a_running_worker_is_noticed(tmp_path: Path) -> None:
    """Deleted, or replaced by a copy: nothing is read or written any more, and it is said why."""
    file = tmp_path / "ledger.sqlite3"
    opened = open_ledger(f"sqlite:///{file}")
    copy = file.read_bytes()
    file.unlink()
    with pytest.raises(LedgerError, match="deleted or replaced"):
        opened.leases.last_run()
    file.write_bytes(copy)
    with pytest.raises(LedgerError, match="deleted or replaced"):
        opened.intake.move_cursor("activities", "", NOW)
    opened.engine.dispose()
