"""Find the records of some users, or everybody's, in a source file, as spans, in memory that doesn't grow with it.

Several processes scan a large file, each from a guessed border on. What a process found is believed only if the scan
before it arrives exactly at that border: inside a string or a nested value there may be text that decodes as well.
Where it does not arrive, the scan before goes on. Such a process runs this module: it reads a request, answers, ends.
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

_WORTH_A_PROCESS = 50_000_000
"""Bytes: scanning them takes about as long as starting a process."""
_BYTES_A_KEY = 50
"""Bytes that are scanned while another process receives a key."""
_MOST_PROCESSES = 4
_MOST_WANTED = 200_000
"""Users: each process holds all their IDs once more, some 200 bytes each."""


@dataclass(frozen=True, slots=True)
class MatchedRecords:
    """The records of a source file that match.

    Attributes:
        records: how many records the file has, values that aren't objects among them.
        spans: those that were wanted, in their order.
        others: the positions, from 0, of values in its list that aren't objects.
        other_offsets: where these begin.
        other: the error of the first of them, for a caller that can't skip them; None where there are none.
    """

    records: int
    spans: Spans
    others: Sequence[int] = ()
    other_offsets: Sequence[int] = ()
    other: SourceFormatError | None = None


def find_records(path: Path, id_property: str, wanted: Mapping[str, int] | None) -> MatchedRecords:
    """Find records by the ID of their user, with all processors where the file is large.

    Args:
        path: the source file.
        id_property: the name of the property with the IDs; empty where it is unknown, and everybody is wanted.
        wanted: marks from 1 on by key (``identity_key``), of which none is empty, for the users that are wanted; None
            for everybody. Then the marks are those of ``mark_of``.

    Raises:
        InputError: the file can't be read.
        NotJsonError: it isn't valid JSON even by what the service tolerates.
        NotImportFormatError: it is, but not in the import format; also where no value in its list is an object.
    """
    with reading(path) as buffer:
        # After the list's bracket
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
    """What a process reads, in MessagePack on its standard input; ``keys`` are numbered by their order."""

    path: str
    id_property: str
    keys: list[str]
    start: int
    stop: tuple[int, int] | None


class _Reply(msgspec.Struct):
    """What a process answers, in MessagePack on its standard output.

    Attributes:
        end, records, ended: as in ``ScanState``.
        columns: the numbers of ``Spans`` in the machine's byte order.
    """

    end: int
    records: int
    ended: bool
    columns: list[bytes]


class _Segment(NamedTuple):
    """A part of the array, and the process that scans it."""

    start: int
    process: subprocess.Popen[bytes]


def answer(asked: bytes) -> bytes:
    """Scan the segment of a request, in the process that received it.

    Raises:
        GrammarError: a fault, or a value in the list that isn't an object, where the segment begins at a true border;
            any fault where it does not.
        InputError: the file can't be read.
    """
    from pathlib import Path

    request = msgspec.msgpack.decode(asked, type=_Request)
    # The file is known to be UTF-8: looking for its encoding again may mean reading all of it.
    with mapped(Path(request.path)) as buffer:
        scanned = ScanState(request.start)
        scanner = Scanner(buffer, request.id_property, marks_of(request.keys))
        scanner.scan(scanned, Border(*request.stop) if request.stop else None)
    if scanned.first_other is not None:
        raise scanned.first_other  # a reply has no room for it; it is rare, so the scan before goes on
    columns = [column.tobytes() for column in scanned.spans.columns()]
    return msgspec.msgpack.encode(_Reply(scanned.end, scanned.records, scanned.ended, columns))


def _scan_in_segments(
    path: Path, buffer: Buffer, scanner: Scanner, scanned: ScanState, wanted: Mapping[str, int]
) -> None:
    """Continue a scan to the array's end, with the help of other processes where the rest is large.

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
    """Guess borders that cut the rest of the file into a part for each process."""
    rest = len(buffer) - start
    parts = max(1, min(_processors(), _MOST_PROCESSES, rest // _WORTH_A_PROCESS))
    # This process is ahead by the time that the others take to receive the keys.
    ahead = min(len(wanted) * _BYTES_A_KEY, rest // parts)
    share = (rest - ahead) // parts
    guesses = [border_from(buffer, start + ahead + share * part) for part in range(1, parts)]
    return [guess for guess in guesses if guess]


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _processes(
    path: Path, id_property: str, wanted: Mapping[str, int], borders: list[Border]
) -> Iterator[list[_Segment]]:
    """Start a process for each border; none where the system does not let us."""
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
            # The pipe to a process that ended early still holds what it did not read.
            with contextlib.suppress(OSError), segment.process:
                pass


def _process() -> subprocess.Popen[bytes]:
    # -P: no module of the current folder
    command = [sys.executable, "-P", "-m", "analyzer.source.find"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603 - our own module


def _send(process: subprocess.Popen[bytes], request: _Request) -> None:
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    process.stdin.write(msgspec.msgpack.encode(request))
    process.stdin.close()


def _add(scanned: ScanState, segment: _Segment) -> None:
    """Add what a process found; nothing where it broke off, so that the scan goes on in this process."""
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
