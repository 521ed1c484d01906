"""Whether what we hold is what the tenant holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from analyzer.library.mirror import WritableLibrary
from analyzer.library.pull.fetch import Fetcher
from analyzer.library.pull.results import Pulled
from analyzer.library.state.model import FileSeen
from analyzer.tenant.model import RemoteFile

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.library.pull.look import Source

PATH = "/sites/hr/a.log"
HOST = "contoso.sharepoint.com"
ONE, TWO = "2026-11-23T01:00:00Z", "2026-11-23T02:00:00Z"


class _Main:
    host = HOST


def _fetcher(root: Path, seen: FileSeen | None) -> tuple[Fetcher, WritableLibrary]:
    """Of a library with a file of five bytes."""
    (root / "sites" / "hr").mkdir(parents=True)
    (root / PATH[1:]).write_bytes(b"12345")
    library = WritableLibrary(root)
    if seen is not None:
        library.own.files[PATH] = seen
    return Fetcher(cast("Source", _Main), library, Pulled("contoso.sharepoint.com")), library


def _remote(etag: str, modified: str = "", length: int | None = 5) -> RemoteFile:
    return RemoteFile(f"https://{HOST}{PATH}", PATH, "a.log", length, etag, modified)


@pytest.mark.parametrize(
    ("seen", "remote", "same"),
    [
        (FileSeen("1", 5), _remote("1"), True),
        (FileSeen("1", 5), _remote("2"), False),
        (FileSeen("1", 6), _remote("1"), False),
        (FileSeen("1", 4), _remote("1"), True),
        (FileSeen("1", 5, modified=ONE), _remote("1", ONE), True),
        (FileSeen("1", 5, modified=ONE), _remote("1", TWO), False),
        (FileSeen("1", 5, modified=ONE), _remote("1"), True),
        (FileSeen("1", 5), _remote("1", TWO), True),
        (FileSeen("1", 5), _remote(""), True),
        (FileSeen("", 5), _remote("1"), True),
        (FileSeen("", 5), _remote("1", length=6), False),
        (None, _remote("1"), True),
        (None, _remote("1", length=6), False),
        (None, _remote("1", length=None), False),
    ],
    ids=str,
)
def test_a_copy_is_told_by_etag_and_time_else_by_its_length(
    tmp_path: Path, seen: FileSeen | None, remote: RemoteFile, *, same: bool
) -> None:
    assert _fetcher(tmp_path, seen)[0].is_unchanged(remote) is same


def test_what_was_told_by_its_length_is_told_by_its_etag_from_then_on(tmp_path: Path) -> None:
    fetcher, library = _fetcher(tmp_path, None)
    assert fetcher.is_unchanged(_remote("1", ONE))
    assert library.own.files[PATH] == FileSeen("1", 5, modified=ONE, host=HOST)
    assert not fetcher.is_unchanged(_remote("2", ONE))
