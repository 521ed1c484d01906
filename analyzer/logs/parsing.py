"""Logs to entries, a block at a time on all cores; the memory that it takes does not grow with a log."""

from __future__ import annotations

import collections
import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from analyzer.errors import InputError
from analyzer.logs.blocks import blocks
from analyzer.logs.entries import CODE, Codes, Entries, entries_of
from analyzer.logs.shapes import is_cut_off
from analyzer.model.service import LOG_FILE_NAME, LOG_FOLDER_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.logs.model import Block, LogRead, Segment

Made = TypeVar("Made")

_LOOKED_AT = 4096
"""Bytes."""

_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\v\x1b"))
_MOSTLY_TEXT = 0.9


@dataclass(frozen=True, slots=True)
class Parsed(Generic[Made]):
    """A block and what became of it.

    Attributes:
        block: as it was read.
        entries: its entries.
        made: what was made of them.
        lines_before: for each of the block's segments, the lines of its log before it.
    """

    block: Block
    entries: Entries
    made: Made
    lines_before: list[int]


def parsed(logs: list[LogRead], make: Callable[[Block, Entries], Made]) -> Iterator[Parsed[Made]]:
    """The blocks of logs in their order, each with its entries.

    Args:
        logs: nothing of them is read yet; they say how they were read, up to the block that was given last. A log that
            cannot be read, or not to its end, gets its ``problem``.
        make: called in several threads.
    """
    cores = os.cpu_count() or 1
    codes = Codes()

    def parse(block: Block) -> tuple[Block, Entries, Made]:
        entries = entries_of(block, codes)
        return block, entries, make(block, entries)

    def counted(block: Block, entries: Entries, made: Made) -> Parsed[Made]:
        before = [segment.log.lines for segment in block.segments]
        _count(block, entries)
        return Parsed(block, entries, made, before)

    waiting: collections.deque[Future[tuple[Block, Entries, Made]]] = collections.deque()
    with ThreadPoolExecutor(cores, "parse") as pool:
        try:
            for block in blocks(logs):
                waiting.append(pool.submit(parse, block))
                if len(waiting) > cores:
                    yield counted(*waiting.popleft().result())
            while waiting:
                yield counted(*waiting.popleft().result())
        finally:
            pool.shutdown(cancel_futures=True)
    for log in logs:
        if log.binary and not log.entries and not log.problem:
            log.problem = InputError(f"{log.name} is no log: it holds binary data", "Name the logs of an import job.")


def _count(block: Block, entries: Entries) -> None:
    """Adds what a block holds of each log to what is known of how it was read."""
    segments = block.segments
    rows = np.bincount(entries.segment, minlength=len(segments)).tolist()
    without_code = entries.parts[:, CODE] == entries.parts[:, CODE + 1]
    texts = np.bincount(entries.segment[without_code], minlength=len(segments))
    line_counts = np.diff(entries.segment_lines).tolist()
    for place, segment in enumerate(segments):
        log = segment.log
        log.lines += line_counts[place]
        log.texts += int(texts[place])
        log.entries += rows[place] - int(texts[place])
        log.cut_off = segment.added_end and _cut_off(entries, place)
        log.binary = log.binary or (rows[place] == texts[place] and _is_binary(block, segment))


def _is_binary(block: Block, segment: Segment) -> bool:
    """Whether what has no entry does not look like text either: by the control characters at its beginning."""
    head = block.data[segment.start : min(segment.end, segment.start + _LOOKED_AT)]
    return b"\0" in head or len(head.translate(None, _CONTROLS)) < _MOSTLY_TEXT * len(head)


def _cut_off(entries: Entries, place: int) -> bool:
    last = entries.lines.text(int(entries.segment_lines[place + 1]) - 1)
    return len(last) < _LOOKED_AT and is_cut_off(last.decode())


def job_id_in(name: str) -> str | None:
    """The job id that a log file's name tells, else its folder's name; in lower case; None where neither tells."""
    parts = name.replace("\\", "/").split("/")
    found = LOG_FILE_NAME.match(parts[-1])
    if found is None and len(parts) > 1:
        found = LOG_FOLDER_NAME.fullmatch(parts[-2])
    return found["job_id"].lower() if found else None
