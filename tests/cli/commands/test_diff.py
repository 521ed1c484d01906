"""``diff``: two jobs of the samples compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

SAMPLES = sample_library()


def test_one_job_is_compared_with_the_feed_s_previous_run(upa: Callable[..., Ran]) -> None:
    shown = upa("diff", "cc75e06b", "--library", SAMPLES)
    assert shown.out.splitlines()[0] == (
        "hr-feed: 12 of 295 users not updated by cc75e06b (23 Nov 02:14), 15 of 291 users by 598302ce (16 Nov 02:16):"
        " 4 new, 7 healed and 8 as before."
    )
    found = upa("diff", "cc75e06b", "--library", SAMPLES, "--json").json
    assert (found["before"][:8], found["after"][:8]) == ("598302ce", "cc75e06b")
    changes = [user["change"] for user in found["users"]]
    assert changes == ["new"] * 4 + ["healed"] * 7 + ["same"] * 8
    assert found["codes"] == [
        {"code": "IdentityNotResolvable", "entries_before": 15, "entries": 12, "users_before": 15, "users": 12}
    ]


def test_two_jobs_are_compared_in_the_order_of_time(upa: Callable[..., Ran]) -> None:
    one, other = (
        upa("diff", *jobs, "--library", SAMPLES) for jobs in (("cc75e06b", "514a39a1"), ("514a39a1", "cc75e06b"))
    )
    assert one == other
    assert "by 514a39a1 (10 Nov 02:16): 6 new, 13 healed and 6 as before." in one.out


def test_users_of_an_aborted_or_incomplete_run_are_not_called_healed(upa: Callable[..., Ran]) -> None:
    aborted = upa("diff", "135503d8", "869b00a6", "--library", SAMPLES)
    assert "28 new and 5 unknown." in aborted.out
    assert "was aborted: its log doesn't show whose records are faulty." in aborted.out
    incomplete = upa("diff", "56a9bd95", "--library", SAMPLES)
    assert "28 as before and 10 unknown." in incomplete.out
    assert "its log doesn't show all users who were not updated." in incomplete.out


def test_ids_of_different_kinds_are_not_compared(upa: Callable[..., Ran]) -> None:
    shown = upa("diff", "cc75e06b", "135503d8", "--library", SAMPLES)
    assert "has object IDs and cc75e06b (23 Nov 02:14) has addresses, so their users can't be compared." in shown.out
    assert "The jobs are of different feeds: 135503d8 (9 Nov 02:30) of badges-feed, cc75e06b" in shown.out
    assert "IdentityNotResolvable             4     12" in shown.out
    found = upa("diff", "cc75e06b", "135503d8", "--library", SAMPLES, "--json").json
    assert found["users"] is None
    assert len(found["remarks"]) == 2


def test_a_job_without_an_earlier_run_needs_a_second_one(upa: Callable[..., Ran]) -> None:
    refused = upa("diff", "61888ae9", "--library", SAMPLES)
    assert refused.code == 2
    assert "there is no run to compare 61888ae9 with" in refused.err


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_every_user_goes_to_a_file(upa: Callable[..., Ran], tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"changes.{ending}"
    written = upa("diff", "cc75e06b", "--library", SAMPLES, "-o", path)
    assert written.out == f"{path}\n"
    assert "4 new, 7 healed" in written.err
    table = pl.read_csv(path) if ending == "csv" else pl.read_parquet(path)
    assert table.columns == ["identity", "change", "codes_before", "codes", "job_before", "job"]
    assert table.height == 19


def test_a_terminal_shows_the_first_thirty(upa: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.cli.terminal.output.Terminal.interactive", True)
    shown = upa("diff", "56a9bd95", "--library", SAMPLES).out
    assert "Showing 30 of 42; --json and -o FILE have every user." in shown
    assert len(shown.partition("change  ")[2].splitlines()) <= 40
