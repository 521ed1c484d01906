"""Tables to files, in the format that the name says."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from analyzer.errors import OutputError, UsageError
from analyzer.model.tables import ENTRIES, JOBS, OBSERVATIONS, table
from analyzer.storage import table_files
from analyzer.storage.table_files import (
    check_format,
    csv_bytes,
    guarded,
    rows_as_csv,
    unguarded,
    write_csv,
    write_table,
)

ROW = {
    **dict.fromkeys(ENTRIES),
    "line": 3,
    "code": "GenericError",
    "identity": "=1+1",
    "message": "http://contoso.com/\x00 <b>Größe</b> 007",
    "detail": "a\n\nb",
}


def sheet(path: Path) -> tuple[list[str], str]:
    """The texts of a workbook, and the XML of its sheet."""
    with zipfile.ZipFile(path) as parts:
        xml = parts.read("xl/worksheets/sheet1.xml").decode()
    namespace = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    return ["".join(text.itertext()) for text in ET.fromstring(xml).iter(f"{namespace}is")], xml


def test_parquet_and_ndjson_give_the_table_back(tmp_path: Path) -> None:
    entries = table([ROW], ENTRIES)
    write_table(entries.lazy(), tmp_path / "e.parquet")
    write_table(entries.lazy(), tmp_path / "e.NDJSON")
    assert pl.read_parquet(tmp_path / "e.parquet").equals(entries)
    assert pl.read_ndjson(tmp_path / "e.NDJSON", schema=ENTRIES).equals(entries)


def test_a_csv_is_guarded(tmp_path: Path) -> None:
    write_table(table([ROW], ENTRIES).lazy(), tmp_path / "e.csv")
    read = pl.read_csv(tmp_path / "e.csv", schema=ENTRIES)
    assert read["identity"].to_list() == ["'=1+1"]
    assert read.drop("identity").equals(table([ROW], ENTRIES).drop("identity"))


def test_a_workbook_holds_text_as_text(tmp_path: Path) -> None:
    write_table(table([ROW], ENTRIES).lazy(), tmp_path / "e.xlsx")
    texts, xml = sheet(tmp_path / "e.xlsx")
    assert {"=1+1", "a\n\nb", "http://contoso.com/_x0000_ <b>Größe</b> 007"} <= set(texts)
    assert "<f>" not in xml
    assert "<hyperlink" not in xml


LONG = {
    "one too many": ("x" * 32_768, "x" * (32_767 - len("… [cut]")) + "… [cut]"),
    "as many as fit": ("y" * 32_767, "y" * 32_767),
    "of two units each": ("\U0001f600" * 16_384, "\U0001f600" * 16_380 + "… [cut]"),
    "of two units, as many as fit": ("\U0001f600" * 16_383, "\U0001f600" * 16_383),
}


@pytest.mark.parametrize(("text", "expected"), LONG.values(), ids=LONG.keys())
def test_a_text_too_long_for_a_cell_is_cut_with_a_mark_and_counted(tmp_path: Path, text: str, expected: str) -> None:
    cut = write_table(table([ROW, ROW | {"detail": text}], ENTRIES).lazy(), tmp_path / "e.xlsx")
    assert cut == (text != expected)
    assert expected in sheet(tmp_path / "e.xlsx")[0]


def test_a_workbooks_times_are_utc(tmp_path: Path) -> None:
    time = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    write_table(table([dict.fromkeys(JOBS) | {"finished": time}], JOBS).lazy(), tmp_path / "j.xlsx")
    assert "<v>46349.5</v>" in sheet(tmp_path / "j.xlsx")[1]


@pytest.mark.parametrize("schema", [ENTRIES, JOBS, OBSERVATIONS], ids=["entries", "jobs", "observations"])
def test_an_empty_table_keeps_its_columns_in_each_format(tmp_path: Path, schema: dict[str, pl.DataType]) -> None:
    empty = table([], schema)
    for name in ("t.parquet", "t.csv", "t.xlsx", "t.ndjson"):
        write_table(empty.lazy(), tmp_path / name)
    assert dict(pl.read_parquet(tmp_path / "t.parquet").schema) == schema
    assert (tmp_path / "t.csv").read_text("utf-8") == ",".join(schema) + "\n"
    assert sheet(tmp_path / "t.xlsx")[0] == list(schema)
    assert (tmp_path / "t.ndjson").read_bytes() == b""


@pytest.mark.parametrize("name", ["e.txt", "e", "csv", ".csv", "e.csv.gz"])
def test_a_name_of_no_known_format_is_refused(tmp_path: Path, name: str) -> None:
    for refuse in (check_format, lambda path: write_table(table([], ENTRIES).lazy(), path)):
        with pytest.raises(UsageError, match="doesn't have the ending of a table") as raised:
            refuse(tmp_path / name)
        assert ".parquet, .csv, .ndjson, .xlsx" in raised.value.advice
    assert list(tmp_path.iterdir()) == []


def test_more_rows_than_a_sheet_holds_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files, "SHEET_ROWS", 1)
    with pytest.raises(OutputError, match="a sheet holds 1 rows, the table has more") as raised:
        write_table(table([ROW, ROW], ENTRIES).lazy(), tmp_path / "e.xlsx")
    assert raised.value.advice == "Write .parquet instead."
    assert list(tmp_path.iterdir()) == []


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201"]
PLAIN = ["a=1", "1-1", "ada@contoso.com", " =1", "'=1", "", "\u2013 x", "ö"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_begins_as_a_formula_gets_an_apostrophe(text: str) -> None:
    assert guarded(pl.DataFrame({"a": [text]}))["a"].to_list() == ["'" + text]


@pytest.mark.parametrize("text", [*PLAIN, None])
def test_any_other_text_stays_as_it_is(text: str | None) -> None:
    assert guarded(pl.DataFrame({"a": [text]}, schema={"a": pl.String}))["a"].to_list() == [text]


@pytest.mark.parametrize("text", [*FORMULAS, "a=1", "ada@contoso.com", "'", "'a", ""])
def test_the_guard_can_be_undone(text: str) -> None:
    assert unguarded(guarded(pl.DataFrame({"a": [text]}))["a"][0]) == text


def test_what_is_no_text_stays_as_it_is() -> None:
    frame = pl.DataFrame({"a": [-1], "b": [-0.5]})
    assert guarded(frame).equals(frame)


@pytest.mark.parametrize("mark", [True, False])
def test_a_csv_holds_hostile_text_and_nothing_else_of_it(mark: bool) -> None:
    hostile = ['=cmd|" /C calc"!A0', 'a"b,c\r\nd', "ö\u2028"]
    raw = csv_bytes(pl.DataFrame({"message": hostile}), byte_order_mark=mark)
    assert raw.startswith(b"\xef\xbb\xbf") is mark
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert rows == [["message"], ["'" + hostile[0]], [hostile[1]], [hostile[2]]]


@pytest.mark.parametrize("formula_in", [0, 150_000, 299_999])
def test_a_large_csv_is_that_of_the_table_in_memory(tmp_path: Path, formula_in: int) -> None:
    texts = [f"ada{number}@contoso.com" for number in range(300_000)]
    texts[formula_in] = "=1+1"
    frame = pl.DataFrame({"identity": texts, "detail": [None, 'a"b,c\r\nd', "+1"] * 100_000})
    with (tmp_path / "e.csv").open("wb") as stream:
        write_csv(frame.lazy(), tmp_path / "e.csv", stream)
    assert (tmp_path / "e.csv").read_bytes() == csv_bytes(frame, byte_order_mark=True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_large_csv_on_a_full_disk_is_an_error_with_its_place(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as stream, pytest.raises(OutputError, match=r"e\.csv .*the disk is full"):
        write_csv(pl.LazyFrame({"a": ["x" * 100_000]}), tmp_path / "e.csv", stream)


@pytest.mark.parametrize("text", [*FORMULAS, *PLAIN, 'a"b,c\r\nd', "a\rb", "ö\u2028"])
def test_a_short_table_reads_as_a_large_one(text: str) -> None:
    raw = rows_as_csv(["identity", "detail"], [[text, "x"], ["Zoë", text]])
    expected = csv_bytes(pl.DataFrame({"identity": [text, "Zoë"], "detail": ["x", text]}), byte_order_mark=True)
    rows, wanted = (list(csv.reader(io.StringIO(one.decode("utf-8-sig"), newline=""))) for one in (raw, expected))
    assert rows == wanted
