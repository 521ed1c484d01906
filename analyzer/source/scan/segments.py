"""A scan of a large source file by several processes, each from a guessed border on.

What a process found that began at a guessed border is believed only if the scan before it arrives exactly there: inside
a string or a nested value there may be text that decodes as well. Where it does not arrive, the scan before goes on.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from analyzer.source.reader.json_text import mapped
from analyzer.source.reader.tolerant import skip_blank
from analyzer.source.scan.scan import Border, Scanned, Scanner, border_from
from analyzer.source.scan.spans import Spans, marks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sized
    from pathlib import Path

    from analyzer.source.reader.json_text import Buffer

_WORTH_A_PROCESS = 50_000_000
"""Bytes: scanning them takes about as long as starting one."""
_TOLD = 50
"""Bytes that are scanned while another process is told a key."""
_MOST_PROCESSES = 4
_MOST_WANTED = 200_000
"""Users: each process holds all their ids once more, some 200 bytes each."""


class Request(msgspec.Struct):
    """What a process is told, in MessagePack on its standard input; ``keys`` are numbered by their order."""

    path: str
    id_property: str
    keys: list[str]
    start: int
    stop: tuple[int, int] | None


class Reply(msgspec.Struct):
    """What a process answers, in MessagePack on its standard output.

    Attributes:
        end, records, ended: as in ``Scanned``.
        columns: the numbers of ``Spans`` as the machine has them.
    """

    end: int
    records: int
    ended: bool
    columns: list[bytes]


class Segment(NamedTuple):
    """A part of the array, and the process that scans it."""

    start: int
    process: subprocess.Popen[bytes]


def answer(asked: bytes) -> bytes:
    """Scans a segment; what a process does that was told to.

    Raises:
        GrammarError: a fault, or a value in the list that is no object, where the segment begins where it was
            guessed; or anything, where it does not.
        InputError: the file cannot be read.
    """
    from pathlib import Path

    request = msgspec.msgpack.decode(asked, type=Request)
    wanted = marks_of(request.keys)
    # That it is UTF-8 is known: looking for its encoding again may mean to read all of it.
    with mapped(Path(request.path)) as buffer:
        scanned = Scanned(request.start)
        Scanner(buffer, request.id_property, wanted).scan(scanned, Border(*request.stop) if request.stop else None)
    if scanned.first_other is not None:
        raise scanned.first_other  # a reply has no room for it; it is rare, so the scan before goes on
    columns = [column.tobytes() for column in scanned.spans.columns()]
    return msgspec.msgpack.encode(Reply(scanned.end, scanned.records, scanned.ended, columns))


def scan_in_segments(path: Path, buffer: Buffer, scanner: Scanner, scanned: Scanned, wanted: Mapping[str, int]) -> None:
    """Goes on with a scan to the array's end, with the help of other processes where the rest is large.

    Args:
        path: the file, which is UTF-8.
        buffer: its bytes.
        scanner: for the users that are wanted.
        scanned: what was scanned so far; grows.
        wanted: marks by key: 1, 2, 3, ….

    Raises:
        GrammarError: as ``Scanner.scan``.
    """
    borders = _borders(buffer, scanned.end, wanted) if len(wanted) <= _MOST_WANTED else []
    with _processes(path, scanner.id_property, wanted, borders) as segments:
        for border, segment in zip(borders, segments, strict=False):
            scanner.scan(scanned, border)
            if scanned.ended:
                return
            if skip_blank(buffer, scanned.end) == skip_blank(buffer, segment.start):
                _add(scanned, segment)
    scanner.scan(scanned)


def _borders(buffer: Buffer, start: int, wanted: Sized) -> list[Border]:
    """Guessed borders that cut the rest of the file into a part for each process."""
    rest = len(buffer) - start
    parts = max(1, min(_processors(), _MOST_PROCESSES, rest // _WORTH_A_PROCESS))
    # This process is ahead by the time that the others are told the keys.
    ahead = min(len(wanted) * _TOLD, rest // parts)
    share = (rest - ahead) // parts
    guesses = [border_from(buffer, start + ahead + share * part) for part in range(1, parts)]
    return [guess for guess in guesses if guess]


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _processes(
    path: Path, id_property: str, wanted: Mapping[str, int], borders: list[Border]
) -> Iterator[list[Segment]]:
    """Starts a process for each border; none where the system does not let us."""
    segments: list[Segment] = []
    try:
        with contextlib.suppress(OSError):
            for border, stop in itertools.zip_longest(borders, borders[1:]):
                place = (stop.end, stop.start) if stop else None
                segments.append(Segment(border.start, _process()))
                _tell(segments[-1].process, Request(str(path), id_property, list(wanted), border.start, place))
        yield segments
    finally:
        for segment in segments:
            _end(segment.process)


def _process() -> subprocess.Popen[bytes]:
    # -P: no module of the current folder
    command = [sys.executable, "-P", "-m", "analyzer.source.scan.segment_process"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603 - our own module


def _tell(process: subprocess.Popen[bytes], request: Request) -> None:
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    process.stdin.write(msgspec.msgpack.encode(request))
    process.stdin.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    # Of one that ended by itself what it was not told is left in the pipe.
    with contextlib.suppress(OSError), process:
        pass


def _add(scanned: Scanned, segment: Segment) -> None:
    """Adds what a process found; nothing where it broke off, so that the scan goes on in this one."""
    assert segment.process.stdout is not None  # noqa: S101 - it is a pipe
    with contextlib.suppress(OSError, msgspec.DecodeError):
        reply = msgspec.msgpack.decode(segment.process.stdout.read(), type=Reply)
        segment.process.wait()
        spans = Spans()
        for column, content in zip(spans.columns(), reply.columns, strict=True):
            column.frombytes(content)
        scanned.spans.extend(spans, records_before=scanned.records)
        scanned.records += reply.records
        scanned.end, scanned.ended = reply.end, reply.ended
