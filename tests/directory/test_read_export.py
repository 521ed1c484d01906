from __future__ import annotations

import os
from typing import TYPE_CHECKING

import polars as pl
import pytest
import xlsxwriter

from analyzer.directory.headings import LOOKED_FOR
from analyzer.directory.model import Attribute, KeyKind
from analyzer.directory.read_export import read_directory
from analyzer.errors import InputError
from tests.directory import exports

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.directory.model import Directory

A = Attribute
ALL_BUT_ALIASES = {A.aliases, A.licenses, A.deleted}


def read(folder: Path, content: str | bytes, encoding: str = "utf-8") -> Directory:
    path = folder / "users.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return read_directory(path)


def column(directory: Directory, name: str) -> list[object]:
    return directory.users[name].to_list()


def keys(directory: Directory, kind: KeyKind) -> set[str]:
    return set(directory.keys.filter(pl.col("kind") == int(kind))["key"])


@pytest.mark.parametrize(
    ("head", "lacks"),
    [
        pytest.param(exports.ENTRA, ALL_BUT_ALIASES, id="Entra as documented"),
        pytest.param(exports.ENTRA_REAL, ALL_BUT_ALIASES, id="Entra as it is"),
        pytest.param(exports.ADMIN, {A.deleted}, id="admin center"),
        pytest.param(exports.ADMIN_OLD, {A.deleted}, id="admin center, older"),
        pytest.param(exports.PNP, ALL_BUT_ALIASES, id="PnP"),
        pytest.param(exports.M365, {A.deleted}, id="CLI for Microsoft 365"),
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_exports_of_each_tool_are_read(
    tmp_path: Path, head: str, lacks: set[Attribute], separator: str, encoding: str
) -> None:
    if encoding == "cp1252":
        head = head.replace("City", "Café").replace("mobilePhone", "Téléphone").replace("mobile,", "Téléphone,")
    found = read(tmp_path, exports.export(head, separator=separator), encoding)
    assert column(found, "principal_name") == [user.name for user in exports.PEOPLE]
    assert column(found, "object_id") == [user.object_id for user in exports.PEOPLE]
    assert column(found, "mail") == [user.mail for user in exports.PEOPLE]
    assert column(found, "enabled") == [True, False, True]
    assert column(found, "guest") == [False, False, True]
    assert found.lacks == lacks
    assert found.unreadable == 0
    if A.aliases not in lacks:
        assert column(found, "licensed") == [True, False, False]
        assert keys(found, KeyKind.alias) == {"ada.l+x@contoso.com"}


def test_headings_ignore_case_blanks_and_order(tmp_path: Path) -> None:
    found = read(tmp_path, f"OBJECT  ID, user principal NAME \n{exports.ADA},ada@contoso.com\n")
    assert column(found, "principal_name") == ["ada@contoso.com"]
    assert column(found, "object_id") == [exports.ADA]


@pytest.mark.parametrize(
    "joined",
    [
        "SMTP:a@contoso.com+smtp:b+c@contoso.com+SIP:s@contoso.com",
        "SMTP:a@contoso.com;smtp:b+c@contoso.com;X500:/o=x@y",
        "{SMTP:a@contoso.com, smtp:b+c@contoso.com}",
        "SMTP:a@contoso.com smtp:b+c@contoso.com",
        "SMTP:a@contoso.com | smtp:b+c@contoso.com",
        '[""SMTP:a@contoso.com"",""smtp:b+c@contoso.com""]',
        "X500:/o=Contoso/cn=a+SMTP:a@contoso.com+b+c@contoso.com",
    ],
)
def test_proxy_addresses_are_read_however_they_are_joined(tmp_path: Path, joined: str) -> None:
    found = read(tmp_path, f'UserPrincipalName,ProxyAddresses\nada@contoso.com,"{joined}"\n')
    assert keys(found, KeyKind.primary) == {"a@contoso.com"}
    assert keys(found, KeyKind.alias) == {"b+c@contoso.com"}
    assert column(found, "mail") == ["a@contoso.com"]


def test_an_export_of_get_mguser_with_names_of_types_lacks_what_they_hide(tmp_path: Path) -> None:
    names = ".Collections.Generic.Dictionary`2[System.String]"
    rows = [
        "#TYPE Microsoft.Graph.PowerShell.Models.MicrosoftGraphUser",
        exports.MG_USER,
        f",,,,Microsoft.Graph.Models.License[],,Ada,{exports.ADA},a@b.c,ada,System.String[],System.String[],ada@b.c,,System{names}",
    ]
    found = read(tmp_path, "\r\n".join(rows), "utf-16")
    assert column(found, "principal_name") == ["ada@b.c"]
    assert found.lacks == {A.aliases, A.licenses, A.deleted, A.enabled}
    (remark,) = found.remarks
    assert remark.startswith("users.csv shows no aliases, disabled accounts, licenses or deleted users, so renamed and")


@pytest.mark.parametrize(
    ("heading", "cell", "enabled"),
    [
        ("accountEnabled", "TRUE", True),
        ("AccountEnabled", "false", False),
        ("Account enabled", "WAHR", True),
        ("accountEnabled", "FALSCH", False),
        ("accountEnabled", "", None),
        ("Block credential", "True", False),
        ("Block Credential", "FAUX", True),
        ("BlockCredential", "False", True),
        ("Block sign-in", "Yes", False),
    ],
)
def test_whether_an_account_is_enabled_is_read_in_each_spelling(
    tmp_path: Path, heading: str, cell: str, enabled: bool | None
) -> None:
    found = read(tmp_path, f"userPrincipalName,{heading}\nada@contoso.com,{cell}\n")
    assert column(found, "enabled") == [enabled]
    assert (A.enabled in found.lacks) == (enabled is None)


@pytest.mark.parametrize(
    ("heading", "cells", "licensed"),
    [
        ("Licenses", ["Office 365 E3+Power BI", "Unlicensed", ""], [True, False, None]),
        ("AssignedLicenses", ["a0b1", "", "c"], [True, False, True]),
        ("assignedLicenses", ["[]", "[{}]", "[]"], [False, True, False]),
        ("isLicensed", ["True", "False", "True"], [True, False, True]),
        ("Licenses", ["", "", ""], [None, None, None]),
    ],
)
def test_licenses_are_read_in_each_spelling(
    tmp_path: Path, heading: str, cells: list[str], licensed: list[bool | None]
) -> None:
    rows = [f"u{number}@contoso.com,{cell}" for number, cell in enumerate(cells)]
    found = read(tmp_path, "\n".join([f"UserPrincipalName,{heading}", *rows]))
    assert column(found, "licensed") == licensed
    assert (A.licenses in found.lacks) == (licensed == [None] * 3)


def test_a_deleted_user_has_the_name_from_before(tmp_path: Path) -> None:
    gone = exports.User(
        exports.GONE.replace("-", "") + "gone@contoso.com", exports.GONE, deleted="2026-11-01 10:00:00Z"
    )
    found = read(tmp_path, exports.export(exports.ADMIN, (*exports.PEOPLE, gone)))
    assert column(found, "principal_name")[-1] == "gone@contoso.com"
    assert column(found, "deleted") == [False, False, False, True]
    assert A.deleted not in found.lacks


def test_cells_guarded_against_formulas_are_read_without_the_guard(tmp_path: Path) -> None:
    found = read(tmp_path, 'userPrincipalName,mail,jobTitle\n"=""ada@contoso.com""",\'+ada@contoso.com,=3+1\n')
    assert column(found, "principal_name") == ["ada@contoso.com"]
    assert column(found, "mail") == ["+ada@contoso.com"]


def test_a_formula_in_place_of_an_id_makes_the_row_unreadable(tmp_path: Path) -> None:
    found = read(tmp_path, "userPrincipalName\nada@contoso.com\n=1+1\nbob@contoso.com\n")
    assert column(found, "principal_name") == ["ada@contoso.com", "bob@contoso.com"]
    assert (found.unreadable, found.first_unreadable) == (1, 2)
    assert "1 row of users.csv can't be read, the first is row 2" in found.remarks[-1]


def test_users_in_several_rows_count_once(tmp_path: Path) -> None:
    rows = [f"{exports.ADA},ada@contoso.com,2026-11-01", f"{exports.ADA},ada@contoso.com,", f"{exports.BOB},bob@b.c,"]
    found = read(tmp_path, "\n".join(["Object Id,User principal name,Soft deletion time stamp", *rows]))
    assert column(found, "object_id") == [exports.ADA, exports.BOB]
    assert column(found, "deleted") == [False, False]


def test_a_column_that_only_seems_to_have_object_ids_is_ignored(tmp_path: Path) -> None:
    found = read(tmp_path, "id,userPrincipalName\n17,ada@contoso.com\n18,bob@contoso.com\n")
    assert len(found.users) == 2
    assert A.object_id in found.lacks


def test_quotation_marks_inside_of_cells_are_tolerated(tmp_path: Path) -> None:
    found = read(tmp_path, 'displayName,userPrincipalName\nAda 5" King,ada@contoso.com\nBob,bob@contoso.com\n')
    assert column(found, "principal_name") == ["ada@contoso.com", "bob@contoso.com"]


def test_rows_of_other_lengths_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, "userPrincipalName,mail\nada@contoso.com\nbob@contoso.com,b@b.c,more\n\n")
    assert column(found, "mail") == [None, "b@b.c"]


AD_USERS = """DistinguishedName,Enabled,Name,ObjectClass,ObjectGUID,SamAccountName,SID,UserPrincipalName
"CN=Ada,DC=contoso",True,Ada,user,15e91f38-3651-425f-810a-56e0fb00287a,ada,S-1-5,ada@contoso.local
"""


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("sep=;\nuserPrincipalName;mail\n", "has no users"),
        ("name,town\nAda,London\n", f"isn't a directory export: none of its headings (name, town) is {LOOKED_FOR}"),
        ('{"value": []}', "isn't a directory export"),
        (
            'displayName,userPrincipalName\n"Ada,ada@contoso.com\n' + "Bob,bob@contoso.com\n" * 90,
            "a quotation mark in line 2 isn't closed",
        ),
        (
            'displayName,userPrincipalName\nAda,ada@contoso.com\n"Bob,bob@contoso.com\nEve,eve@contoso.com\n',
            "a quotation mark in line 3 isn't closed",
        ),
        (
            AD_USERS,
            "is an export of Active Directory, whose user principal names may differ",
        ),
    ],
)
def test_another_file_is_one_plain_error(tmp_path: Path, content: str, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, content)
    assert expected in caught.value.what
    assert caught.value.advice


def test_a_workbook_is_read(tmp_path: Path) -> None:
    path = tmp_path / "users.xlsx"
    with xlsxwriter.Workbook(str(path)) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(1, 0, ["User principal name", "Object Id", "Block credential", "Licenses"])
        sheet.write_row(2, 0, ["ada@contoso.com", exports.ADA, False, "E3"])
        sheet.write_row(4, 0, ["bob@contoso.com", exports.BOB, True, "Unlicensed"])
    found = read_directory(path)
    assert column(found, "principal_name") == ["ada@contoso.com", "bob@contoso.com"]
    assert column(found, "enabled") == [True, False]
    assert column(found, "licensed") == [True, False]


def test_another_workbook_is_one_plain_error(tmp_path: Path) -> None:
    path = tmp_path / "users.xlsx"
    with xlsxwriter.Workbook(str(path)) as workbook:
        workbook.add_worksheet().write_row(0, 0, ["name", "town"])
    with pytest.raises(InputError, match=r"isn't a directory export: none of its headings \(name, town\)"):
        read_directory(path)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(InputError, match="can't be read as an XLSX workbook"):
        read_directory(path)


def test_a_missing_file_a_folder_and_a_pipe_are_errors(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("missing", ".", "pipe"):
        with pytest.raises(InputError):
            read_directory(tmp_path / name)


def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import analyzer.directory.read_export as module

    path = tmp_path / "users.csv"
    path.write_text(exports.export(exports.ENTRA))
    parsed = module._parsed

    def growing(*args: object) -> pl.DataFrame:
        table = parsed(*args)  # type: ignore[arg-type]
        path.write_text(path.read_text() + "\n")
        return table

    monkeypatch.setattr(module, "_parsed", growing)
    with pytest.raises(InputError, match="changed while it was read"):
        read_directory(path)
