"""Reps and pools: who has how much, how leads are shared out, and when nobody is at work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from agent.console import words
from agent.console.boards import content
from agent.console.boards.content import Board
from agent.console.boards.coverage import at_work, week
from agent.console.pages.funnel import to_touch
from agent.console.visit import PERIODS, Visit, address
from agent.ledger.stores.conversations import Load, Part
from domain.conversation.permissions import Ability, Reach
from domain.lead.crm_records import PoolState
from domain.metrics.measures import Dimension, Measures
from domain.routing.round_robin import TURN
from domain.time.business_hours import is_open

SHADES = 5
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Person:
    """One person with their leads."""

    email: str
    name: str
    role: str
    at_work: bool
    load: Load
    cap: int | None
    path: str
    """Where their open leads are."""
    leads: int
    """New leads of the period."""
    measured: Measures | None
    to_touch: Sequence[object]
    behind: str


@dataclass(frozen=True)
class Sharing:
    """One member of a pool."""

    name: str
    weight: int
    fair: float
    """The share that the weight earns."""
    leads: int
    share: float | None
    owed: float
    """In turns: what the pool owes the member now."""


@dataclass(frozen=True)
class Cell:
    """One hour of the week."""

    people: int
    leads: int
    shade: int
    is_gap: bool
    told: str


@dataclass(frozen=True)
class Heat:
    """The week of one segment."""

    segment: str
    rows: Sequence[tuple[str, Sequence[Cell]]]
    gaps: int
    """New leads while nobody was at work."""
    leads: int


def show(visit: Visit) -> Response:
    """Everybody whose leads the person may see."""
    days = visit.days()
    board = visit.board(days)
    reach = visit.reach(Ability.WORKLOAD)
    is_wide = reach in (Reach.TEAM, Reach.ALL)
    return visit.page(
        "people.html",
        days=days,
        periods=PERIODS,
        board=board,
        people=_people(visit, board),
        pools=_pools(visit, board) if is_wide else {},
        heats=_heats(visit, board) if is_wide else [],
    )


def _people(visit: Visit, board: Board | None) -> list[Person]:
    owners, policy = visit.circle(Ability.WORKLOAD), visit.policy
    loads = visit.ledger.conversations.loads(Part(owners), visit.now)
    measured = _by_rep(board)
    idle = Load(0, 0, 0, 0)
    found: list[Person] = []
    for email, user in policy.users.items():
        if owners is not None and email not in owners:
            continue
        load, theirs = loads.get(email, idle), measured.get(email)
        if user.role != "rep" and not load.open and theirs is None:
            continue
        title = content.in_group(Dimension.REP, email)
        found.append(
            Person(
                email=email,
                name=user.name,
                role=user.role,
                at_work=is_open(policy.calendars[user.calendar], user.timezone, visit.now),
                load=load,
                cap=user.cap_open,
                path=address("/leads", standing="untouched", owner=words.person_key(email)),
                leads=0 if theirs is None else theirs.journeys,
                measured=theirs,
                to_touch=(None, None) if theirs is None else to_touch(theirs),
                behind=address("/leads", behind=content.key_of(title), days=visit.days()),
            )
        )
    return sorted(found, key=lambda one: (-one.load.late, -one.load.open, one.name))


def _by_rep(board: Board | None) -> Mapping[str, Measures]:
    if board is None:
        return {}
    return next(dict(parts) for by, parts in board.report.slices if by is Dimension.REP)


def _pools(visit: Visit, board: Board | None) -> dict[str, list[Sharing]]:
    """How the leads of each pool's members were shared out, beside what their weights earn."""
    policy, states = visit.policy, visit.ledger.cycles.pools()
    measured = _by_rep(board)
    found: dict[str, list[Sharing]] = {}
    for name, pool in policy.pools.items():
        whole = sum(one.weight for one in pool.members)
        got = {
            one.user: measured[one.user].journeys if one.user in measured else 0
            for one in pool.members
        }
        total = sum(got.values())
        state = states.get(name, PoolState())
        found[name] = [
            Sharing(
                name=policy.users[one.user].name,
                weight=one.weight,
                fair=one.weight / whole,
                leads=got[one.user],
                share=got[one.user] / total if total else None,
                owed=state.credits.get(one.user, 0) / TURN,
            )
            for one in pool.members
            if one.user in policy.users
        ]
    return found


def _heats(visit: Visit, board: Board | None) -> list[Heat]:
    monday = week(visit.now, visit.policy)
    present = visit.office.remembered(
        f"at work {visit.policy.version} {monday.isoformat()}",
        lambda: at_work(visit.policy, monday),
    )
    arrivals: Mapping[str, Sequence[int]] = {} if board is None else board.arrivals
    return [
        _heat(segment, hours, arrivals.get(segment, (0,) * content.HOURS))
        for segment, hours in present.items()
    ]


def _heat(segment: str, people: Sequence[int], leads: Sequence[int]) -> Heat:
    most = max(people, default=0) or 1
    rows: list[tuple[str, Sequence[Cell]]] = []
    for day, name in enumerate(DAYS):
        cells: list[Cell] = []
        for hour in range(24):
            place = day * 24 + hour
            here, came = people[place], leads[place]
            cells.append(
                Cell(
                    people=here,
                    leads=came,
                    shade=0 if not here else max(1, round(SHADES * here / most)),
                    is_gap=not here and came > 0,
                    told=f"{name}, {words.hour(hour)}: {words.plural(here, 'rep')} working, "
                    f"{words.plural(came, 'new lead')}",
                )
            )
        rows.append((name, cells))
    gaps = sum(one.leads for _, cells in rows for one in cells if one.is_gap)
    return Heat(segment, rows, gaps, sum(leads))
