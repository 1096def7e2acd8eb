"""What the measures read of the ledger, on SQLite and on PostgreSQL."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from agent.ledger import Ledger
from agent.ledger.records import Decision, HandoffChange, Step
from agent.ledger.rows import insert_new
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.handoffs import DisputeRow
from agent.ledger.tables.leads import CycleRow
from agent.ledger.tables.states import CycleStatus, EffectState
from domain.decision.cases import GateCase, Outcome
from domain.follow_through.handoff import Handoff
from domain.gate.checks import judge
from domain.gate.verdict import CheckCode, in_short
from domain.lead.crm_records import RecordKind
from domain.lead.model import Lead
from domain.metrics.lifecycle import Ending, Journey
from domain.values import CycleId, LeadKey, RecordId, canonical_json
from tests.support.builders import NOW, lead, policy, snapshot, trigger, user_owner

HOUR = timedelta(hours=1)
CYCLE = CycleId("1001-1")
OUTLINED = (
    "cycle",
    "lead",
    "trigger",
    "triggered_at",
    "segment",
    "rep",
    "ready_at",
    "assigned_at",
    "promised_at",
    "touched_at",
    "ending",
    "ended_at",
)
"""What an outline tells of a journey."""


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    """An empty ledger."""
    return Ledger.on(engine)


def opened(ledger: Ledger, **more: object) -> None:
    """A cycle as the intake opens it, moved on by what `more` says."""
    row = {
        "id": CYCLE,
        "lead": "1001",
        "number": 1,
        "trigger": trigger().model_dump(mode="json"),
        "opened_at": NOW,
        "status": CycleStatus.OPEN,
        "looks": 0,
        "is_fallback": False,
        **more,
    }
    with ledger.engine.begin() as connection:
        insert_new(connection, CycleRow, [row])


def judged(ledger: Ledger, at_hour: int, known: Lead) -> None:
    """The gate speaks about a lead."""
    rules = policy()
    seen = snapshot(known)
    verdict = judge(seen, rules)
    decision = Decision(
        cycle=CYCLE,
        lead=LeadKey("1001"),
        kind="gate",
        at=NOW + at_hour * HOUR,
        policy_version=rules.version,
        inputs=canonical_json(GateCase(snapshot=seen)),
        outcome=canonical_json(Outcome(verdict=verdict)),
        said=in_short(verdict),
    )
    ledger.cycles.record(Step(at=NOW, decisions=[decision]))


def handed(ledger: Ledger, state: str, **more: object) -> None:
    """The lead is in Ben's hands, who got it from Ana."""
    ben = user_owner("ben@meridian.example")
    handoff = Handoff(
        cycle=CYCLE,
        lead=LeadKey("1001"),
        title="Dana Fox",
        segment="Everyone else",
        record_id=RecordId("00Q1"),
        record_kind=RecordKind.LEAD,
        owner=ben,
        answers=ben.email,
        first_assigned_at=NOW + HOUR,
        started_at=NOW + 3 * HOUR,
        promised_at=NOW + 2 * HOUR,
        target=HOUR,
        clock="wall",
        stage=2,
        reassigned=1,
        accepted_at=NOW + 3 * HOUR,
    )
    change = HandoffChange(
        handoff=handoff,
        state=state,
        due_at=None,
        said=None,
        target_at=NOW + 4 * HOUR,
        version=None,
        **more,  # pyright: ignore[reportArgumentType]  (names of fields)
    )
    ledger.cycles.record(Step(at=NOW, handoffs={CYCLE: change}))


def told(ledger: Ledger, key: str, hours: int, tone: str, state: EffectState) -> None:
    """A message to an owner, and what became of it."""
    row = {
        "key": key,
        "cycle_id": CYCLE,
        "lead": "1001",
        "kind": "tell_owner",
        "state": state,
        "action": {"tone": tone},
        "decision_id": "d1",
        "planned_at": NOW,
        "due_at": NOW,
        "attempts": 1,
        "settled_at": NOW + hours * HOUR,
    }
    with ledger.engine.begin() as connection:
        insert_new(connection, EffectRow, [row])


def only(ledger: Ledger) -> Journey:
    """The one journey."""
    (found,) = ledger.journeys.journeys(NOW - HOUR)
    (outline,) = ledger.journeys.outlines(NOW - HOUR)
    assert [getattr(found, name) for name in OUTLINED] == [
        getattr(outline, name) for name in OUTLINED
    ]
    return found


def test_a_cycle_that_nobody_judged_yet_is_a_journey(ledger: Ledger) -> None:
    """It was triggered, and nothing more is known."""
    opened(ledger)
    one = only(ledger)
    assert (trigger().at, False, None) == (one.triggered_at, one.is_judged, one.tier)


def test_the_latest_verdict_counts(ledger: Ledger) -> None:
    """First the company was missing, later only the country is; source and tier are the last's."""
    opened(ledger, blocked_by="REQUIRED_FIELDS (country)")
    judged(ledger, 1, lead(company=None))
    judged(ledger, 2, lead(country=None, icp_tier="A", lead_source="Webinar"))
    one = only(ledger)
    assert ("A", "Webinar") == (one.tier, one.source)
    assert frozenset({CheckCode.REQUIRED_FIELDS}) == one.open_checks


def test_what_was_rejected_ended_when_the_gate_spoke(ledger: Ledger) -> None:
    """Until then it was on its way."""
    opened(ledger, status=CycleStatus.REJECTED)
    judged(ledger, 2, lead(email_kind="disposable"))
    one = only(ledger)
    assert (Ending.REJECTED, NOW + 2 * HOUR) == (one.ending, one.ended_at)


def test_a_handoffs_first_owner_keeps_the_promise(ledger: Ledger) -> None:
    """Given on once by the worker and once by hand: assigned and promised by the first clock."""
    opened(ledger, status=CycleStatus.TOUCHED, ready_at=NOW, assigned_at=NOW + HOUR)
    handed(ledger, "touched", touched_at=NOW + 3 * HOUR)
    one = only(ledger)
    assert ("ben@meridian.example", 1, 1) == (one.rep, one.reassigned, one.moved_by_hand)
    assert (NOW + HOUR, NOW + 2 * HOUR) == (one.assigned_at, one.promised_at)
    assert (NOW + 3 * HOUR, None, False) == (
        one.touched_at,
        one.ending,
        one.is_touched_in_time(),
    )


def test_what_ended_without_a_touch_says_how(ledger: Ledger) -> None:
    """Disqualified in Salesforce after five hours."""
    opened(ledger, status=CycleStatus.CLOSED, ready_at=NOW, assigned_at=NOW + HOUR)
    handed(ledger, "disqualified", ended_at=NOW + 5 * HOUR)
    one = only(ledger)
    assert (Ending.DISQUALIFIED, NOW + 5 * HOUR) == (one.ending, one.ended_at)


def test_messages_count_when_they_were_posted(ledger: Ledger) -> None:
    """The first tells, later ones remind; what was given up is a dead letter and told nobody."""
    opened(ledger, ready_at=NOW, assigned_at=NOW)
    told(ledger, "e1", 1, "assigned", EffectState.DEAD)
    told(ledger, "e2", 3, "reminder", EffectState.APPLIED)
    told(ledger, "e3", 2, "assigned", EffectState.APPLIED)
    one = only(ledger)
    assert (NOW + 2 * HOUR, (NOW + 3 * HOUR,)) == (one.told_at, one.reminded_at)
    assert ("tell_owner",) == one.dead_letters


def test_disputes_are_told_in_order(ledger: Ledger) -> None:
    """Each with how it was ruled."""
    opened(ledger)
    rows: list[dict[str, Any]] = [
        {
            "id": f"x{hours}",
            "cycle_id": CYCLE,
            "lead": "1001",
            "by": "ana@meridian.example",
            "reason": "territory",
            "note": "",
            "evidence": [],
            "opened_at": NOW + hours * HOUR,
            "state": state,
        }
        for hours, state in ((2, "accepted"), (1, "refused"))
    ]
    with ledger.engine.begin() as connection:
        insert_new(connection, DisputeRow, rows)
    assert ("refused", "accepted") == only(ledger).disputes


def test_what_was_triggered_before_is_left_out(ledger: Ledger) -> None:
    """The trigger counts, not when the worker read it."""
    opened(ledger)
    assert [] == ledger.journeys.journeys(trigger().at + timedelta(seconds=1))


def test_any_number_of_cycles_takes_five_reads(ledger: Ledger) -> None:
    """Ten cycles cost as many statements as one."""
    for number in range(10):
        opened(ledger, id=f"{number}-1", lead=str(number))
    statements: list[str] = []
    event.listen(
        ledger.engine,
        "before_cursor_execute",
        lambda *said: statements.append(said[2]),
    )
    found = ledger.journeys.journeys(NOW - HOUR)
    reads = [one for one in statements if "SELECT" in one]
    assert (10, 5) == (len(found), len(reads))
