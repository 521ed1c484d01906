"""The user's choices of whose records a retry file takes, and the list of users that a file holds."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.model.identity import identity_key, looks_like_id
from analyzer.storage.csv_cells import unguarded
from analyzer.storage.files import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

RetryHelps = Callable[[str, str, str | None], bool | None]
"""Of code, message and detail, whether a retry unchanged can mend such an entry; see ``Catalogue.retry_helps``."""

_HEADER = "identity"
_SEPARATORS = "\t;,"
_LOOKED_AT = 50
"""Lines in which the separator is looked for."""

_ADVICE = "Write one id a line, or name a CSV file with a column identity."
_QUOTED = re.compile(r'"[^"]*+"')


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user chose; without anything, all whom the job's outcome leaves to retry.

    Attributes:
        only: codes; those with an entry of one of them.
        except_: codes; those without any entry of one of them.
        users: of these, as they were spelled by their key (``identity_key``); None for no such choice.
        users_file: where these were listed, for sentences.
        retryable: those whom a retry unchanged can help.
        without_culprits: of an aborted import, without those whom its log names.
        drop_properties: what the records are written without; chooses no users.
    """

    only: tuple[str, ...] = ()
    except_: tuple[str, ...] = ()
    users: Mapping[str, str] | None = None
    users_file: str = ""
    retryable: bool = False
    without_culprits: bool = False
    drop_properties: tuple[str, ...] = ()

    @property
    def narrow(self) -> bool:
        """Whether anything is chosen of whose records."""
        return self.by_log or self.users is not None

    @property
    def by_log(self) -> bool:
        """Whether it depends on what stands in the log."""
        return bool(self.only or self.except_ or self.retryable or self.without_culprits)


EVERYTHING = Choices()
"""No choice."""


def read_users(path: Path) -> dict[str, str]:
    """The users that a file lists: one id a line, or a CSV as spreadsheets and we write it.

    Of a CSV the column ``identity`` counts, else the first. UTF-8, UTF-16 with its mark, else Windows-1252.

    Returns:
        The ids as first spelled, by their key (``identity_key``), in the file's order; at least one.

    Raises:
        InputError: the file cannot be read, is no text or no CSV, or holds no id.
    """
    rows = _rows(_text(path), path)
    first = next(rows, [])
    titles = [cell.casefold() for cell in first]
    column = titles.index(_HEADER) if _HEADER in titles else 0
    cells = [row[column] for row in chain([first], rows) if column < len(row)]
    if _HEADER not in titles and len(cells) == 1 and sum(map(bool, first)) > 1:
        raise InputError(f"{path} has several cells in its only line", _ADVICE)
    users: dict[str, str] = {}
    for cell in cells[_is_title(cells) :]:
        key = identity_key(cell)
        if key:
            users.setdefault(key, cell)
    if not users:
        raise InputError(f"{path} has no id in it", _ADVICE)
    return users


def _is_title(cells: Sequence[str]) -> bool:
    """Whether the first cell is the column's title: it says so, or does not look like an id as one below it does."""
    if not cells or cells[0].casefold() == _HEADER:
        return True
    return not looks_like_id(cells[0]) and any(map(looks_like_id, cells))


def _text(path: Path) -> str:
    raw = read_bytes(path)
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = raw.decode("utf-16", "replace")
    else:
        raw = raw.removeprefix(codecs.BOM_UTF8)
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            text = raw.decode("cp1252", "replace")
    if "\0" in text:
        raise InputError(f"{path} is no text", "Save a workbook as CSV and name that file.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _rows(text: str, path: Path) -> Iterator[list[str]]:
    """The rows that are not blank, their cells stripped and without the guard of our own CSVs."""
    head = text.split("\n", _LOOKED_AT)[:_LOOKED_AT]
    separator = _separator(head)
    # sep=; is what spreadsheets take as a first line that names the separator
    if head[0].casefold() in {f"sep={one}" for one in _SEPARATORS}:
        separator = head[0][-1]
        text = text[len(head[0]) + 1 :]
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True, skipinitialspace=True)
    with _cells_of(len(text)):
        try:
            for row in reader:
                cells = [unguarded(cell).strip() for cell in row]
                if any(cells):
                    yield cells
        except csv.Error as error:
            advice = "Look for a quotation mark that is not closed. " + _ADVICE
            raise InputError(f"{path} cannot be read as CSV, near its line {reader.line_num:,}", advice) from error


@contextlib.contextmanager
def _cells_of(characters: int) -> Iterator[None]:
    """Lets a cell have so many characters: the messages beside the ids may be longer than Python's csv expects."""
    limit = csv.field_size_limit(max(characters, csv.field_size_limit()))
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def _separator(lines: Sequence[str]) -> str:
    """The separator that gives a column ``identity``, else the commonest of the first line that has any."""
    titled = (one for one in _SEPARATORS if _HEADER in {cell.strip(' "').casefold() for cell in lines[0].split(one)})
    found = next(titled, "")
    for line in lines:
        unquoted = _QUOTED.sub("", line)
        found = found or (max(_SEPARATORS, key=unquoted.count) if any(map(unquoted.count, _SEPARATORS)) else "")
    return found or ","
