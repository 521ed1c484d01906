"""Make the rows that several pages share: details of the report, and a job in a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.analysis.timeline import HOW_KNOWN
from analyzer.model.language import gettext as _
from analyzer.report.model import DASH, Frame, JobRow
from analyzer.report.sentences import (
    LETTERS,
    marks_of,
    minute_text,
    number_text,
    open_count,
    second_text,
    when_text,
)
from analyzer.report.view import page_name

if TYPE_CHECKING:
    from analyzer.report.view import Run, View


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
        href=job_href(run),
        feed=run.feed,
        when=when_text(run, view.zone),
        letter=LETTERS.get(run.ran_from or "", ""),
        how=_(HOW_KNOWN.get(run.ran_from or "", "")),
        state=run.state,
        error=run.error,
        outcome=run.outcome.value,
        users=number_text(run.users),
        not_updated=run.not_updated_text,
        open=open_text(view, run),
        marks=tuple(marks_of(view, run)),
        kind="run" if run.retry_of is None else "retry",
    )


def open_text(view: View, run: Run) -> str:
    """Return the number of a job's open users as a cell; a dash if it has not ended, or is superseded."""
    return str(open_count(view, run)) if run.outcome.ended and not run.superseded else DASH


def job_href(run: Run) -> str:
    """Return the address of a job's page relative to the first page."""
    return f"jobs/{page_name(run.job_id)}"
