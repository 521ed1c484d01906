"""Many jobs in one pull: several requests at once, each thing asked for once, one that fails by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from analyzer.errors import FaultError, UnreachableError
from analyzer.library.mirror import Library
from tests.conftest import FOLDER, Given

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import LoopbackTenant, Seen


@pytest.fixture
def many(loopback: LoopbackTenant) -> LoopbackTenant:
    """Twenty jobs with two log files and a source file each."""
    for number in range(1, 21):
        name = f"feed-{number}.json"
        loopback.files[f"{FOLDER}/{name}"] = f"source {number}".encode() * number
        job_id = loopback.add_job(number, name=name)
        for time in ("20261123-020000", "20261123-021000"):
            loopback.add_log(job_id, f"log {number} {time}".encode(), name=name, time=time)
    return loopback


def _asked(tenant: LoopbackTenant) -> list[str]:
    return [unquote(seen.path) for seen in tenant.seen]


def _pulled(tenant: LoopbackTenant, root: Path) -> bool:
    return all((root / path.lstrip("/")).read_bytes() == content for path, content in tenant.files.items())


def test_everything_comes_and_nothing_is_asked_for_twice(many: LoopbackTenant, tmp_path: Path) -> None:
    pulled = many.pull_into(tmp_path)
    assert _pulled(many, tmp_path)
    assert (pulled.log_files, pulled.source_files, pulled.skipped) == (40, 20, [])
    assert len(_asked(many)) == len(set(_asked(many))) == 1 + 20 + 20 + 20 + 40


def test_jobs_of_one_source_file_ask_for_it_once(loopback: LoopbackTenant, tmp_path: Path) -> None:
    loopback.files[f"{FOLDER}/my feed.json"] = b"{}"
    spelled = f"{loopback.origin}{FOLDER}/my%20feed.json"
    ids = [loopback.add_job(number, 4, 0, name="my feed.json") for number in (1, 2)]
    ids.append(loopback.add_job(3, 4, 0, SourceUri=spelled))
    loopback.pull_into(tmp_path)
    assert len([path for path in _asked(loopback) if "my feed.json')?$select" in path]) == 2
    assert len([path for path in _asked(loopback) if path.endswith("/$value")]) == 1
    library = Library(tmp_path)
    assert [job.job_id for job in library.jobs() if library.source_file(job)] == ids


def test_one_file_at_which_the_tenant_fails_keeps_no_other_away_and_comes_the_next_time(
    many: LoopbackTenant, tmp_path: Path
) -> None:
    many.fail("feed-7.json')/$value", 500)
    pulled = many.pull_into(tmp_path)
    assert [(left.job_id[:8], left.what) for left in pulled.skipped] == [("00000007", "source file")]
    assert isinstance(pulled.fault, FaultError)
    assert (pulled.log_files, pulled.source_files) == (40, 19)
    many.faults = lambda _seen: None
    many.seen.clear()
    again = many.pull_into(tmp_path)
    assert (again.source_files, again.skipped) == (1, [])
    assert _pulled(many, tmp_path)
    assert [path for path in _asked(many) if path.endswith("/$value")] == [
        f"/sites/hr/_api/web/getFileByServerRelativePath(decodedUrl='{FOLDER}/feed-7.json')/$value"
    ]


def test_a_tenant_that_fails_at_everything_is_soon_left_in_peace(many: LoopbackTenant, tmp_path: Path) -> None:
    many.fail("/Files", 500)
    with pytest.raises(UnreachableError, match="answered 500"):
        many.pull_into(tmp_path)
    assert len(many.seen) < 90
    assert not (tmp_path / "jobs.json").exists()


def test_a_tenant_that_gives_no_file_is_soon_left_in_peace(loopback: LoopbackTenant, tmp_path: Path) -> None:
    for number in range(1, 6):
        loopback.files[f"{FOLDER}/{number}.json"] = b"{}"
        loopback.add_job(number, 4, 0, name=f"{number}.json")
    loopback.fail("/$value", 500)
    with pytest.raises(FaultError, match="answered 500"):
        loopback.pull_into(tmp_path)
    assert not (tmp_path / "jobs.json").exists()


def test_changed_file_with_the_same_etag_is_detected_by_its_time(loopback: LoopbackTenant, tmp_path: Path) -> None:
    job_id = loopback.add_job(1)
    path = loopback.add_log(job_id, b"first")
    time = ["2026-11-23T02:00:00Z"]

    def fault(seen: Seen) -> Given | None:
        if seen.path.endswith("/Files"):
            name = path.rpartition("/")[2]
            listed = f'{{"Name": "{name}", "Length": "5", "ETag": "1", "TimeLastModified": "{time[0]}"}}'
            return Given(body=f'{{"value": [{listed}]}}'.encode())
        if unquote(seen.path).endswith(".log')/$value"):
            return Given(body=loopback.files[path], headers={"ETag": "1"})
        return None

    loopback.faults = fault
    assert loopback.pull_into(tmp_path).log_files == 1
    assert loopback.pull_into(tmp_path).log_files == 0
    time[0], loopback.files[path] = "2026-11-23T03:00:00Z", b"later"
    assert loopback.pull_into(tmp_path).log_files == 1
    assert (tmp_path / path.lstrip("/")).read_bytes() == b"later"
