"""Cut logs into blocks of whole entries, which are parsed independently.

A large log becomes many blocks, each cut at the start of an entry. Small logs share a block, to save overhead.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from analyzer.errors import InputError
from analyzer.logs.archives import Opener
from analyzer.logs.decode import size_in, utf8_chunks
from analyzer.logs.line_shapes import CODE, entry_fields
from analyzer.logs.model import PADDING, Block, Segment
from analyzer.logs.other_formats import MAX_BYTES, unwrap
from analyzer.model.service import LogCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.logs.model import LogRead
    from analyzer.logs.other_formats import InnerLog

_TABBED = re.compile(f"{CODE}\t".encode())
LONE_CR = re.compile(rb"\r(?!\n)")
_CODES = tuple(code.encode() for code in LogCode)
_LONGEST_START = 1000


@dataclass(frozen=True, slots=True)
class BlockLimits:
    """Sizes of blocks and entries.

    Attributes:
        block: bytes; a parsed block fits in the processor's cache, and two threads need less than 100 MB.
        entry_bytes, entry_lines: limits of an entry; a file with a larger one isn't a log, and would fill the memory.
    """

    block: int = 4_000_000
    entry_bytes: int = 1 << 28
    entry_lines: int = 4_000_000


USUAL_LIMITS = BlockLimits()


@dataclass(slots=True)
class _Packing:
    """Small logs that will share a block."""

    pieces: list[memoryview] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    size: int = 0

    def add(self, block: Block) -> None:
        """Append a block of one log."""
        (segment,) = block.segments
        segment.start, segment.end = self.size, self.size + block.size
        self.segments.append(segment)
        self.pieces.append(memoryview(block.data)[: block.size])
        self.size += block.size

    def take(self) -> Block:
        """Return all of them as one block, and start over."""
        block = Block(b"".join([*self.pieces, bytes(PADDING)]), self.size, self.segments)
        self.pieces, self.segments, self.size = [], [], 0
        return block


def blocks(logs: list[LogRead], limits: BlockLimits) -> Iterator[Block]:
    """Yield the blocks of logs, in order; set the ``problem`` of a log that cannot be read completely."""
    packing = _Packing()
    with contextlib.closing(Opener()) as opener:
        for log in logs:
            for block in _Cutter(log, limits).blocks(opener):
                if len(block.data) < limits.block:
                    packing.add(block)
                else:
                    if packing.segments:
                        yield packing.take()
                    yield block
                if packing.size >= limits.block:
                    yield packing.take()
    if packing.segments:
        yield packing.take()


class _Cutter:
    """Cuts one log into blocks."""

    def __init__(self, log: LogRead, limits: BlockLimits) -> None:
        self._log = log
        self._limits = limits
        self._carry = b""
        self._whole = True

    def blocks(self, opener: Opener) -> Iterator[Block]:
        log = self._log
        try:
            with opener.opened(log.file) as stream:
                for chunk in utf8_chunks(stream.read, log.encoding, self._sizes()):
                    log.position = stream.position()
                    block = self._whole_entries(chunk)
                    if block is not None:
                        yield block
                log.growing = stream.changed()
        except InputError as problem:
            log.problem = problem
        block = self._rest()
        if block is not None:
            yield block

    def _sizes(self) -> Iterator[int]:
        """Yield read sizes, which grow with a long entry, so that it isn't searched repeatedly."""
        block = self._limits.block
        yield min(block, self._log.file.size + 1) if self._log.file.size else block
        while True:
            yield max(block, len(self._carry))

    def _whole_entries(self, chunk: bytes) -> Block | None:
        seen = len(self._carry)
        data = b"".join([self._carry, chunk, bytes(PADDING)])
        size = len(data) - PADDING
        enough = size >= self._limits.block
        cut = last_entry_start(data, seen, size) if enough else 0
        if enough and not cut and b"\r" in chunk:
            # A CR at the end may be half of a CRLF.
            data = LONE_CR.sub(b"\n", data[:size])[: size - 1] + data[size - 1 :]
            cut = last_entry_start(data, seen, size)
        if not cut:
            self._carry = data[:size]
            self._check_length()
            return None
        self._carry = data[cut:size]
        self._whole = False
        return self._block(data, cut)

    def _check_length(self) -> None:
        most = self._limits.entry_lines
        lines = self._carry.count(b"\n") if len(self._carry) > most else 0
        if len(self._carry) <= self._limits.entry_bytes and lines <= most:
            return
        excess = f"{lines:,} lines" if lines > most else f"{len(self._carry):,} bytes"
        self._carry = b""
        raise InputError(f"{self._log.name} has {excess} without an entry", "Is it the log of an import job?")

    def _rest(self) -> Block | None:
        text, self._carry = self._carry, b""
        if self._log.growing:
            whole = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
            self._log.unread = size_in(self._log.encoding.name, text[whole:].decode())
            text = text[:whole]
        if not text:
            return None
        inner = unwrap(text.decode()) if self._whole and len(text) <= MAX_BYTES and not _TABBED.match(text) else None
        if inner:
            return self._inner(text, inner)
        added_end = not text.endswith((b"\n", b"\r"))
        if text.endswith(b"\r"):
            text = LONE_CR.sub(b"\n", text)  # its last CR must not form a CRLF with the next log
        text = b"".join([text, b"\n" if added_end else b"", bytes(PADDING)])
        return self._block(text, len(text) - PADDING, added_end=added_end)

    def _inner(self, text: bytes, inner: InnerLog) -> Block:
        """Return the block of a log inside another format."""
        lines = "".join(f"{line}\n" for line in inner.lines)
        encoding = self._log.encoding.name
        block = self._block(lines.encode() + bytes(PADDING), len(lines.encode()))
        block.segments[0].around = size_in(encoding, text.decode()) - size_in(encoding, lines)
        block.segments[0].numbers = np.array(inner.numbers, np.uint32)
        return block

    def _block(self, data: bytes, size: int, *, added_end: bool = False) -> Block:
        return Block(data, size, [Segment(self._log, 0, size, added_end)])


def last_entry_start(data: bytes, seen: int, size: int) -> int:
    """Return the offset of an entry in a text, usually the last one; 0 if only the first line begins an entry.

    Args:
        data: the text; its first line begins an entry.
        seen: number of bytes that were searched before, without success.
        size: number of bytes of the text.
    """
    at = size
    while (tab := data.rfind(b"\t", seen, at)) >= 0:
        at = data.rfind(b"\n", 0, tab) + 1
        if at and _TABBED.match(data, at):
            return at
    # Without tabs only known codes begin an entry.
    lost = (data.rfind(b"\n" + code, max(0, seen - _LONGEST_START), size) + 1 for code in _CODES)
    return max((at for at in lost if at and _begins_without_tabs(data, at, size)), default=0)


def _begins_without_tabs(data: bytes, at: int, size: int) -> bool:
    line = re.split(rb"[\r\n]", data[at : min(size, at + _LONGEST_START)], maxsplit=1)[0]
    return entry_fields(line.decode("utf-8", "ignore")) is not None
