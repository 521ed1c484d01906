"""What becomes of our copy of a source file when the tenant has the next version of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import OutputError
from analyzer.library.earlier import keep_earlier
from analyzer.library.mirror import WritableLibrary
from analyzer.library.state.model import FileSeen

if TYPE_CHECKING:
    from pathlib import Path

PATH = "/sites/hr/feed.json"


@pytest.fixture
def library(tmp_path: Path) -> WritableLibrary:
    """A library with two jobs that read one source file."""
    jobs = [{"JobId": job_id, "State": 4, "SourceUri": f"https://contoso.sharepoint.com{PATH}"} for job_id in "ab"]
    (tmp_path / "jobs.json").write_text(json.dumps({"value": jobs}), encoding="utf-8")
    (tmp_path / "sites" / "hr").mkdir(parents=True)
    (tmp_path / "sites" / "hr" / "feed.json").write_bytes(b"version 1")
    return WritableLibrary(tmp_path)


def _kept(library: WritableLibrary) -> list[bytes]:
    return [path.read_bytes() for path in (library.root / ".upa" / "earlier").rglob("*") if path.is_file()]


def test_it_stays_in_its_place_until_the_next_one_takes_it(library: WritableLibrary) -> None:
    place = library.root / "sites" / "hr" / "feed.json"
    for _ in range(2):
        place.unlink()
        place.write_bytes(b"version 1")  # fetched again after a pull that died
        keep_earlier(library, PATH, [], library.jobs())
        library.own.notes.clear()
        assert place.read_bytes() == b"version 1"
        assert _kept(library) == [b"version 1"]


def test_what_it_was_when_it_was_pulled_stays_known(library: WritableLibrary) -> None:
    library.own.files[PATH] = FileSeen("1", 9, sha256="ab12")
    keep_earlier(library, PATH, [], library.jobs())
    assert [library.pulled_sha256(job) for job in library.jobs()] == ["ab12", "ab12"]


def test_what_no_other_job_read_is_not_kept(library: WritableLibrary) -> None:
    keep_earlier(library, PATH, library.jobs(), library.jobs())
    assert not (library.root / ".upa").exists()


def test_where_it_cannot_be_kept_that_is_said(library: WritableLibrary) -> None:
    (library.root / ".upa").mkdir()
    (library.root / ".upa" / "earlier").touch()
    with pytest.raises(OutputError, match=r"feed\.json cannot be written"):
        keep_earlier(library, PATH, [], library.jobs())
    assert (library.root / "sites" / "hr" / "feed.json").read_bytes() == b"version 1"
