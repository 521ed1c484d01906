"""The script that makes ``sample_logs/``, run as a person runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent.parent
SAMPLES = CHECKOUT / "sample_logs"


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _make(folder: Path) -> str:
    script = CHECKOUT / "tools" / "make_samples.py"
    made = subprocess.run([sys.executable, script, folder], capture_output=True, check=True, encoding="utf-8")
    return made.stdout


def test_making_them_again_gives_the_same_bytes(tmp_path: Path) -> None:
    _make(tmp_path)
    made, kept = _files(tmp_path), _files(SAMPLES)
    assert made.keys() == kept.keys()
    assert [path for path in made if made[path] != kept[path]] == []


def test_a_second_run_changes_nothing_and_names_a_stranger(tmp_path: Path) -> None:
    _make(tmp_path)
    (tmp_path / "mine.txt").write_bytes(b"kept")
    again = _make(tmp_path)
    assert "; 0 new or changed\n" in again
    assert again.endswith("not of the samples: mine.txt\n")
    assert (tmp_path / "mine.txt").read_bytes() == b"kept"


def test_a_file_that_was_changed_is_put_right_and_counted(tmp_path: Path) -> None:
    _make(tmp_path)
    (tmp_path / "jobs.json").write_bytes(b"{}")
    assert "; 1 new or changed\n" in _make(tmp_path)
    assert (tmp_path / "jobs.json").read_bytes() == (SAMPLES / "jobs.json").read_bytes()
