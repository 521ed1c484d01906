"""``check --fix``, tables, and standard input: what is written, what is said, and the exit code."""

from __future__ import annotations

import io
import json
import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import InputError
from analyzer.imports.input_file import input_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

PLAN = ("--id-type", "Email", "--id-property", "IdName", "--map", "Office=OfficeCode")
ADA = '{"IdName":"ada@contoso.com","Office":"1A"}'
SLASHED = r'{"IdName":"bob@contoso.com","Office":"R\V"}'
BROKEN = '{"IdName":"eve@contoso.com","Office":"Room "K" 2"}'


def feed(folder: Path, *records: str) -> Path:
    path = folder / "hr-feed.json"
    path.write_text('{"value":[' + ",".join(records) + "]}", "utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_repaired_file_without_findings_ends_with_0(upa: Callable[..., Ran], folder: Path) -> None:
    ran = upa("check", feed(folder, ADA, SLASHED), *PLAN, "--fix", "fixed.json")
    assert ran.code == 0, ran.out
    assert "Wrote fixed.json: 2 records, 1 change (backslash 1), listed in fixed.changes.csv." in ran.out
    assert "fixed.json: No findings in 2 records." in ran.out
    assert json.loads((folder / "fixed.json").read_text("utf-8"))["value"][1]["Office"] == r"R\V"


def test_what_cannot_be_repaired_is_named_and_ends_with_1(upa: Callable[..., Ran], folder: Path) -> None:
    ran = upa("check", feed(folder, ADA, BROKEN, SLASHED), *PLAN, "--fix", "fixed.json", "--fail-on", "never")
    assert ran.code == 1
    assert "No repaired file was written: 1 place can't be repaired without guessing." in ran.out
    assert "Record 2 (eve@contoso.com), line 1, column" in ran.out
    assert [path.name for path in folder.iterdir()] == ["hr-feed.json"]


def test_what_remains_after_the_repair_decides_the_exit_code(upa: Callable[..., Ran], folder: Path) -> None:
    other = ADA.replace("1A", "1B")
    ran = upa("check", feed(folder, ADA, ADA, other, SLASHED), *PLAN, "--fix", "fixed.json", "--json")
    assert ran.code == 1
    (checked,) = json.loads(ran.out)["files"]
    assert [one["kind"] for one in checked["fix"]["changes"]] == ["duplicate", "backslash"]
    assert [(one["record"], one["kind"]) for one in checked["fix"]["findings"]] == [
        (1, "duplicate-id"),
        (2, "duplicate-id"),
    ]
    assert (checked["fix"]["records"], checked["fix"]["problems"]) == (3, [])


def test_properties_that_the_map_lacks(upa: Callable[..., Ran], folder: Path) -> None:
    source = feed(folder, ADA, ADA.replace("ada", "bob").replace("}", ',"Floor":3}'))
    assert upa("check", source, *PLAN, "--fix", "fixed.json").code == 1
    assert upa("check", source, *PLAN, "--fix", "fixed.json", "--drop-unmapped").code == 0


@pytest.mark.parametrize(
    "options", [("--drop-unmapped",), ("again.json", "--fix", "fixed.json"), ("--fix", "x.json", "--drop-unmapped")]
)
def test_options_that_do_not_fit(upa: Callable[..., Ran], folder: Path, options: tuple[str, ...]) -> None:
    assert upa("check", feed(folder, ADA), *options).code == 2


def test_a_table_becomes_an_import_file_and_findings_name_its_lines(upa: Callable[..., Ran], folder: Path) -> None:
    (folder / "people.csv").write_text(
        'Mail;Office\nada@contoso.com;007\n\n"bob@contoso.com";"R\nV"\nada@contoso.com;008\n', "utf-8"
    )
    options = ("--id-type", "Email", "--id-property", "Mail", "--map", "Office=OfficeCode", "--fix", "import.json")
    ran = upa("check", "people.csv", *options, "--json")
    assert ran.code == 1
    (checked,) = json.loads(ran.out)["files"]
    assert [(one["record"], one["line"], one["column"]) for one in checked["findings"]] == [(1, 2, None), (3, 6, None)]
    assert checked["file"] == "people.csv"
    assert "1 blank row was skipped." in checked["remarks"]
    content = (folder / "import.json").read_text("utf-8-sig")
    assert content == (
        '{"value":[\n{"Mail":"ada@contoso.com","Office":"007"},\n{"Mail":"bob@contoso.com","Office":"R\\nV"},\n'
        '{"Mail":"ada@contoso.com","Office":"008"}\n]}\n'
    )
    with_table = upa("check", "people.csv", *options, "--fix", "people.csv")
    assert with_table.code == 5
    assert "people.csv is the input file itself" in with_table.err


def piped(content: bytes) -> SimpleNamespace:
    return SimpleNamespace(buffer=io.BytesIO(content), isatty=lambda: False, encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", 5, "standard input is empty."),
        (b"PK\x03\x04...", 5, "standard input is a workbook."),
        (b'{"value":[' + ADA.encode() + b"]}", 0, "standard input: No findings in 1 record."),
        (b'{"value":[' + ADA.encode(), 1, "standard input: Would abort"),
    ],
)
def test_standard_input(
    upa: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, content: bytes, code: int, words: str
) -> None:
    monkeypatch.setattr("sys.stdin", piped(content))
    ran = upa("check", "-")
    assert (ran.code, words in ran.out + ran.err) == (code, True), ran


def replaced(path: Path) -> None:
    other = path.with_name("other.json")
    other.write_text(path.read_text())
    other.replace(path)


@pytest.mark.parametrize("change", [lambda path: path.write_text(path.read_text() + " "), replaced])
def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path, change: Callable[[Path], object]) -> None:
    path = feed(tmp_path, ADA)
    reading = input_file(path)
    assert reading.__enter__().path == path
    change(path)
    with pytest.raises(InputError, match="changed while it was read"):
        reading.__exit__(None, None, None)


def test_a_file_that_does_not_exist(upa: Callable[..., Ran], folder: Path) -> None:  # noqa: ARG001 - the folder
    ran = upa("check", "none.json")
    assert ran.code == 5
    assert "none.json cannot be read: there is no such file or folder." in ran.err


@pytest.mark.parametrize(
    "options",
    [
        ("hr-feed.json", "--format", "sarif", "-o", "hr-feed.json"),
        ("people.csv", "-o", "people.csv"),
        ("people.csv", "-o", "link.csv"),
        ("hr-feed.json", "--directory", "people.csv", "-o", "people.csv"),
        ("hr-feed.json", "--directory", "people.csv", "--fix", "people.csv"),
        ("hr-feed.json", "--directory", "people.changes.csv", "--fix", "people.json"),
        ("hr-feed.json", "--schema", "people.changes.csv", "--fix", "people.json"),
        ("hr-feed.json", "--against", "before.json", "--fix", "before.json"),
    ],
)
def test_no_file_that_is_read_is_written(upa: Callable[..., Ran], folder: Path, options: tuple[str, ...]) -> None:
    feed(folder, ADA)
    shutil.copy(folder / "hr-feed.json", folder / "before.json")
    for name in ("people.csv", "people.changes.csv"):
        (folder / name).write_text("userPrincipalName,name,type\nada@contoso.com,City,string\n", "utf-8")
    (folder / "link.csv").symlink_to("people.csv")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    ran = upa("check", *options)
    assert ran.code == 5
    assert "is the input file itself" in ran.err
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_two_outputs_have_two_names(upa: Callable[..., Ran], folder: Path) -> None:
    ran = upa("check", feed(folder, SLASHED), "--fix", "fixed.json", "-o", "./fixed.changes.csv")
    assert (ran.code, list(folder.iterdir())) == (2, [folder / "hr-feed.json"])
    assert "--fix and -o both write fixed.changes.csv" in ran.err
