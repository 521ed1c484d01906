"""What passes between the modules that read logs: files, encodings, blocks of text, accounts of bytes."""

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
        path: the file, or the archive that it is in; None for standard input.
        name: its path, for the column ``log_file``.
        tenant: the host, for the column ``tenant``; None for bare files.
        member: its index in the list of the ZIP archive ``path``; None for a file by itself. Names are ambiguous, as
            two members may have the same.
        size: in bytes on disk; 0 where unknown.
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
        name: as Python names it: ``utf-8``, ``utf-16-le``, ``utf-16-be`` or ``cp1252``.
        mark: bytes of the byte order mark.
        size: bytes of the log so far, the mark included.
        replaced: characters that replace bytes unknown to the encoding.
        cut: whether it is UTF-16 that begins in the middle of a character.
        swapped: whether a part of it is UTF-16 in the other byte order, or shifted by a byte, and so not readable.
        difference: bytes that were replaced, less the bytes that their replacements would take in the encoding.
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
        separators: between these.
        line_ends: CRLF, LF and CR.
        blanks: on blank lines that are in no entry.
        marks: in byte order marks before entries, where one log was appended to another.
        around: before and after entries in pasted text, and of a format around the log, whose spelling may be shorter
            than its text, so this may be less than 0; 0 for a log as the service wrote it.
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
        """Return how many bytes that were read are nowhere; less than 0 where some were counted twice.

        Args:
            encoding: how the log was read.
            unread: bytes after the last whole line of a log that was being written.
        """
        known = self.entries + self.line_ends + self.blanks + self.marks + self.around
        return encoding.size - encoding.mark - encoding.difference - unread - known


@dataclass(slots=True)
class LogRead:
    """How a log was read; complete after the last of its entries.

    Attributes:
        file: which log.
        encoding: how its bytes were read, and how many of them.
        lines: so far.
        entries: rows with a code.
        texts: rows of text that is no entry.
        position: bytes of the file on disk that were read, for progress.
        growing: it was being written, or became shorter; it was read to the last whole line.
        unread: bytes after that line, in the log's encoding.
        cut_off: it ends inside what seems to be an entry.
        binary: it has no entry and doesn't look like text.
        problem: why it could not be read, or not to its end.
        account: of its bytes; filled in only on request.
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
        """Bytes that were read and are nowhere, where ``account`` was requested; 0 if all is well."""
        return self.account.missing(self.encoding, self.unread)

    @property
    def was_read(self) -> bool:
        """Whether it could be read, at least to some line."""
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
    """The part of a block that is of one log.

    Attributes:
        log: the log.
        start, end: bytes in the block; the text ends with a line end, its own or an added one.
        added_end: whether the last line end is not the log's own.
        around: bytes that another format puts around the text, in the log's encoding.
        numbers: the number of each line in the log; None where they are counted.
    """

    log: LogRead
    start: int
    end: int
    added_end: bool = False
    around: int = 0
    numbers: NDArray[np.uint32] | None = None


PADDING = 24
"""Bytes after a block's text that may be read, so that a code can be compared by words of eight bytes."""


@dataclass(slots=True)
class Block:
    """Whole entries in UTF-8, each line ended by LF or CRLF.

    Attributes:
        data: the text, and ``PADDING`` bytes or more after it.
        size: bytes of the text.
        segments: one after the other, without a gap.
    """

    data: bytes
    size: int
    segments: list[Segment]
