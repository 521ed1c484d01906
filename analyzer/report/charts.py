"""Draw charts as SVG: deterministic, and readable in light and dark mode; matplotlib escapes their text."""

from __future__ import annotations

import io
import re
import warnings
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.dates import num2date
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analyzer.model.job import Outcome
from analyzer.report.model import RunsChart, WeeksChart

if TYPE_CHECKING:
    from datetime import datetime

    from matplotlib.axes import Axes

# Okabe and Ito's colors for all kinds of color vision, https://jfly.uni-koeln.de/color/, without black, which is
# invisible in dark mode; yellow is last because it is pale in light mode.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#F0E442")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
HATCHES = ("", "///", "---", "xxx", "\\\\\\", "+++", "|||")
_OUTCOMES = {
    Outcome.succeeded.value: 2,
    Outcome.partial.value: 5,
    Outcome.aborted.value: 1,
    Outcome.unknown.value: 3,
    Outcome.running.value: 4,
    Outcome.stuck.value: 0,
}

# Placeholders for the page's colors, so that a chart follows light and dark mode.
_INK, _FAINT, _PAPER = "#010203", "#040506", "#070809"
_THEMED = {_INK: "currentColor", _FAINT: "var(--line)", _PAPER: "var(--paper)"}

STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "upa-analyzer",
    "text.parse_math": False,  # a feed may be called $x_1$
    "font.family": ["sans-serif"],
    "font.size": 10,
    "text.color": _INK,
    "axes.edgecolor": _FAINT,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": _FAINT,
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.7,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
}
_INCHES = (5.5, 3.5)
_SMALL_INCHES = (4.2, 1.7)
_LONGEST_LABEL = 28
_TICKS = 6
_STEEP = 20
"""Ratio of maximum to median above which a linear scale would show only the maximum."""


def svg(chart: RunsChart | WeeksChart) -> str:
    """Return a chart as an ``<svg>`` element to put into a page."""
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        # matplotlib measures letters that its font lacks wrongly, but browsers draw them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        small = isinstance(chart, WeeksChart) and chart.name == "trend"
        figure = Figure(figsize=_SMALL_INCHES if small else _INCHES, layout="constrained")
        axes = figure.add_subplot()
        if isinstance(chart, RunsChart):
            _runs(axes, chart)
        else:
            _weeks(axes, chart)
        axes.set_ylabel(chart.y_label + _scaled(axes, chart))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        _legend(figure, axes, chart)
        return _element(figure)


def _runs(axes: Axes, chart: RunsChart) -> None:
    for place, line in enumerate(chart.lines):
        look: dict[str, Any] = {"color": PALETTE[place], "marker": MARKERS[place], "label": _label(line.name)}
        times: list[Any] = [time for time, _ in line.points]
        # NaN breaks the line if the number is unknown.
        users = [float("nan") if number is None else number for _, number in line.points]
        axes.plot(times, users, linewidth=1.6, markersize=5, clip_on=False, **look)
    # matplotlib counts days: at whole numbers (midnights), no day is labeled twice.
    axes.xaxis.set_major_locator(MaxNLocator(nbins=_TICKS, integer=True, min_n_ticks=1))
    axes.xaxis.set_major_formatter(FuncFormatter(_day))
    axes.set_xlabel("when the job ran (UTC)")


def _day(number: float, _: int | None = None) -> str:
    day: datetime = num2date(number)  # type: ignore[no-untyped-call]
    return f"{day.day} {day:%b}"


def _weeks(axes: Axes, chart: WeeksChart) -> None:
    bottom = [0] * len(chart.weeks)
    places = range(len(chart.weeks))
    for place, series in enumerate(chart.series):
        look = _OUTCOMES.get(series.name, place)
        axes.bar(
            places,
            series.values,
            bottom=bottom,
            width=0.7,
            color=PALETTE[look],
            hatch=HATCHES[look],
            edgecolor=_PAPER,
            linewidth=0.5,
            label=_label(series.name),
        )
        bottom = [low + high for low, high in zip(bottom, series.values, strict=True)]
    axes.set_ymargin(0.08)
    step = -(-len(chart.weeks) // _TICKS)
    # Counting from the newest week ensures that it has a label.
    shown = list(places)[::-1][::step][::-1]
    axes.set_xticks(shown, [f"{chart.weeks[week].day} {chart.weeks[week]:%b}" for week in shown])
    axes.set_xlabel("week starting (Monday, UTC)")


def _scaled(axes: Axes, chart: RunsChart | WeeksChart) -> str:
    """Set the scale of the y axis; return a suffix for its label."""
    if isinstance(chart, RunsChart):
        numbers = sorted(number for line in chart.lines for _, number in line.points if number)
        if numbers and numbers[-1] > _STEEP * numbers[len(numbers) // 2]:
            axes.set_yscale("symlog", linthresh=1)
            axes.set_ylim(bottom=0)
            return " (each step tenfold)"
    # If every number is 0, avoid fractions of a user.
    axes.set_ylim(bottom=0, top=max(1, axes.get_ylim()[1]))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    return ""


def _legend(figure: Figure, axes: Axes, chart: RunsChart | WeeksChart) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if isinstance(chart, RunsChart) or len(handles) > 1:
        figure.legend(handles, labels, loc="outside upper left", ncols=2 if len(labels) > 1 else 1)


def _label(name: str) -> str:
    # matplotlib omits labels that begin with an underscore.
    shown = name if len(name) <= _LONGEST_LABEL else f"{name[: _LONGEST_LABEL - 1]}…"
    return f" {shown}" if shown.startswith("_") else shown


def _element(figure: Figure) -> str:
    stream = io.BytesIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(stream, format="svg", transparent=True, metadata=nothing)
    text = stream.getvalue().decode()
    text = text[text.index("<svg") :]
    # Groups have the same IDs in each figure, and IDs must be unique in a page.
    text = re.sub(r'<g id="[^"]*">', "<g>", text)
    for placeholder, colour in _THEMED.items():
        text = re.sub(rf"(?<=: ){placeholder}(?=[;\"])", colour, text)
    return text
