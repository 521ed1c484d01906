"""Write a retry: its files, manifest, and lists, all or none of them; and handle what an earlier retry left."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import hashlib
import os
import re
import shutil
from typing import TYPE_CHECKING

from analyzer.errors import InputError, OutputError
from analyzer.model.identity import identity_key
from analyzer.retry.manifest import manifest_for
from analyzer.retry.model import NO_EARLIER_FILES, EarlierFiles, Mismatch, Reason, RetryFiles, RetryRequest
from analyzer.retry.selection.matching import gather
from analyzer.retry.selection.records import look_up
from analyzer.retry.writing.copying import CopyResult, copy
from analyzer.retry.writing.parts import Parts
from analyzer.source.reader.json_text import recoded_from
from analyzer.source.reader.records import reading
from analyzer.storage.file_set import FileSet
from analyzer.storage.files import begins_name_of_part, cannot_write, replacing_path, sha256_of
from analyzer.storage.manifest import manifest_path, read_manifest
from analyzer.storage.table_files import rows_as_csv

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from analyzer.retry.model import Mismatch, Repair, Selection
    from analyzer.retry.selection.matching import ChosenRecords
    from analyzer.storage.manifest import FileEntry, Manifest


_CANNOT_BE_WRITTEN = {Reason.unreadable, Reason.uncertain}
_TO_BE_CORRECTED = {Reason.twice, Reason.not_importable}
"""Reasons for which records are listed even without a retry file: they have to be corrected in the feed."""


def write_retry(request: RetryRequest) -> RetryFiles | None:
    """Write the records of the selection byte for byte, in the source's order, in the import format, with a mark.

    Returns:
        What was written: no more than the list of what did not match where that tells what to correct in the feed, and
        no record can be written. None, and nothing written, where no record of the source is meant.

    Raises:
        InputError: the source file cannot be read, isn't valid JSON, or may be another job's; or there are records to
            be retried, and none of them can be written.
        OutputError: a file cannot be written; whatever was there before still is.
        UsageError: a property that is to be dropped is in no record, or one record is beyond the limits.
    """
    check_places([request.target, *companions(request.target)], request)
    looked_up = look_up(request)
    with reading(request.source) as buffer, FileSet() as files:
        chosen_records = gather(request, looked_up, buffer)
        chosen_records.unmatched = _with_unreadable(chosen_records.unmatched, looked_up.unmatched)
        parts = Parts(files, request.target, request.options)
        copied = copy(request, chosen_records, buffer, parts)
        copied.repairs[:0] = looked_up.repairs
        if not copied.records:
            unmatched = [*chosen_records.unmatched, *copied.unmatched]
            _check_none_lost(request, unmatched)
            if not any(one.reason in _TO_BE_CORRECTED for one in unmatched):
                return None
        return _finished(request, chosen_records, copied, files, parts)


def check_places(paths: Sequence[Path], request: RetryRequest) -> None:
    """Refuse places where writing would destroy what the retry is made from, or cannot succeed.

    Raises:
        OutputError: that is so.
    """
    for path in paths:
        try:
            if not path.exists():
                continue
            if path.is_dir():
                raise cannot_write(path, IsADirectoryError(errno.EISDIR, ""))
            if not path.is_file():
                # A device or a pipe would be replaced by a file, where rights allow it.
                raise OutputError(f"{path} cannot be written: it is no file", "Name a file with -o.")
            for read, kind in ((request.source, "source file"), *((log, "log") for log in request.logs)):
                if read.exists() and path.samefile(read):
                    raise OutputError(f"{path} is the {kind} itself", "Name another file with -o.")
        except OSError as error:
            raise cannot_write(path, error) from error


def _with_unreadable(unmatched: Sequence[Mismatch], unreadable: Sequence[Mismatch]) -> list[Mismatch]:
    """Combine both lists; a user with an unreadable record is not listed as missing, too."""
    named = {identity_key(one.identity) for one in unreadable}
    lacking = {Reason.not_in_source, Reason.not_left_out}
    return [one for one in unmatched if one.reason not in lacking or identity_key(one.identity) not in named] + [
        *unreadable
    ]


def _check_none_lost(request: RetryRequest, unmatched: Sequence[Mismatch]) -> None:
    """Refuse a retry none of whose records can be written, with what is wrong with the first."""
    for one in unmatched:
        if one.reason in _CANNOT_BE_WRITTEN:
            whose = f" ({one.identity})" if one.identity else ""
            where = f"at {'records' if ',' in one.records else 'record'} {one.records}{whose}: " if one.records else ""
            raise InputError(
                f"no record of {request.source} that is to be retried can be written; {where}{one.reason}"
                f"{f': {one.detail}' if one.detail else ''}",
                "Correct the source file.",
            )


def _unexplained(selection: Selection, chosen_records: ChosenRecords) -> int:
    """Count the entries without a user's ID that no record explains."""
    if selection.everybody:
        return selection.without_user + max(0, selection.lacking_id - chosen_records.lacking_id)
    return selection.without_user - chosen_records.explained(selection)


def _finished(
    request: RetryRequest, chosen_records: ChosenRecords, copied: CopyResult, files: FileSet, parts: Parts
) -> RetryFiles:
    """End the files and put them in their places."""
    manifest_file, unmatched_file, repairs_file = companions(request.target)
    paths = parts.paths()
    check_places(paths, request)
    retry = RetryFiles(
        paths=tuple(paths),
        manifest=manifest_file,
        unmatched_file=unmatched_file,
        records=copied.records,
        users=copied.records - copied.without_id,
        unmatched=(*chosen_records.unmatched, *copied.unmatched),
        without_user=_unexplained(request.selection, chosen_records),
        recoded=recoded_from(request.source),
        unfinished_logs=request.selection.unfinished_logs,
        source_later=request.source_later,
        property_values=sum(part.property_values for part in parts.done),
        respelled=copied.respelled,
        repairs=tuple(copied.repairs),
        damage=copied.damage,
        repairs_file=repairs_file if request.options.repair else None,
        properties=tuple(copied.properties),
        id_type=copied.ids.kinds.inferred,
    )
    beside = {unmatched_file: unmatched_csv(retry.unmatched)}
    if retry.repairs_file:
        beside[repairs_file] = repairs_csv(retry.repairs)
    beside[manifest_file] = manifest_for(request, retry, parts.entries(), beside).as_json()
    for path, content in beside.items():
        files.write(path, content)
    digests = {path: part.digest for path, part in zip(paths, parts.done, strict=True)}
    digests |= {path: hashlib.sha256(content).hexdigest() for path, content in beside.items()}
    before = earlier(request.target, digests, [request.source, *request.logs])
    files.put_in_place([*paths, *beside], before.ours)
    remove_leftovers(request.target, files.beside)
    return dataclasses.replace(retry, earlier=before)


def companions(target: Path) -> tuple[Path, Path, Path]:
    """Return the places of the manifest, the list of what did not match, and the list of repairs."""
    stem = target.stem
    return (
        manifest_path(target),
        target.with_name(f"{stem}.unmatched.csv"),
        target.with_name(f"{stem}.repairs.csv"),
    )


def unmatched_csv(unmatched: Sequence[Mismatch]) -> bytes:
    """Write what did not match as guarded CSV: columns ``identity``, ``reason``, ``records``, ``detail``, all text."""
    columns = ("identity", "reason", "records", "detail")
    return rows_as_csv(columns, ((one.identity, one.reason.value, one.records, one.detail) for one in unmatched))


def repairs_csv(repairs: Sequence[Repair]) -> bytes:
    """Write what was repaired as guarded CSV: columns ``record``, ``identity``, ``kind``, ``before``, ``after``.

    ``record`` is the place in the source, from 1; empty where the repair is in no record.
    """
    columns = ("record", "identity", "kind", "before", "after")
    rows = (
        ("" if one.record is None else str(one.record), one.identity, one.kind, one.before, one.after)
        for one in repairs
    )
    return rows_as_csv(columns, rows)


_REST = re.compile(r"(-\d[-of\d]*)?(\.[a-z].*)?$")
"""What follows the stem in the names of a retry's files, or its beginning, as long names are cut."""
_LARGEST_MANIFEST = 1 << 24
"""Bytes; an unfinished retry file may have 2 GB."""
_DIGITS = (8, 64)
"""Digits of a SHA-256 in the name of an altered file: first a readable number, then all."""


def clear(target: Path, read: Collection[Path]) -> EarlierFiles:
    """Remove our earlier retry where there is nothing to retry, so that it is not queued by mistake.

    Args:
        target: the place of a retry file.
        read: source and logs, which are never touched.

    Raises:
        OutputError: a file cannot be removed; then all are still there.
    """
    found = earlier(target, {}, read)
    with FileSet() as files:
        files.put_in_place((), found.ours)
    remove_leftovers(target)
    return found


def earlier(target: Path, new: Mapping[Path, str], read: Collection[Path]) -> EarlierFiles:
    """Find the files in the places of a retry, its parts, and its companions, and decide what becomes of them.

    Files in the places of new ones that are not provably ours are copied, so that nothing is lost.

    Args:
        target: the place of the retry file where it is not split.
        new: what is to be written, with its SHA-256.
        read: source and logs.

    Raises:
        OutputError: the folder cannot be read, or a file cannot be copied.
    """
    there = [path for path in _in_places(target) if not _is_one_of(path, read)]
    if not there:
        return NO_EARLIER_FILES
    manifest_file = manifest_path(target)
    manifest = _manifest(manifest_file)
    noted = list(_noted(target, manifest))
    ours = [path for path in there if any(_is_as(path, file) for file in noted)]
    altered = [path for path in there if path in new and path not in ours and not (path == manifest_file and manifest)]
    kept = [_keep(path) for path in altered if _digest(path) != new[path]]
    ours = [path for path in ours if path not in new]
    others = [path for path in there if path not in new and path not in ours]
    left = {path.name for path in others}
    # A manifest stays as long as a retry file of it is there, even an altered one.
    if manifest and manifest_file in others and left.isdisjoint(file.name for file in manifest.files):
        others.remove(manifest_file)
        ours.append(manifest_file)
    return EarlierFiles(tuple(ours), tuple(others), tuple(kept))


def is_unaltered(target: Path, manifest: Manifest) -> bool:
    """Return whether all files of a manifest are in the places of a retry, with the same bytes."""
    places = {path.name: path for path in _in_places(target)}
    return all(file.name in places and _is_as(places[file.name], file) for file in manifest.all_files)


def strays(target: Path, manifest: Manifest) -> tuple[Path, ...]:
    """Return the files in the places of a retry that its manifest does not name: of another retry, or not ours."""
    named = {file.name for file in manifest.all_files} | {manifest_path(target).name}
    return tuple(path for path in _in_places(target) if path.name not in named)


def remove_leftovers(target: Path, but: Collection[Path] = ()) -> None:
    """Remove what interrupted retries to the same place left under names that only such files have.

    Args:
        target: the path of the retry file.
        but: what is still needed.
    """
    for path in _leftovers(target):
        if path not in but:
            with contextlib.suppress(OSError):
                path.unlink()


def _in_places(target: Path) -> Iterator[Path]:
    """Yield the retry file, the parts of a split into any number, and their companions, by their names."""
    part = re.compile(rf"{re.escape(target.stem)}(-\d+-of-\d+)?{re.escape(target.suffix)}")
    beside = {path.name for path in companions(target)}
    return (path for path in _files(target) if part.fullmatch(path.name) or path.name in beside)


def _leftovers(target: Path) -> Iterator[Path]:
    """Yield unfinished files, and second names of files, in the places of a retry."""
    for path in _files(target):
        rest = begins_name_of_part(path, target.stem)
        if rest is not None and _REST.match(rest):
            yield path


def _files(target: Path) -> Iterator[Path]:
    try:
        with os.scandir(target.parent) as entries:
            names = sorted(one.name for one in entries if one.is_file())
    except FileNotFoundError:
        return
    except OSError as error:
        raise cannot_write(target, error) from error
    yield from (target.with_name(name) for name in names)


def _noted(target: Path, manifest: Manifest | None) -> Iterator[FileEntry]:
    """Yield the entries of the manifest in the places of a retry, and of those of interrupted retries."""
    small = (path for path in _leftovers(target) if path.stat().st_size <= _LARGEST_MANIFEST)
    for one in (manifest, *map(_manifest, small)):
        if one is not None:
            yield from one.all_files


def _keep(path: Path) -> Path:
    """Copy a file to a name that says what it is, and return that.

    Raises:
        OutputError: it cannot be copied.
    """
    digest = _digest(path)
    for digits in _DIGITS:
        kept = path.with_stem(f"{path.stem}.altered-{digest[:digits]}")
        if not kept.exists():
            with replacing_path(kept) as beside:
                shutil.copy2(path, beside)
            break
        if _digest(kept) == digest:
            break
    return kept


def _is_one_of(path: Path, read: Collection[Path]) -> bool:
    return any(one.exists() and path.samefile(one) for one in read)


def _manifest(path: Path) -> Manifest | None:
    try:
        return read_manifest(path)
    except InputError:
        return None


def _is_as(path: Path, noted: FileEntry) -> bool:
    try:
        return path.name == noted.name and path.stat().st_size == noted.bytes and noted.sha256 == sha256_of(path)
    except (OSError, InputError):
        return False


def _digest(path: Path) -> str:
    try:
        return sha256_of(path)
    except InputError as error:
        raise cannot_write(path, OSError(error.what)) from error
