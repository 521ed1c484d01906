"""What the charts over time show, and the titles that say it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from statistics import mean
from typing import TYPE_CHECKING

from analyzer.analysis.timeline import weekly_codes
from analyzer.model.outcome import Outcome, not_updated_text
from analyzer.model.text import count
from analyzer.report.model import Grid, Line, RunsChart, Series, WeeksChart
from analyzer.report.texts import DASH, day_text, since_text, when_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from analyzer.report.view import Run, View


WEEKS = 26
"""How far back charts go; older runs are in the table of jobs."""

MOST = 7
"""Series that colours can tell apart (see ``charts``)."""

NO_RUN = "no run"

_WEEK = timedelta(weeks=1)


def runs_chart(view: View) -> RunsChart | None:
    """Users not updated per run, a line a feed; the feeds hit hardest where they are many. None without a line."""
    runs = [run for run in _timed(view) if run.outcome.ended]
    of_feed: dict[str, list[Run]] = {}
    for run in runs:
        of_feed.setdefault(run.feed, []).append(run)
    counted = [feed for feed in of_feed if any(run.not_updated is not None for run in of_feed[feed])]
    hit = sorted(counted, key=lambda feed: (-sum(run.not_updated or 0 for run in of_feed[feed]), feed))
    lines = tuple(Line(feed, tuple(_point(run) for run in of_feed[feed])) for feed in hit[:MOST])
    left_out = len(hit) - len(lines)
    fewer = f"{count(left_out, 'feed')} with fewer are in the table only." if left_out else ""
    rows = tuple((run.feed, when_text(run, view.zone), run.outcome.value, _number(run)) for run in reversed(runs))
    return (
        RunsChart(
            name="runs",
            title=verdict(of_feed, view.zone),
            note=" ".join(filter(None, (_broken(lines), fewer, _placing(view)))),
            y_label="users not updated",
            lines=lines,
            grid=Grid(("Feed", "When", "Outcome", "Users not updated"), rows),
        )
        if lines
        else None
    )


def outcomes_chart(view: View) -> WeeksChart | None:
    """Outcomes of runs per week; None without a run that has a time."""
    counted = Counter((_monday(run), run.outcome.value) for run in _timed(view))
    totals = Counter(run.outcome for run in _timed(view))
    clean = totals[Outcome.succeeded]
    title = f"{clean:,} of {count(totals.total(), 'run')} succeeded"
    worst = [f"{totals[name]:,} {name.value}" for name in (Outcome.aborted, Outcome.unknown) if totals[name]]
    title += f"; {' and '.join(worst)}" if worst else ""
    names = [outcome.value for outcome in Outcome if totals[outcome]]
    return _placed_in(view, _weekly("outcomes", title, "runs", names, counted))


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
    return _placed_in(view, _weekly("codes", title, "log entries", names, merged))


def small_trend(view: View, feed: str) -> WeeksChart | None:
    """Users not updated in the last run of each week of a feed; None without a run whose users are known.

    Runs are not added up: a user who fails every night would count every night.
    """
    runs = [run for run in _timed(view) if run.feed == feed and run.outcome.ended]
    last = {_monday(run): run for run in runs}
    known = {week: run.not_updated for week, run in last.items() if run.not_updated is not None}
    if not known:
        return None
    weeks = sorted(last)
    users = last[weeks[-1]].not_updated_count.users()
    title = f"{feed}: {users} not updated in the last run of the week of {day_text(weeks[-1])}"
    if len(weeks) > 1:
        title += f", {_number(last[weeks[-2]])} in that of the week of {day_text(weeks[-2])}"
    # A week without a number has no bar, and keeps its place.
    counted = {(week, "users not updated"): known.get(week, 0) for week in weeks}
    chart = _weekly("trend", title, "users not updated", ["users not updated"], counted)
    if chart is None:
        return None
    rows = tuple((day_text(week), _number(last[week]) if week in last else NO_RUN) for week in reversed(chart.weeks))
    note = "" if len(known) == len(last) else "Weeks whose number is unknown have no bar."
    return replace(chart, note=note, grid=Grid(("Week of (UTC)", "Users not updated"), rows))


def _number(run: Run) -> str:
    return not_updated_text(run.outcome, run.not_updated, run.named_users, dash=DASH)


def _placed_in(view: View, chart: WeeksChart | None) -> WeeksChart | None:
    return replace(chart, note=_placing(view)) if chart else None


def _placing(view: View) -> str:
    """How runs whose time is a bound, or unknown, are placed in a chart."""
    notes = []
    if any(run.ran_is_bound for run in _timed(view)):
        notes.append('A run of which only a bound is known ("by", "after") is placed at the bound.')
    unknown = sum(run.earliest is None and run.retry_of is None for run in view.runs)
    if unknown:
        notes.append(f"Not counted: {count(unknown, 'run')} of unknown time.")
    return " ".join(notes)


def _broken(lines: Sequence[Line]) -> str:
    gap = any(users is None for line in lines for _, users in line.points)
    return "A line is broken where the number is unknown." if gap else ""


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


_FEWEST_RUNS = 4
_CLEAR = 1.25
"""Means that differ by less than a quarter are no trend."""


@dataclass(frozen=True, slots=True)
class Change:
    """Users not updated a run, on average, in the earlier half of a feed's runs and in the later, since ``since``."""

    feed: str
    before: float
    after: float
    since: str

    @property
    def clear(self) -> bool:
        """Whether the halves differ enough to be called a trend."""
        low, high = sorted((self.before, self.after))
        return high >= 1 and high > low * _CLEAR


def change_of(feed: str, runs: Sequence[Run], zone: ZoneInfo | None) -> Change | None:
    """Compares a feed's runs, the oldest first; None where too few of them tell.

    Only runs that ended with a verdict on each user tell: an aborted run hits everybody for one cause, and would drown
    what the feed's failures do.
    """
    told = [run for run in runs if run.outcome in {Outcome.succeeded, Outcome.partial} and run.not_updated is not None]
    if len(told) < _FEWEST_RUNS:
        return None
    half = len(told) // 2
    before = mean(run.not_updated or 0 for run in told[:half])
    after = mean(run.not_updated or 0 for run in told[half:])
    return Change(feed, before, after, since_text(told[half], zone))


def verdict(of_feed: Mapping[str, Sequence[Run]], zone: ZoneInfo | None) -> str:
    """The title of the chart of runs: the clearest change of a feed, or that there is none."""
    changes = [change for feed, runs in of_feed.items() if (change := change_of(feed, runs, zone))]
    clear = sorted(
        (change for change in changes if change.clear), key=lambda one: (-abs(one.after - one.before), one.feed)
    )
    if clear:
        return words(clear[0])
    if changes:
        return "Users not updated per run: no clear trend"
    return "Users not updated per run: too few runs for a trend"


def words(change: Change) -> str:
    """``hr-feed's failures halved: 21 users a run since 2 Nov 2026, 42 before``."""
    numbers = f"{_mean_text(change.after)} users a run since {change.since}, {_mean_text(change.before)} before"
    return f"{change.feed}'s failures {_verb(change)}: {numbers}"


def _verb(change: Change) -> str:
    if not change.after:
        return "ended"
    if not change.before:
        return "began"
    ratio = change.after / change.before
    steps = ((0.4, "fell by more than half"), (0.6, "halved"), (1, "fell"), (1.7, "rose"), (2.5, "doubled"))
    return next((verb for most, verb in steps if ratio <= most), "more than doubled")


def _mean_text(mean_users: float) -> str:
    return f"{mean_users:,.0f}" if mean_users >= 10 or mean_users == int(mean_users) else f"{mean_users:.1f}"  # noqa: PLR2004 - small means need a decimal
