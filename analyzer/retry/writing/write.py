"""Selection and source records to retry files, their manifest and the list of what did not match; all or none."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
from typing import TYPE_CHECKING

from analyzer.errors import InputError, OutputError
from analyzer.model.identity import identity_key
from analyzer.retry.manifest import manifest_for
from analyzer.retry.model import Reason, Retry, RetryRequest, Unmatched
from analyzer.retry.selection.gather import gather
from analyzer.retry.selection.look_up import look_up
from analyzer.retry.writing.companions import companions, repairs_csv, unmatched_csv
from analyzer.retry.writing.copying import Copied, copy
from analyzer.retry.writing.earlier import earlier, remove_leftovers
from analyzer.retry.writing.parts import Parts
from analyzer.source.reader.json_text import recoded_from
from analyzer.source.reader.records import reading
from analyzer.storage.file_set import FileSet
from analyzer.storage.files import cannot_write
from analyzer.storage.manifest import RetryFileEntry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analyzer.retry.model import Selection
    from analyzer.retry.selection.gather import Gathered

_CANNOT_BE_WRITTEN = {Reason.unreadable, Reason.uncertain}
_TO_BE_CORRECTED = {Reason.twice, Reason.not_importable}
"""Reasons for which records are listed though there is no retry file: only in the feed can they be corrected."""


def write_retry(request: RetryRequest) -> Retry | None:
    """Writes the records of the selection byte for byte, in the source's order, in the import format, with a mark.

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
        gathered = gather(request, looked_up, buffer)
        gathered.unmatched = _with_unreadable(gathered.unmatched, looked_up.unmatched)
        parts = Parts(files, request.target, request.manner)
        copied = copy(request, gathered, buffer, parts)
        copied.repairs[:0] = looked_up.repairs
        if not copied.records:
            unmatched = [*gathered.unmatched, *copied.unmatched]
            _check_none_lost(request, unmatched)
            if not any(one.reason in _TO_BE_CORRECTED for one in unmatched):
                return None
        return _finished(request, gathered, copied, files, parts)


def check_places(paths: Sequence[Path], request: RetryRequest) -> None:
    """Refuses places where writing would destroy what the retry is made from, or cannot succeed.

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


def _with_unreadable(unmatched: Sequence[Unmatched], unreadable: Sequence[Unmatched]) -> list[Unmatched]:
    """Both; whoever has a record that cannot be read is not told to have none."""
    named = {identity_key(one.identity) for one in unreadable}
    lacking = {Reason.not_in_source, Reason.not_left_out}
    return [one for one in unmatched if one.reason not in lacking or identity_key(one.identity) not in named] + [
        *unreadable
    ]


def _check_none_lost(request: RetryRequest, unmatched: Sequence[Unmatched]) -> None:
    """Refuses to say that there are no records where there are some, and tells what is wrong with the first."""
    for one in unmatched:
        if one.reason in _CANNOT_BE_WRITTEN:
            whose = f" ({one.identity})" if one.identity else ""
            where = f"at {'records' if ',' in one.records else 'record'} {one.records}{whose}: " if one.records else ""
            raise InputError(
                f"no record of {request.source} that is to be retried can be written; {where}{one.reason}"
                f"{f': {one.detail}' if one.detail else ''}",
                "Correct the source file.",
            )


def _unexplained(selection: Selection, gathered: Gathered) -> int:
    """Count the entries without a user's ID of which it isn't known which records they are about."""
    if selection.everybody:
        return selection.naming_nobody + max(0, selection.lacking_id - gathered.lacking_id)
    return selection.naming_nobody - gathered.explained(selection)


def _finished(request: RetryRequest, gathered: Gathered, copied: Copied, files: FileSet, parts: Parts) -> Retry:
    """Ends the files and puts them in their places."""
    manifest_file, unmatched_file, repairs_file = companions(request.target)
    paths = parts.paths()
    check_places(paths, request)
    retry = Retry(
        paths=tuple(paths),
        manifest=manifest_file,
        unmatched_file=unmatched_file,
        records=copied.records,
        users=copied.records - copied.without_id,
        unmatched=(*gathered.unmatched, *copied.unmatched),
        naming_nobody=_unexplained(request.selection, gathered),
        recoded=recoded_from(request.source),
        unfinished_logs=request.selection.unfinished_logs,
        source_later=request.source_later,
        property_values=sum(part.property_values for part in parts.done),
        respelled=copied.respelled,
        repairs=tuple(copied.repairs),
        damage=copied.damage,
        repairs_file=repairs_file if request.manner.repair else None,
        properties=tuple(copied.properties),
        id_type=copied.ids.kinds.inferred,
    )
    beside = {unmatched_file: unmatched_csv(retry.unmatched)}
    if retry.repairs_file:
        beside[repairs_file] = repairs_csv(retry.repairs)
    entries = [
        RetryFileEntry(path.name, part.length, part.digest, part.records, part.property_values)
        for path, part in zip(paths, parts.done, strict=True)
    ]
    beside[manifest_file] = manifest_for(request, retry, entries, beside).as_json()
    for path, content in beside.items():
        files.write(path, content)
    digests = {path: part.digest for path, part in zip(paths, parts.done, strict=True)}
    digests |= {path: hashlib.sha256(content).hexdigest() for path, content in beside.items()}
    before = earlier(request.target, digests, [request.source, *request.logs])
    files.put_in_place([*paths, *beside], before.ours)
    remove_leftovers(request.target, files.beside)
    return dataclasses.replace(retry, earlier=before)
