"""What becomes of effects when a vendor, a record or our own code fails on them."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Engine, text

from agent.effects import outbox
from agent.effects.kind import Kind, Receipts, Screened, found_or_held
from agent.effects.plan import plan
from agent.ledger import Ledger
from agent.ledger.engine import migrate, open_engine
from agent.ledger.records import Outstanding, Step
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.states import EffectState
from agent.policy.file import load_policy
from agent.run.context import RunContext
from domain.effects import Action, Applied, Receipt, Refusal, Refused, RequestSync, Unknown
from domain.errors import (
    AuthError,
    QuotaError,
    RateLimitError,
    RequestError,
    ToolError,
    UnavailableError,
    UnknownOutcomeError,
)
from domain.values import CycleId, DecisionId, EffectKey, LeadKey
from tests.support.repository import ROOT

POLICY = load_policy(ROOT / "policy.yaml")
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
LOCKED = Refused(refusal=Refusal.LOCKED, code="UNABLE_TO_LOCK_ROW", words="busy")


@dataclass
class Vendor:
    """A vendor that does what it is told to do, and remembers what it holds."""

    answers: Callable[[str], Receipt | Exception] = lambda _: Applied()
    as_a_whole: Exception | None = None
    holds: list[str] = field(default_factory=list[str])
    calls: int = 0
    followed: list[str] = field(default_factory=list[str])
    follow_fails_on: str = ""
    screen_fails_on: str = ""

    def send(self, actions: Mapping[EffectKey, RequestSync], _: RunContext) -> Receipts:
        """One plural call."""
        self.calls += 1
        if self.as_a_whole is not None:
            raise self.as_a_whole
        receipts: dict[EffectKey, Receipt] = {}
        for key, one in actions.items():
            answer = self.answers(one.lead)
            if isinstance(answer, Exception):
                raise answer
            if isinstance(answer, Applied):
                self.holds.append(one.lead)
            receipts[key] = answer
        return receipts

    def look_up(self, doubtful: Sequence[Outstanding], context: RunContext) -> Receipts:
        """What it holds."""
        found = {one.key for one in doubtful if one.lead in self.holds}
        return found_or_held(doubtful, found, context.now)

    def screen(self, due: Sequence[Outstanding], _: RunContext) -> Screened:
        """Nothing, or a defect."""
        if self.screen_fails_on in [one.lead for one in due]:
            raise KeyError("screen")
        return Screened({}, {})

    def follow(
        self, tried: Sequence[tuple[Outstanding, Action, Receipt]], context: RunContext
    ) -> Step:
        """Remember whose outcome was followed."""
        if self.follow_fails_on in [one.lead for one, _, _ in tried]:
            raise ZeroDivisionError
        self.followed += [one.lead for one, _, receipt in tried if isinstance(receipt, Applied)]
        return Step(at=context.now)


@dataclass
class Outbox:
    """A kind of effect on a real ledger, before a vendor."""

    vendor: Vendor
    context: RunContext

    def plan(self, *leads: str) -> None:
        """Plan one effect per lead."""
        effects = [
            plan(
                CycleId(f"{one}-1"),
                RequestSync(lead=LeadKey(one), campaign="c"),
                DecisionId("d"),
                NOW,
            )
            for one in leads
        ]
        self.context.ledger.cycles.record(Step(NOW, effects=effects))

    def perform(self, **later: float) -> str:
        """Perform what is due after a while; what went wrong, if something did."""
        self.context = replace(self.context, now=self.context.now + timedelta(**later))
        vendor = self.vendor
        kind = Kind(RequestSync, vendor.send, vendor.look_up, vendor.screen, vendor.follow)
        try:
            outbox.perform(kind, self.context)
        except ToolError as error:
            return str(error)
        return ""

    def perform_for(self, *, times: int, minutes: float) -> None:
        """Perform so often, with so much time between."""
        for _ in range(times):
            self.perform(minutes=minutes)

    def row(self, lead: str) -> EffectRow:
        """A lead's effect."""
        (row,) = self.context.ledger.history.effects(CycleId(f"{lead}-1"))
        return row

    def states(self, *leads: str) -> list[str]:
        """Where the leads' effects stand."""
        return [self.row(one).state for one in leads]


def opened(engine: Engine) -> Outbox:
    """An empty ledger and a vendor that applies everything."""
    nobody = cast("Any", None)
    context = RunContext("r1", NOW, POLICY, Ledger.on(engine), nobody, nobody, None, None)
    return Outbox(Vendor(), context)


@pytest.fixture
def box(tmp_path: Path) -> Outbox:
    """An outbox on SQLite."""
    engine = open_engine(f"sqlite:///{tmp_path}/ledger.sqlite3")
    migrate(engine)
    return opened(engine)


@pytest.fixture
def on_both(engine: Engine) -> Outbox:
    """An outbox on SQLite, and once more on PostgreSQL."""
    return opened(engine)


OUTAGES = [
    pytest.param(UnavailableError("v", "away"), id="away"),
    pytest.param(UnknownOutcomeError("v", "503"), id="no answer"),
    pytest.param(RateLimitError("v", "slow", retry_after=timedelta(seconds=30)), id="rate limit"),
    pytest.param(QuotaError("v", "spent", until=NOW + timedelta(hours=1)), id="quota"),
    pytest.param(AuthError("v", "who are you"), id="refused token"),
    pytest.param(RequestError("v", "no such field"), id="changed schema"),
]


@pytest.mark.parametrize("outage", OUTAGES)
def test_an_outage_is_nobodys_attempt(box: Outbox, outage: ToolError) -> None:
    """Five hours of it: all wait, with no attempt, and are sent within 20 minutes of its end."""
    leads = [str(number) for number in range(5)]
    box.plan(*leads)
    box.vendor.as_a_whole = outage
    box.perform_for(times=20, minutes=15)
    assert {0} == {box.row(one).attempts for one in leads}
    box.vendor.as_a_whole = None
    box.perform_for(times=4, minutes=5)
    assert (["applied"] * 5, leads) == (box.states(*leads), sorted(box.vendor.holds))


def test_a_worker_that_is_shut_down_blames_no_update(box: Outbox) -> None:
    """A thread that can't be had any more ends the run: what was sent is looked up in the next."""
    box.plan("1", "2")
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    box.vendor.answers = lambda _: pool.submit(Applied).result()
    with pytest.raises(RuntimeError, match="after shutdown"):
        box.perform()
    assert {(0, "")} == {(box.row(one).defects, box.row(one).error) for one in ("1", "2")}


def test_what_waits_for_a_vendor_takes_nothing_of_the_days_limit(box: Outbox) -> None:
    """A message that was never sent is not counted as sent today."""
    box.plan("1")
    box.vendor.as_a_whole = UnavailableError("v", "away")
    box.perform()
    today = NOW - timedelta(hours=1)
    assert 0 == box.context.ledger.effects.sent_since(["request_sync"], today)


def test_a_record_that_stays_locked_is_given_up_with_its_words(box: Outbox) -> None:
    """Others are taken, this one never is: eight attempts, then a dead letter that is followed."""
    box.plan("1", "2")
    box.vendor.answers = lambda lead: LOCKED if lead == "1" else Applied()
    box.perform_for(times=12, minutes=15)
    row = box.row("1")
    assert (EffectState.DEAD, 8, "applied") == (row.state, row.attempts, box.row("2").state)
    assert row.receipt is not None
    assert ("other", "UNABLE_TO_LOCK_ROW") == (row.receipt["refusal"], row.receipt["code"])


def test_a_defect_while_sending_stops_no_other(on_both: Outbox) -> None:
    """What was sent before it is found, the rest is sent one by one, the one is set aside."""
    leads = ["1", "2", "3", "4"]
    on_both.plan(*leads)
    on_both.vendor.answers = lambda lead: KeyError("title") if lead == "3" else Applied()
    on_both.perform_for(times=6, minutes=2)
    assert ["applied", "applied", "unknown", "applied"] == on_both.states(*leads)
    assert ["1", "2", "4"] == sorted(on_both.vendor.holds)
    row = on_both.row("3")
    assert "KeyError" in row.error
    assert "title" not in row.error
    before = on_both.vendor.calls
    on_both.perform_for(times=24, minutes=60)
    assert on_both.vendor.calls - before <= 8
    assert (EffectState.UNKNOWN, 0) == (on_both.row("3").state, on_both.row("3").attempts)
    on_both.vendor.answers = lambda _: Applied()
    on_both.perform_for(times=3, minutes=12 * 60)
    assert ("applied", 0, "") == (
        on_both.row("3").state,
        on_both.row("3").defects,
        on_both.row("3").error,
    )


def test_a_defect_while_screening_stops_no_other(box: Outbox) -> None:
    """One lead of four can't be screened: it stays planned, and the others are sent."""
    box.plan("1", "2", "3", "4")
    box.vendor.screen_fails_on = "2"
    box.perform()
    assert ["applied", "planned", "applied", "applied"] == box.states("1", "2", "3", "4")
    assert "KeyError" in box.row("2").error


def test_a_defect_in_what_follows_loses_no_outcome(box: Outbox) -> None:
    """What follows is made up for once it can be, and nothing is sent twice."""
    box.plan("1", "2", "3")
    box.vendor.follow_fails_on = "2"
    box.perform()
    assert ["applied", "unknown", "applied"] == box.states("1", "2", "3")
    box.vendor.follow_fails_on = ""
    box.perform_for(times=3, minutes=3)
    followed = sorted(box.vendor.followed)
    assert (["1", "2", "3"], ["1", "2", "3"]) == (followed, sorted(box.vendor.holds))


def test_a_request_that_is_not_understood_is_the_one_records(box: Outbox) -> None:
    """Sent in parts: a record that makes the whole call invalid keeps no other back."""
    leads = [str(number) for number in range(16)]
    box.plan(*leads)

    def answer(lead: str) -> Receipt | Exception:
        return RequestError("v", "413 too large") if lead == "11" else Applied()

    box.vendor.answers = answer
    box.perform()
    others = [one for one in leads if one != "11"]
    assert ({"applied"}, "planned") == (set(box.states(*others)), box.row("11").state)
    assert "RequestError" in box.row("11").error


def test_an_effect_that_cannot_be_read_stops_no_other(on_both: Outbox) -> None:
    """A row that no version understands is set aside; its kind goes on."""
    on_both.plan("1", "2")
    broken = "UPDATE effect SET action = '{\"kind\": \"request_sync\"}' WHERE lead = '1'"
    with on_both.context.ledger.engine.begin() as connection:
        connection.execute(text(broken))
    on_both.perform()
    row = on_both.row("1")
    assert ("applied", "planned") == (on_both.row("2").state, row.state)
    assert "ValidationError" in row.error
    assert row.due_at > on_both.context.now


def test_a_lost_answer_is_looked_up_and_never_sent_twice(box: Outbox) -> None:
    """Applied, and the answer lost: found at the vendor."""
    box.plan("1")
    box.vendor.answers = lambda lead: (box.vendor.holds.append(lead), Unknown(detail="lost"))[1]
    box.perform()
    box.perform(minutes=3)
    assert ("applied", ["1"]) == (box.row("1").state, box.vendor.holds)
