"""What killed processes have left in a report's folder, and what is not theirs."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from analyzer.report.staging import staging

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_AT_WORK = """
import os, sys
from pathlib import Path
from analyzer.report.staging import staging
with staging(Path(sys.argv[1])) as folder:
    (folder / "new" / "jobs").mkdir(parents=True)
    (folder / "new" / "jobs" / "a.html").write_bytes(b"page")
    print(folder, flush=True)
    sys.stdin.read()
    os._exit(9)
"""


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that makes a report; it dies when its input ends."""
    command = [sys.executable, "-c", _AT_WORK, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def _names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_what_a_killed_process_has_left_is_removed_by_the_next(at_work: subprocess.Popen[str], tmp_path: Path) -> None:
    at_work.communicate("")
    assert at_work.returncode == 9
    assert any(name.endswith("new/jobs/a.html") for name in _names(tmp_path))
    with staging(tmp_path) as folder:
        assert {name.partition("/")[0] for name in _names(tmp_path)} == {folder.name, f"{folder.name}.lock"}
    assert _names(tmp_path) == []


def test_what_another_process_is_at_work_in_stays(at_work: subprocess.Popen[str], tmp_path: Path) -> None:
    before = _names(tmp_path)
    with staging(tmp_path):
        pass
    assert _names(tmp_path) == before
    assert at_work.poll() is None


def _age(path: Path, hours: float) -> None:
    then = path.stat().st_mtime - hours * 3600
    os.utime(path, (then, then))


@pytest.mark.parametrize(("hours", "stays"), [(0, True), (2, False)], ids=["now", "two hours ago"])
@pytest.mark.parametrize("name", [".upa-report-ab1_zz9q", ".upa-report-ab12zz9q.lock"], ids=["folder", "lock"])
def test_what_has_no_lock_is_removed_once_it_is_old(tmp_path: Path, name: str, hours: float, *, stays: bool) -> None:
    path = tmp_path / name
    if name.endswith(".lock"):
        path.touch()
    else:
        (path / "new").mkdir(parents=True)
        _age(path / "new", hours)
    _age(path, hours)
    with staging(tmp_path):
        assert path.exists() == stays


@pytest.mark.parametrize(
    "name",
    [
        ".upa-report-0123abcd/mine.txt",
        ".upa-report-0123abcd-mine/new/a.html",
        ".upa-report-mine/new/a.html",
        "upa-report-0123abcd/new/a.html",
        ".upa-report-0123abcd",
        "new/a.html",
    ],
)
def test_what_is_not_ours_stays_however_old_it_is(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"mine")
    for one in (path, *list(path.parents)[: name.count("/")]):
        _age(one, 100)
    with staging(tmp_path):
        assert path.read_bytes() == b"mine"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_that_is_called_as_ours_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "new").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".upa-report-0123abcd").symlink_to(tmp_path / "elsewhere")
    _age(tmp_path / "elsewhere" / "new", 100)
    _age(tmp_path / "elsewhere", 100)
    with staging(tmp_path / "out"):
        pass
    assert (tmp_path / "elsewhere" / "new").is_dir()


def test_where_nothing_can_be_locked_the_report_is_made_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr("filelock.FileLock.acquire", fail)
    with staging(tmp_path) as folder:
        (folder / "new").mkdir()
    assert _names(tmp_path) == []
