"""The bytes of a source file, and where in them something stands.

A source file is JSON as Json.NET takes it: also with a byte order mark, comments, commas before a bracket, single
quotes and unquoted names (the vendor's own example has commas before a bracket).
"""

from __future__ import annotations

import bisect
import codecs
import contextlib
import functools
import re
import unicodedata
from typing import TYPE_CHECKING, TypeAlias

from analyzer.errors import InputError
from analyzer.source.reader.encoding import UTF8, UTF16, WINDOWS, encoding_of
from analyzer.source.reader.recoded import as_utf8, map_of
from analyzer.storage.files import cannot_read

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator
    from pathlib import Path

    from analyzer.source.model import Shape

Buffer: TypeAlias = "bytes | mmap.mmap"

_LINE_END = re.compile(rb"\r\n|\n|\r")
_PIECE = 1 << 20
_LARGE = 1 << 26
"""Bytes."""
_CONTROL_PICTURES = 0x2400
"""The block of Unicode with a sign for each control character, in their order."""
WINDOWS_1252 = "Windows-1252"
UTF_16 = "UTF-16"
_NAMES = {UTF16: UTF_16, WINDOWS: WINDOWS_1252}


class SourceFormatError(InputError):
    """A source file that is not what the service imports: not valid JSON, or of another shape.

    Attributes:
        offset: where the offending byte stands in the file's UTF-8.
        line: 1-based.
        column: 1-based, in characters.
    """

    offset: int
    line: int
    column: int


class NotJsonError(SourceFormatError):
    """A source file that isn't valid JSON, even by what the service tolerates.

    Attributes:
        problem: what is wrong there.
    """

    def __init__(self, name: str, buffer: Buffer, offset: int, problem: str, whereabouts: str = "") -> None:
        self.offset = offset
        self.problem = problem
        self.line, self.column = position(buffer, offset)
        super().__init__(
            f"{name} isn't valid JSON: line {self.line:,}, column {self.column:,}: {problem}"
            f" (…{excerpt(buffer, offset)}…){whereabouts}",
            "Correct it there, or have the feed write valid JSON.",
        )


class NotImportFormatError(SourceFormatError):
    """A source file that is valid JSON, but not in the import format.

    Attributes:
        kind: how it differs.
        repairable: whether all its records are certain.
    """

    def __init__(self, name: str, buffer: Buffer, shape: Shape) -> None:
        self.offset = shape.offset
        self.kind, self.repairable = shape.kind, bool(shape.pieces)
        self.line, self.column = position(buffer, shape.offset)
        super().__init__(
            f"{name} isn't in the import format: {shape.words} (line {self.line:,}, column {self.column:,})",
            shape.advice,
        )


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Buffer]:
    """The file as UTF-8, mapped and not read where it is UTF-8 already; ``recoded_from`` tells where it is not.

    Raises:
        InputError: the file cannot be read, or is UTF-16 that cannot be decoded.
        OutputError: there is no room for a copy in UTF-8.
    """
    with mapped(path) as buffer:
        encoding = _encoding(path, buffer)
        if encoding == UTF8:
            yield buffer
        else:
            with as_utf8(path, buffer, encoding) as recoded:
                yield recoded


def after_mark(buffer: Buffer) -> int:
    """Where the text begins: behind the byte order mark, if there is one."""
    return len(codecs.BOM_UTF8) if buffer[:3] == codecs.BOM_UTF8 else 0


def position(buffer: Buffer, offset: int) -> tuple[int, int]:
    """Line and column of a byte, both from 1; the column in characters, a byte order mark not counted."""
    line, start = 1, after_mark(buffer)
    end = max(start, offset)
    for found in _LINE_END.finditer(buffer, start, end):
        line, start = line + 1, found.end()
    # In pieces, as the file may be one line of 2 GB.
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    pieces = range(start, end, _PIECE)
    characters = sum(len(decoder.decode(bytes(buffer[at : min(at + _PIECE, end)]))) for at in pieces)
    return line, characters + len(decoder.decode(b"", final=True)) + 1


def offset_of(buffer: Buffer, line: int, units: int) -> int | None:
    """The byte that stands so many UTF-16 units behind the start of a line.

    Args:
        buffer: the file's UTF-8.
        line: from 1.
        units: from 0; a byte order mark does not count. Half of a pair counts as the whole.

    Returns:
        None where the file has no such line; the end of the file where it ends before.
    """
    at = after_mark(buffer)
    ends = _LINE_END.finditer(buffer, at)
    for _ in range(line - 1):
        found = next(ends, None)
        if found is None:
            return None
        at = found.end()
    # In pieces, as in ``position``; what a piece has of a cut character is read again with the next one.
    while units > 0 and at < len(buffer):
        piece = bytes(buffer[at : at + _PIECE])
        read, consumed = _units(piece, last=at + len(piece) >= len(buffer))
        if read >= units:
            return at + bisect.bisect_left(range(len(piece)), units, key=lambda end: _units(piece[:end])[0])
        units -= read
        at += consumed
    return at


def _units(piece: bytes, *, last: bool = False) -> tuple[int, int]:
    """How many UTF-16 units are in the whole characters of a piece, and how many bytes these are."""
    text, consumed = codecs.utf_8_decode(piece, "replace", last)
    wide = 0 if text.isascii() else sum(character > "\uffff" for character in text)
    return len(text) + wide, consumed


def excerpt(buffer: Buffer, offset: int, around: int = 20) -> str:
    """The text around a byte, on one line, with signs for control characters."""
    start = max(after_mark(buffer), offset - around)
    text = bytes(buffer[start : offset + around]).decode("utf-8", "replace").strip("\ufffd")
    return "".join(map(_visible, text)).strip()


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    if character < " ":
        return chr(_CONTROL_PICTURES + ord(character))
    return " " if unicodedata.category(character) == "Zs" else "\ufffd"


def recoded_from(path: Path) -> str:
    """The encoding of a source file that is not UTF-8, as people name it; empty where it is.

    Raises:
        InputError: the file cannot be read.
    """
    with mapped(path) as buffer:
        return _NAMES.get(_encoding(path, buffer), "")


def _encoding(path: Path, buffer: Buffer) -> str:
    """As ``encoding_of``, looked for once in a large file: in one of ASCII alone that means to read all of it."""
    if len(buffer) < _LARGE:
        return encoding_of(buffer)
    status = path.stat()
    return _encoding_of_version(path, status.st_ino, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=8)
def _encoding_of_version(path: Path, _inode: int, _size: int, _modified_ns: int) -> str:
    with mapped(path) as buffer:
        return encoding_of(buffer)


@contextlib.contextmanager
def mapped(path: Path) -> Iterator[Buffer]:
    """The file's bytes, whatever its encoding.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with path.open("rb") as stream, map_of(stream) as mapped:
            yield mapped
    except OSError as error:
        raise cannot_read(path, error) from error
