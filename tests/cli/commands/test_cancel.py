"""``upa-analyzer cancel``: what is sent, what is said of the list afterwards, and what becomes of our own import."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import start
from analyzer.emulator.jobs import PICK_UP
from analyzer.model.service import IdType
from analyzer.storage.import_record import read_import
from analyzer.storage.lock import data_lock
from analyzer.tenant.http.session import Session
from analyzer.tenant.model import TenantAddress
from analyzer.tenant.sharepoint.jobs import Import, queue_import
from analyzer.tenant.signin import ReadyToken
from tests.emulator.client import FOLDER, JOB_ID, StandingClock, job, source, write_library
from tests.imports.queued_import import NAME, record_of
from tests.uploading import upload_content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.emulator import RunningEmulator
    from tests.conftest import LoopbackTenant, Ran


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def emulator(
    clock: StandingClock, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunningEmulator]:
    """A configured tenant with a job that has ended."""
    library = write_library(tmp_path_factory.mktemp("tenant") / "library", job())
    with start(library, clock=clock) as running:
        monkeypatch.setenv("UPA_TOKEN", running.ready["token"])
        keys = f'admin_url = "{running.ready["admin_url"]}"\nauth = "token"\nca_file = "{running.ready["ca_file"]}"\n'
        (tmp_path / "upa-analyzer.toml").write_text(f"[tenants.contoso]\n{keys}", encoding="utf-8")
        yield running


@pytest.fixture
def queued(emulator: RunningEmulator) -> str:
    """The ID of a job that has just been queued."""
    ready = emulator.ready
    address = TenantAddress(ready["admin_url"], ca_file=Path(ready["ca_file"]))
    session = Session(address, ReadyToken({"UPA_TOKEN": ready["token"]}, ready["admin_url"], "UPA_TOKEN"))
    uri = upload_content(session, ready["admin_url"], FOLDER, NAME, source("ada@contoso.com", City="Bonn"))
    return queue_import(session, Import(uri, IdType.Email, "IdName", {"City": "City"}))


def test_a_job_that_has_not_begun_is_cancelled_and_its_file_stays(
    upa: Callable[..., Ran], emulator: RunningEmulator, queued: str
) -> None:
    ran = upa("cancel", queued[:8])
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[:2] == [
        f"Job {queued} ({NAME}) is Submitted.",
        "Cancelled: the tenant no longer lists it.",
    ]
    assert f"The source file stays in the document library: {emulator.ready['admin_url']}" in ran.out.replace("\n", " ")
    assert emulator.jobs.job(queued) is None
    assert emulator.storage.file(f"{FOLDER}/{NAME}").length > 0


def test_a_job_that_has_ended_is_not_asked_for(upa: Callable[..., Ran], only_tenant: LoopbackTenant) -> None:
    job_id = only_tenant.add_job(1)
    ran = upa("cancel", job_id[:8])
    assert ran.code == 1
    assert f"job {job_id} has ended (Error), so there is nothing to cancel" in ran.err
    assert not [seen for seen in only_tenant.seen if "Delete" in seen.path]


def test_a_job_whose_import_has_begun_is_refused_and_its_state_is_shown(
    upa: Callable[..., Ran], emulator: RunningEmulator, clock: StandingClock, queued: str
) -> None:
    clock.now += PICK_UP
    ran = upa("cancel", queued)
    assert ran.code == 1
    assert ran.out.splitlines()[0] == f"Job {queued} ({NAME}) is Processing."
    assert "The service refused to delete the job: it is still Processing." in ran.out
    assert emulator.jobs.job(queued) is not None


@pytest.mark.parametrize(
    ("answer", "state", "code", "words"),
    [
        (b'{"value": false}', 2, 1, "The service refused to delete the job: it is now Processing."),
        (b'{"value": true}', 1, 1, "but it is still listed as Submitted."),
        (b'{"value": false}', None, 0, "The service refused to delete the job, but no longer lists it."),
        (None, None, 0, "The service didn't answer"),
    ],
    ids=["refused", "accepted, and still listed", "refused, and gone", "no answer, and gone"],
)
def test_what_the_list_shows_afterwards_decides(  # noqa: PLR0913, PLR0917 - fixtures and cases
    upa: Callable[..., Ran],
    only_tenant: LoopbackTenant,
    given: Callable[..., object],
    answer: bytes | None,
    state: int | None,
    code: int,
    words: str,
) -> None:
    job_id = only_tenant.add_job(1, state=1, error=0)

    def fault(seen: object) -> object:
        if "DeleteImport" not in seen.path:  # type: ignore[attr-defined]
            return None
        if state is None:
            only_tenant.jobs.clear()
        else:
            only_tenant.jobs[0]["State"] = state
        return given(body=answer) if answer else given(500, b"")

    only_tenant.faults = fault  # type: ignore[assignment]
    ran = upa("cancel", job_id[:8])
    assert ran.code == code, ran.err
    assert words in " ".join(ran.out.split())
    only_tenant.jobs[:] = []
    only_tenant.add_job(1, state=1, error=0)
    content = upa("cancel", job_id[:8], "--json").json
    assert content["state_before"] == "Submitted"
    assert content["state_after"] == {1: "Submitted", 2: "Processing", None: None}[state]
    assert content["deleted"] is (json.loads(answer)["value"] if answer else None)


def test_our_import_ends_with_its_cancelled_job_and_no_further_part_is_queued(
    upa: Callable[..., Ran], emulator: RunningEmulator, queued: str, tmp_path: Path
) -> None:
    path = record_of(tmp_path, emulator.ready["admin_url"], queued, sent=1)
    ran = upa("cancel", queued)
    assert ran.code == 0
    assert "its job" in ran.err
    assert "1 further part won't be queued" in ran.err
    record = read_import(path)
    assert not record.is_unfinished
    assert record.abandoned == f"its job {queued} was cancelled"
    assert [part.ended_at is None for part in record.parts] == [False, True]


def test_a_job_whose_id_our_import_does_not_know_yet_is_found_by_its_file(
    upa: Callable[..., Ran], emulator: RunningEmulator, queued: str, tmp_path: Path
) -> None:
    path = record_of(tmp_path, emulator.ready["admin_url"], sent=1)
    assert upa("cancel", queued, "--json").json["import_id"] == "20261129-021500-1a2b3c4d"
    assert read_import(path).parts[0].job_id == queued


def test_an_import_of_another_job_stays_as_it_is(
    upa: Callable[..., Ran], emulator: RunningEmulator, queued: str, tmp_path: Path
) -> None:
    path = record_of(tmp_path, emulator.ready["admin_url"], JOB_ID, sent=1)
    assert upa("cancel", queued).code == 0
    assert read_import(path).is_unfinished


def test_while_a_command_of_the_feed_runs_the_job_is_cancelled_and_the_next_cancel_marks_the_import(
    upa: Callable[..., Ran], emulator: RunningEmulator, queued: str, tmp_path: Path
) -> None:
    path = record_of(tmp_path, emulator.ready["admin_url"], queued, sent=1)
    with data_lock(path.parent.parent, "queue", print):
        ran = upa("cancel", queued)
    assert ran.code == 5
    assert "in use by upa-analyzer queue" in ran.err
    assert f"run `upa-analyzer cancel {queued}`" in ran.err
    assert emulator.jobs.job(queued) is None
    assert read_import(path).is_unfinished
    assert upa("cancel", queued[:8]).code == 0
    assert not read_import(path).is_unfinished
    ran = upa("cancel", queued[:8])
    assert (ran.code, "the tenant has no job" in ran.err) == (5, True)


def test_an_unknown_job_is_an_error_and_nothing_is_sent(upa: Callable[..., Ran], only_tenant: LoopbackTenant) -> None:
    only_tenant.add_job(1, state=1, error=0)
    for wanted in ("ffffffff", "{}"):
        assert upa("cancel", wanted).code == 5
    assert not [seen for seen in only_tenant.seen if "Delete" in seen.path]
