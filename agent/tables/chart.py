"""Charts as SVG: no script, no color that vanishes on a dark page, readable on a phone."""

from html import escape

from domain.metrics.charts import Chart

WIDTH, HEIGHT = 480, 200
"""In units of its own: a page makes it as wide as there is room."""
LEFT, RIGHT, BOTTOM, TOP = 32, 20, 26, 34
COLORS = ("#2f855a", "#c05621", "#718096")
"""Told apart by lightness too; each series is named beside its color."""
LABELS = 7
"""At most so many labels below the bars."""


def svg(chart: Chart) -> str:
    """The chart as one SVG element with its words as its label."""
    highest = max(chart.highest, 1)
    room = HEIGHT - BOTTOM - TOP
    slot = (WIDTH - LEFT - RIGHT) / max(len(chart.labels), 1)
    opening = (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(chart.alt)}" '
        'font-family="system-ui, sans-serif" font-size="12" '
        'fill="currentColor">'
    )
    parts = [opening, *_scale(highest, room)]
    floors = [float(HEIGHT - BOTTOM)] * len(chart.labels)
    for series, color in zip(chart.series, COLORS, strict=False):
        for place, value in enumerate(series.values):
            height = room * value / highest
            floors[place] -= height
            if value:
                left = LEFT + place * slot + slot * 0.15
                parts.append(
                    f'<rect x="{left:.1f}" y="{floors[place]:.1f}" width="{slot * 0.7:.1f}" '
                    f'height="{height:.1f}" fill="{color}"><title>{escape(chart.labels[place])}: '
                    f"{value} {escape(series.name)}</title></rect>"
                )
    every = -(-len(chart.labels) // LABELS)
    for place, label in enumerate(chart.labels):
        if (len(chart.labels) - 1 - place) % every == 0:
            middle = LEFT + (place + 0.5) * slot
            parts.append(
                f'<text x="{middle:.1f}" y="{HEIGHT - BOTTOM + 16}" '
                f'text-anchor="middle">{escape(label)}</text>'
            )
    return "".join([*parts, *_legend(chart), "</svg>"])


def _scale(highest: int, room: float) -> list[str]:
    lines: list[str] = []
    for value in sorted({0, highest // 2, highest}):
        y = HEIGHT - BOTTOM - room * value / highest
        lines.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
            'stroke="currentColor" stroke-opacity=".15"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value}</text>'
        )
    return lines


def _legend(chart: Chart) -> list[str]:
    parts: list[str] = []
    left = float(LEFT)
    for series, color in zip(chart.series, COLORS, strict=False):
        said = f"{series.name}: {sum(series.values)}"
        parts.append(
            f'<rect x="{left:.1f}" y="8" width="12" height="12" fill="{color}"/>'
            f'<text x="{left + 18:.1f}" y="18">{escape(said)}</text>'
        )
        left += 18 + 6.4 * len(said) + 14
    return parts
