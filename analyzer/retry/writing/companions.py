"""The files beside a retry file: its manifest, and the lists of what did not match and of what was repaired."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from analyzer.retry.manifest import (
    FileNoted,
    Manifest,
    RetryFileNoted,
    described_choices,
    made_before,
    manifest_of,
    program,
)
from analyzer.retry.queue_command import site_and_folder
from analyzer.retry.words import sentence
from analyzer.storage.csv_cells import rows_as_csv
from analyzer.storage.files import cannot_read, sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from analyzer.retry.model import Repair, Retry, RetryRequest, Unmatched
    from analyzer.retry.writing.parts import Part


def companions(target: Path) -> tuple[Path, Path, Path]:
    """The manifest, the list of what did not match, and the list of repairs beside a retry file."""
    stem = target.stem
    return (
        manifest_of(target),
        target.with_name(f"{stem}.unmatched.csv"),
        target.with_name(f"{stem}.repairs.csv"),
    )


def unmatched_csv(unmatched: Sequence[Unmatched]) -> bytes:
    """What did not match as CSV, guarded: columns ``identity``, ``reason``, ``records``, ``detail``, all text."""
    columns = ("identity", "reason", "records", "detail")
    return rows_as_csv(columns, ((one.identity, one.reason.value, one.records, one.detail) for one in unmatched))


def repairs_csv(repairs: Sequence[Repair]) -> bytes:
    """What was repaired as CSV, guarded: columns ``record``, ``identity``, ``kind``, ``before``, ``after``.

    ``record`` is the place in the source, from 1; empty where the repair is in no record.
    """
    columns = ("record", "identity", "kind", "before", "after")
    rows = (
        ("" if one.record is None else str(one.record), one.identity, one.kind, one.before, one.after)
        for one in repairs
    )
    return rows_as_csv(columns, rows)


def manifest(request: RetryRequest, retry: Retry, parts: Sequence[Part], beside: Mapping[Path, bytes]) -> bytes:
    """What the retry files were made from and what they hold, as JSON, so that everybody who gets them can check them.

    Args:
        request: what was wanted.
        retry: what was written.
        parts: its files.
        beside: its other companions with their content.

    Raises:
        InputError: the source or a log cannot be read any more.
    """
    selection, manner = request.selection, request.manner
    # By its hash, a retry that was queued under another name is known.
    before = made_before(request.target, request.job_id) if request.job_id else []
    id_type, id_type_because = retry.id_type.name, retry.id_type.because
    site, folder = site_and_folder(request.source_uri)
    return Manifest(
        program=program(),
        job_id=request.job_id,
        outcome=selection.outcome.value,
        error=request.error,
        sentence=sentence(selection, retry, request.id_property, manner),
        first=selection.first,
        id_property=request.id_property.name,
        id_property_because=request.id_property.because,
        id_type=id_type,
        id_type_because=id_type_because,
        properties=list(retry.properties),
        site=site,
        folder=folder,
        choices=described_choices(selection.chosen, manner, request.given_id_property),
        source=_described(request.source, hashes=manner.hashes, digest=request.source_sha256),
        logs=[_described(log, hashes=manner.hashes) for log in request.logs],
        files=[
            RetryFileNoted(path.name, part.length, part.digest, part.records, part.property_values)
            for path, part in zip(retry.paths, parts, strict=True)
        ],
        companions=[
            FileNoted(path.name, len(content), hashlib.sha256(content).hexdigest()) for path, content in beside.items()
        ],
        before=[digest for digest in before if digest not in {part.digest for part in parts}],
        records=retry.records,
        users=retry.users,
        property_values=retry.property_values,
        respelled=retry.respelled,
        repairs=len(retry.repairs),
        unmatched=len(retry.unmatched),
        entries_naming_nobody=retry.naming_nobody,
        unfinished_logs=retry.unfinished_logs,
        source_later=retry.source_later,
        left_to_later=selection.left_to_later,
        complete=retry.complete,
    ).as_json()


def _described(path: Path, *, hashes: bool, digest: str = "") -> FileNoted:
    """A file by name, size and SHA-256, which is null where it is not wanted."""
    try:
        length = path.stat().st_size
    except OSError as error:
        raise cannot_read(path, error) from error
    return FileNoted(path.name, length, (digest or sha256_of(path)) if hashes else None)
