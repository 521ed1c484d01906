"""What ``clean`` removes from the tenant, as rows and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.cli.terminal.output import Column
from analyzer.model.text import SHORT_ID, count, day, listed, size
from analyzer.storage.clean_record import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from analyzer.imports.clean_plan import CleanPlan, Kept
    from analyzer.storage.clean_record import CleanedItem

FEED_COLUMNS = (
    Column("feed", fold=True),
    Column("log folders", right=True),
    Column("log files", right=True, least=3),
    Column("source files", right=True),
    Column("size", right=True),
    Column("oldest", least=2),
    Column("newest", least=1),
)
KEPT_COLUMNS = (Column("job"), Column("what"), Column("because", fold=True))
REFUSED_COLUMNS = (Column("file or folder", fold=True, end=True), Column("because", fold=True))


def feeds_of(plan: CleanPlan) -> list[dict[str, Any]]:
    """Return what would be removed of each feed; times are UTC, by which the oldest and newest job had ended."""
    feeds: dict[str, dict[str, Any]] = {}

    def feed_of(name: str, ended: datetime) -> dict[str, Any]:
        numbers = dict.fromkeys(("log_folders", "log_files", "source_files", "bytes"), 0)
        row = feeds.setdefault(name, {"feed": name, **numbers, "oldest": ended, "newest": ended})
        row["oldest"], row["newest"] = min(row["oldest"], ended), max(row["newest"], ended)
        return row

    for folder in plan.folders:
        row = feed_of(folder.feed, folder.ended)
        row["log_folders"] += not folder.stays
        row["log_files"] += len(folder.logs)
        row["bytes"] += sum(log.length or 0 for log in folder.logs)
    for source in plan.sources:
        row = feed_of(source.feed, source.ended)
        row["source_files"] += 1
        row["bytes"] += source.file.length or 0
    return [feeds[name] for name in sorted(feeds)]


def feed_rows(feeds: Iterable[dict[str, Any]], now: datetime) -> list[list[str]]:
    """Return the cells of ``FEED_COLUMNS``."""
    return [
        [
            row["feed"],
            f"{row['log_folders']:,}",
            f"{row['log_files']:,}",
            f"{row['source_files']:,}",
            size(row["bytes"]),
            day(row["oldest"], now),
            day(row["newest"], now),
        ]
        for row in feeds
    ]


def kept_rows(kept: Iterable[Kept]) -> list[list[str]]:
    """Return the cells of ``KEPT_COLUMNS``."""
    return [[one.job_id[:SHORT_ID], one.what, one.because] for one in kept]


def what_clause(items: Iterable[CleanedItem]) -> str:
    """Return ``12 log folders, 14 log files and 3 source files (1.2 MB)``; empty if there is nothing."""
    found = list(items)
    numbers = ((kind, sum(item.kind is kind for item in found)) for kind in (Kind.log_folder, Kind.log, Kind.source))
    words = [count(number, "log file" if kind is Kind.log else kind.value) for kind, number in numbers if number]
    return f"{listed(words)} ({size(sum(item.bytes or 0 for item in found))})" if words else ""


def planned_items(plan: CleanPlan) -> Iterator[dict[str, Any]]:
    """Yield what would be removed, as in the JSON."""
    for folder in plan.folders:
        for log in folder.logs:
            yield _item(Kind.log, log.uri, [folder.job.job_id], log.length, "planned")
        if not folder.stays:
            yield _item(Kind.log_folder, folder.uri, [folder.job.job_id], None, "planned")
    for source in plan.sources:
        job_ids = [job.job_id for job in source.jobs]
        yield _item(Kind.source, source.file.uri, job_ids, source.file.length, "planned")


def done_items(items: Iterable[CleanedItem]) -> Iterator[dict[str, Any]]:
    """Yield what was removed or refused, as in the JSON."""
    for item in items:
        more = {"bin_id": item.bin_id, "because": item.because or None}
        yield _item(item.kind, item.uri, list(item.job_ids), item.bytes, item.step.value) | more


def _item(kind: Kind, uri: str, job_ids: list[str], length: int | None, step: str) -> dict[str, Any]:
    return {"kind": kind.name, "uri": uri, "job_ids": job_ids, "bytes": length, "step": step}
