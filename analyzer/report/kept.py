"""Digest what goes into each page of a report, and keep it, so that the next report writes only what has changed.

Nothing is rendered for a digest, and no entry is read. A digest may change although the page doesn't; a page never
changes although its digest doesn't. The one exception is a source file that a page was made from: the writer compares
its size and time.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
from typing import TYPE_CHECKING

import msgspec

from analyzer.history.verifications import newest_verification
from analyzer.model.language import spoken
from analyzer.report.actions import queue_of, retry_button
from analyzer.report.details import log_words
from analyzer.storage.files import cannot_read, template_folders, write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from analyzer.report.calendar import DayPages
    from analyzer.report.model import Day
    from analyzer.report.view import Run, View

NAME = ".upa-report.json"
_FORMAT = 1
"""Version of the file."""

_PAGES = 5
"""Increase it when pages change although the program's version doesn't."""


class Written(msgspec.Struct, frozen=True, array_like=True):
    """A file as it was written.

    Attributes:
        facts: the digest of what it was made from.
        size: bytes.
        modified_ns: when it was written, by the file system.
        source: size and time of the source file that was read for it; None if none was.
    """

    facts: str
    size: int
    modified_ns: int
    source: tuple[int, int] | None = None


class Part(msgspec.Struct, frozen=True, array_like=True):
    """A part of the first page that takes long to make, and the digest of what it was made from."""

    facts: str
    text: str


class Kept(msgspec.Struct):
    """What is kept of a report.

    Attributes:
        format: version of this file.
        files: by name in the report's folder.
        parts: by name.
        versions: by job ID, the version of its entries and users.
    """

    format: int = _FORMAT
    files: dict[str, Written] = {}
    parts: dict[str, Part] = {}
    versions: dict[str, str] = {}


def read_kept(out: Path) -> Kept:
    """Return what is kept of the report in a folder; nothing if it is missing, damaged, or of another version."""
    with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
        kept = msgspec.json.decode((out / NAME).read_bytes(), type=Kept)
        if kept.format == _FORMAT:
            return kept
    return Kept()


def write_kept(out: Path, kept: Kept) -> None:
    """Write what is kept of the report in a folder.

    Raises:
        OutputError: it can't be written.
    """
    write_bytes(out / NAME, msgspec.json.encode(kept, order="sorted"))


def stamp(path: Path) -> tuple[int, int] | None:
    """Return the size of a file and when it was written; None if it can't be read."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


_encoded = msgspec.msgpack.Encoder().encode


def digest(*facts: object) -> str:
    """Return a digest of values that msgspec can encode."""
    return hashlib.blake2b(_encoded(facts), digest_size=16).hexdigest()


class PageFacts:
    """The digests of a report's pages and tables.

    Attributes:
        versions: by job ID, the version of its entries and users.
    """

    def __init__(self, view: View) -> None:
        """Digest what all pages have in common.

        Raises:
            InputError: a template can't be read.
        """
        self._view, tables = view, view.tables
        self._common = digest(
            _PAGES,
            view.version,
            _templates(view.templates),
            (spoken().code, spoken().digest),
            view.catalogue,
            view.commands,
            view.zone.key if view.zone else "",
            next((run.tenant for run in view.runs if run.tenant), ""),
            view.brand,
            view.is_redacted,
        )
        self.versions = {run.job_id: tables.version_of(run.job_id) for run in view.runs}
        self._rows = {str(row["job_id"]): row for row in tables.jobs.iter_rows(named=True)}

    @functools.cached_property
    def tables(self) -> dict[str, str]:
        """The digests of the tables of all jobs, by name."""
        return {
            "jobs": digest(_PAGES, list(self._rows.values())),
            "observations": digest(_PAGES, self._view.tables.observations.rows()),
        }

    @functools.cached_property
    def jobs(self) -> dict[str, str]:
        """The digests of the pages of jobs, by job ID."""
        return {run.job_id: self._job(run) for run in self._view.runs}

    def entries(self, run: Run) -> str:
        """Return the digest of the table of a job's entries."""
        return digest(_PAGES, self.versions[run.job_id], run.feed, run.ran)

    def day(self, day: Day, runs: Iterable[Run]) -> str:
        """Return the digest of the page of a day and its jobs."""
        job_ids = [run.job_id for run in runs] + [one.job_id for one in day.verdicts]
        return digest(self._common, day, self._view.tables.as_of, [self.jobs.get(job_id) for job_id in job_ids])

    def index(self, days: DayPages) -> str:
        """Return the digest of the first page; ``days`` are the days that have a page."""
        return digest(
            self._common,
            self._view.tables.as_of,
            self.jobs,
            sorted(self._view.silent),
            self._view.is_listed,
            [day.isoformat() for day in days],
        )

    def people(self) -> str:
        """Return the digest of the page of everybody who ever failed."""
        view, tables = self._view, self._view.tables
        jobs = [
            (
                self._named(run.job_id),
                self.versions[run.job_id],
                (run.outcome, run.superseded, run.open, run.not_updated, run.retry_of),
                (users := tables.open_users.get(run.job_id)) and users.needs_retry,
                view.following.get(run.job_id) is None,
            )
            for run in view.runs
            if run.named_users
        ]
        return digest(self._common, jobs)

    def _job(self, run: Run) -> str:
        view, tables, job_id = self._view, self._view.tables, run.job_id
        users = tables.open_users.get(job_id)
        before, after = view.preceding.get(job_id), view.following.get(job_id)
        return digest(
            self._common,
            self._rows[job_id],
            self.versions[job_id],
            self._named(job_id),
            self._named(run.retry_of) if run.retry_of else None,
            self._named(before.job_id) if before else None,
            self._named(after.job_id) if after else None,
            after is not None and tables.superseded_by(job_id) == after.job_id,
            view.expected.get(job_id),
            [
                (self._named(one.job_id), one.outcome, one.users, one.not_updated)
                for one in view.retries.get(job_id, ())
            ],
            users and (users.open, users.due, users.needs_retry),
            retry_button(view, run, view.out / "jobs"),
            queue_of(view, run),
            queued.as_json if (queued := tables.queued.get(job_id)) else None,
            view.observations.get(job_id),
            [log_words(log) for log in tables.logs_of(job_id)],
            tables.source_problems.get(job_id),
            newest_verification(tables.verifications, job_id),
            tables.damage.get(job_id),
            job_id in view.findings,
            found.digest if (found := view.looked_up.get(job_id)) else None,
            None if run.outcome.ended else tables.as_of,
        )

    def _named(self, job_id: str) -> object:
        """Return what the page of another job shows of a job."""
        run = self._view.by_id.get(job_id)
        return run and (self._view.short[job_id], job_id, run.feed, run.ran, run.ran_from, run.ran_is_bound)


def _templates(own: Path | None) -> list[tuple[str, bytes]]:
    """Return the names and contents of the templates."""
    files = (path for folder in template_folders(own) for path in sorted(folder.iterdir()) if path.is_file())
    try:
        return [(path.name, path.read_bytes()) for path in files]
    except OSError as error:
        raise cannot_read(own or "", error) from error
