"""What becomes of our copy of a source file when the tenant has the next version of it."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import OutputError
from analyzer.history.load import load
from analyzer.library.copies import keep_earlier, time_in_log_name
from analyzer.library.mirror import Library, WritableLibrary
from analyzer.library.model import Choice, FileSeen
from tests.conftest import log_folder

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import LoopbackTenant


PATH = "/sites/hr/feed.json"


@pytest.fixture
def library(tmp_path: Path) -> WritableLibrary:
    """A library with two jobs that read one source file."""
    jobs = [{"JobId": job_id, "State": 4, "SourceUri": f"https://contoso.sharepoint.com{PATH}"} for job_id in "ab"]
    (tmp_path / "jobs.json").write_text(json.dumps({"value": jobs}), encoding="utf-8")
    (tmp_path / "sites" / "hr").mkdir(parents=True)
    (tmp_path / "sites" / "hr" / "feed.json").write_bytes(b"version 1")
    return WritableLibrary(tmp_path)


def _kept(library: WritableLibrary) -> list[bytes]:
    return [path.read_bytes() for path in (library.root / ".upa" / "earlier").rglob("*") if path.is_file()]


def test_it_stays_in_its_place_until_the_next_one_takes_it(library: WritableLibrary) -> None:
    place = library.root / "sites" / "hr" / "feed.json"
    for _ in range(2):
        place.unlink()
        place.write_bytes(b"version 1")  # fetched again after a pull that died
        keep_earlier(library, PATH, [], library.jobs())
        library.state.notes.clear()
        assert place.read_bytes() == b"version 1"
        assert _kept(library) == [b"version 1"]


def test_what_it_was_when_it_was_pulled_stays_known(library: WritableLibrary) -> None:
    library.state.files[PATH] = FileSeen("1", 9, sha256="ab12")
    keep_earlier(library, PATH, [], library.jobs())
    assert [library.pulled_sha256(job) for job in library.jobs()] == ["ab12", "ab12"]


def test_what_no_other_job_read_is_not_kept(library: WritableLibrary) -> None:
    keep_earlier(library, PATH, library.jobs(), library.jobs())
    assert not (library.root / ".upa").exists()


def test_copy_that_cannot_be_kept_is_reported(library: WritableLibrary) -> None:
    (library.root / ".upa").mkdir()
    (library.root / ".upa" / "earlier").touch()
    with pytest.raises(OutputError, match=r"feed\.json cannot be written"):
        keep_earlier(library, PATH, [], library.jobs())
    assert (library.root / "sites" / "hr" / "feed.json").read_bytes() == b"version 1"


_ID = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"


@pytest.mark.parametrize("end", ["", ".log", ".LOG", " (1).log"])
def test_the_time_is_read_whatever_follows_it(end: str) -> None:
    name = f"ImportProfileProperties-{_ID}-20151130-174205-993{end}"
    assert time_in_log_name(name) == datetime(2015, 11, 30, 17, 42, 5, 993000, tzinfo=UTC)


@pytest.mark.parametrize(
    "name",
    [
        f"ImportProfileProperties-{_ID}.log",
        f"ImportProfileProperties-{_ID}-20151399-174205-993.log",
        f"ImportProfileProperties-{_ID}-20151130-256161-993.log",
        "notes.log",
        "",
    ],
)
def test_log_name_without_a_time(name: str) -> None:
    assert time_in_log_name(name) is None


@pytest.mark.parametrize("date", ["00010101", "19991231", "21000101", "99991231"])
def test_implausible_year_is_not_a_time(date: str) -> None:
    name = f"ImportProfileProperties-5f05e38c-bd0e-49ec-8c9c-c4cfe370248c-{date}-000000-000.log"
    assert time_in_log_name(name) is None


ENTRY = b"IdentityNotResolvable\t%b@contoso.com\tUser identity cannot be resolved\r\n"


@pytest.fixture
def job(loopback: LoopbackTenant, tmp_path: Path) -> str:
    """A partial job with two logs, pulled."""
    job_id = loopback.add_job(1)
    loopback.add_log(job_id, ENTRY % b"ada" + ENTRY % b"bob")
    loopback.add_log(job_id, ENTRY % b"eve", time="20261123-030000-000")
    loopback.files["/sites/hr/Shared Documents/feed.json"] = b'{"value":[{"mail":"ada@contoso.com"}]}'
    loopback.pull_into(tmp_path)
    return job_id


def logs_of(root: Path, job_id: str) -> list[Path]:
    return sorted((root / log_folder(job_id).removeprefix("/")).iterdir())


def problems(root: Path) -> list[str]:
    return [problem.what.rpartition("/")[2] for problem in load(Library(root)).log_problems]


def test_logs_as_they_were_pulled_are_whole(job: str, tmp_path: Path) -> None:
    assert problems(tmp_path) == []
    with logs_of(tmp_path, job)[0].open("ab") as stream:
        stream.write(b"IdentityNotResolvable\tkim@contoso.com\tA line that somebody added\r\n")
    assert problems(tmp_path) == []


@pytest.mark.parametrize("kept", [0, 1, 100])
def test_a_log_that_is_shorter_than_when_it_was_pulled_may_lack_users(job: str, tmp_path: Path, kept: int) -> None:
    log = logs_of(tmp_path, job)[0]
    raw = log.read_bytes()
    log.write_bytes(raw[:kept])
    assert problems(tmp_path) == [f"{log.name} has {kept} bytes, and had {len(raw)} when it was pulled"]
    tables = load(Library(tmp_path))
    assert [read.unfinished for read in tables.logs_of(job)] == [True, False]
    assert tables.jobs["not_updated"].to_list() == [None]


def test_a_log_that_is_gone_though_another_of_its_job_is_there_may_have_named_users(job: str, tmp_path: Path) -> None:
    log = logs_of(tmp_path, job)[1]
    log.unlink()
    assert problems(tmp_path) == [f"{log.name} was pulled and no longer exists"]
    assert load(Library(tmp_path)).jobs["not_updated"].to_list() == [None]


def test_job_without_any_log_has_no_damaged_logs(job: str, tmp_path: Path) -> None:
    shutil.rmtree(logs_of(tmp_path, job)[0].parent)
    assert problems(tmp_path) == []
    assert load(Library(tmp_path)).jobs["log_found"].to_list() == [False]


def test_without_notes_nothing_is_known(job: str, tmp_path: Path) -> None:
    log = logs_of(tmp_path, job)[0]
    log.write_bytes(log.read_bytes()[:100])
    shutil.rmtree(tmp_path / ".upa")
    assert problems(tmp_path) == []


@pytest.mark.parametrize("choice", [None, Choice(everything=True)], ids=["", "--all"])
def test_a_log_that_became_shorter_here_is_fetched_again(
    loopback: LoopbackTenant, job: str, tmp_path: Path, choice: Choice | None
) -> None:
    before = [log.read_bytes() for log in logs_of(tmp_path, job)]
    logs_of(tmp_path, job)[0].write_bytes(b"")
    logs_of(tmp_path, job)[1].unlink()
    assert loopback.pull_into(tmp_path, choice=choice).log_files == 2
    assert [log.read_bytes() for log in logs_of(tmp_path, job)] == before
    assert problems(tmp_path) == []
