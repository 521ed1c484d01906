"""A month in which a scheduler starts ``queue --heal`` once a night, and what the tenant knows of its jobs."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from analyzer.model.service import IdType, JobError
from tests.emulator.client import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from analyzer.emulator.jobs import Job
    from tests.conftest import Ran
    from tests.imports.queueing import Feed

FIRST = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
"""A Sunday."""
PEOPLE = 24
NO_ID, INTERNAL_ERROR = 10, 12
"""The nights on which a record of the file lacks its ID, and on which the service fails by itself."""
DEADLOCKS = {5: 1, 11: 2, 17: 1, 24: 1, 27: 1}
"""How many of the imports of a night's first three people fail by a deadlock."""
LAST_NEW = 28
"""The last night on which the file has a person whose account is created the day after."""
GHOST, LEAVES = 3, 21
"""The nights between which the file has a person who never gets an account."""
DEATHS = {
    6: "analyzer.imports.queue.upload_file",
    13: "analyzer.imports.queue.queue_import",
    18: "analyzer.imports.queue.wait_for_end",
    27: "analyzer.pipeline.report",
}
"""The nights on which the process ends right after a call; the 6th, 13th, and 27th are Fridays."""
_RETRY = re.compile(r"-(?P<of>[0-9a-f-]{36})-retry-")


class DeathError(BaseException):
    """The process ends here."""


def guid(person: int | str) -> str:
    """Return a person's object ID."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{person}.contoso.com"))


@dataclass(frozen=True)
class TrueJob:
    """What the tenant knows of a job.

    Attributes:
        job_id: in lower case.
        retry_of: the job in its file's name; empty for a run.
        error: its end.
        sent: the values by the user's ID.
        failed: users that it didn't update; all if it was aborted.
    """

    job_id: str
    retry_of: str
    error: JobError
    sent: dict[str, str]
    failed: frozenset[str]

    @property
    def updated(self) -> frozenset[str]:
        """The users that it updated."""
        return frozenset(self.sent) - self.failed


@dataclass
class Month:
    """The feed, the program, and the scheduler.

    Attributes:
        hr: the tenant; its clock is the program's.
        upa: the program.
        monkeypatch: for deaths.
        ran: what each night's command did; None for one that died.
        values: the city of each person by ID as the last file has it that can be imported.
        files: how many of those there were.
    """

    hr: Feed
    upa: Callable[..., Ran]
    monkeypatch: pytest.MonkeyPatch
    ran: dict[int, Ran | None] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    files: int = 0

    def __post_init__(self) -> None:
        """Add the people and the feed."""
        for person in range(PEOPLE):
            self.appear(person)
        with (self.hr.root / "upa-analyzer.toml").open("a", encoding="utf-8") as file:
            file.write(
                "[tenants.contoso.feeds.hr-feed]\n"
                f'match = "hr-feed*.json"\nfolder = "{FOLDER}"\nid_type = "CloudId"\nid_property = "IdName"\n'
                'properties = { City = "City" }\n'
            )

    @property
    def file(self) -> Path:
        """The feed's file, which is replaced from Monday to Friday."""
        return self.hr.root / "hr-feed.json"

    def run(self, nights: int) -> None:
        """Let the nights pass."""
        for night in range(1, nights + 1):
            self.pass_until(FIRST + timedelta(days=night - 1, hours=-1))
            self.appear(f"new-{night - 1}")
            self.pass_until(FIRST + timedelta(days=night - 1))
            if (FIRST + timedelta(days=night - 1)).weekday() < 5 or night == 1:
                self._write(night)
            self._prepare(night)
            self.ran[night] = self._heal(night)

    def jobs(self) -> Iterator[TrueJob]:
        """Yield what the tenant knows of each job, in the order in which they were queued."""
        self.hr.emulator.jobs.advance()
        for job in self.hr.emulator.jobs.listed():
            source = self.hr.emulator.storage.place(f"{FOLDER}/{job.source_uri.rpartition('/')[2]}")
            assert source is not None
            sent = {one["IdName"]: one["City"] for one in json.loads(source.read_bytes())["value"]}
            found = _RETRY.search(job.source_uri)
            error = JobError(job.error)
            yield TrueJob(job.job_id, found["of"] if found else "", error, sent, frozenset(self._failed(job, sent)))

    def city_of(self, user: str) -> str:
        """Return what imports wrote for a user; empty for one without an account."""
        found = self.hr.emulator.store.user(IdType.CloudId, user)
        return found.values.get("City", "") if found else ""

    def _failed(self, job: Job, sent: dict[str, str]) -> set[str]:
        if job.error == JobError.NoError:
            return set()
        if job.error != JobError.ImportCompleteWithError:
            return set(sent)
        folder = job.log_folder_uri.removeprefix(self.hr.emulator.ready["admin_url"])
        (stored,) = self.hr.emulator.storage.files(folder)
        place = self.hr.emulator.storage.place(stored.path)
        assert place is not None
        log = place.read_text("utf-8-sig")
        return {one for one in sent if one in log}

    def appear(self, person: int | str) -> None:
        """Create a person's account."""
        self.hr.emulator.add_user(
            mail=f"{person}@contoso.com", object_id=guid(person), user_principal_name=f"{person}@contoso.com"
        )

    def pass_until(self, time: datetime) -> None:
        """Let time pass."""
        self.hr.clock.waited.append(max(0.0, (time - self.hr.clock.now()).total_seconds()))

    def _write(self, night: int) -> None:
        """Write a file in which every third person has moved, with a new person every other night."""
        people: list[int | str] = [*range(PEOPLE), *(f"new-{one}" for one in range(2, min(night, LAST_NEW) + 1, 2))]
        people += ["ghost"] if GHOST <= night < LEAVES else []
        records = [
            {"IdName": guid(one), "City": f"City {night if at % 3 == night % 3 else at}"}
            for at, one in enumerate(people)
        ]
        if night == NO_ID:
            del records[4]["IdName"]
        else:
            self.values = {record["IdName"]: record["City"] for record in records}
            self.files += 1
        self.file.write_text(json.dumps({"value": records}), encoding="utf-8")

    def _prepare(self, night: int) -> None:
        for person in range(3):
            found = self.hr.emulator.store.user(IdType.CloudId, guid(person))
            assert found is not None
            found.deadlocks = DEADLOCKS.get(night, 0)

    def _heal(self, night: int) -> Ran | None:
        with self.monkeypatch.context() as patched:
            if night == INTERNAL_ERROR:
                self.hr.emulator.jobs.fail_queued()
            if night in DEATHS:
                _die_after(patched, DEATHS[night])
                with pytest.raises(DeathError):
                    self.upa("queue", self.file, "--heal", "3")
                return None
            return self.upa("queue", self.file, "--heal", "3")


def _die_after(patched: pytest.MonkeyPatch, name: str) -> None:
    module, _, function = name.rpartition(".")
    real = getattr(__import__(module, fromlist=[function]), function)

    def dying(*arguments: object, **options: object) -> None:
        real(*arguments, **options)
        raise DeathError

    patched.setattr(name, dying)
