"""Overview: are leads worked? What has breached its SLA, what will, and how the worker is."""

from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response

from agent.console import words
from agent.console.visit import SOON, Visit, name_of
from agent.ledger.stores.conversations import Load, Part
from agent.ledger.tables.states import CycleStatus, EffectState
from agent.ledger.views.lead_lists import Order, Standing, Wanted
from domain.conversation.permissions import Ability, Reach
from domain.metrics.measures import Share

SHOWN = 8
WEEK = 7
TICKS_MISSED = 5
"""So many ticks without a run are a sign that no worker runs."""
OVERDUE = timedelta(minutes=15)
"""An update that waits longer than this after its time is reported."""


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
            f"{words.number(counts.late)} of {words.plural(counts.open, 'open lead')} "
            f"{'has' if counts.late == 1 else 'have'} breached SLA"
        )
    elif counts.open:
        said = f"No SLA breaches: {words.plural(counts.open, 'open lead')} on track"
    else:
        said = "No open leads: every assigned lead is touched or closed"
    if in_time is not None and in_time.value is not None:
        said += f". SLA attainment, last {WEEK} days: {words.percent(in_time)}"
    return said


def _whose(visit: Visit) -> str:
    """Whose leads the page is about, where it isn't everybody's."""
    return {Reach.OWN: "Your leads.", Reach.TEAM: "Your team's leads."}.get(
        visit.reach(Ability.UNWORKED), ""
    )


def _waits(visit: Visit, before: dict[str, int]) -> str:
    """What is pending a person's decision, for those who may see all of it."""
    if visit.reach(Ability.WAITING) is not Reach.ALL:
        return ""
    counts = (
        (before.get(CycleStatus.APPROVAL, 0), "assignment"),
        (len(visit.ledger.handoffs.disputes(state="open")), "dispute"),
    )
    told = [words.plural(count, thing) for count, thing in counts if count]
    return f"{words.listed(told)} pending a decision" if told else ""


def _signals(visit: Visit) -> list[Signal]:
    settings, workings = visit.office.app.settings, visit.ledger.workings
    found: list[Signal] = []
    runs = workings.runs(1)
    if not runs:
        found.append(
            Signal(False, "The worker has never run. Start it with `routeready run`.", "/system")
        )
    else:
        silence = visit.now - runs[0].started_at
        patience = timedelta(seconds=TICKS_MISSED * settings.routeready_tick_seconds)
        is_well = silence <= patience and runs[0].error is None
        said = f"Last sync {words.ago(runs[0].started_at, visit.now)}."
        if runs[0].error:
            said += f" It failed: {runs[0].error}"
        found.append(Signal(is_well, said, "/system"))
    stops = visit.ledger.conversations.stops()
    found += [
        Signal(
            False,
            f"Paused: {one.scope}, by {name_of(one.by, visit.policy)}: {one.reason}",
            "/system",
        )
        for one in stops.values()
    ]
    if settings.routeready_stop_file.exists():
        found.append(
            Signal(
                False,
                f"Everything is paused: the stop file {settings.routeready_stop_file} exists.",
            )
        )
    return [*found, *_writes(visit)]


def _writes(visit: Visit) -> list[Signal]:
    backlog = visit.ledger.workings.backlog()
    dead = sum(one.count for one in backlog if one.state == EffectState.DEAD)
    overdue = [
        one for one in backlog if one.state != EffectState.DEAD and visit.now - one.oldest > OVERDUE
    ]
    late = sum(one.count for one in overdue)
    return [
        Signal(not dead, _counted(dead, "failed update"), "/waiting#failed"),
        Signal(not late, _counted(late, "delayed update"), "/system"),
    ]


def _counted(count: int, thing: str) -> str:
    return f"{words.plural(count, thing)}." if count else f"No {thing}s."
