from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from analyzer.errors import InputError, SignInError, UnreachableError
from analyzer.history.load import load
from analyzer.library.mirror import Library
from analyzer.library.model import Choice
from analyzer.library.pull.pull import SETTLED_AFTER, pull

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Given, LoopbackTenant

NOW = datetime.fromisoformat("2026-11-23T04:00:00+00:00")
FOLDER = "/sites/hr/Shared Documents"


def _three_jobs(tenant: LoopbackTenant) -> tuple[str, str, str]:
    """One partial with a log, one aborted with a log beside its source, one that succeeded."""
    partial = tenant.add_job(1, name="people.json")
    tenant.add_log(
        partial, b"IdentityNotResolvable\tada@contoso.com\tUser identity cannot be resolved\r\n", name="people.json"
    )
    aborted = tenant.add_job(2, error=23, name="badges.json")
    tenant.add_log(aborted, b"\xff\xfeD\x00\x00", name="badges.json")
    succeeded = tenant.add_job(3, state=4, error=0, name="phones.json")
    for name in ("people", "badges", "phones"):
        tenant.files[f"{FOLDER}/{name}.json"] = b'{"value": [{"mail": "' + name.encode() + b'@contoso.com"}]}\n'
    return partial, aborted, succeeded


def _mirrored(root: Path) -> dict[str, bytes]:
    """Every file of the library but our own, by server-relative path."""
    files = {f"/{path.relative_to(root).as_posix()}": path for path in root.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if not name.startswith("/.upa/")}


def _stamps(root: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in root.rglob("*") if path.is_file()}


def test_the_first_pull_mirrors_every_file_byte_for_byte(loopback: LoopbackTenant, tmp_path: Path) -> None:
    ids = _three_jobs(loopback)
    pulled = loopback.pull_into(tmp_path)
    mirrored = _mirrored(tmp_path)
    assert json.loads(mirrored.pop("/jobs.json")) == {"value": loopback.jobs}
    assert mirrored == loopback.files
    assert (pulled.new, pulled.log_files, pulled.source_files, pulled.skipped) == ([*ids], 2, 3, [])
    assert pulled.received == sum(map(len, loopback.files.values()))
    noted = {path: (seen.sha256, seen.modified_ns) for path, seen in Library(tmp_path).state.files.items()}
    assert noted == {
        path: (hashlib.sha256(content).hexdigest(), (tmp_path / path[1:]).stat().st_mtime_ns)
        for path, content in loopback.files.items()
    }


def test_a_second_pull_asks_for_the_list_and_once_for_each_folder_that_may_change(
    loopback: LoopbackTenant, tmp_path: Path
) -> None:
    _three_jobs(loopback)
    loopback.pull_into(tmp_path)
    loopback.seen.clear()
    loopback.pull_into(tmp_path, now=NOW + timedelta(hours=1))
    assert [unquote(seen.path).rpartition("/")[2] for seen in loopback.seen] == [
        "GetImportProfilePropertyJobs",
        "Files",
        "Files",
    ]


def test_a_pull_after_the_logs_have_settled_asks_for_the_list_alone(loopback: LoopbackTenant, tmp_path: Path) -> None:
    _three_jobs(loopback)
    loopback.pull_into(tmp_path)
    loopback.seen.clear()
    loopback.pull_into(tmp_path, now=NOW + SETTLED_AFTER)
    assert len(loopback.seen) == 1


def test_a_second_pull_writes_nothing_but_its_time(loopback: LoopbackTenant, tmp_path: Path) -> None:
    _three_jobs(loopback)
    loopback.pull_into(tmp_path)
    before = _stamps(tmp_path)
    pulled = loopback.pull_into(tmp_path, now=NOW + timedelta(hours=1))
    after = _stamps(tmp_path)
    assert {path for path in after if after[path] != before.get(path)} == {str(tmp_path / ".upa" / "pull.json")}
    assert after.keys() == before.keys()
    assert (pulled.new, pulled.changed, pulled.received) == ([], [], 0)


def test_without_our_own_files_a_pull_fetches_nothing_again(loopback: LoopbackTenant, tmp_path: Path) -> None:
    _three_jobs(loopback)
    loopback.pull_into(tmp_path)
    for path in (tmp_path / ".upa").iterdir():
        path.unlink()
    mirrored = _mirrored(tmp_path)
    pulled = loopback.pull_into(tmp_path)
    assert (_mirrored(tmp_path), pulled.received) == (mirrored, 0)


def test_a_job_that_the_tenant_forgot_is_kept_and_marked_once(loopback: LoopbackTenant, tmp_path: Path) -> None:
    partial, *_ = _three_jobs(loopback)
    loopback.pull_into(tmp_path)
    forgotten = loopback.jobs.pop(0)
    loopback.files.clear()
    for expected in ([partial], []):
        pulled = loopback.pull_into(tmp_path)
        assert (pulled.gone, pulled.changed) == (expected, [])
    kept = json.loads((tmp_path / "jobs.json").read_bytes())["value"]
    assert kept == [*loopback.jobs, {**forgotten, "Gone": True}]
    library = Library(tmp_path)
    (job,) = (job for job in library.jobs() if job.job_id == partial)
    assert library.source_file(job) is not None
    assert len(library.log_files(job)) == 1


def test_a_log_that_grew_is_fetched_again(loopback: LoopbackTenant, tmp_path: Path) -> None:
    job_id = loopback.add_job(1)
    path = loopback.add_log(job_id, b"one\r\n")
    loopback.pull_into(tmp_path)
    loopback.files[path] += b"two\r\n"
    assert loopback.pull_into(tmp_path, now=NOW + timedelta(hours=1)).log_files == 1
    assert (tmp_path / path.lstrip("/")).read_bytes() == b"one\r\ntwo\r\n"


def test_a_job_that_changed_is_an_observation_with_the_pull_before_it(loopback: LoopbackTenant, tmp_path: Path) -> None:
    job_id = loopback.add_job(1, state=2, error=0)
    loopback.pull_into(tmp_path)
    loopback.jobs[0]["State"] = 4
    later = NOW + timedelta(hours=1)
    assert loopback.pull_into(tmp_path, now=later).changed == [job_id]
    seen = Library(tmp_path).state.observations
    assert [(one.state, one.observed_at, one.previous_pull_at) for one in seen] == [(2, NOW, None), (4, later, NOW)]


@pytest.mark.parametrize("state", [1, 2, 3])
def test_a_job_that_has_not_ended_has_no_log_to_ask_for(loopback: LoopbackTenant, tmp_path: Path, state: int) -> None:
    loopback.add_job(1, state=state, error=0)
    pulled = loopback.pull_into(tmp_path)
    assert not any("/Files" in seen.path for seen in loopback.seen)
    assert [left.what for left in pulled.skipped] == ["source file"]


def test_a_job_that_failed_without_a_log_says_so(loopback: LoopbackTenant, tmp_path: Path) -> None:
    job_id = loopback.add_job(1, error=1)
    loopback.files[f"{FOLDER}/feed.json"] = b"{}"
    (left,) = loopback.pull_into(tmp_path).skipped
    assert (left.job_id, left.what, left.because) == (job_id, "log", "the tenant has no log folder for it")


def test_a_library_of_another_tenant_is_left_alone(loopback: LoopbackTenant, tmp_path: Path) -> None:
    listed = {"JobId": "a", "State": 4, "SourceUri": "https://fabrikam.sharepoint.com/a.json"}
    (tmp_path / "jobs.json").write_text(json.dumps({"value": [listed]}), encoding="utf-8")
    with pytest.raises(InputError, match=r"library of fabrikam\.sharepoint\.com"):
        loopback.pull_into(tmp_path)
    assert loopback.seen == []


@pytest.mark.parametrize("where", ["/Files", ".log')/$value", ".json')?$select", ".json')/$value"])
def test_a_token_that_ends_in_the_middle_ends_the_pull_and_nothing_counts_as_known(
    loopback: LoopbackTenant, tmp_path: Path, where: str
) -> None:
    _three_jobs(loopback)
    loopback.fail(where, 401)
    with pytest.raises(SignInError):
        loopback.pull_into(tmp_path)
    loopback.faults = lambda _seen: None
    assert len(loopback.pull_into(tmp_path).new) == 3
    assert loopback.files.items() <= _mirrored(tmp_path).items()


@pytest.mark.parametrize("wanted", ["00000002", "00000002-BD0E-49ec-8c9c-c4cfe370248c"])
def test_of_a_chosen_job_alone_the_files_are_fetched(loopback: LoopbackTenant, tmp_path: Path, wanted: str) -> None:
    _three_jobs(loopback)
    loopback.pull_into(tmp_path, choice=Choice(frozenset({wanted})))
    fetched = _mirrored(tmp_path)
    assert len(json.loads(fetched.pop("/jobs.json"))["value"]) == 3
    assert fetched == {path: content for path, content in loopback.files.items() if "badges" in path}


def test_what_a_pull_of_one_job_passed_over_the_next_one_brings(loopback: LoopbackTenant, tmp_path: Path) -> None:
    _three_jobs(loopback)
    loopback.pull_into(tmp_path, choice=Choice(frozenset({"00000002"})))
    loopback.pull_into(tmp_path, now=NOW + timedelta(days=9))
    assert loopback.files.items() <= _mirrored(tmp_path).items()
    loopback.seen.clear()
    loopback.pull_into(tmp_path, now=NOW + timedelta(days=18))
    assert len(loopback.seen) == 1


def test_a_job_that_the_tenant_does_not_list_is_an_error_with_the_nearest(
    loopback: LoopbackTenant, tmp_path: Path
) -> None:
    _, aborted, _ = _three_jobs(loopback)
    with pytest.raises(InputError) as refused:
        loopback.pull_into(tmp_path, choice=Choice(frozenset({"0000002a"})))
    assert "the tenant has no job '0000002a'" in refused.value.what
    assert aborted in refused.value.advice
    assert _mirrored(tmp_path) == {}


def test_since_leaves_out_what_ran_before_and_all_brings_it(loopback: LoopbackTenant, tmp_path: Path) -> None:
    old, new = loopback.add_job(1, name="old.json"), loopback.add_job(2, name="new.json")
    old_log = loopback.add_log(old, b"old", name="old.json", time="20261101-020000")
    new_log = loopback.add_log(new, b"new", name="new.json", time="20261122-020000")
    loopback.files |= {f"{FOLDER}/old.json": b"[1]", f"{FOLDER}/new.json": b"[2]"}
    pulled = loopback.pull_into(tmp_path, choice=Choice(since=NOW - timedelta(days=7)))
    assert set(_mirrored(tmp_path)) == {"/jobs.json", new_log, f"{FOLDER}/new.json"}
    assert [(left.job_id, left.what) for left in pulled.skipped] == [(old, "log")]
    assert "--since" in pulled.skipped[0].because
    loopback.pull_into(tmp_path)
    assert old_log not in _mirrored(tmp_path)
    loopback.pull_into(tmp_path, choice=Choice(everything=True))
    assert loopback.files.items() <= _mirrored(tmp_path).items()
    assert Library(tmp_path).state.notes == {}


@pytest.mark.parametrize(
    ("name", "modified", "taken"),
    [
        ("a.log", "2026-11-15T23:59:59Z", False),
        ("a.log", "2026-11-16T00:00:00Z", True),
        ("a.log", "2026-11-01T00:00:00", True),  # of which zone nobody knows
        ("a.log", "soon", True),
        ("a.log", "", True),
        ("ImportProfileProperties-{}-20261116-000000-000-000.log", "2026-11-01T00:00:00Z", True),
        ("ImportProfileProperties-{}-20261115-235959-999-000.log", "2026-11-22T00:00:00Z", False),
    ],
)
def test_since_goes_by_the_time_in_a_log_s_name_else_by_the_tenant_s(  # noqa: PLR0913 - fixtures and cases
    loopback: LoopbackTenant, tmp_path: Path, given: type[Given], name: str, modified: str, *, taken: bool
) -> None:
    job_id = loopback.add_job(1)
    listed = {"Name": name.format(job_id), "Length": "3", "TimeLastModified": modified}
    listing, content = given(body=json.dumps({"value": [listed]}).encode()), given(body=b"log")
    loopback.faults = lambda seen: (
        listing if seen.path.endswith("/Files") else content if ".log" in unquote(seen.path) else None
    )
    since = datetime.fromisoformat("2026-11-16T00:00:00+00:00")
    assert loopback.pull_into(tmp_path, choice=Choice(since=since)).log_files == taken


def test_an_empty_log_folder_is_none_that_since_leaves_out(
    loopback: LoopbackTenant, tmp_path: Path, given: type[Given]
) -> None:
    job_id = loopback.add_job(1)
    loopback.files[f"{FOLDER}/feed.json"] = b"{}"
    loopback.fail("/Files", given(body=b'{"value": []}'))
    assert loopback.pull_into(tmp_path, choice=Choice(since=NOW)).skipped == []
    assert job_id not in Library(tmp_path).state.notes


def test_all_looks_again_at_folders_that_have_settled(loopback: LoopbackTenant, tmp_path: Path) -> None:
    partial, *_ = _three_jobs(loopback)
    loopback.pull_into(tmp_path)
    late = loopback.add_log(partial, b"late", name="people.json", time="20261123-090000")
    loopback.pull_into(tmp_path, now=NOW + timedelta(days=9))
    assert late not in _mirrored(tmp_path)
    assert loopback.pull_into(tmp_path, choice=Choice(everything=True)).log_files == 1
    assert _mirrored(tmp_path)[late] == b"late"


def test_progress_shows_nothing_of_a_signed_address(loopback: LoopbackTenant, tmp_path: Path) -> None:
    loopback.add_job(1, SourceUri=f"{loopback.origin}{FOLDER}/feed.json?tempauth=s/cret")
    told: list[str] = []
    pull(loopback.tenant(), Library(tmp_path), now=NOW, progress=lambda _done, _total, doing: told.append(doing))
    assert "feed.json" in told
    assert not [doing for doing in told if "cret" in doing]


def test_progress_names_each_source_file_and_ends_whole(loopback: LoopbackTenant, tmp_path: Path) -> None:
    _three_jobs(loopback)
    told: list[tuple[int, int, str]] = []
    pull(loopback.tenant(), Library(tmp_path), now=NOW, progress=lambda *step: told.append(step))
    assert {"people.json", "badges.json", "phones.json"} <= {doing for _, _, doing in told}
    assert [done for done, _, _ in told] == [*range(len(told))]
    assert told[-1] == (len(told) - 1, len(told) - 1, "")


def test_a_tenant_that_cannot_be_reached_leaves_the_library_as_it_was(loopback: LoopbackTenant, tmp_path: Path) -> None:
    _three_jobs(loopback)
    loopback.pull_into(tmp_path)
    before = _stamps(tmp_path)
    tenant = loopback.tenant()
    loopback.close()
    with pytest.raises(UnreachableError, match="can't be reached"):
        pull(tenant, Library(tmp_path), now=NOW)
    assert _stamps(tmp_path) == before


def test_a_reader_that_begins_before_a_pull_and_ends_after_it_takes_nothing_back(
    loopback: LoopbackTenant, tmp_path: Path
) -> None:
    loopback.add_job(1, state=4, error=0)
    loopback.files[f"{FOLDER}/feed.json"] = b'{"value":[{"IdName":"ada@contoso.com"}]}'
    loopback.pull_into(tmp_path)
    reader = Library(tmp_path)
    loopback.add_job(2, error=1, name="other.json")
    loopback.pull_into(tmp_path)
    pulled = {path.name: path.read_bytes() for path in (tmp_path / ".upa").iterdir()}
    load(reader)
    assert {path.name: path.read_bytes() for path in (tmp_path / ".upa").iterdir()} == pulled
    assert pulled.keys() == {"files.json", "notes.json", "observations.json", "pull.json"}
