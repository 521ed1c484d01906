"""Query the tables of a history with SQL, without writing anything and without reading other files."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import polars as pl

from analyzer.errors import InputError, UsageError
from analyzer.model.tables import JOBS
from analyzer.model.text import listed, nearest, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analyzer.history.load import Tables

_READING = frozenset({"select", "with", "explain", "show", "values", "from"})
"""Words with which a statement begins that changes nothing."""

_FILE_FUNCTION = re.compile(r"\b(?:read|scan|sink|write)_[a-z_]+", re.IGNORECASE)
_BEFORE_FIRST_WORD = re.compile(r"(?:\s|\(|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(r"[^\W\d]\w*")
_STRING_OR_COMMENT = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)

_LONGEST = 200
"""Characters of what polars says about a mistake: it lists the columns of wide tables."""
_DOCUMENTED = "docs/query.md has examples."


def frames_of(tables: Tables) -> dict[str, pl.LazyFrame]:
    """Return the tables that a query can name, with the columns of ``docs/reference/tables.md``."""
    return {
        "jobs": tables.jobs.lazy().select(*JOBS),
        "entries": tables.scan_entries(),
        "users": tables.scan_users(),
        "job_codes": tables.codes.lazy(),
        "observations": tables.observations.lazy(),
        "imports": tables.imports.lazy(),
        "verifications": tables.verifications.lazy(),
    }


def query(sql: str, frames: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """Return the result of a statement; it is computed as it is read, within ``query_errors``.

    Args:
        sql: one statement, in the dialect of polars.
        frames: the tables by name.

    Raises:
        UsageError: it would change something, use a file, or is wrong.
    """
    _check_harmless(sql)
    with query_errors(sql, frames):
        result = pl.SQLContext(frames, eager=False).execute(sql)
        schema = result.collect_schema()
        decimals = [name for name, kind in schema.items() if kind.is_decimal()]
        floats = [name for name, kind in schema.items() if kind.is_float()]
        # Neither JSON nor a sheet has decimals or NaN.
        return result.with_columns(pl.col(decimals).cast(pl.Float64), pl.col(floats).fill_nan(None))


@contextlib.contextmanager
def query_errors(sql: str, frames: Mapping[str, pl.LazyFrame]) -> Iterator[None]:
    """Turn errors of polars into errors for users.

    Raises:
        UsageError: the statement is wrong.
        InputError: a file of the history can't be read.
    """
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        _check_readable(frames)
        raise _mistake(sql, error, frames) from error


def _check_harmless(sql: str) -> None:
    """Check that a statement only reads the tables.

    Raises:
        UsageError: it doesn't.
    """
    if not sql.strip():
        raise UsageError("there is no query", f"Specify one in quotes, beginning with SELECT. {_DOCUMENTED}")
    blank = _BEFORE_FIRST_WORD.match(sql)
    first = _WORD.match(sql, blank.end() if blank else 0)
    if first is None or first[0].lower() not in _READING:
        raise UsageError(
            f"the query begins with {shortened((first[0] if first else sql.strip()), _LONGEST)!r}",
            "A query only reads: begin it with SELECT or WITH.",
        )
    # Also in quotation marks or a string: only the parser of polars knows for sure what is a name.
    file = _FILE_FUNCTION.search(sql)
    if file:
        raise UsageError(
            f"a query can't use {file[0]}", "It reads the tables of the history and nothing else. " + _DOCUMENTED
        )


def _check_readable(frames: Mapping[str, pl.LazyFrame]) -> None:
    for name, frame in frames.items():
        try:
            frame.select(pl.len()).collect(engine="streaming")
        except (OSError, pl.exceptions.PolarsError) as error:
            raise InputError(
                f"the table {name} of the history can't be read", "upa-analyzer history rebuild makes it again."
            ) from error


def _mistake(sql: str, error: BaseException, frames: Mapping[str, pl.LazyFrame]) -> UsageError:
    """Return the error for a statement that polars refused; suggest a name for one that it doesn't know."""
    said = (str(error).splitlines() or [""])[0].removeprefix("sql parser error: ")
    columns = {name: frame.collect_schema().names() for name, frame in frames.items()}
    words = dict.fromkeys(_WORD.findall(_STRING_OR_COMMENT.sub(" ", sql)))
    used = [name for name in columns if name in {word.lower() for word in words}]
    names = {*columns, *(column for name in used for column in columns[name])}
    advice = _DOCUMENTED
    unknown = [word for word in words if word not in names and (f"'{word}'" in said or f'"{word}"' in said)]
    if isinstance(error, pl.exceptions.ColumnNotFoundError) and unknown:
        said = f"there is no column {unknown[0]!r}"
        advice = "; ".join(f"{name} has {listed(columns[name])}" for name in used) + "."
    elif unknown and not used:
        advice = f"The tables are {listed(columns)}."
    near = next(filter(None, (nearest(word, names) for word in unknown)), "")
    advice = f"Did you mean {near}?" if near else advice
    return UsageError(f"the query can't be run: {shortened(said.rstrip(':;. '), _LONGEST)}", advice)
