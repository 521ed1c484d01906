from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

_LIBRARY = ("--library", sample_library())
_CODES = "SELECT code, SUM(users) AS users FROM job_codes GROUP BY code ORDER BY users DESC, code LIMIT 2"


@pytest.fixture
def as_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.cli.terminal.output.Terminal.interactive", True)


def test_rows_are_a_table(upa: Callable[..., Ran]) -> None:
    ran = upa("query", _CODES, *_LIBRARY)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "code                   users\nIdentityNotResolvable    257\nInvalidProperty           38\n"


def test_rows_are_objects_in_json(upa: Callable[..., Ran]) -> None:
    sql = (
        "SELECT ran, gone, 0.1 AS tenth, codes FROM users JOIN jobs ON users.job_id = jobs.job_id ORDER BY ran LIMIT 1"
    )
    assert upa("query", sql, *_LIBRARY, "--json").json == [
        {"ran": "2026-10-05 02:10:42.435000+00:00", "gone": False, "tenth": 0.1, "codes": ["IdentityNotResolvable"]}
    ]
    assert upa("query", "SELECT * FROM jobs WHERE users > 9999999", *_LIBRARY, "--json").json == []


def test_the_query_can_come_from_standard_input(upa: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(_CODES))
    assert upa("query", "-", *_LIBRARY).out == upa("query", _CODES, *_LIBRARY).out


@pytest.mark.usefixtures("as_terminal")
def test_a_terminal_gets_the_first_rows(upa: Callable[..., Ran]) -> None:
    ran = upa("query", "SELECT identity FROM entries", *_LIBRARY)
    assert len(ran.out.splitlines()) == 31
    assert ran.err == "Showing the first 30 rows. -o FILE writes all rows.\n"
    assert upa("query", "SELECT identity FROM entries LIMIT 30", *_LIBRARY).err == ""


def test_a_narrow_terminal_names_what_it_leaves_out(upa: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ran = upa("query", "SELECT * FROM jobs", *_LIBRARY)
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "too narrow for error, error_message, " in ran.err


def test_files_have_every_row_and_no_formula(upa: Callable[..., Ran], tmp_path: Path) -> None:
    sql = "SELECT '=1+1' AS formula, key, codes, ran - first_seen AS span FROM users JOIN jobs USING (job_id)"
    sql += " ORDER BY key, job_id"
    for ending in ".parquet", ".csv", ".ndjson", ".xlsx":
        ran = upa("query", sql, *_LIBRARY, "-o", tmp_path / f"out{ending}")
        assert (ran.code, ran.out, ran.err) == (0, f"{tmp_path / 'out'}{ending}\n", "")
    rows = pl.read_parquet(tmp_path / "out.parquet")
    assert rows["codes"].dtype == pl.List(pl.String)
    written = pl.read_csv(tmp_path / "out.csv")
    assert written.height == rows.height
    assert written["formula"].unique().to_list() == ["'=1+1"]
    assert written["codes"].to_list() == [", ".join(codes) for codes in rows["codes"]]
    lines = (tmp_path / "out.ndjson").read_text("utf-8").splitlines()
    assert [json.loads(line)["codes"] for line in lines] == rows["codes"].to_list()
    ran = upa("query", sql, *_LIBRARY, "-o", tmp_path / "out.parquet", "--json")
    assert ran.json == {"file": str(tmp_path / "out.parquet")}


@pytest.mark.parametrize(
    ("words", "err"),
    [
        (["SELECT cod FROM entries"], "the query can't be run: there is no column 'cod'.\nDid you mean code?"),
        (
            ["SELECT * FROM read_csv('/etc/passwd')"],
            "a query can't use read_csv.\nIt reads the tables of the history and nothing else.",
        ),
        (["SELECT 1", "-o", "out.txt"], "out.txt doesn't have the ending of a table.\nUse .parquet"),
    ],
)
def test_a_mistake_is_two_lines_and_writes_nothing(
    upa: Callable[..., Ran], tmp_path: Path, words: list[str], err: str
) -> None:
    ran = upa("query", *words, *_LIBRARY)
    assert (ran.code, ran.out) == (2, "")
    what, advice = [line.removeprefix("upa-analyzer: ").strip() for line in ran.err.splitlines()]
    assert f"{what}\n{advice}".startswith(err)
    assert not list(tmp_path.iterdir())
