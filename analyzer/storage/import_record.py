"""Read and write what is known of an import that this program queues: one JSON file for each import.

It is ``imports/FEED/ID/import.json`` in the tenant's folder, beside the files that were made for the import. A step is
noted before it is taken, so that a command that died is continued and nothing is queued twice. The table ``imports`` of
the history is made from these files.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING

import msgspec

from analyzer.errors import InputError
from analyzer.storage.files import json_bytes, read_bytes, write_bytes
from analyzer.storage.lock import is_held

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IMPORT_FILE = "import.json"
_UNSAFE = re.compile(r"[^\w.-]+|^\.+")
_LONGEST = 60


class ImportPart(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One file of an import, which becomes one job. Times are UTC.

    Attributes:
        name: of the file in the tenant; no other import has a file of this name.
        file: our file with its content: a name in the import's folder, or the absolute path of the file that was given.
        bytes: its length.
        sha256: of its content.
        records: number of records.
        users: number of distinct users; None if unknown.
        property_values: number of values, without IDs.
        upload_id: GUID of the upload that has begun; empty before.
        sent: bytes of it that the tenant has acknowledged.
        uploaded_at: when the file was complete in the tenant.
        queueing_at: when the call that queues it was sent first: from then on there may be a job.
        queued_at: when the job was known.
        job_id: in lower case; empty before.
        ended_at: when the job was seen to have ended.
        state: the job's last known state, as the service's number.
        error: likewise.
    """

    name: str
    file: str
    bytes: int
    sha256: str
    records: int
    users: int | None = None
    property_values: int = 0
    upload_id: str = ""
    sent: int = 0
    uploaded_at: datetime | None = None
    queueing_at: datetime | None = None
    queued_at: datetime | None = None
    job_id: str = ""
    ended_at: datetime | None = None
    state: int | None = None
    error: int | None = None


class ImportRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An import that this program queues.

    Attributes:
        program: ``upa-analyzer`` and its version.
        import_id: ``20261129-021500-1a2b3c4d``, the name of its folder.
        feed: the feed's name.
        created_at: UTC.
        path: absolute path of the file that was given.
        bytes: its length.
        sha256: of its content; of a retry in several parts, of the parts' hashes.
        folder: absolute address of the library folder in the tenant, not encoded.
        id_type: ``Email``, ``CloudId``, or ``PrincipalName``.
        id_property: the property of the file with the IDs.
        property_map: the profile's property by that of the file.
        retry_of: ID of the job whose retry file it is; empty for a run of the feed.
        unchanged: users of the given file that are left out, because their records haven't changed; None unless
            only changes are sent.
        parts: its files in the order in which they are queued.
        abandoned: why it isn't continued, a clause; empty if it is, or has ended.
    """

    program: str
    import_id: str
    feed: str
    created_at: datetime
    path: str
    bytes: int
    sha256: str
    folder: str
    id_type: str
    id_property: str
    property_map: dict[str, str]
    retry_of: str = ""
    unchanged: int | None = None
    parts: list[ImportPart]
    abandoned: str = ""

    @property
    def is_unfinished(self) -> bool:
        """Whether a part is still to be queued, or its job hasn't been seen to end."""
        return not self.abandoned and any(part.ended_at is None for part in self.parts)

    @property
    def has_unsent_parts(self) -> bool:
        """Whether a part is still to be queued, or it isn't known as which job it was."""
        return not self.abandoned and any(not part.job_id for part in self.parts)

    @property
    def is_queued(self) -> bool:
        """Whether there is, or may be, a job."""
        return any(part.queueing_at is not None for part in self.parts)

    def source_uri(self, part: ImportPart) -> str:
        """Return the address of a part in the tenant, not encoded."""
        return f"{self.folder.rstrip('/')}/{part.name}"


def feed_folder(imports: Path, feed: str) -> Path:
    """Return the folder with the imports of a feed; names that aren't those of folders are changed, and stay apart."""
    safe = _UNSAFE.sub("-", feed)[:_LONGEST].strip(" .-")
    if safe != feed or not safe:  # never the folder of all feeds
        safe = f"{safe}-{hashlib.sha256(feed.encode(errors='replace')).hexdigest()[:8]}".lstrip("-")
    return imports / safe


def write_import(folder: Path, record: ImportRecord) -> None:
    """Write a record into its own folder, so that a power failure doesn't lose it.

    Args:
        folder: that of its feed.
        record: the record.

    Raises:
        OutputError: it can't be written.
    """
    own = folder / record.import_id
    write_bytes(own / IMPORT_FILE, json_bytes(record))


def read_import(path: Path) -> ImportRecord:
    """Read ``import.json``.

    Raises:
        InputError: it can't be read, or is damaged.
    """
    try:
        return msgspec.json.decode(read_bytes(path), type=ImportRecord)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is damaged: {error}", "Look in the job list for its job, and remove the file's folder."
        ) from error


def imports_of_feed(folder: Path) -> list[ImportRecord]:
    """Return the imports of a feed's folder, the oldest first.

    Raises:
        InputError: one can't be read: what isn't known might be queued twice.
    """
    return sorted(map(read_import, folder.glob(f"*/{IMPORT_FILE}")), key=lambda one: (one.created_at, one.import_id))


def all_imports(imports: Path) -> Iterator[tuple[Path, ImportRecord]]:
    """Yield the records in a tenant's folder ``imports`` with their paths; damaged ones are skipped."""
    for path in sorted(imports.glob(f"*/*/{IMPORT_FILE}")):
        with contextlib.suppress(InputError):
            yield path, read_import(path)


def made_files(imports: Path) -> Iterator[tuple[Path, ImportRecord | None]]:
    """Yield the files that were made for imports, and their imports; None for one that isn't recorded, or is damaged.

    They have users' records. A command that queues removes them when all are sent, if it doesn't die before.
    """
    for path in sorted(imports.glob("*/*/*")):
        if path.name == IMPORT_FILE or path.is_symlink() or not path.is_file():
            continue
        record = None
        with contextlib.suppress(InputError):
            record = read_import(path.with_name(IMPORT_FILE))
        yield path, record


def why_needed(path: Path, record: ImportRecord | None) -> str:
    """Return why a file that was made for an import can't be removed, a clause; empty if it can.

    Args:
        path: from ``made_files``.
        record: its import.
    """
    if is_held(path.parent.parent):
        return "upa-analyzer is queuing a file of its feed; run this again afterwards"
    if record is None:
        is_damaged = path.with_name(IMPORT_FILE).exists()
        return f"{IMPORT_FILE} beside it is damaged" if is_damaged else ""
    return "its import hasn't ended: `upa-analyzer queue` continues it" if record.is_unfinished else ""
