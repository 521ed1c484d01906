"""What an earlier retry left in the places of another one: never a file too much, and never one unsaid."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.analysis.named_users import NamedUsers
from analyzer.errors import OutputError
from analyzer.model.job import Outcome
from analyzer.retry.inputs import RetryInputs
from analyzer.retry.make import make_retry
from analyzer.retry.manifest import verify
from analyzer.retry.model import NO_EARLIER_FILES, RetryOptions
from tests.analysis.frames import entry, named
from tests.retry.small_source import ADA, BOB, EVE, files, write_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.retry.make import RetryResult

ALL = ("Ada@contoso.com", "bob@contoso.com", "eve@contoso.com")
IN_THREE = RetryOptions(max_properties=1)
PARTS = [f"out-{part}-of-3.json" for part in (1, 2, 3)]


def make(folder: Path, *users: str, options: RetryOptions = RetryOptions(), source: Path | None = None) -> RetryResult:  # noqa: B008 - frozen
    """The retry of a job that did not update these users; of none, there is nothing to retry."""
    source = source or write_source(folder, ADA, BOB, EVE)
    entries = named(*(entry("a", "IdentityNotResolvable", user) for user in users))
    outcome = Outcome.partial if users else Outcome.succeeded
    inputs = RetryInputs(source, "", (), None, NamedUsers.in_table(entries), outcome, "IdName", options=options)
    return make_retry(inputs, folder / "retry" / "out.json")


def names(paths: tuple[Path, ...]) -> list[str]:
    return [path.name for path in paths]


def there(folder: Path) -> list[str]:
    return sorted(files(folder / "retry"))


def test_a_retry_in_one_file_takes_the_place_of_a_split(tmp_path: Path) -> None:
    assert make(tmp_path, *ALL, options=IN_THREE).earlier == NO_EARLIER_FILES
    made = make(tmp_path, *ALL)
    assert names(made.earlier.removed) == PARTS
    assert made.earlier.remaining == ()
    assert there(tmp_path) == ["out.json", "out.manifest.json", "out.unmatched.csv"]


def test_a_split_takes_the_place_of_one_file_and_of_another_split(tmp_path: Path) -> None:
    make(tmp_path, *ALL)
    assert names(make(tmp_path, *ALL, options=IN_THREE).earlier.removed) == ["out.json"]
    assert names(make(tmp_path, *ALL[:2], options=IN_THREE).earlier.removed) == PARTS
    expected = ["out-1-of-2.json", "out-2-of-2.json", "out.manifest.json", "out.unmatched.csv"]
    assert there(tmp_path) == expected
    assert verify(tmp_path / "retry" / expected[0]).differences == ()


def test_a_list_of_repairs_goes_with_the_retry_that_it_was_of(tmp_path: Path) -> None:
    make(tmp_path, *ALL, options=RetryOptions(repair=True))
    assert "out.repairs.csv" in there(tmp_path)
    assert names(make(tmp_path, *ALL).earlier.removed) == ["out.repairs.csv"]
    assert "out.repairs.csv" not in there(tmp_path)


def test_where_there_is_nothing_to_retry_nothing_of_ours_is_left_to_be_queued(tmp_path: Path) -> None:
    make(tmp_path, *ALL, options=RetryOptions(repair=True))
    made = make(tmp_path)
    assert made.retry is None
    assert names(made.earlier.removed) == ["out.json", "out.repairs.csv", "out.unmatched.csv", "out.manifest.json"]
    assert there(tmp_path) == []
    assert make(tmp_path).earlier == NO_EARLIER_FILES


def _append(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b" ")


def _same_size(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"contoso", b"CONTOSO"))


@pytest.mark.parametrize("change", [_append, _same_size])
def test_a_file_that_somebody_changed_stays_and_is_named(tmp_path: Path, change: Callable[[Path], None]) -> None:
    make(tmp_path, *ALL, options=IN_THREE)
    change(tmp_path / "retry" / PARTS[1])
    made = make(tmp_path, *ALL)
    assert names(made.earlier.removed) == [PARTS[0], PARTS[2]]
    assert names(made.earlier.remaining) == [PARTS[1]]
    assert PARTS[1] in there(tmp_path)
    # The new manifest does not know it: nothing proves it any more.
    assert names(make(tmp_path, *ALL).earlier.remaining) == [PARTS[1]]


@pytest.mark.parametrize("name", ["out.json", "out.unmatched.csv"])
@pytest.mark.parametrize("ours_before", [True, False], ids=["changed", "not ours"])
def test_what_is_in_the_way_and_not_as_we_made_it_is_copied_and_named(
    tmp_path: Path, name: str, ours_before: bool
) -> None:
    path = tmp_path / "retry" / name
    path.parent.mkdir()
    if ours_before:
        make(tmp_path, *ALL)
    path.write_bytes(b"by hand")
    os.utime(path, ns=(10**18, 10**18))
    made = make(tmp_path, *ALL)
    (kept,) = made.earlier.copies
    assert re.fullmatch(rf"{path.stem}\.altered-[0-9a-f]{{8}}{path.suffix}", kept.name)
    assert (kept.read_bytes(), kept.stat().st_mtime_ns) == (b"by hand", 10**18)
    assert path.read_bytes() != b"by hand"
    (actual,) = made.earlier.sentences
    assert f"Its copy is {kept.name}; don't queue it." in actual
    assert make(tmp_path, *ALL).earlier == NO_EARLIER_FILES


def test_what_is_in_the_way_and_the_same_is_not_copied(tmp_path: Path) -> None:
    make(tmp_path, *ALL)
    (tmp_path / "retry" / "out.manifest.json").unlink()
    assert make(tmp_path, *ALL).earlier == NO_EARLIER_FILES


def test_if_no_copy_can_be_made_everything_is_unchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, *ALL, options=IN_THREE)
    (tmp_path / "retry" / "out.json").write_bytes(b"by hand")
    before = files(tmp_path / "retry")

    def full(_path: Path, _copy: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copy2", full)
    with pytest.raises(OutputError, match="cannot be written: the disk is full"):
        make(tmp_path, *ALL)
    assert files(tmp_path / "retry") == before


def test_where_there_is_nothing_to_retry_a_file_that_somebody_changed_stays_with_its_manifest(tmp_path: Path) -> None:
    make(tmp_path, *ALL)
    _append(tmp_path / "retry" / "out.json")
    made = make(tmp_path)
    assert names(made.earlier.removed) == ["out.unmatched.csv"]
    assert names(made.earlier.remaining) == ["out.json", "out.manifest.json"]
    assert there(tmp_path) == ["out.json", "out.manifest.json"]


@pytest.mark.parametrize("manifest", [None, b"", b"{}", b"\xff", b'{"files":[{"name":"out.json"}]}'])
def test_without_a_manifest_nothing_is_ours(tmp_path: Path, manifest: bytes | None) -> None:
    make(tmp_path, *ALL)
    path = tmp_path / "retry" / "out.manifest.json"
    path.unlink() if manifest is None else path.write_bytes(manifest)
    before = files(tmp_path / "retry")
    made = make(tmp_path)
    assert made.earlier.removed == ()
    assert sorted(names(made.earlier.remaining)) == sorted(before)
    assert files(tmp_path / "retry") == before


def test_a_manifest_leads_to_no_file_but_those_in_the_retrys_places(tmp_path: Path) -> None:
    make(tmp_path, *ALL)
    manifest = tmp_path / "retry" / "out.manifest.json"
    content = json.loads(manifest.read_bytes())
    (described,) = content["files"]
    others = ["other.json", "out-1-of-x.json", "out-1-of-2.json.bak", "xout-1-of-2.json"]
    for name in others:
        (tmp_path / "retry" / name).write_bytes((tmp_path / "retry" / "out.json").read_bytes())
        content["files"].append({**described, "name": name})
    manifest.write_bytes(json.dumps(content).encode())
    assert names(make(tmp_path).earlier.removed) == ["out.json", "out.unmatched.csv", "out.manifest.json"]
    assert there(tmp_path) == sorted(others)


def test_a_manifest_that_leads_out_of_its_folder_proves_nothing(tmp_path: Path) -> None:
    make(tmp_path, *ALL)
    manifest = tmp_path / "retry" / "out.manifest.json"
    content = json.loads(manifest.read_bytes())
    content["files"].append({**content["files"][0], "name": "../hr-feed.json"})
    manifest.write_bytes(json.dumps(content).encode())
    before = files(tmp_path / "retry")
    assert make(tmp_path).earlier.removed == ()
    assert files(tmp_path / "retry") == before
    assert (tmp_path / "hr-feed.json").exists()


def test_a_split_of_which_a_retry_is_made_stays_and_is_not_called_stale(tmp_path: Path) -> None:
    make(tmp_path, *ALL, options=IN_THREE)
    part = tmp_path / "retry" / PARTS[0]
    made = make(tmp_path, ALL[0], source=part)
    assert names(made.earlier.removed) == PARTS[1:]
    assert made.earlier.remaining == ()
    assert part.exists()


def test_a_folder_in_the_place_of_a_part_is_left_alone(tmp_path: Path) -> None:
    make(tmp_path, *ALL)
    (tmp_path / "retry" / "out-1-of-2.json").mkdir()
    assert make(tmp_path, *ALL).earlier == NO_EARLIER_FILES


@pytest.mark.parametrize("users", [(), ALL], ids=["nothing to retry", "another file"])
def test_if_a_file_cannot_be_moved_everything_is_unchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, users: tuple[str, ...]
) -> None:
    make(tmp_path, *ALL, options=IN_THREE)
    before = files(tmp_path / "retry")
    really = Path.unlink

    def refused(path: Path, missing_ok: bool = False) -> None:
        if path.name == PARTS[2]:
            raise PermissionError(13, "in use")
        really(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refused)
    with pytest.raises(OutputError, match=r"out-3-of-3\.json cannot be written: permission denied"):
        make(tmp_path, *users)
    assert files(tmp_path / "retry") == before


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, *ALL)

    def refused(_path: Path) -> None:
        raise PermissionError(13, "no")

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(OutputError, match=r"out\.json cannot be written: permission denied"):
        make(tmp_path)


def test_where_no_log_is_whole_nothing_to_retry_is_not_the_whole_truth(tmp_path: Path) -> None:
    source = write_source(tmp_path, ADA)
    inputs = RetryInputs(source, "", (), None, NamedUsers.in_table(named()), Outcome.partial, "IdName")
    assert make_retry(inputs, tmp_path / "out.json").complete
    made = make_retry(dataclasses.replace(inputs, unfinished_logs=2), tmp_path / "out.json")
    assert not made.complete
    assert made.sentence == "Nothing to retry: the log has no entry. Incomplete: 2 logs are incomplete."
