"""Place numbers in small charts: from rows to coordinates, which the templates draw as SVG.

A chart of a year is a few kilobytes: a line is one path, and a strip over several runs links to the worst of them.
"""

from __future__ import annotations

import math
from itertools import groupby, pairwise
from statistics import median
from typing import TYPE_CHECKING

from analyzer.model.text import grouped
from analyzer.report.index_model import Panel, Plot, Spark, Strip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analyzer.report.index_model import TrendPoint


MOST_STRIPS = 90
"""Strips of a chart; of more runs, several share a strip."""

_STEEP = 20
"""Ratio of the maximum to the median above which the maximum is drawn as beyond the chart."""

_TENTH = 10
_NICE = (1, 2, 2.5, 5, 10)

SPARK_RUNS = 30
"""Runs of a sparkline."""


def spark(values: Sequence[float | None], aborted: Sequence[bool], width: int = 168, height: int = 34) -> Spark:
    """Return a sparkline of a feed's newest runs.

    Args:
        values: a number for each run, the oldest first; None leaves a gap.
        aborted: whether each run was aborted.
        width: in pixels.
        height: in pixels.
    """
    values, aborted = values[-SPARK_RUNS:], aborted[-SPARK_RUNS:]
    most = max((one for one in values if one), default=1)
    step = (width - 8) / max(len(values) - 1, 1)
    x = [4 + step * at for at in range(len(values))] if len(values) > 1 else [width - 4.0]
    low = height - 4
    y = [None if one is None else low - one / most * (low - 4) for one in values]
    known = [(left, down) for left, down in zip(x, y, strict=True) if down is not None]
    marks = "".join(f"M{_at(left)} {height}v-7" for left, was in zip(x, aborted, strict=True) if was)
    return Spark(width, height, _path(x, y), marks, (round(known[-1][0], 1), round(known[-1][1], 1)) if known else None)


WIDTH, HEIGHT = 340, 170
_RATE, _OPEN = (14.0, 92.0), (118.0, 152.0)
"""Upper edge and axis of the panels."""


def trend_plot(
    points: Sequence[TrendPoint], names: tuple[str, str], strips: Sequence[Strip], days: tuple[str, str]
) -> Plot:
    """Return the chart of a feed's runs.

    Args:
        points: the runs, the oldest first; at least one.
        names: of the panels: failed users, open users.
        strips: from ``strips_of``.
        days: texts of the first and last day.
    """
    x = places(points)
    is_rate = any(one.rate is not None for one in points)
    failed = [one.rate if is_rate else one.failed for one in points]
    edges = [(_shared(one, one.least, is_rate), _shared(one, one.most, is_rate)) for one in points]
    scale = _scale([one for one in failed if one is not None], [high for _, high in edges if high is not None])
    scale = scale if is_rate else max(scale, 1.0)
    down = _down(scale, *_RATE)
    rate = Panel(
        name=names[0],
        top=_RATE[0],
        bottom=_RATE[1],
        most=f"{100 * scale:.3g}%" if is_rate else grouped(scale),
        line=_path(x, [down(one) for one in failed]),
        band=_band(x, [(down(low), down(high)) for low, high in edges]),
        beyond=_beyond(x, failed, scale, _RATE[0]),
    )
    users = [one.open for one in points]
    most = max(_scale([one for one in users if one is not None]), 1.0)
    down = _down(most, *_OPEN)
    is_open = Panel(
        name=names[1],
        top=_OPEN[0],
        bottom=_OPEN[1],
        most=grouped(most),
        line=_path(x, [down(one) for one in users]),
        beyond=_beyond(x, users, most, _OPEN[0]),
    )
    aborted = "".join(
        f"M{_at(left - 2.5)} {_RATE[1] - 2.5}l5 5m0-5l-5 5"
        for left, one in zip(x, points, strict=True)
        if one.is_aborted
    )
    return Plot(WIDTH, HEIGHT, (rate, is_open), aborted, tuple(strips), *days)


def places(points: Sequence[TrendPoint]) -> list[float]:
    """Return the x of each run, by its time."""
    first, last = points[0].ran, points[-1].ran
    span = (last - first).total_seconds()
    if not span:
        return [WIDTH / 2] * len(points)
    return [6 + (one.ran - first).total_seconds() / span * (WIDTH - 12) for one in points]


def strips_of(
    points: Sequence[TrendPoint], href: Callable[[TrendPoint], str], title: Callable[[Sequence[TrendPoint]], str]
) -> tuple[Strip, ...]:
    """Return the strips of a chart: one for each run, or for a few in a row if there are many.

    Args:
        points: the runs, the oldest first.
        href: returns the address of a run's page.
        title: returns what happened in some runs, of which the worst is the first.
    """
    x = places(points)
    each = -(-len(points) // MOST_STRIPS)
    groups = [range(at, min(at + each, len(points))) for at in range(0, len(points), each)]
    edges = [0.0]
    edges += [(x[one[-1]] + x[other[0]]) / 2 for one, other in pairwise(groups)]
    edges.append(float(WIDTH))
    strips = []
    for (left, right), group in zip(pairwise(edges), groups, strict=True):
        ordered = sorted((points[at] for at in group), key=_badness)
        strips.append(Strip(round(left, 1), round(right - left, 1), href(ordered[0]), title(ordered)))
    return tuple(strips)


def _badness(point: TrendPoint) -> tuple[bool, bool, float]:
    return not point.is_aborted, point.failed is not None, -(point.failed or 0)


def _shared(point: TrendPoint, number: int | None, is_rate: bool) -> float | None:
    if number is None or point.jump is None:
        return None
    if not is_rate:
        return number
    return number / point.users if point.users else None


def _scale(values: Sequence[float], usual: Sequence[float] = ()) -> float:
    """Return the value at the upper edge: a round number.

    If one value would flatten all others, it is beyond the edge; so is the part of the usual range that is far above
    every value, as it is for a feed's first runs.
    """
    positive = [one for one in values if one]
    most = max(positive, default=0.0)
    if positive and most > _STEEP * median(positive):
        most = min(most, 2 * sorted(positive)[-(-9 * len(positive) // _TENTH) - 1])
    most = max(most, min(max(usual, default=0.0), 2 * most or math.inf))
    return _rounded(most) if most else 0.01


def _rounded(value: float) -> float:
    power = 1.0
    while power * _TENTH <= value:
        power *= _TENTH
    while power > value:
        power /= _TENTH
    return next(power * step for step in _NICE if power * step >= value * (1 - 1e-9))


def _down(scale: float, top: float, bottom: float) -> Callable[[float | None], float | None]:
    return lambda value: None if value is None else bottom - min(value / scale, 1) * (bottom - top)


def _path(x: Sequence[float], y: Sequence[float | None]) -> str:
    """Return a line with gaps; a point between two gaps is a short line."""
    parts = []
    for known, places_ in groupby(zip(x, y, strict=True), key=lambda place: place[1] is not None):
        if known:
            line = [f"{_at(left)} {_at(down)}" for left, down in places_ if down is not None]
            parts.append(f"M{'L'.join(line)}" if len(line) > 1 else f"M{line[0]}m-2 0h4")
    return "".join(parts)


def _band(x: Sequence[float], edges: Sequence[tuple[float | None, float | None]]) -> str:
    parts = []
    for known, places_ in groupby(zip(x, edges, strict=True), key=lambda place: None not in place[1]):
        if known:
            run = [(left, low, high) for left, (low, high) in places_ if low is not None and high is not None]
            run = run if len(run) > 1 else [(run[0][0] - 2, *run[0][1:]), (run[0][0] + 2, *run[0][1:])]
            over = [f"{_at(left)} {_at(high)}" for left, _, high in run]
            under = [f"{_at(left)} {_at(low)}" for left, low, _ in reversed(run)]
            parts.append(f"M{'L'.join(over + under)}Z")
    return "".join(parts)


def _beyond(x: Sequence[float], values: Sequence[float | None], scale: float, top: float) -> str:
    found = (left for left, one in zip(x, values, strict=True) if one is not None and one > scale * (1 + 1e-9))
    return "".join(f"M{_at(left - 3)} {top - 1}h6l-3-5Z" for left in found)


def _at(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
