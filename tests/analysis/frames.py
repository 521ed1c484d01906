"""Tables for the tests of the analysis, of rows that name only what matters."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.failures import by_user
from analyzer.analysis.feeds import feeds_of, source_name
from analyzer.analysis.named_users import SOURCE_IDS, naming
from analyzer.analysis.outcomes import JOB_RECORDS, count_entries, job_table
from analyzer.analysis.streaks import fold_users, run_orders
from analyzer.model.tables import ENTRIES, OBSERVATIONS, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.model.queued_job import QueuedJob

TENANT = "contoso.sharepoint.com"
FOLDER = "https://contoso.sharepoint.com/sites/hr/Shared Documents/"
GUID = "eb659162-3fb5-4f01-9a2e-8b1d5c3f7a10"


def at(day: int, hour: int = 0) -> datetime:
    """A moment of November 2026, UTC."""
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def entry(job_id: str | None, code: str | None, identity: str | None = None, **columns: object) -> dict[str, object]:
    """A row of ``entries``."""
    blank: dict[str, object] = {
        **dict.fromkeys(ENTRIES),
        "tenant": TENANT,
        "log_file": "a.log",
        "line": 1,
        "message": "",
    }
    return blank | {"job_id": job_id, "code": code, "identity": identity} | columns


def named(*rows: dict[str, object], guid_jobs: tuple[str | None, ...] = ()) -> pl.DataFrame:
    """The entries as ``naming`` gives them."""
    ids = [{"job_id": job_id, "guid_ids": True} for job_id in guid_jobs]
    return naming(table(rows, ENTRIES), table(ids, SOURCE_IDS))


def listed(job_id: str, state: str, error: str = "NoError", **columns: object) -> dict[str, object]:
    """A row of what ``job_table`` takes; with a source of 10 users and a log unless given otherwise."""
    known: dict[str, object] = {
        "tenant": TENANT,
        "source_uri": f"{FOLDER}hr-feed.json",
        "gone": False,
        "users": 10,
        "log_found": True,
    }
    row = dict.fromkeys(JOB_RECORDS) | known | {"job_id": job_id, "state": state, "error": error} | columns
    uri = str(row["source_uri"] or "")
    name = source_name(uri)
    # As ``load`` does it; a test may say otherwise.
    inferred = {"feed": feeds_of([uri])[uri] if uri else None, "retry_of": name.retry_of, "name_time": name.time}
    return row | {column: value for column, value in inferred.items() if column not in columns}


def seen(job_id: str, state: str, observed: datetime, previous: datetime | None = None) -> dict[str, object]:
    """A row of ``observations``."""
    return {
        "tenant": TENANT,
        "job_id": job_id,
        "observed_at": observed,
        "previous_pull_at": previous,
        "state": state,
        "error": "NoError",
    }


def jobs(
    *rows: dict[str, object],
    entries: tuple[dict[str, object], ...] = (),
    observations: tuple[dict[str, object], ...] = (),
    as_of: datetime | None = None,
) -> pl.DataFrame:
    """The jobs as ``job_table`` gives them."""
    of_jobs = named(*entries)
    counted, _ = count_entries(of_jobs, users_of(of_jobs))
    return job_table(table(rows, JOB_RECORDS), counted, table(observations, OBSERVATIONS), as_of)


def users_of(entries: pl.DataFrame) -> pl.DataFrame:
    """The users of all jobs."""
    return by_user(entries.sort("job_id", "key", maintain_order=True))


def folded(
    ordered: pl.DataFrame, entries: pl.DataFrame, queued: Mapping[str, QueuedJob] = MappingProxyType({})
) -> pl.DataFrame:
    """The users of all jobs with their streaks, folded job by job."""
    orders, found = run_orders(ordered, queued), dict[str, pl.DataFrame]()
    users = users_of(entries)
    for job_id in ordered["job_id"]:
        order = orders.get(job_id)
        previous = pl.concat([found[one] for one in order.previous]) if order and order.previous else None
        recent = [found[one].select("key") for run in (order.recent if order else ()) for one in run]
        known = pl.concat([users.select("key").clear(), *recent])
        found[job_id] = fold_users(users.filter(job_id=job_id), order, previous, known)
    return pl.concat([fold_users(users.clear(), None, None, users.select("key").clear()), *found.values()])
