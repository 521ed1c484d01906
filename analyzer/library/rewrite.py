"""Remove users from logs and source files in a library, which are otherwise exact copies of the tenant's."""

from __future__ import annotations

import gzip
import shutil
from typing import IO, TYPE_CHECKING

from msgspec.structs import replace

from analyzer.errors import InputError, UsageError
from analyzer.library.mirror import EARLIER
from analyzer.library.paths import key_of
from analyzer.model.identity import identity_key
from analyzer.source.find import find_records
from analyzer.source.id_property import infer_id_property
from analyzer.source.model import marks_of
from analyzer.source.reader.json_text import recoded_from
from analyzer.source.reader.records import read_records
from analyzer.storage.files import cannot_read, replacing, replacing_path, sha256_of
from analyzer.storage.traces import GZIP_MAGIC

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from analyzer.library.mirror import WritableLibrary
    from analyzer.source.find import MatchedRecords
    from analyzer.source.model import Spans
    from analyzer.storage.traces import Pseudonyms, Trace, Traces

_BLANKS = b" \t\r\n"
_COMMA = b","


def redact_log(path: Path, traces: Traces, pseudonyms: Pseudonyms) -> int:
    """Replace the IDs of users in a log, plain or packed with gzip; return how many were replaced.

    Each is as long as before, so that the log keeps its size, its lines, and the places of its entries.

    Raises:
        InputError: it can't be read or unpacked.
        OutputError: it can't be written.
    """
    number = 0

    def pseudonym(trace: Trace, raw: bytes) -> bytes:
        nonlocal number
        number += 1
        return pseudonyms.bytes_for(trace, raw)

    try:
        with path.open("rb") as stream, replacing(path) as new:
            is_packed = stream.read(2) == GZIP_MAGIC
            stream.seek(0)
            if not is_packed:
                new.writelines(traces.replaced(stream, pseudonym))
                return number
            with gzip.GzipFile(fileobj=stream) as unpacked, gzip.GzipFile("", "wb", fileobj=new, mtime=0) as packed:
                for chunk in traces.replaced(unpacked, pseudonym):  # type: ignore[arg-type]
                    packed.write(chunk)
    except (OSError, EOFError) as error:
        raise cannot_read(path, error if isinstance(error, OSError) else OSError(str(error))) from error
    return number


def id_property_of(path: Path, log_keys: AbstractSet[str]) -> str:
    """Return the ID property of a source file; empty if it is unknown or the file can't be read.

    Args:
        path: the source file.
        log_keys: keys of the users in its job's log. Other users would be found under another property, such as
            that of their managers.
    """
    try:
        return infer_id_property(path, log_keys).name
    except (InputError, UsageError):
        return ""


def keys_in(path: Path, id_property: str, is_wanted: Callable[[str], bool]) -> set[str]:
    """Return the keys in a source file that are wanted; none if it can't be read."""
    try:
        keys = (identity_key(text) for record in read_records(path) if (text := record.text(id_property)))
        return {key for key in keys if is_wanted(key)}
    except InputError:
        return set()


def remove_records(path: Path, id_property: str, keys: Sequence[str]) -> int | None:
    """Replace the records of users in a source file by blanks.

    Everything else stays at its place, so that positions in messages of the service are still right.

    Returns:
        The number of records, or None if the file isn't one whose records can be removed.

    Raises:
        OutputError: it can't be written.
    """
    try:
        if not id_property or recoded_from(path):
            return None
        before = find_records(path, id_property, marks_of(keys))
        if not len(before.spans):
            return 0
        with replacing_path(path) as beside:
            shutil.copyfile(path, beside)
            with beside.open("r+b") as stream:
                _blank(stream, before.spans)
            _check_removed(beside, id_property, keys, before)
    except (InputError, _NotRemovedError):
        return None
    return len(before.spans)


def note_rewritten(library: WritableLibrary, path: Path) -> None:
    """Note the new content of a file that was rewritten, so that it doesn't count as changed by hand."""
    name, seen = library.name_of(path), library.seen(path)
    digest, status = sha256_of(path), path.stat()
    if seen is not None:
        rewritten = replace(seen, sha256=digest, length=status.st_size, modified_ns=status.st_mtime_ns)
        library.state.files[key_of(name)] = rewritten
    if name.startswith(EARLIER):
        for job_id, noted in list(library.state.notes.items()):
            if noted.source == name:
                library.state.note(job_id, source_sha256=digest)


class _NotRemovedError(Exception):
    """The records can't be removed from a file without changing others."""


def _check_removed(path: Path, id_property: str, keys: Sequence[str], before: MatchedRecords) -> None:
    left = before.records - len(before.spans)
    after = find_records(path, id_property, marks_of(keys)) if left else None
    if after is not None and (len(after.spans) or after.records != left):
        raise _NotRemovedError


def _blank(stream: IO[bytes], spans: Spans) -> None:
    for start, end in zip(spans.starts, spans.ends, strict=True):
        stream.seek(start)
        stream.write(b" " * (end - start))
        comma = _next(stream, end, 1)
        if comma is None:
            comma = _next(stream, start - 1, -1)
        if comma is not None:
            stream.seek(comma)
            stream.write(b" ")


def _next(stream: IO[bytes], offset: int, step: int) -> int | None:
    """Return the offset of the next byte that isn't blank if it is a comma."""
    while offset >= 0:
        stream.seek(offset)
        byte = stream.read(1)
        if not byte or byte not in _BLANKS:
            return offset if byte == _COMMA else None
        offset += step
    return None
