"""What a person sees in a terminal: aligned tables, colours only where there is a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from agent.funnel import Funnel
from agent.outcomes import Outcomes
from domain.ports import Finding
from domain.simulation import Placement, Simulation


def console() -> Console:
    """The terminal, or a plain stream of 100 columns where there is none."""
    stream = Console(highlight=False)
    return stream if stream.is_terminal else Console(highlight=False, width=100, no_color=True)


def show_findings(findings: Sequence[Finding]) -> None:
    """What `doctor` found, with a fix under each trouble."""
    out = console()
    for finding in findings:
        mark = "[green]ok  [/]" if finding.ok else "[red]FIX [/]"
        out.print(f"{mark} {finding.subject}: {finding.sentence}", soft_wrap=True)
        if not finding.ok and finding.fix:
            out.print(f"     {finding.fix}", soft_wrap=True)
    bad = sum(not finding.ok for finding in findings)
    out.print(f"{len(findings)} checks, {bad} to fix")


def show_funnel(counted: Funnel) -> None:
    """The funnel with bars, then the reasons of those that stopped, then who got what."""
    out = console()
    widest = max(counted.triggered, 1)
    steps = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, count in (
        ("triggered", counted.triggered),
        ("route-ready", counted.ready),
        ("assigned", counted.assigned),
    ):
        share = f"{100 * count / widest:.0f} %"
        steps.add_row(name, f"{count:>5}", f"{share:>5}", _bar(count, widest))
    out.print(steps)
    out.print()
    stopped = Table("not assigned", "leads", "why", box=None, padding=(0, 2, 0, 0))
    for status, count in counted.statuses.items():
        if status == "assigned":
            continue
        reasons = counted.reasons.get(status, {})
        first = True
        for reason, times in reasons.items() or {"": count}.items():
            stopped.add_row(status if first else "", f"{times:>5}", reason)
            first = False
    if counted.held_back:
        stopped.add_row("no new cycle", f"{counted.held_back:>5}", "inside the cool-down")
    out.print(stopped)
    out.print()
    owners = Table("owner", "leads", "", box=None, padding=(0, 2, 0, 0))
    most = max(counted.owners.values(), default=1)
    for owner, count in counted.owners.items():
        owners.add_row(owner, f"{count:>5}", _bar(count, most, 30))
    out.print(owners)
    rules = Table("by rule", "leads", box=None, padding=(0, 2, 0, 0))
    for rule, count in counted.rules.items():
        rules.add_row(rule, f"{count:>5}")
    out.print()
    out.print(rules)


def show_difference(without: Outcomes, followed: Outcomes) -> None:
    """What follow-through changed, in one table; a simulation, and it says so."""
    out = console()
    table = Table(
        "a simulation", "routing alone", "followed through", box=None, padding=(0, 2, 0, 0)
    )

    def share(part: int, whole: int) -> str:
        return f"{part:>4} of {whole:<4} {100 * part / max(whole, 1):>3.0f} %"

    table.add_row(
        "touched in time",
        share(without.in_time, without.due),
        share(followed.in_time, followed.due),
    )
    table.add_row(
        "touched at all", share(without.touched, without.due), share(followed.touched, followed.due)
    )
    table.add_row("median hours to a touch", _hours(without), _hours(followed))
    out.print(table)
    out.print(
        "The simulated reps mostly call when they are reminded; yours may be better or worse. "
        "Their habits are in sandbox/worlds/people/habits.py."
    )


CHANGES_SHOWN = 20


def show_simulation(found: Simulation) -> None:
    """What another policy would have changed: verdicts, owners, loads, fairness, gaps."""
    out = console()
    changes = found.changes
    direct = sum(one.is_direct for one in changes)
    out.print(
        f"{found.leads} leads, {found.decisions} decisions again: policy {found.before} beside "
        f"{found.after}"
    )
    out.print(
        f"{len(changes)} leads differ: {direct} by the policy itself, {len(changes) - direct} "
        f"because the turns of a pool or a cap moved; {found.relabelled} more have the same owner "
        "by another rule or segment",
        soft_wrap=True,
    )
    verdicts = Table("verdict", "leads", box=None, padding=(0, 2, 0, 0))
    for name, count in found.verdicts.items():
        verdicts.add_row(name, f"{count:>5}")
    _show(out, verdicts)
    moved = Table("lead", "before", "after", "how", box=None, padding=(0, 2, 0, 0))
    for one in changes[:CHANGES_SHOWN]:
        how = "policy" if one.is_direct else "turns, caps"
        moved.add_row(one.lead, _placed(one.before), _placed(one.after), how)
    _show(out, moved)
    if len(changes) > CHANGES_SHOWN:
        out.print(f"and {len(changes) - CHANGES_SHOWN} more; --json FILE has all")
    loads = Table("owner", "before", "after", "", box=None, padding=(0, 2, 0, 0))
    for load in found.loads:
        if load.before != load.after:
            difference = f"{load.after - load.before:+}"
            loads.add_row(load.owner, f"{load.before:>5}", f"{load.after:>5}", difference)
    _show(out, loads)
    title = "farthest from its weight, in leads"
    fairness = Table("pool", "leads", title, box=None, padding=(0, 2, 0, 0))
    for pool in found.fairness:
        counts = f"{pool.leads_before} -> {pool.leads_after}"
        fairness.add_row(
            pool.pool, counts, f"{_far(pool.widest_before)} -> {_far(pool.widest_after)}"
        )
    _show(out, fairness)
    gaps = Table("nobody available, segment", "leads", box=None, padding=(0, 2, 0, 0))
    for gap in found.gaps:
        gaps.add_row(gap.segment, f"{gap.before} -> {gap.after}")
    _show(out, gaps)
    if found.assumed:
        names = ", ".join(found.assumed)
        out.print(f"\nTaken as available, as nothing is recorded of them: {names}", soft_wrap=True)


def _show(out: Console, table: Table) -> None:
    if table.row_count:
        out.print()
        out.print(table)


def _placed(one: Placement) -> str:
    return f"{one.owner}" if one.owner is not None else one.verdict


def _far(distance: float | None) -> str:
    return "-" if distance is None else f"{distance:.1f}"


def _hours(one: Outcomes) -> str:
    return "-" if one.hours_to_touch is None else f"{one.hours_to_touch:.1f}"


def _bar(count: int, whole: int, width: int = 40) -> str:
    return "█" * round(width * count / max(whole, 1))
