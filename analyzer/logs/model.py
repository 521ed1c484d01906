"""What passes between the parts that read logs: which file, how it was read, what of it was accounted for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.logs.accounting import Account
from analyzer.logs.decode import Encoding

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.errors import InputError


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log that is to be read.

    Attributes:
        path: the file, or the archive that it lies in; None for standard input.
        name: its path as it stands in the column ``log_file``.
        tenant: the host that stands in the column ``tenant``; None of bare files.
        member: its place in the list of the ZIP archive ``path``; None where it is a file by itself. Names will not do,
            as two members may have the same.
        size: bytes that it takes on disk; 0 where that is not known.
    """

    path: Path | None
    name: str
    tenant: str | None = None
    member: int | None = None
    size: int = 0


@dataclass(slots=True)
class LogRead:
    """How a log was read; complete when all of its entries were given.

    Attributes:
        file: which log.
        encoding: how its bytes were read, and how many of them.
        lines: so far.
        entries: rows with a code.
        texts: rows of text that is no entry.
        position: bytes of the file on disk that were read, for showing how far it is.
        growing: it was being written, or became shorter; it was read to the last whole line.
        unread: bytes behind that line, in the log's encoding.
        cut_off: it ends inside what seems to be an entry.
        binary: what has no entry in it does not look like text.
        problem: why it could not be read, or not to its end.
        account: what its bytes are; filled in only when asked for.
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
        """Bytes that were read and are nowhere, where ``account`` was asked for; 0 as it should be."""
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
        """As it stands in the column ``log_file``."""
        return self.file.name
