"""Types of this package: log files, encodings, blocks of text, and accounts of bytes."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from analyzer.errors import InputError


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log to read.

    Attributes:
        path: the file, or the archive that contains it; None for standard input.
        name: its path, for the column ``log_file``.
        tenant: host, for the column ``tenant``; None for bare files.
        member: index in the directory of the ZIP archive ``path``, as names may be ambiguous; None for a plain file.
        size: bytes on disk; 0 if unknown.
    """

    path: Path | None
    name: str
    tenant: str | None = None
    member: int | None = None
    size: int = 0


@dataclass(slots=True)
class Encoding:
    """How the bytes of a log were read; complete after the last chunk.

    Attributes:
        name: Python's name: ``utf-8``, ``utf-16-le``, ``utf-16-be`` or ``cp1252``.
        mark: size of the byte order mark in bytes.
        size: bytes read so far, including the mark.
        replaced: number of characters that replace invalid bytes.
        cut: whether it is UTF-16 that begins in the middle of a character.
        swapped: whether an unreadable part is UTF-16 in the other byte order, or shifted by a byte.
        difference: replaced bytes minus the size of their replacements in the encoding.
    """

    name: str = "utf-8"
    mark: int = 0
    size: int = 0
    replaced: int = 0
    difference: int = 0
    cut: bool = False
    swapped: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """Bytes of a log, or of a part of it, in its own encoding.

    Attributes:
        fields: in the columns ``code``, ``identity``, ``message`` and ``detail``.
        separators: between fields.
        line_ends: CRLF, LF and CR.
        blanks: blank lines that are in no entry.
        marks: byte order marks before entries, if logs were concatenated.
        around: text around pasted entries, or of a format that contains the log; negative if that encodes the log in
            fewer bytes. 0 for an unchanged log.
    """

    fields: int = 0
    separators: int = 0
    line_ends: int = 0
    blanks: int = 0
    marks: int = 0
    around: int = 0

    @property
    def entries(self) -> int:
        """Bytes in entries: their fields and separators."""
        return self.fields + self.separators

    def plus(self, other: Account) -> Account:
        """Return the sum of two parts."""
        return Account(*(one + another for one, another in zip(astuple(self), astuple(other), strict=True)))

    def missing(self, encoding: Encoding, unread: int = 0) -> int:
        """Return the number of bytes that are not accounted for; negative if some were counted twice.

        Args:
            encoding: of the log.
            unread: bytes after the last complete line of a log that was being written.
        """
        known = self.entries + self.line_ends + self.blanks + self.marks + self.around
        return encoding.size - encoding.mark - encoding.difference - unread - known


@dataclass(slots=True)
class LogRead:
    """How a log was read; complete after the last of its entries.

    Attributes:
        file: the log.
        encoding: its encoding and size.
        lines: number of lines so far.
        entries: number of rows with a code.
        texts: number of rows of text that isn't an entry.
        position: bytes read from the file on disk, for progress.
        growing: whether its length changed during reading; then it was read to the last complete line.
        unread: bytes after that line, in the log's encoding.
        cut_off: whether it seems to end inside an entry.
        binary: whether it has no entries and doesn't look like text.
        problem: why it could not be read completely.
        account: account of its bytes, if requested.
    """

    file: LogFile
    encoding: Encoding = field(default_factory=Encoding)
    lines: int = 0
    entries: int = 0
    texts: int = 0
    position: int = 0
    growing: bool = False
    unread: int = 0
    cut_off: bool = False
    binary: bool = False
    problem: InputError | None = None
    account: Account = field(default_factory=Account)

    @property
    def missing(self) -> int:
        """Number of bytes not accounted for; 0 if all are. Requires ``account``."""
        return self.account.missing(self.encoding, self.unread)

    @property
    def was_read(self) -> bool:
        """Whether at least one line could be read."""
        return self.problem is None or self.lines > 0

    @property
    def unfinished(self) -> bool:
        """Whether entries may be missing at its end."""
        return self.growing or self.cut_off or self.problem is not None

    @property
    def name(self) -> str:
        """Its path, for the column ``log_file``."""
        return self.file.name


@dataclass(slots=True)
class Segment:
    """The part of a block that belongs to one log.

    Attributes:
        log: the log.
        start, end: offsets in the block; the text ends with a line end.
        added_end: whether that line end was added.
        around: bytes of a format that contains the log, in the log's encoding.
        numbers: line numbers in the log; None if lines are consecutive.
    """

    log: LogRead
    start: int
    end: int
    added_end: bool = False
    around: int = 0
    numbers: NDArray[np.uint32] | None = None


PADDING = 24
"""Bytes after a block's text that may be read when codes are compared by words of eight bytes."""


@dataclass(slots=True)
class Block:
    """Complete entries in UTF-8; each line ends with LF or CRLF.

    Attributes:
        data: the text, followed by at least ``PADDING`` bytes.
        size: bytes of the text.
        segments: adjacent segments of the text.
    """

    data: bytes
    size: int
    segments: list[Segment]
