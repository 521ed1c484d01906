"""Selection and source records to a retry file, its manifest and the list of what did not match; all three or none."""

from __future__ import annotations

import codecs
import contextlib
import errno
import hashlib
import json
import os
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import version
from typing import IO, TYPE_CHECKING

import polars as pl

from analyzer.csv_cells import csv_bytes
from analyzer.errors import OutputError
from analyzer.files import cannot_read, cannot_write, replacing
from analyzer.identity import identity_key
from analyzer.retry.words import sentence
from analyzer.source.records import read_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from analyzer.retry.select import Selection
    from analyzer.source.identify import IdProperty
    from analyzer.source.records import Record

_HEAD = codecs.BOM_UTF8 + b'{"value":[\n'
_BETWEEN = b",\n"
_TAIL = b"\n]}\n"


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """What a retry file is made from.

    Attributes:
        source: the source file of the job.
        logs: its log files.
        job_id: None when made from bare files.
        id_property: which of the source's properties holds the ids.
        selection: whose records.
        target: where the retry file goes.
    """

    source: Path
    logs: Sequence[Path]
    job_id: str | None
    id_property: IdProperty
    selection: Selection
    target: Path


class Reason(StrEnum):
    """Why something is not right in a retry file."""

    not_in_source = "named in the log, but no record of the source has this id"
    without_id = "the record has no id; the service aborts an import for it"
    twice = "more than one record has this id; the service fails the user"


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Something that the retry file cannot hold or the service will fail again.

    Attributes:
        identity: as the log or the source spells it; empty where there is none.
        reason: why.
        records: the records' places in the source, from 1, parted by commas.
    """

    identity: str
    reason: Reason
    records: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """A retry file that was written.

    Attributes:
        path: the retry file.
        manifest: beside it.
        unmatched_file: beside it, a CSV.
        records: records in it.
        users: distinct users among them.
        unmatched: what it does not hold though the log speaks of it, or what the service will fail again.
        naming_nobody: entries of the log that name no user.
    """

    path: Path
    manifest: Path
    unmatched_file: Path
    records: int
    users: int
    unmatched: tuple[Unmatched, ...]
    naming_nobody: int

    @property
    def complete(self) -> bool:
        """Whether the file is the whole truth: everybody in it who was not updated, and each of them once."""
        return not self.unmatched and not self.naming_nobody


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
        identity = record.text(request.id_property.name)
        selection = request.selection
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
    target, manifest, unmatched_file = _paths(request.target)
    with contextlib.ExitStack() as stack:
        beside = stack.enter_context(replacing(unmatched_file))
        described = stack.enter_context(replacing(manifest))
        stream = stack.enter_context(replacing(target))
        tally, digest, length = _write_records(request, stream)
        if not tally.selected:
            raise _NothingSelectedError
        retry = Retry(
            path=target,
            manifest=manifest,
            unmatched_file=unmatched_file,
            records=tally.selected,
            users=len(tally.selected_keys),
            unmatched=tuple(_unmatched(request.selection, tally)),
            naming_nobody=request.selection.naming_nobody,
        )
        beside.write(_unmatched_csv(retry.unmatched))
        described.write(_manifest(request, retry, digest, length))
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


def _unmatched(selection: Selection, tally: _Tally) -> Iterator[Unmatched]:
    for key, identity in selection.identities.items():
        if key not in tally.positions:
            yield Unmatched(identity, Reason.not_in_source)
    for position in tally.without_id if selection.everybody else ():
        yield Unmatched("", Reason.without_id, f"{position + 1}")
    for key, positions in tally.positions.items():
        if len(positions) > 1:
            places = ", ".join(str(position + 1) for position in positions)
            yield Unmatched(tally.identities[key], Reason.twice, places)


def _unmatched_csv(unmatched: Sequence[Unmatched]) -> bytes:
    columns = {
        "identity": [one.identity for one in unmatched],
        "reason": [one.reason.value for one in unmatched],
        "records": [one.records for one in unmatched],
    }
    return csv_bytes(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)), byte_order_mark=True)


def _manifest(request: RetryRequest, retry: Retry, digest: str, length: int) -> bytes:
    selection = request.selection
    content = {
        "program": f"upa-analyzer {version('upa-analyzer')}",
        "job_id": request.job_id,
        "outcome": selection.outcome.value,
        "sentence": sentence(selection, retry, request.id_property),
        "id_property": request.id_property.name,
        "id_property_because": request.id_property.because,
        "source": _described(request.source),
        "logs": [_described(log) for log in request.logs],
        "retry": {"name": retry.path.name, "bytes": length, "sha256": digest},
        "records": retry.records,
        "users": retry.users,
        "unmatched": len(retry.unmatched),
        "entries_naming_nobody": retry.naming_nobody,
        "complete": retry.complete,
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n"


def _described(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return {"name": path.name, "bytes": path.stat().st_size, "sha256": digest}
    except OSError as error:
        raise cannot_read(path, error) from error
