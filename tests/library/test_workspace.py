"""One folder a tenant, and what becomes of the folders of version 0.1."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import LockedError, OutputError, UsageError
from analyzer.library.workspace import Workspace, move_old_layout
from analyzer.storage.files import sample_library
from analyzer.storage.lock import HOLDER, LOCK, data_lock
from analyzer.storage.manifest_file import FileEntry, Manifest, RetryFileEntry
from tests.conftest import FOLDER, TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.conftest import LoopbackTenant, Ran, Seen

_LOCKS = {LOCK, HOLDER}


def _id(number: int) -> str:
    return f"{number:08d}-bd0e-49ec-8c9c-c4cfe370248c"


def _files(root: Path) -> dict[str, bytes]:
    found = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if name.rpartition("/")[2] not in _LOCKS}


def _put(root: Path, name: str, content: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def _library(data: Path, name: str, *job_ids: str) -> None:
    jobs = [{"JobId": job_id, "State": 5, "Error": 30} for job_id in job_ids]
    _put(data, f"library/{name}/jobs.json", json.dumps({"value": jobs}))
    _put(data, f"library/{name}/.upa/pull.json", '{"pulled_at": "2026-11-23T03:40:00Z"}')


def _manifest(job_id: str | None, files: Sequence[str], companions: Sequence[str] = ()) -> str:
    manifest = Manifest(
        job_id=job_id,
        outcome="partial",
        sentence="2 users.",
        source=FileEntry("feed.json", 2),
        logs=[],
        files=[RetryFileEntry(name, 2) for name in files],
        companions=[FileEntry(name, 2) for name in companions],
        complete=True,
    )
    return manifest.as_json().decode()


def _retry(data: Path, job_id: str | None, stem: str = "") -> list[str]:
    """A retry file in two parts with its companions; their names."""
    stem = stem or f"feed-{job_id}-retry"
    parts, beside = [f"{stem}-1-of-2.json", f"{stem}-2-of-2.json"], [f"{stem}.unmatched.csv"]
    for name in [*parts, *beside]:
        _put(data, f"retry/{name}", name)
    _put(data, f"retry/{stem}.manifest.json", _manifest(job_id, parts, beside))
    return [*parts, *beside, f"{stem}.manifest.json"]


def _moved(data: Path) -> list[str]:
    said: list[str] = []
    move_old_layout(data, "run", said.append)
    return said


def test_with_one_tenant_everything_moves_and_one_line_says_so(tmp_path: Path) -> None:
    _library(tmp_path, "contoso", _id(1))
    _retry(tmp_path, _id(1))
    _put(tmp_path, "retry/by-hand.json", "{}")
    _put(tmp_path, "reports/2026-11-23/index.html", "page")
    before = _files(tmp_path)
    said = _moved(tmp_path)
    assert said == [f"Moved {tmp_path} to one folder for each tenant: contoso."]
    expected = {"contoso/" + name.replace("library/contoso", "library"): content for name, content in before.items()}
    assert _files(tmp_path) == expected
    assert {path.name for path in tmp_path.iterdir()} - _LOCKS == {"contoso"}
    assert _moved(tmp_path) == []


def test_ambiguous_files_of_several_tenants_stay_and_are_listed(tmp_path: Path) -> None:
    _library(tmp_path, "contoso", _id(1), _id(3))
    _library(tmp_path, "fabrikam", _id(2), _id(3))
    ours, theirs, both, bare = (
        _retry(tmp_path, job_id, stem) for job_id, stem in ((_id(1), ""), (_id(2), ""), (_id(3), ""), (None, "bare"))
    )
    _put(tmp_path, "retry/unknown.json", "{}")
    _put(tmp_path, "retry/odd.manifest.json", "{")
    _put(tmp_path, "reports/2026-11-23/index.html", "page")
    (line,) = _moved(tmp_path)
    assert line == (
        f"Moved {tmp_path} to one folder for each tenant: contoso and fabrikam. Left in place, because it isn't clear"
        f" which tenant they belong to, or the name is taken: {tmp_path / 'reports'} (1 item) and"
        f" {tmp_path / 'retry'} (10 items)."
    )
    files = _files(tmp_path).keys()
    assert {name for name in files if name.startswith("contoso/retry/")} == {f"contoso/retry/{name}" for name in ours}
    assert {name for name in files if name.startswith("fabrikam/retry")} == {
        f"fabrikam/retry/{name}" for name in theirs
    }
    left = [*both, *bare, "unknown.json", "odd.manifest.json"]
    assert {name for name in files if name.startswith("retry/")} == {f"retry/{name}" for name in left}
    assert "reports/2026-11-23/index.html" in files
    assert _moved(tmp_path) == []


class _KilledError(BaseException):
    """Ends the process."""


@pytest.mark.parametrize("tenants", [1, 2])
def test_next_command_finishes_an_interrupted_move(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tenants: int
) -> None:
    def fill(data: Path) -> Path:
        for number, name in enumerate(["contoso", "fabrikam"][:tenants], 1):
            _library(data, name, _id(number))
            _retry(data, _id(number))
        _put(data, "reports/2026-11-23/index.html", "page")
        return data

    _moved(fill(tmp_path / "undisturbed"))
    expected = _files(tmp_path / "undisturbed")
    rename = Path.rename
    for at in range(1, 20):
        data = fill(tmp_path / str(at))
        left = at

        def killing(path: Path, target: Path) -> Path:
            nonlocal left
            left -= 1
            if not left:
                raise _KilledError
            return rename(path, target)

        with monkeypatch.context() as killed:
            killed.setattr(Path, "rename", killing)
            try:
                _moved(data)
            except _KilledError:
                pass
            else:
                break
        _moved(data)
        assert _files(data) == expected
    assert at == {1: 4, 2: 11}[tenants]


def test_of_two_commands_at_once_one_moves_and_both_go_on(tmp_path: Path) -> None:
    _library(tmp_path, "contoso", _id(1))
    said: list[str] = []
    errors: list[Exception] = []
    begin = threading.Barrier(4)

    def command(number: int) -> None:
        begin.wait()
        try:
            with Workspace(tmp_path, f"tenant{number}").held("run", said.append):
                pass
        except Exception as error:  # noqa: BLE001 - shown by the assertion
            errors.append(error)

    threads = [threading.Thread(target=command, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (errors, len(said)) == ([], 1)
    assert (tmp_path / "contoso" / "library" / "jobs.json").is_file()


def test_what_another_version_is_writing_is_not_moved(tmp_path: Path) -> None:
    _library(tmp_path, "contoso", _id(1))
    with data_lock(tmp_path, "run", pytest.fail), pytest.raises(LockedError, match="in use by upa-analyzer run"):
        move_old_layout(tmp_path, "report", pytest.fail, wait=0)
    assert (tmp_path / "library" / "contoso" / "jobs.json").is_file()


@pytest.mark.parametrize("name", ["library", "retry", "Reports"])
def test_what_a_tenant_called_as_an_old_folder_has_left_stays_where_it_is(tmp_path: Path, name: str) -> None:
    _library(tmp_path, name, _id(1))
    _retry(tmp_path, _id(1))
    before = _files(tmp_path)
    assert _moved(tmp_path) == []
    assert _files(tmp_path) == before


def test_a_place_that_is_taken_is_not_written_over(tmp_path: Path) -> None:
    _library(tmp_path, "contoso", _id(1))
    for day in ("2026-11-22", "2026-11-23"):
        _put(tmp_path, f"reports/{day}/index.html", "old")
    _put(tmp_path, "contoso/reports/2026-11-23/index.html", "new")
    (line,) = _moved(tmp_path)
    assert f"{tmp_path / 'reports'} (1 item)" in line
    days = tmp_path / "contoso" / "reports"
    assert [(days / day / "index.html").read_text("utf-8") for day in ("2026-11-22", "2026-11-23")] == ["old", "new"]
    assert (tmp_path / "reports" / "2026-11-23" / "index.html").read_text("utf-8") == "old"


@pytest.mark.parametrize("name", ["../../outside.json", "/etc/hosts", "sub/x.json", ".."])
def test_a_manifest_that_names_files_elsewhere_moves_nothing(tmp_path: Path, name: str) -> None:
    data = tmp_path / "data"
    _put(tmp_path, "outside.json", "theirs")
    for number, tenant in enumerate(("contoso", "fabrikam"), 1):
        _library(data, tenant, _id(number))
    _put(data, "retry/sub/x.json", "x")
    _put(data, "retry/a.manifest.json", _manifest(_id(1), [name]))
    _moved(data)
    assert (tmp_path / "outside.json").read_text("utf-8") == "theirs"
    assert (data / "retry" / "sub" / "x.json").is_file()
    assert not (data / "contoso" / "retry").exists()


def test_a_folder_that_cannot_be_moved_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    _library(tmp_path, "contoso", _id(1))
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OutputError, match="library cannot be written: permission denied"):
        _moved(tmp_path)


@pytest.mark.parametrize(
    ("library", "name"),
    [
        ("data/contoso/library", "contoso"),
        ("data/library/contoso", "contoso"),
        ("sent", "contoso.sharepoint.com"),
        ("data/library", "contoso.sharepoint.com"),
    ],
)
def test_the_results_of_a_library_go_to_its_tenant_s_folder(tmp_path: Path, library: str, name: str) -> None:
    shutil.copytree(sample_library(), tmp_path / library)
    assert Workspace.of_library(tmp_path / "data", tmp_path / library) == Workspace(tmp_path / "data", name)


def test_the_results_of_a_tenant_s_folder_elsewhere_go_to_that_folder(tmp_path: Path) -> None:
    library = tmp_path / "upa-demo" / "contoso" / "library"
    shutil.copytree(sample_library(), library)
    assert Workspace.of_library(tmp_path / "data", library).root == tmp_path / "data" / "contoso.sharepoint.com"
    (library.parent / ".upa-lock").touch()
    assert Workspace.of_library(tmp_path / "data", library).root == library.parent


@pytest.mark.parametrize("named", ["data/contoso/library", "real/contoso/library", "data/other/../contoso/library"])
def test_a_library_is_its_tenant_s_however_its_path_is_written(tmp_path: Path, named: str) -> None:
    shutil.copytree(sample_library(), tmp_path / "real" / "contoso" / "library")
    (tmp_path / "real" / "other").mkdir()
    data = tmp_path / "data"
    data.symlink_to(tmp_path / "real")
    assert Workspace.of_library(data, tmp_path / named) == Workspace(data, "contoso")


@pytest.mark.parametrize("host", ["..", "a:b@c/d", "retry", "con"])
def test_a_library_that_somebody_sent_names_no_folder_of_ours(tmp_path: Path, host: str) -> None:
    jobs = {"value": [{"JobId": _id(1), "State": 4, "Error": 0, "LogFolderUri": f"https://{host}/Logs"}]}
    _put(tmp_path, "sent/jobs.json", json.dumps(jobs))
    name = Workspace.of_library(tmp_path / "data", tmp_path / "sent").name
    assert name.startswith("library-") or name in ("c", "a")


@pytest.mark.parametrize("name", ["", "..", "a/b", "library", "Retry", "REPORTS", ".hidden", "con", "a."])
def test_invalid_tenant_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="tenant"):
        Workspace(tmp_path, name)


@pytest.mark.parametrize("folder", ["", "retry"])
def test_what_a_killed_command_was_writing_is_removed_by_the_next(tmp_path: Path, folder: str) -> None:
    place = tmp_path / "contoso" / folder
    place.mkdir(parents=True)
    for name in (".feed-retry.json.0123abcd.part", "feed-retry.json", ".hidden", "a.part"):
        (place / name).touch()
    with Workspace(tmp_path, "contoso").held("run", pytest.fail):
        left = {path.name for path in place.iterdir()} - _LOCKS
    assert left == {"feed-retry.json", ".hidden", "a.part"}


def _tenants(tmp_path: Path, **tenants: LoopbackTenant) -> None:
    tables = [
        f'[tenants.{name}]\nadmin_url = "{tenant.origin}"\nauth = "token"\ntoken_env = "{name.upper()}"\n'
        f'ca_file = "{tenant.ca_file.as_posix()}"\n'
        for name, tenant in tenants.items()
    ]
    (tmp_path / "upa-analyzer.toml").write_text("".join(tables), encoding="utf-8")


def _fill(tenant: LoopbackTenant, number: int, user: str) -> str:
    job_id = tenant.add_job(number)
    tenant.add_log(job_id, f"IdentityNotResolvable\t{user}\tUser identity cannot be resolved\r\n".encode())
    records = [{"mail": user, "City": "Kiel"}, {"mail": f"other-{user}", "City": "Oslo"}]
    tenant.files[f"{FOLDER}/feed.json"] = json.dumps({"value": records}).encode()
    return job_id


@pytest.fixture
def two(
    upa: Callable[..., Ran],
    loopback: LoopbackTenant,
    other_loopback: LoopbackTenant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Ran]:
    """The command, with two tenants whose people differ."""
    for name in ("CONTOSO", "FABRIKAM"):
        monkeypatch.setenv(name, TOKEN)
    _tenants(tmp_path, contoso=loopback, fabrikam=other_loopback)
    _fill(loopback, 1, "ada@contoso.com")
    _fill(other_loopback, 2, "bob@fabrikam.com")
    return upa


def test_no_tenant_s_people_are_in_another_tenant_s_folder(two: Callable[..., Ran], tmp_path: Path) -> None:
    for _ in range(2):
        for name in ("contoso", "fabrikam"):
            assert two("run", "--tenant", name).code == 0
    for name, domain, theirs in (("contoso", b"@contoso.com", b"fabrikam"), ("fabrikam", b"@fabrikam.com", b"contoso")):
        files = _files(tmp_path / "upa-data" / name)
        assert {path.partition("/")[0] for path in files} == {
            "library",
            "history",
            "retry",
            "reports",
            "remarks.json",
        }
        assert any(domain in content for path, content in files.items() if "/jobs/" in path)
        assert [path for path, content in files.items() if theirs in content] == []
    assert {path.name for path in (tmp_path / "upa-data").iterdir()} == {"contoso", "fabrikam"}


def test_two_tenants_are_pulled_at_the_same_time(
    two: Callable[..., Ran], loopback: LoopbackTenant, tmp_path: Path
) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def hold_the_first(_seen: Seen) -> None:
        if not asked.is_set():
            asked.set()
            go_on.wait()

    loopback.faults = hold_the_first
    command = [sys.executable, "-m", "analyzer", "run", "--tenant", "contoso"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ
    ) as process:
        asked.wait()
        assert two("run", "--tenant", "fabrikam").code == 0
        held = two("run", "--tenant", "contoso")
        go_on.set()
        process.communicate()
    assert (process.returncode, held.code) == (0, 5)
    assert f"{Path('upa-data', 'contoso')} is in use by upa-analyzer run" in held.err


def test_a_library_of_version_0_1_is_read_where_it_is_and_moved_by_what_writes(
    two: Callable[..., Ran], tmp_path: Path
) -> None:
    two("run", "--tenant", "contoso")
    data = tmp_path / "upa-data"
    for kind in ("retry", "reports"):
        (data / "contoso" / kind).rename(data / kind)
    (data / "library").mkdir()
    (data / "contoso" / "library").rename(data / "library" / "contoso")
    shutil.rmtree(data / "contoso")
    before = _files(data)
    assert two("jobs", "--tenant", "contoso").code == 0
    after = _files(data)
    assert {path: after[path] for path in before} == before
    assert {path.split("/")[1] for path in after.keys() - before.keys()} == {"history"}
    old = Path("upa-data", "library", "contoso")
    ran = two("report", old, "--tenant", "contoso")
    assert (ran.code, ran.out.startswith(str(Path("upa-data", "contoso", "reports")))) == (0, True)
    assert "Moved upa-data to one folder for each tenant: contoso." in ran.err
    assert {path.name for path in data.iterdir()} - _LOCKS == {"contoso"}
    again = two("jobs", "--library", old)
    assert (again.code, "Moved" in again.err) == (0, False)
