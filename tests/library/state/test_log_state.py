"""Whether the logs that lie in a library are all that was pulled."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from analyzer.history.load import load
from analyzer.library.mirror import Library
from analyzer.library.pull.results import Choice
from tests.conftest import log_folder

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import LoopbackTenant

ENTRY = b"IdentityNotResolvable\t%b@contoso.com\tUser identity cannot be resolved\r\n"


@pytest.fixture
def job(loopback: LoopbackTenant, tmp_path: Path) -> str:
    """A partial job with two logs, pulled."""
    job_id = loopback.add_job(1)
    loopback.add_log(job_id, ENTRY % b"ada" + ENTRY % b"bob")
    loopback.add_log(job_id, ENTRY % b"eve", time="20261123-030000-000")
    loopback.files["/sites/hr/Shared Documents/feed.json"] = b'{"value":[{"mail":"ada@contoso.com"}]}'
    loopback.pull_into(tmp_path)
    return job_id


def logs_of(root: Path, job_id: str) -> list[Path]:
    return sorted((root / log_folder(job_id).removeprefix("/")).iterdir())


def problems(root: Path) -> list[str]:
    return [problem.what.rpartition("/")[2] for problem in load(Library(root)).log_problems]


def test_logs_as_they_were_pulled_are_whole(job: str, tmp_path: Path) -> None:
    assert problems(tmp_path) == []
    with logs_of(tmp_path, job)[0].open("ab") as stream:
        stream.write(b"IdentityNotResolvable\tkim@contoso.com\tA line that somebody added\r\n")
    assert problems(tmp_path) == []


@pytest.mark.parametrize("kept", [0, 1, 100])
def test_a_log_that_is_shorter_than_when_it_was_pulled_may_lack_users(job: str, tmp_path: Path, kept: int) -> None:
    log = logs_of(tmp_path, job)[0]
    raw = log.read_bytes()
    log.write_bytes(raw[:kept])
    assert problems(tmp_path) == [f"{log.name} has {kept} bytes, and had {len(raw)} when it was pulled"]
    tables = load(Library(tmp_path))
    assert [read.unfinished for read in tables.logs_of(job)] == [True, False]
    assert tables.jobs["not_updated"].to_list() == [None]


def test_a_log_that_is_gone_though_another_of_its_job_is_there_may_have_named_users(job: str, tmp_path: Path) -> None:
    log = logs_of(tmp_path, job)[1]
    log.unlink()
    assert problems(tmp_path) == [f"{log.name} was pulled and is not there any more"]
    assert load(Library(tmp_path)).jobs["not_updated"].to_list() == [None]


def test_where_no_log_is_left_the_job_has_none(job: str, tmp_path: Path) -> None:
    shutil.rmtree(logs_of(tmp_path, job)[0].parent)
    assert problems(tmp_path) == []
    assert load(Library(tmp_path)).jobs["log_found"].to_list() == [False]


def test_without_notes_nothing_is_known(job: str, tmp_path: Path) -> None:
    log = logs_of(tmp_path, job)[0]
    log.write_bytes(log.read_bytes()[:100])
    shutil.rmtree(tmp_path / ".upa")
    assert problems(tmp_path) == []


@pytest.mark.parametrize("choice", [None, Choice(everything=True)], ids=["", "--all"])
def test_a_log_that_became_shorter_here_is_fetched_again(
    loopback: LoopbackTenant, job: str, tmp_path: Path, choice: Choice | None
) -> None:
    before = [log.read_bytes() for log in logs_of(tmp_path, job)]
    logs_of(tmp_path, job)[0].write_bytes(b"")
    logs_of(tmp_path, job)[1].unlink()
    assert loopback.pull_into(tmp_path, choice=choice).log_files == 2
    assert [log.read_bytes() for log in logs_of(tmp_path, job)] == before
    assert problems(tmp_path) == []
