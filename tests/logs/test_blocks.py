"""Logs to blocks: cut where an entry begins, and nowhere else; small logs share one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.history.find_logs import log_at
from analyzer.logs.blocks import USUAL_LIMITS, BlockLimits, blocks, last_entry_start
from analyzer.logs.model import PADDING, Block, LogRead
from analyzer.logs.read import LogReader
from tests.logs.reading import read

if TYPE_CHECKING:
    from pathlib import Path

SMALL = BlockLimits(block=5_000)
ENTRY = b"IdentityNotResolvable\tada@contoso.com\tx\r\n"


def blocks_of(folder: Path, *raws: bytes, limits: BlockLimits = USUAL_LIMITS) -> list[Block]:
    logs = []
    for number, raw in enumerate(raws):
        (folder / f"{number}.log").write_bytes(raw)
        logs.append(LogRead(log_at(folder / f"{number}.log")))
    return list(blocks(logs, limits))


def texts(found: list[Block]) -> list[bytes]:
    return [block.data[: block.size] for block in found]


LAST = {
    "a tabbed entry": (ENTRY * 2 + b"Gen", len(ENTRY)),
    "an entry of an unknown code": (ENTRY + b"Odd\tx\ty\r\nz", len(ENTRY)),
    "an entry that lost its tabs": (b"text\nGenericError - x\nmore", 5),
    "an entry that lost its tabs, the dash a long one": ("text\nGenericError \u2013 x\n".encode(), 5),
    "not the first line": (ENTRY, 0),
    "not a stack trace with tabs": (ENTRY + b"   at Store\tx\n\tx\ty\n", 0),
    "not a code that only begins so": (ENTRY + b"GenericErrors happen\n", 0),
    "not a code with nothing after it": (ENTRY + b"GenericError \n", 0),
    "not a code with nothing after it at the end": (ENTRY + b"GenericError ", 0),
    "not a line end alone": (b"\n\n\n", 0),
    "nothing": (b"", 0),
}


@pytest.mark.parametrize(("text", "expected"), LAST.values(), ids=LAST.keys())
def test_a_block_may_end_where_an_entry_begins(text: bytes, expected: int) -> None:
    assert last_entry_start(text + bytes(PADDING), 0, len(text)) == expected


def test_small_logs_share_a_block(tmp_path: Path) -> None:
    (block,) = blocks_of(tmp_path, ENTRY, ENTRY[:-2], b"", ENTRY[:-2] + b"\r")
    assert block.data[: block.size] == ENTRY + ENTRY[:-2] + b"\n" + ENTRY[:-2] + b"\n"
    assert [(one.log.name[-5:], one.start, one.added_end) for one in block.segments] == [
        ("0.log", 0, False),
        ("1.log", 41, True),
        ("3.log", 81, False),
    ]


def test_a_large_log_is_cut_into_blocks_of_whole_entries(tmp_path: Path) -> None:
    trace = ENTRY + b"   at Store\tx\r\n" * 20
    found = blocks_of(tmp_path, ENTRY, trace * 100, ENTRY, limits=SMALL)
    assert b"".join(texts(found)) == ENTRY + trace * 100 + ENTRY
    assert len(found) > 5
    assert all(text.startswith(ENTRY) for text in texts(found))
    assert all(len(block.data) >= block.size + PADDING for block in found)


def test_an_entry_longer_than_a_block_stays_whole(tmp_path: Path) -> None:
    long = ENTRY + b"   at Store\r\n" * 5_000
    found = texts(blocks_of(tmp_path, ENTRY * 200 + long + ENTRY * 200, limits=SMALL))
    assert b"".join(found) == ENTRY * 200 + long + ENTRY * 200
    assert [text.count(b"at Store") for text in found if b"at Store" in text] == [5_000]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_a_log_of_any_line_ends_is_cut(tmp_path: Path, end: bytes) -> None:
    found = blocks_of(tmp_path, ENTRY.replace(b"\r\n", end) * 1_000, limits=SMALL)
    assert len(found) > 5
    assert sum(text.count(b"\n") for text in texts(found)) == 1_000


def test_a_file_with_an_oversized_entry_is_not_a_log(tmp_path: Path) -> None:
    limits = BlockLimits(block=5_000, entry_bytes=20_000)
    (tmp_path / "a.log").write_bytes(ENTRY * 500 + b"x\n" * 50_000)
    (tmp_path / "b.log").write_bytes(ENTRY)
    reading = LogReader([log_at(tmp_path / "a.log"), log_at(tmp_path / "b.log")], limits=limits)
    rows = reading.table().height
    assert "bytes without an entry. Is it the log of an import job?" in str(reading.logs[0].problem)
    assert reading.logs[1].problem is None
    assert rows == reading.logs[0].entries + 1


def test_a_file_with_an_entry_of_millions_of_lines_is_not_a_log() -> None:
    _, (log,) = read([ENTRY + b"\n" * 50_000], block=5_000, entry_lines=20_000)
    assert "lines without an entry. Is it the log of an import job?" in str(log.problem)


def test_a_line_of_a_hundred_megabytes_is_one_cell() -> None:
    ((row,),), (log,) = read([b"GenericError\t\t" + b"x" * 100_000_000 + b"\r\n"])
    assert (len(row.message), log.missing, log.problem) == (100_000_000, 0, None)


def test_millions_of_blank_lines_are_read_in_linear_time() -> None:
    ((first, last),), (log,) = read([ENTRY + b"\n" * 3_000_000 + ENTRY])
    assert (first.detail, last.line, log.missing) == (None, 3_000_002, 0)
