"""Count and read the parts of one job's log that pages, headlines, and advice need.

Each part is read when it is first used, and from a log with millions of entries only its columns and rows.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.failures import by_pattern, by_property
from analyzer.catalogue import OURS, SAYS_NOTHING, first_match
from analyzer.model.job import Outcome
from analyzer.model.service import ABORTING_CODES, LogCode
from analyzer.model.tables import ENTRIES, UTC

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from analyzer.catalogue import Catalogue
    from analyzer.history.load import Tables

HELD = 100_000
"""Entries up to which a log is read once and held; of a larger one, each part is read by itself."""

_HAS_CODE = pl.col("code").is_not_null()
_NAMELESS = _HAS_CODE & ~pl.col("names")
_PLACE = ("log_file", "line")


@dataclass(frozen=True, slots=True)
class PatternCount:
    """The numbers of entries that match a pattern (None: no pattern), and of their users."""

    name: str | None
    entries: int
    users: int


class JobLog:
    """The log of one job.

    Attributes:
        job_id: the job's ID.
        files: how each log file was read.
    """

    def __init__(self, tables: Tables, job_id: str, catalogue: Catalogue = OURS, *, held: int = HELD) -> None:
        """Open a log; nothing is read yet.

        Args:
            tables: the tables of the library.
            job_id: the job's ID.
            catalogue: the patterns of messages.
            held: as ``HELD``.
        """
        self._tables, self.job_id, self._catalogue = tables, job_id, catalogue
        self.files = tables.logs_of(job_id)
        self._is_held = sum(log.entries + log.texts for log in self.files) <= held

    @property
    def is_large(self) -> bool:
        """Whether only parts of it are read."""
        return not self._is_held

    @functools.cached_property
    def codes(self) -> list[tuple[str, int, int]]:
        """The codes with their numbers of entries and users, most entries first."""
        rows = self._tables.codes.filter(job_id=self.job_id).select("code", "entries", "users").rows()
        return sorted(rows, key=lambda row: (-row[1], row[0]))

    def ranked_codes(self, outcome: Outcome) -> list[tuple[str, int, int]]:
        """Return ``codes``, the worst first: what aborted the job, then by users, then by entries."""
        aborting = ABORTING_CODES if outcome is Outcome.aborted else frozenset[str]()
        return sorted(self.codes, key=lambda row: (row[0] not in aborting, -row[2], -row[1], row[0]))

    @functools.cached_property
    def patterns(self) -> dict[str, list[PatternCount]]:
        """By code, the patterns that its messages match, those with the most users first; only codes with patterns."""
        known = [code for code, _, _ in self.codes if self._catalogue.patterns_of(code)]
        if not known:
            return {}
        return patterns_in(
            self._read(pl.col("code").is_in(known), "code", "key", "names", "message", "detail"), self._catalogue
        )

    @functools.cached_property
    def properties(self) -> list[tuple[str, str, int, int]]:
        """The properties that messages name, each with a code, entries, and users; most entries first."""
        return by_property(self._read(pl.col("property").is_not_null(), "code", "key", "names", "property")).rows()

    def properties_of(self, code: str) -> list[str]:
        """Return the properties that messages of a code name, most entries first."""
        return [name for name, its_code, _, _ in self.properties if its_code == code]

    @functools.cached_property
    def nameless_codes(self) -> dict[str, int]:
        """By code, the number of entries without a user."""
        if not self._tables.unnamed_of(self.job_id):
            return {}
        counts = self._entries.lazy().filter(_NAMELESS).group_by("code").agg(pl.len())
        return dict(sorted(counts.collect(engine="streaming").rows()))

    @property
    def texts(self) -> int:
        """The number of rows of text that isn't an entry."""
        return sum(log.texts for log in self.files)

    def unresolved(self) -> Iterator[str]:
        """Yield a spelling of each ID that could not be resolved."""
        code = LogCode.IdentityNotResolvable
        if not any(one == code for one, _, _ in self.codes):
            return
        if isinstance(self._users, pl.DataFrame):
            found = self._read(pl.col("names") & (pl.col("code") == code), "key", "identity")
            yield from found.unique("key", maintain_order=True)["identity"]
        else:
            users = self._users.filter(pl.col("codes").list.contains(code.value)).select("identity")
            for piece in users.collect_batches():
                yield from piece["identity"]

    @property
    def new(self) -> int | None:
        """The number of users who are new; None without users, or without a run to compare with."""
        return self._tables.new_of(self.job_id)

    def first_nameless(self, limit: int, *columns: str) -> pl.DataFrame:
        """Return columns of the first entries without a user, in log order."""
        return self._first(_NAMELESS, limit, columns)

    def first_texts(self, limit: int, *columns: str) -> pl.DataFrame:
        """Return columns of the first rows of text that isn't an entry, in log order."""
        return self._first(~_HAS_CODE, limit, columns) if self.texts else pl.DataFrame(schema=dict.fromkeys(columns))

    def first_users(self, limit: int) -> pl.DataFrame:
        """Return the rows of ``Tables.users_of`` of the first users, new ones first."""
        if isinstance(self._users, pl.DataFrame):
            return self._users.sort("new", descending=True, nulls_last=True, maintain_order=True).head(limit)
        new = pl.col("new").fill_null(value=False)
        first = [self._users.filter(which).head(limit).collect(engine="streaming") for which in (new, ~new)]
        return self._tables.with_open(pl.concat(first).head(limit), self.job_id)

    def entries_of(self, keys: pl.Series, limit: int, *columns: str) -> pl.DataFrame:
        """Return ``key`` and columns of the first entries of these users, in log order."""
        named = pl.col("names") & pl.col("key").is_in(keys.implode())
        if self._is_held:
            return self._read(named, "key", *columns)
        first = pl.struct(columns).sort_by(_PLACE).head(limit).alias("entry")
        of_key = self._entries.lazy().filter(named).group_by("key").agg(first)
        return of_key.explode("entry").unnest("entry").collect(engine="streaming")

    def table(self, feed: str, ran: datetime | None) -> pl.LazyFrame:
        """Return the table ``entries`` with the job's feed and time; of a large log in any order."""
        of_job = {"feed": pl.lit(feed, pl.String), "ran": pl.lit(ran, UTC)}
        return self._entries.lazy().select(*ENTRIES).with_columns(**of_job)

    @functools.cached_property
    def _entries(self) -> pl.DataFrame | pl.LazyFrame:
        return (self._tables.entries_of if self._is_held else self._tables.scan_entries_of)(self.job_id)

    @functools.cached_property
    def _users(self) -> pl.DataFrame | pl.LazyFrame:
        return (self._tables.users_of if self._is_held else self._tables.scan_users_of)(self.job_id)

    def _read(self, which: pl.Expr, *columns: str) -> pl.DataFrame:
        found = self._entries.filter(which).select(columns)
        return found if isinstance(found, pl.DataFrame) else found.collect(engine="streaming")

    def _first(self, which: pl.Expr, limit: int, columns: Collection[str]) -> pl.DataFrame:
        if self._is_held:
            return self._entries.lazy().filter(which).head(limit).select(columns).collect()
        found = self._entries.lazy().filter(which).sort(_PLACE).head(limit)
        return found.select(columns).collect(engine="streaming")


def patterns_in(entries: pl.DataFrame, catalogue: Catalogue) -> dict[str, list[PatternCount]]:
    """Return by code the patterns that its entries match, those with the most users first.

    Codes without patterns in the catalogue are left out.
    """
    codes = entries["code"].drop_nulls().unique()
    known = {code: patterns for code in codes if (patterns := catalogue.patterns_of(code))}

    def pattern_of(code: str, message: str, detail: str) -> str | None:
        match = first_match(known[code], message, detail)
        return match.code if match else None

    found: dict[str, list[PatternCount]] = {}
    for code, *counts in by_pattern(entries.filter(pl.col("code").is_in(list(known))), pattern_of, SAYS_NOTHING).rows():
        found.setdefault(code, []).append(PatternCount(*counts))
    return found
