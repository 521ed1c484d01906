"""Read the parts of logs that pages, headlines, and advice need: of many small logs together, or of one large log.

Each part is read when it is first used. A query takes longer than the few rows of a log, so that one query reads a part
of all small logs. Of a log with millions of entries, only columns and rows are read; a file that can't be read raises
``InputError``.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.analysis.failures import by_pattern, by_property
from analyzer.catalogue import SAYS_NOTHING, first_match
from analyzer.history.store import scanning
from analyzer.model.service import LogCode
from analyzer.model.tables import ENTRIES, NAMED_ENTRIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analyzer.catalogue import Catalogue
    from analyzer.history.load import Tables

ENTRY = ("code", "identity", "message", "detail", "log_file", "line")
"""The columns of the entries that pages show."""

_HAS_CODE = pl.col("code").is_not_null()
_NAMELESS = _HAS_CODE & ~pl.col("names")
_PLACE = ("log_file", "line")
_USER = ("key", "identity", "codes", "new", "entries")


@dataclass(frozen=True, slots=True)
class PatternCount:
    """The numbers of entries that match a pattern (None: no pattern), and of their users."""

    name: str | None
    entries: int
    users: int


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a log is shown, as longer pages open slowly.

    Attributes:
        entries: entries that don't identify a user, and rows of text that isn't an entry.
        users: users.
        of_user: entries of a user.
    """

    entries: int = 200
    users: int = 1_000
    of_user: int = 20


class LogParts:
    """The parts of the logs of some jobs by job ID; jobs that lack a part are left out."""

    def __init__(
        self, tables: Tables, job_ids: Sequence[str], catalogue: Catalogue, limits: Limits, *, is_large: bool
    ) -> None:
        """Prepare; nothing is read yet.

        Args:
            tables: the tables of the library.
            job_ids: the jobs; only one if its log is large.
            catalogue: the patterns of messages.
            limits: how much is shown.
            is_large: whether each part is read by itself; else all entries are read once and held.
        """
        self._tables, self._job_ids, self._catalogue, self._limits = tables, job_ids, catalogue, limits
        self.is_large = is_large

    @functools.cached_property
    def codes(self) -> dict[str, list[tuple[str, int, int]]]:
        """The codes with their numbers of entries and users, most entries first."""
        codes = self._tables.codes.filter(pl.col("job_id").is_in(list(self._job_ids)))
        codes = codes.sort("entries", "code", descending=[True, False])
        return codes.select("job_id", "code", "entries", "users").rows_by_key("job_id")

    @functools.cached_property
    def patterns(self) -> dict[str, dict[str, list[PatternCount]]]:
        """By code, the patterns that its messages match, those with the most users first; only codes with patterns."""
        codes = {code for rows in self.codes.values() for code, _, _ in rows}
        known = {code: patterns for code in sorted(codes) if (patterns := self._catalogue.patterns_of(code))}
        if not known:
            return {}

        def pattern_of(code: str, message: str, detail: str) -> str | None:
            match = first_match(known[code], message, detail)
            return match.code if match else None

        of_codes = self._entries.filter(pl.col("code").is_in(list(known)))
        entries = self._collected(of_codes.select("job_id", "code", "key", "names", "message", "detail"))
        found: dict[str, dict[str, list[PatternCount]]] = {}
        for job_id, code, *counts in by_pattern(entries, pattern_of, SAYS_NOTHING).iter_rows():
            found.setdefault(job_id, {}).setdefault(code, []).append(PatternCount(*counts))
        return found

    @functools.cached_property
    def properties(self) -> dict[str, list[tuple[str, str, int, int]]]:
        """The properties that messages name, each with a code, entries, and users; most entries first."""
        entries = self._entries.filter(pl.col("property").is_not_null())
        counts = by_property(self._collected(entries.select("job_id", "code", "key", "names", "property")))
        return counts.rows_by_key("job_id")

    @functools.cached_property
    def nameless_codes(self) -> dict[str, list[tuple[str, int]]]:
        """The codes of entries without a user, each with its number of them."""
        return self._rows(self._entries.filter(_NAMELESS).group_by("job_id", "code").agg(pl.len()).sort("code"))

    @functools.cached_property
    def first_nameless(self) -> dict[str, list[tuple[Any, ...]]]:
        """The columns ``ENTRY`` of the first entries without a user, in log order."""
        return self._first(_NAMELESS)

    @functools.cached_property
    def first_texts(self) -> dict[str, list[tuple[Any, ...]]]:
        """The columns ``ENTRY`` of the first rows of text that isn't an entry, in log order."""
        return self._first(~_HAS_CODE)

    @functools.cached_property
    def first_users(self) -> dict[str, list[tuple[Any, ...]]]:
        """Of the first users, new ones first: key, identity, codes, whether they are new, and number of entries."""
        if self.is_large:
            new = pl.col("new").fill_null(value=False)
            first = [self._collected(self._users.filter(which).head(self._limits.users)) for which in (new, ~new)]
            users = pl.concat(first).lazy().head(self._limits.users)
        else:
            users = self._users.sort("new", descending=True, nulls_last=True, maintain_order=True)
            users = users.group_by("job_id", maintain_order=True).head(self._limits.users)
        return self._rows(users.select("job_id", *_USER))

    @functools.cached_property
    def entries_of_users(self) -> dict[tuple[str, str], list[tuple[Any, ...]]]:
        """By job ID and key, the columns ``ENTRY`` of each first user's first entries, in log order."""
        keys = {key for users in self.first_users.values() for key, *_ in users}
        named = self._entries.filter(pl.col("names") & pl.col("key").is_in(list(keys)))
        if self.is_large:
            first = pl.struct(ENTRY).sort_by(_PLACE).head(self._limits.of_user).alias("entry")
            named = named.group_by("job_id", "key").agg(first).explode("entry").unnest("entry")
        rows = self._collected(named.select("job_id", "key", *ENTRY)).rows_by_key(["job_id", "key"])
        return {user: entries[: self._limits.of_user] for user, entries in rows.items()}

    def unresolved(self, job_id: str) -> Iterator[str]:
        """Yield a spelling of each ID that could not be resolved."""
        if not self.is_large:
            yield from self._unresolved.get(job_id, ())
            return
        has_code = pl.col("codes").list.contains(LogCode.IdentityNotResolvable.value)
        with scanning():
            for piece in self._users.filter(has_code).select("identity").collect_batches():
                yield from piece["identity"].to_list()

    def entries(self, job_id: str) -> pl.LazyFrame:
        """Return the table ``entries`` of one job, in log order unless it is large."""
        if self.is_large or len(self._job_ids) == 1:
            return self._entries.select(*ENTRIES)
        return self._by_job.get(job_id, pl.DataFrame(schema=NAMED_ENTRIES)).lazy().select(*ENTRIES)

    @functools.cached_property
    def _entries(self) -> pl.LazyFrame:
        """The columns ``tables.NAMED_ENTRIES``."""
        if self.is_large:
            return self._tables.scan_entries_of(*self._job_ids)
        return self._tables.entries_of_jobs(self._job_ids).lazy()

    @functools.cached_property
    def _by_job(self) -> dict[str, pl.DataFrame]:
        parts = self._collected(self._entries).partition_by("job_id", maintain_order=True)
        return {part["job_id"][0]: part for part in parts}

    @functools.cached_property
    def _users(self) -> pl.LazyFrame:
        if self.is_large:
            return self._tables.scan_users_of(*self._job_ids)
        return self._tables.users_of_jobs(self._job_ids).lazy()

    @functools.cached_property
    def _unresolved(self) -> dict[str, list[str]]:
        entries = self._entries.filter(pl.col("names") & (pl.col("code") == LogCode.IdentityNotResolvable))
        users = self._rows(
            entries.unique(["job_id", "key"], keep="first", maintain_order=True).select("job_id", "identity")
        )
        return {job_id: [identity for (identity,) in rows] for job_id, rows in users.items()}

    def _first(self, which: pl.Expr) -> dict[str, list[tuple[Any, ...]]]:
        found, limit = self._entries.filter(which), self._limits.entries
        if self.is_large:
            found = found.sort(_PLACE).head(limit)
        else:
            found = found.group_by("job_id", maintain_order=True).head(limit)
        return self._rows(found.select("job_id", *ENTRY))

    def _rows(self, frame: pl.LazyFrame) -> dict[str, list[tuple[Any, ...]]]:
        return self._collected(frame).rows_by_key("job_id")

    def _collected(self, frame: pl.LazyFrame) -> pl.DataFrame:
        with scanning():
            return frame.collect(engine="streaming" if self.is_large else "in-memory")
