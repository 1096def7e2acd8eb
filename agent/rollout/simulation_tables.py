"""A simulation as tables: what another policy would have changed, in every format."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import get_args
from zoneinfo import ZoneInfo

from agent.tables.table import UNDEFINED, Form, Sheet, percent, written
from domain.gate.verdict import VerdictKind
from domain.grammar import counted
from domain.language import names, operations
from domain.policy.model import Policy
from domain.rollout.simulation import Change, Placement, Simulation
from domain.time.durations import format_duration

_ZONE = ZoneInfo("UTC")
SHOWN = 20
"""So many leads are listed in text; a page lists all, JSON holds all."""


def called(*policies: Policy) -> Mapping[str, str]:
    """Owners by what people call them: users by name, queues as in `review queue`."""
    queues = {name: names.queue(name) for one in policies for name in one.queues}
    return queues | {email: user.name for one in policies for email, user in one.users.items()}


def render(found: Simulation, form: Form, owners: Mapping[str, str]) -> str:
    """The simulation in one format; JSON keeps email addresses and codes."""
    if form is Form.JSON:
        return found.model_dump_json(indent=2)
    most = None if form is Form.HTML else SHOWN
    return written("Policy simulation", lines(found, owners), sheets(found, owners, most), form)


def lines(found: Simulation, owners: Mapping[str, str]) -> list[str]:
    """What it found, in a few sentences."""
    direct = sum(one.is_direct for one in found.changes)
    differ = len(found.changes)
    compared = (
        f"{counted(found.leads, 'lead')}, {counted(found.decisions, 'decision')} recomputed: "
        f"policy {found.before} vs. {found.after}"
    )
    moved = (
        f"{counted(differ, 'lead')} routed differently: {direct} by the policy itself, "
        f"{differ - direct} by shifted round-robin turns or caps; {found.relabeled} more with the "
        "same owner under another rule or segment"
    )
    said = [compared, moved]
    if found.assumed:
        people = ", ".join(owners.get(one, one) for one in found.assumed)
        said.append(f"Assumed available (nothing recorded about them): {people}")
    return said


def sheets(
    found: Simulation, owners: Mapping[str, str], most: int | None = None
) -> Iterator[Sheet]:
    """The tables; of a long list of leads the first `most`, or all. What is empty is left out."""
    made = [
        _asked(found, owners),
        _verdicts(found),
        _changes(found, owners, most),
        _expected(found),
        _loads(found, owners),
        _fairness(found),
        _gaps(found),
    ]
    yield from (one for one in made if one.rows)


def _asked(found: Simulation, owners: Mapping[str, str]) -> Sheet:
    rows: list[tuple[str, ...]] = []
    for one in found.asked:
        for policy, placed in ((found.before, one.before), (found.after, one.after)):
            rows.append(
                (
                    one.lead,
                    policy,
                    names.verdict(placed.verdict),
                    *_where(placed, owners),
                    operations.said(placed.said, _ZONE),
                )
            )
    columns = ("Lead", "Policy", "Result", "Owner", "Segment", "Rule", "Reason")
    return Sheet("The lead you asked for", columns, tuple(rows))


def _where(placed: Placement, owners: Mapping[str, str]) -> tuple[str, str, str]:
    owner = placed.owner or UNDEFINED
    return owners.get(owner, owner), placed.segment, placed.rule or UNDEFINED


def _verdicts(found: Simulation) -> Sheet:
    rows = tuple((_results(name), str(count)) for name, count in found.verdicts.items())
    return Sheet("Different results", ("Result", "Leads"), rows)


_RESULTS = {kind: names.verdict(kind) for kind in get_args(VerdictKind)}


def _results(change: str) -> str:
    """A change such as `READY -> PARK`, for people."""
    return " -> ".join(_RESULTS[one] for one in change.split(" -> "))


def _changes(found: Simulation, owners: Mapping[str, str], most: int | None) -> Sheet:
    shown = found.changes if most is None else found.changes[:most]
    rows = tuple((one.lead, *_moved(one, owners), _how(one)) for one in shown)
    more = len(found.changes) - len(shown)
    note = f"and {more} more; see all with --format html or --json FILE" if more else ""
    return Sheet("Leads routed differently", ("Lead", "Before", "After", "Because of"), rows, note)


def _moved(one: Change, owners: Mapping[str, str]) -> tuple[str, str]:
    return _owner(one.before, owners), _owner(one.after, owners)


def _owner(placed: Placement, owners: Mapping[str, str]) -> str:
    """The owner's name; of a lead that gets none, what became of it."""
    if placed.owner is None:
        return names.verdict(placed.verdict)
    return owners.get(placed.owner, placed.owner)


def _how(one: Change) -> str:
    return "policy" if one.is_direct else "shifted turns, caps"


def _expected(found: Simulation) -> Sheet:
    rows = tuple(
        (
            one.segment,
            _target(one.target_before, one.target_after),
            f"{one.leads_before} -> {one.leads_after}",
            f"{percent(one.in_time_before)} -> {percent(one.in_time_after)}",
        )
        for one in found.expected
    )
    columns = ("Segment", "SLA", "Leads", "SLA attainment")
    note = "Forecast: assumes that all reps keep their pace. Few leads give a rough forecast only."
    return Sheet("Expected SLA attainment", columns, rows, note)


def _target(before: timedelta | None, after: timedelta | None) -> str:
    one, other = (
        UNDEFINED if target is None else format_duration(target) for target in (before, after)
    )
    return one if one == other else f"{one} -> {other}"


def _loads(found: Simulation, owners: Mapping[str, str]) -> Sheet:
    rows = tuple(
        (
            owners.get(one.owner, one.owner),
            str(one.before),
            str(one.after),
            f"{one.after - one.before:+}",
        )
        for one in found.loads
        if one.before != one.after
    )
    columns = ("Owner", "Before", "After", "Change")
    return Sheet("Leads by owner, where different", columns, rows)


def _fairness(found: Simulation) -> Sheet:
    rows = tuple(
        (
            names.pool(one.pool),
            f"{one.leads_before} -> {one.leads_after}",
            f"{_far(one.widest_before)} -> {_far(one.widest_after)}",
        )
        for one in found.fairness
    )
    columns = ("Pool", "Leads", "Largest gap to the target share, in leads")
    return Sheet("Round-robin fairness", columns, rows)


def _far(distance: float | None) -> str:
    return UNDEFINED if distance is None else f"{distance:.1f}"


def _gaps(found: Simulation) -> Sheet:
    rows = tuple((one.segment, f"{one.before} -> {one.after}") for one in found.gaps)
    return Sheet("Coverage gaps: no rep available", ("Segment", "Leads"), rows)
