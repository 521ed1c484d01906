"""Read a source file record by record, in constant memory.

The import format is ``{"value": [{ID_PROPERTY: id, PROPERTY: value, …}, …]}`` (the vendor's article); further keys
beside ``value`` are skipped.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, TypeAlias

from analyzer.source.model import GrammarError, Shape, ShapeKind, Trouble
from analyzer.source.reader.fault import BACKSLASH_AT_END, ends_in_backslash
from analyzer.source.reader.json_text import NotImportFormatError, NotJsonError, after_mark, opened, position
from analyzer.source.reader.other_formats import several_in, shape_of, shown_value
from analyzer.source.reader.tolerant import (
    Record,
    after_value,
    expect,
    read_key,
    record_at,
    skip_blank,
    skip_value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from analyzer.source.reader.json_text import Buffer, SourceFormatError

# A list whose first value isn't a record, or is a wrapper of a list: [["…"]], ["…"], [{"value":[
_NOT_A_RECORD = re.compile(rb"""\[ \s*+ (?: [\["'] | \{ \s*+ ["']value["'] \s*+ : \s*+ \[ )""", re.VERBOSE)
_BRACKETS = re.compile(rb"[\s,}\]]++\Z")


def read_records(path: Path) -> Iterator[Record]:
    """Yield the records of a source file in order, without other values in its list.

    Raises:
        InputError: the file can't be read.
        NotJsonError: it isn't valid JSON even by what the service tolerates.
        NotImportFormatError: it is, but not in the import format.
    """
    with reading(path) as buffer:
        yield from records_of(buffer, others=True)


@contextlib.contextmanager
def reading(path: Path) -> Iterator[Buffer]:
    """Open a source file; convert a grammar error in the context to an error for users.

    Raises:
        InputError: the file can't be read.
        NotJsonError: it isn't valid JSON even by what the service tolerates.
        NotImportFormatError: it is, but not in the import format.
    """
    with opened(path) as buffer:
        try:
            yield buffer
        except GrammarError as error:
            raise format_error(path, buffer, error) from error


def format_error(path: Path, buffer: Buffer, error: GrammarError) -> SourceFormatError:
    """Convert a grammar error to an error for users."""
    if (shape := error.shape) is not None:
        return NotImportFormatError(str(path), buffer, shape)
    whereabouts = f", in record {error.record:,}" if error.record else ""
    problem = BACKSLASH_AT_END if ends_in_backslash(buffer, error) else error.problem
    return NotJsonError(str(path), buffer, error.offset, problem, whereabouts)


def has_no_users(path: Path) -> bool:
    """Return whether a source file certainly has no users: its list is empty, or nothing is in its place.

    Raises:
        InputError: the file can't be read.
    """
    with opened(path) as buffer:
        try:
            return next(records_of(buffer), None) is None
        except GrammarError as error:
            return error.shape is not None and error.shape.kind is ShapeKind.empty


Taker: TypeAlias = "Callable[[int, int], tuple[int, int] | None]"
"""Called with the offset and position of a record; may process several records itself. Returns their number and the
offset of the next record, or None for no records."""

OnOther: TypeAlias = "Callable[[int, int], None]"
"""Called with the offset and position of a value that isn't an object."""


def records_of(
    buffer: Buffer, *, others: bool = False, taker: Taker | None = None, on_other: OnOther | None = None
) -> Iterator[Record]:
    """Yield the records of an open source file.

    Args:
        buffer: the file's UTF-8.
        taker: processes records that are then not yielded.
        others: whether values in the list that aren't objects are skipped, unless there are no objects. They count in
            the positions.
        on_other: called with each of these values.

    Raises:
        GrammarError: it isn't valid JSON, even with tolerated syntax, or not in the import format.
    """
    start = begin(buffer, skip_blank(buffer, after_mark(buffer)))
    at = yield from list_at(buffer, start, others=others, taker=taker, on_other=on_other)
    finish(buffer, at)


def begin(buffer: Buffer, offset: int) -> int:
    """Return the offset of the array with the records in the object at ``offset``.

    Raises:
        GrammarError: there is no such array before the first fault, or it isn't a list of records; with the
            ``shape`` if the file is valid JSON.
    """
    try:
        at = _list_of_records(buffer, offset)
    except GrammarError as error:
        raise _with_shape(buffer, offset, error) from None
    if _NOT_A_RECORD.match(buffer, at):
        no_records = GrammarError(at, "the list has something else in place of records", Trouble.no_format)
        no_records = _with_shape(buffer, offset, no_records)
        # Otherwise, the file isn't valid JSON: reading the records finds the fault and its record.
        if no_records.shape is not None:
            raise no_records
    return at


def _list_of_records(buffer: Buffer, offset: int) -> int:
    at = skip_blank(buffer, expect(buffer, offset, b"{"))
    while buffer[at : at + 1] != b"}":
        name, at = read_key(buffer, at)
        if name == "value":
            expect(buffer, at, b"[")
            return at
        at = after_value(buffer, skip_value(buffer, at), b"}")
    at = skip_blank(buffer, at + 1)
    raise GrammarError(at, 'there is no "value" with the list of users', Trouble.no_format)


def _with_shape(buffer: Buffer, offset: int, error: GrammarError) -> GrammarError:
    """Return the error with the file's shape if the file is valid JSON, else with the fault."""
    try:
        return error.of_shape(shape_of(buffer, offset))
    except GrammarError as inner:
        return inner if inner.offset > error.offset else error


def finish(buffer: Buffer, offset: int) -> None:
    """Check the text after the array, which ends at ``offset``; skip further keys.

    Raises:
        GrammarError: it isn't valid JSON, even with tolerated syntax, or has a second array with records.
    """
    first = skip_blank(buffer, offset)
    if first >= len(buffer):
        raise GrammarError(len(buffer), 'the object\'s "}" is missing at the end of the file', Trouble.unclosed)
    if buffer[first : first + 1] == b"]" and only_brackets(buffer, first):
        raise _brackets(buffer, first)
    at = after_value(buffer, first, b"}")
    while buffer[at : at + 1] != b"}":
        name, value = read_key(buffer, at)
        if name == "value":
            raise _second_list(buffer, at)
        at = after_value(buffer, skip_value(buffer, value), b"}")
    at = skip_blank(buffer, at + 1)
    if at < len(buffer):
        if only_brackets(buffer, at):
            raise _brackets(buffer, at)
        start = skip_blank(buffer, after_mark(buffer))
        error = GrammarError(at, "text after the end of the JSON", Trouble.no_format)
        with contextlib.suppress(GrammarError):
            error.of_shape(several_in(buffer, start))
        raise error


def only_brackets(buffer: Buffer, at: int) -> bool:
    """Return whether only closing brackets, commas, and blanks follow."""
    return _BRACKETS.match(buffer, at) is not None


def _brackets(buffer: Buffer, at: int) -> GrammarError:
    shown = b"".join(bytes(buffer[at : at + 100]).split())[:20].decode()
    return GrammarError(at, f'there are closing brackets too many at the end of the file ("{shown}")', Trouble.brackets)


def _second_list(buffer: Buffer, at: int) -> GrammarError:
    line, column = position(buffer, begin(buffer, skip_blank(buffer, after_mark(buffer))))
    problem = (
        f'there is a second "value" (the list of the first begins in line {line:,}, column {column:,}), and'
        " which one counts is unknown"
    )
    error = GrammarError(at, f"{problem}: put all records into one", Trouble.no_format)
    error.shape = Shape(ShapeKind.other, at, problem, "Put all records into one list.")
    return error


def list_at(  # noqa: PLR0913 - the options of records_of
    buffer: Buffer,
    offset: int,
    *,
    position: int = 0,
    others: bool = False,
    taker: Taker | None = None,
    on_other: OnOther | None = None,
) -> Generator[Record, None, int]:
    """Yield the records of the list at ``offset``; the generator returns the end of the list.

    Args:
        buffer: the source file.
        offset: offset of the list's bracket.
        position: position of its first record.
        others: as in ``records_of``.
        taker: as in ``records_of``.
        on_other: as in ``records_of``.

    Raises:
        GrammarError: a fault in it.
    """
    at = skip_blank(buffer, expect(buffer, offset, b"["))
    records = 0
    first_other = None
    while buffer[at : at + 1] != b"]":
        taken = taker(at, position) if taker else None
        if taken is not None:
            # A comment may be between them.
            records, position, at = records + taken[0], position + taken[0], skip_blank(buffer, taken[1])
            continue
        end = None if buffer[at : at + 1] == b"{" else end_of_other(buffer, at)
        if end is None:
            record, end = record_at(buffer, at, position)
            yield record
            records += 1
        else:
            first_other = first_other or no_record_at(buffer, at, position)
            if not others:
                raise first_other
            if on_other is not None:
                on_other(at, position)
        position += 1
        at = after_record(buffer, end)
    if first_other is not None and not records:
        raise first_other
    return at + 1


def end_of_other(buffer: Buffer, at: int) -> int | None:
    """Return the end of a value in the list that isn't an object; None for an object or invalid JSON."""
    if buffer[at : at + 1] == b"{":
        return None
    try:
        end = skip_value(buffer, at)
        after_value(buffer, end, b"]")
    except GrammarError:
        return None
    return end


def no_record_at(buffer: Buffer, at: int, position: int) -> GrammarError:
    """Return the error of a value in the list that isn't an object."""
    shown = shown_value(buffer, at)
    error = GrammarError(at, f"{shown} where a record should be", Trouble.no_record)
    error.record, error.start = position + 1, at
    words = f"record {position + 1:,} is {shown}, and each record has to be an object"
    error.shape = Shape(
        ShapeKind.no_record, at, f"it is valid JSON up to there, but {words}", "Have the feed leave it out."
    )
    return error


def after_record(buffer: Buffer, offset: int) -> int:
    """Return the offset of the record after the one that ends at ``offset``, or of the list's closing bracket.

    Raises:
        GrammarError: there is neither; its trouble is ``unclosed`` if only the list's bracket is missing.
    """
    try:
        at = after_value(buffer, offset, b"]")
    except GrammarError as error:
        if _is_unclosed(buffer, error.offset):
            raise _unclosed(error.offset) from None
        raise
    if buffer[at : at + 1] == b"}" and _is_unclosed(buffer, at):
        raise _unclosed(at)
    return at


def _is_unclosed(buffer: Buffer, at: int) -> bool:
    return buffer[at : at + 1] == b"}" and skip_blank(buffer, at + 1) >= len(buffer)


def _unclosed(at: int) -> GrammarError:
    return GrammarError(at, 'the list\'s "]" is missing at the end of the file', Trouble.unclosed)
