"""What a person sees in a terminal: aligned tables, colors only where there is a terminal."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from agent.metrics.funnel import Funnel
from agent.metrics.touch_rates import Outcomes
from domain.grammar import capitalized, counted
from domain.language import names
from domain.ports import Finding


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
    out.print(f"{counted(len(findings), 'check')}, {bad} to fix")


def _standing(status: str) -> str:
    """A status at the beginning of a line; names within it keep their capitals."""
    return capitalized(names.STATUSES.get(status, status))


def show_funnel(funnel: Funnel) -> None:
    """The funnel with bars, then the reasons of those that stopped, then who got what."""
    out = console()
    widest = max(funnel.triggered, 1)
    steps = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, count in (
        ("Triggered", funnel.triggered),
        ("Route-ready", funnel.ready),
        ("Assigned", funnel.assigned),
    ):
        share = f"{100 * count / widest:.0f}%"
        steps.add_row(name, f"{count:>5}", f"{share:>5}", _bar(count, widest))
    out.print(steps)
    out.print()
    stopped = Table("Status", "Leads", "Reason", box=None, padding=(0, 2, 0, 0))
    for status, count in funnel.statuses.items():
        reasons: Counter[str] = Counter()
        for code, times in funnel.reasons.get(status, {}).items():
            reasons[names.blocked(code)] += times
        first = True
        for reason, times in reasons.most_common() or [("", count)]:
            stopped.add_row(_standing(status) if first else "", f"{times:>5}", reason)
            first = False
    if funnel.held_back:
        stopped.add_row("Triggered again", f"{funnel.held_back:>5}", "within the cool-down")
    out.print(stopped)
    out.print()
    owners = Table("Owner", "Leads", "", box=None, padding=(0, 2, 0, 0))
    most = max(funnel.owners.values(), default=1)
    for owner, count in funnel.owners.items():
        owners.add_row(owner, f"{count:>5}", _bar(count, most, 30))
    out.print(owners)
    rules = Table("Routing rule", "Leads", box=None, padding=(0, 2, 0, 0))
    for rule, count in funnel.rules.items():
        rules.add_row(rule, f"{count:>5}")
    out.print()
    out.print(rules)


def show_difference(without: Outcomes, followed: Outcomes) -> None:
    """What follow-through changed, in one table; a simulation, and it says so."""
    out = console()
    table = Table("Simulation", "Routing only", "With follow-up", box=None, padding=(0, 2, 0, 0))

    def share(part: int, whole: int) -> str:
        return f"{part:>4} of {whole:<4} {100 * part / max(whole, 1):>3.0f}%"

    table.add_row(
        "SLA attainment",
        share(without.in_time, without.due),
        share(followed.in_time, followed.due),
    )
    table.add_row(
        "Touched at all", share(without.touched, without.due), share(followed.touched, followed.due)
    )
    table.add_row("Median time to first touch", _hours(without), _hours(followed))
    out.print(table)
    out.print(
        "In this simulation reps mostly call when they are reminded; yours may be better or worse. "
        "Their habits are set in sandbox/people/habits.py."
    )


def _hours(one: Outcomes) -> str:
    return "-" if one.hours_to_touch is None else f"{one.hours_to_touch:.1f} h"


def _bar(count: int, whole: int, width: int = 40) -> str:
    return "█" * round(width * count / max(whole, 1))
