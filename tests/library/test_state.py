"""What a pull that was killed has left, and what the next one makes of it."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from analyzer.errors import InputError, OutputError
from analyzer.library.mirror import Library
from analyzer.library.model import FileSeen, JobNotes, Observation, PullTime
from analyzer.library.state import JOURNAL, Begun, Journal, LibraryState, Noted, Placed, WritableState

if TYPE_CHECKING:
    from pathlib import Path


_NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def _seen(job_id: str = "a", state: int = 1, *, previous: datetime | None = None, at: datetime = _NOW) -> Observation:
    return Observation(job_id, at, previous, state, 0)


def test_of_a_folder_without_ours_nothing_is_known_and_nothing_is_written(tmp_path: Path) -> None:
    own = WritableState(tmp_path)
    own.save()
    assert (own.last_pull, own.observations, own.files, own.notes) == (None, [], {}, {})
    assert list(tmp_path.iterdir()) == []


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    own = WritableState(tmp_path)
    own.observe(_seen())
    own.files["/sites/a"] = FileSeen('"1"', 12)
    own.note("a", log_missing="it was refused", pending=True)
    own.save()
    own.save_pull(PullTime(_NOW, "contoso.sharepoint.com"))
    assert own.last_pull == PullTime(_NOW, "contoso.sharepoint.com")
    again = LibraryState(tmp_path)
    assert again.observations == [_seen()]
    assert again.files == {"/sites/a": FileSeen('"1"', 12)}
    assert again.notes == {"a": JobNotes(log_missing="it was refused", pending=True)}
    assert again.last_pull == PullTime(_NOW, "contoso.sharepoint.com")


def test_only_files_that_changed_are_written(tmp_path: Path) -> None:
    own = WritableState(tmp_path)
    own.note("a", source_missing="gone")
    own.save()
    assert [path.name for path in (tmp_path / ".upa").iterdir()] == ["notes.json"]
    (tmp_path / ".upa" / "notes.json").unlink()
    own.save()
    assert list((tmp_path / ".upa").iterdir()) == []


def test_the_order_in_which_things_were_noted_changes_no_file(tmp_path: Path) -> None:
    own = WritableState(tmp_path)
    for job_id in ("b", "a"):
        own.note(job_id, pending=True)
    own.save()
    (tmp_path / ".upa" / "notes.json").unlink()
    own.note("b", pending=False)
    own.note("b", pending=True)
    own.save()
    assert list((tmp_path / ".upa").iterdir()) == []


def test_a_note_that_says_nothing_any_more_is_forgotten(tmp_path: Path) -> None:
    own = WritableState(tmp_path)
    own.note("a", log_missing="it was refused")
    own.note("a", log_missing=None)
    assert own.notes == {}


@pytest.mark.parametrize("content", [b"{", b'"\xff"', b"[1]", b'{"a": {"source": 5}}', b'{"\xff": {}}'])
@pytest.mark.parametrize("name", ["notes", "files", "observations", "pull"])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / ".upa").mkdir()
    (tmp_path / ".upa" / f"{name}.json").write_bytes(content)
    own = WritableState(tmp_path)
    (damage,) = own.damaged
    assert f"{name}.json is damaged" in damage.what
    assert "Restore it, or move it away" in damage.advice
    own.note("a", log_missing="it was refused")
    for step in (own.save, own.begin_pull):
        with pytest.raises(InputError, match="is damaged"):
            step()
    assert (tmp_path / ".upa" / f"{name}.json").read_bytes() == content
    assert [path.name for path in (tmp_path / ".upa").iterdir()] == [f"{name}.json"]


def test_a_pull_that_broke_off_does_not_make_its_observations_twice(tmp_path: Path) -> None:
    own = WritableState(tmp_path)
    for attempt in range(3):
        own.observe(_seen("a", at=_NOW + timedelta(minutes=attempt)))
        own.observe(_seen("b", at=_NOW + timedelta(minutes=attempt)))
    assert own.observations == [_seen("a"), _seen("b")]


def test_a_state_that_changed_between_two_attempts_is_an_observation(tmp_path: Path) -> None:
    own = WritableState(tmp_path)
    for state in (1, 2, 1):
        own.observe(_seen("a", state))
    assert [seen.state for seen in own.observations] == [1, 2, 1]


def test_the_same_state_after_another_pull_is_an_observation(tmp_path: Path) -> None:
    own = WritableState(tmp_path)
    own.observe(_seen("a"))
    own.observe(_seen("a", previous=_NOW))
    assert len(own.observations) == 2


def test_a_file_that_cannot_be_read_is_damaged(tmp_path: Path) -> None:
    (tmp_path / ".upa" / "notes.json").mkdir(parents=True)
    (damage,) = LibraryState(tmp_path).damaged
    assert "cannot be read: it is a folder" in damage.what


def test_another_error_in_the_same_state_is_an_observation(tmp_path: Path) -> None:
    own = WritableState(tmp_path)
    for error in (23, 30):
        own.observe(Observation("a", _NOW, None, 5, error))
    assert [seen.error for seen in own.observations] == [23, 30]


def test_a_reader_has_no_way_to_write() -> None:
    assert not {name for name in dir(LibraryState) if not name.startswith("_")}
    assert not hasattr(Library, "save_jobs")


_PATH = "/sites/hr/a.log"
_PART = "sites/hr/.a.log.0123abcd.part"
_SEEN = FileSeen('"2"', 3, "hash", 5)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library that a pull was writing when it was killed."""
    (tmp_path / "sites" / "hr").mkdir(parents=True)
    (tmp_path / "sites" / "hr" / "a.log").write_bytes(b"old")
    return tmp_path


def _left(library: Path, *steps: Begun | Placed | Noted) -> None:
    (library / ".upa").mkdir()
    lines = [msgspec.json.encode(step) + b"\n" for step in steps]
    (library / ".upa" / JOURNAL).write_bytes(b"".join(lines))


def _files(library: Path) -> dict[str, bytes]:
    return {path.relative_to(library).as_posix(): path.read_bytes() for path in library.rglob("*") if path.is_file()}


def test_what_was_being_written_is_removed(library: Path) -> None:
    _left(library, Begun(_PART))
    (library / _PART).write_bytes(b"half")
    WritableState(library).begin_pull()
    assert _files(library) == {"sites/hr/a.log": b"old"}


def test_what_was_whole_goes_to_its_place(library: Path) -> None:
    _left(library, Begun(_PART), Placed(_PART, _PATH, _SEEN))
    (library / _PART).write_bytes(b"new")
    assert LibraryState(library).files == {}
    own = WritableState(library)
    own.begin_pull()
    assert (own.files, LibraryState(library).files) == ({_PATH: _SEEN}, {_PATH: _SEEN})
    assert _files(library).keys() == {"sites/hr/a.log", ".upa/files.json"}
    assert (library / "sites" / "hr" / "a.log").read_bytes() == b"new"


def test_what_was_in_its_place_already_is_known_at_once(library: Path) -> None:
    _left(library, Begun(_PART), Placed(_PART, _PATH, _SEEN), Noted("a", JobNotes(fetched=True)))
    own = LibraryState(library)
    assert (own.files, own.notes) == ({_PATH: _SEEN}, {"a": JobNotes(fetched=True)})


@pytest.mark.parametrize("cut", [2, 10, 40])
def test_a_line_that_was_being_written_counts_as_not_written(library: Path, cut: int) -> None:
    _left(library, Noted("a", JobNotes(pending=True)), Noted("b", JobNotes(pending=True)))
    path = library / ".upa" / JOURNAL
    path.write_bytes(path.read_bytes()[:-cut])
    assert LibraryState(library).notes == {"a": JobNotes(pending=True)}


@pytest.mark.parametrize("part", ["../outside.part", "jobs.json", "sites/hr/a.log", "/etc/.x.0123abcd.part", ""])
def test_a_journal_that_somebody_sent_removes_and_moves_nothing_else(library: Path, part: str) -> None:
    outside = library.parent / "outside.part"
    outside.write_bytes(b"theirs")
    (library / "jobs.json").write_bytes(b'{"value": []}')
    (library / _PART).write_bytes(b"whole")
    before = _files(library)
    _left(library, Begun(part), Placed(part, "/sites/hr/b.log", _SEEN), Placed(_PART, "/../c", _SEEN))
    WritableState(library).begin_pull()
    assert {name: content for name, content in _files(library).items() if not name.startswith(".upa")} == before
    assert outside.read_bytes() == b"theirs"


def test_journal_is_removed_after_saving(library: Path) -> None:
    own = WritableState(library)
    own.begin_pull()
    own.note("a", pending=True)
    assert (library / ".upa" / JOURNAL).is_file()
    own.save()
    assert {path.name for path in (library / ".upa").iterdir()} == {"notes.json"}


def test_our_own_files_that_were_being_written_are_removed(library: Path) -> None:
    (library / ".upa").mkdir()
    for name in (".upa/.files.json.0123abcd.part", ".jobs.json.89abcdef.part"):
        (library / name).write_bytes(b"half")
    WritableState(library).begin_pull()
    assert _files(library).keys() == {"sites/hr/a.log"}


@pytest.mark.parametrize("torn", [b'{"type":"beg', b"\0" * 20, b'{"type":"begun","part":"\xff"}\n'])
def test_behind_a_torn_line_a_new_journal_is_begun(library: Path, torn: bytes) -> None:
    _left(library)
    (library / ".upa" / JOURNAL).write_bytes(torn)
    own = WritableState(library)
    own.begin_pull()
    own.note("a", pending=True)
    assert LibraryState(library).notes == {"a": JobNotes(pending=True)}
    own.save()


def test_steps_after_a_damaged_line_are_ignored(library: Path) -> None:
    _left(library, Noted("a", JobNotes(pending=True)), Noted("b", JobNotes(pending=True)))
    path = library / ".upa" / JOURNAL
    first, second = path.read_bytes().splitlines()
    path.write_bytes(first + b"\n{\n" + second + b"\n")
    assert LibraryState(library).notes == {"a": JobNotes(pending=True)}


def test_after_a_save_the_journal_goes_on(library: Path) -> None:
    own = WritableState(library)
    own.begin_pull()
    for job_id in ("a", "b"):
        own.note(job_id, pending=True)
        own.save()
    own.note("c", pending=True)
    assert LibraryState(library).notes.keys() == {"a", "b", "c"}
    own.save()


def test_a_hidden_file_that_is_not_ours_stays(library: Path) -> None:
    (library / ".DS_Store").write_bytes(b"theirs")
    WritableState(library).begin_pull()
    assert (library / ".DS_Store").read_bytes() == b"theirs"


def test_folder_in_place_of_the_file_is_reported(library: Path) -> None:
    _left(library, Placed(_PART, "/sites/hr/folder", _SEEN))
    (library / _PART).write_bytes(b"new")
    (library / "sites" / "hr" / "folder").mkdir()
    with pytest.raises(OutputError, match="folder cannot be written: it is a folder"):
        WritableState(library).begin_pull()
    (library / "other" / JOURNAL).mkdir(parents=True)
    with pytest.raises(OutputError, match=f"{JOURNAL} cannot be written: it is a folder"):
        Journal(library / "other").write(Begun(_PART))


def test_a_file_that_could_not_be_removed_is_removed_by_the_pull_after_next(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _left(library, Begun(_PART))
    (library / _PART).write_bytes(b"half")
    with monkeypatch.context() as held:
        held.setattr("pathlib.Path.unlink", _refuse_parts)
        WritableState(library).begin_pull()
    assert (library / _PART).exists()
    own = WritableState(library)
    own.begin_pull()
    own.save()
    assert _files(library).keys() == {"sites/hr/a.log"}


def test_a_file_of_this_pull_that_could_not_be_removed_is_removed_by_the_next(library: Path) -> None:
    own = WritableState(library)
    own.begin_pull()
    for number in (1, 2):
        own.begun(library / f"sites/hr/.a.log.0123abc{number}.part")
    (library / "sites/hr/.a.log.0123abc1.part").write_bytes(b"half")
    own.save()
    assert [step for step in Journal(library / ".upa").steps() if isinstance(step, Begun)] == [
        Begun("sites/hr/.a.log.0123abc1.part")
    ]
    WritableState(library).begin_pull()
    assert _files(library).keys() == {"sites/hr/a.log"}


def _refuse_parts(path: Path, *, missing_ok: bool = False) -> None:
    assert missing_ok
    if path.suffix == ".part":
        raise PermissionError
    os.remove(path)  # noqa: PTH107 - what is replaced is the other spelling


def test_a_file_of_another_host_goes_to_its_own_place(library: Path) -> None:
    folder = library / "other-hosts.upa" / "contoso-admin.sharepoint.com" / "sites" / "hr"
    folder.mkdir(parents=True)
    for name in (".a.log.0123abcd.part", ".b.log.0123abcd.part"):
        (folder / name).write_bytes(b"new")
    part, half = ((folder / f".{name}.log.0123abcd.part").relative_to(library).as_posix() for name in "ab")
    key = f"//contoso-admin.sharepoint.com{_PATH}"
    _left(library, Begun(part), Begun(half), Placed(part, key, _SEEN))
    own = WritableState(library)
    own.begin_pull()
    assert own.files == {key: _SEEN}
    assert _files(library).keys() == {
        "sites/hr/a.log",
        ".upa/files.json",
        "/".join([*folder.relative_to(library).parts, "a.log"]),
    }
    assert (library / _PATH[1:]).read_bytes() == b"old"
