"""A comparison as a page to read in: plots, and every case that changed with what both arms said.

It stands alone: no script, no address outside, so that it can be kept beside a commit.
"""

from collections.abc import Sequence
from html import escape

from evals.comparison.result import Comparison, Flip, Side
from evals.report.summary import count, footing, rows
from evals.run.trials import Trial

_WIDTH, _ROW = 360, 18
"""Units of a plot, and of one of its rows; a narrow screen scales them."""
_OPEN = 3
"""Cases that are open at first."""
_CSS = """
:root{color-scheme:light dark;--ink:#1c1c1c;--quiet:#666;--ground:#fff;--rule:#ddd;--box:#f5f5f5;
--good:#17663a;--warn:#8a5a00;--bad:#a11;--base:#777;--candidate:#1f5fa8}
@media(prefers-color-scheme:dark){:root{--ink:#e6e6e6;--quiet:#a0a0a0;--ground:#161616;--rule:#3a3a3a;
--box:#222;--good:#6fcf97;--warn:#e0b050;--bad:#ff8a80;--base:#a8a8a8;--candidate:#7db7f5}}
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:1.5rem auto;padding:0 1rem;
color:var(--ink);background:var(--ground)}
h1{margin:0}h2{margin:2rem 0 .5rem;font-size:1.15rem}h4{margin:.4rem 0}
.wide{overflow-x:auto}table{border-collapse:collapse}
td,th{padding:.2rem .8rem .2rem 0;text-align:left;border-bottom:1px solid var(--rule);
vertical-align:top}
.PROMOTE,.won{color:var(--good)}.HOLD{color:var(--warn)}.REJECT,.lost{color:var(--bad)}
.quiet{color:var(--quiet)}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--box);padding:.5rem;margin:.3rem 0;
font:13px/1.45 ui-monospace,monospace}
pre.said{border-left:3px solid var(--candidate)}.base pre.said{border-color:var(--base)}
summary{cursor:pointer;padding:.25rem 0;overflow-wrap:anywhere}
details{border-bottom:1px solid var(--rule)}
.arms{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:1rem;
padding-bottom:.8rem}.arms>div{min-width:0}
svg{max-width:100%;min-width:34rem;height:auto;display:block}
svg text{font:11px system-ui,sans-serif;fill:var(--ink)}
"""


def as_html(comparison: Comparison) -> str:
    """The whole page."""
    judgment, verdict = comparison.judgment, comparison.judgment.verdict
    canaries = [
        (one.name, "ok" if one.ok else "FAILED", one.sentence) for one in comparison.canaries
    ]
    changed = ", ".join(comparison.changes) or "no prompt"
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<title>Prompts: {verdict}</title><style>{_CSS}</style>"
        f"<h1 class={verdict}>{verdict}</h1><p class=quiet>{escape(changed)} changed</p>"
        f"{_items(judgment.reasons)}"
        f"{_table(('', 'base', 'candidate', 'difference (95%)'), rows(comparison))}"
        f"{_changes(comparison)}"
        f"<h2>Cases that changed</h2>{_flips(comparison)}"
        f"<h2>By family</h2>{_forest(comparison)}"
        f"<h2>All of k trials passed</h2>{_curves(comparison)}"
        f"<h2>Cost and time</h2>{_bars(comparison)}"
        f"<h2>What went wrong</h2>{_faults(comparison)}"
        f"<h2>Canaries</h2>{_table(('canary', '', ''), canaries)}"
        f"<h2>What this stands on</h2>{_items(footing(comparison))}{_versions(comparison)}</html>\n"
    )


def _items(lines: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in lines)}</ul>"


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    heading = "".join(f"<th scope=col>{escape(one)}</th>" for one in head)
    lines = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in body
    )
    return f"<div class=wide tabindex=0><table><tr>{heading}</tr>{lines}</table></div>"


def _versions(comparison: Comparison) -> str:
    versions = [
        (name, comparison.base.versions[name], version)
        for name, version in comparison.candidate.versions.items()
    ]
    return _table(("prompt", "base", "candidate"), versions)


def _changes(comparison: Comparison) -> str:
    """What was changed in the prompts, line by line."""
    parts = [
        f"<details open><summary>{escape(name)}</summary><pre>{_colored(told)}</pre></details>"
        for name, told in comparison.changes.items()
    ]
    return f"<h2>What changed in the prompts</h2>{''.join(parts)}" if parts else ""


def _colored(told: str) -> str:
    colors = {"-": "lost", "+": "won"}

    def line(text: str) -> str:
        kind = colors.get(text[:1], "quiet")
        return f"<span class={kind}>{escape(text)}</span>"

    return "\n".join(map(line, told.splitlines()))


def _flips(comparison: Comparison) -> str:
    if not comparison.flips:
        return "<p>None.</p>"
    lost = sum(one.after < one.before for one in comparison.flips)
    told = f"<p>{lost} lost, {len(comparison.flips) - lost} won; the worst first.</p>"
    parts = (_flip(one, comparison, index) for index, one in enumerate(comparison.flips))
    return told + "".join(parts)


def _flip(one: Flip, comparison: Comparison, index: int) -> str:
    """One case: how often each arm passed it, and one trial of each side by side."""
    kind = "lost" if one.after < one.before else "won"
    change = f"{count(one.before, comparison)} to {count(one.after, comparison)}"
    arms = "".join(_side_of(trial) for trial in (one.base, one.trial))
    return (
        f"<details{' open' if index < _OPEN else ''}><summary><b>{escape(one.scenario)}</b> "
        f"<span class={kind}>{change}</span></summary>"
        f"<div class=arms>{arms}</div></details>"
    )


def _side_of(trial: Trial) -> str:
    """What one arm was told and said, in one trial."""
    worth = {True: "passed", False: "failed", None: "no score"}[trial.passed]
    why = f"<p>{escape(trial.sentence)}</p>" if trial.sentence else ""
    parts: list[str] = []
    for turn in trial.turns:
        parts += [
            f"<pre><span class=quiet>{escape(one.role)}</span>\n{escape(one.text)}</pre>"
            for one in turn.heard
        ]
        said = escape(turn.said) or "(nothing)"
        parts.append(f"<pre class=said><span class=quiet>model</span>\n{said}</pre>")
    head = f"{trial.arm}, trial {trial.trial + 1}: {worth}"
    return f"<div class={trial.arm}><h4>{head}</h4>{why}{''.join(parts)}</div>"


def _svg(height: float, parts: Sequence[str], label: str) -> str:
    size = f'viewBox="0 0 {_WIDTH * 2} {height:.0f}" width="{_WIDTH * 2}" height="{height:.0f}"'
    drawn = f'<svg {size} role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    return f"<div class=wide tabindex=0>{drawn}</div>"


def _forest(comparison: Comparison) -> str:
    """Each family's difference with its interval; left of the line is worse."""

    def x(value: float) -> float:
        return _WIDTH + (max(-1.0, min(1.0, value)) + 1) / 2 * (_WIDTH - 20)

    parts: list[str] = []
    for index, (family, one) in enumerate(comparison.families.items(), 1):
        y = index * _ROW
        color = "bad" if one.mean < 0 else "good" if one.mean > 0 else "base"
        told = f"{family}: {one.before:.0%} to {one.after:.0%}"
        bounds = f"{one.mean:+.0%}, 95% from {one.low:+.0%} to {one.high:+.0%}"
        parts.append(
            f'<g style="stroke:var(--{color});fill:var(--{color})">'
            f"<title>{escape(family)}: {bounds}</title>"
            f'<text x="0" y="{y + 4}" stroke="none">{escape(told)}</text>'
            f'<line x1="{x(one.low):.1f}" x2="{x(one.high):.1f}" y1="{y}" y2="{y}"/>'
            f'<circle cx="{x(one.mean):.1f}" cy="{y}" r="3.5"/></g>'
        )
    foot = (len(comparison.families) + 1) * _ROW
    scale = [
        f'<line x1="{x(value):.1f}" x2="{x(value):.1f}" y1="4" y2="{foot}" '
        f'style="stroke:var(--rule)" stroke-width="{1 if value else 2}"/>'
        f'<text x="{x(value):.1f}" y="{foot + 12}" text-anchor="middle">{value * 100:+.0f}</text>'
        for value in (-1.0, -0.5, 0.0, 0.5, 1.0)
    ]
    return _svg(foot + _ROW, [*scale, *parts], "difference by family in points, with intervals")


def _curves(comparison: Comparison) -> str:
    """pass^k of both arms, from the lowest share that either comes to."""
    sides = (("base", comparison.base), ("candidate", comparison.candidate))
    least = min(min(side.curve) for _, side in sides)
    floor = max(0.0, min(0.9, least - 0.05))

    def y(share: float) -> float:
        return 110 - 90 * (share - floor) / (1 - floor)

    parts: list[str] = []
    left = _WIDTH + 60
    for row, (name, side) in enumerate(sides):
        top = 26 + row * 2 * _ROW
        step = (_WIDTH - 20) / max(1, len(side.curve) - 1)
        points = [(40 + k * step, y(share)) for k, share in enumerate(side.curve)]
        path = " ".join(f"{at:.0f},{height:.1f}" for at, height in points)
        parts.append(f'<polyline points="{path}" fill="none" style="stroke:var(--{name})"/>')
        told = ", ".join(f"{share:.1%}" for share in side.curve)
        parts.append(
            f'<circle cx="{left}" cy="{top}" r="4" style="fill:var(--{name})"/>'
            f'<text x="{left + 10}" y="{top + 4}">{name}</text>'
            f'<text x="{left + 10}" y="{top + 18}">{told}</text>'
        )
    parts += [f'<text x="0" y="{y(one) + 4:.0f}">{one:.0%}</text>' for one in (floor, 1.0)]
    parts += [
        f'<text x="{40 + k * (_WIDTH - 20) / max(1, comparison.trials - 1):.0f}" y="126" '
        f'text-anchor="middle">k = {k + 1}</text>'
        for k in range(comparison.trials)
    ]
    return _svg(132, parts, "share of cases that pass k of k trials")


def _bars(comparison: Comparison) -> str:
    """Tokens and seconds of both arms."""
    base, candidate = comparison.base, comparison.candidate
    measured = (
        ("tokens", float(base.tokens), float(candidate.tokens), ",.0f"),
        ("seconds a case, p50", base.p50, candidate.p50, ".2f"),
        ("seconds a case, p95", base.p95, candidate.p95, ".2f"),
    )
    parts: list[str] = []
    y = 0
    for label, *values, form in measured:
        for name, value in zip(("base", "candidate"), values, strict=True):
            y += _ROW
            width = _WIDTH * float(value) / (max(map(float, values)) or 1)
            parts.append(
                f'<text x="0" y="{y}">{label}, {name}: {float(value):{form}}</text>'
                f'<rect x="{_WIDTH * 0.7:.0f}" y="{y - 9}" width="{width:.0f}" height="10" '
                f'style="fill:var(--{name})"/>'
            )
        y += _ROW // 2
    return _svg(y + _ROW, parts, "tokens and seconds")


def _faults(comparison: Comparison) -> str:
    def number(side: Side, fault: str) -> str:
        return str(side.faults.get(fault, 0))

    names = sorted({*comparison.base.faults, *comparison.candidate.faults})
    body = [(one, number(comparison.base, one), number(comparison.candidate, one)) for one in names]
    return _table(("fault", "base", "candidate"), body) if body else "<p>Nothing.</p>"
