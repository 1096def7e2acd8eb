"""A comparison told four ways: a table, a page to read in, JSON, and Markdown for a pull request.

The page stands alone: no script, no address outside, so that it can be kept beside a commit.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from typing import Any

from rich.console import Console
from rich.table import Table

from evals.comparing import ROTATE_AFTER, Comparison, Flip, Side
from evals.statistics import Difference

_WIDTH, _ROW = 360, 18
"""Pixels of a plot, and of one of its rows."""
_CSS = """
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;
color:#1c1c1c;background:#fff}
table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left;
border-bottom:1px solid #ddd;vertical-align:top}
.PROMOTE{color:#17663a}.HOLD{color:#8a5a00}.REJECT{color:#a11}
pre{white-space:pre-wrap;background:#f5f5f5;padding:.5rem}summary{cursor:pointer}
svg text{font:11px system-ui,sans-serif}
"""


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
    judgement = comparison.judgement
    out.print(f"[bold]{judgement.verdict}[/bold]")
    for reason in judgement.reasons:
        out.print(f"  {reason}", markup=False)
    table = Table("", "base", "candidate", "difference (95 %)")
    for row in _rows(comparison):
        table.add_row(*row)
    out.print(table)
    for one in comparison.flips[:10]:
        change = f"{one.before:.0%} to {one.after:.0%}"
        out.print(f"  {one.scenario}: {change}. {one.trial.sentence}", markup=False)
    for one in comparison.canaries:
        out.print(
            f"  canary {one.name}: {'ok' if one.ok else 'FAILED'}, {one.sentence}", markup=False
        )
    for line in _footing(comparison):
        out.print(f"  {line}", markup=False)


def as_markdown(comparison: Comparison) -> str:
    """For a pull request: verdict, figures, and the cases that changed."""
    judgement = comparison.judgement
    lines = [f"## Prompts: {judgement.verdict}", ""]
    lines += [f"- {_plain(reason)}" for reason in judgement.reasons]
    lines += ["", "| | base | candidate | difference (95 %) |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in _rows(comparison)]
    lines += ["", "| case | before | after | why |", "|---|---|---|---|"]
    lines += [
        f"| {one.scenario} | {one.before:.0%} | {one.after:.0%} | {_plain(one.trial.sentence)} |"
        for one in comparison.flips[:20]
    ]
    failed = [one.name for one in comparison.canaries if not one.ok]
    lines += ["", f"Canaries: {'all as known' if not failed else 'FAILED: ' + ', '.join(failed)}."]
    lines += [f"{line}  " for line in _footing(comparison)]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """A model's words in a table: no cell ends, no line ends, no markup, nobody mentioned."""
    cut = text.replace("\n", " ").replace("|", "/").replace("@", "(at)")
    return escape(cut[:200]).replace("[", "(").replace("]", ")")


def _rows(comparison: Comparison) -> list[tuple[str, str, str, str]]:
    judgement, base, candidate = comparison.judgement, comparison.base, comparison.candidate
    rows = [
        (
            "trials passed",
            f"{base.passed:.1%}",
            f"{candidate.passed:.1%}",
            _interval(judgement.overall),
        )
    ]
    rows += [(f"  {name}", "", "", _interval(one)) for name, one in judgement.tasks.items()]
    k = comparison.trials
    steady = judgement.steady
    rows += [
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
    return rows


def _counts(name: str, base: int, candidate: int) -> tuple[str, str, str, str]:
    return name, f"{base:,}", f"{candidate:,}", f"{candidate - base:+,}"


def _interval(one: Difference) -> str:
    return f"{one.mean:+.1%} ({one.low:+.1%} to {one.high:+.1%})"


def _footing(comparison: Comparison) -> list[str]:
    """What the verdict stands on, and what this gate's own word is worth."""
    gate, overall = comparison.calibration, comparison.judgement.overall
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
    if comparison.tries >= ROTATE_AFTER:
        lines.append(
            f"These cases have decided {comparison.tries} times: whoever tries often gets lucky "
            "once. Renew them."
        )
    return lines


def as_html(comparison: Comparison) -> str:
    """A page with plots, and every case that changed with what both arms said."""
    judgement = comparison.judgement
    reasons = "".join(f"<li>{escape(one)}</li>" for one in judgement.reasons)
    canaries = [
        (one.name, "ok" if one.ok else "FAILED", one.sentence) for one in comparison.canaries
    ]
    footing = "".join(f"<li>{escape(one)}</li>" for one in _footing(comparison))
    versions = [
        (name, comparison.base.versions[name], version)
        for name, version in comparison.candidate.versions.items()
    ]
    verdict = judgement.verdict
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Prompts: {verdict}</title>"
        f"<style>{_CSS}</style><h1 class={verdict}>{verdict}</h1><ul>{reasons}</ul>"
        f"{_table(('', 'base', 'candidate', 'difference (95 %)'), _rows(comparison))}"
        f"<h2>By family</h2>{_forest(comparison)}"
        f"<h2>All of k trials</h2>{_curves(comparison)}"
        f"<h2>Cost and time</h2>{_bars(comparison)}"
        f"<h2>Cases that changed</h2>{''.join(map(_flip, comparison.flips)) or '<p>None.</p>'}"
        f"<h2>What went wrong</h2>{_faults(comparison)}"
        f"<h2>Canaries</h2>{_table(('canary', '', ''), canaries)}"
        f"<h2>What this stands on</h2><ul>{footing}</ul>"
        f"{_table(('prompt', 'base', 'candidate'), versions)}</html>\n"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    heading = "".join(f"<th>{escape(one)}</th>" for one in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><tr>{heading}</tr>{body}</table>"


def _svg(height: float, parts: Sequence[str], label: str) -> str:
    size = f'width="{_WIDTH * 2}" height="{height}"'
    return f'<svg {size} role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'


def _forest(comparison: Comparison) -> str:
    """Each family's difference with its interval; left of the line is worse."""

    def x(value: float) -> float:
        return _WIDTH + (max(-1.0, min(1.0, value)) + 1) / 2 * (_WIDTH - 20)

    parts: list[str] = []
    for index, (family, one) in enumerate(comparison.families.items()):
        y = (index + 1) * _ROW
        colour = "#a11" if one.mean < 0 else "#17663a" if one.mean > 0 else "#777"
        told = f"{family}: {one.before:.0%} to {one.after:.0%}"
        parts += [
            f'<text x="0" y="{y + 4}">{escape(told)}</text>',
            f'<line x1="{x(one.low)}" x2="{x(one.high)}" y1="{y}" y2="{y}" stroke="{colour}"/>',
            f'<circle cx="{x(one.mean)}" cy="{y}" r="3.5" fill="{colour}"/>',
        ]
    height = (len(comparison.families) + 1) * _ROW
    zero = f'<line x1="{x(0)}" x2="{x(0)}" y1="4" y2="{height}" stroke="#bbb"/>'
    return _svg(height, [zero, *parts], "difference by family with 95 % intervals")


def _curves(comparison: Comparison) -> str:
    """pass^k of both arms."""
    parts: list[str] = []
    sides = (("base", comparison.base, "#777"), ("candidate", comparison.candidate, "#1f5fa8"))
    for row, (name, side, colour) in enumerate(sides):
        nudge = -4 if row else 14
        step = _WIDTH / max(1, len(side.curve) - 1)
        points = [(30 + k * step, 110 - 100 * share) for k, share in enumerate(side.curve)]
        path = " ".join(f"{x:.0f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}"/>')
        parts += [
            f'<text x="{x:.0f}" y="{y + nudge:.0f}" fill="{colour}">{share:.0%}</text>'
            for (x, y), share in zip(points, side.curve, strict=True)
        ]
        parts.append(f'<text x="{_WIDTH + 60}" y="{30 + row * _ROW}" fill="{colour}">{name}</text>')
    return _svg(130, parts, "share of cases that pass k of k trials")


def _bars(comparison: Comparison) -> str:
    """Tokens and seconds of both arms."""
    base, candidate = comparison.base, comparison.candidate
    measured = (
        ("tokens", [float(base.tokens), float(candidate.tokens)]),
        ("seconds, p50", [base.p50, candidate.p50]),
        ("seconds, p95", [base.p95, candidate.p95]),
    )
    parts: list[str] = []
    y = 0
    for label, values in measured:
        for name, value, colour in zip(
            ("base", "candidate"), values, ("#777", "#1f5fa8"), strict=True
        ):
            y += _ROW
            width = _WIDTH * value / (max(values) or 1)
            parts += [
                f'<text x="0" y="{y}">{label}, {name}: {value:,.2f}</text>',
                (
                    f'<rect x="{_WIDTH / 2}" y="{y - 9}" width="{width:.0f}" height="10" '
                    f'fill="{colour}"/>'
                ),
            ]
    return _svg(y + _ROW, parts, "tokens and seconds")


def _faults(comparison: Comparison) -> str:
    def count(side: Side, fault: str) -> str:
        return str(side.faults.get(fault, 0))

    names = sorted({*comparison.base.faults, *comparison.candidate.faults})
    rows = [(one, count(comparison.base, one), count(comparison.candidate, one)) for one in names]
    return _table(("fault", "base", "candidate"), rows)


def _flip(one: Flip) -> str:
    told = f"{one.scenario}: {one.before:.0%} to {one.after:.0%}. {one.trial.sentence}"
    arms = "".join(
        f"<h4>{name}: {escape(trial.sentence or 'passed')}</h4>"
        + "".join(
            f"<pre>{escape(turn.asked)}\n\n> {escape(turn.said)}</pre>" for turn in trial.turns
        )
        for name, trial in (("base", one.base), ("candidate", one.trial))
    )
    return f"<details><summary>{escape(told)}</summary>{arms}</details>"
