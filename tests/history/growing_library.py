"""A library that grows by a job a night, with the records of what this program queued, for tests of its history."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from analyzer.history.load import load
from analyzer.library.mirror import Library
from analyzer.retry.library_jobs import make_retries
from analyzer.storage.import_record import ImportPart, ImportRecord, feed_folder, write_import

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from analyzer.history.load import Tables

HOST, FOLDER = "https://contoso.sharepoint.com", "sites/hr/Shared Documents"
LOG = {"partial": "IdentityNotResolvable\t{}\tUser identity cannot be resolved", "aborted": "PropertyNotFound\t\tFloor"}


def job_id(number: int) -> str:
    return f"{number:08x}-bd0e-49ec-8c9c-c4cfe370248c"


def records(*users: str, **values: str) -> list[dict[str, str]]:
    return [{"IdName": f"{user}@contoso.com", **(values or {"City": f"of {user}"})} for user in users]


class Nights:
    """A library that grows by a job a night, pulled each morning."""

    def __init__(self, root: Path) -> None:
        self.library, self.retry, self.imports = root / "library", root / "retry", root / "imports"
        self.jobs: list[dict[str, object]] = []
        self.files: dict[str, object] = {}
        (self.library / ".upa").mkdir(parents=True)

    def add(self, name: str, content: bytes | Sequence[Mapping[str, str]], *failed: str, aborted: bool = False) -> str:
        """Add a job whose log names these users, or one that was aborted."""
        night = len(self.jobs) + 1
        this, source = job_id(night), self.library / FOLDER / name
        source.parent.mkdir(parents=True, exist_ok=True)
        content = content if isinstance(content, bytes) else json.dumps({"value": content}).encode()
        source.write_bytes(content)
        self.files[f"/{FOLDER}/{name}"] = {
            "etag": str(night),
            "length": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "modified_ns": source.stat().st_mtime_ns,
            "modified": f"2026-11-{night:02}T02:00:00Z",
        }
        lines = [LOG["aborted"]] if aborted else [LOG["partial"].format(user) for user in failed]
        job: dict[str, object] = {"JobId": this, "State": 5 if lines else 4, "SourceUri": f"{HOST}/{FOLDER}/{name}"}
        if lines:
            folder = source.with_name(f"{source.stem}-{this}-Logs")
            folder.mkdir()
            log = folder / f"ImportProfileProperties-{this}-202611{night:02}-020500-000.log"
            log.write_text("\r\n".join(lines), encoding="utf-8")
            job |= {"Error": 23 if aborted else 30, "LogFolderUri": f"{HOST}/{FOLDER}/{folder.name}"}
        self.jobs.append(job)
        return this

    def load(self) -> Tables:
        (self.library / "jobs.json").write_text(json.dumps({"value": self.jobs}), encoding="utf-8")
        (self.library / ".upa" / "files.json").write_text(json.dumps(self.files), encoding="utf-8")
        seen = [
            {
                "job_id": job["JobId"],
                "observed_at": f"2026-11-{night:02}T08:00:00Z",
                "previous_pull_at": f"2026-11-{night - 1:02}T08:00:00Z" if night > 1 else None,
                "state": job["State"],
                "error": job.get("Error", 0),
            }
            for night, job in enumerate(self.jobs, 1)
        ]
        (self.library / ".upa" / "observations.json").write_text(json.dumps(seen), encoding="utf-8")
        pulled = {"pulled_at": f"2026-11-{len(self.jobs):02}T08:00:00Z", "tenant": "contoso.sharepoint.com"}
        (self.library / ".upa" / "pull.json").write_text(json.dumps(pulled), encoding="utf-8")
        return load(Library.existing(self.library), retry_folder=self.retry, imports_folder=self.imports)

    def offered(self) -> dict[str, tuple[list[str], str]]:
        """Make the retry files: by job, with the users of each and what it says."""
        tables = self.load()
        made = make_retries(Library.existing(self.library), tables, self.retry)
        return {
            one.job_id: (
                [record["IdName"].partition("@")[0] for record in json.loads(one.path.read_text("utf-8-sig"))["value"]]
                if one.path
                else [],
                one.sentence,
            )
            for one in made.values()
        }

    def queued(
        self, *job_ids: str, feed: str = "hr-feed", retry_of: str = "", unchanged: int | None = None, parts: int = 0
    ) -> ImportRecord:
        """Record that jobs are the parts of one import, which may have more that aren't queued yet."""
        number = int(job_ids[0][:8], 16)
        at = datetime(2026, 11, number, 2, tzinfo=UTC)
        jobs = [next(job for job in self.jobs if job["JobId"] == one) for one in job_ids]
        names = [str(job["SourceUri"]).rpartition("/")[2] for job in jobs]
        known = [
            ImportPart(
                file="hr.json", name=name, bytes=10, sha256="0" * 64, records=2, users=2, job_id=one, queued_at=at
            )
            for name, one in zip(names, job_ids, strict=True)
        ]
        waiting = [
            ImportPart(file="hr.json", name=f"part-{more}.json", bytes=10, sha256="0" * 64, records=2)
            for more in range(len(known), parts)
        ]
        record = ImportRecord(
            program="upa-analyzer 1.0",
            import_id=f"{at:%Y%m%d-%H%M%S}-{number:08x}",
            feed=feed,
            created_at=at,
            path="/feeds/hr-feed.json",
            bytes=20,
            sha256="1" * 64,
            folder=f"{HOST}/{FOLDER}",
            id_type="PrincipalName",
            id_property="IdName",
            property_map={"City": "Town"},
            retry_of=retry_of,
            unchanged=unchanged,
            parts=[*known, *waiting],
        )
        write_import(feed_folder(self.imports, feed), record)
        return record
