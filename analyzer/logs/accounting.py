"""Account for each byte of a log: in an entry, in a line end, in a dropped blank line, or in a byte order mark.

Bytes are counted in the finished columns, in the log's encoding. The total is compared with the bytes that were read,
so a byte that the parser loses or uses twice shows as a difference.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from analyzer.logs.decode import size_in
from analyzer.logs.entries import CODE, IDENTITY, MESSAGE
from analyzer.logs.line_shapes import MARK
from analyzer.logs.model import Account
from analyzer.storage.detect_encoding import UTF8, WINDOWS_1252

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from analyzer.logs.entries import Entries, Parts
    from analyzer.logs.model import Block

_FIELDS = ("code", "identity", "message", "detail")
# Separators of the fields of an entry: tabs, or blanks, punctuation and quotation marks if tabs were lost
_SEPARATOR = re.compile(
    r"""(?: [\s\-\u2013\u2014,;:|"'`*_\u2018-\u201f\u00ab\u00bb\[\]\u21e5\u2192]
    | \\t | (?: <mailto: | \(mailto: ) [^\s>)]* [>)] )*""",
    re.VERBOSE,
)
_TWO_UNITS = r"[\x{10000}-\x{10FFFF}]"


def accounts_of(block: Block, entries: Entries, columns: pl.DataFrame) -> list[Account]:
    """Return the account of each segment of a block.

    Args:
        block: the block.
        entries: its entries.
        columns: the columns of these entries.
    """
    accounts = []
    for place, segment in enumerate(block.segments):
        encoding = segment.log.encoding.name
        first, last = np.searchsorted(entries.segment, [place, place + 1]).tolist()
        line, line_end = entries.segment_lines[place : place + 2].tolist()
        lines = slice(line, line_end)
        ends = int((entries.lines.ends[lines] - entries.lines.stops[lines]).sum()) + line_end - line
        around = list(_around(entries, first, last))
        account = Account(
            _fields(columns[first:last], encoding),
            sum(size_in(encoding, text) for text in _separators(entries, entries.parts[first:last])),
            (ends - segment.added_end) * size_in(encoding, "\n"),
            sum(size_in(encoding, text) for text in _blanks(entries, line, line_end)),
            sum(size_in(encoding, text) for text in around if text == MARK),
            segment.around + sum(size_in(encoding, text) for text in around if text != MARK),
        )
        accounts.append(account)
    return accounts


def _fields(columns: pl.DataFrame, encoding: str) -> int:
    total = sum(_sizes(columns[name], encoding) for name in _FIELDS)
    # LFs in a detail count as line ends.
    return total - int(columns["detail"].str.count_matches("\n", literal=True).sum()) * size_in(encoding, "\n")


def _sizes(texts: pl.Series, encoding: str) -> int:
    if encoding == UTF8:
        return int(texts.str.len_bytes().sum())
    characters = int(texts.str.len_chars().sum())
    return characters if encoding == WINDOWS_1252 else 2 * (characters + int(texts.str.count_matches(_TWO_UNITS).sum()))


def _separators(entries: Entries, parts: Parts) -> Iterator[str]:
    """Yield the separators of fields; other text is omitted, so that it is reported as missing."""
    data = entries.lines.data
    gaps = np.concatenate([parts[:, [CODE + 1, IDENTITY]], parts[:, [IDENTITY + 1, MESSAGE]]])
    gaps = gaps[gaps[:, 1] > gaps[:, 0]]
    tabs = (gaps[:, 1] - gaps[:, 0] == 1) & (np.frombuffer(data, np.uint8)[gaps[:, 0]] == ord("\t"))
    yield "\t" * int(np.count_nonzero(tabs))
    for start, stop in gaps[~tabs].tolist():
        text = data[start:stop].decode()
        if _SEPARATOR.fullmatch(text):
            yield text


def _around(entries: Entries, first: int, end: int) -> Iterator[str]:
    """Yield the text before codes and after messages on the entries' first lines."""
    lines = entries.lines
    parts, number = entries.parts[first:end], entries.line[first:end]
    before = np.column_stack([lines.starts[number], parts[:, CODE]])
    after = np.column_stack([parts[:, MESSAGE + 1], lines.stops[number]])
    for start, stop in np.concatenate([before[before[:, 0] < before[:, 1]], after[after[:, 0] < after[:, 1]]]).tolist():
        yield lines.data[start:stop].decode()


def _blanks(entries: Entries, line: int, end: int) -> Iterator[str]:
    for number in entries.dropped[(entries.dropped >= line) & (entries.dropped < end)].tolist():
        text = entries.lines.text(number).decode()
        if not text.strip():
            yield text
