"""Count and read the parts of one job's log that pages, headlines, and advice need."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from analyzer.catalogue import OURS
from analyzer.history.log_parts import Limits, LogParts
from analyzer.model.job import Outcome
from analyzer.model.service import ABORTING_CODES, LogCode
from analyzer.model.tables import UTC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from analyzer.catalogue import Catalogue
    from analyzer.history.load import Tables
    from analyzer.history.log_parts import PatternCount

HELD = 100_000
"""Entries up to which a log is read once and held; of a larger one, each part is read by itself."""

_TOGETHER = 20_000
"""Entries of small logs that are read together: about 20 MB."""

_LIMITS = Limits()


class LogUser(NamedTuple):
    """A user in a log.

    Attributes:
        identity: the first spelling.
        codes: the codes of the entries.
        new: whether the user is new; None without a run to compare with.
        open: whether the user is open; None if unknown.
        entries: number of entries.
        first: the columns ``ENTRY`` of the first entries, in log order.
    """

    identity: str
    codes: list[str]
    new: bool | None
    open: bool | None
    entries: int
    first: list[tuple[Any, ...]]


class JobLog:
    """The log of one job.

    Attributes:
        job_id: the job's ID.
        files: how each log file was read.
    """

    def __init__(self, tables: Tables, job_id: str, parts: LogParts) -> None:
        """Open a log (``JobLogs.of``); nothing is read yet.

        Args:
            tables: the tables of the library.
            job_id: the job's ID.
            parts: the parts of this log, and maybe of others.
        """
        self._tables, self._parts, self.job_id = tables, parts, job_id
        self.files = tables.logs_of(job_id)

    @property
    def is_large(self) -> bool:
        """Whether only parts of it are read."""
        return self._parts.is_large

    @property
    def codes(self) -> list[tuple[str, int, int]]:
        """The codes with their numbers of entries and users, most entries first."""
        return self._parts.codes.get(self.job_id, [])

    def ranked_codes(self, outcome: Outcome) -> list[tuple[str, int, int]]:
        """Return ``codes``, the worst first: what aborted the job, then by users, then by entries."""
        aborting = ABORTING_CODES if outcome is Outcome.aborted else frozenset[str]()
        return sorted(self.codes, key=lambda row: (row[0] not in aborting, -row[2], -row[1], row[0]))

    @property
    def patterns(self) -> dict[str, list[PatternCount]]:
        """By code, the patterns that its messages match, those with the most users first; only codes with patterns."""
        return self._parts.patterns.get(self.job_id, {})

    @property
    def properties(self) -> list[tuple[str, str, int, int]]:
        """The properties that messages name, each with a code, entries, and users; most entries first."""
        return self._parts.properties.get(self.job_id, [])

    def properties_of(self, code: str) -> list[str]:
        """Return the properties that messages of a code name, most entries first."""
        return [name for name, its_code, _, _ in self.properties if its_code == code]

    @functools.cached_property
    def nameless_codes(self) -> dict[str, int]:
        """By code, the number of entries without a user."""
        if not self._tables.unnamed_of(self.job_id):
            return {}
        return dict(self._parts.nameless_codes.get(self.job_id, ()))

    @property
    def texts(self) -> int:
        """The number of rows of text that isn't an entry."""
        return sum(log.texts for log in self.files)

    def unresolved(self) -> Iterator[str]:
        """Yield a spelling of each ID that could not be resolved."""
        if any(code == LogCode.IdentityNotResolvable for code, _, _ in self.codes):
            yield from self._parts.unresolved(self.job_id)

    @property
    def new(self) -> int | None:
        """The number of users who are new; None without users, or without a run to compare with."""
        return self._tables.new_of(self.job_id)

    @property
    def first_nameless(self) -> list[tuple[Any, ...]]:
        """The columns ``ENTRY`` of the first entries without a user, in log order."""
        return self._parts.first_nameless.get(self.job_id, []) if self.nameless_codes else []

    @property
    def first_texts(self) -> list[tuple[Any, ...]]:
        """The columns ``ENTRY`` of the first rows of text that isn't an entry, in log order."""
        return self._parts.first_texts.get(self.job_id, []) if self.texts else []

    def first_users(self) -> Iterator[LogUser]:
        """Yield the first users, new ones first."""
        users, entries = self._parts.first_users.get(self.job_id, []), self._parts.entries_of_users
        flags = self._tables.open_flags(self.job_id, [key for key, *_ in users])
        for (key, identity, codes, new, total), is_open in zip(users, flags, strict=True):
            yield LogUser(identity, codes, new, is_open, total, entries[self.job_id, key])

    def table(self, feed: str, ran: datetime | None) -> pl.LazyFrame:
        """Return the table ``entries`` with the job's feed and time; of a large log in any order."""
        of_job = {"feed": pl.lit(feed, pl.String), "ran": pl.lit(ran, UTC)}
        return self._parts.entries(self.job_id).with_columns(**of_job)


class JobLogs:
    """Opens the logs of a library's jobs, and keeps what was read last."""

    def __init__(
        self, tables: Tables, catalogue: Catalogue = OURS, *, held: int = HELD, limits: Limits = _LIMITS
    ) -> None:
        """Prepare; nothing is read yet.

        Args:
            tables: the tables of the library.
            catalogue: the patterns of messages.
            held: as ``HELD``.
            limits: how much of a log is shown.
        """
        self._tables = tables
        self._groups: dict[str, tuple[str, ...]] = {}
        self._last: JobLog | None = None

        @functools.lru_cache(maxsize=2)
        def parts(job_ids: tuple[str, ...]) -> LogParts:
            is_large = sum(_rows(tables, job_id) for job_id in job_ids) > held
            return LogParts(tables, job_ids, catalogue, limits, is_large=is_large)

        self._parts = parts

    def of(self, job_id: str) -> JobLog:
        """Open the log of a job."""
        if self._last is None or self._last.job_id != job_id:
            self._last = JobLog(self._tables, job_id, self._parts(self._groups.get(job_id, (job_id,))))
        return self._last

    def read_together(self, job_ids: Iterable[str]) -> None:
        """From now on, read the small logs of these jobs in groups; they are asked for in this order."""
        groups: list[list[str]] = [[]]
        room = _TOGETHER
        for job_id in job_ids:
            rows = _rows(self._tables, job_id)
            if rows > room:
                groups.append([])
                room = _TOGETHER
            groups[-1].append(job_id)
            room -= rows
        self._groups, self._last = {job_id: tuple(group) for group in groups for job_id in group}, None


def _rows(tables: Tables, job_id: str) -> int:
    """Return the number of entries and rows of other text in a job's log."""
    return sum(log.entries + log.texts for log in tables.logs_of(job_id))
