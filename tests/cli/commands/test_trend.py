"""``trend`` on the samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

ON_SAMPLES = ("--library", sample_library())


def test_without_a_feed_each_has_a_line(upa: Callable[..., Ran]) -> None:
    lines = upa("trend", *ON_SAMPLES).out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "badges-feed",
        "badges-feed (fabrikam.sharepoint.com)",
        "hr-feed",
        "hr-history",
        "phones-feed",
    ]
    assert lines[2].startswith("hr-feed: 12 of 295 users failed in the newest run, 4 new, as usual (8 to ")


def test_a_feed_has_its_runs_the_newest_last(upa: Callable[..., Ran]) -> None:
    shown = upa("trend", "--feed", "phones", *ON_SAMPLES).out.splitlines()
    assert shown[0] == "phones-feed: 0 of 113 users failed in the newest run, as usual (0 to 5)."
    assert shown[2].split() == ["job", "ran", "outcome", "users", "failed", "rate", "new", "usual", "open", "note"]
    assert [line.split()[0] for line in shown[3:12]][-1] == "c64f3a13"
    assert next(line for line in shown if line.startswith("IdentityNotResolvable")).split()[1:4] == ["2", "2", "0"]
    assert next(line for line in shown if line.startswith("12d97ad1")).endswith("aborted")


def test_json_has_the_runs_of_each_feed_and_the_details_of_a_single_one(upa: Callable[..., Ran]) -> None:
    every = upa("trend", *ON_SAMPLES, "--json").json
    assert len(every["feeds"]) == 5
    assert every["details"] is None
    single = upa("trend", "--feed", "hr-feed", *ON_SAMPLES, "--json").json
    assert [feed for feed in every["feeds"] if feed["feed"] == "hr-feed"] == single["feeds"]
    (feed,) = single["feeds"]
    assert feed["job_id"].startswith("cc75e06b")
    assert [run["failed"] for run in feed["runs"]] == [41, 38, None, 58, 27, None, 19, 15, 12]
    assert single["details"]["healing"] == [
        {"code": "IdentityNotResolvable", "users": 93, "healed": 81, "failing": 12}
        | {"median_days": pytest.approx(8.0, abs=0.01), "at_least_days": None}
    ]
    assert set(single["details"]) == {"still_failing_since_jump", "healing", "flapping", "clusters"}


def test_since_selects_runs(upa: Callable[..., Ran]) -> None:
    found = upa("trend", "--feed", "hr-feed", "--since", "2026-11-10", *ON_SAMPLES, "--json").json
    assert [run["job_id"][:8] for run in found["feeds"][0]["runs"]] == ["514a39a1", "598302ce", "cc75e06b"]
    assert upa("trend", "--since", "2030-01-01", *ON_SAMPLES).out == "No run of a feed has ended since then.\n"


@pytest.mark.parametrize(("name", "start"), [("a.svg", b"<?xml"), ("a.png", b"\x89PNG")])
def test_a_chart_of_one_feed_goes_to_a_file(upa: Callable[..., Ran], tmp_path: Path, name: str, start: bytes) -> None:
    path = tmp_path / name
    assert upa("trend", "--feed", "hr-feed", "-o", path, *ON_SAMPLES).out == f"{path}\n"
    assert path.read_bytes().startswith(start)


def test_the_numbers_of_all_feeds_go_to_a_table(upa: Callable[..., Ran], tmp_path: Path) -> None:
    path = tmp_path / "numbers.csv"
    assert upa("trend", "-o", path, *ON_SAMPLES).code == 0
    table = pl.read_csv(path)
    assert table["feed"].n_unique() == 5
    assert {"job_id", "ran", "failed", "rate", "new", "least", "most", "jump", "open"} <= set(table.columns)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["-o", "a.svg"], "a chart shows one feed, not 5"),
        (["-o", "a.pdf"], "a.pdf doesn't have the ending of a chart or table"),
        (["--since", "2030-01-01", "-o", "a.csv"], "there is no run to write"),
    ],
)
def test_what_cannot_be_written_is_an_error(upa: Callable[..., Ran], words: list[str], what: str) -> None:
    refused = upa("trend", *words, *ON_SAMPLES)
    assert (refused.code, refused.out) == (2, "")
    assert what in refused.err
