"""Whether our copy of a source file is still what was pulled: by size and date, else by its hash."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import InputError
from analyzer.library.mirror import Library
from analyzer.library.state import source_state as module
from analyzer.library.state.model import FileSeen
from analyzer.library.state.source_state import SourceState, source_state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import LoopbackTenant

RAW = b'{"value":[{"mail":"ada@contoso.com"}]}'
SHA = hashlib.sha256(RAW).hexdigest()
OTHER = RAW.replace(b"ada", b"eve")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    path = tmp_path / "feed.json"
    path.write_bytes(RAW)
    return path


def seen(path: Path, *, sha256: str = SHA, later: int = 0) -> FileSeen:
    return FileSeen('"1"', len(RAW), sha256, path.stat().st_mtime_ns + later)


def test_of_the_same_size_and_date_it_is_not_read_again(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "sha256_of", lambda _path: pytest.fail("it is read"))
    assert source_state(copy, seen(copy)) == SourceState(SHA)


def test_of_another_date_the_hash_decides(copy: Path) -> None:
    assert source_state(copy, seen(copy, later=1)) == SourceState(SHA)
    copy.write_bytes(OTHER)
    found = source_state(copy, seen(copy, later=1))
    assert found.changed == "its content is another than when it was pulled"
    assert found.sha256 == hashlib.sha256(OTHER).hexdigest()


def test_another_size_is_another_file(copy: Path) -> None:
    noted = seen(copy)
    copy.write_bytes(RAW + b" ")
    assert source_state(copy, noted) == SourceState(
        "", f"it has {len(RAW) + 1} bytes, and had {len(RAW)} when it was pulled"
    )


def test_without_a_hash_nothing_but_the_size_is_known(copy: Path) -> None:
    noted = seen(copy, sha256="", later=1)
    copy.write_bytes(OTHER)
    assert source_state(copy, noted) == SourceState()


def test_a_copy_that_cannot_be_read_is_said(copy: Path) -> None:
    noted = seen(copy)
    copy.unlink()
    with pytest.raises(InputError, match=r"feed\.json cannot be read"):
        source_state(copy, noted)


def test_a_pull_notes_what_it_wrote(loopback: LoopbackTenant, tmp_path: Path) -> None:
    job_id = loopback.add_job(1)
    loopback.files["/sites/hr/Shared Documents/feed.json"] = RAW
    loopback.add_log(job_id, b"IdentityNotResolvable\tada@contoso.com\tx\r\n")
    loopback.pull_into(tmp_path)
    library = Library(tmp_path)
    (job,) = library.jobs()
    assert library.source_state(job) == SourceState(SHA)
    source = library.source_file(job)
    assert source is not None
    (noted,) = (one for path, one in library.own.files.items() if path.endswith("/feed.json"))
    host = loopback.origin.removeprefix("https://")
    assert noted == FileSeen(noted.etag, len(RAW), SHA, source.stat().st_mtime_ns, host=host)
    os.utime(source, ns=(0, 0))
    assert library.source_state(job) == SourceState(SHA)
    source.write_bytes(OTHER)
    assert library.source_state(job).changed
    source.unlink()
    assert library.source_state(job) == SourceState()
