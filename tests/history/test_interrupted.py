"""An ingest that dies at any step: the next one leaves the tables of an ingest that nothing disturbed."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from analyzer.history.ingest import ingest
from analyzer.history.store import Store
from analyzer.library.mirror import Library
from tests.history.nights import USERS, write_log, write_nights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOST_STEPS = 200


class Died(BaseException):
    """The process ends: nothing that it does afterwards has an effect."""


class Disk:
    """Counts the steps that change names of files, and ends the process at one of them.

    Attributes:
        steps: how many there were.
    """

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, folder: Path, last: int = MOST_STEPS, *, carried_out: bool = False
    ) -> None:
        """Begin to count.

        Args:
            monkeypatch: restores the functions.
            folder: only steps in this folder count.
            last: the step at which the process ends.
            carried_out: whether that step has its effect.
        """
        self.steps = 0
        self._folder, self._last, self._carried_out = str(folder), last, carried_out
        for name in ("replace", "rename", "unlink", "rmdir"):
            monkeypatch.setattr(os, name, self._counted(getattr(os, name)))

    def _counted(self, change: Callable[..., None]) -> Callable[..., None]:
        def step(*places: Any, **options: Any) -> None:  # noqa: ANN401 - as for the system's own
            if not str(places[0]).startswith(self._folder):
                change(*places, **options)
                return
            self.steps += os.path.lexists(places[0])  # other steps fail and change nothing
            if self.steps < self._last or (self.steps == self._last and self._carried_out):
                change(*places, **options)
            if self.steps >= self._last:
                raise Died

        return step


@pytest.fixture
def behind(tmp_path: Path) -> Path:
    """A history of three nights whose library has two more, and more lines in an earlier log."""
    folder = tmp_path / "behind"
    write_nights(folder / "library", [1, 2, 3])
    bring_up_to_date(folder)
    write_nights(folder / "library", [4, 5])
    write_log(folder / "library", 2, USERS[1:8])
    return folder


def bring_up_to_date(folder: Path) -> None:
    ingest(Library(folder / "library"), Store(folder / "history"))


def tables(folder: Path) -> dict[str, pl.DataFrame]:
    """All tables by their path, without what is kept only to save work."""
    history = folder / "history"
    found = {path.relative_to(history).as_posix(): pl.read_parquet(path) for path in history.rglob("*.parquet")}
    return found | {"jobs.parquet": found["jobs.parquet"].drop("record")}


def assert_equal(found: dict[str, pl.DataFrame], expected: dict[str, pl.DataFrame]) -> None:
    assert found.keys() == expected.keys()
    for name, table in found.items():
        assert table.equals(expected[name]), name


def test_an_ingest_that_died_at_any_step_is_completed_by_the_next(behind: Path, tmp_path: Path) -> None:
    shutil.copytree(behind, tmp_path / "undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        disk = Disk(patch, tmp_path)
        bring_up_to_date(tmp_path / "undisturbed")
    assert 5 < disk.steps < MOST_STEPS
    expected = tables(tmp_path / "undisturbed")
    for step in range(1, disk.steps + 1):
        for carried_out in (False, True):
            folder = tmp_path / f"died-{step}-{carried_out}"
            shutil.copytree(behind, folder)
            with pytest.MonkeyPatch.context() as patch:
                Disk(patch, folder, step, carried_out=carried_out)
                with pytest.raises(Died):
                    bring_up_to_date(folder)
            bring_up_to_date(folder)
            assert_equal(tables(folder), expected)
            assert not list(folder.rglob("*.part"))


def test_the_same_library_twice_changes_no_file(behind: Path) -> None:
    bring_up_to_date(behind)
    before = {path: path.stat().st_mtime_ns for path in (behind / "history").glob("*/*/*.parquet")}
    assert before
    bring_up_to_date(behind)
    assert {path: path.stat().st_mtime_ns for path in (behind / "history").glob("*/*/*.parquet")} == before


def test_nights_one_by_one_leave_the_tables_of_all_at_once(tmp_path: Path) -> None:
    for night in range(1, 6):
        write_nights(tmp_path / "one" / "library", [night])
        bring_up_to_date(tmp_path / "one")
    shutil.copytree(tmp_path / "one" / "library", tmp_path / "all" / "library")
    bring_up_to_date(tmp_path / "all")
    assert_equal(tables(tmp_path / "one"), tables(tmp_path / "all"))
