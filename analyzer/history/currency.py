"""Find out quickly whether a history was made from what is in the library now."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Any

import msgspec

from analyzer.history.record import ABSENT, FOLDER, Stamp, digest_of, stamp_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.analysis.feeds import FeedRule
    from analyzer.history.store import Store
    from analyzer.library.mirror import Library

STATE_FILES = ("jobs.json", ".upa/files.json", ".upa/notes.json", ".upa/observations.json", ".upa/pull.json")
"""The library's own files that a history depends on."""


def inputs_of(library: Library, rules: Sequence[FeedRule]) -> dict[str, Any]:
    """Return what a history is made from apart from the files of single jobs."""
    stamps = [list(stamp_of(library.root, library.root / name)) for name in STATE_FILES]
    return {"stamps": stamps, "rules": digest_of([dataclasses.astuple(rule) for rule in rules])}


def is_current(library: Library, store: Store, rules: Sequence[FeedRule]) -> bool:
    """Return whether a history was made from what is in the library now, by sizes and times of files.

    Raises:
        DamagedError: it can't be read.
    """
    if store.head().inputs != inputs_of(library, rules):
        return False
    rows = store.small("jobs", ("job_id", "month", "stamps"))
    decode = msgspec.msgpack.Decoder(tuple[list[Stamp], int, int]).decode
    prefix = f"{library.root}{os.sep}"
    seen: dict[str, bool] = {}
    for job_id, month, encoded in rows.iter_rows():
        stamps, entries_size, users_size = decode(encoded)
        for stamp in stamps:
            if not seen.setdefault(stamp[0], is_unchanged(prefix, stamp)):
                return False
        if entries_size and store.size("entries", job_id, month) != entries_size:
            return False
        if users_size and store.size("users", job_id, month) != users_size:
            return False
    return True


def is_unchanged(prefix: str, stamp: Stamp) -> bool:
    """Return whether a place in a library is as its stamp says; ``prefix`` is the library's folder with a separator."""
    name, size, modified_ns = stamp
    try:
        status = os.stat(prefix + name)  # noqa: PTH116 - called for thousands of files
    except OSError:
        return size == ABSENT
    is_folder = (status.st_mode & 0o170000) == 0o040000  # noqa: PLR2004 - the type bits
    return size == (FOLDER if is_folder else status.st_size) and modified_ns == status.st_mtime_ns
