"""Selection and source records to a retry file, its manifest and the list of what did not match; all three or none."""

from __future__ import annotations

import codecs
import contextlib
import errno
import hashlib
import os
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from analyzer.errors import OutputError
from analyzer.files import cannot_write, replacing
from analyzer.identity import identity_key
from analyzer.retry.companions import manifest, unmatched_csv
from analyzer.retry.interface import Reason, Retry, RetryRequest, Unmatched
from analyzer.source.json_text import recoded_from
from analyzer.source.records import read_records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from analyzer.retry.interface import Selection
    from analyzer.source.records import Record

_HEAD = codecs.BOM_UTF8 + b'{"value":[\n'
_BETWEEN = b",\n"
_TAIL = b"\n]}\n"


@dataclass(slots=True)
class _Tally:
    """What one pass over the source found."""

    positions: dict[str, list[int]] = field(default_factory=dict)
    identities: dict[str, str] = field(default_factory=dict)
    without_id: list[int] = field(default_factory=list)
    selected: int = 0
    selected_keys: set[str] = field(default_factory=set)

    def take(self, record: Record, request: RetryRequest) -> bool:
        """Counts a record; says whether it is selected."""
        selection = request.selection
        if not request.id_property.name:
            self.selected += selection.everybody
            return selection.everybody
        identity = record.text(request.id_property.name)
        if identity is None:
            self.without_id.append(record.position)
            self.selected += selection.everybody
            return selection.everybody
        key = identity_key(identity)
        self.positions.setdefault(key, []).append(record.position)
        self.identities.setdefault(key, identity)
        if not selection.everybody and key not in selection.identities:
            return False
        self.selected += 1
        self.selected_keys.add(key)
        return True


class _NothingSelectedError(Exception):
    """Not one record of the source was selected."""


def write_retry(request: RetryRequest) -> Retry | None:
    """Writes the records of the selection byte for byte, in the source's order, in the import format, with a mark.

    Returns:
        What was written; None, and nothing written, where not one record of the source was selected.

    Raises:
        InputError: the source file cannot be read or is no JSON.
        OutputError: a file cannot be written; whatever was there before still is.
    """
    for path in _paths(request.target):
        _check_place(path, request)
    try:
        return _write_all(request)
    except _NothingSelectedError:
        return None


def _write_all(request: RetryRequest) -> Retry:
    target, manifest_file, unmatched_file = _paths(request.target)
    with contextlib.ExitStack() as stack:
        beside = stack.enter_context(replacing(unmatched_file))
        described = stack.enter_context(replacing(manifest_file))
        stream = stack.enter_context(replacing(target))
        tally, digest, length = _write_records(request, stream)
        if not tally.selected:
            raise _NothingSelectedError
        retry = Retry(
            path=target,
            manifest=manifest_file,
            unmatched_file=unmatched_file,
            records=tally.selected,
            users=len(tally.selected_keys),
            unmatched=tuple(_unmatched(request.selection, tally)),
            naming_nobody=_naming_nobody(request.selection, tally),
            recoded=recoded_from(request.source),
            unfinished_logs=request.selection.unfinished_logs,
        )
        beside.write(unmatched_csv(retry.unmatched))
        described.write(manifest(request, retry, digest, length))
        # All three are whole, and on the disk, before the first is renamed into place.
        for whole in (beside, described, stream):
            whole.flush()
            os.fsync(whole.fileno())
    return retry


def _paths(target: Path) -> tuple[Path, Path, Path]:
    """The retry file, its manifest and the list of what did not match."""
    return target, target.with_name(f"{target.stem}.manifest.json"), target.with_name(f"{target.stem}.unmatched.csv")


def _check_place(path: Path, request: RetryRequest) -> None:
    """Refuses a place where writing would destroy what the retry is made from, or cannot succeed."""
    try:
        if not path.exists():
            return
        if path.is_dir():
            raise cannot_write(path, IsADirectoryError(errno.EISDIR, ""))
        for read, kind in ((request.source, "source file"), *((log, "log") for log in request.logs)):
            if read.exists() and path.samefile(read):
                raise OutputError(f"{path} is the {kind} itself", "Name another file with -o.")
    except OSError as error:
        raise cannot_write(path, error) from error


def _write_records(request: RetryRequest, stream: IO[bytes]) -> tuple[_Tally, str, int]:
    """Writes the selected records; returns what was found, and the retry file's SHA-256 and length."""
    tally = _Tally()
    digest = hashlib.sha256()
    length = 0
    separator = _HEAD
    for record in read_records(request.source):
        if not tally.take(record, request):
            continue
        for part in (separator, record.raw):
            digest.update(part)
            length += stream.write(part)
        separator = _BETWEEN
    digest.update(_TAIL)
    length += stream.write(_TAIL)
    return tally, digest.hexdigest(), length


def _naming_nobody(selection: Selection, tally: _Tally) -> int:
    return selection.naming_nobody + max(0, selection.lacking_id - len(tally.without_id))


def _unmatched(selection: Selection, tally: _Tally) -> Iterator[Unmatched]:
    for key, identity in selection.identities.items():
        if key not in tally.positions:
            yield Unmatched(identity, Reason.nobodys if key in selection.doubtful else Reason.not_in_source)
    for position in tally.without_id if selection.everybody else ():
        yield Unmatched("", Reason.without_id, f"{position + 1}")
    for key, positions in tally.positions.items():
        if len(positions) > 1:
            places = ", ".join(str(position + 1) for position in positions)
            yield Unmatched(tally.identities[key], Reason.twice, places)
