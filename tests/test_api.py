"""What ``import analyzer`` offers to notebooks."""

from __future__ import annotations

import gzip
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import analyzer
from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINES = 120_000


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of several blocks."""
    path = tmp_path_factory.mktemp("logs") / "large.log"
    lines = (
        f"IdentityNotResolvable\tuser{number}@contoso.com\tUser identity cannot be resolved\r\n"
        for number in range(LINES)
    )
    path.write_bytes(("\ufeff" + "".join(lines)).encode())
    return path


def test_what_is_offered_is_there() -> None:
    assert set(analyzer.__all__) == {name for name in analyzer.__all__ if hasattr(analyzer, name)}
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(analyzer, "nothing")  # noqa: B009 - the type checker knows that it is not there


def test_the_schema_is_known_before_anything_is_read(log: Path) -> None:
    assert dict(analyzer.read_log(log).collect_schema()) == analyzer.ENTRIES


def test_rows_come_in_the_order_of_the_lines(log: Path) -> None:
    entries = analyzer.read_log(str(log)).collect()
    assert entries["line"].to_list() == list(range(1, LINES + 1))
    assert entries["identity"].to_list() == [f"user{number}@contoso.com" for number in range(LINES)]


def test_a_query_gives_what_it_gives_on_the_collected_table(log: Path) -> None:
    lazy = analyzer.read_log(log)
    whole = lazy.collect().lazy()
    queries: list[Callable[[pl.LazyFrame], pl.LazyFrame]] = [
        lambda frame: frame.filter(pl.col("line") % 1000 == 7).select("identity", "line"),
        lambda frame: frame.head(3),
        lambda frame: frame.slice(50_000, 2),
        lambda frame: frame.tail(2).select("line"),
        lambda frame: frame.filter(pl.col("identity").str.starts_with("user77")).head(2),
        lambda frame: frame.head(60_000).filter(pl.col("line") > 59_998),
        lambda frame: frame.group_by("code").agg(pl.len(), pl.col("line").max()),
        lambda frame: frame.join(frame.head(2), on="line", how="semi"),
        lambda frame: frame.select(pl.len()),
        lambda frame: frame.with_columns(pl.lit(1).alias("one")).filter(pl.col("line") < 3),
    ]
    for query in queries:
        assert_frame_equal(query(lazy).collect(), query(whole).collect())


def test_frames_may_be_collected_at_the_same_time(log: Path) -> None:
    lazy = analyzer.read_log(log)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: lazy.select(pl.len()).collect().item(), range(4))) == {LINES}
    first, second = pl.collect_all([lazy.head(5), lazy.select(pl.col("line").max())])
    assert (first.height, second.item()) == (5, LINES)


def test_one_frame_may_be_used_twice_at_once(tmp_path: Path) -> None:
    lines = 300
    for number in range(60):
        raw = b"".join(b"GenericError\t%d@contoso.com\tx\n" % line for line in range(lines))
        (tmp_path / f"{number:02}.log").write_bytes(raw)
    lazy = analyzer.read_log(tmp_path)
    with_itself = lazy.join(lazy, on=["log_file", "line"]).select(pl.len()).collect().item()
    assert with_itself == 60 * lines
    few, all_of_them = pl.collect_all([lazy.filter(pl.col("line") < 5), lazy.select(pl.len(), pl.col("line").max())])
    assert (few.height, all_of_them.row(0)) == (60 * 4, (60 * lines, lines))


def test_each_collect_reads_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"GenericError\t\tx\n")
    lazy = analyzer.read_log(path)
    assert lazy.collect().height == 1
    path.write_bytes(b"GenericError\t\tx\n" * 2)
    assert lazy.collect().height == 2


def test_a_path_that_is_none_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(analyzer.InputError, match="does not exist"):
        analyzer.read_log(tmp_path / "missing.log")
    with pytest.raises(analyzer.InputError, match="has no logs in it"):
        analyzer.check_log(tmp_path)


def test_a_log_that_cannot_be_read_is_an_error_although_others_can(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(gzip.compress(b"GenericError\t\tx\n")[:-4])
    (tmp_path / "b.log").write_bytes(b"GenericError\t\tx\n")
    with pytest.raises(analyzer.InputError, match=r"a\.log is a damaged archive"):
        analyzer.read_log(tmp_path).collect()
    problems = analyzer.check_log(tmp_path).select("problem", "entries").rows()
    assert [problem is None for problem, _ in problems] == [False, True]


def test_how_a_log_was_read_is_a_row(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes("text\r\nGenericError\t\tJürgen\r\nGenericErr".encode("cp1252"))
    assert analyzer.check_log(tmp_path / "a.log").row(0, named=True) == {
        "log_file": str(tmp_path / "a.log"),
        "encoding": "cp1252",
        "replaced": 0,
        "bytes": 38,
        "lines": 3,
        "entries": 1,
        "texts": 1,
        "growing": False,
        "cut_off": True,
        "missing": 0,
        "problem": None,
    }


@pytest.mark.parametrize("name", ["e.parquet", "e.csv", "e.ndjson", "e.xlsx"])
def test_a_table_is_written_lazily_or_not(tmp_path: Path, name: str) -> None:
    entries = analyzer.read_log(sample_library())
    assert analyzer.write_table(entries, tmp_path / name) == 0
    lazily = (tmp_path / name).stat().st_size
    analyzer.write_table(entries.collect(), str(tmp_path / name))
    assert abs((tmp_path / name).stat().st_size - lazily) < 100


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import analyzer, sys; print(sorted({'polars', 'numpy', 'requests', 'matplotlib'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, encoding="utf-8")
    assert ran.stdout == "[]\n"
