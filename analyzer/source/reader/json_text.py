"""Open a source file as UTF-8, and convert between offsets and positions in it.

A source file is JSON as Json.NET accepts it: also with a byte order mark, comments, commas before a bracket, single
quotes and unquoted names (the vendor's example has commas before a bracket). The encoding is detected from the first
bytes; otherwise, it is Windows-1252 if non-ASCII bytes indicate that, else UTF-8.
"""

from __future__ import annotations

import bisect
import codecs
import contextlib
import functools
import mmap
import os
import re
import tempfile
import unicodedata
from typing import IO, TYPE_CHECKING, TypeAlias

from analyzer.errors import InputError, OutputError
from analyzer.storage import detect_encoding as encodings
from analyzer.storage.detect_encoding import UTF8, encoding_by_head
from analyzer.storage.files import cannot_read, plain_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from analyzer.source.model import Shape

Buffer: TypeAlias = "bytes | mmap.mmap"

_PIECE = 1 << 20
"""Bytes that are decoded at once, as a file of 2 GB may be one line."""
_CACHED_SIZE = 1 << 26
"""Minimum size of files whose encoding is cached, in bytes."""
_LINE_END = re.compile(rb"\r\n|\n|\r")
_CONTROL_PICTURES = 0x2400
"""Start of the Unicode block with a symbol for each control character."""

WINDOWS_1252 = "Windows-1252"
UTF_16 = "UTF-16"
_UTF_16_WITHOUT_MARK = "UTF-16 without a byte order mark"

_MAX_PIECES = 64
"""Limit of non-ASCII pieces that are searched; each takes some milliseconds."""
_MAX_LETTERS = 10_000
"""Limit of letters and invalid places that are counted; more than in a damaged disk block."""
_MAX_DAMAGE_RATIO = 2
"""Maximum ratio of invalid places to letters in UTF-8. In doubt, assume UTF-8: then damaged values are listed, while
UTF-8 letters read as Windows-1252 would be written silently."""
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_UTF8_LETTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


class SourceFormatError(InputError):
    """A source file that the service can't import: not valid JSON, or not in the import format.

    Attributes:
        offset: offset of the fault in the file's UTF-8.
        line: from 1.
        column: from 1, in characters.
    """

    offset: int
    line: int
    column: int


class NotJsonError(SourceFormatError):
    """A source file that isn't valid JSON, even with the syntax that the service tolerates.

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
    """Open a file as UTF-8: memory-mapped if it is UTF-8, else as a temporary copy.

    Raises:
        InputError: the file can't be read, or is UTF-16 that can't be decoded.
        OutputError: there is no room for the copy.
    """
    with mapped(path) as buffer:
        encoding = _encoding(path, buffer)
        if encoding == UTF8:
            yield buffer
        else:
            with _as_utf8(path, buffer, encoding) as copy:
                yield copy


@contextlib.contextmanager
def mapped(path: Path) -> Iterator[Buffer]:
    """Open a file's bytes, whatever its encoding.

    Raises:
        InputError: it can't be read.
    """
    try:
        with path.open("rb") as stream, _map_of(stream) as buffer:
            yield buffer
    except OSError as error:
        raise cannot_read(path, error) from error


@contextlib.contextmanager
def _map_of(stream: IO[bytes]) -> Iterator[Buffer]:
    if not os.fstat(stream.fileno()).st_size:
        yield b""  # an empty file can't be mapped
        return
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as buffer:
        yield buffer


def recoded_from(path: Path) -> str:
    """Return the common name of a source file's encoding; empty for UTF-8.

    Raises:
        InputError: the file can't be read.
    """
    with mapped(path) as buffer:
        encoding = _encoding(path, buffer)
        if encoding in encodings.UTF16:
            return UTF_16 if _mark(buffer) else _UTF_16_WITHOUT_MARK
    return WINDOWS_1252 if encoding == encodings.WINDOWS_1252 else ""


def _encoding(path: Path, buffer: Buffer) -> str:
    """Return ``encoding_of`` a file, cached for large files, because ASCII files must be read completely."""
    if len(buffer) < _CACHED_SIZE:
        return encoding_of(buffer)
    status = path.stat()
    return _encoding_of_version(path, status.st_ino, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=8)
def _encoding_of_version(path: Path, _inode: int, _size: int, _modified_ns: int) -> str:
    with mapped(path) as buffer:
        return encoding_of(buffer)


def encoding_of(buffer: Buffer, *, piece: int = _PIECE, pieces: int = _MAX_PIECES) -> str:
    """Return the encoding indicated by the first bytes, else UTF-8 or Windows-1252.

    If some bytes aren't UTF-8, the majority of letters decides. Letters in Windows-1252 rarely form valid UTF-8 (that
    needs, for example, ``É`` before ``»``). In a damaged UTF-8 file, most letters are still valid.

    Args:
        buffer: the file's bytes.
        piece: number of bytes that are searched at once.
        pieces: maximum number of non-ASCII pieces that are searched.
    """
    if (detected := encoding_by_head(bytes(buffer[: encodings.HEAD]))) is not None:
        return detected[0]
    letters = damaged = 0
    for number, run in enumerate(_runs(buffer, piece, pieces)):
        if not number and _is_utf8(buffer, run.start(), piece):
            return UTF8
        letters += len(_UTF8_LETTER.findall(run[0]))
        damaged += len(_UTF8_LETTER.sub(b" ", run[0]).split())
        if letters + damaged >= _MAX_LETTERS:
            break
    return UTF8 if letters * _MAX_DAMAGE_RATIO >= damaged else encodings.WINDOWS_1252


def _is_utf8(buffer: Buffer, start: int, size: int) -> bool:
    """Return whether a piece is UTF-8; its last letter may be incomplete."""
    piece = buffer[start : start + size]
    try:
        codecs.utf_8_decode(piece, "strict", start + len(piece) == len(buffer))
    except UnicodeDecodeError:
        return False
    return True


def _runs(buffer: Buffer, size: int, pieces: int) -> Iterator[re.Match[bytes]]:
    """Yield runs of non-ASCII bytes in the first pieces that have any."""
    at = searched = 0
    while at < len(buffer) and searched < pieces:
        end = at + size
        if not buffer[at:end].isascii():
            searched += 1
            # A letter on the border belongs to this piece.
            for run in _BEYOND_ASCII.finditer(buffer, at, end + 3):
                if run.start() < end:
                    yield run
                    end = max(end, run.end())
        at = end


@contextlib.contextmanager
def _as_utf8(path: Path, buffer: Buffer, encoding: str) -> Iterator[Buffer]:
    """Copy a file's bytes as UTF-8 into a temporary file without a name."""
    with contextlib.ExitStack() as held:
        try:
            copy = held.enter_context(tempfile.TemporaryFile())
            _recode(path, buffer, encoding, copy)
        except OSError as error:
            problem = f"a copy of {path} in UTF-8 cannot be written among the temporary files: {plain_words(error)}"
            advice = "Free some space, or name another folder with TMPDIR (Windows: TMP); or save the file as UTF-8."
            raise OutputError(problem, advice) from error
        yield held.enter_context(_map_of(copy))


def _recode(path: Path, buffer: Buffer, encoding: str, copy: IO[bytes]) -> None:
    # Undefined bytes of Windows-1252 become U+FFFD, as elsewhere in the program.
    decoder = codecs.getincrementaldecoder(encoding)("strict" if encoding in encodings.UTF16 else "replace")
    for at in range(_mark(buffer), len(buffer), _PIECE):
        piece = buffer[at : at + _PIECE]
        try:
            text = decoder.decode(piece, final=at + _PIECE >= len(buffer))
        except UnicodeDecodeError as error:
            # error.object begins with bytes that the decoder kept from the previous piece.
            start = at + error.start - (len(error.object) - len(piece))
            problem = f"{path} begins as UTF-16 but isn't UTF-16 from byte {start:,} on"
            raise InputError(problem, "Save it as UTF-8 with a byte order mark.") from error
        copy.write(text.encode("utf-8"))
    copy.flush()


def _mark(buffer: Buffer) -> int:
    """Return the length of the byte order mark, or 0."""
    detected = encoding_by_head(bytes(buffer[:4]))
    return detected[1] if detected else 0


def after_mark(buffer: Buffer) -> int:
    """Return the start of UTF-8 text, after a byte order mark."""
    return len(codecs.BOM_UTF8) if buffer[:3] == codecs.BOM_UTF8 else 0


def is_ascii(buffer: Buffer) -> bool:
    """Return whether a file has no byte beyond ASCII."""
    return all(buffer[at : at + _PIECE].isascii() for at in range(0, len(buffer), _PIECE))


def position(buffer: Buffer, offset: int) -> tuple[int, int]:
    """Return line and column of a byte, both from 1; the column in characters, without a byte order mark."""
    line, start = 1, after_mark(buffer)
    end = max(start, offset)
    for line_end in _LINE_END.finditer(buffer, start, end):
        line, start = line + 1, line_end.end()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    pieces = range(start, end, _PIECE)
    characters = sum(len(decoder.decode(bytes(buffer[at : min(at + _PIECE, end)]))) for at in pieces)
    return line, characters + len(decoder.decode(b"", final=True)) + 1


def offset_of(buffer: Buffer, line: int, units: int) -> int | None:
    """Return the offset of a position in UTF-16 units.

    Args:
        buffer: the file's UTF-8.
        line: from 1.
        units: from 0, without a byte order mark; half of a surrogate pair counts as the whole.

    Returns:
        The offset, at most the end of the file; None if the file has no such line.
    """
    at = after_mark(buffer)
    ends = _LINE_END.finditer(buffer, at)
    for _ in range(line - 1):
        line_end = next(ends, None)
        if line_end is None:
            return None
        at = line_end.end()
    # An incomplete character at the end of a piece is read again with the next piece.
    while units > 0 and at < len(buffer):
        piece = bytes(buffer[at : at + _PIECE])
        read, consumed = _units(piece, last=at + len(piece) >= len(buffer))
        if read >= units:
            return at + bisect.bisect_left(range(len(piece)), units, key=lambda end: _units(piece[:end])[0])
        units -= read
        at += consumed
    return at


def _units(piece: bytes, *, last: bool = False) -> tuple[int, int]:
    """Return the number of UTF-16 units of the complete characters of a piece, and of their bytes."""
    text, consumed = codecs.utf_8_decode(piece, "replace", last)
    return len(text.encode("utf-16-le")) // 2, consumed


def excerpt(buffer: Buffer, offset: int, around: int = 20) -> str:
    """Return the text around a byte, on one line, with symbols for control characters."""
    start = max(after_mark(buffer), offset - around)
    text = bytes(buffer[start : offset + around]).decode("utf-8", "replace").strip("\ufffd")
    return "".join(map(_visible, text)).strip()


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    if character < " ":
        return chr(_CONTROL_PICTURES + ord(character))
    return " " if unicodedata.category(character) == "Zs" else "\ufffd"
