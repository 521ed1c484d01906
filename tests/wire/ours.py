"""All that our client sends: our commands, and behind them the calls for which there is no command yet."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.emulator.file_versions import LibrarySettings
from analyzer.emulator.jobs import PICK_UP, VALIDATION, WRITING
from analyzer.errors import InputError
from analyzer.model.service import IdType
from analyzer.tenant.sharepoint.jobs import Import, get_job, queue_import
from analyzer.tenant.sharepoint.publish import check_library, make_readable
from analyzer.tenant.sharepoint.upload import UploadState, UploadTarget, upload_file
from analyzer.tenant.sharepoint.webs import Webs
from tests.emulator.client import FOLDER, JOB_ID, source
from tests.foreign.office365_tenant import SITE_HOST
from tests.uploading import upload_content

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.model.job import Job
    from analyzer.tenant.http.session import Session
    from tests.conftest import Ran
    from tests.wire.conftest import Contoso

ORIGIN = f"https://{SITE_HOST}"
ALL = PICK_UP + VALIDATION + WRITING


def queued(session: Session, name: str, content: bytes) -> str:
    """Uploads a file and queues it; the job's id."""
    uri = upload_content(session, ORIGIN, FOLDER, name, content)
    return queue_import(session, Import(uri, IdType.Email, "IdName", {"City": "City"}))


def uploaded_in_chunks(session: Session, folder: Path) -> None:
    """Uploads in chunks: after a death in the middle, and a file that changed meanwhile."""
    path = folder / "chunks.json"
    path.write_bytes(bytes(30))
    digest, stored = hashlib.sha256(bytes(30)).hexdigest(), [UploadState()]

    def keep(upload_id: str, sent: int) -> None:
        stored.append(UploadState(upload_id, sent))
        if sent == 20 and len(stored) == 4:
            raise InterruptedError

    target = UploadTarget(ORIGIN, FOLDER, path.name)
    with pytest.raises(InterruptedError):
        upload_file(Webs(session), target, path, digest, keep=keep, chunk=10)
    assert upload_file(Webs(session), target, path, digest, keep=keep, state=stored[-1], chunk=10).length == 30
    with pytest.raises(InputError):
        upload_file(Webs(session), replace(target, name="changed.json"), path, "", keep=keep, chunk=10)


def emptied_before_its_first_chunk(session: Session, folder: Path) -> None:
    """Dies when the empty file has been added, and finds that there is nothing to send any more."""
    path = folder / "emptied.json"
    path.write_bytes(bytes(30))
    stored = [UploadState()]

    def keep(upload_id: str, sent: int) -> None:
        stored.append(UploadState(upload_id, sent))

    def die(_sent: int, _size: int) -> None:
        raise InterruptedError

    target = UploadTarget(ORIGIN, FOLDER, path.name)
    with pytest.raises(InterruptedError):
        upload_file(Webs(session), target, path, "", keep=keep, progress=die, chunk=10)
    path.write_bytes(b"")
    with pytest.raises(InputError):
        upload_file(Webs(session), target, path, "", keep=keep, state=stored[-1], chunk=10)


def uploaded_into_a_strict_library(session: Session, contoso: Contoso, folder: Path) -> None:
    """Uploads into a library that forces check-out, and into one that keeps drafts."""
    path = folder / "strict.json"
    path.write_bytes(b"{}")
    digest = hashlib.sha256(b"{}").hexdigest()
    for settings in (LibrarySettings(force_checkout=True), LibrarySettings(minor_versions=True)):
        name = "checked" if settings.force_checkout else "drafts"
        library = contoso.emulator.storage.make_folder(f"/sites/hr/{name}").path
        contoso.emulator.configure(library, settings)
        target = UploadTarget(ORIGIN, library, path.name)
        check_library(Webs(session), target)
        upload_file(Webs(session), target, path, digest, keep=lambda _id, _sent: None)
        make_readable(Webs(session), target)


def retry_file(upa: Callable[..., Ran]) -> bytes:
    """The retry file that the command makes of the tenant's first job."""
    ran = upa("retry", JOB_ID[:8])
    assert ran.code == 0, ran.err
    return Path(ran.out.splitlines()[-1]).read_bytes()


def source_file(beside: Path) -> Path:
    """A source file on our disk."""
    path = beside.with_name("checked.json")
    path.write_bytes(source("ada@contoso.com", City="Bonn"))
    return path


def ended(session: Session, job_id: str, contoso: Contoso) -> bool:
    """Watches a job to its end."""
    assert not _job(session, job_id).ended
    contoso.clock.now += ALL
    return _job(session, job_id).ended


def _job(session: Session, job_id: str) -> Job:
    job = get_job(session, job_id)
    assert job is not None
    return job


def send_all(upa: Callable[..., Ran], contoso: Contoso, file: Path) -> list[str]:
    """From failed users to none, with a job that is cancelled and one whose log lies in a subweb; the jobs' ids."""
    session = contoso.session(file)
    assert upa("pull").code == 0
    assert upa("doctor").code == 0
    assert upa("check", source_file(file), "--map", "City=WebSite", "--properties-of", "ada@contoso.com").code == 0
    ran = upa("verify", JOB_ID[:8], "--id-type", "PrincipalName", "--map", "City")
    assert ran.code == 1, ran.err
    again = queued(session, "hr-retry.json", retry_file(upa))
    assert ended(session, again, contoso)
    uploaded_in_chunks(session, file.parent)
    emptied_before_its_first_chunk(session, file.parent)
    uploaded_into_a_strict_library(session, contoso, file.parent)
    deleted = queued(session, "deleted.json", b"{}")
    assert upa("cancel", deleted).code == 0
    failing = queued(session, "failing.json", source("nobody@contoso.com", City="Bonn"))
    assert ended(session, failing, contoso)
    ran = upa("run", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["pulled"]["log_files"] == 1
    ran = upa("clean", "--older-than", "7d", "--yes", "--json")
    assert ran.code == 0, ran.err
    assert {item["kind"] for item in ran.json["items"]} == {"log", "log_folder", "source"}
    return [again, failing]
