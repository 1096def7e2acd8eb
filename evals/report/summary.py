"""A comparison told as a table in a terminal, as JSON, and as Markdown for a pull request."""

import json
from dataclasses import asdict
from html import escape
from typing import Any

from rich.console import Console
from rich.markup import escape as escape_markup
from rich.table import Table

from evals.comparison.result import ROTATE_AFTER, Comparison, Flip
from evals.judge.rulings import TRUSTED, Preferred
from evals.statistics.differences import Difference
from evals.statistics.verdict import Verdict

MOST_FLIPS = 10
"""Cases that a terminal shows."""


COLORS = {Verdict.PROMOTE: "green", Verdict.HOLD: "yellow", Verdict.REJECT: "red"}


def as_json(comparison: Comparison) -> str:
    """All of it as data."""
    told = asdict(comparison)
    told["flips"] = [_flip_data(one) for one in comparison.flips]
    told["canaries"] = [one.model_dump(mode="json") for one in comparison.canaries]
    return json.dumps(told, indent=2, ensure_ascii=False, default=str)


def _flip_data(one: Flip) -> dict[str, Any]:
    return {
        "scenario": one.scenario,
        "before": one.before,
        "after": one.after,
        "candidate": one.trial.model_dump(mode="json"),
        "base": one.base.model_dump(mode="json"),
    }


def show(comparison: Comparison, out: Console) -> None:
    """The verdict, its grounds and the figures, in a terminal."""
    judgment = comparison.judgment
    changed = ", ".join(comparison.changes) or "no prompt"
    out.print(f"[bold {COLORS[judgment.verdict]}]{judgment.verdict}[/]  {changed} changed")
    for reason in judgment.reasons:
        out.print(f"  - {reason}", markup=False)
    table = Table("", "base", "candidate", "difference (95%)")
    for row in rows(comparison):
        table.add_row(*row)
    out.print(table)
    _show_flips(comparison, out)
    failed = [one for one in comparison.canaries if not one.ok]
    for one in failed:
        out.print(f"[bold red]canary {one.name} FAILED[/]: {escape_markup(one.sentence)}")
    if not failed:
        names = ", ".join(one.name for one in comparison.canaries)
        out.print(f"All {len(comparison.canaries)} canaries as known: {names}.", style="dim")
    for line in footing(comparison):
        out.print(line, style="dim", markup=False)


def _show_flips(comparison: Comparison, out: Console) -> None:
    """The cases that changed, the worst first, each with what was wrong and what was said."""
    if not comparison.flips:
        out.print("No case changed.")
        return
    lost = sum(one.after < one.before for one in comparison.flips)
    out.print(f"[bold]{lost} cases lost, {len(comparison.flips) - lost} won[/] (trials passed)")
    for one in comparison.flips[:MOST_FLIPS]:
        color = "red" if one.after < one.before else "green"
        change = f"{count(one.before, comparison)} to {count(one.after, comparison)}"
        out.print(f"  [{color}]{escape_markup(one.scenario)}[/]  {change}", highlight=False)
        shown = one.trial if one.trial.sentence else one.base
        if shown.sentence:
            out.print(f"      {shown.arm}: {shown.sentence}", markup=False, highlight=False)
    if (more := len(comparison.flips) - MOST_FLIPS) > 0:
        out.print(f"  and {more} more in the report")


def count(share: float, comparison: Comparison) -> str:
    """A share of a case's trials as a count; of scored ones, where some have no score."""
    return f"{share * comparison.trials:.3g} of {comparison.trials}"


def as_markdown(comparison: Comparison) -> str:
    """For a pull request: verdict, figures, and the cases that changed."""
    judgment = comparison.judgment
    lines = [f"## Prompts: {judgment.verdict}", ""]
    lines += [f"- {_plain(reason)}" for reason in judgment.reasons]
    lines += ["", "| | base | candidate | difference (95%) |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows(comparison)]
    lines += ["", "| case | before | after | why |", "|---|---|---|---|"]
    lines += [
        f"| {one.scenario} | {one.before:.0%} | {one.after:.0%} | {_plain(one.trial.sentence)} |"
        for one in comparison.flips[:20]
    ]
    failed = [one.name for one in comparison.canaries if not one.ok]
    lines += ["", f"Canaries: {'all as known' if not failed else 'FAILED: ' + ', '.join(failed)}."]
    lines += [f"{line}  " for line in footing(comparison)]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """A model's words in a table: no cell ends, no line ends, no markup, nobody mentioned."""
    cut = text.replace("\n", " ").replace("|", "/").replace("@", "(at)")
    return escape(cut[:200]).replace("[", "(").replace("]", ")")


def rows(comparison: Comparison) -> list[tuple[str, str, str, str]]:
    """Figures of both arms and their difference, a line each."""
    judgment, base, candidate = comparison.judgment, comparison.base, comparison.candidate
    told = [
        (
            "trials passed",
            f"{base.passed:.1%}",
            f"{candidate.passed:.1%}",
            _interval(judgment.overall),
        )
    ]
    told += [(f"  {name}", "", "", _interval(one)) for name, one in judgment.tasks.items()]
    k = comparison.trials
    steady = judgment.steady
    told += [
        (
            f"all of {k} trials (pass^{k})",
            f"{base.curve[-1]:.1%}",
            f"{candidate.curve[-1]:.1%}",
            f"{steady.lost} lost, {steady.won} won, p = {steady.p:.2g}",
        ),
        _counts("policy violations", base.violations, candidate.violations),
        _counts("unsupported values", base.unsupported, candidate.unsupported),
        _counts("without a score", base.unscored, candidate.unscored),
        _counts("tokens", base.tokens, candidate.tokens),
        (
            "seconds, p50 / p95",
            f"{base.p50:.2f} / {base.p95:.2f}",
            f"{candidate.p50:.2f} / {candidate.p95:.2f}",
            "",
        ),
    ]
    return told


def _counts(name: str, base: int, candidate: int) -> tuple[str, str, str, str]:
    return name, f"{base:,}", f"{candidate:,}", f"{candidate - base:+,}"


def _interval(one: Difference) -> str:
    return f"{one.mean:+.1%} ({one.low:+.1%} to {one.high:+.1%})"


def footing(comparison: Comparison) -> list[str]:
    """What the verdict stands on, and what this gate's own word is worth."""
    gate, overall = comparison.calibration, comparison.judgment.overall
    lines = [
        (
            f"{comparison.count} cases ({comparison.cases}) in {overall.families} families, "
            f"{comparison.trials} trials each, model {comparison.model}."
        ),
        f"Finds a difference of {overall.detectable:.1%} four times in five, as noisy as this was.",
        (
            f"This gate at this size: {gate.false_alarms:.1%} false alarms, notices "
            f"{gate.effect:+.0%} in {gate.detected:.0%}, intervals hold the truth in "
            f"{gate.coverage:.1%} ({gate.replays} replays)."
        ),
    ]
    if comparison.as_before:
        lines.append(comparison.as_before)
    if comparison.preferred is not None:
        lines.append(_worded(comparison.preferred))
    if comparison.tries >= ROTATE_AFTER:
        lines.append(
            f"These cases have decided {comparison.tries} times: whoever tries often gets lucky "
            "once. Renew them."
        )
    return lines


def _worded(one: Preferred) -> str:
    """A judge's word, and what it is worth."""
    agreed = one.agreement
    worth = "counts" if agreed.is_trusted else f"is advice below a kappa of {TRUSTED}"
    return (
        f"Wording, by {one.judge}: the candidate's is better {one.candidate} times, the base's "
        f"{one.base}, neither {one.neither}, no ruling {one.unscored}; {one.flips:.0%} of votes "
        f"changed with the order. It {worth}: kappa {agreed.kappa:.2f} ({agreed.low:.2f} to "
        f"{agreed.high:.2f}) on {agreed.scored} labelled pairs."
    )
