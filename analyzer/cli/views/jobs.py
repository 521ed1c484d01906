"""Jobs as rows of a table and as JSON, and the result of a pull."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.catalogue.advice import retry_clause
from analyzer.cli.terminal.output import SUPERSEDED, Column
from analyzer.model.job import Outcome, not_updated_text
from analyzer.model.language import gettext as _
from analyzer.model.text import SHORT_ID, count, day, listed, moment, short_ids, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    import polars as pl

    from analyzer.history.acknowledgements import Acknowledgement
    from analyzer.history.load import Tables
    from analyzer.library.model import PullResult
    from analyzer.model.queued_job import QueuedJob


COLUMNS = (
    Column("job"),
    Column("feed", fold=True),
    Column("ran", least=1),
    Column("error", least=4),
    Column("outcome"),
    Column("users", right=True, least=3),
    Column("not updated", right=True),
    Column("open", right=True),
    Column("note", least=2),
)
SHOWN_JOBS = 30
"""How many jobs a terminal shows unless --limit is specified."""


def job_rows(
    jobs: pl.DataFrame,
    tables: Tables,
    zone: ZoneInfo | None,
    now: datetime,
    acknowledged: Mapping[str, Acknowledgement],
) -> list[list[str]]:
    """Return the cells of ``COLUMNS``, the newest job last.

    Args:
        jobs: as ``load`` returns them.
        tables: all jobs, among which a short ID has to be unique.
        zone: of times; None for UTC.
        now: UTC.
        acknowledged: the acknowledgements that are valid, by job ID.
    """
    short = short_ids(tables.jobs["job_id"])
    return [
        [
            short[job["job_id"]],
            job["feed"] or "unknown",
            ran(job, zone, now),
            job["error"],
            job["outcome"],
            number_or("unknown", job["users"]),
            not_updated(job),
            open_users(job),
            ", ".join(
                [
                    *_notes(job, short, zone, now, acknowledged.get(job["job_id"])),
                    *_note(tables.queued.get(job["job_id"])),
                ]
            ),
        ]
        for job in jobs.iter_rows(named=True)
    ]


def ran(job: Mapping[str, Any], zone: ZoneInfo | None, now: datetime) -> str:
    """Format when a job ran: ``by …`` or ``after …`` for a bound, only the day if that is from the file's name."""
    if job["ran_from"] == "name":
        return day(job["ran"], now)
    time = moment(job["ran"], zone, now)
    if not job["ran_is_bound"]:
        return time
    bounds = {"seen": _("by {time}"), "source": _("after {time}")}
    return bounds.get(job["ran_from"], "{time}").format(time=time)


def job_and_time(job: Mapping[str, Any], short: Mapping[str, str], zone: ZoneInfo | None, now: datetime) -> str:
    """Return a job's short ID, and when it ran: ``cc75e06b (23 Nov 02:14)``."""
    return f"{short[job['job_id']]} ({ran(job, zone, now)})" if job["ran"] else short[job["job_id"]]


def not_updated(job: Mapping[str, Any]) -> str:
    """Format how many users a job didn't update, as in the report."""
    return not_updated_text(Outcome(job["outcome"]), job["not_updated"], job["named_users"], dash="-")


def open_users(job: Mapping[str, Any]) -> str:
    """Format how many users of a job are open."""
    return "-" if not Outcome(job["outcome"]).ended else number_or("unknown", job["open"])


def acknowledged_until(one: Acknowledgement, zone: ZoneInfo | None, now: datetime) -> str:
    """Return ``acknowledged until 5 Dec``."""
    return f"acknowledged until {until(one, zone, now)}"


def until(one: Acknowledgement, zone: ZoneInfo | None, now: datetime) -> str:
    """Return the day at whose start an acknowledgement ends, or the moment; ``it changes`` if it has no end."""
    from datetime import UTC

    if one.until is None:
        return "it changes"
    local, today = one.until.astimezone(zone or UTC), now.astimezone(zone or UTC)
    return moment(one.until, zone, now) if local.hour or local.minute else day(local, today)


def retry_result(retry: Mapping[str, Any], zone: ZoneInfo | None, now: datetime) -> str:
    """Return the result of a retry: ``retried 28 Nov 09:10: 12 of 12 updated``."""
    when = ran(retry, zone, now) if retry["ran"] else ""
    return retry_clause(Outcome(retry["outcome"]), retry["users"], retry["not_updated"], when)


def _notes(
    job: Mapping[str, Any],
    short: Mapping[str, str],
    zone: ZoneInfo | None,
    now: datetime,
    known: Acknowledgement | None,
) -> Iterator[str]:
    """Yield what to know about a job before acting on it."""
    if job["retry_of"]:
        yield f"retry of {short.get(job['retry_of'], job['retry_of'][:SHORT_ID])}"
    if job["superseded"]:
        yield SUPERSEDED
    if known:
        yield acknowledged_until(known, zone, now)
    if job["gone"]:
        yield "no longer listed"


def _note(queued: QueuedJob | None) -> list[str]:
    return [queued.note] if queued and queued.note else []


def job_json(jobs: pl.DataFrame) -> list[dict[str, object]]:
    """Return the table ``jobs``, a row an object; times in ISO 8601, UTC."""
    from analyzer.model.tables import JOBS

    return rows_json(jobs.select(*JOBS))


def rows_json(table: pl.DataFrame) -> list[dict[str, object]]:
    """Return the rows of a table, times in ISO 8601."""
    return [
        {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
        for row in table.iter_rows(named=True)
    ]


def pulled_clause(pulled: PullResult) -> str:
    """Return ``Pulled 3 new jobs and 5 log files (1.2 MB) from contoso.sharepoint.com``."""
    parts = [count(len(pulled.new), "new job")]
    if pulled.changed:
        parts.append(count(len(pulled.changed), "changed job"))
    if pulled.gone:
        parts.append(_("{jobs} no longer listed").format(jobs=count(len(pulled.gone), "job")))
    if pulled.log_files:
        parts.append(count(pulled.log_files, "log file"))
    if pulled.source_files:
        parts.append(count(pulled.source_files, "source file"))
    received = f" ({size(pulled.received)})" if pulled.received else ""
    return _("Pulled {items} from {tenant}").format(items=f"{listed(parts)}{received}", tenant=pulled.tenant)


def pulled_json(pulled: PullResult) -> dict[str, object]:
    """Return the result of ``pull --json``."""
    return {
        "tenant": pulled.tenant,
        "new": pulled.new,
        "changed": pulled.changed,
        "gone": pulled.gone,
        "log_files": pulled.log_files,
        "source_files": pulled.source_files,
        "received_bytes": pulled.received,
        "job_list_refused": pulled.unlisted is not None,
        "forgotten_users": pulled.forgotten_users,
        "left_out": [{"job_id": one.job_id, "what": one.what, "because": one.because} for one in pulled.skipped],
    }


def number_or(missing: str, number: int | None) -> str:
    """Return a number with separators, or another text if it is unknown."""
    return missing if number is None else f"{number:,}"
