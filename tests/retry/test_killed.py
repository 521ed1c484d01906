"""A retry that is killed at any moment: never half a file under a final name."""

from __future__ import annotations

import contextlib
import multiprocessing
import random
from typing import TYPE_CHECKING

import pytest

from analyzer.retry.writing.write import companions, write_retry
from tests.retry.small_source import ALL_RECORDS, partial, request, write_source

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from analyzer.retry.model import RetryRequest

RECORDS = 1500
LENGTH = 4000
KILLS = 50


def write(wanted: RetryRequest) -> None:
    """What the process does that is killed."""
    write_retry(wanted)


def size_of_parts(folder: Path) -> int:
    """Bytes in files that are being written, -1 where there are none."""
    total = -1
    for path in folder.glob(".*.part"):
        with contextlib.suppress(FileNotFoundError):  # it has just taken its place
            total += path.stat().st_size + 1
    return total


def kill_after(process: BaseProcess, folder: Path, written: int, looks: int) -> bool:
    """Kills a process that has written so many bytes, and was looked at so often more; tells whether it still ran."""
    while process.is_alive() and size_of_parts(folder) < written:
        pass
    for _ in range(looks):
        size_of_parts(folder)
    process.kill()
    process.join()
    return process.exitcode != 0


def content(wanted: RetryRequest) -> list[bytes | None]:
    """The files under their final names."""
    places = [wanted.target, *companions(wanted.target)[:2]]
    return [path.read_bytes() if path.exists() else None for path in places]


def only(wanted: RetryRequest, there: list[bytes | None]) -> None:
    """Have nothing in the folder but these files, under their final names."""
    for path in wanted.target.parent.iterdir():
        path.unlink()
    for path, raw in zip([wanted.target, *companions(wanted.target)[:2]], there, strict=True):
        if raw is not None:
            path.write_bytes(raw)


@pytest.mark.parametrize("before", ["nothing there before", "written before"])
def test_a_retry_killed_while_it_writes_leaves_the_old_file_or_the_whole_new_one(tmp_path: Path, before: str) -> None:
    records = [f'{{"IdName":"u{number}@contoso.com","About":"{"x" * LENGTH}"}}' for number in range(RECORDS)]
    wanted = request(write_source(tmp_path, *records), ALL_RECORDS)
    folder = wanted.target.parent
    folder.mkdir(exist_ok=True)
    old: list[bytes | None] = [None, None, None]
    if before == "written before":
        write_retry(request(wanted.source, partial("u7@contoso.com")))
        old = content(wanted)
    write_retry(wanted)  # its manifest names what was there before
    new = content(wanted)
    length = len(new[0] or b"")
    only(wanted, old)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["analyzer.retry.writing.write", "tests.retry.test_killed"])
    chance = random.Random(20261123)
    killed = in_the_middle = 0
    for _ in range(KILLS // 2):
        process = context.Process(target=write, args=(wanted,))
        process.start()
        killed += kill_after(process, folder, chance.randrange(-1, length + 1), chance.choice([0, 0, 30, 300]))
        in_the_middle += size_of_parts(folder) >= 0
        found = content(wanted)
        assert all(one in pair for one, pair in zip(found, zip(old, new, strict=True), strict=True))
        # The manifest comes last: what it describes is there.
        assert found[1] == old[1] or found == new
        # The next one finds nothing that it does not know as ours, and leaves nothing of this one.
        write_retry(wanted)
        assert content(wanted) == new
        assert len(list(folder.iterdir())) == len(new)
        only(wanted, old)
    assert killed > KILLS // 5
    assert in_the_middle > KILLS // 10
