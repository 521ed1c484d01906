"""Build the page of a day: what ``run`` said about each feed, and the jobs that were new or changed."""

from __future__ import annotations

import dataclasses
from datetime import UTC
from typing import TYPE_CHECKING

from analyzer.model.language import gettext as _
from analyzer.model.text import capitalised, grouped
from analyzer.report.model import DayPage, LatestRun
from analyzer.report.rows import frame_of, job_row
from analyzer.report.sentences import long_day_text, when_text
from analyzer.report.view import page_name

if TYPE_CHECKING:
    from analyzer.report.model import Day, Verdict
    from analyzer.report.view import Run, View

JOBS_SHOWN = 100
"""Limit of jobs on a page: the first pull of a library brings all of them."""


def day_page(view: View, day: Day) -> DayPage:
    """Return the page of a day."""
    runs = jobs_of_day(view, day)
    shown = runs[:JOBS_SHOWN]
    left_out = _("The newest {shown} of {total} jobs are shown.").format(
        shown=grouped(len(shown)), total=grouped(len(runs))
    )
    return DayPage(
        frame=frame_of(view),
        title=long_day_text(day.date),
        feeds=tuple(_feed(view, one) for one in day.verdicts if one.feed),
        others=tuple(one.sentence for one in day.verdicts if not one.feed),
        jobs=tuple(dataclasses.replace(job_row(view, run), letter="") for run in shown),
        jobs_note=left_out if len(runs) > len(shown) else "",
        pulled=day.pulled,
    )


def jobs_of_day(view: View, day: Day) -> list[Run]:
    """Return the jobs that a pull of that day saw for the first time or changed, the newest first."""
    return [run for run in reversed(view.runs) if _changed_on(run, view) == day.date]


def _feed(view: View, verdict: Verdict) -> LatestRun:
    run = view.by_id.get(verdict.job_id)
    href, outcome = (f"jobs/{page_name(run.job_id)}", run.outcome.value) if run else ("", "")
    return LatestRun(
        verdict.feed, href, when_text(run, view.zone) if run else "", outcome, capitalised(verdict.sentence)
    )


def _changed_on(run: Run, view: View) -> object:
    times = [time for time in (run.first_seen, run.last_changed) if time]
    return max(times).astimezone(view.zone or UTC).date() if times else None
