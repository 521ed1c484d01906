"""A short run of the fuzzer; ``make fuzz`` makes the long one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.logs import columns
from tests.logs import fuzz_logs

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("seed", range(4))
def test_mutated_logs_are_read_and_accounted_for(seed: int) -> None:
    fuzz_logs.fuzz(1_000, seed)


def test_the_fuzzer_detects_lost_bytes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    whole = columns.columns_of
    no_user = pl.lit(None, pl.String)
    monkeypatch.setattr("analyzer.logs.read.columns_of", lambda *of: whole(*of).with_columns(identity=no_user))
    with pytest.raises(AssertionError):
        fuzz_logs.fuzz(250, 1)
    assert (tmp_path / "fuzz-failure.log").exists()
