"""Now: are leads worked? What is late, what will be, and whether the worker itself is well."""

from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response

from agent.console import words
from agent.console.visit import SOON, Visit
from agent.ledger.stores.conversations import Load, Part
from agent.ledger.tables.states import CycleStatus, EffectState
from agent.ledger.views.lead_lists import Order, Standing, Wanted
from domain.conversation.permissions import Ability, Reach
from domain.metrics.measures import Share

SHOWN = 8
WEEK = 7
TICKS_MISSED = 5
"""So many ticks without a look are a sign that nobody works."""
OVERDUE = timedelta(minutes=15)
"""A write that waits longer than this after its time is reported."""


@dataclass(frozen=True)
class Signal:
    """Something that is well, or isn't."""

    ok: bool
    sentence: str
    path: str = ""


def show(visit: Visit) -> Response:
    """The first page."""
    owners = visit.circle(Ability.UNWORKED)
    loads = visit.ledger.conversations.loads(Part(owners), visit.now, visit.now + SOON).values()
    counts = Load(
        open=sum(one.open for one in loads),
        late=sum(one.late for one in loads),
        soon=sum(one.soon for one in loads),
        listed=sum(one.listed for one in loads),
    )
    before = visit.ledger.conversations.waiting(Part(owners)) if owners is None else {}
    board = visit.board(WEEK)
    in_time = None if board is None else board.report.whole.coverage.in_time
    return visit.page(
        "now.html",
        headline=_headline(counts, in_time),
        counts=counts,
        before=before,
        before_all=sum(before.values()),
        late=_some(visit, Standing.LATE, owners),
        soon=_some(visit, Standing.SOON, owners),
        soon_hours=SOON // timedelta(hours=1),
        board=board,
        in_time=in_time,
        whose=_whose(visit),
        signals=_signals(visit) if owners is None else [],
        waits=_waits(visit, before),
    )


def _some(visit: Visit, standing: Standing, owners: frozenset[str] | None) -> object:
    wanted = Wanted(visit.now, visit.now + SOON, owners, standing)
    return visit.ledger.lists.page(wanted, Order.DUE, skip=0, limit=SHOWN)


def _headline(counts: Load, in_time: Share | None) -> str:
    if counts.late:
        said = (
            f"{counts.late} of {words.plural(counts.open, 'lead')} in somebody's hands "
            f"{'is' if counts.late == 1 else 'are'} late."
        )
    elif counts.open:
        said = f"No lead is late; {words.number(counts.open)} are in somebody's hands, in time."
    else:
        said = "No lead waits for a first touch."
    if in_time is not None and in_time.value is not None:
        said += f" In the last {WEEK} days {words.percent(in_time)} were touched in time."
    return said


def _whose(visit: Visit) -> str:
    """Whose leads the page is about, where it isn't everybody's."""
    return {Reach.OWN: "Your leads.", Reach.TEAM: "The leads of your team."}.get(
        visit.reach(Ability.UNWORKED), ""
    )


def _waits(visit: Visit, before: dict[str, int]) -> int:
    """How many things wait for a person's word, of those that everybody's eye may see."""
    if visit.reach(Ability.WAITING) is not Reach.ALL:
        return 0
    disputes = visit.ledger.handoffs.disputes(state="open")
    return before.get(CycleStatus.APPROVAL, 0) + len(disputes)


def _signals(visit: Visit) -> list[Signal]:
    settings, workings = visit.office.app.settings, visit.ledger.workings
    found: list[Signal] = []
    runs = workings.runs(1)
    if not runs:
        found.append(Signal(False, "The worker has never looked: run `routeready run`.", "/system"))
    else:
        silence = visit.now - runs[0].started_at
        patience = timedelta(seconds=TICKS_MISSED * settings.routeready_tick_seconds)
        is_well = silence <= patience and runs[0].error is None
        said = f"The worker looked last {words.ago(runs[0].started_at, visit.now)}."
        if runs[0].error:
            said += f" It ended early: {runs[0].error}"
        found.append(Signal(is_well, said, "/system"))
    stops = visit.ledger.conversations.stops()
    found += [
        Signal(False, f"Paused: {one.scope}, by {one.by}: {one.reason}", "/system")
        for one in stops.values()
    ]
    if settings.routeready_stop_file.exists():
        found.append(Signal(False, f"{settings.routeready_stop_file} exists: nothing is done."))
    return [*found, *_writes(visit)]


def _writes(visit: Visit) -> list[Signal]:
    backlog = visit.ledger.workings.backlog()
    dead = sum(one.count for one in backlog if one.state == EffectState.DEAD)
    overdue = [
        one for one in backlog if one.state != EffectState.DEAD and visit.now - one.oldest > OVERDUE
    ]
    late = sum(one.count for one in overdue)
    return [
        Signal(not dead, f"{words.plural(dead, 'write')} given up.", "/waiting#given-up"),
        Signal(not late, f"{words.plural(late, 'write')} waiting past the time.", "/system"),
    ]
