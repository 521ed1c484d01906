"""The imports of one feed that this program queued or is about to queue, under the feed's lock."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.storage.import_record import IMPORT_FILE, ImportRecord, feed_folder, imports_of_feed, write_import
from analyzer.storage.lock import data_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from analyzer.storage.import_record import ImportPart


@dataclass(slots=True)
class Journal:
    """The records of a feed's imports.

    Attributes:
        imports: the tenant's folder of imports.
        feed: the feed's name.
        records: the oldest first.
    """

    imports: Path
    feed: str
    records: list[ImportRecord] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """The folder with the feed's imports."""
        return feed_folder(self.imports, self.feed)

    @property
    def last_run(self) -> ImportRecord | None:
        """The newest queued import of the feed's own file; None if there is none."""
        return next((one for one in reversed(self.records) if one.is_queued and not one.retry_of), None)

    def record_of(self, job_id: str) -> ImportRecord | None:
        """Return the import of a job; None if this program didn't queue it."""
        return next((one for one in self.records if any(part.job_id == job_id for part in one.parts)), None)

    def own_folder(self, record: ImportRecord) -> Path:
        """Return the folder with the files that were made for an import."""
        return self.folder / record.import_id

    def file_of(self, record: ImportRecord, part: ImportPart) -> Path:
        """Return the path of a part's content: the file that was given, or one that was made for the import."""
        return self.own_folder(record) / part.file

    def keep(self, record: ImportRecord) -> None:
        """Write a record, new or changed.

        Raises:
            OutputError: it can't be written.
        """
        if record not in self.records:
            self.records.append(record)
        write_import(self.folder, record)

    def remove_files(self, record: ImportRecord) -> None:
        """Remove the files that were made for an import whose parts are all sent; the record stays."""
        own = self.own_folder(record)
        for path in (own / part.file for part in record.parts):
            if path.parent == own:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)


@contextlib.contextmanager
def held_journal(imports: Path, feed: str, command: str, say: Callable[[str], None]) -> Iterator[Journal]:
    """Lock the imports of a feed and read them; what a command that died was still preparing is removed.

    Raises:
        InputError: a record is damaged.
        LockedError: another command queues this feed.
        OutputError: the folder can't be written.
    """
    journal = Journal(imports, feed)
    with data_lock(journal.folder, command, say):
        journal.records = imports_of_feed(journal.folder)
        for folder in journal.folder.iterdir():
            if folder.is_dir() and not (folder / IMPORT_FILE).exists():
                shutil.rmtree(folder, ignore_errors=True)
        yield journal
