"""Tables to pages: plain rows and sentences, of which the templates make HTML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.failures import naming_nobody
from analyzer.analysis.timeline import HOW_KNOWN
from analyzer.catalogue.advice import advise
from analyzer.history.job_facts import shared_sentence
from analyzer.model.outcome import Outcome, not_updated_text
from analyzer.model.text import listed
from analyzer.report.causes import causes_of, properties_of, said_by_service
from analyzer.report.evidence import UNKNOWN, facts_of, logs_of, observations_of
from analyzer.report.history import feed_sentence, history_of, marks_of
from analyzer.report.latest import latest_runs, lead, needing_attention
from analyzer.report.links import RetryLink, queue_of, retry_button
from analyzer.report.people import entries_shown, people_of
from analyzer.report.rows import Frame, IndexPage, JobPage, JobRow, LatestRun, RetryButton, ToDo
from analyzer.report.sentences import job_sentence
from analyzer.report.times import DASH, LETTERS, minute_text, second_text, when_text
from analyzer.report.trend import codes_chart, outcomes_chart, runs_chart, small_trend
from analyzer.report.view import page_name
from analyzer.report.whereabouts import located_in, nameless_shown
from analyzer.source.damage import warnings_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from analyzer.catalogue.advice import JobFacts
    from analyzer.report.view import Run, View

_SETTLED = ("open", "superseded")
"""What advice is about that leaves nothing to do."""

_SHARED = 3
"""Things that failures have in common, on a job's page."""


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of the report, and the retry files that it links to, by job id."""

    out: Path
    retries: Mapping[str, RetryLink]


def index_page(view: View, place: Place) -> IndexPage:
    """The first page: how the latest runs went, the charts, all jobs."""
    latest, ceased = latest_runs(view.runs)
    buttons = [button for run in latest for button in _buttons(view, run, place)]
    attention = needing_attention(view, latest)
    trends = (small_trend(view, run.feed) for run in (*attention, *latest))
    charts = (runs_chart(view), outcomes_chart(view), codes_chart(view))
    known = {run.ran_from for run in view.runs}
    return IndexPage(
        frame=frame_of(view),
        lead=lead(view, latest),
        notes=_notes(view, latest, ceased),
        buttons=tuple(sorted(buttons, key=lambda button: not button.primary)),
        latest=tuple(_latest(view, run) for run in sorted(latest, key=lambda run: run not in attention)),
        trend=next((chart for chart in trends if chart), None),
        charts=tuple(chart for chart in charts if chart),
        jobs=tuple(job_row(view, run) for run in _newest_first(view.runs)),
        has_retries=any(run.retry_of is not None for run in view.runs),
        feeds=tuple(sorted({run.feed for run in view.runs})),
        outcomes=tuple(outcome.value for outcome in Outcome if any(run.outcome is outcome for run in view.runs)),
        footnotes=tuple((LETTERS[how], words) for how, words in HOW_KNOWN.items() if how in known),
    )


def job_page(view: View, run: Run, place: Place) -> JobPage:
    """A job's page: its users, why, what to do, the people, the evidence."""
    entries = view.entries_of(run)
    people, people_note = people_of(view, run)
    nameless, nameless_note = nameless_shown(view, run, naming_nobody(entries))
    facts = view.facts_of(run)
    button = retry_button(view, run, place.retries, place.out / "jobs")
    return JobPage(
        frame=frame_of(view),
        row=job_row(view, run),
        sentence=job_sentence(view, run, facts),
        history=history_of(view, run),
        retry=button,
        queue=queue_of(run, place.retries),
        to_do=_to_do(view, facts, has_file=bool(button and button.href)),
        shared=tuple(f"{shared_sentence(one)}." for one in facts.shared[:_SHARED]),
        warnings=tuple(warnings_of(view.tables.damage.get(run.job_id, ()))),
        causes=causes_of(view, run),
        located=located_in(view, run),
        properties=properties_of(entries),
        said=said_by_service(view, run),
        error_message=run.error_message or "",
        people=people,
        people_note=people_note,
        nameless=nameless,
        nameless_note=nameless_note,
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
        users=UNKNOWN if run.users is None else f"{run.users:,}",
        not_updated=not_updated_text(run.outcome, run.not_updated, run.named_users, dash=DASH),
        marks=marks_of(view, run),
        kind="run" if run.retry_of is None else "retry",
    )


def _latest(view: View, run: Run) -> LatestRun:
    row = job_row(view, run)
    return LatestRun(run.feed, row.href, row.when, row.outcome, feed_sentence(view, run))


def _buttons(view: View, run: Run, place: Place) -> list[RetryButton]:
    """The retry files to import for a run: after a retry that failed for some, the one of the retry."""
    for jobs in (view.retries.get(run.job_id, ()), (run,)):
        buttons = [retry_button(view, job, place.retries, place.out) for job in jobs]
        found = [button for button in buttons if button and button.href]
        if found:
            return found
    return []


def _to_do(view: View, facts: JobFacts, *, has_file: bool) -> tuple[ToDo, ...]:
    """What to do about a job; a retry file that is there isn't advised once more."""
    made = ("retry", facts.job_id) if has_file else ()
    advice = [one for one in advise(facts, view.catalogue) if not one.command or one.command != made]
    return tuple(
        ToDo(
            text=view.commands.completed(one.text),
            reason=one.reason,
            who="" if one.about in _SETTLED else one.who,
            command=view.commands.line(*one.command) if one.command else "",
        )
        for one in advice
    )


def _notes(view: View, latest: Sequence[Run], ceased: Sequence[Run]) -> tuple[str, ...]:
    notes = []
    if len(latest) > 1 and needing_attention(view, latest):
        notes.append("Open: not updated by the latest run, and by no retry since.")
    unended = [_unended(run) for run in view.runs if not run.ended and not run.gone]
    if unended and latest:
        notes.append(f"Not counted, as they have not ended: {listed(unended)}.")
    if ceased:
        feeds = listed(f"{run.feed} (last run {when_text(run, view.zone)})" for run in ceased)
        notes.append(f"Not counted, as these feeds seem to run no more: {feeds}.")
    return tuple(notes)


def _unended(run: Run) -> str:
    return f"{run.feed} ({'' if run.retry_of is None else 'a retry, '}{run.outcome.value})"


def _newest_first(runs: Sequence[Run]) -> list[Run]:
    return list(reversed(runs))
