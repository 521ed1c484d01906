"""A pull that ends at any request, or between two chunks of a file, and the one that follows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import UnreachableError
from analyzer.library.mirror import Library
from analyzer.library.pull.download import PartFile
from analyzer.library.pull.pull import pull
from analyzer.library.state import WritableState
from tests.conftest import NOW, Given

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from analyzer.model.job import Job
    from analyzer.tenant.model import RemoteFile, Sink
    from analyzer.tenant.sharepoint.site import Tenant
    from tests.conftest import LoopbackTenant

FOLDER = "/sites/hr/Shared Documents"
_MOST_STEPS = 40


class Breaking:
    """A tenant that breaks off at its ``at``-th step; a call is a step, and so is a file's end."""

    connections = 1  # so that the steps have an order

    def __init__(self, tenant: Tenant, at: int, error: BaseException) -> None:
        self._tenant, self._left, self._error = tenant, at, error
        self.name, self.host = tenant.name, tenant.host

    def jobs(self) -> list[Job]:
        self._step()
        return self._tenant.jobs()

    def job(self, job_id: str) -> Job | None:
        self._step()
        return self._tenant.job(job_id)

    def folder(self, uri: str, path: str) -> list[RemoteFile] | None:
        self._step()
        return self._tenant.folder(uri, path)

    def file(self, uri: str, path: str) -> RemoteFile | None:
        self._step()
        return self._tenant.file(uri, path)

    def content(self, file: RemoteFile, into: Sink) -> RemoteFile | None:
        self._step()
        received = self._tenant.content(file, into)
        self._step()
        return received

    def stop(self) -> None:
        self._tenant.stop()

    def _step(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise self._error


def _fill(tenant: LoopbackTenant) -> None:
    for number, name in enumerate(("people.json", "badges.json"), 1):
        job_id = tenant.add_job(number, name=name)
        tenant.add_log(job_id, f"log of {name}".encode(), name=name)
        tenant.add_log(job_id, f"second log of {name}".encode(), name=name, time="20261123-021000")
        tenant.files[f"{FOLDER}/{name}"] = name.encode()
    tenant.add_job(3, state=4, error=0, name="people.json")
    tenant.add_job(4, error=1, name="gone.json")


def _everything(root: Path) -> dict[str, bytes]:
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    # When a copy was written is another time each time.
    return {name: re.sub(rb'"modified_ns": *\d+', b"", content) for name, content in files.items()}


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), UnreachableError("the line is dead")], ids=["Ctrl-C", "network"]
)
def test_next_pull_completes_an_interrupted_one(
    loopback: LoopbackTenant, tmp_path: Path, error: BaseException, at_four: datetime
) -> None:
    _fill(loopback)
    loopback.pull_into(tmp_path / "undisturbed", now=at_four)
    expected = _everything(tmp_path / "undisturbed")
    for at in range(1, _MOST_STEPS):
        root = tmp_path / str(at)
        try:
            pull(Breaking(loopback.tenant(), at, error), Library(root), now=at_four)
        except (KeyboardInterrupt, UnreachableError):
            assert not [name for name in _everything(root) if name.endswith(".part")]
            assert not (root / "jobs.json").exists()
        else:
            break
        loopback.pull_into(root, now=at_four)
        assert _everything(root) == expected
    assert at > 10


def test_interrupted_pull_keeps_existing_files(loopback: LoopbackTenant, tmp_path: Path, at_four: datetime) -> None:
    _fill(loopback)
    roots = [tmp_path / str(at) for at in range(_MOST_STEPS)]
    for root in roots:
        loopback.pull_into(root, now=at_four)
    loopback.files[f"{FOLDER}/people.json"] = b"the next version"
    loopback.add_log(loopback.add_job(5, name="people.json"), b"log", name="people.json")
    loopback.jobs[0]["Error"] = 1
    loopback.pull_into(roots[0], now=at_four)
    expected = _everything(roots[0])
    assert b"people.json" in expected.values()
    for at, root in enumerate(roots[1:], 1):
        try:
            pull(Breaking(loopback.tenant(), at, KeyboardInterrupt()), Library(root), now=at_four)
        except KeyboardInterrupt:
            library = Library(root)
            first = library.source_file(library.jobs()[0])
            assert first is not None
            assert first.read_bytes() == b"people.json"
        else:
            break
        loopback.pull_into(root, now=at_four)
        assert _everything(root) == expected
    assert at > 5


def test_the_version_that_a_broken_pull_fetched_stays_its_jobs_own(loopback: LoopbackTenant, tmp_path: Path) -> None:
    first = loopback.add_job(1, 4, 0)
    loopback.files[f"{FOLDER}/feed.json"] = b'{"value":[{"IdName":"old@contoso.com"}]}'
    loopback.add_job(2, name="other.json")
    loopback.files[f"{FOLDER}/other.json"] = b"{}"
    broken = Breaking(loopback.tenant(), 7, UnreachableError("the line is dead"))
    with pytest.raises(UnreachableError):
        pull(broken, Library(tmp_path), now=NOW)
    loopback.faults = lambda _seen: None
    loopback.files[f"{FOLDER}/feed.json"] = b'{"value":[{"IdName":"new@contoso.com"}]}'
    second = loopback.add_job(3, 4, 0)
    loopback.pull_into(tmp_path)
    library = Library(tmp_path)
    sources = {job.job_id: library.source_file(job) for job in library.jobs()}
    read = {job_id: path.read_bytes() if path else b"" for job_id, path in sources.items()}
    assert b"old@" in read[first]
    assert b"new@" in read[second]


class _KilledError(BaseException):
    """Ends a process at once; nothing is tidied up."""


def test_a_file_that_was_whole_when_the_pull_was_killed_is_not_fetched_again(
    loopback: LoopbackTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loopback.add_job(1, state=4, error=0, name="people.json")
    loopback.files[f"{FOLDER}/people.json"] = b"{}"
    with monkeypatch.context() as killed:
        killed.setattr(PartFile, "move_to_place", _kill)
        killed.setattr(PartFile, "discard", lambda _part: None)
        killed.setattr(WritableState, "save", lambda own: own._journal._stream.close())
        with pytest.raises(_KilledError):
            loopback.pull_into(tmp_path)
    loopback.seen.clear()
    loopback.pull_into(tmp_path)
    assert (tmp_path / FOLDER[1:] / "people.json").read_bytes() == b"{}"
    assert not [seen for seen in loopback.seen if seen.path.endswith("/$value")]
    assert not [name for name in _everything(tmp_path) if name.endswith(".part")]


@pytest.mark.parametrize(("kind", "step"), [(PartFile, "finish"), (WritableState, "placed")], ids=["half", "whole"])
def test_incomplete_file_is_removed_and_downloaded_again(
    loopback: LoopbackTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type, step: str
) -> None:
    loopback.add_job(1, state=4, error=0, name="people.json")
    loopback.files[f"{FOLDER}/people.json"] = b"{}"
    with monkeypatch.context() as killed:
        killed.setattr(kind, step, _kill)
        killed.setattr(PartFile, "discard", lambda part: part._stream.close())
        killed.setattr(WritableState, "save", lambda own: own._journal._stream.close())
        with pytest.raises(_KilledError):
            loopback.pull_into(tmp_path)
    assert [name.endswith(".part") for name in _everything(tmp_path) if "people" in name] == [True]
    loopback.faults = lambda _seen: Given(503, headers={"Retry-After": "86400"})
    with pytest.raises(UnreachableError):
        loopback.pull_into(tmp_path)
    assert not [name for name in _everything(tmp_path) if "people" in name]


def _kill(*_arguments: object) -> None:
    raise _KilledError
