"""Build the first page: how each feed is, what to do, how the feeds develop, the calendar, and all jobs."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING

from analyzer.analysis.timeline import HOW_KNOWN
from analyzer.model.job import Outcome
from analyzer.model.language import gettext as _
from analyzer.model.language import ngettext
from analyzer.model.text import grouped, listed, listed_first, weekdays
from analyzer.report.calendar import months_of
from analyzer.report.feed_lines import Feeds, run_words
from analyzer.report.feed_trends import points_by_feed, trend_of
from analyzer.report.index_model import IndexPage
from analyzer.report.jobs_data import jobs_data
from analyzer.report.rows import frame_of, job_row
from analyzer.report.sentences import LETTERS, when_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from analyzer.history.feeds import FeedHealth
    from analyzer.report.calendar import DayPages
    from analyzer.report.feed_lines import RunWords
    from analyzer.report.view import Run, View

JOBS_SHOWN = 100
"""Jobs that are rows of the page itself; its script shows the others."""

TRENDS_SHOWN = 12
_FEEDS_NAMED = 4
"""Feeds named in the verdict."""


def index_page(
    view: View,
    days: DayPages = MappingProxyType({}),
    words: Callable[[View, Run], RunWords] = run_words,
    *,
    is_alone: bool = False,
) -> IndexPage:
    """Return the first page.

    Args:
        view: what it is made from.
        days: the days that have a page.
        words: returns ``run_words``, perhaps as it was made before.
        is_alone: whether no other page is beside it, so that it leads to none.
    """
    feeds = Feeds(view, words)
    points = points_by_feed(view)
    names = [health.status.feed for health in feeds.active]
    charted = [name for name in names if points.get(name)]
    runs = [*reversed(view.runs)]
    rows = [job_row(view, run) for run in runs]
    known = {run.ran_from for run in runs}
    left_out = len(charted) - TRENDS_SHOWN
    return IndexPage(
        frame=frame_of(view),
        lead=lead(view, feeds),
        notes=tuple(_notes(view, feeds)),
        feeds=tuple(feeds.lines(points)),
        actions=tuple(feeds.actions()),
        trends=tuple(trend_of(view, name, points[name]) for name in charted[:TRENDS_SHOWN]),
        trends_note=_trends_note(left_out),
        months=months_of(view, days),
        weekdays=tuple(weekdays()),
        jobs=tuple(rows[:JOBS_SHOWN]),
        jobs_total=len(rows),
        jobs_data=jobs_data(rows, runs, linked=not is_alone),
        messages=json.dumps(_messages(), ensure_ascii=False),
        has_retries=any(run.retry_of is not None for run in runs),
        feed_names=tuple(sorted({run.feed for run in runs})),
        outcomes=tuple(outcome.value for outcome in Outcome if any(run.outcome is outcome for run in runs)),
        footnotes=tuple((LETTERS[how], _(words_)) for how, words_ in HOW_KNOWN.items() if how in known),
        has_people=not is_alone and any(run.named_users for run in runs),
    )


def lead(view: View, feeds: Feeds) -> str:
    """Return the verdict; it doesn't add up numbers of several feeds."""
    if not view.runs:
        return _("The library has no jobs. Run upa-analyzer pull first.")
    if worst := feeds.in_need():
        return _in_need(feeds, worst)
    ended = [health for health in feeds.active if feeds.newest(health)]
    if len(feeds.active) == len(ended) == 1:
        return _("{feed} is up to date: no user is open").format(feed=ended[0].status.feed)
    if ended:
        return _("All {number} feeds are up to date: no user is open").format(number=grouped(len(feeds.active)))
    running = sum(not run.outcome.ended for run in view.runs)
    if not running:
        return _("No feed is active: there are only retries, or feeds that no longer run")
    text = ngettext(
        "No run has ended yet: {number} job is still running",
        "No run has ended yet: {number} jobs are still running",
        running,
    )
    return text.format(number=grouped(running))


def _in_need(feeds: Feeds, worst: Sequence[FeedHealth]) -> str:
    total = len(feeds.active)
    if total == 1:
        return _("{feed} needs attention: {why}").format(feed=worst[0].status.feed, why=feeds.need(worst[0]))
    named = [f"{health.status.feed} ({feeds.need(health)})" for health in worst[:_FEEDS_NAMED]]
    text = ngettext(
        "{number} of {total} feeds needs attention: {feeds}",
        "{number} of {total} feeds need attention: {feeds}",
        len(worst),
    )
    listed_feeds = listed_first(named, _FEEDS_NAMED, len(worst))
    return text.format(number=grouped(len(worst)), total=grouped(total), feeds=listed_feeds)


def _trends_note(left_out: int) -> str:
    if left_out <= 0:
        return ""
    text = ngettext(
        "{number} more feed has no chart here; `upa-analyzer trend FEED -o FILE` draws one.",
        "{number} more feeds have no chart here; `upa-analyzer trend FEED -o FILE` draws one.",
        left_out,
    )
    return text.format(number=grouped(left_out))


def _notes(view: View, feeds: Feeds) -> Iterator[str]:
    if feeds.in_need():
        note = _("Open: not updated by the newest run, and by no retry since.")
        several = _("Two feeds may have the same person.")
        yield f"{note} {several}" if len(feeds.active) > 1 else note
    running = [run for run in view.runs if run.outcome is Outcome.running and not run.gone]
    if running and any(map(feeds.newest, feeds.active)):
        jobs = [
            _("{feed} (a retry)").format(feed=run.feed) if run.retry_of is not None else run.feed for run in running
        ]
        yield _("Still running, and not counted: {jobs}.").format(jobs=listed(jobs))
    if feeds.ceased:
        named = [
            _("{feed} (last run {when})").format(feed=one.status.feed, when=when_text(run, view.zone))
            for one in feeds.ceased
            if (run := feeds.newest(one))
        ]
        yield _("Not counted, as these feeds no longer seem to run: {feeds}.").format(feeds=listed(named))


def _messages() -> dict[str, str]:
    """Return the texts of the page's script."""
    return {
        "shown": _("{from}\u2013{to} of {all} jobs"),
        "shownOf": _("{from}\u2013{to} of {found} found, of {all} jobs"),
        "none": _("0 of {all} jobs found"),
        "back": _("Back"),
        "next": _("Next"),
        "feed": _("Feed"),
        "when": _("When"),
        "outcome": _("Outcome"),
        "users": _("Users"),
        "notUpdated": _("Not updated"),
        "open": _("Open"),
        "status": _("SharePoint status"),
    }
