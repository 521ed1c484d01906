"""Remove users from logs and source files in a library, which are otherwise exact copies of the tenant's."""

from __future__ import annotations

import gzip
import json
import shutil
import zlib
from typing import TYPE_CHECKING

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
from analyzer.storage.files import replacing_path, sha256_of
from analyzer.storage.traces import GZIP_MAGIC

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from analyzer.library.mirror import WritableLibrary
    from analyzer.storage.traces import Pseudonyms, Trace, Traces


def _ignore(_part: Path) -> None:
    pass


def redact_log(path: Path, traces: Traces, pseudonyms: Pseudonyms, note: Callable[[Path], None] = _ignore) -> int:
    """Replace the IDs of users in a log, plain or packed with gzip; return how many were replaced.

    Each is as long as before, so that the log keeps its size, its lines, and the places of its entries.

    Args:
        path: the log.
        traces: of the users.
        pseudonyms: replace their IDs.
        note: called with the temporary path of the new file before it replaces the log.

    Raises:
        InputError: it can't be read or unpacked.
        OutputError: it can't be written.
    """
    number = 0

    def pseudonym(trace: Trace, raw: bytes) -> bytes:
        nonlocal number
        number += 1
        return pseudonyms.bytes_for(trace, raw)

    with replacing_path(path) as beside:
        try:
            with path.open("rb") as stream, beside.open("xb") as new:
                is_packed = stream.read(2) == GZIP_MAGIC
                stream.seek(0)
                if is_packed:
                    with gzip.GzipFile(fileobj=stream) as unpacked, gzip.GzipFile("", "wb", 9, new, 0) as packed:
                        for chunk in traces.replaced(unpacked, pseudonym):  # type: ignore[arg-type]
                            packed.write(chunk)
                else:
                    new.writelines(traces.replaced(stream, pseudonym))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(f"{path} can't be unpacked: {error}") from error
        note(beside)
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


def replace_records(
    path: Path,
    id_property: str,
    keys: Sequence[str],
    pseudonyms: Pseudonyms,
    note: Callable[[Path], None] = _ignore,
) -> int | None:
    """Leave only a pseudonym of the records of users in a source file.

    Each is as long as before, so that positions in messages of the service are still right. The pseudonym is that of
    the user in logs (``redact_log``), so that every comparison with other jobs has the same result.

    Args:
        path: the source file.
        id_property: its ID property; empty if unknown.
        keys: the users.
        pseudonyms: replace their IDs.
        note: called with the temporary path of the new file before it replaces the source file.

    Returns:
        The number of records, or None if the file isn't one whose records can be replaced.

    Raises:
        OutputError: it can't be written.
    """
    try:
        if not id_property or recoded_from(path):
            return None
        found = find_records(path, id_property, marks_of(keys))
        if not len(found.spans):
            return 0
        with replacing_path(path) as beside:
            shutil.copyfile(path, beside)
            with beside.open("r+b") as stream:
                for start, end, mark in zip(found.spans.starts, found.spans.ends, found.spans.marks, strict=True):
                    stream.seek(start)
                    stream.write(_record(id_property, pseudonyms.text(mark - 1), end - start))
            note(beside)
    except (InputError, _NotReplacedError):
        return None
    return len(found.spans)


def note_rewritten(library: WritableLibrary, path: Path, part: Path) -> None:
    """Note the new content of a file before it is replaced, so that it doesn't count as changed by hand.

    Args:
        library: the library.
        path: the file.
        part: the temporary path of its new content.
    """
    name, seen = library.name_of(path), library.seen(path)
    digest, status = sha256_of(part), part.stat()
    if seen is not None:
        rewritten = replace(seen, sha256=digest, length=status.st_size, modified_ns=status.st_mtime_ns)
        library.state.begun(part)
        library.state.placed(part, key_of(name), rewritten)
    if name.startswith(EARLIER):
        for job_id, noted in list(library.state.notes.items()):
            if noted.source == name:
                library.state.note(job_id, source_sha256=digest)


class _NotReplacedError(Exception):
    """A record is too short for its pseudonym."""


def _record(id_property: str, pseudonym: str, length: int) -> bytes:
    content = json.dumps({id_property: pseudonym}, ensure_ascii=False)[:-1].encode()
    if len(content) >= length:
        raise _NotReplacedError
    return content.ljust(length - 1) + b"}"
