"""What programs that people use write: healthy files without any finding, and the fault of the others."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

import pytest

from analyzer.imports.check import check_file
from analyzer.imports.model import ImportPlan
from analyzer.model.service import IdType
from tests.imports import generators as made

if TYPE_CHECKING:
    from pathlib import Path

    from tests.imports.generators import Records

PROPERTIES = ("City", "Office", "Title", "Phone", "Start", "Active", "Notes")
PLAN = ImportPlan(IdType.PrincipalName, "IdName", {name: f"Contoso{name}" for name in PROPERTIES})
NAMES = ("ada", "bob", "o'brien", "eve_fabrikam.com#EXT#", "zoe.de-la-cruz", "CLEO")


def records(**values: object) -> Records:
    """Users with ordinary values; the same other values for each."""
    rows: Records = []
    for number, name in enumerate(NAMES):
        usual = {
            "IdName": f"{name}@contoso.com",
            "City": ("Oslo", "Bergen")[number % 2],
            "Office": f"B{number}/12",
            "Title": "R&D <lead>",
            "Phone": f"+47 22 33 44 0{number}",
        }
        rows.append(usual | values)
    return rows


def wrapped(rows: Records) -> dict[str, object]:
    return {"value": rows}


def kinds(path: Path, plan: ImportPlan = PLAN) -> set[str]:
    """The kinds of findings, but for properties of the map that a file doesn't have."""
    return set(check_file(path, plan).findings.table()["kind"]) - {"unused-property"}


ASCII, LETTERS = records(), records(City="Tromsø", Title="Geschäftsführerin Łódź \u2013 \u201cNord\u201d")
EMPTY = records(Office="", Title="")
PLAIN = json.dumps(wrapped(LETTERS), ensure_ascii=False)

HEALTHY: dict[str, bytes] = {
    "Windows PowerShell, Out-File -Encoding utf8": made.utf8_bom(made.windows_powershell(wrapped(LETTERS))),
    "Windows PowerShell, Set-Content, ASCII only": made.set_content_51(made.windows_powershell(wrapped(ASCII))),
    "Windows PowerShell, -Compress": made.utf8_bom(json.dumps(wrapped(LETTERS), ensure_ascii=False)),
    "PowerShell 7, Set-Content, ASCII only": made.utf8(made.powershell_7(wrapped(ASCII))),
    "PowerShell 7, -Encoding utf8BOM": made.utf8_bom(made.powershell_7(wrapped(LETTERS))),
    "Python, json.dump": made.utf8(json.dumps(wrapped(LETTERS))),
    "Python, json.dump with indent": made.utf8(json.dumps(wrapped(LETTERS), indent=4)),
    "Python, utf-8-sig, ensure_ascii=False": made.utf8_bom(PLAIN),
    ".NET, System.Text.Json": made.utf8(made.system_text_json(LETTERS)),
    ".NET, Newtonsoft, Encoding.UTF8": made.utf8_bom(made.powershell_7(wrapped(LETTERS))),
    "Go, ASCII only": made.utf8(made.go_json(ASCII)),
    "Go, with a mark": made.utf8_bom(made.go_json(LETTERS)),
    "PHP": made.utf8(made.php_json(LETTERS)),
    "Node.js, ASCII only": made.utf8(json.dumps(wrapped(ASCII), separators=(",", ":"))),
    "SQL Server, FOR JSON, with a mark": made.utf8_bom(made.sql_server(records(Notes=None))),
    "SQL Server, FOR JSON, broken at blanks": made.utf8_bom(
        "\r\n".join(textwrap.wrap(made.sql_server(ASCII), 100, drop_whitespace=False, break_on_hyphens=False))
    ),
    "the vendor's sample": made.utf8(made.article(ASCII)),
    "PnP's sync": made.utf8_bom(made.pnp_sync(LETTERS)),
    "PnP's sync, empty values": made.utf8_bom(made.pnp_sync(EMPTY)),
    "Power Automate, Create file": made.utf8(json.dumps(wrapped(ASCII), separators=(",", ":"))),
    "Excel, a loop in VBA": made.utf8(made.by_hand(ASCII)),
    "a Graph answer, saved": made.utf8(
        json.dumps({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users", "value": ASCII})
    ),
    "a template with a comma too many": made.utf8(json.dumps(wrapped(ASCII)).replace("}]}", "},]}")),
    "numbers and Booleans": made.utf8(json.dumps(wrapped(records(Notes=4711, Active=True)))),
    "one user": made.utf8(json.dumps(wrapped(ASCII[:1]))),
}


@pytest.mark.parametrize("generator", HEALTHY)
def test_a_healthy_file_has_no_finding(tmp_path: Path, generator: str) -> None:
    (tmp_path / "feed.json").write_bytes(HEALTHY[generator])
    assert kinds(tmp_path / "feed.json") == set()
    assert kinds(tmp_path / "feed.json", ImportPlan()) == set()
    assert check_file(tmp_path / "feed.json", ImportPlan()).id_property.name == "IdName"


USUAL_TEXTS = [
    *("Systems administrator", "System", "Microsoft Teams", "Microsoft 365 admin", "S", "@home", "@{later}", "None"),
    *("C:\\Users\\ada", "\\\\server\\share\\ada", "CONTOSO\\ada", "\\", "a\\b", "\\d+", "line\nbreak", "tab\tstop"),
    *("Â", "ÂNGELA", "Château d'Ô", "Ångström", "São Paulo", "İstanbul", "Čapek", "Příbram", "Æther", "straße"),
    *(
        "Ελλάδα",
        "Москва",
        "北京",
        "الرياض",
        "תל אביב",
        "한국",
        "👩‍💻",
        "naïve façade",
        "Côte d\u2019Azur",
        "«Bon»",
        "10 °C",
    ),
    *("2026-11-28", "28.11.2026", "/Date/", "/Date(today)/", "https://contoso.com/?a=1&b=2", "+47 22 33", "[Team]"),
    *(
        "«Bon»",
        "10 °C",
        "½",
        "{0}",
        "<b>bold</b>",
        '"quoted"',
        "'",
        "true",
        "0",
        "-",
        "N/A",
        "null",
        "a" * 400,
        " blanks ",
        "1,5",
        "=1+1",
    ),
]


@pytest.mark.parametrize("text", USUAL_TEXTS)
def test_usual_texts_have_no_finding(tmp_path: Path, text: str) -> None:
    (tmp_path / "feed.json").write_bytes(made.utf8_bom(json.dumps(wrapped(records(Notes=text)), ensure_ascii=False)))
    assert kinds(tmp_path / "feed.json") == set()


QUOTES = records(Title='the "A" team')
NESTED = records(Phone=["+47 1", "+47 2"])
FAULTY: dict[str, tuple[bytes, set[str]]] = {
    "Windows PowerShell, Out-File": (made.out_file_51(made.windows_powershell(wrapped(LETTERS))), {"utf-16"}),
    "Windows PowerShell, Set-Content": (
        made.set_content_51(made.windows_powershell(wrapped(records(City="Tromsø")))),
        {"letters-without-mark"},
    ),
    "Windows PowerShell, UTF-8 read as ANSI before": (
        made.utf8_bom(made.windows_powershell(wrapped(records(City="Tromsø".encode().decode("cp1252"))))),
        {"garbled-letters"},
    ),
    "Windows PowerShell, one record": (made.utf8_bom(made.windows_powershell({"value": ASCII[0]})), {"other-shape"}),
    "Windows PowerShell, value and Count": (
        made.utf8_bom(made.windows_powershell({"value": {"value": ASCII, "Count": len(ASCII)}})),
        {"other-shape"},
    ),
    "Windows PowerShell, value and Count in a value": (
        made.utf8_bom(made.windows_powershell(wrapped(records(Phone={"value": ["+47 1"], "Count": 1})))),
        {"nested-value"},
    ),
    "Windows PowerShell, -Depth too small": (
        made.utf8_bom(made.windows_powershell({"value": ["@{IdName=ada@contoso.com; City=Oslo}"] * 2})),
        {"other-shape"},
    ),
    "Windows PowerShell, a value below -Depth": (
        made.utf8_bom(made.windows_powershell(wrapped(records(Notes="@{Name=x; Id=1}")))),
        {"type-name"},
    ),
    "Windows PowerShell, a date": (
        made.utf8_bom(
            made.windows_powershell(wrapped(records(Start="X"))).replace('"X"', '"\\/Date(1764300000000)\\/"')
        ),
        {"serialized-date"},
    ),
    "PowerShell, a list that went through Export-Csv": (
        made.utf8_bom(made.powershell_7(wrapped(records(Phone="System.Object[]")))),
        {"type-name"},
    ),
    "PowerShell 7, Set-Content": (made.utf8(made.powershell_7(wrapped(LETTERS))), {"letters-without-mark"}),
    "PowerShell, Import-Csv without the list's name": (made.utf8_bom(made.powershell_7(ASCII)), {"other-shape"}),
    "PowerShell, a hashtable with Value": (made.utf8_bom(made.powershell_7({"Value": ASCII})), {"other-shape"}),
    "PowerShell, no users": (made.utf8_bom(made.powershell_7({"value": []})), {"no-users"}),
    "PowerShell, an empty pipeline": (
        made.utf8_bom(made.powershell_7({"value": None})),
        {"no-users", "other-shape"},
    ),
    "Python, ensure_ascii=False": (made.utf8(PLAIN), {"letters-without-mark"}),
    "Python, str of a list": (made.utf8("{'value': " + str(records(Notes=True)) + "}"), {"not-json"}),
    "pandas, to_json(orient='records')": (made.utf8(json.dumps(ASCII)), {"other-shape"}),
    "pandas, to_json(orient='records', lines=True)": (made.utf8(made.json_lines(ASCII)), {"other-shape"}),
    "Graph, multi-valued properties": (made.utf8(json.dumps(wrapped(NESTED))), {"nested-value"}),
    "Power Automate, the list as a text": (made.utf8(json.dumps({"value": json.dumps(ASCII)})), {"other-shape"}),
    "Excel, a loop in VBA, quotation marks": (made.utf8(made.by_hand(QUOTES)), {"not-json"}),
    "Excel, a loop in VBA, a path": (made.utf8(made.by_hand(records(Notes="C:\\Users\\ada"))), {"not-json"}),
    "PnP's sync, quotation marks": (made.utf8_bom(made.pnp_sync(QUOTES)), {"not-json"}),
    "PnP's sync, backslashes of earlier users": (
        made.utf8_bom(made.pnp_sync(records(Notes="(m\\\\\\\\w\\\\\\\\d)"))),
        {"doubled-backslashes"},
    ),
    "PnP's sync, users without a name": (made.utf8_bom(made.pnp_sync([*ASCII, {"IdName": None}])), {"empty-id"}),
    "a copy that was cut off": (made.utf8(json.dumps(wrapped(ASCII))[:-40]), {"not-json"}),
    "two files in one": (made.utf8(json.dumps(wrapped(ASCII[1:])) + json.dumps(wrapped(ASCII[:1]))), {"other-shape"}),
    "a web page in place of the file": (b"<!DOCTYPE html><html><body>Sign in</body></html>", {"not-json"}),
    "an empty file": (b"", {"not-json"}),
}


@pytest.mark.parametrize("generator", FAULTY)
def test_the_fault_of_a_generator_is_found_and_nothing_else(tmp_path: Path, generator: str) -> None:
    content, expected = FAULTY[generator]
    (tmp_path / "feed.json").write_bytes(content)
    assert kinds(tmp_path / "feed.json") == expected
