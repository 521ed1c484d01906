from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.config.settings import FILE_NAME, Settings, load_settings
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def _read(folder: Path, content: bytes) -> Settings:
    (folder / FILE_NAME).write_bytes(content)
    return load_settings(folder / FILE_NAME, {}, [])


def test_a_byte_order_mark_as_windows_editors_write_it_is_passed_over(tmp_path: Path) -> None:
    assert _read(tmp_path, b'\xef\xbb\xbfdata = "d"\r\n').config.data == "d"


@pytest.mark.parametrize("content", ['\ufeffdata = "d"'.encode("utf-16-le"), 'data = "Zug\u00e4nge"'.encode("cp1252")])
def test_what_is_no_utf_8_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UsageError) as error:
        _read(tmp_path, content)
    assert error.value.what == f"{tmp_path / FILE_NAME} isn't valid TOML: it is not in UTF-8"
    assert error.value.advice == "Save it as UTF-8."


@pytest.mark.parametrize("path", ["C:\\Users\\ada\\a.pem", "C:\\upa.pem", "C:\\Data\\a.pem", "C:\\upa\\"])
def test_a_backslash_that_toml_refuses_is_told_with_how_it_is_written(tmp_path: Path, path: str) -> None:
    with pytest.raises(UsageError, match=r"isn't valid TOML: .*line 1") as error:
        _read(tmp_path, f'data = "{path}"'.encode())
    assert error.value.advice.startswith("In double quotes a backslash is written twice;")


def test_a_fault_elsewhere_than_in_a_backslash_has_no_advice_on_them(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="isn't valid TOML") as error:
        _read(tmp_path, b"data = 'C:\\upa'\nhistory = ")
    assert error.value.advice == "Correct it there."


def test_lists_nested_deeper_than_can_be_read_are_not_valid_toml(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="isn't valid TOML: it is nested too deeply") as error:
        _read(tmp_path, b"data = " + b"[" * 5000)
    assert error.value.advice == "Correct it there."


def test_a_path_whose_backslashes_toml_took_for_tabs_and_line_ends_is_no_path(tmp_path: Path) -> None:
    settings = _read(tmp_path, b'data = "C:\\temp\\new"')
    with pytest.raises(UsageError) as error:
        _ = settings.data
    words = "'C:\\temp\\new' in the configuration isn't a path: it contains a tab, a line end, or a similar character"
    assert error.value.what == words
    assert error.value.advice.startswith("In double quotes a backslash is written twice;")
