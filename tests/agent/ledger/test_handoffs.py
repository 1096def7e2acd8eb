"""Handoffs, messages, presses and disputes in the ledger, on SQLite and on PostgreSQL."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from agent.ledger import Ledger
from agent.ledger.records import CycleFields, Dispute, HandoffChange, Posted, Step
from agent.ledger.tables.states import OPEN
from agent.ledger.transaction.step import LateError
from domain.decision.said import Accepted, ByAssignmentRules
from domain.follow_through.handoff import Handoff
from domain.lead.crm_records import Owner, OwnerKind, RecordKind
from domain.values import CycleId, LeadKey, RecordId

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CYCLE = CycleId("1-1")


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    """An empty ledger."""
    return Ledger.on(engine)


def handoff(**changes: object) -> Handoff:
    """A lead in Ana's hands."""
    ana = Owner(id=RecordId("005A"), kind=OwnerKind.USER, name="Ana", email="ana@m.example")
    return Handoff(
        cycle=CYCLE,
        lead=LeadKey("1"),
        title="Dana Fox",
        segment="All",
        record_id=RecordId("00Q1"),
        record_kind=RecordKind.LEAD,
        owner=ana,
        answers="ana@m.example",
        first_assigned_at=NOW,
        started_at=NOW,
        target=timedelta(hours=1),
        clock="wall",
    ).model_copy(update=changes)


def change(one: Handoff, version: int | None, **changes: object) -> HandoffChange:
    """What the handoff becomes."""
    plain = HandoffChange(
        handoff=one,
        state=OPEN,
        due_at=NOW,
        said=ByAssignmentRules(owner="Ana"),
        target_at=NOW + timedelta(hours=1),
        version=version,
    )
    return replace(plain, **changes)  # pyright: ignore[reportArgumentType]  (names of fields)


def opened(ledger: Ledger) -> None:
    """Let the handoff be there."""
    ledger.cycles.record(Step(at=NOW, handoffs={CYCLE: change(handoff(), None)}))


def test_a_due_handoff_is_claimed_once(ledger: Ledger) -> None:
    """A second run gets nothing until the first gives it back."""
    opened(ledger)
    claimed = [ledger.handoffs.claim(run, NOW, 10) for run in ("r1", "r2")]
    assert [[CYCLE], []] == [[one.handoff.cycle for one in some] for some in claimed]
    ledger.handoffs.release("r1")
    assert 1 == len(ledger.handoffs.claim("r2", NOW, 10))


def test_a_change_on_an_older_version_is_not_written(ledger: Ledger) -> None:
    """Of two changes that read the same version one wins; the other takes nothing along."""
    opened(ledger)
    first = change(handoff(accepted_at=NOW), 0)
    late = Step(at=NOW, handoffs={CYCLE: change(handoff(snoozes=1), 0)})
    late.cycles[CYCLE] = CycleFields(said=Accepted(by="never"))
    ledger.cycles.record(Step(at=NOW, handoffs={CYCLE: first}))
    ledger.cycles.record(late)
    held = ledger.handoffs.get(CYCLE)
    assert held is not None
    assert (1, 0, NOW) == (held.version, held.handoff.snoozes, held.handoff.accepted_at)


def test_a_late_press_is_not_settled(ledger: Ledger) -> None:
    """Its answer is made again on what the other change left."""
    opened(ledger)
    ledger.cycles.record(Step(at=NOW, handoffs={CYCLE: change(handoff(accepted_at=NOW), 0)}))
    assert None is ledger.clicks.keep("p1", "U1", "snooze", {}, NOW)
    stale = Step(at=NOW, handoffs={CYCLE: change(handoff(snoozes=1), 0)})
    with pytest.raises(LateError):
        ledger.clicks.settle("p1", "Snoozed.", stale)
    assert ["p1"] == [row.id for row in ledger.clicks.unanswered()]
    fresh = Step(at=NOW, handoffs={CYCLE: change(handoff(snoozes=1), 1)})
    ledger.clicks.settle("p1", "Snoozed.", fresh)
    assert "Snoozed." == ledger.clicks.keep("p1", "U1", "snooze", {}, NOW)


def test_only_what_happened_since_the_last_look_wakes(ledger: Ledger) -> None:
    """A change of before the look wakes nobody; one of after it does."""
    later = NOW + timedelta(hours=2)
    ledger.cycles.record(Step(at=NOW, handoffs={CYCLE: change(handoff(), None, due_at=later)}))
    ledger.handoffs.wake({RecordId("00Q1"): NOW - timedelta(minutes=5)}, NOW)
    assert [] == ledger.handoffs.claim("r1", NOW, 10)
    ledger.handoffs.wake({RecordId("00Q1"): NOW + timedelta(minutes=1)}, NOW)
    assert 1 == len(ledger.handoffs.claim("r1", NOW, 10))


def test_messages_are_found_by_lead_and_reader(ledger: Ledger) -> None:
    """Which messages name a lead, and when somebody was last written to."""
    opened(ledger)
    posted = Posted("D1/1.0", "ana@m.example", "tell_owner", NOW, ({"lead": "1"},), (CYCLE,))
    ledger.cycles.record(Step(at=NOW, posted=[posted]))
    assert [posted] == ledger.handoffs.messages_about([CYCLE], "tell_owner")
    assert {"ana@m.example": NOW} == ledger.handoffs.last_told({"ana@m.example", "ben@m.example"})


def test_a_ruling_replaces_the_open_dispute(ledger: Ledger) -> None:
    """One row per dispute, with who ruled."""
    dispute = Dispute("q1", CYCLE, LeadKey("1"), "ana@m.example", "conflict", "", ("e1",), NOW)
    ledger.cycles.record(Step(at=NOW, disputes=[dispute]))
    ruled = replace(dispute, state="accepted", ruled_by="marta@m.example", ruled_at=NOW)
    ledger.cycles.record(Step(at=NOW, disputes=[ruled]))
    (row,) = ledger.handoffs.disputes(CYCLE)
    assert ("accepted", "marta@m.example", NOW) == (row.state, row.ruled_by, row.ruled_at)
