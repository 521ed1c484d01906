"""Build the first page: the latest run of each feed, the charts, and all jobs."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from types import MappingProxyType
from typing import TYPE_CHECKING

from analyzer.analysis.timeline import HOW_KNOWN
from analyzer.model.job import Outcome
from analyzer.model.text import count, listed, listed_first
from analyzer.report.actions import retry_button
from analyzer.report.calendar import months_of
from analyzer.report.model import Frame, IndexPage, JobRow, LatestRun, RetryButton
from analyzer.report.sentences import (
    LETTERS,
    feed_sentence,
    marks_of,
    minute_text,
    number_text,
    open_count,
    second_text,
    when_text,
)
from analyzer.report.trend import codes_chart, outcomes_chart, runs_chart, small_trend
from analyzer.report.view import page_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from analyzer.report.calendar import DayPages
    from analyzer.report.view import Run, View

_RECENT = timedelta(days=14)
"""A feed whose last run is at most this older than the newest run is active, whatever its interval."""

_FEEDS_NAMED = 4
"""Feeds named in the first sentence."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def index_page(
    view: View, days: DayPages = MappingProxyType({}), sentence: Callable[[View, Run], str] = feed_sentence
) -> IndexPage:
    """Return the first page.

    Args:
        view: what it is made from.
        days: the days that have a page.
        sentence: returns ``feed_sentence``, perhaps as it was made before.
    """
    latest, ceased = latest_runs(view.feed_runs)
    attention = needing_attention(view, latest)
    buttons = [button for run in latest for button in _buttons(view, run)]
    trends = (small_trend(view, run.feed) for run in (*attention, *latest))
    charts = (runs_chart(view), outcomes_chart(view), codes_chart(view))
    known = {run.ran_from for run in view.runs}
    return IndexPage(
        frame=frame_of(view),
        lead=lead(view, latest, sentence),
        notes=tuple(_notes(view, latest, ceased)),
        buttons=tuple(sorted(buttons, key=lambda button: not button.primary)),
        latest=tuple(_latest_run(view, run, sentence) for run in sorted(latest, key=lambda run: run not in attention)),
        trend=next((chart for chart in trends if chart), None),
        charts=tuple(chart for chart in charts if chart),
        jobs=tuple(job_row(view, run) for run in reversed(view.runs)),
        has_retries=any(run.retry_of is not None for run in view.runs),
        feeds=tuple(sorted({run.feed for run in view.runs})),
        outcomes=tuple(outcome.value for outcome in Outcome if any(run.outcome is outcome for run in view.runs)),
        footnotes=tuple((LETTERS[how], words) for how, words in HOW_KNOWN.items() if how in known),
        months=months_of(view, days),
    )


def frame_of(view: View, *, dated: bool = True) -> Frame:
    """Return the details of the report; ``dated`` is whether the page is written whenever a report is made."""
    tenants = (run.tenant for run in view.runs if run.tenant)
    return Frame(
        tenant=next(tenants, ""),
        zone=view.zone.key if view.zone else "UTC",
        made=second_text(view.now, view.zone) if dated else "",
        version=view.version,
        as_of=minute_text(view.tables.as_of, view.zone) if dated and view.tables.as_of else "",
        brand=view.brand,
        redacted=view.is_redacted,
    )


def job_row(view: View, run: Run) -> JobRow:
    """Return a job's row in the list of jobs."""
    return JobRow(
        short=view.short[run.job_id],
        href=f"jobs/{page_name(run.job_id)}",
        feed=run.feed,
        when=when_text(run, view.zone),
        letter=LETTERS.get(run.ran_from or "", ""),
        how=HOW_KNOWN.get(run.ran_from or "", ""),
        state=run.state,
        error=run.error,
        outcome=run.outcome.value,
        users=number_text(run.users),
        not_updated=run.not_updated_text,
        marks=tuple(marks_of(view, run)),
        kind="run" if run.retry_of is None else "retry",
    )


def latest_runs(runs: Iterable[Run]) -> tuple[list[Run], list[Run]]:
    """Return the latest ended run of each active feed, and of each ceased feed, newest first.

    A feed seems to have ceased if its latest run is older than the newest run of all feeds by more than two weeks and
    more than twice the feed's median interval. The page says that this is inferred.
    """
    of_feed: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if run.outcome.ended and run.retry_of is None:
            of_feed[run.feed].append(run)
    newest = [ran[-1] for ran in of_feed.values()]
    ordered = sorted(newest, key=lambda run: (run.ran or _LONG_AGO, run.feed), reverse=True)
    last = ordered[0].ran if ordered else None
    ceased = [run for run in ordered if last and run.ran and last - run.ran > _inactive_after(of_feed[run.feed])]
    return [run for run in ordered if run not in ceased], ceased


def lead(view: View, latest: Sequence[Run], sentence: Callable[[View, Run], str] = feed_sentence) -> str:
    """Return a sentence on the latest runs; it doesn't add up numbers of several feeds."""
    if not view.runs:
        return "The library holds no jobs."
    if not latest:
        unended = sum(not run.outcome.ended for run in view.runs)
        if not unended:
            return "There are retries only, and no run of a feed."
        return f"No run has ended yet: {count(unended, 'job is', 'jobs are')} still running."
    if len(latest) == 1:
        return sentence(view, latest[0])
    worst = needing_attention(view, latest)
    if not worst:
        return f"No user is open in the latest runs of {len(latest)} feeds."
    named = [f"{run.feed} ({_open_words(view, run)})" for run in worst[:_FEEDS_NAMED]]
    need = "needs" if len(worst) == 1 else "need"
    feeds = listed_first(named, _FEEDS_NAMED, len(worst))
    return f"{len(worst)} of {len(latest)} feeds {need} attention: {feeds}."


def needing_attention(view: View, latest: Sequence[Run]) -> list[Run]:
    """Return the latest runs with open users: unknown numbers first, then the largest."""
    numbers = {run.job_id: open_count(view, run).number for run in latest}
    open_runs = [run for run in latest if numbers[run.job_id] != 0]
    return sorted(open_runs, key=lambda run: (numbers[run.job_id] is not None, -(numbers[run.job_id] or 0), run.feed))


def _open_words(view: View, run: Run) -> str:
    open_users = open_count(view, run)
    if open_users.number is not None:
        return f"{open_users.users()} open"
    aborted = run.outcome is Outcome.aborted and not view.retries_of(run)
    return "no user was updated" if aborted else "open users unknown"


def _inactive_after(ran: Sequence[Run]) -> timedelta:
    times = sorted(run.ran for run in ran if run.ran and run.earliest)
    gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
    return max(_RECENT, timedelta(seconds=2 * median(gaps))) if gaps else _RECENT


def _latest_run(view: View, run: Run, sentence: Callable[[View, Run], str]) -> LatestRun:
    row = job_row(view, run)
    return LatestRun(run.feed, row.href, row.when, row.outcome, sentence(view, run))


def _buttons(view: View, run: Run) -> list[RetryButton]:
    """Return the buttons of a run's retries if they have retry files, else the run's own."""
    own = (run,) if len(run.members) == 1 else [view.by_id[job_id] for job_id in run.members]
    for jobs in (view.retries_of(run), own):
        buttons = [retry_button(view, job, view.out) for job in jobs]
        linked = [button for button in buttons if button and button.href]
        if linked:
            return linked
    return []


def _notes(view: View, latest: Sequence[Run], ceased: Sequence[Run]) -> Iterator[str]:
    if len(latest) > 1 and needing_attention(view, latest):
        yield "Open: not updated by the latest run, and by no retry since."
    running = [run for run in view.runs if not run.outcome.ended and not run.gone]
    if running and latest:
        jobs = [f"{run.feed} ({'' if run.retry_of is None else 'a retry, '}{run.outcome.value})" for run in running]
        yield f"Not counted, as they have not ended: {listed(jobs)}."
    if ceased:
        feeds = [f"{run.feed} (last run {when_text(run, view.zone)})" for run in ceased]
        yield f"Not counted, as these feeds no longer seem to run: {listed(feeds)}."
