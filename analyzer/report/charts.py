"""Draw charts: as SVG for pages, deterministic, and readable in light and dark mode, and as pictures of their own.

matplotlib escapes their text.
"""

from __future__ import annotations

import contextlib
import io
import re
import textwrap
import warnings
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import polars as pl
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, num2date
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analyzer.model.job import Outcome
from analyzer.model.language import gettext as _
from analyzer.model.text import day, grouped
from analyzer.report.model import RunsChart, WeeksChart
from analyzer.storage.files import replacing_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path
    from zoneinfo import ZoneInfo

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

_STYLE: Any = {
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

_RATES_INCHES, _DOTS = (9, 4.5), 160
_DARK, _GRAY, _WHITE = "#24292f", "#d0d7de", "#ffffff"
_LINE, _JUMP = PALETTE[0], PALETTE[1]
_TITLE_WIDTH = 92
_MOST_DOTS = 80
"""Runs up to which each has a dot."""


def svg(chart: RunsChart | WeeksChart) -> str:
    """Return a chart as an ``<svg>`` element to put into a page."""
    with _styled(_STYLE):
        small = isinstance(chart, WeeksChart) and chart.name == "trend"
        figure = Figure(figsize=_SMALL_INCHES if small else _INCHES, layout="constrained")
        axes = figure.add_subplot()
        if isinstance(chart, RunsChart):
            _runs(axes, chart)
        else:
            _weeks(axes, chart)
        axes.set_ylabel(chart.y_label + _scaled(axes, chart))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _place: grouped(value)))
        _legend(figure, axes, chart)
        return _element(figure)


@contextlib.contextmanager
def _styled(style: Any) -> Iterator[None]:  # noqa: ANN401 - matplotlib names each key
    with mpl.rc_context(style), warnings.catch_warnings():
        # matplotlib measures letters that its font lacks wrongly, but browsers draw them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        yield


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
    axes.set_xlabel(_("when the job ran (UTC)"))


def _day(number: float, _place: int | None = None) -> str:
    time: datetime = num2date(number)  # type: ignore[no-untyped-call]
    return day(time, time)


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
            label=_label(_(series.name)),
        )
        bottom = [low + high for low, high in zip(bottom, series.values, strict=True)]
    axes.set_ymargin(0.08)
    step = -(-len(chart.weeks) // _TICKS)
    # Counting from the newest week ensures that it has a label.
    shown = list(places)[::-1][::step][::-1]
    axes.set_xticks(shown, [day(chart.weeks[week], chart.weeks[week]) for week in shown])
    axes.set_xlabel(_("week starting (Monday, UTC)"))


def _scaled(axes: Axes, chart: RunsChart | WeeksChart) -> str:
    """Set the scale of the y axis; return a suffix for its label."""
    if isinstance(chart, RunsChart):
        numbers = sorted(number for line in chart.lines for _, number in line.points if number)
        if numbers and numbers[-1] > _STEEP * numbers[len(numbers) // 2]:
            axes.set_yscale("symlog", linthresh=1)
            axes.set_ylim(bottom=0)
            return f" ({_('each step tenfold')})"
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


def draw_rates(runs: pl.DataFrame, title: str, path: Path, zone: ZoneInfo | None) -> None:
    """Write a chart: the share of users who failed in each run, its usual range, jumps, and aborted runs.

    Without the number of users, the chart shows the number of users who failed.

    Args:
        runs: columns of ``analysis.failure_rate.RATES`` of one feed, the oldest first.
        title: the answer.
        path: an SVG or PNG file.
        zone: of times; None for UTC.

    Raises:
        OutputError: the file can't be written.
    """
    style = {**_STYLE, "text.color": _DARK, "axes.labelcolor": _DARK, "xtick.color": _DARK, "ytick.color": _DARK}
    style |= {"axes.edgecolor": _GRAY, "grid.color": _GRAY}
    with _styled(style):
        figure = Figure(figsize=_RATES_INCHES, layout="constrained", facecolor=_WHITE)
        axes = figure.add_subplot()
        _draw(axes, runs, zone)
        figure.suptitle(textwrap.fill(title, _TITLE_WIDTH), x=0.01, ha="left", fontsize=11, fontweight="bold")
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower left", ncols=4)
        with replacing_path(path) as beside:
            nothing: Any = {"Date": None} if path.suffix.lower() == ".svg" else {"Software": None}
            figure.savefig(beside, format=path.suffix.lower()[1:], dpi=_DOTS, metadata=nothing)


def _draw(axes: Axes, runs: pl.DataFrame, zone: ZoneInfo | None) -> None:
    is_rate = runs["rate"].is_not_null().any()
    share = pl.col("users") / 100 if is_rate else pl.lit(1.0)
    counted = runs.filter(pl.col("rate" if is_rate else "failed").is_not_null()).with_columns(
        pl.col(name) / share for name in ("failed", "least", "most")
    )
    times: Any = counted["ran"].to_list()
    judged = counted["jump"].is_not_null().to_list()
    low, high = (counted[name].fill_null(0.0).to_numpy() for name in ("least", "most"))
    axes.fill_between(
        times, low, high, where=judged, color=_LINE, alpha=0.18, linewidth=0, label="usual range", step="mid"
    )
    marker = "o" if counted.height <= _MOST_DOTS else ""
    axes.plot(times, counted["failed"], color=_LINE, linewidth=1.3, marker=marker, markersize=3.5, label="failed")
    jumps = counted.filter("jump")
    if jumps.height:
        look: Any = {"color": _JUMP, "marker": "^", "linestyle": "", "markersize": 7}
        axes.plot(jumps["ran"].to_list(), jumps["failed"], label="jump", zorder=3, **look)
    aborted = runs.filter(outcome="aborted")["ran"].to_list()
    # The top of the band of a jump can exceed what there is to see.
    axes.set_ylim(bottom=0, top=_top(counted))
    if aborted:
        axes.plot(
            aborted,
            [0] * len(aborted),
            color=_DARK,
            marker="x",
            linestyle="",
            markersize=6,
            clip_on=False,
            label="aborted run",
            zorder=3,
        )
    locator = AutoDateLocator(minticks=4, maxticks=9, tz=zone)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=zone))  # type: ignore[no-untyped-call]
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=not is_rate))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}{'%' if is_rate else ''}"))
    axes.set_ylabel("users not updated")
    axes.margins(x=0.01)


def _top(counted: pl.DataFrame) -> float:
    judged = counted.filter(pl.col("jump").is_not_null())
    tops: list[float] = [*counted["failed"].drop_nulls(), *judged["most"].drop_nulls()]
    return max([*tops, 0.0]) * 1.08 or 1.0
