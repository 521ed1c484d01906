"""Remove what the configuration no longer keeps: copies of source files that nothing needs, and earlier reports."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.feed_runs import feed_runs
from analyzer.library.mirror import WritableLibrary
from analyzer.library.removal import Removed, copies_only_for, remove_sources
from analyzer.model.job import NOT_ENDED
from analyzer.model.text import count, listed, size
from analyzer.storage.files import cannot_write
from analyzer.storage.import_record import made_files, why_needed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from analyzer.config.settings import Keep
    from analyzer.history.load import Tables
    from analyzer.library.workspace import Workspace

_DAY = re.compile(r"(?P<day>\d{4}-\d{2}-\d{2})(?:-selection)?(?P<page>\.html)?")
_OUR_PAGES = ("index.html", "jobs/*.html", "data/*.csv")
"""The files of a report in a folder of its day."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What was removed because it was no longer to be kept."""

    sources: Removed
    reports: Removed
    imports: Removed

    @property
    def sentence(self) -> str:
        """What was removed, in words; empty if nothing was."""
        parts = (("copy of a source file", "copies of source files", self.sources), ("report file", "", self.reports))
        words = [f"{count(one.files, name, many)} ({size(one.bytes)})" for name, many, one in parts if one.files]
        sentences = [f"Removed {listed(words)}, as keep_sources and keep_reports say."] if words else []
        if self.imports.files:
            files = count(self.imports.files, "file that was", "files that were")
            sentences.append(f"Removed {files} left over from imports that have ended ({size(self.imports.bytes)}).")
        return " ".join(sentences)

    @property
    def as_json(self) -> dict[str, int]:
        """The key ``removed`` of ``run --json``."""
        return {
            "source_files": self.sources.files,
            "source_bytes": self.sources.bytes,
            "report_files": self.reports.files,
            "report_bytes": self.reports.bytes,
            "import_files": self.imports.files,
            "import_bytes": self.imports.bytes,
        }


def sweep(workspace: Workspace, tables: Tables, keep: Keep, now: datetime) -> Swept:
    """Remove copies of source files and reports that are older than the configuration keeps, and what imports left.

    Args:
        workspace: the tenant's folder; no other command may write its library.
        tables: all jobs, after the newest were added.
        keep: how long.
        now: in the time zone of the reports' days.

    Raises:
        InputError: our notes on the library are damaged.
        OutputError: a file can't be removed.
    """
    swept_sources = Removed()
    if keep.sources is not None:
        library = WritableLibrary(workspace.library)
        if copies := copies_only_for(library, unneeded_sources(tables, now.astimezone(UTC) - keep.sources)):
            because = f"removed after {count(keep.sources.days, 'day')} (keep_sources)"
            swept_sources = remove_sources(library, copies, because)
    before = (now - keep.reports).date() if keep.reports is not None else date.min
    return Swept(swept_sources, remove_reports(workspace.reports, before), remove_left_over(workspace.imports))


def unneeded_sources(tables: Tables, before: datetime) -> frozenset[str]:
    """Return the jobs that ended before a time (UTC) and whose source files nothing needs any more.

    Needed are those of jobs that have not ended, of jobs with open users that aren't superseded, and of each feed's
    newest run that has ended, with all its parts, and that had a whole file, if only changes were sent since; also
    those of all later jobs of the feed, which show what they updated.
    """
    runs = feed_runs(tables.jobs, tables.queued)
    is_run = ~pl.col("outcome").is_in(NOT_ENDED) & pl.col("retry_of").is_null() & ~pl.col("changes_only")
    whole = runs.filter(is_run).group_by("feed").agg(pl.col("members").last()).explode("members")["members"]
    has_ended = ~pl.col("outcome").is_in(NOT_ENDED)
    needed = (
        pl.col("job_id").is_in(whole.implode()) | ~has_ended | (pl.col("open").ne_missing(0) & ~pl.col("superseded"))
    )
    is_newest = pl.when(has_ended & pl.col("retry_of").is_null()).then(pl.int_range(pl.len())).max().over("feed")
    kept_from = pl.when(needed | (pl.int_range(pl.len()) == is_newest)).then(pl.int_range(pl.len())).min().over("feed")
    old = (pl.col("latest") < before) & (pl.int_range(pl.len()) < kept_from)
    return frozenset(tables.jobs.filter(old)["job_id"])


def remove_left_over(imports: Path) -> Removed:
    """Remove the files that were made for imports which have ended; their records stay.

    Raises:
        OutputError: a file can't be removed.
    """
    removed = Removed()
    for path, record in made_files(imports):
        if record is None or why_needed(path, record):  # without a record, the next import of the feed removes it
            continue
        try:
            removed = removed.plus(Removed(1, path.stat().st_size))
            path.unlink()
        except OSError as error:
            raise cannot_write(path, error) from error
    return removed


def remove_reports(folder: Path, before: date) -> Removed:
    """Remove the reports of days before ``before``: pages in ``days/``, and folders of earlier versions.

    Other files in such a folder stay, and so does the folder then.

    Raises:
        OutputError: a file can't be removed.
    """
    removed = Removed()
    try:
        for path in list(old_pages(folder, before)):
            removed = removed.plus(Removed(1, path.stat().st_size))
            path.unlink()
            for parent in (path.parent, path.parent.parent):
                if (
                    parent != folder
                    and folder in parent.parents
                    and parent.name != "days"
                    and not any(parent.iterdir())
                ):
                    parent.rmdir()
    except OSError as error:
        raise cannot_write(folder, error) from error
    return removed


def old_pages(folder: Path, before: date) -> Iterator[Path]:
    """Yield the files that ``remove_reports`` removes."""
    for path in [*folder.glob("days/*"), *folder.glob("*")]:
        found = _DAY.fullmatch(path.name)
        if found is None or path.is_symlink() or not _is_before(found["day"], before):
            continue
        if found["page"] and path.parent.name == "days" and path.is_file():
            yield path
        elif not found["page"] and path.parent == folder and path.is_dir():
            for pages in _OUR_PAGES:
                yield from (page for page in path.glob(pages) if page.is_file() and not page.is_symlink())


def _is_before(day: str, before: date) -> bool:
    try:
        return date.fromisoformat(day) < before
    except ValueError:
        return False
