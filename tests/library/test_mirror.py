"""Whether our copy of a source file is still what was pulled: by size and date, else by its hash."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import InputError
from analyzer.library import mirror as module
from analyzer.library.mirror import Library, WritableLibrary, log_folders, source_state
from analyzer.library.model import FileSeen, JobNotes, PullTime, SourceState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import LoopbackTenant


ID = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
ORIGIN = "https://contoso.sharepoint.com"
FOLDER = "/sites/hr/Shared Documents"


def _library(root: Path, **job: object) -> Library:
    listed = {"JobId": ID, "State": 5, "Error": 30, "SourceUri": f"{ORIGIN}{FOLDER}/feed.json", **job}
    (root / "jobs.json").write_text(json.dumps({"value": [listed]}), encoding="utf-8")
    return Library.existing(root)


def _put(root: Path, path: str, content: bytes = b"x") -> Path:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return place


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda root: root / "nowhere", "does not exist"),
        (lambda root: root, "has no jobs.json"),
        (lambda root: _put(root, "a.log"), "is a file"),
    ],
    ids=["no folder", "an empty folder", "a file"],
)
def test_path_that_is_not_a_library_is_reported(tmp_path: Path, make: Callable[[Path], Path], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Library.existing(make(tmp_path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"value": [\n  {"JobId": }]}', "line 2, column 13"),
        (b"[]", "isn't a job list"),
        (b'{"jobs": []}', "isn't a job list"),
        (b'{"value": [{"State": 5}]}', "has no JobId"),
        (b'{"value": [{"JobId": "a", "State": "soon"}]}', "State isn't a number"),
        (b"\xff\xfe\x00", "isn't a job list: it is not UTF-8"),
    ],
)
def test_invalid_job_list_is_reported_with_the_position(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "jobs.json").write_bytes(content)
    with pytest.raises(InputError, match=words):
        Library(tmp_path).jobs()


def test_a_job_list_with_a_mark_and_an_unknown_state_is_read(tmp_path: Path) -> None:
    listed = {"value": [{"JobId": f"{{{ID.upper()}}}", "State": 7, "Error": "99", "Later": [1]}]}
    (tmp_path / "jobs.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(listed).encode())
    (job,) = Library(tmp_path).jobs()
    assert (job.job_id, job.state_name, job.error_name, job.answer["Later"]) == (ID, "State 7", "Error 99", [1])


def test_saving_the_same_job_list_writes_nothing(tmp_path: Path) -> None:
    _library(tmp_path)
    library = WritableLibrary(tmp_path)
    library.save_jobs(library.jobs())
    before = (tmp_path / "jobs.json").stat().st_ino
    library.save_jobs(library.jobs())
    assert (tmp_path / "jobs.json").stat().st_ino == before


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        (f"{ORIGIN}{FOLDER}/feed.json", f"{FOLDER}/feed.json"),
        (f"{ORIGIN}/sites/hr/Shared%20Documents/feed.json", f"{FOLDER}/feed.json"),
        (f"{ORIGIN}{FOLDER}/100%25.json", f"{FOLDER}/100%25.json"),
        (f"{ORIGIN}/sites/hr/Docs/100%25.json", "/sites/hr/Docs/100%.json"),
        (f"{FOLDER}/feed.json", f"{FOLDER}/feed.json"),
    ],
)
def test_a_source_file_is_found_however_its_uri_is_spelled(tmp_path: Path, uri: str, path: str) -> None:
    place = _put(tmp_path, path)
    library = _library(tmp_path, SourceUri=uri, LogFolderUri=f"{ORIGIN}{FOLDER}/feed-{ID}-Logs")
    assert library.source_file(library.jobs()[0]) == place


def test_a_source_file_of_another_tenant_is_not_taken_from_ours(tmp_path: Path) -> None:
    _put(tmp_path, f"{FOLDER}/feed.json")
    uri = f"https://fabrikam.sharepoint.com{FOLDER}/feed.json"
    library = _library(tmp_path, SourceUri=uri, LogFolderUri=f"{ORIGIN}{FOLDER}/feed-{ID}-Logs")
    assert library.source_file(library.jobs()[0]) is None


@pytest.mark.parametrize("noted", ["../outside.json", "/etc/hosts", ".upa/earlier/../../jobs.json", "jobs.json"])
def test_note_that_leads_outside_earlier_versions_is_ignored(tmp_path: Path, noted: str) -> None:
    (tmp_path / "library").mkdir()
    _put(tmp_path, "outside.json")
    _put(tmp_path / "library", ".upa/earlier/1/feed.json")
    library = _library(tmp_path / "library")
    library.state.notes[ID] = JobNotes(source=noted)
    assert library.source_file(library.jobs()[0]) is None


def test_a_note_of_an_earlier_version_is_followed(tmp_path: Path) -> None:
    place = _put(tmp_path, ".upa/earlier/1/feed.json")
    library = _library(tmp_path)
    library.state.notes[ID] = JobNotes(source=".upa/earlier/1/feed.json")
    assert library.source_file(library.jobs()[0]) == place
    place.unlink()
    assert library.source_file(library.jobs()[0]) is None


def test_a_file_fetched_for_another_job_is_not_the_source_that_was_missing(tmp_path: Path) -> None:
    place = _put(tmp_path, f"{FOLDER}/feed.json")
    library = _library(tmp_path)
    library.state.notes[ID] = JobNotes(source_missing="the tenant no longer has the file")
    assert library.source_file(library.jobs()[0]) == place  # put there by hand
    library.state.files[f"{FOLDER}/feed.json"] = FileSeen('"2"', 1)
    assert library.source_file(library.jobs()[0]) is None


def test_an_earlier_version_is_not_held_against_what_was_noted_of_the_newest(tmp_path: Path) -> None:
    for path in (".upa/earlier/1/feed.json", f"{FOLDER}/feed.json"):
        _put(tmp_path, path)
    library = _library(tmp_path)
    library.state.files[f"{FOLDER}/feed.json"] = FileSeen('"2"', 500)
    assert library.source_state(library.jobs()[0]).changed == "it has 1 bytes, and had 500 when it was pulled"
    library.state.notes[ID] = JobNotes(source=".upa/earlier/1/feed.json")
    assert library.source_state(library.jobs()[0]) == SourceState()


def test_log_files_come_by_name_and_without_what_is_hidden(tmp_path: Path) -> None:
    for name in ("b.log", "a.log", ".a.log.1234.part"):
        _put(tmp_path, f"{FOLDER}/feed-{ID}-Logs/{name}")
    (tmp_path / f"{FOLDER}/feed-{ID}-Logs/folder".lstrip("/")).mkdir()
    library = _library(tmp_path)
    assert [path.name for path in library.log_files(library.jobs()[0])] == ["a.log", "b.log"]


def test_log_folder_is_the_stated_one_or_beside_the_source(tmp_path: Path) -> None:
    (job,) = _library(tmp_path, LogFolderUri=f"{ORIGIN}/sites/hr/Elsewhere/Logs").jobs()
    assert log_folders(job)[0] == (f"{ORIGIN}/sites/hr/Elsewhere/Logs", "/sites/hr/Elsewhere/Logs")
    (job,) = _library(tmp_path).jobs()
    assert log_folders(job) == [(job.source_uri, f"{FOLDER}/feed-{ID}-Logs")]


def test_both_log_folders_are_one_in_any_case_but_not_on_another_host(tmp_path: Path) -> None:
    path = f"{FOLDER}/feed-{ID}-Logs"
    (job,) = _library(tmp_path, LogFolderUri=f"{ORIGIN.upper()}{path.upper()}".replace("HTTPS", "https")).jobs()
    assert [found for _, found in log_folders(job)].count(path) == 0
    (job,) = _library(tmp_path, LogFolderUri=f"https://contoso-my.sharepoint.com{path}").jobs()
    assert (job.source_uri, path) in log_folders(job)


def test_a_source_file_that_was_fetched_from_a_further_host_of_the_tenant_is_found(tmp_path: Path) -> None:
    place = _put(tmp_path, f"{FOLDER}/feed.json")
    library = _library(
        tmp_path,
        SourceUri=f"https://contoso-my.sharepoint.com{FOLDER}/feed.json",
        LogFolderUri=f"{ORIGIN}{FOLDER}/feed-{ID}-Logs",
    )
    (job,) = library.jobs()
    assert library.source_file(job) is None
    library.state.files[f"{FOLDER}/feed.json"] = FileSeen('"1"', 1)
    assert library.source_file(job) == place


def test_a_log_folder_that_leads_out_of_the_library_holds_nothing(tmp_path: Path) -> None:
    _put(tmp_path, "outside/a.log")
    (tmp_path / "library").mkdir()
    library = _library(tmp_path / "library", SourceUri="", LogFolderUri=f"{ORIGIN}/../outside")
    assert library.log_files(library.jobs()[0]) == []


@pytest.mark.parametrize(
    ("job", "tenant"),
    [
        ({}, "contoso.sharepoint.com"),
        ({"SourceUri": "https://fabrikam.sharepoint.com/a", "LogFolderUri": f"{ORIGIN}/b"}, "contoso.sharepoint.com"),
        ({"SourceUri": ""}, None),
    ],
)
def test_tenant_is_inferred_from_addresses(tmp_path: Path, job: dict[str, str], tenant: str | None) -> None:
    assert _library(tmp_path, **job).tenant == tenant


def test_tenant_of_the_last_pull_wins_over_addresses(tmp_path: Path) -> None:
    _library(tmp_path)
    WritableLibrary(tmp_path).state.save_pull(PullTime(datetime(2026, 11, 23, tzinfo=UTC), "fabrikam.sharepoint.com"))
    assert Library(tmp_path).tenant == "fabrikam.sharepoint.com"


def test_of_several_hosts_the_library_is_of_the_one_that_most_jobs_name(tmp_path: Path) -> None:
    hosts = ("adatum", "contoso", "contoso")
    jobs = [
        {"JobId": str(number), "State": 4, "LogFolderUri": f"https://{host}.sharepoint.com/Logs"}
        for number, host in enumerate(hosts)
    ]
    (tmp_path / "jobs.json").write_text(json.dumps({"value": jobs}), encoding="utf-8")
    assert Library(tmp_path).tenant == "contoso.sharepoint.com"


def test_half_a_surrogate_pair_in_a_job_list_is_kept(tmp_path: Path) -> None:
    _library(tmp_path, ErrorMessage="half \ud800")
    library = WritableLibrary(tmp_path)
    library.save_jobs(library.jobs())
    assert library.jobs()[0].answer["ErrorMessage"] == "half \ud800"


RAW = b'{"value":[{"mail":"ada@contoso.com"}]}'
SHA = hashlib.sha256(RAW).hexdigest()
OTHER = RAW.replace(b"ada", b"eve")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    path = tmp_path / "feed.json"
    path.write_bytes(RAW)
    return path


def seen(path: Path, *, sha256: str = SHA, later: int = 0) -> FileSeen:
    return FileSeen('"1"', len(RAW), sha256, path.stat().st_mtime_ns + later)


def test_of_the_same_size_and_date_it_is_not_read_again(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "sha256_of", lambda _path: pytest.fail("it is read"))
    assert source_state(copy, seen(copy)) == SourceState(SHA)


def test_of_another_date_the_hash_decides(copy: Path) -> None:
    assert source_state(copy, seen(copy, later=1)) == SourceState(SHA)
    copy.write_bytes(OTHER)
    found = source_state(copy, seen(copy, later=1))
    assert found.changed == "its content has changed since it was pulled"
    assert found.sha256 == hashlib.sha256(OTHER).hexdigest()


def test_another_size_is_another_file(copy: Path) -> None:
    noted = seen(copy)
    copy.write_bytes(RAW + b" ")
    assert source_state(copy, noted) == SourceState(
        "", f"it has {len(RAW) + 1} bytes, and had {len(RAW)} when it was pulled"
    )


def test_without_a_hash_nothing_but_the_size_is_known(copy: Path) -> None:
    noted = seen(copy, sha256="", later=1)
    copy.write_bytes(OTHER)
    assert source_state(copy, noted) == SourceState()


def test_unreadable_copy_is_reported(copy: Path) -> None:
    noted = seen(copy)
    copy.unlink()
    with pytest.raises(InputError, match=r"feed\.json cannot be read"):
        source_state(copy, noted)


def test_a_pull_notes_what_it_wrote(loopback: LoopbackTenant, tmp_path: Path) -> None:
    job_id = loopback.add_job(1)
    loopback.files["/sites/hr/Shared Documents/feed.json"] = RAW
    loopback.add_log(job_id, b"IdentityNotResolvable\tada@contoso.com\tx\r\n")
    loopback.pull_into(tmp_path)
    library = Library(tmp_path)
    (job,) = library.jobs()
    assert library.source_state(job) == SourceState(SHA)
    source = library.source_file(job)
    assert source is not None
    (noted,) = (one for path, one in library.state.files.items() if path.endswith("/feed.json"))
    host = loopback.origin.removeprefix("https://")
    assert noted == FileSeen(noted.etag, len(RAW), SHA, source.stat().st_mtime_ns, host=host)
    os.utime(source, ns=(0, 0))
    assert library.source_state(job) == SourceState(SHA)
    source.write_bytes(OTHER)
    assert library.source_state(job).changed
    source.unlink()
    assert library.source_state(job) == SourceState()
