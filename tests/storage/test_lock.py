"""One command at a time: between two real processes, also after one was killed."""

from __future__ import annotations

import errno
import re
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.errors import LockedError, OutputError
from analyzer.storage.files import sample_library
from analyzer.storage.lock import HOLDER, LOCK, data_lock
from tests.conftest import TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import LoopbackTenant, Ran, Seen

_FOLDER = Path("upa-data", "contoso")
_AT = datetime(2026, 11, 23, 2, 40, tzinfo=UTC)


@pytest.fixture
def pulling(
    loopback: LoopbackTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[subprocess.Popen[str]]:
    """Another process in the midst of a pull, which ends when its job list is answered."""
    monkeypatch.setenv("UPA_TOKEN", TOKEN)
    tenant = f'admin_url = "{loopback.origin}"\nauth = "token"\nca_file = "{loopback.ca_file.as_posix()}"\n'
    (tmp_path / "upa-analyzer.toml").write_text(f"[tenants.contoso]\n{tenant}", encoding="utf-8")
    asked, go_on = threading.Event(), threading.Event()

    def hold_the_first(_seen: Seen) -> None:
        if not asked.is_set():
            asked.set()
            go_on.wait()

    loopback.faults = hold_the_first
    command = [sys.executable, "-m", "analyzer", "pull"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        asked.wait()
        process.go_on = go_on.set  # type: ignore[attr-defined]
        yield process
        go_on.set()
        process.kill()


def test_the_second_is_told_at_once_who_holds_the_folder(
    upa: Callable[..., Ran], pulling: subprocess.Popen[str]
) -> None:
    held = rf"upa-analyzer pull since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(process {pulling.pid} on \S+\)"
    for words in ["run"], ["pull"], ["report"], ["retry", "d797cc3f"]:
        ran = upa(*words)
        assert (ran.code, ran.out) == (5, "")
        what, advice = ran.err.splitlines()
        assert re.fullmatch(rf"upa-analyzer: {re.escape(str(_FOLDER))} is in use by {held}\.", what)
        assert advice == "              Try again when it has ended."


def test_the_first_ends_as_if_there_had_been_no_second(
    upa: Callable[..., Ran], pulling: subprocess.Popen[Any], tmp_path: Path
) -> None:
    assert upa("pull").code == 5
    pulling.go_on()  # type: ignore[attr-defined]
    out, err = pulling.communicate()
    assert (pulling.returncode, err) == (0, "")
    assert out.startswith("Pulled 0 new jobs")
    assert not (tmp_path / _FOLDER / HOLDER).exists()
    assert upa("pull").code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_lock_whose_holder_was_killed_is_none(
    upa: Callable[..., Ran], pulling: subprocess.Popen[str], tmp_path: Path
) -> None:
    pulling.send_signal(signal.SIGKILL)
    assert pulling.wait() == -signal.SIGKILL
    assert (tmp_path / _FOLDER / HOLDER).exists()
    ran = upa("pull")
    assert (ran.code, ran.err) == (0, "")


def test_what_writes_elsewhere_needs_no_lock(
    upa: Callable[..., Ran], pulling: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert pulling.poll() is None
    ran = upa("retry", "869b00a6", "--library", sample_library(), "-o", tmp_path / "elsewhere.json")
    assert ran.code in {0, 1}
    assert upa("jobs", "--library", sample_library()).code == 0


def test_the_demo_holds_its_own_folder(upa: Callable[..., Ran], tmp_path: Path) -> None:
    with data_lock(tmp_path / "out" / "contoso", "demo", pytest.fail, now=lambda: _AT):
        ran = upa("demo", "--out", "out")
    assert ran.code == 5
    assert ran.err.startswith(
        f"upa-analyzer: {Path('out', 'contoso')} is in use by upa-analyzer demo since 2026-11-23 02:40:00 UTC (process "
    )


@pytest.mark.parametrize("text", [None, b"", b"{}", b"\xff", b'{"command": "\xff"}'])
def test_a_holder_who_left_no_word_holds_all_the_same(tmp_path: Path, text: bytes | None) -> None:
    with data_lock(tmp_path, "pull", pytest.fail):
        if text is None:
            (tmp_path / HOLDER).unlink()
        else:
            (tmp_path / HOLDER).write_bytes(text)
        with (
            pytest.raises(LockedError, match="is in use by another upa-analyzer"),
            data_lock(tmp_path, "x", pytest.fail),
        ):
            pytest.fail("two at once")


@pytest.mark.parametrize("words", [("pull",), ("retry", "12345678"), ("report",)], ids=" ".join)
def test_a_command_that_comes_to_nothing_leaves_no_folder(
    upa: Callable[..., Ran], tmp_path: Path, words: tuple[str, ...]
) -> None:
    assert upa(*words).code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said_plainly(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    text = 'data = "file/data"\n[tenants.contoso]\nadmin_url = "https://contoso-admin.sharepoint.com"\n'
    (tmp_path / "upa-analyzer.toml").write_text(text, encoding="utf-8")
    ran = upa("pull")
    assert ran.code == 5
    assert ran.err.splitlines() == [
        f"upa-analyzer: {Path('file/data/contoso')} cannot be written: a part of its path isn't a folder.",
        "              Choose another place; what was there before is unchanged.",
    ]


@pytest.mark.parametrize(
    "error",
    [*map(OSError, (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP), 3 * ("none",)), NotImplementedError()],
    ids=repr,
)
def test_where_nothing_can_be_locked_the_work_goes_on_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    _fail_to_lock(monkeypatch, error)
    said: list[str] = []
    with data_lock(tmp_path, "pull", said.append):
        assert (tmp_path / HOLDER).exists()
    (line,) = said
    assert line.startswith(f"Files in {tmp_path} cannot be locked: ")


def test_a_lock_that_may_not_be_had_is_a_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fail_to_lock(monkeypatch, PermissionError(errno.EACCES, "Permission denied", str(tmp_path / LOCK)))
    with pytest.raises(OutputError, match="cannot be written: permission denied"), data_lock(tmp_path, "x", print):
        pytest.fail("nothing is locked")


@pytest.mark.parametrize("command", ["pull", "doctor"])
def test_a_lock_file_that_may_not_be_opened_is_named_and_not_the_folder(
    upa: Callable[..., Ran], tmp_path: Path, command: str
) -> None:
    (tmp_path / _FOLDER / LOCK).mkdir(parents=True)  # as good as another account's, and so for every account
    tenant = 'admin_url = "https://127.0.0.1:9"\nauth = "token"\n'
    (tmp_path / "upa-analyzer.toml").write_text(f"[tenants.contoso]\n{tenant}", encoding="utf-8")
    ran = upa(command)
    told = " ".join((ran.out + ran.err).split())
    assert f"{_FOLDER / LOCK} cannot be used: " in told
    assert "If another account made it, have one account run upa-analyzer" in told


def _fail_to_lock(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr("filelock.FileLock.acquire", fail)
