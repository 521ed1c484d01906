"""Files of several hosts of one tenant that have one server-relative path."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING

import pytest

from analyzer.history.load import load
from analyzer.library.mirror import Library
from analyzer.library.model import Choice, FileSeen, JobNotes
from analyzer.library.pull.pull import pull
from analyzer.retry.library_jobs import make_retries
from analyzer.tenant.sharepoint.site import Tenant
from tests.conftest import FOLDER, NOW, log_folder

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.library.model import PullResult
    from analyzer.model.job import Job
    from tests.conftest import LoopbackTenant

PATH = f"{FOLDER}/feed.json"
SITE, ADMIN = "https://contoso.sharepoint.com", "https://contoso-admin.sharepoint.com"


class TwoHosts:
    """One tenant on two hosts; each has its own files."""

    def __init__(self, main: LoopbackTenant, other: LoopbackTenant, name: str) -> None:
        self.main, self.other = main, other
        self.other_host = f"{name}:{other.origin.rpartition(':')[2]}"

    def add(self, number: int, *, on_other: bool, source: bytes, log: bytes) -> str:
        """Adds a partial job of ``feed.json``, whose source and log are on one of the hosts."""
        host, origin = (self.other, f"https://{self.other_host}") if on_other else (self.main, self.main.origin)
        uris = {"SourceUri": f"{origin}{PATH}", "LogFolderUri": f"{origin}{log_folder(_id(number))}"}
        job_id = self.main.add_job(number)
        self.main.jobs[-1] |= uris
        host.files[PATH] = source
        host.add_log(job_id, log)
        return job_id

    def pull(self, root: Path, *, everything: bool = False) -> PullResult:
        """One pull."""
        tenant = Tenant(self.main.session(self.other_host))
        return pull(tenant, Library(root), now=NOW, choice=Choice(everything=everything))


def _id(number: int) -> str:
    return f"{number:08d}-bd0e-49ec-8c9c-c4cfe370248c"


@pytest.fixture(params=["127.0.0.1", "localhost"])
def two(loopback: LoopbackTenant, other_loopback: LoopbackTenant, request: pytest.FixtureRequest) -> TwoHosts:
    return TwoHosts(loopback, other_loopback, request.param)


def _source(city: str) -> bytes:
    return json.dumps({"value": [{"mail": "ada@contoso.com", "City": city}]}).encode()


def _log(number: int) -> bytes:
    return b"IdentityNotResolvable\tada@contoso.com\tUser identity cannot be resolved %d\r\n" % number


def _read(library: Library, job_id: str) -> tuple[bytes, list[bytes]]:
    (job,) = (job for job in library.jobs() if job.job_id == job_id)
    source = library.source_file(job)
    return source.read_bytes() if source else b"", [log.read_bytes() for log in library.log_files(job)]


def test_each_host_s_files_have_copies_of_their_own(two: TwoHosts, tmp_path: Path) -> None:
    first = two.add(1, on_other=False, source=_source("Kiel"), log=_log(1))
    second = two.add(2, on_other=True, source=_source("Oslo"), log=_log(2))
    two.main.add_log(second, _log(3))  # another file under the same path
    assert two.pull(tmp_path).skipped == []
    library = Library(tmp_path)
    assert _read(library, first) == (_source("Kiel"), [_log(1)])
    assert _read(library, second) == (_source("Oslo"), [_log(2)])
    assert (tmp_path / PATH[1:]).read_bytes() == _source("Kiel")
    assert [library.source_state(job).changed for job in library.jobs()] == ["", ""]
    hashes = [hashlib.sha256(_source(city)).hexdigest() for city in ("Kiel", "Oslo")]
    assert [library.pulled_sha256(job) for job in library.jobs()] == hashes


def test_a_second_pull_fetches_nothing(two: TwoHosts, tmp_path: Path) -> None:
    for number, on_other in enumerate((False, True), 1):
        two.add(number, on_other=on_other, source=_source("Kiel"), log=_log(number))
    two.pull(tmp_path)
    again = two.pull(tmp_path, everything=True)
    assert (again.log_files, again.source_files, again.received) == (0, 0, 0)


def test_each_job_s_retry_file_has_its_own_host_s_records(two: TwoHosts, tmp_path: Path) -> None:
    cities = {
        two.add(1, on_other=False, source=_source("Kiel"), log=_log(1)): "Kiel",
        two.add(2, on_other=True, source=_source("Oslo"), log=_log(2)): "Oslo",
    }
    two.pull(tmp_path / "library")
    library = Library(tmp_path / "library")
    retries = make_retries(library, load(library), tmp_path / "retry")
    written = {job_id: retry.path.read_text("utf-8-sig") if retry.path else "" for job_id, retry in retries.items()}
    assert {job_id: json.loads(text)["value"][0]["City"] for job_id, text in written.items()} == cities


@pytest.mark.parametrize("on_other", [False, True], ids=["main", "other"])
def test_a_new_version_on_one_host_is_none_of_the_other_s(two: TwoHosts, tmp_path: Path, *, on_other: bool) -> None:
    first = two.add(1, on_other=False, source=_source("Kiel"), log=_log(1))
    second = two.add(2, on_other=True, source=_source("Oslo"), log=_log(2))
    two.pull(tmp_path)
    third = two.add(3, on_other=on_other, source=_source("Rome"), log=_log(3))
    two.pull(tmp_path)
    library = Library(tmp_path)
    assert [_read(library, job_id)[0] for job_id in (first, second, third)] == [
        _source("Kiel"),
        _source("Oslo"),
        _source("Rome"),
    ]
    kept = {job_id for job_id, noted in library.state.notes.items() if noted.source}
    assert kept == {second if on_other else first}


def test_what_a_host_has_not_is_not_taken_from_the_other(two: TwoHosts, tmp_path: Path) -> None:
    first = two.add(1, on_other=False, source=_source("Kiel"), log=_log(1))
    second = two.add(2, on_other=True, source=_source("Oslo"), log=_log(2))
    del two.other.files[PATH]
    two.pull(tmp_path)
    library = Library(tmp_path)
    assert [_read(library, job_id)[0] for job_id in (first, second)] == [_source("Kiel"), b""]


def _listed(root: Path, *origins: str) -> list[Job]:
    """A library with a job of one path on each host, and a copy at the path alone, as an earlier version left it."""
    jobs = [
        {"JobId": _id(number), "State": 5, "Error": 30, "SourceUri": f"{origin}{PATH}"}
        for number, origin in enumerate(origins)
    ]
    (root / "jobs.json").write_text(json.dumps({"value": jobs}), encoding="utf-8")
    (root / ".upa").mkdir()
    (root / ".upa" / "pull.json").write_text(
        '{"pulled_at": "2026-11-23T03:40:00Z", "tenant": "contoso.sharepoint.com"}', encoding="utf-8"
    )
    (root / ".upa" / "files.json").write_text(json.dumps({PATH: {"etag": "1", "length": 4}}), encoding="utf-8")
    (root / PATH[1:]).parent.mkdir(parents=True)
    (root / PATH[1:]).write_bytes(b"copy")
    log = root / log_folder(_id(0))[1:] / "a.log"
    log.parent.mkdir()
    log.write_bytes(b"log")
    return Library(root).jobs()


@pytest.mark.parametrize(
    ("origins", "found"),
    [
        ([ADMIN], [True]),
        ([f"{ADMIN}:443"], [True]),
        (["https://contoso-my.sharepoint.com"], [True]),
        ([ADMIN, ADMIN], [True, True]),
        ([SITE, SITE, ""], [True, True, True]),
        ([ADMIN, SITE], [False, False]),
        ([ADMIN, ""], [False, False]),
    ],
    ids=["admin", "with its port", "personal", "admin twice", "site", "admin and site", "admin and no host"],
)
def test_a_copy_of_an_earlier_version_counts_where_one_host_alone_has_such_a_path(
    tmp_path: Path, origins: list[str], found: list[bool]
) -> None:
    jobs = _listed(tmp_path, *origins)
    library = Library(tmp_path)
    assert [library.source_file(job) is not None for job in jobs] == found
    assert [log.name for log in library.log_files(jobs[0])] == ["a.log"]


def test_a_job_that_found_no_file_contests_no_other_s_copy(tmp_path: Path) -> None:
    jobs = _listed(tmp_path, SITE, "https://fabrikam.sharepoint.com", ADMIN)
    library = Library(tmp_path)
    for job in jobs[1:]:
        library.state.notes[job.job_id] = JobNotes(source_missing="it leads outside the tenant")
    assert [library.source_file(job) is not None for job in jobs] == [True, False, False]


def test_what_is_known_to_be_the_site_s_is_not_the_admin_site_s(tmp_path: Path) -> None:
    (job,) = _listed(tmp_path, ADMIN)
    library = Library(tmp_path)
    library.state.files[PATH] = FileSeen("1", 4, host="contoso.sharepoint.com")
    assert library.source_file(job) is None


def test_a_copy_of_an_earlier_version_stays_its_job_s_when_the_next_version_comes(
    two: TwoHosts, tmp_path: Path
) -> None:
    first = two.add(1, on_other=True, source=_source("Oslo"), log=_log(1))
    two.pull(tmp_path)
    _as_before(tmp_path)
    assert _read(Library(tmp_path), first) == (_source("Oslo"), [_log(1)])
    second = two.add(2, on_other=True, source=_source("Rome"), log=_log(2))
    two.pull(tmp_path)
    library = Library(tmp_path)
    assert [_read(library, job_id)[0] for job_id in (first, second)] == [_source("Oslo"), _source("Rome")]
    assert _read(library, first)[1] == [_log(1)]


def _as_before(root: Path) -> None:
    """Makes of a library what a version left that looked at paths alone."""
    (host,) = (root / "other-hosts.upa").iterdir()
    shutil.copytree(host, root, dirs_exist_ok=True)
    shutil.rmtree(host.parent)
    files = json.loads((root / ".upa" / "files.json").read_text("utf-8"))
    before = {"/" + key[2:].partition("/")[2]: {**seen, "host": ""} for key, seen in files.items()}
    (root / ".upa" / "files.json").write_text(json.dumps(before), encoding="utf-8")


def test_logs_of_an_earlier_version_and_of_this_one_are_one_job_s(two: TwoHosts, tmp_path: Path) -> None:
    job_id = two.add(1, on_other=True, source=_source("Oslo"), log=_log(1))
    two.pull(tmp_path)
    _as_before(tmp_path)
    two.other.add_log(job_id, _log(2), time="20261123-021000")
    two.pull(tmp_path)
    library = Library(tmp_path)
    assert _read(library, job_id)[1] == [_log(1), _log(2)]
    assert load(library).log_problems == []
