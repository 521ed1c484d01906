from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran


def test_the_demo_ends_without_open_users_in_its_feed_and_can_be_run_again(
    upa: Callable[..., Ran], tmp_path: Path
) -> None:
    for _ in range(2):
        ran = upa("demo", "--out", "out")
        *_, answer, report = ran.out.splitlines()
        assert ran.code == 0
        assert re.match(r"hr-feed: 0 of 295 users open; retried by .*: 12 of 12 updated \(cc75e06b, ", answer)
        assert [tmp_path / report] == list((tmp_path / "out" / "contoso" / "reports").glob("index.html"))
    retries = [path.name for path in (tmp_path / "out" / "contoso" / "retry").glob("*-retry.json")]
    assert [name.partition("-2026")[0] for name in retries] == ["badges-feed"]
    assert {path.name for path in tmp_path.iterdir()} == {"out"}


def test_the_commands_that_the_demo_ends_with_run_as_they_are(upa: Callable[..., Ran], tmp_path: Path) -> None:
    ran = upa("demo", "--out", "a b")
    lines = [shlex.split(line.removeprefix("next: ")) for line in ran.err.splitlines() if line.startswith("next: ")]
    show, retry, report = lines[-3:]
    assert [show[:2], retry[:2], report[:2]] == [["upa-analyzer", word] for word in ("show", "retry", "report")]
    assert "Retried by " in upa(*show[1:]).out
    (made,) = upa(*retry[1:]).out.splitlines()
    assert (tmp_path / made).parent == tmp_path / "a b" / "contoso" / "retry"
    assert upa(*report[1:]).out.strip() == ran.out.splitlines()[-1]
    assert {path.name for path in tmp_path.iterdir()} == {"a b"}


def test_the_demo_does_not_write_over_a_file(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    ran = upa("demo", "--out", "out")
    assert (ran.code, ran.out) == (5, "")
    assert "out is a file" in ran.err
    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"


def test_without_its_extra_the_emulator_says_how_to_get_it(
    upa: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    ran = upa("demo")
    assert ran.code == 2
    assert 'pip install "upa-analyzer[emulator]"' in ran.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_the_emulator(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "analyzer", "emulator", str(sample_library())],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        ready = json.loads(process.stdout.readline())
        assert set(ready) == {
            *("admin_url", "site_url", "library_url", "token", "ca_file", "tenant_id", "client_id", "authority"),
        }
        process.send_signal(signal.SIGINT)
        assert process.wait() in (0, 130)
        assert "Traceback" not in process.stderr.read()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "a service manager"])
def test_an_end_in_the_middle_of_the_demo_leaves_what_was_there(
    upa: Callable[..., Ran], tmp_path: Path, how: signal.Signals
) -> None:
    upa("demo", "--out", "out")
    (index,) = (tmp_path / "out" / "contoso" / "reports").glob("index.html")
    report = index.read_bytes()
    with subprocess.Popen(
        [sys.executable, "-m", "analyzer", "demo", "--out", "out"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()  # it has begun
        process.send_signal(how)
        _, errors = process.communicate()
    assert process.returncode == 130
    assert "upa-analyzer: interrupted." in errors
    assert "Traceback" not in errors
    assert index.read_bytes() == report
    assert not list(tmp_path.rglob("*.part"))
    assert upa("demo", "--out", "out").code == 0


def test_the_demo_as_json_is_json(upa: Callable[..., Ran], tmp_path: Path) -> None:
    content = upa("demo", "--json", "--out", "out").json
    assert content["retry"].endswith("-retry.json")
    assert (tmp_path / content["report"]).is_file()
    second = {job["job_id"]: job for job in content["jobs"]}[content["second_run"]]
    assert (second["outcome"], second["not_updated"]) == ("succeeded", 0)


def test_the_demo_completes_though_its_output_is_closed(tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-m", "analyzer", "demo", "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline().startswith("badges-feed: ")
        running.stdout.close()
        assert running.stderr is not None
        content = running.stderr.read()
    assert running.returncode == 0
    assert "Open the report in a browser" in content
