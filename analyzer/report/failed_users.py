"""The list of a job's failed users for those who have to correct them: the record, a plain reason, and what to do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from analyzer.analysis.failures import with_answers
from analyzer.errors import AnalyzerError, InputError
from analyzer.model.identity import identity_key
from analyzer.model.language import gettext as _
from analyzer.model.tables import UTC
from analyzer.source.find import find_records
from analyzer.source.id_property import infer_id_property
from analyzer.source.model import mark_of, marks_of
from analyzer.source.reader.records import reading
from analyzer.source.reader.tolerant import read_object, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from analyzer.catalogue import Catalogue
    from analyzer.history.load import Tables
    from analyzer.library.mirror import Library
    from analyzer.model.job import Job
    from analyzer.model.pseudonyms import Pseudonyms
    from analyzer.source.reader.json_text import Buffer

FAILED_USERS: dict[str, Any] = {
    "key": pl.String,
    "identity": pl.String,
    "new": pl.Boolean,
    "since": UTC,
    "runs": pl.UInt32,
    "open": pl.Boolean,
    "codes": pl.List(pl.String),
    "properties": pl.List(pl.String),
    "reason": pl.String,
    "remedy": pl.String,
    "entries": pl.UInt32,
    "record": pl.UInt32,
}
VALUE = "value:"
"""How the columns with the values of a record begin."""
_MOST_WANTED = 200_000
_EXACT = 10**15 - 1
"""The greatest number that a spreadsheet shows with all its digits."""
_NUMBERS = {int: pl.Int64, float: pl.Float64, bool: pl.Boolean, str: pl.String}
_value = msgspec.json.Decoder()
_record = msgspec.json.Decoder(dict[str, object])


@dataclass(frozen=True, slots=True)
class FailedUsers:
    """The failed users of a job.

    Attributes:
        table: columns ``FAILED_USERS``, and ``value:NAME`` for each property of their records in the source file, with
            the file's values: numbers and Booleans of properties that have nothing else, texts, and JSON for the rest.
        properties: names of these properties, in the order of their first occurrence; the ID property is the first.
        problem: why there are no values, a clause; empty if there are.
    """

    table: pl.DataFrame
    properties: tuple[str, ...] = ()
    problem: str = ""


def failed_users_of_job(library: Library, tables: Tables, job: Job, catalogue: Catalogue) -> FailedUsers:
    """Return the users that a job's log names, with their records in our copy of its source file."""
    source = library.source_file(job)
    return failed_users(tables, job.job_id, catalogue, source, id_property_of(tables, job.job_id, source))


def id_property_of(tables: Tables, job_id: str, source: Path | None) -> str:
    """Return the property with the IDs: that of our own import, the one that the log proves, or one that fits it."""
    known = tables.proven_id_property(job_id)
    if known or source is None:
        return known
    try:
        return infer_id_property(source, set(tables.users_of(job_id)["key"]), some_lack_it=False).name
    except AnalyzerError:
        return ""


def failed_users(
    tables: Tables, job_id: str, catalogue: Catalogue, source: Path | None, id_property: str = ""
) -> FailedUsers:
    """Return the users that a job's log names, new ones first, then by their keys.

    Args:
        tables: the history.
        job_id: the job.
        catalogue: explains the failures, in the language that is spoken.
        source: our copy of the source file; None to leave out the records.
        id_property: the property of the source file with the IDs; empty to leave out the records.
    """
    users = tables.users_of(job_id)
    ran = dict(tables.jobs.select("job_id", "ran").iter_rows())
    table = (
        users.join(_reasons(tables.entries_of(job_id), catalogue), on="key", how="left", maintain_order="left")
        .with_columns(
            since=pl.Series([ran.get(job) for job in users["since"]], dtype=UTC),
            record=pl.lit(None, pl.UInt32),
        )
        .sort(pl.col("new").fill_null(value=False), "key", descending=[True, False], maintain_order=True)
        .select(*FAILED_USERS)
    )
    problem = _why_no_records(tables, job_id, source, id_property)
    if problem or source is None or table.is_empty():
        return FailedUsers(table, problem=problem)
    try:
        records = _Records(source, id_property, table["key"].to_list())
        return records.added_to(table)
    except InputError as error:
        return FailedUsers(table, problem=error.what.replace(str(source), source.name))


def _why_no_records(tables: Tables, job_id: str, source: Path | None, id_property: str) -> str:
    if source is None:
        return tables.source_problems.get(job_id) or _("there is no copy of the source file")
    if job_id in tables.source_later:
        return _("our copy of the source file is of a later version")
    return "" if id_property else _("the ID property isn't known")


def _reasons(entries: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Return by ``key`` the reasons and what to do, texts; and the properties that messages name."""
    named = entries.filter("names", pl.col("code").is_not_null())

    def answers(code: str, message: str, detail: str | None) -> tuple[str, str]:
        cause = catalogue.explain_entry(code, message, detail)
        return _sentence(_(cause.title)), _(cause.remedies[0]) if cause.remedies else ""

    explained = with_answers(named, answers, {"reason": pl.String, "remedy": pl.String})
    return explained.group_by("key", maintain_order=True).agg(
        pl.col("reason").unique(maintain_order=True).str.join(" "),
        pl.col("remedy").filter(pl.col("remedy") != "").unique(maintain_order=True).str.join(" "),
        properties=pl.col("property").drop_nulls().unique(maintain_order=True),
    )


def _sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:].rstrip('.')}." if clause else ""


class _Records:
    """The records of some users in a source file."""

    def __init__(self, source: Path, id_property: str, keys: Sequence[str]) -> None:
        """Find the records.

        Raises:
            InputError: the file can't be read.
        """
        self._source, self._id_property = source, id_property
        marks = marks_of(keys)
        is_few = len(marks) <= _MOST_WANTED
        self._spans = find_records(source, id_property, marks if is_few else None).spans
        self._row_of = {marks[key] if is_few else mark_of(key): row for row, key in enumerate(keys) if key}

    def added_to(self, table: pl.DataFrame) -> FailedUsers:
        """Return the users with the first record of each.

        Raises:
            InputError: the file can't be read.
        """
        rows: dict[int, tuple[int, dict[str, object]]] = {}
        with reading(self._source) as buffer:
            spans = self._spans
            for start, end, position, mark in zip(*spans.columns(), strict=True):
                row = self._row_of.get(mark)
                if row is not None and row not in rows:
                    rows[row] = position + 1, _values(buffer, start, end)
        names = dict.fromkeys(name for row in sorted(rows) for name in rows[row][1])
        ordered = sorted(names, key=lambda name: name != self._id_property)
        none: tuple[int | None, dict[str, object]] = None, {}
        found = [rows.get(row, none) for row in range(table.height)]
        values = [_column(f"{VALUE}{name}", [record.get(name) for _, record in found]) for name in ordered]
        numbers = pl.Series("record", [number for number, _ in found], pl.UInt32)
        return FailedUsers(table.with_columns(numbers, *values), tuple(ordered))


def _values(buffer: Buffer, start: int, end: int) -> dict[str, object]:
    """Return the values of a record."""
    try:
        return _record.decode(bytes(buffer[start:end]))
    except (msgspec.DecodeError, UnicodeDecodeError):  # spelled as the service tolerates it
        return {name: _tolerated(token) for name, token in read_object(buffer, start).members.items()}


def _tolerated(token: bytes) -> object:
    try:
        return _value.decode(token)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return text_of(token)


def _column(name: str, values: Iterable[object]) -> pl.Series:
    """Return a column of the values' own type if they have one that loses no digit, else of texts."""
    found = list(values)
    kinds = {type(value) for value in found if value is not None}
    kind = next(iter(kinds)) if len(kinds) == 1 else str
    is_rounded = kind is int and any(value is not None and abs(value) > _EXACT for value in found)  # type: ignore[arg-type]
    if kind in _NUMBERS and kinds <= {kind} and not is_rounded:
        return pl.Series(name, found, _NUMBERS[kind])
    return pl.Series(name, [_text(value) for value in found], pl.String)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))  # integers of any size, unlike msgspec


def as_list(found: FailedUsers, zone: str = "UTC") -> pl.DataFrame:
    """Return the list for people: headings in the language that is spoken, then the record's properties by their names.

    Args:
        found: the users.
        zone: of the times.
    """
    table = found.table
    status = {True: _("New"), False: _("Recurring")}
    is_open = {True: _("yes"), False: _("no"), None: _("unknown")}
    ours = {
        _("ID"): table["identity"],
        _("Record"): table["record"],
        _("Reason"): table["reason"],
        _("What to do"): table["remedy"],
        _("Status"): pl.Series([status.get(new, "") for new in table["new"]], dtype=pl.String),
        _("Failing since"): table["since"].dt.convert_time_zone(zone).dt.date(),
        _("Runs"): table["runs"],
        _("Still open"): pl.Series([is_open[one] for one in table["open"]], dtype=pl.String),
        _("Codes"): table["codes"].list.join(", "),
    }
    taken = {name.casefold() for name in ours}
    columns = dict(ours)
    for name in found.properties:
        heading = name
        while heading.casefold() in taken:
            heading = f"{heading} *"
        taken.add(heading.casefold())
        columns[heading] = table[f"{VALUE}{name}"]
    return pl.DataFrame([column.alias(name) for name, column in columns.items()])


def narrowed(
    found: FailedUsers, *, new: bool = False, codes: Sequence[str] = (), domains: Sequence[str] = ()
) -> FailedUsers:
    """Return the users who are new, have an entry with one of the codes, and whose ID is in one of the domains.

    Args:
        found: the users.
        new: whether only new users are wanted.
        codes: ignoring case; empty for all.
        domains: such as ``fabrikam.com``, ignoring case; empty for all.
    """
    table = found.table
    if new:
        table = table.filter(pl.col("new").fill_null(value=True))
    if codes:
        wanted = [code.casefold() for code in codes]
        table = table.filter(pl.col("codes").list.eval(pl.element().str.to_lowercase().is_in(wanted)).list.any())
    if domains:
        endings = [f"@{domain.casefold().lstrip('@')}" for domain in domains]
        table = table.filter(pl.any_horizontal(pl.col("key").str.ends_with(ending) for ending in endings))
    return FailedUsers(table, found.properties, found.problem)


def redacted(found: FailedUsers, pseudonyms: Pseudonyms) -> FailedUsers:
    """Return the users as pseudonyms, without their records."""
    identities = [pseudonyms.user(identity) for identity in found.table["identity"]]
    table = found.table.select(*FAILED_USERS).with_columns(
        key=pl.Series(map(identity_key, identities), dtype=pl.String),
        identity=pl.Series(identities, dtype=pl.String),
        record=pl.lit(None, pl.UInt32),
    )
    order = pl.col("new").fill_null(value=False)
    return FailedUsers(table.sort(order, "key", descending=[True, False]))
