"""The list of users that a file holds, in whatever form people keep one."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.errors import InputError
from analyzer.model.identity import identity_key
from analyzer.retry.inputs import read_users
from analyzer.retry.model import Choices
from analyzer.storage.table_files import csv_bytes
from tests.analysis.frames import GUID

if TYPE_CHECKING:
    from pathlib import Path

ADA, BOB, EVE = "Ada@contoso.com", "bob@contoso.com", "ève@contoso.com"
BOTH = {"ada@contoso.com": ADA, "bob@contoso.com": BOB}


def users(tmp_path: Path, content: str | bytes, encoding: str = "utf-8") -> dict[str, str]:
    path = tmp_path / "users.csv"
    path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    return read_users(path)


FORMS = {
    "one id a line": f"{ADA}\n{BOB}\n",
    "no line end at the end": f"{ADA}\n{BOB}",
    "CRLF": f"{ADA}\r\n{BOB}\r\n",
    "CR": f"{ADA}\r{BOB}\r",
    "blank lines and spaces": f"\n  {ADA}\t\n\n   \n{BOB}  \n\n",
    "twice, in two spellings": f"{ADA}\n{BOB}\ni:0#.f|membership|{ADA.upper()}\n",
    "a title in the only column": f"E-Mail\n{ADA}\n{BOB}\n",
    "our title in the only column": f"Identity\n{ADA}\n{BOB}\n",
    "quotes": f'"{ADA}"\n"{BOB}"\n',
    "the first column, commas": f"{ADA},Ada\n{BOB},Bob\n",
    "the first column, semicolons": f"{ADA};Beispiel, Ada\n{BOB};Muster, Bob, Sir\n",
    "the first column, tabs": f"{ADA}\tBeispiel, Ada\n{BOB}\tMuster; Bob\n",
    "a title, no identity": f"UPN;Name\n{ADA};Ada\n{BOB};Bob\n",
    "commas in a title": f'"UPN, mail, or id";Name\n{ADA};Ada\n{BOB};Bob\n',
    "identity stands elsewhere": f"reason,identity,x\nno such user,{ADA},1\nno such user,{BOB},2\n",
    "identity tells the separator": f"identity;a, b, c, d\n{ADA};1\n{BOB};1\n",
    "identity in quotes": f'"Name, given";"IDENTITY"\n"Beispiel, Ada";"{ADA}"\nBob;{BOB}\n',
    "a first line that names the separator": f"sep=;\nidentity;x\n{ADA};1\n{BOB};2\n",
    "rows that are shorter": f"x,identity\n1,{ADA}\nx\n,\n1,{BOB},3\n",
    "cells over several lines": f'message,identity\n"a\n\nb",{ADA}\n"""x""\n",{BOB}\n',
    "commas from the second line on": f"Users\n{ADA},1\n{BOB},2\n",
    "a space before a quote": f'1, identity\n1, "{ADA}"\n1, {BOB}\n',
    "a comma behind the only one's name": f"{ADA},\n{BOB},\n",
}


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS.keys())
def test_a_list_is_read(tmp_path: Path, content: str) -> None:
    assert users(tmp_path, content) == BOTH


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_list_is_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    assert users(tmp_path, f"{EVE}\r\n{BOB}\r\n", encoding) == {EVE: EVE, BOB: BOB}


def test_utf_16_with_the_other_byte_order(tmp_path: Path) -> None:
    assert users(tmp_path, b"\xfe\xff" + EVE.encode("utf-16-be")) == {EVE: EVE}


def test_ids_that_do_not_look_like_ids_are_kept_where_none_does(tmp_path: Path) -> None:
    assert users(tmp_path, "1001\n1002\n") == {"1001": "1001", "1002": "1002"}


def test_guids_and_account_names_look_like_ids(tmp_path: Path) -> None:
    assert list(users(tmp_path, f"{GUID}\n{ADA}\n")) == [GUID, ADA.lower()]
    assert list(users(tmp_path, f"CONTOSO\\ada\n{ADA}\n")) == ["contoso\\ada", ADA.lower()]


def test_the_guard_against_formulas_is_undone(tmp_path: Path) -> None:
    ids = ["=1+1@contoso.com", "-x@contoso.com", "'quoted@contoso.com", "\uff0bx@contoso.com"]
    ours = csv_bytes(pl.DataFrame({"reason": ["=x"] * 4, "identity": ids}), byte_order_mark=True)
    assert list(users(tmp_path, ours).values()) == ids


def test_a_cell_beside_an_id_may_be_of_any_length_and_pythons_limit_stays(tmp_path: Path) -> None:
    limit = csv.field_size_limit()
    assert users(tmp_path, f"message,identity\n{'x' * (limit + 1)},{ADA}\n,{BOB}\n") == BOTH
    assert csv.field_size_limit() == limit


NOT_READ = {
    "empty": (b"", "has no ID in it"),
    "blank": (b" \r\n\t\r\n", "has no ID in it"),
    "a mark alone": (b"\xef\xbb\xbf", "has no ID in it"),
    "a title alone": (b"x,identity\n1,\n", "has no ID in it"),
    "titles alone": (b"x,identity\n", "has no ID in it"),
    "a claims prefix alone": (b"i:0#.f|membership|\n", "has no ID in it"),
    "a workbook": (b"PK\x03\x04\x14\x00\x06\x00", "isn't a text file. Save a workbook as CSV"),
    "UTF-16 without a mark": (ADA.encode("utf-16-le"), "isn't a text file"),
    "a quote that is not closed": (f'{BOB}\n"{ADA}\n'.encode(), "cannot be read as CSV, near its line 2"),
    "text behind a quote": (f'x,identity\n"{ADA}"x,1\n'.encode(), "cannot be read as CSV, near its line 2"),
    "several ids in one line": (f"{ADA}, {BOB}\n".encode(), "several cells in its only line. Write one ID a line"),
}


@pytest.mark.parametrize(("content", "message"), NOT_READ.values(), ids=NOT_READ.keys())
def test_a_file_that_is_not_a_list_is_an_error(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        users(tmp_path, content)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path))
    assert caught.value.advice
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        read_users(tmp_path / "nobody.txt")
    with pytest.raises(InputError, match=r"cannot be read: (it is a folder|permission denied)"):
        read_users(tmp_path)


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


def _written(ids: list[str], notes: list[str], delimiter: str, encoding: str) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(["note", "identity"])
    writer.writerows(zip(notes, ids, strict=False))
    return out.getvalue().encode(encoding)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6),
    st.sampled_from(",;\t"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_any_csv_gives_the_ids_in_its_column(
    tmp_path: Path, rows: list[tuple[str, str]], delimiter: str, encoding: str
) -> None:
    # An id has no line end, and one with an apostrophe before a sign cannot be listed from a guarded one.
    ids = [" ".join(identity.splitlines()).replace("'", "") for identity, _ in rows]
    expected = {identity_key(identity) for identity in ids} - {""}
    content = _written(ids, [note for _, note in rows], delimiter, encoding)
    if expected:
        assert users(tmp_path, content).keys() == expected
    else:
        with pytest.raises(InputError):
            users(tmp_path, content)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60) | st.text(alphabet="a@,;\"\n\r\t '=", max_size=30).map(str.encode))
def test_whatever_the_bytes_there_are_ids_or_a_plain_error(tmp_path: Path, content: bytes) -> None:
    try:
        found = users(tmp_path, content)
    except InputError as error:
        assert error.advice  # noqa: PT017 - either is right
    else:
        assert found
        assert all(identity_key(identity) == key for key, identity in found.items())


@pytest.mark.parametrize(
    ("choices", "narrow", "by_log"),
    [
        (Choices(), False, False),
        (Choices(drop_properties=("Floor",)), False, False),
        (Choices(users={}), True, False),
        (Choices(retryable=True), True, True),
        (Choices(only=("A",)), True, True),
        (Choices(except_=("A",)), True, True),
        (Choices(without_culprits=True), True, True),
    ],
)
def test_what_is_a_choice_of_users(choices: Choices, narrow: bool, by_log: bool) -> None:
    assert (choices.narrow, choices.by_log) == (narrow, by_log)
