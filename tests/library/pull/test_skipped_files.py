"""What a pull cannot have is a note and no failure; what leads out of the tenant or the library is not followed."""

from __future__ import annotations

import errno
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from analyzer.library.mirror import Library
from analyzer.library.model import Choice

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from tests.conftest import Given, LoopbackTenant

FOLDER = "/sites/hr/Shared Documents"


def _files(root: Path) -> set[str]:
    files = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    return {name for name in files if not name.startswith(".upa/")}


@pytest.mark.parametrize("call", ["?$select", "/$value"])
@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "no longer has the file|deleted during the pull"),
        (403, "denied access"),
        (400, "the tenant refused"),
        (423, "the tenant refused"),
    ],
)
def test_a_source_file_that_cannot_be_had_is_a_note(
    loopback: LoopbackTenant, tmp_path: Path, status: int, words: str, call: str
) -> None:
    job_id = loopback.add_job(1, state=4, error=0)
    loopback.files[f"{FOLDER}/feed.json"] = b"{}"
    loopback.fail("feed.json')" + call, status)
    (left,) = loopback.pull_into(tmp_path).skipped
    assert (left.job_id, left.what) == (job_id, "source file")
    assert re.search(words, left.because)
    assert Library(tmp_path).state.notes[job_id].source_missing == left.because
    assert _files(tmp_path) == {"jobs.json"}


def test_a_source_file_on_a_foreign_host_is_a_note_and_the_host_hears_nothing(
    loopback: LoopbackTenant, other_loopback: LoopbackTenant, tmp_path: Path
) -> None:
    uri = f"{other_loopback.origin}{FOLDER}/feed.json"
    other_loopback.files[f"{FOLDER}/feed.json"] = b"theirs"
    loopback.add_job(1, state=4, error=0, SourceUri=uri)
    loopback.add_job(2, error=1, SourceUri=uri, LogFolderUri=f"{other_loopback.origin}{FOLDER}/Logs")
    pulled = loopback.pull_into(tmp_path)
    assert [left.what for left in pulled.skipped] == ["log", "source file", "source file"]
    assert all("leads outside the tenant" in left.because for left in pulled.skipped)
    assert other_loopback.seen == []
    assert _files(tmp_path) == {"jobs.json"}


def test_a_redirect_to_a_foreign_host_is_not_followed(
    loopback: LoopbackTenant, other_loopback: LoopbackTenant, tmp_path: Path, given: type[Given]
) -> None:
    loopback.add_job(1)
    loopback.fail("/Files", given(302, headers={"Location": other_loopback.origin}))
    (log, _) = loopback.pull_into(tmp_path).skipped
    assert "which was not followed" in log.because
    assert other_loopback.seen == []


def test_a_log_folder_that_is_refused_is_asked_for_again_until_it_is_given(
    loopback: LoopbackTenant, tmp_path: Path, at_four: datetime
) -> None:
    job_id = loopback.add_job(1)
    path = loopback.add_log(job_id, b"log")
    loopback.files[f"{FOLDER}/feed.json"] = b"{}"
    loopback.fail("/Files", 403)
    (left,) = loopback.pull_into(tmp_path).skipped
    assert (left.what, "denied access" in left.because) == ("log", True)
    loopback.faults = lambda _seen: None
    loopback.pull_into(tmp_path, now=at_four + timedelta(days=30))
    assert path.lstrip("/") in _files(tmp_path)
    assert Library(tmp_path).state.notes == {}


def test_a_log_file_that_is_refused_does_not_keep_the_others_away(loopback: LoopbackTenant, tmp_path: Path) -> None:
    job_id = loopback.add_job(1, state=5)
    loopback.add_log(job_id, b"first", time="20261123-010000")
    second = loopback.add_log(job_id, b"second", time="20261123-020000")
    loopback.files[f"{FOLDER}/feed.json"] = b"{}"
    loopback.fail("-20261123-010000-000.log')/$value", 403)
    (left,) = loopback.pull_into(tmp_path).skipped
    assert left.what.startswith("log file ImportProfileProperties-")
    assert second.lstrip("/") in _files(tmp_path)


def test_a_log_file_deleted_while_we_look_is_a_note(loopback: LoopbackTenant, tmp_path: Path) -> None:
    job_id = loopback.add_job(1)
    loopback.add_log(job_id, b"log")
    loopback.files[f"{FOLDER}/feed.json"] = b"{}"
    loopback.fail(".log')/$value", 404)
    (left,) = loopback.pull_into(tmp_path).skipped
    assert left.because == "it was deleted during the pull"


@pytest.mark.parametrize(
    "name", ["../../../../evil.log", "..", "a:b.log", "CON", "con.log", "a\\b.log", ".", "x" * 300]
)
def test_a_hostile_log_name_is_a_note_and_leaves_the_library_alone(
    loopback: LoopbackTenant, tmp_path: Path, name: str, given: type[Given]
) -> None:
    job_id = loopback.add_job(1)
    log = loopback.add_log(job_id, b"log")
    loopback.files[f"{FOLDER}/feed.json"] = b"{}"
    good = {"Name": log.rpartition("/")[2], "Length": "3"}
    listing = json.dumps({"value": [{"Name": name, "Length": "4"}, good, {"Name": ""}, {}, "x"]}).encode()
    loopback.fail("/Files", given(body=listing))
    (left,) = loopback.pull_into(tmp_path / "library").skipped
    assert "isn't a safe name" in left.because
    assert _files(tmp_path / "library") == {"jobs.json", log.lstrip("/"), f"{FOLDER}/feed.json".lstrip("/")}
    assert [path.name for path in tmp_path.iterdir()] == ["library"]


@pytest.mark.parametrize("path", ["/../../evil.json", "/jobs.json", "/.upa/pull.json", "/sites/a:b/feed.json"])
def test_a_hostile_source_path_is_a_note(loopback: LoopbackTenant, tmp_path: Path, path: str) -> None:
    loopback.add_job(1, state=4, error=0, SourceUri=loopback.origin + quote(path))
    loopback.files[path] = b"hostile"
    (left,) = loopback.pull_into(tmp_path / "library").skipped
    assert "cannot be mirrored" in left.because
    assert _files(tmp_path / "library") == {"jobs.json"}
    assert b"hostile" not in {path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_of_two_logs_whose_names_differ_in_case_alone_the_second_is_a_note(
    loopback: LoopbackTenant, tmp_path: Path
) -> None:
    job_id = loopback.add_job(1)
    folder = loopback.add_log(job_id, b"").rpartition("/")[0]
    for name in ("A.log", "a.log"):
        loopback.files[f"{folder}/{name}"] = name.encode()
    left = next(left for left in loopback.pull_into(tmp_path).skipped if "log" in left.what)
    assert (left.what, "can't distinguish its name from A.log" in left.because) == ("log file a.log", True)
    assert [path.read_bytes() for path in tmp_path.rglob("[Aa].log")] == [b"A.log"]


def test_a_file_that_never_comes_whole_is_a_note_and_comes_the_next_time(
    loopback: LoopbackTenant, tmp_path: Path, given: type[Given]
) -> None:
    job_id = loopback.add_job(1, state=4, error=0)
    loopback.files[f"{FOLDER}/feed.json"] = content = b"x" * 100_000
    loopback.fail("/$value", given(body=content, cut=70_000))
    pulled = loopback.pull_into(tmp_path)
    assert [(left.job_id, left.what) for left in pulled.skipped] == [(job_id, "source file")]
    assert pulled.fault is not None
    assert "was interrupted" in pulled.fault.what
    assert _files(tmp_path) == {"jobs.json"}
    loopback.faults = lambda _seen: None
    loopback.pull_into(tmp_path)
    assert (tmp_path / FOLDER.lstrip("/") / "feed.json").read_bytes() == content


@pytest.mark.parametrize(
    "answer", [{}, {"value": None}, {"value": [], "odata.nextLink": "/_api/again"}], ids=["none", "null", "endless"]
)
def test_a_folder_whose_listing_is_none_is_a_note_and_the_rest_comes(
    loopback: LoopbackTenant, tmp_path: Path, given: type[Given], answer: dict[str, object]
) -> None:
    odd, good = loopback.add_job(1), loopback.add_job(2, name="other.json")
    loopback.add_log(odd, b"x")
    loopback.add_log(good, b"y", name="other.json")
    listing = given(body=json.dumps(answer).encode())
    loopback.faults = lambda seen: listing if odd in seen.path or "again" in seen.path else None
    loopback.files[f"{FOLDER}/feed.json"] = loopback.files[f"{FOLDER}/other.json"] = b"{}"
    pulled = loopback.pull_into(tmp_path)
    assert [(left.job_id, left.what) for left in pulled.skipped] == [(odd, "log")]
    assert (pulled.log_files, pulled.source_files, pulled.fault is None) == (1, 2, False)
    loopback.faults = lambda _seen: None
    assert loopback.pull_into(tmp_path).log_files == 1


def _source_of(root: Path, job_id: str) -> bytes | None:
    library = Library(root)
    (job,) = (job for job in library.jobs() if job.job_id == job_id)
    path = library.source_file(job)
    return path.read_bytes() if path else None


def test_a_feed_that_uses_one_name_again_leaves_each_job_its_own_version(
    loopback: LoopbackTenant, tmp_path: Path
) -> None:
    path, ids = f"{FOLDER}/feed.json", []
    for number in range(1, 4):
        loopback.files[path] = f"version {number}".encode()
        ids.append(loopback.add_job(number, state=4, error=0))
        loopback.pull_into(tmp_path)
    assert [_source_of(tmp_path, job_id) for job_id in ids] == [b"version 1", b"version 2", b"version 3"]


def test_where_files_have_one_name_alone_an_earlier_version_is_moved(
    loopback: LoopbackTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_paths: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("pathlib.Path.hardlink_to", refuse)
    ids = []
    for number in (1, 2):
        loopback.files[f"{FOLDER}/feed.json"] = f"version {number}".encode()
        ids.append(loopback.add_job(number, state=4, error=0))
        loopback.pull_into(tmp_path)
    assert [_source_of(tmp_path, job_id) for job_id in ids] == [b"version 1", b"version 2"]


@pytest.mark.parametrize("everything", [False, True], ids=["changed", "with --all"])
def test_a_job_keeps_its_version_though_the_tenant_has_the_next_one(
    loopback: LoopbackTenant, tmp_path: Path, *, everything: bool
) -> None:
    path = f"{FOLDER}/feed.json"
    loopback.files[path] = b"version 1"
    first = loopback.add_job(1, state=2, error=0)
    loopback.pull_into(tmp_path)
    loopback.jobs[0] |= {"State": 4}
    loopback.files[path] = b"version 2"
    second = loopback.add_job(2, state=1, error=0)
    loopback.pull_into(tmp_path, choice=Choice(everything=everything))
    assert [_source_of(tmp_path, job_id) for job_id in (first, second)] == [b"version 1", b"version 2"]


def test_a_job_that_was_passed_over_gets_the_version_of_its_own(loopback: LoopbackTenant, tmp_path: Path) -> None:
    path = f"{FOLDER}/feed.json"
    loopback.files[path] = b"version 1"
    first = loopback.add_job(1, state=4, error=0)
    loopback.pull_into(tmp_path)
    loopback.files[path] = b"version 2"
    second = loopback.add_job(2, state=4, error=0)
    loopback.pull_into(tmp_path, choice=Choice(frozenset({first})))
    loopback.pull_into(tmp_path)
    assert [_source_of(tmp_path, job_id) for job_id in (first, second)] == [b"version 1", b"version 2"]


def test_a_job_whose_log_did_not_come_keeps_the_version_that_came(loopback: LoopbackTenant, tmp_path: Path) -> None:
    path = f"{FOLDER}/feed.json"
    loopback.files[path] = b"version 1"
    first = loopback.add_job(1)
    loopback.add_log(first, b"log")
    loopback.fail(".log')/$value", 500)
    assert loopback.pull_into(tmp_path).fault is not None
    loopback.faults = lambda _seen: None
    loopback.files[path] = b"version 2"
    second = loopback.add_job(2, state=4, error=0)
    assert loopback.pull_into(tmp_path).log_files == 1
    assert [_source_of(tmp_path, job_id) for job_id in (first, second)] == [b"version 1", b"version 2"]


def test_the_next_version_is_not_given_to_a_job_whose_own_was_gone(loopback: LoopbackTenant, tmp_path: Path) -> None:
    first = loopback.add_job(1, state=4, error=0)
    loopback.pull_into(tmp_path)
    loopback.files[f"{FOLDER}/feed.json"] = b"version 2"
    second = loopback.add_job(2, state=4, error=0)
    loopback.pull_into(tmp_path)
    assert [_source_of(tmp_path, job_id) for job_id in (first, second)] == [None, b"version 2"]


def test_a_source_file_that_was_kept_away_once_is_the_job_s_own_as_soon_as_it_is_shown(
    loopback: LoopbackTenant, tmp_path: Path
) -> None:
    loopback.files[f"{FOLDER}/feed.json"] = b"{}"
    loopback.add_job(1, state=4, error=0)
    loopback.pull_into(tmp_path)
    second = loopback.add_job(2, state=4, error=0)
    loopback.fail("feed.json')?$select", 403)
    loopback.pull_into(tmp_path)
    assert _source_of(tmp_path, second) is None
    loopback.faults = lambda _seen: None
    assert loopback.pull_into(tmp_path, choice=Choice(everything=True)).received == 0
    assert _source_of(tmp_path, second) == b"{}"


@pytest.mark.parametrize("where", ["/Files", "feed.json')?$select"])
def test_a_place_at_which_the_tenant_fails_is_looked_at_again(
    loopback: LoopbackTenant, tmp_path: Path, at_four: datetime, where: str
) -> None:
    job_id = loopback.add_job(1, state=4, error=0, LogFolderUri=f"{loopback.origin}{FOLDER}/Logs")
    loopback.files |= {f"{FOLDER}/feed.json": b"{}", f"{FOLDER}/Logs/a.log": b"log"}
    loopback.fail(where, 500)
    pulled = loopback.pull_into(tmp_path)
    assert (len(pulled.skipped), pulled.fault is not None) == (1, True)
    assert Library(tmp_path).state.notes[job_id].pending
    loopback.faults = lambda _seen: None
    loopback.pull_into(tmp_path, now=at_four + timedelta(days=9))
    assert _files(tmp_path) == {"jobs.json", f"{FOLDER}/feed.json".lstrip("/"), f"{FOLDER}/Logs/a.log".lstrip("/")}


def test_refused_log_folder_falls_back_to_the_one_beside_the_source(loopback: LoopbackTenant, tmp_path: Path) -> None:
    job_id = loopback.add_job(1, LogFolderUri="https://fabrikam.sharepoint.com/sites/hr/Logs")
    path = loopback.add_log(job_id, b"IdentityNotResolvable\tada@contoso.com\t?\r\n")
    loopback.files[f"{FOLDER}/feed.json"] = b"{}"
    pulled = loopback.pull_into(tmp_path)
    assert (pulled.log_files, pulled.skipped) == (1, [])
    assert (tmp_path / path.lstrip("/")).is_file()


@pytest.mark.parametrize("error", [20, 21, 22])
def test_errors_that_come_without_a_log_ask_for_none_and_say_nothing_of_it(
    loopback: LoopbackTenant, tmp_path: Path, error: int
) -> None:
    loopback.add_job(1, error=error)
    pulled = loopback.pull_into(tmp_path)
    assert [left.what for left in pulled.skipped] == ["source file"]
    assert not [seen for seen in loopback.seen if "getFolder" in seen.path]


@pytest.mark.parametrize("name", ["ETag", "TimeLastModified", "message"])
def test_half_a_surrogate_pair_in_an_answer_ends_no_pull(
    loopback: LoopbackTenant, given: type[Given], tmp_path: Path, name: str
) -> None:
    job_id = loopback.add_job(1, state=4, error=0)
    loopback.files[f"{FOLDER}/feed.json"] = b"{}"
    file = {"Name": "feed.json", "Length": "2", "ETag": '"1"', "TimeLastModified": "2026-11-23T02:00:00Z"}
    error = {"odata.error": {"code": "-1", "message": {"value": "half \ud800"}}}
    body = json.dumps(error if name == "message" else {**file, name: "half \ud800"}).encode()
    loopback.fail("feed.json')?$select", given(400 if name == "message" else 200, body))
    left = loopback.pull_into(tmp_path).skipped
    assert [one.because[-6:] for one in left] == (["half ?"] if name == "message" else [])
    notes = Library(tmp_path).state.notes
    assert (job_id in notes and bool(notes[job_id].source_missing)) == (name == "message")
