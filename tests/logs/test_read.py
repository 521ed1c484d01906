"""One log file to the table ``entries``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.history.find_logs import log_at
from analyzer.logs.model import LogFile
from analyzer.logs.read import LogReader, job_id_in

if TYPE_CHECKING:
    from pathlib import Path

JOB = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
OTHER = "a81b2f90-0000-4a00-8000-000000000001"
SCHEMA = {
    "tenant": pl.String,
    "job_id": pl.String,
    "log_file": pl.String,
    "line": pl.UInt32,
    "code": pl.String,
    "identity": pl.String,
    "property": pl.String,
    "message": pl.String,
    "detail": pl.String,
}


def write(folder: Path, raw: bytes, name: str = f"ImportProfileProperties-{JOB}-20151130-174205-993.log") -> Path:
    path = folder / name
    path.write_bytes(raw)
    return path


def test_a_log_is_a_table_of_its_entries(tmp_path: Path) -> None:
    raw = (
        "\ufeffInvalidProperty\tada@contoso.com\tProperty 'AboutMe' is not mapped.\r\n"
        "GenericError\t\tfailed\r\n   at Store\r\n\r\n"
    ).encode()
    reading = LogReader([LogFile(write(tmp_path, raw), "sites/hr/a.log", "contoso.sharepoint.com")])
    common = {"tenant": "contoso.sharepoint.com", "job_id": None, "log_file": "sites/hr/a.log"}
    assert reading.table().to_dicts() == [
        common
        | {
            "line": 1,
            "code": "InvalidProperty",
            "identity": "ada@contoso.com",
            "property": "AboutMe",
            "message": "Property 'AboutMe' is not mapped.",
            "detail": None,
        },
        common
        | {
            "line": 2,
            "code": "GenericError",
            "identity": None,
            "property": None,
            "message": "failed",
            "detail": "   at Store",
        },
    ]
    (log,) = reading.logs
    assert (log.encoding.name, log.encoding.replaced, log.lines, log.entries) == ("utf-8", 0, 4, 2)


@pytest.mark.parametrize("raw", [b"", b"\xef\xbb\xbf", b"\r\n\r\n", b"GenericError\t\tx", b"text"])
def test_columns_and_types_are_the_same_for_every_log(tmp_path: Path, raw: bytes) -> None:
    reading = LogReader([log_at(write(tmp_path, raw))])
    assert dict(reading.table().schema) == dict(reading.lazy().collect_schema()) == SCHEMA


def test_a_bare_file_keeps_its_path_and_has_no_tenant(tmp_path: Path) -> None:
    path = write(tmp_path, b"GenericError\t\tx")
    row = LogReader([log_at(path)]).table().row(0, named=True)
    assert (row["log_file"], row["tenant"], row["job_id"]) == (str(path), None, JOB)


def test_what_could_not_be_decoded_is_counted(tmp_path: Path) -> None:
    reading = LogReader([log_at(write(tmp_path, b"\xef\xbb\xbfGenericError\t\ta\x81b"))])
    assert reading.table()["message"].to_list() == ["a\ufffdb"]
    assert (reading.logs[0].encoding.name, reading.logs[0].encoding.replaced) == ("utf-8", 1)


@pytest.mark.parametrize(
    ("name", "expected"),
    {
        "by the file": (f"x/ImportProfileProperties-{JOB}-20151130-174205-993.log", JOB),
        "by the file without ending": (f"ImportProfileProperties-{JOB}-20151130-174205-993", JOB),
        "by the file without time": (f"ImportProfileProperties-{JOB}.log", JOB),
        "in any case": (f"importprofileproperties-{JOB.upper()}.LOG", JOB),
        "the file before the folder": (f"a-{OTHER}-Logs/ImportProfileProperties-{JOB}.log", JOB),
        "by the folder": (f"sites/hr/sample-{JOB}-Logs/renamed.log", JOB),
        "by the folder on Windows": (f"C:\\hr\\sample-{JOB}-Logs\\renamed.log", JOB),
        "by a folder of an odd stem": (f"-{JOB}-Logs/x.log", JOB),
        "not by a folder further up": (f"sample-{JOB}-Logs/old/renamed.log", None),
        "not by a folder that only holds an id": (f"{JOB}/renamed.log", None),
        "by neither": ("renamed.log", None),
    }.values(),
)
def test_the_job_id_comes_from_the_name_of_the_file_or_folder(name: str, expected: str | None) -> None:
    assert job_id_in(name) == expected


@pytest.mark.parametrize("name", ["missing.log", "."])
def test_an_unreadable_file_is_reported_and_the_others_are_read(tmp_path: Path, name: str) -> None:
    good = log_at(write(tmp_path, b"GenericError\t\tx"))
    reading = LogReader([LogFile(tmp_path / name, name), good])
    assert reading.table().height == 1
    assert re.fullmatch(
        r"\S+ cannot be read: (there is no such file or folder|it is a folder)\.", str(reading.logs[0].problem)
    )
    assert reading.logs[1].problem is None
