"""Jobs as rows of a terminal table and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.analysis.outcome import STILL_OPEN
from analyzer.cli.layout import Column
from analyzer.tables import JOBS
from analyzer.words import day, moment, short_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    import polars as pl

COLUMNS = (
    Column("job"),
    Column("feed", fold=True),
    Column("ran", least=2),
    Column("error", least=3),
    Column("outcome"),
    Column("users", right=True, least=1),
    Column("not updated", right=True),
)


def job_rows(jobs: pl.DataFrame, all_ids: Iterable[str], zone: ZoneInfo | None, now: datetime) -> list[list[str]]:
    """The cells of ``COLUMNS``, the newest job last.

    Args:
        jobs: as ``load`` gives them.
        all_ids: the ids among which a short one has to be unique.
        zone: of times; None for UTC.
        now: UTC.
    """
    short = short_ids(all_ids)
    return [
        [
            short[job["job_id"]],
            job["feed"] or "?",
            ran(job, zone, now),
            job["error"],
            job["outcome"],
            _number(job["users"], "?"),
            not_updated(job),
        ]
        for job in jobs.iter_rows(named=True)
    ]


def ran(job: Mapping[str, Any], zone: ZoneInfo | None, now: datetime) -> str:
    """Say when a job ran: ``by …`` or ``after …`` where that is a bound, the day where the file's name gives it."""
    from analyzer.analysis.timeline import BOUND_WORDS

    if job["ran_from"] == "name":
        return day(job["ran"], now)
    bound = BOUND_WORDS.get(job["ran_from"], "") if job["ran_is_bound"] else ""
    return f"{bound}{moment(job['ran'], zone, now)}"


def not_updated(job: Mapping[str, Any]) -> str:
    """How many users a job did not update, also where that is a bound or nobody can say."""
    if job["not_updated"] is not None:
        return f"{job['not_updated']:,}"
    if job["outcome"] in STILL_OPEN:
        return "-"
    if job["outcome"] == "partial" and job["named_users"]:
        return f"at least {job['named_users']:,}"
    return "everybody" if job["outcome"] == "aborted" else "nobody can say"


def job_json(jobs: pl.DataFrame) -> list[dict[str, object]]:
    """The table ``jobs``, a row an object; times in ISO 8601, UTC."""
    return [
        {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in job.items()}
        for job in jobs.select(*JOBS).iter_rows(named=True)
    ]


def _number(number: int | None, missing: str) -> str:
    return missing if number is None else f"{number:,}"
