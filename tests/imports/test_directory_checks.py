from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.directory.read_export import read_directory
from analyzer.imports.check import check_file
from analyzer.imports.directory_checks import DirectoryCheck
from analyzer.imports.findings import Findings
from analyzer.imports.model import ImportPlan
from analyzer.model.service import IdType
from analyzer.source.batches import Batch
from tests.directory import exports

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analyzer.directory.model import Directory
    from analyzer.imports.check import CheckResult

IDS = {
    "Ada@contoso.com": "",
    "i:0#.f|membership|DAVE.K@contoso.com": "",
    exports.ADA: "other-id-kind",
    "35e91f38-0000-425f-810a-56e0fb00287c": "other-id-kind",
    "ada.l+x@contoso.com": "renamed-user",
    "g@fabrikam.com": "guest-address",
    "gone@contoso.com": "deleted-user",
    "bob@contoso.com": "disabled-user",
    "u@contoso.com": "unlicensed-user",
    "a.kinh@contoso.com": "unknown-user",
    "uuuu@contoso.con": "unknown-user",
    "gon@contoso.com": "unknown-user",
    "dave.l@contoso.com": "misspelt-id",
}
PEOPLE = (
    *exports.PEOPLE,
    exports.DELETED,
    exports.User("u@contoso.com", "55e91f38-3651-425f-810a-56e0fb00287e", license="Unlicensed"),
    exports.User("dave.k@contoso.com", "65e91f38-3651-425f-810a-56e0fb00287e", license="E3"),
)


def directory(folder: Path, head: str = exports.ADMIN, people: tuple[exports.User, ...] = PEOPLE) -> Directory:
    path = folder / "users.csv"
    path.write_text(exports.export(head, people), encoding="utf-8")
    return read_directory(path)


def batch(identities: Sequence[str | None], first: int = 1) -> Batch:
    return Batch(("IdName",), range(first, first + len(identities)), (identities,), identities)


def checked(export: Directory, id_type: IdType | None, *batches: Batch) -> Findings:
    findings, check = Findings(), DirectoryCheck(export, id_type)
    for one in batches:
        check.take(one, findings)
    check.finish(findings)
    return findings


def check(folder: Path, identities: Sequence[str], export: Directory, id_type: IdType | None) -> CheckResult:
    records = [{"IdName": identity, "City": "Kiel"} for identity in identities]
    source = folder / "hr.json"
    source.write_text(json.dumps({"value": records}))
    plan = ImportPlan(id_type, "IdName", {"City": "CostCenter"})
    return check_file(source, plan, [DirectoryCheck(export, id_type)])


def test_each_id_is_found_once_with_its_kind(tmp_path: Path) -> None:
    found = check(tmp_path, list(IDS), directory(tmp_path), IdType.PrincipalName)
    table = found.findings.table()
    kinds = dict(table.select("identity", "kind").iter_rows())
    assert kinds == {identity: kind for identity, kind in IDS.items() if kind}
    assert table.height == len(kinds)
    assert table["record"].to_list() == [list(IDS).index(identity) + 1 for identity in table["identity"]]
    assert set(table["code"]) == {"IdentityNotResolvable"}


def test_the_message_says_what_the_id_is_and_what_to_write(tmp_path: Path) -> None:
    export = directory(tmp_path)
    by_type = {
        IdType.PrincipalName: ("the ID is an alias of ada@contoso.com", "ada@contoso.com"),
        IdType.Email: ("the ID is an alias of a.king@contoso.com", "a.king@contoso.com"),
        IdType.CloudId: (f"the ID is an alias of ada@contoso.com; write {exports.ADA}", exports.ADA),
        None: ("the ID is an alias of ada@contoso.com", "ada@contoso.com"),
    }
    for id_type, expected in by_type.items():
        table = checked(export, id_type, batch(["ada.l+x@contoso.com"])).table()
        assert table.select("message", "suggestion").row(0) == expected


def test_ids_without_a_text_are_left_to_other_checks(tmp_path: Path) -> None:
    assert not checked(directory(tmp_path), IdType.PrincipalName, batch([None, "", " ", "ada@contoso.com"])).counts


def test_batches_of_other_shapes_may_interleave(tmp_path: Path) -> None:
    findings = checked(
        directory(tmp_path), IdType.PrincipalName, batch(["x@y.z"], 3), batch(["ada@contoso.com", "v@w.x"], 1)
    )
    assert findings.table()["record"].to_list() == [2, 3]


@pytest.mark.parametrize(("unknown", "kind"), [(20, "unknown-user"), (30, "not-in-export")])
def test_many_unknown_ids_are_a_reason_to_doubt_the_export(tmp_path: Path, unknown: int, kind: str) -> None:
    identities = [f"person{number}x@contoso.com" for number in range(unknown)] + ["ada@contoso.com"] * 50
    findings = checked(directory(tmp_path), IdType.PrincipalName, batch(identities))
    assert set(findings.table()["kind"]) == {kind}
    filtered = "users.csv (6 users) lacks 30 of 80 IDs: it may be filtered, or of another tenant. Export all users."
    assert (filtered in findings.remarks) == (kind == "not-in-export")


def test_an_export_without_the_ids_of_the_type_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text("userPrincipalName\nada@contoso.com\n")
    found = check(tmp_path, [exports.ADA, "ada@contoso.com"], read_directory(path), IdType.CloudId)
    assert not found.looked_up
    assert found.findings.table()["kind"].to_list() == ["other-id-kind"]
    assert found.findings.remarks == ["users.csv doesn't have the IDs of the type CloudId, so no ID was looked up."]


def test_all_ids_of_another_kind_advise_on_the_id_type(tmp_path: Path) -> None:
    found = check(tmp_path, [exports.ADA, exports.BOB], directory(tmp_path), IdType.PrincipalName)
    remedies = found.findings.table()["remedy"].unique().to_list()
    assert remedies == ["Queue with the ID type CloudId: all 2 IDs are object IDs."]


def test_what_an_export_cannot_tell_is_a_remark(tmp_path: Path) -> None:
    findings = checked(directory(tmp_path, exports.ENTRA), IdType.PrincipalName, batch(["ada@contoso.com"]))
    assert findings.remarks == [
        "users.csv shows no aliases, licenses or deleted users, so renamed and deleted users count as unknown."
    ]


def test_findings_have_the_columns_of_the_table_for_a_large_feed(tmp_path: Path) -> None:
    identities = [f"u{number}@contoso.com" for number in range(45_000)]
    findings = checked(
        directory(tmp_path),
        IdType.PrincipalName,
        *(batch(identities[first : first + 1_000], first + 1) for first in range(0, 45_000, 1_000)),
    )
    table = findings.table()
    assert table.height == 45_000
    assert table.filter(pl.col("record") == 44_001)["identity"].item() == "u44000@contoso.com"
