"""A retry file is checked against its manifest."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import InputError
from analyzer.retry.manifest import verify
from analyzer.retry.model import RetryOptions
from analyzer.retry.writing.write import write_retry
from tests.retry.small_source import ADA, ALL_RECORDS, BOB, EVE, request, write_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def made(folder: Path, options: RetryOptions = RetryOptions()) -> list[Path]:  # noqa: B008 - frozen
    """A retry file beside its source and log; its parts."""
    source = write_source(folder, ADA, BOB, EVE)
    log = folder / "a.log"
    log.write_bytes(b"log")
    wanted = dataclasses.replace(request(source, ALL_RECORDS, log), options=options, target=folder / "x.json")
    retry = write_retry(wanted)
    assert retry is not None
    return list(retry.paths)


@pytest.mark.parametrize("options", [RetryOptions(), RetryOptions(max_properties=1), RetryOptions(hashes=False)])
def test_as_made_nothing_is_different(tmp_path: Path, options: RetryOptions) -> None:
    for path in made(tmp_path, options):
        verified = verify(path)
        assert (verified.differences, verified.missing) == ((), ())
        assert verified.manifest.sentence.startswith("All 3 users")


def test_files_that_are_not_beside_it_are_listed_as_unchecked(tmp_path: Path) -> None:
    (path,) = made(tmp_path)
    (tmp_path / "a.log").unlink()
    (tmp_path / "hr-feed.json").unlink()
    verified = verify(path)
    assert (verified.differences, verified.missing) == ((), ("hr-feed.json", "a.log"))


def _changed_byte(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"Kiel", b"Kier"))


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _grown(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" ")


CHANGES: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "a byte": (_changed_byte, "x-1-of-3.json", "x-1-of-3.json has changed since it was made"),
    "cut": (_truncated, "x-2-of-3.json", "x-2-of-3.json has "),
    "longer": (_grown, "x-3-of-3.json", "x-3-of-3.json has "),
    "a part gone": (lambda path: path.unlink(), "x-2-of-3.json", "x-2-of-3.json is missing"),
    "source of the same length": (_changed_byte, "hr-feed.json", "hr-feed.json has changed since"),
    "source": (_grown, "hr-feed.json", "hr-feed.json has "),
    "log": (_grown, "a.log", "a.log has 4 bytes, not 3"),
}


@pytest.mark.parametrize(("change", "name", "words"), CHANGES.values(), ids=CHANGES.keys())
def test_any_change_is_found(tmp_path: Path, change: Callable[[Path], None], name: str, words: str) -> None:
    path, *_ = made(tmp_path, RetryOptions(max_properties=1))
    change(tmp_path / name)
    (difference,) = verify(path).differences
    assert difference.startswith(words)


def test_another_number_of_records_than_in_the_manifest_is_found(tmp_path: Path) -> None:
    (path,) = made(tmp_path)
    manifest = tmp_path / "x.manifest.json"
    content = json.loads(manifest.read_bytes())
    content["files"][0]["records"] = 4
    manifest.write_text(json.dumps(content), encoding="utf-8")
    assert verify(path).differences == ("x.json has 3 records, not 4",)


def test_a_file_named_like_a_part_has_its_own_manifest(tmp_path: Path) -> None:
    (path,) = made(tmp_path)
    (tmp_path / "y-1-of-2.manifest.json").write_bytes(
        (tmp_path / "x.manifest.json").read_bytes().replace(b'"x.json"', b'"y-1-of-2.json"')
    )
    path.rename(tmp_path / "y-1-of-2.json")
    assert verify(tmp_path / "y-1-of-2.json").differences == ()


@pytest.mark.parametrize("name", ["../hr-feed.json", "/etc/hosts", "", "..", ".", "a/b", "a\0b"], ids=repr)
@pytest.mark.parametrize("whose", ["source", "files"])
def test_a_manifest_that_somebody_made_up_leads_nowhere_else(tmp_path: Path, name: str, whose: str) -> None:
    (path,) = made(tmp_path)
    manifest = tmp_path / "x.manifest.json"
    content = json.loads(manifest.read_bytes())
    if whose == "source":
        content["source"]["name"] = name
    else:
        content["files"].append(content["files"][0] | {"name": name})
    manifest.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match="isn't the manifest of a retry file"):
        verify(path)


NO_MANIFEST = {
    "gone": (None, "has no manifest beside it"),
    "no JSON": (b"{", "isn't the manifest of a retry file"),
    "no UTF-8": (b'{"sentence":"\xff"}', "isn't the manifest of a retry file"),
    "another shape": (b'{"files":[]}', "isn't the manifest of a retry file"),
}


@pytest.mark.parametrize(("raw", "words"), NO_MANIFEST.values(), ids=NO_MANIFEST.keys())
def test_without_a_manifest_nothing_can_be_checked(tmp_path: Path, raw: bytes | None, words: str) -> None:
    (path,) = made(tmp_path)
    (tmp_path / "x.manifest.json").unlink()
    if raw is not None:
        (tmp_path / "x.manifest.json").write_bytes(raw)
    with pytest.raises(InputError, match=words):
        verify(path)


def test_a_file_that_is_not_in_the_manifest_beside_it_is_refused(tmp_path: Path) -> None:
    path, *_ = made(tmp_path, RetryOptions(max_properties=1))
    stale = tmp_path / "x-1-of-2.json"
    stale.write_bytes(path.read_bytes())
    with pytest.raises(InputError, match=r"is of other files: x-1-of-3\.json, x-2-of-3\.json"):
        verify(stale)
    with pytest.raises(InputError, match="is not a file"):
        verify(tmp_path / "x.json")
