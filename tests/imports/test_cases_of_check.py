"""The public cases' source files, before they were sent: the fault of each is found, where it is, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.imports.check import check_file
from analyzer.imports.model import ImportPlan
from analyzer.model.service import IdType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyzer.imports.check import CheckResult

CASES = Path(__file__).parents[1] / "cases"
LIBRARY = "lib/sites/sync/Shared Documents"
SYNC = f"{LIBRARY}/userprofilesyncdata-20240303020005-2c206c89d1134fc8a45d1f2ca6d68a09.json"


@dataclass(frozen=True)
class Expected:
    """What is found in a case's source file.

    Attributes:
        kinds: records by kind of finding; none where it is about the file.
        words: in the messages and remedies.
        path: the source file in the case's folder.
        plan: what the case's job was queued with.
        remarks: in the remarks.
    """

    kinds: Mapping[str, Sequence[int | None]]
    words: Sequence[str] = ()
    path: str = "src.json"
    plan: ImportPlan = field(default_factory=ImportPlan)
    remarks: Sequence[str] = ()


FILE = (None,)
SYNC_REMARK = ("as if Sync-PnPSharePointUserProfiles",)
EXPECTED: dict[str, Expected] = {
    "01-pnp-sync-empty-id": Expected({"empty-id": (2, 4)}, ("leave out people without an ID",), remarks=SYNC_REMARK),
    "03-single-object": Expected({"other-shape": FILE}, ('"value" is one object', "@($records)")),
    "04-empty-value": Expected({"no-users": FILE}, ("look at the feed's query",)),
    "05b-null-records-partial": Expected({"null-record": (1,)}, ("leave it out",)),
    "06-trailing-backslash": Expected(
        {"not-json": (2,)}, ("a single backslash before the quotation mark",), "upa-batch-trigger.txt"
    ),
    "07-value-count-wrapper": Expected({"other-shape": FILE}, ("an object that holds the list", "Remove-TypeData")),
    "08-nested-value": Expected({"nested-value": (1, 2), "null-value": FILE}, ("BusinessPhones is a list",)),
    "09-depth-strings": Expected({"other-shape": FILE}, ("2 texts in place of records", "larger -Depth")),
    "11-Value-capital": Expected({"other-shape": FILE}, ('Write "value" in place of "Value"',)),
    "12-idname-case": Expected(
        {"missing-id": (1, 2, 3)},
        ("Specify --id-property IdName, as the file has it: names are case-sensitive.",),
        plan=ImportPlan(id_property="idName"),
    ),
    "13-id-dropped": Expected(
        {"missing-id": (1, 2)},
        ("Have the feed write userPrincipalName. Or specify --id-property Id --id-type CloudId",),
        plan=ImportPlan(IdType.PrincipalName, "userPrincipalName"),
    ),
    "14-delta-duplicates": Expected({"duplicate-id": (1, 3)}, ("record 1 has the same ID",)),
    "14c-duplicates-upn": Expected({"duplicate-id": (1, 3)}, ("one record for each user",)),
    "17-arabic-no-bom": Expected({"letters-without-mark": FILE}, ("2 records with letters", "byte order mark")),
    "19-mojibake": Expected({"garbled-letters": (1, 2)}, ("read its data as UTF-8",)),
    "20-no-closing-bracket": Expected({"not-json": FILE}, ('the list\'s "]" is missing',)),
    "22-uneven-properties": Expected({}, remarks=SYNC_REMARK),
    "24-growing-backslashes": Expected(
        {"doubled-backslashes": (1, 2)},
        ("ConvertTo-Json and import it with New-PnPUPABulkImportJob",),
        remarks=SYNC_REMARK,
    ),
    "25-object-values": Expected({"type-name": (1, 1)}, ("Phones is System.Object[]", "join a list into one text")),
    "26-powershell-output": Expected({}),
    "27-pnp-feed-names": Expected({}, path=SYNC, remarks=SYNC_REMARK),
    "29-invalid-no-log": Expected({"no-users": FILE}, path=f"{LIBRARY}/src.json"),
    "29d-internal-utf16": Expected({"utf-16": FILE}, ("write UTF-8",), f"{LIBRARY}/src.json"),
    "35-all-failed-wrong-idtype": Expected(
        {"other-id-kind": (1, 2, 3, 4)},
        ("Queue with the ID type CloudId: all 4 IDs are object IDs.",),
        f"{LIBRARY}/src.json",
        ImportPlan(IdType.Email),
    ),
    "36-spaces-in-property": Expected({}, path=f"{LIBRARY}/src.json"),
    "37-empty-ids-many": Expected({"empty-id": (14, 26)}, path=f"{LIBRARY}/src.json", remarks=SYNC_REMARK),
    "38-null-ids-many": Expected({"missing-id": (14, 26)}, path=f"{LIBRARY}/src.json", remarks=SYNC_REMARK),
    "45-all-ids-null": Expected(
        {"missing-id": (1, 2, 3), "utf-16": FILE},
        ("Have the feed write idName: it is empty in every record.",),
        f"{LIBRARY}/users.json",
    ),
}
WITHOUT_SOURCE = {"47-pastes"}


def found(result: CheckResult) -> dict[str, list[int | None]]:
    kinds: dict[str, list[int | None]] = {}
    for kind, record in result.findings.table().select("kind", "record").iter_rows():
        kinds.setdefault(kind, []).append(record)
    return kinds


def test_every_case_with_a_source_file_is_here() -> None:
    assert {folder.name for folder in CASES.iterdir() if folder.is_dir() and folder.name[0].isdigit()} == {
        *EXPECTED,
        *WITHOUT_SOURCE,
    }


@pytest.mark.parametrize("case", EXPECTED)
def test_the_fault_of_a_source_file_is_found(case: str) -> None:
    expected = EXPECTED[case]
    result = check_file(CASES / case / expected.path, expected.plan)
    assert found(result) == {kind: list(records) for kind, records in expected.kinds.items()}
    table = result.findings.table()
    said = " ".join([*table["message"], *table["remedy"]])
    for words in expected.words:
        assert words in said
    for words, remark in zip(expected.remarks, result.findings.remarks, strict=True):
        assert words in remark
