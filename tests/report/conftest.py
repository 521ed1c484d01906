"""A little library on disk, written job by job, and the tables, the view and the report that come of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

import pytest

from analyzer.history.load import Tables, load
from analyzer.library.mirror import Library
from analyzer.model.service import JobError, State
from analyzer.report.view import ReportRequest, RetryLink, Run, View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyzer.analysis.feeds import FeedRule

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
FOLDER = "/sites/hr/Shared Documents"


@dataclass
class LittleLibrary:
    """A library that grows by ``job``."""

    root: Path
    answers: list[dict[str, object]] = field(default_factory=list)
    seen: list[dict[str, object]] = field(default_factory=list)
    rules: tuple[FeedRule, ...] = ()

    def job(  # noqa: PLR0913 - a job has that many sides
        self,
        name: str,
        error: int = JobError.NoError,
        log: str | bytes | None = None,
        *,
        state: int | None = None,
        users: int | None = 3,
        at: str | None = "020000",
        message: str = "",
        gone: bool = False,
        job_id: str | None = None,
    ) -> str:
        """Adds a job whose source file is ``NAME.json``; its log, if any, is of 02:00 on the day in the name."""
        uri = f"https://contoso.sharepoint.com{FOLDER}/{name}.json"
        job_id = job_id or str(uuid5(NAMESPACE_URL, uri))
        if state is None:
            state = State.Error if error else State.Succeeded
        answer: dict[str, object] = {"JobId": job_id, "State": state, "Error": error, "ErrorMessage": message}
        self.answers.append({**answer, "SourceUri": uri, "LogFolderUri": "", "Gone": gone})
        self._write("jobs.json", json.dumps({"value": self.answers}))
        if users is not None:
            records = [{"IdName": f"user{number}@contoso.com", "City": "Kiel"} for number in range(users)]
            self.source(name, records)
        if log is not None:
            self.log(name, job_id, log, at)
        return job_id

    def nights(self, days: Sequence[date], *feeds: str) -> dict[str, str]:
        """Adds a run of each feed on each day, without files: returns job IDs by name."""
        added = {}
        for name in (f"{feed}-{day}" for day in days for feed in feeds):
            uri = f"https://contoso.sharepoint.com{FOLDER}/{name}.json"
            added[name] = str(uuid5(NAMESPACE_URL, uri))
            answer = {"JobId": added[name], "State": State.Succeeded, "Error": 0, "ErrorMessage": ""}
            self.answers.append({**answer, "SourceUri": uri, "LogFolderUri": "", "Gone": False})
        self._write("jobs.json", json.dumps({"value": self.answers}))
        return added

    def log(self, name: str, job_id: str, log: str | bytes, at: str | None = "020000") -> None:
        """Writes a job's log, instead of the one that is there."""
        day = name[-10:].replace("-", "")
        file = f"ImportProfileProperties-{job_id}" + (f"-{day}-{at}-000.log" if at else ".log")
        self._write(f"{FOLDER[1:]}/{name}-{job_id}-Logs/{file}", log)

    def source(self, name: str, records: Sequence[Mapping[str, object]]) -> None:
        """Writes a job's source file."""
        self._write(f"{FOLDER[1:]}/{name}.json", json.dumps({"value": records}))

    def retry(self, of: str, error: int = JobError.NoError, log: str | None = None, *, seen: str, users: int) -> str:
        """Adds a job that imports a retry file of the run; a pull saw its end at ``seen``, an hour after another."""
        name = f"hr-{of}-retry"
        job_id = self.job(name, error, log, users=users, at=None)
        ended = State.Error if error else State.Succeeded
        moment = datetime.fromisoformat(seen)
        times = {"observed_at": seen, "previous_pull_at": (moment - timedelta(hours=1)).isoformat()}
        self.seen.append({"job_id": job_id, "state": ended, "error": error, **times})
        self.own("observations", self.seen)
        return job_id

    def own(self, name: str, content: object) -> None:
        """Writes what only we know of the library."""
        self._write(f".upa/{name}.json", json.dumps(content))

    def tables(self) -> Tables:
        """What ``load`` makes of it."""
        if not self.answers:
            self._write("jobs.json", '{"value": []}')
        return load(Library.existing(self.root), rules=self.rules)

    def view(self, links: Mapping[str, RetryLink] | None = None) -> View:
        """What the pages are made from, on 23 November 2026 in UTC, by version 1.0."""
        return View.of(self.request(Path("report"), links), "1.0")

    def run(self, job_id: str, link: RetryLink | None = None) -> tuple[View, Run]:
        """The view and one of its runs, which may have a retry file."""
        view = self.view({job_id: link} if link else None)
        return view, view.by_id[job_id]

    def request(self, out: Path, links: Mapping[str, RetryLink] | None = None) -> ReportRequest:
        """What ``write_report`` is asked for."""
        return ReportRequest(self.tables(), out, links or {}, NOW, None)

    def _write(self, name: str, content: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


class Lines:
    """Log text."""

    @staticmethod
    def unresolved(*users: str) -> str:
        """An entry for each user whose identity cannot be resolved."""
        return "".join(f"IdentityNotResolvable\t{user}\tUser identity cannot be resolved\r\n" for user in users)

    @staticmethod
    def unmapped(users: Sequence[str], *properties: str) -> str:
        """An entry for each user and property that is not mapped."""
        words = "is not mapped to any property in the user profile application."
        return "".join(
            f"InvalidProperty\t{user}\tProperty '{name}' {words}\r\n" for name in properties for user in users
        )


@pytest.fixture
def little(tmp_path: Path) -> LittleLibrary:
    return LittleLibrary(tmp_path / "library")


@pytest.fixture
def lines() -> type[Lines]:
    return Lines
