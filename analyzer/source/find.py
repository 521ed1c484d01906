"""Find the records of some users, or of all users, in a source file, in constant memory.

Several processes scan a large file, each from a guessed border. The result of a process is used only if the previous
scan ends exactly at that border, because text inside a string or nested value may also decode. Otherwise, the previous
scan continues. Each process runs this module: it reads a request, writes a reply, and ends.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from analyzer.source.model import Spans, marks_of
from analyzer.source.reader.json_text import after_mark, mapped, recoded_from
from analyzer.source.reader.records import begin, finish, format_error, reading
from analyzer.source.reader.tolerant import skip_blank
from analyzer.source.scan import Border, Scanner, ScanState, border_from

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence, Sized
    from pathlib import Path

    from analyzer.source.reader.json_text import Buffer, SourceFormatError

_BYTES_PER_PROCESS = 50_000_000
"""Bytes that take about as long to scan as starting a process."""
_BYTES_PER_KEY = 50
"""Bytes that are scanned in the time in which another process receives a key."""
_MAX_PROCESSES = 4
_MAX_WANTED = 200_000
"""Limit of users: each process copies all IDs, about 200 bytes each."""


@dataclass(frozen=True, slots=True)
class MatchedRecords:
    """The wanted records of a source file.

    Attributes:
        records: number of records in the file, including values that aren't objects.
        spans: the wanted records, in order.
        others: positions, from 0, of values in the list that aren't objects.
        other_offsets: offsets of these values.
        other: the error of the first of them, for a caller that can't skip them; None if there are none.
    """

    records: int
    spans: Spans
    others: Sequence[int] = ()
    other_offsets: Sequence[int] = ()
    other: SourceFormatError | None = None


def find_records(path: Path, id_property: str, wanted: Mapping[str, int] | None) -> MatchedRecords:
    """Find records by the ID of their user, with several processes if the file is large.

    Args:
        path: the source file.
        id_property: name of the ID property; may be empty if all users are wanted.
        wanted: marks, from 1, of the wanted users by nonempty key (``identity_key``); None for all users, with marks
            from ``mark_of``.

    Raises:
        InputError: the file can't be read.
        NotJsonError: it isn't valid JSON, even with the syntax that the service tolerates.
        NotImportFormatError: it isn't in the import format, or no value in its list is an object.
    """
    with reading(path) as buffer:
        scanned = ScanState(begin(buffer, skip_blank(buffer, after_mark(buffer))) + 1)
        scanner = Scanner(buffer, id_property, wanted)
        if wanted is None or recoded_from(path):
            scanner.scan(scanned)
        else:
            _scan_in_segments(path, buffer, scanner, scanned, wanted)
        finish(buffer, scanned.end + 1)
        if scanned.first_other is None:
            return MatchedRecords(scanned.records, scanned.spans)
        if len(scanned.others) == scanned.records:
            raise scanned.first_other
        error = format_error(path, buffer, scanned.first_other)
        return MatchedRecords(scanned.records, scanned.spans, scanned.others, scanned.other_offsets, error)


class _Request(msgspec.Struct):
    """A request to a process, as MessagePack on standard input; ``keys`` are numbered in order."""

    path: str
    id_property: str
    keys: list[str]
    start: int
    stop: tuple[int, int] | None


class _Reply(msgspec.Struct):
    """A reply of a process, as MessagePack on standard output.

    Attributes:
        end, records, ended: as in ``ScanState``.
        columns: the columns of ``Spans`` in native byte order.
    """

    end: int
    records: int
    ended: bool
    columns: list[bytes]


class _Segment(NamedTuple):
    """A part of the array, and the process that scans it."""

    start: int
    process: subprocess.Popen[bytes]


def answer(message: bytes) -> bytes:
    """Scan the segment of a request, in the process that received it.

    Raises:
        GrammarError: a fault, or a value in the list that isn't an object, if the segment begins at a true border;
            otherwise any fault.
        InputError: the file can't be read.
    """
    from pathlib import Path

    request = msgspec.msgpack.decode(message, type=_Request)
    # The file is UTF-8; detecting that again could require reading all of it.
    with mapped(Path(request.path)) as buffer:
        scanned = ScanState(request.start)
        scanner = Scanner(buffer, request.id_property, marks_of(request.keys))
        scanner.scan(scanned, Border(*request.stop) if request.stop else None)
    if scanned.first_other is not None:
        raise scanned.first_other  # rare, and not part of a reply: the previous scan continues
    columns = [column.tobytes() for column in scanned.spans.columns()]
    return msgspec.msgpack.encode(_Reply(scanned.end, scanned.records, scanned.ended, columns))


def _scan_in_segments(
    path: Path, buffer: Buffer, scanner: Scanner, scanned: ScanState, wanted: Mapping[str, int]
) -> None:
    """Continue a scan to the array's end, with other processes if the rest is large.

    Raises:
        GrammarError: as ``Scanner.scan``.
    """
    borders = _borders(buffer, scanned.end, wanted) if len(wanted) <= _MAX_WANTED else []
    with _processes(path, scanner.id_property, wanted, borders) as segments:
        for border, segment in zip(borders, segments, strict=False):
            scanner.scan(scanned, border)
            if scanned.ended:
                return
            if skip_blank(buffer, scanned.end) == skip_blank(buffer, segment.start):
                _add(scanned, segment)
    scanner.scan(scanned)


def _borders(buffer: Buffer, start: int, wanted: Sized) -> list[Border]:
    """Guess borders that divide the rest of the file into one part for each process."""
    rest = len(buffer) - start
    parts = max(1, min(_processors(), _MAX_PROCESSES, rest // _BYTES_PER_PROCESS))
    # This process starts earlier, by the time in which the others receive the keys.
    ahead = min(len(wanted) * _BYTES_PER_KEY, rest // parts)
    share = (rest - ahead) // parts
    guesses = [border_from(buffer, start + ahead + share * part) for part in range(1, parts)]
    return [guess for guess in guesses if guess]


def _processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _processes(
    path: Path, id_property: str, wanted: Mapping[str, int], borders: list[Border]
) -> Iterator[list[_Segment]]:
    """Start a process for each border, as far as the system allows."""
    segments: list[_Segment] = []
    try:
        with contextlib.suppress(OSError):
            for border, stop in itertools.zip_longest(borders, borders[1:]):
                segments.append(_Segment(border.start, _process()))
                place = (stop.end, stop.start) if stop else None
                _send(segments[-1].process, _Request(str(path), id_property, list(wanted), border.start, place))
        yield segments
    finally:
        for segment in segments:
            segment.process.kill()
            # The pipe to a process that ended early may have unread data.
            with contextlib.suppress(OSError), segment.process:
                pass


def _process() -> subprocess.Popen[bytes]:
    # -P: don't import modules from the current folder
    command = [sys.executable, "-P", "-m", "analyzer.source.find"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603 - our own module


def _send(process: subprocess.Popen[bytes], request: _Request) -> None:
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    process.stdin.write(msgspec.msgpack.encode(request))
    process.stdin.close()


def _add(scanned: ScanState, segment: _Segment) -> None:
    """Add the result of a process; if it failed, nothing, so that the scan continues in this process."""
    assert segment.process.stdout is not None  # noqa: S101 - it is a pipe
    with contextlib.suppress(OSError, msgspec.DecodeError):
        reply = msgspec.msgpack.decode(segment.process.stdout.read(), type=_Reply)
        segment.process.wait()
        spans = Spans()
        for column, content in zip(spans.columns(), reply.columns, strict=True):
            column.frombytes(content)
        scanned.spans.extend(spans, records_before=scanned.records)
        scanned.records += reply.records
        scanned.end, scanned.ended = reply.end, reply.ended


if __name__ == "__main__":
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))
