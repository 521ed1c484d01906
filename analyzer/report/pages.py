"""Tables to pages: plain rows and sentences, before anybody thinks of HTML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.failures import naming_nobody
from analyzer.analysis.outcome import Outcome
from analyzer.analysis.timeline import HOW_KNOWN
from analyzer.report.causes import causes_of, properties_of, said_by_service
from analyzer.report.evidence import facts_of, logs_of, observations_of
from analyzer.report.latest import latest_runs, lead
from analyzer.report.links import RetryLink, retry_button
from analyzer.report.people import entries_shown, people_of
from analyzer.report.rows import Frame, IndexPage, JobPage, JobRow, LatestRun
from analyzer.report.sentences import job_sentence
from analyzer.report.times import DASH, LETTERS, minute_text, second_text, when_text
from analyzer.report.toll import toll_text
from analyzer.report.trend import codes_chart, outcomes_chart, runs_chart, small_trend
from analyzer.report.view import page_name
from analyzer.report.whereabouts import located_in, nobody_shown
from analyzer.words import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from analyzer.report.view import Run, View


@dataclass(frozen=True, slots=True)
class Place:
    """Where the report will lie, and the retry files that it links to, by job id."""

    out: Path
    retries: Mapping[str, RetryLink]


def index_page(view: View, place: Place) -> IndexPage:
    """The first page: how the latest runs went, the charts, all jobs."""
    latest, ceased = latest_runs(view.runs)
    buttons = [retry_button(run, place.retries, place.out) for run in latest]
    charts = (runs_chart(view), outcomes_chart(view), codes_chart(view))
    known = {run.ran_from for run in view.runs}
    return IndexPage(
        frame=frame_of(view),
        lead=lead(view, latest),
        notes=_notes(view, latest, ceased),
        buttons=tuple(button for button in buttons if button and button.href),
        latest=tuple(_latest(view, run) for run in latest),
        trend=small_trend(view),
        charts=tuple(chart for chart in charts if chart),
        jobs=tuple(job_row(view, run) for run in _newest_first(view.runs)),
        feeds=tuple(sorted({run.feed for run in view.runs})),
        outcomes=tuple(outcome.value for outcome in Outcome if any(run.outcome is outcome for run in view.runs)),
        footnotes=tuple((LETTERS[how], words) for how, words in HOW_KNOWN.items() if how in known),
    )


def job_page(view: View, run: Run, place: Place) -> JobPage:
    """A job's page: its users, why, what to do, the people, the evidence."""
    entries = view.entries_of(run)
    people, people_note = people_of(view, run)
    nobody, nobody_note = nobody_shown(view, run, naming_nobody(entries))
    return JobPage(
        frame=frame_of(view),
        row=job_row(view, run),
        sentence=job_sentence(view, run),
        retry=retry_button(run, place.retries, place.out / "jobs"),
        causes=causes_of(view, run),
        located=located_in(view, run),
        properties=properties_of(entries),
        said=said_by_service(view, run),
        error_message=run.error_message or "",
        people=people,
        people_note=people_note,
        nobody=nobody,
        nobody_note=nobody_note,
        no_entry=entries_shown(entries.filter(pl.col("code").is_null())),
        facts=facts_of(view, run),
        logs=logs_of(view, run),
        observations=observations_of(view, run),
    )


def frame_of(view: View) -> Frame:
    """What every page says of itself."""
    tenants = (run.tenant for run in view.runs if run.tenant)
    return Frame(
        tenant=next(tenants, ""),
        zone=view.zone.key if view.zone else "UTC",
        made=second_text(view.now, view.zone),
        version=view.version,
        as_of=minute_text(view.tables.as_of, view.zone) if view.tables.as_of else "",
    )


def job_row(view: View, run: Run) -> JobRow:
    """A job in the list of jobs."""
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
        users=DASH if run.users is None else f"{run.users:,}",
        not_updated=toll_text(run),
        marks=("no longer listed by the tenant",) if run.gone else (),
    )


def _latest(view: View, run: Run) -> LatestRun:
    row = job_row(view, run)
    return LatestRun(run.feed, row.href, row.when, row.outcome, job_sentence(view, run))


def _notes(view: View, latest: Sequence[Run], ceased: Sequence[Run]) -> tuple[str, ...]:
    notes = []
    open_runs = [f"{run.feed} ({run.outcome.value})" for run in view.runs if not run.ended and not run.gone]
    if open_runs and latest:
        notes.append(f"Not ended, so not counted: {listed(open_runs)}.")
    if ceased:
        feeds = listed(f"{run.feed} (last run {when_text(run, view.zone)})" for run in ceased)
        notes.append(f"Not counted, since they seem to have ceased: {feeds}.")
    if len(latest) > 1:
        notes.append("A person in two feeds counts in each.")
    return tuple(notes)


def _newest_first(runs: Sequence[Run]) -> list[Run]:
    return list(reversed(runs))
