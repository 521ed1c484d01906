"""Build the data and titles of the charts over time. Titles claim no more than the numbers show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from math import inf
from statistics import mean
from typing import TYPE_CHECKING

from analyzer.analysis.timeline import weekly_codes
from analyzer.model.job import Outcome
from analyzer.model.language import gettext as _
from analyzer.model.language import ngettext
from analyzer.model.text import count, grouped, listed
from analyzer.report.model import Grid, Line, RunsChart, Series, WeeksChart
from analyzer.report.sentences import day_text, since_text, when_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from analyzer.report.view import Run, View

WEEKS = 26
"""Weeks shown in charts; the table of jobs has older runs too."""

MOST = 7
"""Maximum number of series: colors that readers can distinguish (see ``render.PALETTE``)."""

_WEEK = timedelta(weeks=1)

_FEWEST_RUNS = 4
_CLEAR = 1.25
"""Minimum ratio of two means that counts as a trend."""


def runs_chart(view: View) -> RunsChart | None:
    """Return users not updated per run, one line per feed, for the worst feeds; None if there is no line."""
    runs = [run for run in _timed(view) if run.outcome.ended]
    of_feed: dict[str, list[Run]] = {}
    for run in runs:
        of_feed.setdefault(run.feed, []).append(run)
    counted = [feed for feed in of_feed if any(run.not_updated is not None for run in of_feed[feed])]
    worst = sorted(counted, key=lambda feed: (-sum(run.not_updated or 0 for run in of_feed[feed]), feed))
    if not worst:
        return None
    lines = tuple(
        Line(feed, tuple((run.ran, run.not_updated) for run in of_feed[feed] if run.ran)) for feed in worst[:MOST]
    )
    left_out = len(worst) - len(lines)
    rows = tuple(
        (run.feed, when_text(run, view.zone), _(run.outcome.value), run.not_updated_text) for run in runs[::-1]
    )
    broken = any(None in point for one in lines for point in one.points)
    notes = (
        _("A line is broken where the number is unknown.") if broken else "",
        _("{feeds} with fewer are in the table only.").format(feeds=count(left_out, "feed")) if left_out else "",
        _timing_note(view),
    )
    return RunsChart(
        name="runs",
        title=_clearest_change(of_feed, view.zone),
        note=" ".join(filter(None, notes)),
        y_label=_("users not updated"),
        lines=lines,
        grid=Grid((_("Feed"), _("When"), _("Outcome"), _("Users not updated")), rows),
    )


def outcomes_chart(view: View) -> WeeksChart | None:
    """Return outcomes of runs per week; None if no run has a time."""
    runs = _timed(view)
    totals = Counter(run.outcome for run in runs)
    title = ngettext("{part} of {whole} run succeeded", "{part} of {whole} runs succeeded", len(runs)).format(
        part=grouped(totals[Outcome.succeeded]), whole=grouped(len(runs))
    )
    worst = [f"{grouped(totals[name])} {_(name.value)}" for name in (Outcome.aborted, Outcome.unknown) if totals[name]]
    title += f"; {listed(worst)}" if worst else ""
    counted = {one.value: Counter(_monday(run) for run in runs if run.outcome is one) for one in Outcome if totals[one]}
    return _weekly("outcomes", title, _("runs"), counted, _timing_note(view))


def codes_chart(view: View) -> WeeksChart | None:
    """Return log entries per week by code; None if no job with a time has entries."""
    first = _first_monday(view)
    rows = weekly_codes(view.tables.jobs, view.tables.codes).rows()
    recent = [(week, code, entries) for week, code, entries in rows if first is None or week >= first]
    totals = Counter[str]()
    for _week, code, entries in recent:
        totals[code] += entries
    if not totals:
        return None
    ranked = sorted(totals, key=lambda code: (-totals[code], code))
    kept = ranked if len(ranked) <= MOST else ranked[: MOST - 1]
    counted = {code: Counter[date]() for code in kept}
    for week, code, entries in recent:
        counted.setdefault(code if code in kept else _("other codes"), Counter())[week] += entries
    most, whole = totals[ranked[0]], totals.total()
    title = _("Most entries are {code}: {part} of {whole}")
    if most * 2 <= whole:
        title = _("The most frequent code is {code}: {part} of {whole}")
    title = title.format(code=ranked[0], part=grouped(most), whole=count(whole, "entry", "entries"))
    return _weekly("codes", title, _("log entries"), counted, _timing_note(view))


def small_trend(view: View, feed: str) -> WeeksChart | None:
    """Return users not updated in a feed's last run of each week; None if all numbers are unknown.

    Runs are not added up: that would count a user who fails every night once per night.
    """
    last = {_monday(run): run for run in _timed(view) if run.feed == feed and run.outcome.ended}
    known = {week: run.not_updated for week, run in last.items() if run.not_updated is not None}
    if not known:
        return None
    weeks = sorted(last)
    users = last[weeks[-1]].not_updated_count.users()
    title = _("{feed}: {users} not updated in the last run of the week of {week}")
    if len(weeks) > 1:
        title = _(
            "{feed}: {users} not updated in the last run of the week of {week}, {before} in that of the week of"
            " {earlier}"
        )
    title = title.format(
        feed=feed,
        users=users,
        week=day_text(weeks[-1]),
        before=last[weeks[-2]].not_updated_text if len(weeks) > 1 else "",
        earlier=day_text(weeks[-2]) if len(weeks) > 1 else "",
    )
    # A week without a number keeps its place, without a bar.
    counted = {_("users not updated"): {week: known.get(week, 0) for week in weeks}}
    note = "" if len(known) == len(last) else _("Weeks whose number is unknown have no bar.")
    chart = _weekly("trend", title, _("users"), counted, note)
    if chart is None:
        return None
    texts = {week: run.not_updated_text for week, run in last.items()}
    rows = tuple((day_text(week), texts.get(week, _("no run"))) for week in reversed(chart.weeks))
    return replace(chart, grid=Grid((_("Week of (UTC)"), _("Users not updated")), rows))


@dataclass(frozen=True, slots=True)
class Change:
    """Mean number of users not updated per run, in the earlier and the later half of a feed's runs.

    Attributes:
        since: start of the later half, as text.
    """

    feed: str
    before: float
    after: float
    since: str

    @property
    def is_clear(self) -> bool:
        """Whether the halves differ enough to be called a trend."""
        low, high = sorted((self.before, self.after))
        return high >= 1 and high > low * _CLEAR

    @property
    def words(self) -> str:
        """``hr-feed's failures halved: 21 users a run since 2 Nov 2026, 42 before``."""
        if not self.after:
            verb = _("{feed}'s failures ended")
        elif not self.before:
            verb = _("{feed}'s failures began")
        else:
            steps = (
                (0.4, _("{feed}'s failures fell by more than half")),
                (0.6, _("{feed}'s failures halved")),
                (1, _("{feed}'s failures fell")),
                (1.7, _("{feed}'s failures rose")),
                (2.5, _("{feed}'s failures doubled")),
                (inf, _("{feed}'s failures more than doubled")),
            )
            verb = next(verb for most, verb in steps if self.after / self.before <= most)
        return _("{change}: {after} users a run since {since}, {before} before").format(
            change=verb.format(feed=self.feed), after=_mean(self.after), since=self.since, before=_mean(self.before)
        )


def _change_of(feed: str, runs: Sequence[Run], zone: ZoneInfo | None) -> Change | None:
    """Compare the halves of a feed's runs (oldest first); return None if there are too few.

    Only succeeded and partial runs count: an aborted run affects all users for a single cause, which would hide other
    failures.
    """
    ended = [run for run in runs if run.outcome in {Outcome.succeeded, Outcome.partial}]
    counts = [(run, run.not_updated) for run in ended if run.not_updated is not None]
    if len(counts) < _FEWEST_RUNS:
        return None
    half = len(counts) // 2
    before, after = (mean(number for _, number in part) for part in (counts[:half], counts[half:]))
    return Change(feed, before, after, since_text(counts[half][0], zone))


def _clearest_change(of_feed: Mapping[str, Sequence[Run]], zone: ZoneInfo | None) -> str:
    """Return the title of the runs chart: the largest clear change of a feed, or that there is none."""
    changes = [change for feed, runs in of_feed.items() if (change := _change_of(feed, runs, zone))]
    clear = [change for change in changes if change.is_clear]
    if clear:
        return min(clear, key=lambda one: (-abs(one.after - one.before), one.feed)).words
    if changes:
        return _("Users not updated per run: no clear trend")
    return _("Users not updated per run: too few runs for a trend")


def _mean(users: float) -> str:
    return grouped(users, 0 if users >= 10 or users == int(users) else 1)  # noqa: PLR2004 - small means need a decimal


def _timing_note(view: View) -> str:
    """Return a note on runs whose time is a bound or unknown."""
    notes = []
    if any(run.ran_is_bound for run in _timed(view)):
        notes.append(_('Runs for which only a bound is known ("by", "after") are placed at the bound.'))
    unknown = sum(run.earliest is None and run.retry_of is None for run in view.runs)
    if unknown:
        notes.append(_("Not counted: {runs} of unknown time.").format(runs=count(unknown, "run")))
    return " ".join(notes)


def _weekly(
    name: str, title: str, y_label: str, counted: Mapping[str, Mapping[date, int]], note: str
) -> WeeksChart | None:
    """Return a chart of ``counted`` (numbers by series and week), without gaps between weeks; None if it is empty."""
    known = {week for weeks in counted.values() for week in weeks}
    if not known:
        return None
    first, last = min(known), max(known)
    weeks = tuple(first + step * _WEEK for step in range((last - first) // _WEEK + 1))
    series = tuple(Series(one, tuple(numbers.get(week, 0) for week in weeks)) for one, numbers in counted.items())
    cells = zip(*([grouped(number) for number in one.values] for one in series), strict=True)
    rows = tuple((day_text(week), *row) for week, row in zip(weeks, cells, strict=True))
    head = (_("Week of (UTC)"), *(_(one) for one in counted))
    return WeeksChart(name, title, note, y_label, weeks, series, Grid(head, rows[::-1]))


def _timed(view: View) -> list[Run]:
    """Return the runs of the last ``WEEKS`` weeks that have a time, without retries."""
    first = _first_monday(view)
    return [run for run in _placed(view) if first is not None and _monday(run) >= first]


def _first_monday(view: View) -> date | None:
    newest = max((_monday(run) for run in _placed(view)), default=None)
    return newest - (WEEKS - 1) * _WEEK if newest else None


def _placed(view: View) -> list[Run]:
    return [run for run in view.feed_runs if run.earliest is not None and run.retry_of is None]


def _monday(run: Run) -> date:
    day = run.ran.astimezone(UTC).date() if run.ran else date.min
    return day - timedelta(days=day.weekday())
