from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.errors import InputError, UsageError
from analyzer.history.query import query, query_errors

if TYPE_CHECKING:
    from pathlib import Path

_FRAMES = {
    "jobs": pl.LazyFrame({"job_id": ["a", "b"], "users": [3, None], "ran": [None, None]}),
    "job_codes": pl.LazyFrame({"job_id": ["a", "a"], "code": ["X", "Y"], "users": [2, 1]}),
}


def _refused(sql: str) -> UsageError:
    with pytest.raises(UsageError) as refused, query_errors(sql, _FRAMES):
        query(sql, _FRAMES).collect()
    return refused.value


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT code FROM job_codes ORDER BY users", [("Y",), ("X",)]),
        ("  -- why\n /* not */ (SELECT 1 AS one)", [(1,)]),
        ("with x as (select sum(users) as n from job_codes) select n from x", [(3,)]),
        ("SELECT code, jobs.users FROM job_codes JOIN jobs USING (job_id) WHERE code = 'X'", [("X", 3)]),
        ("SELECT COUNT(*) AS n FROM jobs WHERE job_id = 'DROP TABLE jobs'", [(0,)]),
        ("SHOW TABLES", [("job_codes",), ("jobs",)]),
        ("SELECT 1.5 AS a, CAST('NaN' AS DOUBLE) AS b", [(1.5, None)]),
    ],
)
def test_a_statement_that_reads_gives_rows(sql: str, rows: list[tuple[object, ...]]) -> None:
    assert query(sql, _FRAMES).collect().rows() == rows


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM jobs",
        "drop table jobs",
        "TRUNCATE TABLE jobs",
        "INSERT INTO jobs VALUES (1)",
        "/* SELECT */ UPDATE jobs SET users = 1",
        "-- SELECT\nCREATE TABLE x AS SELECT * FROM jobs",
        "COPY jobs TO 'x.csv'",
        ";",
    ],
)
def test_a_statement_that_changes_something_is_refused(sql: str) -> None:
    refused = _refused(sql)
    assert refused.what.startswith("the query begins with ")
    assert refused.advice == "A query only reads: begin it with SELECT or WITH."


@pytest.mark.parametrize(
    "call",
    [
        "read_csv('{}')",
        "READ_CSV ('{}')",
        "read_csv/* */('{}')",
        "read_csv -- x\n('{}')",
        "\"read_csv\"('{}')",
        "`read_csv`('{}')",
        "public.read_csv('{}')",
        "read_ndjson('{}')",
        "read_parquet('{}')",
        "read_ipc('{}')",
        "read_json('{}')",
        "scan_csv('{}')",
    ],
)
@pytest.mark.parametrize("sql", ["SELECT * FROM {}", "WITH x AS (SELECT * FROM {}) SELECT * FROM x", "FROM {}"])
def test_no_other_file_is_read(tmp_path: Path, call: str, sql: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n", encoding="utf-8")
    assert _refused(sql.format(call.format(secret))).what.startswith("a query can't use ")
    within = f"SELECT * FROM jobs WHERE job_id IN (SELECT a FROM {call.format(secret)})"
    assert _refused(within).what.startswith("a query can't use ")


def test_a_path_in_quotation_marks_is_no_table(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_csv(tmp_path / "secret.csv")
    for quote in "'", '"', "`":
        sql = f"SELECT * FROM {quote}{(tmp_path / 'secret.csv').as_posix()}{quote}"
        assert _refused(sql).what.startswith("the query can't be run: ")


@pytest.mark.parametrize(
    ("sql", "what", "advice"),
    [
        ("SELECT * FROM jobz", "jobz", "Did you mean jobs?"),
        ("SELECT * FROM persons", "persons", "The tables are jobs and job_codes."),
        ("SELECT cod FROM job_codes", "there is no column 'cod'", "Did you mean code?"),
        ("SELECT colour FROM job_codes", "there is no column 'colour'", "job_codes has job_id, code and users."),
        ("SELECT j.job FROM jobs j", "'job'", "Did you mean jobs?"),
        ("SELECT * FORM jobs", "FORM at Line: 1", "docs/query.md has examples."),
        ("SELECT nosuch(code) FROM job_codes", "nosuch", "docs/query.md has examples."),
        ("SELECT CAST(code AS INT) FROM job_codes", "code", "docs/query.md has examples."),
        ("SELECT 1; SELECT 2", "one statement", "docs/query.md has examples."),
        ("", "there is no query", "Specify one in quotes, beginning with SELECT. docs/query.md has examples."),
    ],
)
def test_a_mistake_is_one_line_and_a_suggestion(sql: str, what: str, advice: str) -> None:
    refused = _refused(sql)
    assert what.removeprefix("one ") in refused.what
    assert "\n" not in refused.what
    assert len(refused.what) < 250
    assert refused.advice == advice


def test_a_damaged_table_is_not_a_mistake_in_the_query(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1, but cut")
    frames = {"entries": pl.scan_parquet(tmp_path / "a.parquet", schema={"code": pl.String})}
    sql = "SELECT COUNT(*) FROM entries WHERE code = 'X'"
    with pytest.raises(InputError, match="the table entries of the history"), query_errors(sql, frames):
        query(sql, frames).collect()
