"""Give the file that a check reads: the file itself, a copy of standard input, or an import file made from a table."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from analyzer.errors import InputError, OutputError
from analyzer.imports.from_table import is_table, make_import_file
from analyzer.storage.files import check_unchanged, plain_words, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.imports.check import CheckResult
    from analyzer.imports.from_table import TableImport

STANDARD_INPUT: Final = "-"
ONCE_WRITTEN: Final = "Wait until the feed has written it, and check it again."
"""What to do about a file that changes while it is read."""
_SHOWN_NAME = "standard input"
_WORKBOOK = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class InputFile:
    """What a check reads.

    Attributes:
        path: an import file; a temporary one for standard input and tables.
        shown: the path that people read.
        table: what it was made from, if that is a table; else None.
    """

    path: Path
    shown: Path
    table: TableImport | None = None

    def named(self, result: CheckResult) -> CheckResult:
        """Return a result with the path that people read, and the table's rows as places."""
        if self.table is not None:
            result.findings.place_in_table(self.table.places, self.table.row_word)
            result.findings.remarks[:0] = self.table.remarks
        return dataclasses.replace(result, path=self.shown)


@contextlib.contextmanager
def input_file(path: Path, id_property: str = "") -> Iterator[InputFile]:
    """Give the file to check.

    Args:
        path: a source file, a CSV file, or a workbook; ``-`` for a source file from standard input.
        id_property: the heading of a table's column with the IDs; empty to have it inferred later.

    Raises:
        InputError: it can't be read, is a pipe or a device, is empty (standard input), isn't a table,
            or changes in the context.
        OutputError: a temporary file can't be written.
        UsageError: a table has no column for the IDs.
    """
    if str(path) == STANDARD_INPUT:
        with _temporary(_SHOWN_NAME, _copy_standard_input) as (copy, _):
            yield InputFile(copy, Path(_SHOWN_NAME))
        return
    before = state_of(path)
    if not path.is_file() and not path.is_dir():
        raise InputError(
            f"{path} is a pipe or a device, not a file", f"Send it through standard input: check {STANDARD_INPUT}"
        )
    if is_table(path):
        with _temporary(path.name, lambda stream: make_import_file(path, stream, id_property)) as (made, table):
            check_unchanged(path, before, ONCE_WRITTEN)
            yield InputFile(made, path, table)
        return
    yield InputFile(path, path)
    check_unchanged(path, before, ONCE_WRITTEN)


@contextlib.contextmanager
def _temporary(
    name: str, write: Callable[[IO[bytes]], TableImport | None]
) -> Iterator[tuple[Path, TableImport | None]]:
    """Write a temporary file with a name that findings show."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="upa-check-")
    except OSError as error:
        raise _no_room(error) from error
    with folder:
        path = Path(folder.name) / name
        try:
            with path.open("xb") as stream:
                made = write(stream)
        except OSError as error:
            raise _no_room(error) from error
        yield path, made


def _no_room(error: OSError) -> OutputError:
    return OutputError(
        f"a temporary file can't be written: {plain_words(error)}",
        "Free some space, or name another folder with TMPDIR (Windows: TMP).",
    )


def _copy_standard_input(stream: IO[bytes]) -> None:
    if sys.stdin is None:
        raise InputError("standard input is closed", "Name a file, or send one through a pipe.")
    source = sys.stdin.buffer
    head = source.read(len(_WORKBOOK))
    if not head:
        raise InputError("standard input is empty", "Send a source file through the pipe, or name one.")
    if head == _WORKBOOK:
        raise InputError("standard input is a workbook", "Save it to a file, and name that.")
    stream.write(head)
    shutil.copyfileobj(source, stream, 1 << 20)
