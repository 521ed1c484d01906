"""What a pull that was killed has left, and what the next one makes of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec
import pytest

from analyzer.errors import OutputError
from analyzer.library.state.journal import NAME, Begun, Journal, Noted, Placed
from analyzer.library.state.model import FileSeen, JobNotes
from analyzer.library.state.own import Own, PullState

if TYPE_CHECKING:
    from pathlib import Path

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
    (library / ".upa" / NAME).write_bytes(b"".join(lines))


def _files(library: Path) -> dict[str, bytes]:
    return {path.relative_to(library).as_posix(): path.read_bytes() for path in library.rglob("*") if path.is_file()}


def test_what_was_being_written_is_removed(library: Path) -> None:
    _left(library, Begun(_PART))
    (library / _PART).write_bytes(b"half")
    PullState(library).begin_pull()
    assert _files(library) == {"sites/hr/a.log": b"old"}


def test_what_was_whole_goes_to_its_place(library: Path) -> None:
    _left(library, Begun(_PART), Placed(_PART, _PATH, _SEEN))
    (library / _PART).write_bytes(b"new")
    assert Own(library).files == {}
    own = PullState(library)
    own.begin_pull()
    assert (own.files, Own(library).files) == ({_PATH: _SEEN}, {_PATH: _SEEN})
    assert _files(library).keys() == {"sites/hr/a.log", ".upa/files.json"}
    assert (library / "sites" / "hr" / "a.log").read_bytes() == b"new"


def test_what_was_in_its_place_already_is_known_at_once(library: Path) -> None:
    _left(library, Begun(_PART), Placed(_PART, _PATH, _SEEN), Noted("a", JobNotes(fetched=True)))
    own = Own(library)
    assert (own.files, own.notes) == ({_PATH: _SEEN}, {"a": JobNotes(fetched=True)})


@pytest.mark.parametrize("cut", [2, 10, 40])
def test_a_line_that_was_being_written_counts_as_not_written(library: Path, cut: int) -> None:
    _left(library, Noted("a", JobNotes(pending=True)), Noted("b", JobNotes(pending=True)))
    path = library / ".upa" / NAME
    path.write_bytes(path.read_bytes()[:-cut])
    assert Own(library).notes == {"a": JobNotes(pending=True)}


@pytest.mark.parametrize("part", ["../outside.part", "jobs.json", "sites/hr/a.log", "/etc/.x.0123abcd.part", ""])
def test_a_journal_that_somebody_sent_removes_and_moves_nothing_else(library: Path, part: str) -> None:
    outside = library.parent / "outside.part"
    outside.write_bytes(b"theirs")
    (library / "jobs.json").write_bytes(b'{"value": []}')
    (library / _PART).write_bytes(b"whole")
    before = _files(library)
    _left(library, Begun(part), Placed(part, "/sites/hr/b.log", _SEEN), Placed(_PART, "/../c", _SEEN))
    PullState(library).begin_pull()
    assert {name: content for name, content in _files(library).items() if not name.startswith(".upa")} == before
    assert outside.read_bytes() == b"theirs"


def test_the_journal_is_gone_once_all_is_written_elsewhere(library: Path) -> None:
    own = PullState(library)
    own.begin_pull()
    own.note("a", pending=True)
    assert (library / ".upa" / NAME).is_file()
    own.save()
    assert {path.name for path in (library / ".upa").iterdir()} == {"notes.json"}


def test_our_own_files_that_were_being_written_are_removed(library: Path) -> None:
    (library / ".upa").mkdir()
    for name in (".upa/.files.json.0123abcd.part", ".jobs.json.89abcdef.part"):
        (library / name).write_bytes(b"half")
    PullState(library).begin_pull()
    assert _files(library).keys() == {"sites/hr/a.log"}


@pytest.mark.parametrize("torn", [b'{"type":"beg', b"\0" * 20, b'{"type":"begun","part":"\xff"}\n'])
def test_behind_a_torn_line_a_new_journal_is_begun(library: Path, torn: bytes) -> None:
    _left(library)
    (library / ".upa" / NAME).write_bytes(torn)
    own = PullState(library)
    own.begin_pull()
    own.note("a", pending=True)
    assert Own(library).notes == {"a": JobNotes(pending=True)}
    own.save()


def test_what_stands_behind_a_damaged_line_is_not_believed(library: Path) -> None:
    _left(library, Noted("a", JobNotes(pending=True)), Noted("b", JobNotes(pending=True)))
    path = library / ".upa" / NAME
    first, second = path.read_bytes().splitlines()
    path.write_bytes(first + b"\n{\n" + second + b"\n")
    assert Own(library).notes == {"a": JobNotes(pending=True)}


def test_after_a_save_the_journal_goes_on(library: Path) -> None:
    own = PullState(library)
    own.begin_pull()
    for job_id in ("a", "b"):
        own.note(job_id, pending=True)
        own.save()
    own.note("c", pending=True)
    assert Own(library).notes.keys() == {"a", "b", "c"}
    own.save()


def test_a_hidden_file_that_is_not_ours_stays(library: Path) -> None:
    (library / ".DS_Store").write_bytes(b"theirs")
    PullState(library).begin_pull()
    assert (library / ".DS_Store").read_bytes() == b"theirs"


def test_a_folder_in_the_way_is_said_plainly(library: Path) -> None:
    _left(library, Placed(_PART, "/sites/hr/folder", _SEEN))
    (library / _PART).write_bytes(b"new")
    (library / "sites" / "hr" / "folder").mkdir()
    with pytest.raises(OutputError, match="folder cannot be written: it is a folder"):
        PullState(library).begin_pull()
    (library / "other" / NAME).mkdir(parents=True)
    with pytest.raises(OutputError, match=f"{NAME} cannot be written: it is a folder"):
        Journal(library / "other").write(Begun(_PART))


def test_a_file_that_could_not_be_removed_is_removed_by_the_pull_after_next(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _left(library, Begun(_PART))
    (library / _PART).write_bytes(b"half")
    with monkeypatch.context() as held:
        held.setattr("pathlib.Path.unlink", _refuse_parts)
        PullState(library).begin_pull()
    assert (library / _PART).exists()
    own = PullState(library)
    own.begin_pull()
    own.save()
    assert _files(library).keys() == {"sites/hr/a.log"}


def test_a_file_of_this_pull_that_could_not_be_removed_is_removed_by_the_next(library: Path) -> None:
    own = PullState(library)
    own.begin_pull()
    for number in (1, 2):
        own.begun(library / f"sites/hr/.a.log.0123abc{number}.part")
    (library / "sites/hr/.a.log.0123abc1.part").write_bytes(b"half")
    own.save()
    assert [step for step in Journal(library / ".upa").steps() if isinstance(step, Begun)] == [
        Begun("sites/hr/.a.log.0123abc1.part")
    ]
    PullState(library).begin_pull()
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
    own = PullState(library)
    own.begin_pull()
    assert own.files == {key: _SEEN}
    assert _files(library).keys() == {
        "sites/hr/a.log",
        ".upa/files.json",
        "/".join([*folder.relative_to(library).parts, "a.log"]),
    }
    assert (library / _PATH[1:]).read_bytes() == b"old"
