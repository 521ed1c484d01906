"""What the charts over time show, and the titles that say it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING

from analyzer.analysis.outcome import FAILED, Outcome
from analyzer.analysis.timeline import weekly_codes
from analyzer.report.rows import Grid, Line, RunsChart, Series, WeeksChart
from analyzer.report.times import day_text, when_text
from analyzer.report.toll import toll_text
from analyzer.report.verdict import verdict
from analyzer.words import count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from analyzer.report.view import Run, View

WEEKS = 26
"""How far back charts go; older runs are in the table of jobs."""

MOST = 7
"""Series that colours can tell apart (see ``charts``)."""

_WEEK = timedelta(weeks=1)


def runs_chart(view: View) -> RunsChart | None:
    """Users not updated per run, a line a feed; the feeds hit hardest where they are many. None without a line."""
    runs = [run for run in _timed(view) if run.ended]
    of_feed: dict[str, list[Run]] = {}
    for run in runs:
        of_feed.setdefault(run.feed, []).append(run)
    told = [feed for feed in of_feed if any(run.not_updated is not None for run in of_feed[feed])]
    hit = sorted(told, key=lambda feed: (-sum(run.not_updated or 0 for run in of_feed[feed]), feed))
    lines = tuple(Line(feed, tuple(_point(run) for run in of_feed[feed])) for feed in hit[:MOST])
    left_out = len(hit) - len(lines)
    rows = tuple((run.feed, when_text(run, view.zone), run.outcome.value, toll_text(run)) for run in reversed(runs))
    return (
        RunsChart(
            name="runs",
            title=verdict(of_feed, view.zone),
            note=_broken(lines) + (f"{count(left_out, 'feed')} with fewer are in the table only." if left_out else ""),
            y_label="users not updated",
            lines=lines,
            grid=Grid(("Feed", "When", "Outcome", "Users not updated"), rows),
        )
        if lines
        else None
    )


def outcomes_chart(view: View) -> WeeksChart | None:
    """Outcomes of jobs per week; None without a job that has a time."""
    counted = Counter((_monday(run), run.outcome.value) for run in _timed(view))
    totals = Counter(run.outcome for run in _timed(view))
    clean = totals[Outcome.succeeded]
    title = f"{clean:,} of {count(totals.total(), 'job')} succeeded"
    worst = [f"{totals[name]:,} {name.value}" for name in (Outcome.aborted, Outcome.unknown) if totals[name]]
    title += f"; {' and '.join(worst)}" if worst else ""
    names = [outcome.value for outcome in Outcome if totals[outcome]]
    return _weekly("outcomes", title, "jobs", names, counted)


def codes_chart(view: View) -> WeeksChart | None:
    """Log entries per week by code; None without an entry in a job that has a time."""
    first = _first_monday(view)
    rows = weekly_codes(view.tables.jobs, view.tables.entries).rows()
    counted = Counter({(week, code): entries for week, code, entries in rows if first is None or week >= first})
    totals: Counter[str] = Counter()
    for (_, code), entries in counted.items():
        totals[code] += entries
    if not totals:
        return None
    ranked = [code for code, _ in sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))]
    kept = ranked if len(ranked) <= MOST else ranked[: MOST - 1]
    merged = Counter[tuple[date, str]]()
    for (week, code), entries in counted.items():
        merged[week, code if code in kept else "other codes"] += entries
    most, whole = totals[ranked[0]], totals.total()
    share = f"{most:,} of {count(whole, 'entry', 'entries')}"
    title = f"{'Most entries are' if most * 2 > whole else 'The commonest code is'} {ranked[0]}: {share}"
    names = kept if len(kept) == len(ranked) else [*kept, "other codes"]
    return _weekly("codes", title, "log entries", names, merged)


def small_trend(view: View) -> WeeksChart | None:
    """Users not updated per week, all feeds together; None without a run whose users are known."""
    known = [run for run in _timed(view) if run.not_updated is not None]
    counted: Counter[tuple[date, str]] = Counter()
    for run in known:
        counted[_monday(run), "users not updated"] += run.not_updated or 0
    weeks = sorted({week for week, _ in counted})
    if not weeks:
        return None
    unknown = {_monday(run) for run in _timed(view) if run.not_updated is None and run.outcome in FAILED}
    last = counted[weeks[-1], "users not updated"]
    title = f"{_at_least(weeks[-1], unknown)}{count(last, 'user')} not updated in the week of {day_text(weeks[-1])}"
    if len(weeks) > 1:
        before = counted[weeks[-2], "users not updated"]
        title += f", {_at_least(weeks[-2], unknown).lower()}{before:,} in the week of {day_text(weeks[-2])}"
    chart = _weekly("trend", title, "users not updated", ["users not updated"], counted)
    return _with_bounds(chart, unknown) if chart and unknown else chart


def _with_bounds(chart: WeeksChart, unknown: Collection[date]) -> WeeksChart:
    """The chart with a word on the weeks in which nobody can say how many users a run left out."""
    bounds = [_at_least(week, unknown) for week in reversed(chart.weeks)]
    rows = tuple((week, f"{bound}{users}") for bound, (week, users) in zip(bounds, chart.grid.rows, strict=True))
    note = "Runs of which nobody can say how many are not counted."
    return replace(chart, note=note, grid=replace(chart.grid, rows=rows))


def _at_least(week: date, unknown: Collection[date]) -> str:
    return "At least " if week in unknown else ""


def _broken(lines: Sequence[Line]) -> str:
    gap = any(users is None for line in lines for _, users in line.points)
    return "A line is broken where nobody can say. " if gap else ""


def _weekly(
    name: str, title: str, y_label: str, names: Sequence[str], counted: Mapping[tuple[date, str], int]
) -> WeeksChart | None:
    if not counted:
        return None
    weeks = _without_gaps(week for week, _ in counted)
    rows = tuple(
        (day_text(week), *(f"{counted.get((week, series), 0):,}" for series in names)) for week in reversed(weeks)
    )
    return WeeksChart(
        name=name,
        title=title,
        note="",
        y_label=y_label,
        weeks=weeks,
        series=tuple(Series(series, tuple(counted.get((week, series), 0) for week in weeks)) for series in names),
        grid=Grid(("Week of (UTC)", *names), rows),
    )


def _timed(view: View) -> list[Run]:
    first = _first_monday(view)
    return [run for run in _placed(view) if first is not None and _monday(run) >= first]


def _first_monday(view: View) -> date | None:
    newest = max((_monday(run) for run in _placed(view)), default=None)
    return newest - (WEEKS - 1) * _WEEK if newest else None


def _placed(view: View) -> list[Run]:
    """Return the runs that have a place in time; a retry is no run of a feed."""
    return [run for run in view.runs if run.earliest is not None and run.retry_of is None]


def _monday(run: Run) -> date:
    day = run.ran.astimezone(UTC).date() if run.ran else date.min
    return day - timedelta(days=day.weekday())


def _without_gaps(weeks: Iterable[date]) -> tuple[date, ...]:
    known = sorted(set(weeks))
    steps = (known[-1] - known[0]) // _WEEK
    return tuple(known[0] + step * _WEEK for step in range(steps + 1))


def _point(run: Run) -> tuple[datetime, int | None]:
    if run.ran is None:
        raise ValueError(f"{run.job_id} has no time")
    return run.ran, run.not_updated
