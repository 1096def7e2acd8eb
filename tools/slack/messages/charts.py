"""Charts as PNG for Slack, in one size that a phone shows whole."""

import io
from collections.abc import Sequence
from typing import Any

from domain.metrics.charts import Chart

INCHES = (5.0, 2.8)
DOTS = 160
"""Per inch: 800 by 448 pixels, sharp on a phone and small to send."""
COLORS = ("#2f855a", "#c05621", "#a0aec0")
LABELS = 7
"""At most so many labels below the bars."""


def png(chart: Chart) -> bytes:
    """The chart as a picture on white, which Slack shows alike in both of its themes."""
    # Half a second and forty megabytes, for a process that mostly sends no charts.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure: Any = Figure(figsize=INCHES, dpi=DOTS, layout="constrained")
    FigureCanvasAgg(figure)
    axes: Any = figure.subplots()
    places = range(len(chart.labels))
    floors = [0] * len(chart.labels)
    for series, color in zip(chart.series, COLORS, strict=False):
        label = f"{series.name}: {sum(series.values)}"
        axes.bar(places, series.values, bottom=floors, color=color, width=0.7, label=label)
        floors = [floor + value for floor, value in zip(floors, series.values, strict=True)]
    shown = _shown(chart.labels)
    axes.set_xticks([place for place, _ in shown], [label for _, label in shown])
    axes.set_ylim(0, max(chart.highest, 1) * 1.05)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_title(chart.title, fontsize=11, loc="left")
    axes.tick_params(labelsize=10, length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="y", color="#e2e8f0")
    axes.set_axisbelow(True)
    figure.legend(loc="outside lower left", ncols=len(chart.series), fontsize=9, frameon=False)
    written = io.BytesIO()
    figure.savefig(written, format="png", metadata={"Software": None})
    return written.getvalue()


def _shown(labels: Sequence[str]) -> list[tuple[int, str]]:
    """Some of the labels with their places, always the last."""
    every = -(-len(labels) // LABELS) or 1
    last = len(labels) - 1
    return [(place, label) for place, label in enumerate(labels) if (last - place) % every == 0]
