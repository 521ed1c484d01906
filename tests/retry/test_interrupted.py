"""A retry that cannot be written to its end: no new file is left, and what was there before still is."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import OutputError
from analyzer.retry.model import RetryRequest
from analyzer.retry.selection.find_records import Records
from analyzer.retry.writing.write import write_retry
from tests.retry.small_source import ADA, ALL_RECORDS, BOB, files, partial, request, write_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Failing = type[BaseException] | OSError
FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture(params=[False, True], ids=["nothing there before", "written before"])
def wanted(tmp_path: Path, request: pytest.FixtureRequest) -> RetryRequest:
    asked = request_over(tmp_path)
    if request.param:
        write_retry(RetryRequest(asked.source, (), None, asked.id_property, partial("bob@contoso.com"), asked.target))
    return asked


def request_over(folder: Path) -> RetryRequest:
    return request(write_source(folder, ADA, BOB), ALL_RECORDS)


def failing_at(number: int, error: BaseException | type[BaseException]) -> Callable[[int], None]:
    """An ``os.fsync`` that fails the nth time."""
    calls = iter(range(1, 100))
    really = os.fsync

    def fsync(descriptor: int) -> None:
        if next(calls) == number:
            raise error
        really(descriptor)

    return fsync


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_full_disk_is_an_error_and_leaves_all_three_files_unchanged(
    wanted: RetryRequest, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before = files(wanted.target.parent)
    monkeypatch.setattr(os, "fsync", failing_at(number, FULL))
    with pytest.raises(OutputError, match="cannot be written: the disk is full") as raised:
        write_retry(wanted)
    assert "what was there before is unchanged" in raised.value.advice
    assert files(wanted.target.parent) == before


@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_interruption_while_writing_leaves_all_three_files_as_they_were(
    wanted: RetryRequest, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before = files(wanted.target.parent)
    monkeypatch.setattr(os, "fsync", failing_at(number, KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_retry(wanted)
    assert files(wanted.target.parent) == before


def test_an_interruption_while_reading_leaves_all_three_files_as_they_were(
    wanted: RetryRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = Records.raw

    def interrupted(records: Records, number: int) -> bytes:
        if number:
            raise KeyboardInterrupt
        return really(records, number)

    before = files(wanted.target.parent)
    monkeypatch.setattr(Records, "raw", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_retry(wanted)
    assert files(wanted.target.parent) == before
