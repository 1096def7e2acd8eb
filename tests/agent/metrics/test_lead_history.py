"""A lead's story: what brought it up, what was decided, and what led to nothing."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from agent.ledger import Ledger
from agent.ledger.records import CycleFields, Step
from agent.ledger.tables.states import CycleStatus, TriggerOutcome
from agent.metrics.lead_history import tell, trigger_outcome
from domain.lead.model import TriggerKind
from domain.policy.model import Gate, QualifiedRule
from domain.ports import ActivityPage
from domain.values import CycleId
from tests.support.builders import KEY, NOW, activity, trigger

GATE = Gate(qualified=(QualifiedRule(name="any"),), cool_down=timedelta(days=30))


def test_only_a_trigger_that_led_to_nothing_is_told_beside_the_cycles(engine: Engine) -> None:
    """What opened a cycle is told with it; what the cool-down held back is told with its end."""
    ledger = Ledger.on(engine)
    for number, kind in enumerate((TriggerKind.HAND_RAISE, TriggerKind.MQL_THRESHOLD)):
        at, seen = NOW + timedelta(days=number), f"g{number}"
        page = ActivityPage(activities=(activity(id=seen, at=at),), token=seen, more=False)
        came = trigger(kind, at).model_copy(update={"activity_id": seen})
        ledger.intake.take_in("feed", page, [came], GATE, at)
        done = CycleFields(status=CycleStatus.ASSIGNED, due_at=None)
        ledger.cycles.record(Step(at, cycles={CycleId(f"{KEY}-1"): done}))
    opened, held_back = ledger.history.triggers(KEY)
    assert (TriggerOutcome.OPENED, TriggerOutcome.HELD_BACK) == (opened.outcome, held_back.outcome)
    story = tell(ledger, KEY, "America/New_York")
    assert story is not None
    ends = [trigger_outcome(one, ZoneInfo("America/New_York")) for one in (opened, held_back)]
    told = [line for _, line in story.lines if line.endswith(tuple(ends))]
    assert (1, True) == (len(told), told[0].endswith(ends[1]))
