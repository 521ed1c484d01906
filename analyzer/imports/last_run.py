"""Find the last run of the feed that a file belongs to, in the library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.analysis.feeds import source_name
from analyzer.model.job import Outcome
from analyzer.model.text import SHORT_ID, moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path
    from typing import Any
    from zoneinfo import ZoneInfo

    from analyzer.history.load import Tables
    from analyzer.library.mirror import Library

_IMPORTED = frozenset({Outcome.succeeded, Outcome.partial})


@dataclass(frozen=True, slots=True)
class LastRun:
    """An earlier file with which a file is compared.

    Attributes:
        path: the earlier file.
        name: what it is called in messages: ``job 1a2b3c4d (28 Nov 02:14)``, or a file name.
        sizes: number of users of the feed's runs, the oldest first; empty if unknown.
    """

    path: Path
    name: str
    sizes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of a library.

    Attributes:
        library: the library.
        tables: its history.
        zone: of times in messages; None for UTC.
        now: UTC.
    """

    library: Library
    tables: Tables
    zone: ZoneInfo | None
    now: datetime

    def last(self, file: Path, feed: str = "") -> LastRun | None:
        """Return the newest run of a file's feed that updated profiles, and whose source file we have.

        Args:
            file: the file that is to be compared. If it is our copy of the source file of a run, an earlier run counts.
            feed: the feed; empty to find it by the file's name.

        Returns:
            None if there is none, if the name belongs to several feeds, or if the file is a retry file, which has
            only some users of its feed.
        """
        if source_name(file.name).retry_of:
            return None
        feed = feed or self._feed_of(file.name)
        runs = [job for job in self._jobs() if feed and job["feed"] == feed and not job["retry_of"]]
        jobs = {job.job_id: job for job in self.library.jobs()} if runs else {}
        for at in reversed(range(len(runs))):
            run = runs[at]
            job = jobs.get(run["job_id"])
            if job is None or Outcome(run["outcome"]) not in _IMPORTED or run["job_id"] in self.tables.source_later:
                continue
            source = self.library.source_file(job)
            if source is None:
                continue
            if source.resolve() == file.resolve():
                runs = runs[:at]
                continue
            sizes = tuple(one["users"] for one in runs if one["users"] is not None)
            name = f"job {run['job_id'][:SHORT_ID]} ({moment(run['ran'], self.zone, self.now)})"
            return LastRun(source, name, sizes)
        return None

    def _jobs(self) -> Iterator[Mapping[str, Any]]:
        return self.tables.jobs.select("job_id", "feed", "retry_of", "outcome", "users", "ran", "source_uri").iter_rows(
            named=True
        )

    def _feed_of(self, file_name: str) -> str:
        name = source_name(file_name).feed.casefold()
        feeds = {
            job["feed"]
            for job in self._jobs()
            if name and job["feed"] and not job["retry_of"] and source_name(job["source_uri"]).feed.casefold() == name
        }
        return feeds.pop() if len(feeds) == 1 else ""
