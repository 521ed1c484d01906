"""A source file in another encoding as UTF-8."""

from __future__ import annotations

import codecs
import contextlib
import mmap
import os
import tempfile
from typing import IO, TYPE_CHECKING

from analyzer.errors import InputError, OutputError
from analyzer.source.reader.encoding import UTF16
from analyzer.storage.files import plain_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from analyzer.source.reader.json_text import Buffer

_PIECE = 1 << 20
"""Bytes."""


@contextlib.contextmanager
def map_of(stream: IO[bytes]) -> Iterator[Buffer]:
    """The bytes of an open file; of an empty one, which cannot be mapped, none."""
    if not os.fstat(stream.fileno()).st_size:
        yield b""
        return
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        yield mapped


@contextlib.contextmanager
def as_utf8(path: Path, buffer: Buffer, encoding: str) -> Iterator[Buffer]:
    """A copy beside no name.

    Args:
        path: the file, for errors.
        buffer: its bytes.
        encoding: theirs, as Python names it.

    Raises:
        InputError: it cannot be decoded.
        OutputError: there is no room for the copy.
    """
    with contextlib.ExitStack() as held:
        try:
            copy = held.enter_context(tempfile.TemporaryFile())
            _recode(path, buffer, encoding, copy)
        except OSError as error:
            what = f"a copy of {path} in UTF-8 cannot be written among the temporary files: {plain_words(error)}"
            advice = "Free some space, or name another folder with TMPDIR (Windows: TMP); or save the file as UTF-8."
            raise OutputError(what, advice) from error
        yield held.enter_context(map_of(copy))


def _recode(path: Path, buffer: Buffer, encoding: str, copy: IO[bytes]) -> None:
    """Writes the copy a piece at a time, as it may be of 2 GB."""
    # What Windows-1252 leaves open becomes U+FFFD, as it does wherever else it is read.
    decoder = codecs.getincrementaldecoder(encoding)("strict" if encoding == UTF16 else "replace")
    for at in range(0, len(buffer), _PIECE):
        piece = buffer[at : at + _PIECE]
        try:
            text = decoder.decode(piece, final=at + _PIECE >= len(buffer))
        except UnicodeDecodeError as error:
            # What the decoder kept of the piece before counts with this one.
            start = at + error.start - (len(error.object) - len(piece))
            raise _not_utf16(path, start) from error
        copy.write(text.encode("utf-8"))
    copy.flush()


def _not_utf16(path: Path, start: int) -> InputError:
    return InputError(
        f"{path} begins as UTF-16 but is none from byte {start:,} on", "Save it as UTF-8 with a byte order mark."
    )
