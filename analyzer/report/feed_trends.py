"""Show how each feed develops: the runs of its chart, a title that they bear out, and the change in four weeks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from analyzer.history.trends import feed_trends
from analyzer.model.job import Outcome
from analyzer.model.language import gettext as _
from analyzer.model.language import ngettext
from analyzer.model.text import grouped
from analyzer.report.calendar import day_of
from analyzer.report.index_model import Trend, TrendPoint
from analyzer.report.plots import strips_of, trend_plot
from analyzer.report.sentences import day_text
from analyzer.report.view import page_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.report.view import View

SHOWN = timedelta(days=366)
"""Time before a library's newest run that charts show; the table of jobs has older runs, too."""

_FOUR_WEEKS = timedelta(weeks=4)
_STEADY = 2


def points_by_feed(view: View) -> dict[str, tuple[TrendPoint, ...]]:
    """Return the runs of each feed that its chart shows, the oldest first."""
    found: dict[str, tuple[TrendPoint, ...]] = {}
    unknown = _unknown_by_feed(view)
    for trend in feed_trends(view.tables, view.tables.jobs, None):
        runs = trend.runs.filter(pl.col("ran") >= pl.col("ran").max() - SHOWN).sort("ran", maintain_order=True)
        columns = ("job_id", "ran", "outcome", "users", "failed", "rate", "least", "most", "jump", "open")
        points = [TrendPoint(*row) for row in runs.select(columns).iter_rows()]
        points += [one for one in unknown.get(trend.feed, ()) if one.ran >= points[-1].ran - SHOWN]
        found[trend.feed] = tuple(sorted(points, key=lambda one: one.ran))
    return found


def _unknown_by_feed(view: View) -> dict[str, list[TrendPoint]]:
    """Return the runs of each feed that have ended in a way that says nothing of users: gaps of its chart."""
    found: dict[str, list[TrendPoint]] = {}
    for run in view.feed_runs:
        if run.outcome is Outcome.unknown and run.retry_of is None and run.ran is not None:
            none = dict.fromkeys(("failed", "rate", "least", "most", "jump", "open"))
            point = TrendPoint(run.job_id, run.ran, run.outcome.value, run.users, **none)
            found.setdefault(run.feed, []).append(point)
    return found


def trend_of(view: View, feed: str, points: tuple[TrendPoint, ...]) -> Trend:
    """Return the chart of a feed's runs; at least one."""
    is_rate = any(one.rate is not None for one in points)
    names = (_("Failed, share of users") if is_rate else _("Failed users"), _("Open users"))
    strips = strips_of(
        points, lambda point: f"jobs/{page_name(point.job_id)}", lambda several: _strip_title(view, several)
    )
    days = (_day(view, points[0]), _day(view, points[-1]) if len(points) > 1 else "")
    return Trend(feed, trend_title(view, points), points, trend_plot(points, names, strips, days))


def trend_title(view: View, points: Sequence[TrendPoint]) -> str:
    """Return what a feed's runs show, without its name: ``58 → 12 failed users since 26 Oct 2026``."""
    newest, aborted = points[-1], sum(one.is_aborted for one in points)
    counted = [one for one in points if one.failed is not None]
    if newest.is_aborted:
        text = ngettext(
            "{aborted} of {runs} run aborted, the newest on {day}",
            "{aborted} of {runs} runs aborted, the newest on {day}",
            len(points),
        )
        return text.format(aborted=grouped(aborted), runs=grouped(len(points)), day=_day(view, newest))
    if not counted:
        return _("no run shows how many users failed")
    return _title_of_counted(view, counted, _zero_since(points))


def _title_of_counted(view: View, counted: Sequence[TrendPoint], since: TrendPoint) -> str:
    last, before = counted[-1], earlier(counted)
    failed = last.failed or 0
    users = ngettext("{failed} failed user", "{failed} failed users", failed).format(failed=grouped(failed))
    day, most = _day(view, last), grouped(last.most or 0)
    if last.jump:
        return _("{users} on {day}, usually at most {most}").format(users=users, day=day, most=most)
    if before is None:
        return _("{users} on {day}").format(users=users, day=day)
    if not failed and since.ran < last.ran:
        return _("no failed users since {day}").format(day=_day(view, since))
    then = _day(view, before)
    if before.failed == failed:
        return _("{users}, as on {day}").format(users=users, day=then)
    return _("{before} → {users} since {day}").format(before=grouped(before.failed or 0), users=users, day=then)


def change_text(view: View, points: Sequence[TrendPoint]) -> str:
    """Return an arrow and what a feed's newest number is compared with: ``↓ from 58 on 26 Oct 2026``."""
    aborted = [one for one in points if one.is_aborted]
    if points and points[-1].is_aborted:
        if len(aborted) > 1:
            return _("also aborted on {day}").format(day=_day(view, aborted[-2]))
        return _("first abort since {day}").format(day=_day(view, points[0])) if len(points) > 1 else ""
    before, now = earlier(points), points[-1].failed if points else None
    if before is None or before.failed is None or now is None:
        return ""
    if abs(now - before.failed) <= _STEADY and now and before.failed:
        return _("→ steady: {number} on {day}").format(number=grouped(before.failed), day=_day(view, before))
    if now == before.failed:
        return _("→ steady")
    text = _("↓ from {number} on {day}") if now < before.failed else _("↑ from {number} on {day}")
    return text.format(number=grouped(before.failed), day=_day(view, before))


def earlier(points: Sequence[TrendPoint]) -> TrendPoint | None:
    """Return the run with which the newest known number is compared: the one closest to four weeks before."""
    counted = [one for one in points if one.failed is not None]
    if len(counted) <= 1:
        return None
    wanted = counted[-1].ran - _FOUR_WEEKS
    return min(counted[:-1], key=lambda one: abs(one.ran - wanted))


def _zero_since(points: Sequence[TrendPoint]) -> TrendPoint:
    """Return the first of the newest runs without a failed user, all of which are known; else the newest run."""
    since = points[-1]
    for one in reversed(points):
        if one.failed != 0:
            break
        since = one
    return since


def _strip_title(view: View, several: Sequence[TrendPoint]) -> str:
    """Return what happened in some runs, the worst first."""
    worst = several[0]
    if worst.is_aborted:
        text = _("aborted")
    elif worst.failed is None:
        text = _("failed users unknown")
    elif worst.users and worst.failed <= worst.users:
        text = _("{failed} of {users} failed").format(failed=grouped(worst.failed), users=grouped(worst.users))
    else:
        text = _("{failed} failed").format(failed=grouped(worst.failed))
    if worst.most is not None and worst.least is not None:
        text = _("{text} (usually {least} to {most})").format(
            text=text, least=grouped(worst.least), most=grouped(worst.most)
        )
    if worst.open is not None:
        text = _("{text}, {open} open").format(text=text, open=grouped(worst.open))
    if len(several) == 1:
        return f"{_day(view, worst)}: {text}"
    ran = sorted(several, key=lambda one: one.ran)
    return _("{first} to {last}, the worst on {day}: {text}").format(
        first=_day(view, ran[0]), last=_day(view, ran[-1]), day=_day(view, worst), text=text
    )


def _day(view: View, point: TrendPoint) -> str:
    run = view.by_id.get(point.job_id)
    return day_text((run and day_of(run, view.zone)) or point.ran)
