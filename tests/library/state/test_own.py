from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import InputError
from analyzer.library.mirror import Library
from analyzer.library.state.model import Counted, FileSeen, JobNotes, Observation, PullTime
from analyzer.library.state.own import Own, PullState

if TYPE_CHECKING:
    from pathlib import Path

_NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def _seen(job_id: str = "a", state: int = 1, *, previous: datetime | None = None, at: datetime = _NOW) -> Observation:
    return Observation(job_id, at, previous, state, 0)


def test_of_a_folder_without_ours_nothing_is_known_and_nothing_is_written(tmp_path: Path) -> None:
    own = PullState(tmp_path)
    own.save()
    assert (own.last_pull, own.observations, own.files, own.notes) == (None, [], {}, {})
    assert list(tmp_path.iterdir()) == []


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    own = PullState(tmp_path)
    own.observe(_seen())
    own.files["/sites/a"] = FileSeen('"1"', 12)
    own.note("a", log_missing="it was refused", pending=True)
    own.counts["sites/a"] = Counted(12, 5, users=3)
    own.save()
    own.save_counts()
    own.save_pull(PullTime(_NOW, "contoso.sharepoint.com"))
    assert own.last_pull == PullTime(_NOW, "contoso.sharepoint.com")
    again = Own(tmp_path)
    assert again.observations == [_seen()]
    assert again.files == {"/sites/a": FileSeen('"1"', 12)}
    assert again.notes == {"a": JobNotes(log_missing="it was refused", pending=True)}
    assert again.counts == own.counts
    assert again.last_pull == PullTime(_NOW, "contoso.sharepoint.com")


def test_only_files_that_changed_are_written(tmp_path: Path) -> None:
    own = PullState(tmp_path)
    own.note("a", source_missing="gone")
    own.save()
    assert [path.name for path in (tmp_path / ".upa").iterdir()] == ["notes.json"]
    (tmp_path / ".upa" / "notes.json").unlink()
    own.save()
    assert list((tmp_path / ".upa").iterdir()) == []


def test_the_order_in_which_things_were_noted_changes_no_file(tmp_path: Path) -> None:
    own = PullState(tmp_path)
    for job_id in ("b", "a"):
        own.note(job_id, pending=True)
    own.save()
    (tmp_path / ".upa" / "notes.json").unlink()
    own.note("b", pending=False)
    own.note("b", pending=True)
    own.save()
    assert list((tmp_path / ".upa").iterdir()) == []


def test_a_note_that_says_nothing_any_more_is_forgotten(tmp_path: Path) -> None:
    own = PullState(tmp_path)
    own.note("a", log_missing="it was refused")
    own.note("a", log_missing=None)
    assert own.notes == {}


@pytest.mark.parametrize("content", [b"{", b'"\xff"', b"[1]", b'{"a": {"source": 5}}', b'{"\xff": {}}'])
@pytest.mark.parametrize("name", ["notes", "files", "observations", "pull"])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / ".upa").mkdir()
    (tmp_path / ".upa" / f"{name}.json").write_bytes(content)
    own = PullState(tmp_path)
    (damage,) = own.damaged
    assert f"{name}.json is damaged" in damage.what
    assert "Restore it, or move it away" in damage.advice
    own.note("a", log_missing="it was refused")
    for step in (own.save, own.save_counts, own.begin_pull):
        with pytest.raises(InputError, match="is damaged"):
            step()
    assert (tmp_path / ".upa" / f"{name}.json").read_bytes() == content
    assert [path.name for path in (tmp_path / ".upa").iterdir()] == [f"{name}.json"]


def test_a_pull_that_broke_off_does_not_make_its_observations_twice(tmp_path: Path) -> None:
    own = PullState(tmp_path)
    for attempt in range(3):
        own.observe(_seen("a", at=_NOW + timedelta(minutes=attempt)))
        own.observe(_seen("b", at=_NOW + timedelta(minutes=attempt)))
    assert own.observations == [_seen("a"), _seen("b")]


def test_a_state_that_changed_between_two_attempts_is_an_observation(tmp_path: Path) -> None:
    own = PullState(tmp_path)
    for state in (1, 2, 1):
        own.observe(_seen("a", state))
    assert [seen.state for seen in own.observations] == [1, 2, 1]


def test_the_same_state_after_another_pull_is_an_observation(tmp_path: Path) -> None:
    own = PullState(tmp_path)
    own.observe(_seen("a"))
    own.observe(_seen("a", previous=_NOW))
    assert len(own.observations) == 2


def test_a_file_that_cannot_be_read_is_damaged(tmp_path: Path) -> None:
    (tmp_path / ".upa" / "notes.json").mkdir(parents=True)
    (damage,) = Own(tmp_path).damaged
    assert "cannot be read: it is a folder" in damage.what


def test_another_error_in_the_same_state_is_an_observation(tmp_path: Path) -> None:
    own = PullState(tmp_path)
    for error in (23, 30):
        own.observe(Observation("a", _NOW, None, 5, error))
    assert [seen.error for seen in own.observations] == [23, 30]


def test_a_reader_has_no_way_to_write_more_than_counts() -> None:
    public = {name for name in dir(Own) if not name.startswith("_")}
    assert public == {"save_counts"}
    assert not hasattr(Library, "save_jobs")


def test_a_reader_writes_its_counts_and_nothing_else_of_what_it_changed(tmp_path: Path) -> None:
    reader = Own(tmp_path)
    reader.notes["a"] = JobNotes(pending=True)
    reader.observations.append(_seen())
    reader.files["/sites/a"] = FileSeen('"1"', 12)
    reader.counts["sites/a"] = Counted(12, 5, users=3)
    reader.save_counts()
    assert [path.name for path in (tmp_path / ".upa").iterdir()] == ["counts.json"]


def test_of_two_readers_the_last_one_s_counts_stay_whole(tmp_path: Path) -> None:
    first, second = Own(tmp_path), Own(tmp_path)
    first.counts["sites/a"] = Counted(12, 5, users=3)
    second.counts["sites/b"] = Counted(13, 6, users=4)
    first.save_counts()
    second.save_counts()
    assert Own(tmp_path).counts == second.counts


@pytest.mark.parametrize(("age", "stays"), [(0, True), (7200, False)], ids=["now", "two hours ago"])
def test_counts_that_a_reader_may_be_writing_are_left_to_it(tmp_path: Path, age: int, *, stays: bool) -> None:
    part = tmp_path / ".upa" / ".counts.json.0123abcd.part"
    part.parent.mkdir()
    part.touch()
    os.utime(part, (then := part.stat().st_mtime - age, then))
    PullState(tmp_path).begin_pull()
    assert part.exists() == stays
