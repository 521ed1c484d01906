"""A small history in a folder, as the store keeps it, for tests of what reads or publishes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import polars as pl

from analyzer.history.store import JobFile, Store, stored
from analyzer.model.tables import IMPORTS, JOB_CODES, JOBS, NAMED_ENTRIES, OBSERVATIONS, USERS, VERIFICATIONS

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.history.load import Tables

TENANT = "contoso.sharepoint.com"


@dataclass
class SampleHistory:
    """Jobs with failed users; what ``publish`` and ``query`` need of ``Tables``.

    Attributes:
        root: the folder.
        tenant: of all tables.
        failed: by job ID, its month and the users that failed.
    """

    root: Path
    tenant: str = TENANT
    failed: dict[str, tuple[str, list[str]]] = field(default_factory=dict)

    def put(self, job_id: str, users: list[str], month: str = "2026-11") -> None:
        """Write the files of a job, anew if there are some."""
        self.remove(job_id)
        self.failed[job_id] = month, users
        same = {"tenant": self.tenant, "job_id": job_id}
        entries = [
            {**same, "log_file": f"{job_id}.log", "line": 2 * at + 1, "code": "X", "message": "m", "names": True}
            | {"identity": user, "key": user.lower()}
            for at, user in enumerate(users)
            for _ in range(2)
        ]
        rows = [
            {**same, "key": user.lower(), "identity": user, "codes": ["X"], "entries": 2, "new": True} for user in users
        ]
        for table, content, schema in ("entries", entries, NAMED_ENTRIES), ("users", rows, USERS):
            frame = pl.DataFrame(content, schema=schema, orient="row")
            Store(self.root).write(table, job_id, month, stored(frame, table))

    def remove(self, job_id: str) -> None:
        """Remove a job and its files."""
        if job_id in self.failed:
            month, _ = self.failed.pop(job_id)
            for table in "entries", "users":
                Store(self.root).remove_file(table, job_id, month)

    def files(self) -> list[JobFile]:
        """As ``Tables.files``."""
        store = Store(self.root)
        return [
            JobFile(table, job_id, month, store.file(table, job_id, month))
            for table in ("entries", "users")
            for job_id, (month, users) in self.failed.items()
            if users
        ]

    @property
    def jobs(self) -> pl.DataFrame:
        """As of ``Tables``."""
        ran = datetime(2026, 11, 23, 2, tzinfo=UTC)
        rows = [
            {"tenant": self.tenant, "job_id": job_id, "entries": 2 * len(users), "feed": "hr-feed", "ran": ran}
            for job_id, (_, users) in self.failed.items()
        ]
        return pl.DataFrame(rows, schema=JOBS)

    @property
    def codes(self) -> pl.DataFrame:
        """As of ``Tables``."""
        rows = [
            {"tenant": self.tenant, "job_id": job_id, "code": "X", "entries": 2 * len(users), "users": len(users)}
            for job_id, (_, users) in self.failed.items()
        ]
        return pl.DataFrame(rows, schema=JOB_CODES)

    @property
    def observations(self) -> pl.DataFrame:
        """As of ``Tables``."""
        return pl.DataFrame(schema=OBSERVATIONS)

    @property
    def imports(self) -> pl.DataFrame:
        """As of ``Tables``."""
        return pl.DataFrame(schema=IMPORTS)

    @property
    def verifications(self) -> pl.DataFrame:
        """As of ``Tables``."""
        return pl.DataFrame(schema=VERIFICATIONS)

    def scan_entries(self) -> pl.LazyFrame:
        """As of ``Tables``."""
        return Store(self.root).scan(self.files(), "entries")

    def scan_users(self) -> pl.LazyFrame:
        """As of ``Tables``."""
        return Store(self.root).scan(self.files(), "users")

    @property
    def tables(self) -> Tables:
        """Itself, as far as it is one."""
        return cast("Tables", self)
