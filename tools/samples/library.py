"""From the story to the files of a library: sources, logs, the job list, the tenant's settings, what pulls saw."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from analyzer.emulator.importing import ImportRequest, run_import
from analyzer.emulator.logwriter import log_file_name
from analyzer.emulator.profiles import ProfileStore
from analyzer.model.service import JobError, State, log_folder_name
from tools.samples import people, story
from tools.samples.readme import JobRow, readme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.samples.people import Person
    from tools.samples.story import Job

FIRST_PULL = datetime(2026, 10, 5, 6, 10, tzinfo=UTC)
LAST_PULL = datetime(2026, 11, 23, 6, 10, tzinfo=UTC)
ONE_NIGHT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ran:
    """A job and what became of it; the log as the service wrote it, or as it was kept."""

    job: Job
    source: bytes | None
    state: State
    error: int
    message: str
    log: bytes | None

    @property
    def log_folder(self) -> str:
        """Server-relative, beside the source file."""
        folder, _, name = self.job.source_path.rpartition("/")
        return f"{folder}/{log_folder_name(name, self.job.job_id)}"


def files() -> dict[str, bytes]:
    """Every file of the library by its path in it; the same bytes at every call."""
    everybody = people.everybody()
    ran = [_run(job, everybody) for job in story.JOBS]
    observations = [row for one in ran for row in _observations(one)]
    observations.sort(key=lambda row: str(row["observed_at"]))
    made = {
        ".gitattributes": b"# Line ends as the service wrote them: git keeps its hands off.\n* -text\n",
        "README.md": readme(_told(ran)).encode(),
        "jobs.json": _json({"value": [_listed(one) for one in ran]}),
        "emulator.json": _json(people.settings(everybody, LAST_PULL.date())),
        ".upa/pull.json": _json({"pulled_at": _iso(LAST_PULL)}),
        ".upa/observations.json": _json(observations),
    }
    for one in ran:
        made |= dict(_of_job(one))
    return made


def _run(job: Job, everybody: tuple[Person, ...]) -> Ran:
    source = job.source(everybody)
    if job.verdict:
        return Ran(job, source, job.verdict.state, job.verdict.error, job.verdict.message, None)
    request = ImportRequest(
        job.job_id, job.feed.id_type, job.feed.id_property, dict(job.feed.property_map), job.source_uri
    )
    store = ProfileStore.from_settings(people.settings(everybody, job.on))
    result = run_import(request, source, store)
    state = State.Succeeded if result.error is JobError.NoError else State.Error
    log = job.mishap(result.log) if result.log is not None else None
    return Ran(job, source, state, int(result.error), result.error_message, log)


def _of_job(one: Ran) -> Iterator[tuple[str, bytes]]:
    if one.source is not None and not one.job.swept:
        yield one.job.source_path.removeprefix("/"), one.source
    if one.log is not None:
        name = log_file_name(one.job.job_id, one.job.ended)
        yield f"{one.log_folder}/{name}".removeprefix("/"), one.log


def _listed(one: Ran) -> dict[str, object]:
    listed: dict[str, object] = {
        "JobId": one.job.job_id,
        "State": int(one.state),
        "Error": one.error,
        "ErrorMessage": one.message,
        "SourceUri": one.job.source_uri,
        "LogFolderUri": f"https://{story.TENANT}{one.log_folder}" if one.log is not None else "",
    }
    return listed | ({"Gone": True} if one.job.gone else {})


def _observations(one: Ran) -> Iterator[dict[str, object]]:
    morning = datetime.combine(one.job.on, time(LAST_PULL.hour, LAST_PULL.minute), UTC)
    seen = [(morning, one.state, one.error)]
    if one.job.slow:
        seen = [(morning, one.job.slow, int(JobError.NoError)), (morning + ONE_NIGHT, one.state, one.error)]
    for at, state, error in seen:
        yield {
            "job_id": one.job.job_id,
            "observed_at": _iso(at),
            "previous_pull_at": _iso(at - ONE_NIGHT) if at > FIRST_PULL else None,
            "state": int(state),
            "error": error,
        }


def _told(ran: list[Ran]) -> list[JobRow]:
    return [JobRow(one.job.feed.name, one.job.on, one.state, one.error, _named(one), one.job.what) for one in ran]


def _named(one: Ran) -> int:
    """How many entries the log has: lines with a code, not those of a stack trace."""
    if one.log is None:
        return 0
    text = one.log.decode("utf-16" if one.log[:2] == b"\xff\xfe" else "utf-8-sig")
    codes = ("IdentityNotResolvable", "InvalidProperty", "MissingIdentity", "DataFileNotJson", "GenericError")
    return sum(line.startswith(codes) for line in text.splitlines())


def _iso(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
