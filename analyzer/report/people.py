"""The people whom a log names, and its entries as they are in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from analyzer.model.text import count
from analyzer.report.rows import Entries, EntryRow, Person
from analyzer.report.times import DASH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.report.view import Run, View

PEOPLE_SHOWN = 1_000
"""A page with more people than this is slow to open; the CSV file has them all."""

ENTRIES_SHOWN = 200
"""Entries shown of those that don't identify a user, and of text that is no entry."""

OF_ONE_PERSON = 20

STATUS = {True: "New", False: "Recurring", None: DASH}
_ENTRY = ("code", "identity", "message", "detail", "log_file", "line")


def people_of(view: View, run: Run) -> tuple[tuple[Person, ...], str]:
    """The people whom a job's log names, new ones first, then in the log's order; and a note on those left out."""
    users = view.users.get(run.job_id)
    if users is None:
        return (), ""
    first = users.sort("new", descending=True, nulls_last=True, maintain_order=True).head(PEOPLE_SHOWN)
    entries = _entries_by_key(view.entries_of(run), first["key"])
    rows = first.select("key", "identity", "codes", "new", "open", "entries").rows()
    people = tuple(
        Person(
            identity=identity,
            codes=tuple(codes),
            status=STATUS[new],
            since="updated since" if is_open is False else "",
            count=total,
            counted=count(total, "entry", "entries"),
            entries=_shown(entries[key], total, OF_ONE_PERSON),
        )
        for key, identity, codes, new, is_open, total in rows
    )
    left = users.height - len(people)
    return people, f"The first {len(people):,} of {users.height:,} people are shown." if left else ""


def entries_shown(entries: pl.DataFrame) -> Entries:
    """Entries in the log's order, the first few of them where they are many."""
    return _shown(entries.head(ENTRIES_SHOWN).select(_ENTRY).iter_rows(), entries.height, ENTRIES_SHOWN)


def _entries_by_key(entries: pl.DataFrame, keys: pl.Series) -> dict[str, list[tuple[str | int | None, ...]]]:
    wanted = entries.filter("names", pl.col("key").is_in(keys.implode()))
    found: dict[str, list[tuple[str | int | None, ...]]] = {}
    for key, *entry in wanted.select("key", *_ENTRY).iter_rows():
        found.setdefault(key, []).append(tuple(entry))
    return found


def _shown(entries: Iterable[tuple[str | int | None, ...]], total: int, limit: int) -> Entries:
    rows = tuple(_entry(*entry) for _, entry in zip(range(limit), entries, strict=False))
    left_out = f"The first {len(rows):,} of {count(total, 'entry', 'entries')} are shown." if len(rows) < total else ""
    return Entries(rows, left_out)


def _entry(*fields: str | int | None) -> EntryRow:
    code, identity, message, detail, log_file, line = fields
    place = f"{str(log_file).rsplit('/', 1)[-1]}, line {line:,}"
    return EntryRow(str(code or ""), str(identity or ""), str(message or ""), str(detail or ""), place)
