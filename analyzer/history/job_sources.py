"""Read the source files of jobs when they are asked for, and locate log entries without a user in them.

Such entries are located by the positions in their messages, or by the order of the log's other entries.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from analyzer.analysis.failures import without_user
from analyzer.analysis.named_users import BOUNDS, FEWEST, POSITIONS, bounds
from analyzer.errors import InputError, UsageError
from analyzer.history.job_facts import examine_job_source
from analyzer.history.job_log import JobLogs
from analyzer.history.store import scanning
from analyzer.model.language import gettext as _
from analyzer.model.service import LogCode
from analyzer.model.text import grouped
from analyzer.source.diagnosis.service_message import Diagnosis, diagnose, diagnosis_json
from analyzer.source.id_property import infer
from analyzer.source.model import Spans, marks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import Any

    from analyzer.analysis.named_users import Order
    from analyzer.history.load import Tables
    from analyzer.history.source_findings import SourceFindings
    from analyzer.library.mirror import Library
    from analyzer.model.job import Job

_Found = TypeVar("_Found")


class PerJob(Mapping[str, _Found | None]):
    """Findings by job ID, each made when it is first asked for."""

    def __init__(self, job_ids: Iterable[str], find: Callable[[str], _Found | None]) -> None:
        """Begin without findings.

        Args:
            job_ids: the jobs that may have any.
            find: returns the findings of a job.
        """
        self._job_ids = dict.fromkeys(job_ids)
        self._find = functools.cache(find)

    def __getitem__(self, job_id: str) -> _Found | None:
        """Return the findings of a job; None if it has none."""
        if job_id not in self._job_ids:
            raise KeyError(job_id)
        return self._find(job_id)

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._job_ids

    def __iter__(self) -> Iterator[str]:
        return iter(self._job_ids)

    def __len__(self) -> int:
        return len(self._job_ids)


class JobSources:
    """Our copies of the source files of a library's jobs."""

    def __init__(self, library: Library, tables: Tables) -> None:
        """Open a library; ``tables`` are its jobs."""
        self._library, self._tables = library, tables

    @functools.cached_property
    def _jobs(self) -> Mapping[str, Job]:
        return {job.job_id: job for job in self._library.jobs()}

    def file(self, job_id: str) -> Path | None:
        """Return our copy of a job's source file; None if there is none."""
        job = self._jobs.get(job_id)
        return self._library.source_file(job) if job else None

    def findings(self, job_id: str) -> SourceFindings | None:
        """Return the findings in a failed job's source file; None if there are none."""
        return examine_job_source(self._tables.job(job_id), self._tables, self.file(job_id))

    def whereabouts(self, job_id: str) -> Whereabouts | None:
        """Return the locations of a job's entries without a user; None if it has none.

        In a large log, only faults that the messages locate in the source file are looked for.
        """
        if not self._tables.unnamed_of(job_id):
            return None
        if JobLogs(self._tables).of(job_id).is_large:
            unread = (pl.col("code") == LogCode.DataFileNotJson) & ~pl.col("names")
            with scanning():
                entries = self._tables.scan_entries_of(job_id).filter(unread).collect()
            return whereabouts(entries, self.file(job_id))
        return whereabouts(self._tables.entries_of(job_id), self.file(job_id))


_MOST_LOCATED = 5
"""Positions located for one log. The first one aborts the import, and each costs a pass through the source file."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The locations of a log's entries without a user.

    Attributes:
        located: the places in messages; the first few, each message once.
        bounds: columns ``analysis.named_users.BOUNDS``; empty if nothing is known.
        order: the evidence for the bounds; None if it was not examined.
    """

    located: tuple[Diagnosis, ...]
    bounds: pl.DataFrame
    order: Order | None

    def by_entry(self) -> dict[tuple[str, int], str]:
        """Return a clause for each bounded entry, by log file and line."""
        return {(row["log_file"], row["line"]): bounds_words(row) for row in self.bounds.iter_rows(named=True)}

    @property
    def order_sentence(self) -> str:
        """How certain the bounds are, and why; empty if there are none."""
        order = self.order
        if order is None or order.sure is None or self.bounds.is_empty():
            return ""
        if order.sure == "likely":
            text = _(
                "Their places are likely, not certain: all {total} entries that name one record are in the source"
                " file's order."
            )
            return text.format(total=grouped(order.compared))
        text = _(
            "Their places are uncertain: {part} of {total} entries that name one record are in the source file's order;"
            " the others were left out."
        )
        return text.format(part=grouped(order.in_order), total=grouped(order.compared))


def whereabouts(named: pl.DataFrame, source: Path | None) -> Whereabouts | None:
    """Locate one job's entries without a user.

    Args:
        named: the job's entries with their users (``analysis.named_users``).
        source: its source file; None if there is none.

    Returns:
        None if every entry has a user; the source file isn't read then.
    """
    nameless = without_user(named)
    if nameless.is_empty():
        return None
    unread = nameless.filter(code=LogCode.DataFileNotJson)
    messages = unread["message"].unique(maintain_order=True).head(_MOST_LOCATED)
    located = tuple(_located(message, source) for message in messages)
    positions = None
    if source is not None and nameless.height > unread.height:
        positions = _positions(named, source)
    if positions is None:
        return Whereabouts(located, pl.DataFrame(schema=BOUNDS), None)
    return Whereabouts(located, *bounds(named.filter(pl.col("code") != LogCode.DataFileNotJson), positions))


def whereabouts_json(found: Whereabouts | None) -> dict[str, Any]:
    """Return the locations as JSON; all keys are always present."""
    order = found.order if found else None
    return {
        "located": [diagnosis_json(one) for one in found.located] if found else [],
        "bounds": found.bounds.to_dicts() if found else [],
        "bounds_sure": order.sure if order else None,
        "bounds_compared": order.compared if order else 0,
        "bounds_in_order": order.in_order if order else 0,
    }


def bounds_words(row: Mapping[str, Any]) -> str:
    """Return a row of ``BOUNDS`` as a clause: ``between record 1,201 (ada@contoso.com) and record 1,207 (…)``."""
    after, before = row["after_record"], row["before_record"]
    if after and before:
        text = _("between record {after} ({after_id}) and record {before} ({before_id})")
        if after == before:
            text = _("at record {after} ({after_id})")
    else:
        text = (
            _("at or after record {after} ({after_id})") if after else _("at or before record {before} ({before_id})")
        )
    return text.format(
        after=grouped(after or 0),
        after_id=row["after_identity"],
        before=grouped(before or 0),
        before_id=row["before_identity"],
    )


def _located(message: str, source: Path | None) -> Diagnosis:
    with contextlib.suppress(InputError):
        return diagnose(message, source)
    return diagnose(message, None)


def _positions(named: pl.DataFrame, source: Path) -> pl.DataFrame | None:
    """Return the columns ``POSITIONS`` for the IDs in the log; None if the source file doesn't show them."""
    keys = set(named.filter("names")["key"])
    if len(keys) < FEWEST:
        return None
    wanted = marks_of(keys)
    try:
        records = infer(source, wanted).records
    except (InputError, UsageError):
        return None
    spans, key_of = records.spans if records else Spans(), {mark: key for key, mark in wanted.items()}
    rows = [(key_of[mark], at + 1) for mark, at in zip(spans.marks, spans.positions, strict=True)]
    return pl.DataFrame(rows, schema=POSITIONS, orient="row")
