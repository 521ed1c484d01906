"""Write a retry: its files, manifest, and lists, all or none of them; and handle files of an earlier retry."""

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
from analyzer.retry.model import NO_EARLIER_FILES, EarlierFiles, Reason, RetryFiles
from analyzer.retry.selection.find_records import find_selected
from analyzer.retry.selection.match_records import match_records
from analyzer.retry.writing.copying import CopyResult, copy
from analyzer.retry.writing.parts import Parts
from analyzer.source.reader.json_text import recoded_from
from analyzer.source.reader.records import reading
from analyzer.storage.file_set import FileSet
from analyzer.storage.files import begins_name_of_part, cannot_write, replacing_path, sha256_of
from analyzer.storage.manifest_file import manifest_path, read_manifest
from analyzer.storage.table_files import rows_as_csv

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from analyzer.retry.model import Mismatch, Repair, RetryRequest, Selection
    from analyzer.retry.selection.match_records import ChosenRecords
    from analyzer.storage.manifest_file import FileEntry, Manifest


_CANNOT_BE_WRITTEN = {Reason.unreadable, Reason.uncertain}
_TO_BE_CORRECTED = {Reason.duplicate, Reason.not_importable}
"""Reasons to write the list of mismatches even without a retry file: the feed has to be corrected."""


def write_retry(request: RetryRequest) -> RetryFiles | None:
    """Write the records of the selection in the import format: byte for byte, in the source's order, with a BOM.

    Returns:
        The written files: only the lists if no record can be written and the feed has to be corrected. None if no
        record of the source is selected; then nothing is written.

    Raises:
        InputError: the source file can't be read, isn't valid JSON, or may be another job's; or none of the selected
            records can be written.
        OutputError: a file can't be written; the earlier files are unchanged.
        UsageError: no record has a property that is to be dropped, or one record exceeds the limits.
    """
    check_places([request.target, *companions(request.target)], request)
    lookup = find_selected(request)
    with reading(request.source) as buffer, FileSet() as files:
        chosen_records = match_records(request, lookup, buffer)
        chosen_records.unmatched = _with_unreadable(chosen_records.unmatched, lookup.unmatched)
        parts = Parts(files, request.target, request.options)
        copied = copy(request, chosen_records, buffer, parts)
        copied.repairs[:0] = lookup.repairs
        if not copied.records:
            unmatched = [*chosen_records.unmatched, *copied.unmatched]
            _check_none_lost(request, unmatched)
            if not any(one.reason in _TO_BE_CORRECTED for one in unmatched):
                return None
        return _finish(request, chosen_records, copied, files, parts)


def check_places(paths: Sequence[Path], request: RetryRequest) -> None:
    """Refuse paths that are inputs of the retry, or can't be written.

    Raises:
        OutputError: one is or can't.
    """
    refuse_inputs(paths, [(request.source, "source file"), *((log, "log") for log in request.logs)], "-o")


def refuse_inputs(paths: Sequence[Path], inputs: Sequence[tuple[Path, str]], option: str) -> None:
    """Refuse paths that are inputs, under any name, or can't be written.

    Args:
        paths: the paths.
        inputs: the files that are read, and what they are.
        option: the option with which another path is specified.

    Raises:
        OutputError: one is an input, a folder, or something else that isn't a file.
    """
    for path in paths:
        try:
            if not path.exists():
                continue
            if path.is_dir():
                raise cannot_write(path, IsADirectoryError(errno.EISDIR, ""))
            if not path.is_file():
                # A device or a pipe would be replaced by a file if permissions allow it.
                raise OutputError(f"{path} can't be written: it isn't a file", f"Specify a file with {option}.")
            for read, kind in inputs:
                if read.exists() and path.samefile(read):
                    raise OutputError(f"{path} is the {kind} itself", f"Specify another file with {option}.")
        except OSError as error:
            raise cannot_write(path, error) from error


def _with_unreadable(unmatched: Sequence[Mismatch], unreadable: Sequence[Mismatch]) -> list[Mismatch]:
    """Combine both lists; don't list a user with an unreadable record as missing, too."""
    named = {identity_key(one.identity) for one in unreadable}
    lacking = {Reason.not_in_source, Reason.not_left_out}
    return [one for one in unmatched if one.reason not in lacking or identity_key(one.identity) not in named] + [
        *unreadable
    ]


def _check_none_lost(request: RetryRequest, unmatched: Sequence[Mismatch]) -> None:
    """Raise InputError about the first of the records that can't be written, if there is one."""
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
    """Count the unidentified entries that no record explains."""
    if selection.all_records:
        return selection.without_user + max(0, selection.lacking_id - chosen_records.lacking_id)
    return selection.without_user - chosen_records.explained_entries(selection)


def _finish(
    request: RetryRequest, chosen_records: ChosenRecords, copied: CopyResult, files: FileSet, parts: Parts
) -> RetryFiles:
    """Finish the files and move them to their paths."""
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
        id_type=(request.corrections.id_type if copied.records > copied.without_id else None)
        or copied.ids.kinds.inferred,
        corrections=request.corrections,
        corrected=tuple(copied.corrected),
    )
    beside = {unmatched_file: unmatched_csv(retry.unmatched)}
    if retry.repairs_file:
        beside[repairs_file] = repairs_csv(retry.repairs)
    beside[manifest_file] = manifest_for(request, retry, parts.entries(), beside).as_json()
    for path, content in beside.items():
        files.write(path, content)
    digests = {path: part.digest for path, part in zip(paths, parts.done, strict=True)}
    digests |= {path: hashlib.sha256(content).hexdigest() for path, content in beside.items()}
    before = find_earlier(request.target, digests, [request.source, *request.logs])
    files.put_in_place([*paths, *beside], before.removed)
    remove_leftovers(request.target, files.beside)
    return dataclasses.replace(retry, earlier=before)


def companions(target: Path) -> tuple[Path, Path, Path]:
    """Return the paths of the manifest, the list of mismatches, and the list of repairs."""
    stem = target.stem
    return (
        manifest_path(target),
        target.with_name(f"{stem}.unmatched.csv"),
        target.with_name(f"{stem}.repairs.csv"),
    )


def unmatched_csv(unmatched: Sequence[Mismatch]) -> bytes:
    """Return the mismatches as guarded CSV: columns ``identity``, ``reason``, ``records``, ``detail``, all text."""
    columns = ("identity", "reason", "records", "detail")
    return rows_as_csv(columns, ((one.identity, one.reason.value, one.records, one.detail) for one in unmatched))


def repairs_csv(repairs: Sequence[Repair]) -> bytes:
    """Return the repairs as guarded CSV: columns ``record``, ``identity``, ``kind``, ``before``, ``after``.

    ``record`` is the position in the source, from 1; empty if the repair is in no record.
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
"""Digits of a SHA-256 in the name of an altered file's copy: a short number, or all if that name is taken."""


def clear(target: Path, read: Collection[Path]) -> EarlierFiles:
    """Remove an earlier retry because there is nothing to retry, so that it isn't queued by mistake.

    Args:
        target: path of the retry file.
        read: files that are never touched: source and logs.

    Raises:
        OutputError: a file can't be removed; then all are unchanged.
    """
    found = find_earlier(target, {}, read)
    with FileSet() as files:
        files.put_in_place((), found.removed)
    remove_leftovers(target)
    return found


def find_earlier(target: Path, new: Mapping[Path, str], read: Collection[Path]) -> EarlierFiles:
    """Find the files with the names of a retry, its parts, and its companions, and sort them.

    A file that will be replaced and doesn't match a manifest is copied first, so that nothing is lost.

    Args:
        target: path of the retry file if it isn't split.
        new: the paths to write, with their SHA-256.
        read: source and logs.

    Raises:
        OutputError: the folder can't be read, or a file can't be copied.
    """
    there = [path for path in _existing_files(target) if not _is_one_of(path, read)]
    if not there:
        return NO_EARLIER_FILES
    manifest_file = manifest_path(target)
    manifest = _manifest(manifest_file)
    noted = list(_known_entries(target, manifest))
    ours = [path for path in there if any(_is_unchanged(path, file) for file in noted)]
    altered = [path for path in there if path in new and path not in ours and not (path == manifest_file and manifest)]
    kept = [_copy_aside(path) for path in altered if _digest(path) != new[path]]
    ours = [path for path in ours if path not in new]
    others = [path for path in there if path not in new and path not in ours]
    left = {path.name for path in others}
    # A manifest stays as long as one of its retry files exists, even an altered one.
    if manifest and manifest_file in others and left.isdisjoint(file.name for file in manifest.files):
        others.remove(manifest_file)
        ours.append(manifest_file)
    return EarlierFiles(tuple(ours), tuple(others), tuple(kept))


def is_unaltered(target: Path, manifest: Manifest) -> bool:
    """Return whether all files of a manifest exist, with the same bytes."""
    places = {path.name: path for path in _existing_files(target)}
    return all(file.name in places and _is_unchanged(places[file.name], file) for file in manifest.all_files)


def unrelated_files(target: Path, manifest: Manifest) -> tuple[Path, ...]:
    """Return the files with names of a retry that its manifest doesn't list: of another retry, or not ours."""
    named = {file.name for file in manifest.all_files} | {manifest_path(target).name}
    return tuple(path for path in _existing_files(target) if path.name not in named)


def remove_leftovers(target: Path, but: Collection[Path] = ()) -> None:
    """Remove unfinished files of interrupted retries to the same path.

    Args:
        target: path of the retry file.
        but: files that are still needed.
    """
    for path in _leftovers(target):
        if path not in but:
            with contextlib.suppress(OSError):
                path.unlink()


def _existing_files(target: Path) -> Iterator[Path]:
    """Yield the files named like the retry file, its parts, and their companions."""
    part = re.compile(rf"{re.escape(target.stem)}(-\d+-of-\d+)?{re.escape(target.suffix)}")
    beside = {path.name for path in companions(target)}
    return (path for path in _files(target) if part.fullmatch(path.name) or path.name in beside)


def _leftovers(target: Path) -> Iterator[Path]:
    """Yield unfinished files of a retry, and files that were set aside."""
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


def _known_entries(target: Path, manifest: Manifest | None) -> Iterator[FileEntry]:
    """Yield the entries of the manifest, and of those of interrupted retries."""
    small = (path for path in _leftovers(target) if path.stat().st_size <= _LARGEST_MANIFEST)
    for one in (manifest, *map(_manifest, small)):
        if one is not None:
            yield from one.all_files


def _copy_aside(path: Path) -> Path:
    """Copy a file to ``STEM.altered-SHA256`` and return that path.

    Raises:
        OutputError: it can't be copied.
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


def _is_unchanged(path: Path, noted: FileEntry) -> bool:
    try:
        return path.name == noted.name and path.stat().st_size == noted.bytes and noted.sha256 == sha256_of(path)
    except (OSError, InputError):
        return False


def _digest(path: Path) -> str:
    try:
        return sha256_of(path)
    except InputError as error:
        raise cannot_write(path, OSError(error.what)) from error
