"""Tables become import files: cells as texts, nothing shifted, and what isn't taken as it is shown is said."""

from __future__ import annotations

import csv
import datetime as dt
import functools
import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.errors import InputError, UsageError
from analyzer.imports.from_table import is_table, make_import_file
from analyzer.imports.model import column_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from analyzer.imports.from_table import TableImport


def made(path: Path, id_property: str = "") -> tuple[list[dict[str, str]], TableImport]:
    stream = io.BytesIO()
    table = make_import_file(path, stream, id_property)
    content = stream.getvalue()
    assert content.startswith(b"\xef\xbb\xbf")
    return json.loads(content.decode("utf-8-sig"))["value"], table


def from_csv(tmp_path: Path, content: str | bytes, id_property: str = "") -> tuple[list[dict[str, str]], TableImport]:
    path = tmp_path / "people.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return made(path, id_property)


ADA = {"Mail": "ada@contoso.com", "Code": "007"}
SPELLINGS = {
    "commas": b"Mail,Code\nada@contoso.com,007\n",
    "semicolons": b"Mail;Code\r\nada@contoso.com;007\r\n",
    "tabs": b"Mail\tCode\r\nada@contoso.com\t007",
    "quotes": b'"Mail","Code"\n"ada@contoso.com","007"\n',
    "a mark": b"\xef\xbb\xbfMail,Code\nada@contoso.com,007\n",
    "utf-16": "Mail\tCode\r\nada@contoso.com\t007\r\n".encode("utf-16"),
    "utf-16 without a mark": "Mail\tCode\r\nada@contoso.com\t007\r\n".encode("utf-16-le"),
    "a type": b'#TYPE Selected.System.Object\r\n"Mail","Code"\r\n"ada@contoso.com","007"\r\n',
    "a separator line": b"sep=|\r\nMail|Code\r\nada@contoso.com|007\r\n",
    "a separator line for tabs": b"sep=\t\r\nMail\tCode\r\nada@contoso.com\t007\r\n",
    "carriage returns": b"Mail,Code\rada@contoso.com,007\r",
    "blank lines": b"\nMail,Code\n\nada@contoso.com,007\n,\n",
    "blanks around headings": b" Mail , Code\nada@contoso.com,007\n",
    "empty columns at the end": b"Mail,Code,,\nada@contoso.com,007,,\n",
    "empty cells at the end": b"Mail,Code\nada@contoso.com,007,,\n",
}


@pytest.mark.parametrize("content", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_the_usual_spellings_of_csv(tmp_path: Path, content: bytes) -> None:
    assert from_csv(tmp_path, content, "Mail")[0] == [ADA]


def test_letters_of_windows_1252(tmp_path: Path) -> None:
    records, table = from_csv(tmp_path, "Mail;City\nada@contoso.com;Köln\n".encode("cp1252"))
    assert records == [{"Mail": "ada@contoso.com", "City": "Köln"}]
    assert table.remarks == ("Read as text in Windows-1252, with semicolons between the values.",)


def test_empty_cells_are_left_out_and_blank_rows_are_skipped(tmp_path: Path) -> None:
    records, table = from_csv(tmp_path, 'Mail,Office,Note\na@contoso.com,,"x\ny"\n,,\nb@contoso.com,1,\n,2,z\n')
    assert records == [
        {"Mail": "a@contoso.com", "Note": "x\ny"},
        {"Mail": "b@contoso.com", "Office": "1"},
        {"Office": "2", "Note": "z"},
    ]
    assert (list(table.places), table.row_word) == ([2, 5, 6], "line")
    assert table.remarks[1:] == (
        "1 blank row was skipped.",
        "Empty cells were left out, so that these profiles keep their value: Mail (1), Office (1) and Note (1).",
    )


REFUSED = {
    "nothing": ("", "people.csv is empty"),
    "blanks": ("\n \n", "people.csv is empty"),
    "two equal headings": ("Mail,Office,Mail\n", r"two columns called Mail \(A and C\)"),
    "a value without a heading": ("Mail,,City\na@contoso.com,x,y\n", "line 2: column B has a value, but no heading"),
    "too many values": ("Mail,City\na@contoso.com,Kiel, 2nd floor\n", "line 2: 3 values for 2 headings"),
    "too few values": (
        "Mail,City\nb@x.com,y\na@contoso.com\nc@x.com\n",
        "line 3: 1 value for 2 headings; so do 1 more line",
    ),
    "a quotation mark that isn't closed": ('Mail,City\na@contoso.com,"Kiel\n', "isn't valid CSV from line 2 on"),
    "text after a quotation mark": ('Mail,City\n"a"@contoso.com,Kiel\n', "isn't valid CSV from line 2 on"),
}


@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_might_shift_a_value_is_an_error_with_its_place(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        from_csv(tmp_path, content)


def test_a_column_of_ids_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no column mail\. Did you mean Mail"):
        from_csv(tmp_path, "Mail,City\n", "mail")


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELL, CELL), max_size=6), st.sampled_from([",", ";", "\t"]), st.sampled_from(["\n", "\r\n"]))
def test_any_csv_that_python_writes_is_read_as_python_reads_it(
    tmp_path: Path, rows: list[tuple[str, str]], separator: str, end: str
) -> None:
    content = io.StringIO(newline="")
    writer = csv.writer(content, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("Mail", "City"), *rows])
    records, table = from_csv(tmp_path, content.getvalue())
    expected = [{name: cell for name, cell in zip(("Mail", "City"), row, strict=True) if cell} for row in rows]
    assert records == [record for record in expected if record]
    assert len(table.places) == len(records)


def workbook(tmp_path: Path, fill: Callable[[Workbook, Worksheet], object], name: str = "people.xlsx") -> Path:
    path = tmp_path / name
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("Users & more")
    fill(book, sheet)
    book.close()
    return path


def test_cells_of_a_workbook_are_texts_and_what_is_shown_otherwise_is_said(tmp_path: Path) -> None:
    def fill(book: Workbook, sheet: Worksheet) -> None:
        style = {name: book.add_format({"num_format": name}) for name in ("yyyy-mm-dd", "00000", "0.00", "hh:mm")}
        sheet.write_row("B3", ["Mail", "Hired", "Code", "Level", "Rate", "Active", "Plain", "Text", "Seen", "Start"])
        sheet.write_string("B4", "ada@contoso.com")
        sheet.write_datetime("C4", dt.date(2024, 3, 1), style["yyyy-mm-dd"])
        sheet.write_number("D4", 42, style["00000"])
        sheet.write_formula("E4", "=1+1", None, 2)
        sheet.write_number("F4", 1.256, style["0.00"])
        sheet.write_boolean("G4", True)
        sheet.write_number("H4", 4712345678)
        sheet.write_string("I4", "0042", style["00000"])
        sheet.write_number("J4", 45352 + 8.5 / 24, style["yyyy-mm-dd"])
        sheet.write_datetime("K4", dt.time(8, 30), style["hh:mm"])
        sheet.write_string("B6", "bob@contoso.com")
        book.add_worksheet("Other")

    records, table = made(workbook(tmp_path, fill), "Mail")
    assert records == [
        {
            "Mail": "ada@contoso.com",
            "Hired": "2024-03-01",
            "Code": "00042",
            "Level": "2",
            "Rate": "1.256",
            "Active": "TRUE",
            "Plain": "4712345678",
            "Text": "0042",
            "Seen": "2024-03-01T08:30:00",
            "Start": "08:30:00",
        },
        {"Mail": "bob@contoso.com"},
    ]
    assert (list(table.places), table.row_word) == ([4, 6], "row")
    assert table.remarks[:5] == (
        "Read the sheet Users & more; 1 more sheet left out.",
        (
            "3 dates were stored as numbers, and written as ISO text such as 2024-03-01: Hired (1), Seen (1)"
            " and Start (1)."
        ),
        "Values of formulas were taken as the workbook was saved with them: Level (1).",
        "Numbers were written with the leading zeros that are shown: Code (1).",
        "Numbers were written as they are stored, which may differ from what is shown: Rate (1).",
    )


@pytest.mark.parametrize("number", [1234567890123456, 12345678901234567890, -1e15])
def test_a_number_that_lost_digits_is_an_error_with_its_place(tmp_path: Path, number: float) -> None:
    def fill(_book: Workbook, sheet: Worksheet) -> None:
        sheet.write_row("B3", ["IdName", "Badge"])
        sheet.write_row("B4", ["ada@contoso.com", 999_999_999_999_999])
        sheet.write_row("B5", ["bob@contoso.com", number])

    with pytest.raises(InputError, match="cell C5 is a number with more than 15 digits"):
        made(workbook(tmp_path, fill))


def test_a_text_of_digits_and_a_time_span_are_written_as_shown(tmp_path: Path) -> None:
    def fill(book: Workbook, sheet: Worksheet) -> None:
        sheet.write_row("A1", ["IdName", "Badge", "Hours"])
        sheet.write_row("A2", ["ada@contoso.com", "00000000001234567890"])
        sheet.write_number("C2", 1.25, book.add_format({"num_format": "[h]:mm:ss"}))

    assert made(workbook(tmp_path, fill))[0] == [
        {"IdName": "ada@contoso.com", "Badge": "00000000001234567890", "Hours": "30:00:00"}
    ]


def test_hidden_rows_and_columns_are_read_and_said(tmp_path: Path) -> None:
    def fill(_book: Workbook, sheet: Worksheet, *, rows: bool = True, columns: str = "B:B") -> None:
        sheet.write_row("A1", ["IdName", "City"])
        sheet.write_row("A2", ["ada@contoso.com", "Ulm"])
        sheet.set_row(1 if rows else 5, None, None, {"hidden": True})
        sheet.set_column(columns, None, None, {"hidden": True})

    records, table = made(workbook(tmp_path, fill))
    assert records == [{"IdName": "ada@contoso.com", "City": "Ulm"}]
    assert table.remarks[1:] == (
        "Some rows are hidden, and were read, too.",
        "Some columns are hidden, and were read, too.",
    )
    unused = functools.partial(fill, rows=False, columns="C:XFD")
    assert made(workbook(tmp_path, unused, "unused.xlsx"))[1].remarks == table.remarks[:1]


def test_merged_cells_are_an_error_with_their_place(tmp_path: Path) -> None:
    def fill(_: Workbook, sheet: Worksheet) -> None:
        sheet.write_row("A1", ["Mail", "Office"])
        sheet.merge_range("B2:B4", "1A")

    with pytest.raises(InputError, match="cells B2 to B4 of the sheet Users & more are merged"):
        made(workbook(tmp_path, fill))


def test_a_cell_with_an_error_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    def fill(_: Workbook, sheet: Worksheet) -> None:
        sheet.write_row("A1", ["Mail", "Office"])
        sheet.write_formula("B2", "=NA()", None, "#N/A")

    with pytest.raises(InputError, match="cell B2 of the sheet Users & more has an error"):
        made(workbook(tmp_path, fill))


def test_the_first_visible_sheet_is_read(tmp_path: Path) -> None:
    def fill(book: Workbook, sheet: Worksheet) -> None:
        sheet.write_row("A1", ["Old"])
        second = book.add_worksheet("New")
        second.write_column("A1", ["Mail", "ada@contoso.com"])
        second.activate()
        second.set_first_sheet()
        sheet.hide()

    assert made(workbook(tmp_path, fill))[0] == [{"Mail": "ada@contoso.com"}]


def test_cells_across_pieces_of_the_sheet_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(book: Workbook, sheet: Worksheet) -> None:
        padded = book.add_format({"num_format": "000"})
        sheet.write_row("A1", ["Mail", "Code"])
        for row in range(1, 40):
            sheet.write_string(row, 0, f"user{row}@contoso.com")
            sheet.write_number(row, 1, row, padded)

    path = workbook(tmp_path, fill)
    for size in (7, 50, 1000):
        monkeypatch.setattr("analyzer.imports.from_workbook._PIECE", size)
        assert [record["Code"] for record in made(path)[0]] == [f"{row:03}" for row in range(1, 40)]


def damaged(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 no archive")


def of_another_kind(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "x")


def protected(path: Path) -> None:
    path.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600))


@pytest.mark.parametrize("damage", [damaged, of_another_kind, protected])
def test_a_file_that_is_no_workbook(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = tmp_path / "people.xlsx"
    damage(path)
    with pytest.raises(InputError, match="can't be read as an XLSX workbook"):
        made(path)


def test_old_workbooks_are_refused_by_their_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="isn't an XLSX workbook"):
        is_table(tmp_path / "people.xls")
    assert [is_table(tmp_path / name) for name in ("a.CSV", "a.tsv", "a.xlsx", "a.json", "a.txt")] == [True] * 3 + [
        False
    ] * 2


def test_columns_are_named_as_spreadsheets_show_them() -> None:
    assert [column_name(index) for index in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
