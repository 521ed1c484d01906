"""Which reports of earlier days are removed; ``tests/cli/test_keeping.py`` has the source files."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from analyzer.history.keep import Swept, remove_reports
from analyzer.library.removal import Removed

if TYPE_CHECKING:
    from pathlib import Path

BEFORE = date(2026, 8, 31)


def _write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"page")


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def test_pages_of_earlier_days_are_removed_with_the_folders_that_become_empty(tmp_path: Path) -> None:
    kept = ["index.html", "jobs/a.html", "days/2026-08-31.html", "2026-08-31/index.html", "data/jobs.csv"]
    old = ["days/2026-08-30.html", *(f"2026-08-30/{name}" for name in ("index.html", "jobs/a.html", "data/jobs.csv"))]
    _write(tmp_path, *kept, *old, "2025-01-01-selection/index.html")
    assert remove_reports(tmp_path, BEFORE) == Removed(5, 20)
    assert _files(tmp_path) == sorted(kept)
    assert not (tmp_path / "2026-08-30").exists()
    assert not (tmp_path / "2025-01-01-selection").exists()


@pytest.mark.parametrize(
    "name",
    [
        "2026-08-30/notes.txt",
        "2026-08-30/jobs/deeper/a.html",
        "2026-08-30-mine/index.html",
        "2026-02-30/index.html",
        "20260830/index.html",
        "days/2026-08-30.html.bak",
        "days/2026-08-30-selection/index.html",
        "2026-08-30.html",
        "days/2026-08-30",
    ],
)
def test_what_is_not_ours_stays(tmp_path: Path, name: str) -> None:
    _write(tmp_path, name)
    assert remove_reports(tmp_path, BEFORE) == Removed()
    assert _files(tmp_path) == [name]


def test_a_linked_folder_is_not_entered(tmp_path: Path) -> None:
    _write(tmp_path / "elsewhere", "index.html")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "2026-08-30").symlink_to(tmp_path / "elsewhere")
    assert remove_reports(tmp_path / "reports", BEFORE) == Removed()
    assert _files(tmp_path / "elsewhere") == ["index.html"]


def test_without_a_folder_nothing_is_removed(tmp_path: Path) -> None:
    assert remove_reports(tmp_path / "reports", BEFORE) == Removed()


def test_the_sentence_names_what_was_removed() -> None:
    assert Swept(Removed(), Removed(), Removed()).sentence == ""
    both = Swept(Removed(2, 3_000), Removed(1, 20), Removed())
    assert both.sentence == (
        "Removed 2 copies of source files (3.0 kB) and 1 report file (20 bytes), as keep_sources and keep_reports say."
    )
