"""Draw the runs of a feed as a picture: deterministic, and with its text escaped by matplotlib."""

from __future__ import annotations

import contextlib
import textwrap
import warnings
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import polars as pl
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analyzer.storage.files import replacing_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from matplotlib.axes import Axes


# Okabe and Ito's colors for all kinds of color vision, https://jfly.uni-koeln.de/color/
_LINE, _JUMP = "#0072B2", "#D55E00"
_DARK, _GRAY, _WHITE = "#24292f", "#d0d7de", "#ffffff"

_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "upa-analyzer",
    "text.parse_math": False,  # a feed may be called $x_1$
    "font.family": ["sans-serif"],
    "font.size": 10,
    "text.color": _DARK,
    "axes.edgecolor": _GRAY,
    "axes.labelcolor": _DARK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": _GRAY,
    "grid.linewidth": 0.6,
    "xtick.color": _DARK,
    "ytick.color": _DARK,
    "legend.frameon": False,
    "legend.fontsize": 9,
}

_RATES_INCHES, _DOTS = (9, 4.5), 160
_TITLE_WIDTH = 92
_MOST_DOTS = 80
"""Runs up to which each has a dot."""


@contextlib.contextmanager
def _styled() -> Iterator[None]:
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # matplotlib measures letters that its font lacks wrongly, but viewers draw them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        yield


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
    with _styled():
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
