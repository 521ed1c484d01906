"""One import on its way: the source file as it was at pick-up, what came of it, the log that is left."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.emulator.importing import ImportResult, Validated, refused, service_failed, validate, write
from analyzer.emulator.logwriter import log_file_name
from analyzer.emulator.uris import path_readings, split_uri
from analyzer.facts import MAX_SOURCE_BYTES, JobError, log_folder_name

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from analyzer.emulator.importing import ImportRequest
    from analyzer.emulator.profiles import ProfileStore
    from analyzer.emulator.storage import Storage


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an import works on.

    Attributes:
        store: the profiles.
        storage: the files.
        origin: where server-relative addresses begin.
        hosts: the tenant's, with port, in lower case.
    """

    store: ProfileStore
    storage: Storage
    origin: str
    hosts: frozenset[str]

    def source(self, uri: str) -> Path | None:
        """Where a source file is on disk; None where there is none."""
        return next((place for path in path_readings(uri) if (place := self.storage.place(path))), None)


class ImportRun:
    """An import between queueing and its end.

    Attributes:
        request: what was queued.
        due: the service seconds at which it moves on.
        result: what came of it; None before the end is known.
    """

    def __init__(self, request: ImportRequest, due: float) -> None:
        self.request = request
        self.due = due
        self.result: ImportResult | None = None
        self._validated: Validated | None = None

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

    def leave_log(self, surroundings: Surroundings, when: datetime) -> str:
        """Puts the log beside the source file; returns its folder's URI, empty where nothing failed (seen)."""
        if self.result is None or self.result.log is None:
            return ""
        path = self._source_path(surroundings)
        parent, _, name = path.rpartition("/")
        folder = surroundings.storage.make_folder(f"{parent}/{log_folder_name(name, self.request.job_id)}")
        log = io.BytesIO(self.result.log)
        surroundings.storage.add(folder.path, log_file_name(self.request.job_id, when), log, overwrite=True)
        host = split_uri(self.request.source_uri)[0]
        origin = f"https://{host}" if host else surroundings.origin
        return origin + folder.path

    def _checked(self, surroundings: Surroundings) -> Validated | ImportResult:
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
        return next((path for path in readings if surroundings.storage.place(path)), readings[-1])
