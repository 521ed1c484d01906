"""One import on its way: the source file as it was at pick-up, what came of it, the log that is left."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.emulator.importing import ImportResult, Validated, refused, service_failed, validate, write
from analyzer.emulator.log_styles import restyled
from analyzer.emulator.logwriter import log_file_name
from analyzer.emulator.scenarios import NORMAL
from analyzer.emulator.uris import is_admin_host, path_readings, split_uri
from analyzer.model.service import MAX_SOURCE_BYTES, JobError, log_folder_name

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from analyzer.emulator.importing import ImportRequest
    from analyzer.emulator.profiles import ProfileStore
    from analyzer.emulator.scenarios import Behaviour
    from analyzer.emulator.storage import Storage


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an import works on.

    Attributes:
        store: the profiles.
        storage: the files of the tenant's sites.
        admin_storage: the files of its admin site, which is another host.
        origin: where server-relative addresses begin.
        hosts: the tenant's, with port, in lower case.
        behaviour: the service's.
    """

    store: ProfileStore
    storage: Storage
    origin: str
    hosts: frozenset[str]
    behaviour: Behaviour = NORMAL
    admin_storage: Storage | None = None

    def files_of(self, uri: str) -> Storage:
        """The files of the host that a URI names."""
        if self.admin_storage is not None and is_admin_host(split_uri(uri)[0]):
            return self.admin_storage
        return self.storage

    def source(self, uri: str) -> Path | None:
        """Where a source file is on disk as the job reads it; None where there is none for it."""
        files = self.files_of(uri)
        return next((place for path in path_readings(uri) if (place := files.for_all(path))), None)


class ImportRun:
    """An import between queueing and its end.

    Attributes:
        request: what was queued.
        due: the service seconds at which it moves on.
        result: what came of it; None before the end is known.
        fails: whether it ends with InternalError.
        is_writing: whether profiles may have been written already.
    """

    def __init__(self, request: ImportRequest, due: float) -> None:
        self.request = request
        self.due = due
        self.result: ImportResult | None = None
        self.fails = False
        self.is_writing = False
        self._validated: Validated | None = None
        self._log_path: tuple[str, str] | None = None
        self._parts = 0

    def validate(self, surroundings: Surroundings) -> None:
        """Reads the source file; whatever speaks against it is the ``result``."""
        outcome = self._checked(surroundings)
        if isinstance(outcome, ImportResult):
            self.result = outcome
        else:
            self._validated = outcome

    def write(self, surroundings: Surroundings) -> ImportResult:
        """Writes the profiles, where the source file was good; returns what came of it all."""
        if self.result is None and self._validated is not None:
            self.result = write(self._validated, surroundings.store)
        self._validated = None
        self.result = self.result or service_failed()
        return self.result

    def grow_log(self, surroundings: Surroundings, when: datetime) -> str:
        """Leaves the next part of a log that comes in parts, cut where it falls; returns its folder's URI.

        Empty where it does not come in parts, there is none, or the next part is the whole.
        """
        parts = surroundings.behaviour.log_parts
        self._parts += 1
        if self._parts >= parts or self.write(surroundings).log is None:
            return ""
        whole = self._log(surroundings)
        return self._put(surroundings, when, whole[: len(whole) * self._parts // parts])

    def leave_log(self, surroundings: Surroundings, when: datetime) -> str:
        """Leaves the log, whole; returns its folder's URI, empty where nothing failed (seen)."""
        if self.result is None or self.result.log is None:
            return ""
        return self._put(surroundings, when, self._log(surroundings))

    def _log(self, surroundings: Surroundings) -> bytes:
        chosen = surroundings.behaviour
        log = self.result.log if self.result is not None else None
        return restyled(log or b"", chosen.words, chosen.line, chosen.encode)

    def _put(self, surroundings: Surroundings, when: datetime, log: bytes) -> str:
        """Puts a log into its folder, beside the source file, under the name that it got first."""
        files = surroundings.files_of(self.request.source_uri)
        if self._log_path is None:
            parent, _, name = self._source_path(surroundings).rpartition("/")
            parent = surroundings.behaviour.log_library or parent
            folder = files.make_folder(f"{parent}/{log_folder_name(name, self.request.job_id)}")
            self._log_path = folder.path, log_file_name(self.request.job_id, when)
        folder_path, file_name = self._log_path
        files.add(folder_path, file_name, io.BytesIO(log), overwrite=True, by_service=True)
        host = split_uri(self.request.source_uri)[0]
        origin = f"https://{host}" if host else surroundings.origin
        return origin + folder_path

    def _checked(self, surroundings: Surroundings) -> Validated | ImportResult:
        if self.fails or surroundings.behaviour.fails:
            return service_failed()
        uri = self.request.source_uri
        host = split_uri(uri)[0]
        if host and host not in surroundings.hosts:
            return refused(JobError.DataFileNotInTenant)
        place = surroundings.source(uri)
        try:
            if place is not None and place.stat().st_size > MAX_SOURCE_BYTES:
                return refused(JobError.DataFileTooBig)
            return validate(place, self.request)
        except FileNotFoundError:
            return refused(JobError.DataFileNotExist)
        except OSError:
            return service_failed()

    def _source_path(self, surroundings: Surroundings) -> str:
        """The path of the source file; where it is gone by now, the likeliest reading of its URI."""
        readings = path_readings(self.request.source_uri)
        files = surroundings.files_of(self.request.source_uri)
        return next((path for path in readings if files.place(path)), readings[-1])
