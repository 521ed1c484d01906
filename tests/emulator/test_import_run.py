"""What the service decides before it reads a source file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from analyzer.emulator.clock import ServiceClock
from analyzer.emulator.import_run import ImportRun, Surroundings
from analyzer.emulator.importing import ImportRequest
from analyzer.emulator.jobs import PICK_UP, Jobs
from analyzer.emulator.profiles import ProfileStore
from analyzer.emulator.storage import Storage
from analyzer.model.service import MAX_SOURCE_BYTES, IdType, JobError, State
from tests.emulator.client import JOB_ID, StandingClock, source

if TYPE_CHECKING:
    from pathlib import Path

STARTED = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HOST = "localhost:44300"


@pytest.fixture
def surroundings(tmp_path: Path) -> Surroundings:
    for name in ("tenant", "spool"):
        (tmp_path / name).mkdir()
    storage = Storage(tmp_path / "tenant", tmp_path / "spool")
    return Surroundings(ProfileStore([], None), storage, f"https://{HOST}", frozenset({HOST}))


def _request(uri: str = f"https://{HOST}/Feeds/new.json", job_id: str = JOB_ID) -> ImportRequest:
    return ImportRequest(job_id, IdType.Email, "IdName", {}, uri)


def test_a_source_over_two_gigabytes_is_too_big(surroundings: Surroundings) -> None:
    place = surroundings.storage.make_folder("/Feeds").place / "new.json"
    with place.open("wb") as sparse:
        sparse.truncate(MAX_SOURCE_BYTES + 1)
    run = ImportRun(_request(), 0)
    run.validate(surroundings)
    assert run.result is not None
    assert run.result.error is JobError.DataFileTooBig
    assert run.leave_log(surroundings, STARTED) == ""


def test_a_source_that_cannot_be_read_is_the_services_own_failure(surroundings: Surroundings) -> None:
    (surroundings.storage.make_folder("/Feeds").place / "new.json").write_bytes(source("ada@contoso.com"))
    broken = Surroundings(
        surroundings.store, _Unreadable(surroundings.storage), surroundings.origin, surroundings.hosts
    )
    run = ImportRun(_request(), 0)
    run.validate(broken)
    assert run.write(broken).error is JobError.InternalError


class _Unreadable(Storage):
    """Files that turn out to be folders when they are opened, as on a disk that fails."""

    def __init__(self, storage: Storage) -> None:
        super().__init__(storage.folder("/").place, storage.folder("/").place)
        self._folder = storage.folder("/").place

    def place(self, path: str) -> Path | None:
        return self._folder if path else None


def test_the_log_carries_the_real_time_at_which_the_job_ended(surroundings: Surroundings) -> None:
    (surroundings.storage.make_folder("/Feeds").place / "new.json").write_bytes(source("ada@contoso.com"))
    clock = StandingClock()
    jobs = Jobs([], surroundings, ServiceClock(60.0, clock, STARTED))
    jobs.queue(_request())
    clock.now += 3600  # nobody looked for an hour; two service minutes are two seconds of ours
    jobs.advance()
    (log,) = surroundings.storage.files(f"/Feeds/new-{JOB_ID}-Logs")
    assert log.place.name == f"ImportProfileProperties-{JOB_ID}-20261123-020002-000.log"


def test_the_log_has_a_place_though_the_source_was_deleted_meanwhile(surroundings: Surroundings) -> None:
    place = surroundings.storage.make_folder("/Feeds").place
    (place / "new.json").write_bytes(source("ada@contoso.com"))
    clock = StandingClock()
    jobs = Jobs([], surroundings, ServiceClock(1.0, clock, STARTED))
    job = jobs.queue(_request("/Feeds/new.json"))
    clock.now += PICK_UP
    jobs.advance()
    surroundings.storage.delete_file("/Feeds/new.json")
    place.rmdir()
    clock.now += 3600
    jobs.advance()
    ended = jobs.job(job.job_id)
    assert ended is not None
    assert (ended.state, ended.error) == (State.Error, JobError.ImportCompleteWithError)
    assert ended.log_folder_uri == f"https://{HOST}/Feeds/new-{JOB_ID}-Logs"


def test_while_one_caller_works_the_others_see_the_jobs_as_they_are(surroundings: Surroundings) -> None:
    clock = StandingClock()
    seen: list[int] = []

    class Watched(Storage):
        def place(self, path: str) -> Path | None:
            jobs.advance()
            seen.extend(job.state for job in jobs.listed())
            return super().place(path)

    root = surroundings.storage.folder("/").place
    watched = Surroundings(surroundings.store, Watched(root, root), surroundings.origin, surroundings.hosts)
    jobs = Jobs([], watched, ServiceClock(1.0, clock, STARTED))
    jobs.queue(_request())
    clock.now += PICK_UP
    jobs.advance()
    assert set(seen) == {State.Processing}
