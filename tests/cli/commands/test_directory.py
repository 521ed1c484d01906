"""``--directory`` of ``check``, ``show``, and the configuration: what the IDs are that a job doesn't find."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

JOB = "cc75e06b"
USERS = """userPrincipalName,mail,id,accountEnabled,proxyAddresses
ada.new@contoso.com,ada.new@contoso.com,15e91f38-3651-425f-810a-56e0fb00287a,True,SMTP:ada.new@contoso.com;smtp:{old}
bob@contoso.com,bob@contoso.com,25e91f38-3651-425f-810a-56e0fb00287a,False,
"""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return shutil.copytree(sample_library(), tmp_path / "library")


def unresolved(ran: Ran) -> list[dict[str, object]]:
    users = json.loads(ran.out)["users"]
    return [user for user in users if "IdentityNotResolvable" in user["codes"]]


def export(folder: Path, old: str) -> Path:
    path = folder / "users.csv"
    path.write_text(USERS.format(old=old), encoding="utf-8")
    return path


def test_show_says_what_the_ids_are_that_the_log_could_not_resolve(
    tmp_path: Path, library: Path, upa: Callable[..., Ran]
) -> None:
    shown = ("show", JOB, "--library", str(library))
    plain = upa(*shown, "--json")
    old = str(unresolved(plain)[0]["identity"])
    assert json.loads(plain.out)["directory"] is None
    assert all(user["directory"] is None for user in unresolved(plain))
    users = export(tmp_path, old)
    found = upa(*shown, "--directory", str(users), "--json")
    first, *others = unresolved(found)
    assert first["directory"] == {
        "match": "renamed",
        "proof": "an alias of ada.new@contoso.com",
        "corrected": "ada.new@contoso.com",
        "suggestion": None,
    }
    assert {str(user["directory"]["match"]) for user in others} == {"unknown"}  # type: ignore[index]  # looked up
    of_export = json.loads(found.out)["directory"]
    assert (of_export["file"], of_export["users"]) == ("users.csv", 2)
    text = upa(*shown, "--directory", str(users))
    assert "IDs that couldn't be resolved, looked up in users.csv:" in text.out
    assert "an alias of ada.new@contoso.com" in text.out
    assert "users.csv has 2 users, the import had" in text.err


def test_the_export_of_the_configuration_is_used_and_may_be_missing(
    tmp_path: Path, library: Path, upa: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "upa-analyzer.toml").write_text('[tenants.contoso]\ndirectory = "users.csv"\n')
    ran = upa("show", JOB, "--library", str(library), "--json")
    assert ran.code == 0
    assert "users.csv cannot be read: there is no such file or folder. Until then no IDs are looked up." in ran.err
    export(tmp_path, "old@contoso.com")
    ran = upa("show", JOB, "--library", str(library), "--json")
    assert json.loads(ran.out)["directory"]["file"] == "users.csv"


def test_the_report_says_what_the_ids_are_and_changes_only_with_that(
    tmp_path: Path, library: Path, upa: Callable[..., Ran]
) -> None:
    shown = upa("show", JOB, "--library", str(library), "--json")
    users, out = export(tmp_path, str(unresolved(shown)[0]["identity"])), tmp_path / "report"
    report = ("report", str(library), "-o", str(out))
    upa(*report)
    (page,) = (out / "jobs").glob(f"{JOB}*.html")
    assert "In the directory" not in page.read_text("utf-8")
    upa(*report, "--directory", str(users))
    text = page.read_text("utf-8")
    assert '<td data-label="In the directory"><bdi>an alias of ada.new@contoso.com</bdi></td>' in text
    assert "1 ID is a further address of a user, such as an old one." in text
    before = page.stat().st_mtime_ns
    users.write_text(users.read_text().replace("bob@", "bobby@"))
    upa(*report, "--directory", str(users))
    assert page.stat().st_mtime_ns == before
    users.write_text(users.read_text().replace("ada.new@", "ada.newer@"))
    upa(*report, "--directory", str(users))
    assert "an alias of ada.newer@contoso.com" in page.read_text("utf-8")


def test_another_file_than_an_export_is_one_plain_error(tmp_path: Path, library: Path, upa: Callable[..., Ran]) -> None:
    (tmp_path / "users.csv").write_text("name;town\nAda;London\n")
    ran = upa("show", JOB, "--library", str(library), "--directory", str(tmp_path / "users.csv"))
    assert ran.code == 5
    assert "isn't a directory export: none of its headings (name, town) is userPrincipalName" in ran.err


def test_check_looks_up_the_ids_of_files(tmp_path: Path, upa: Callable[..., Ran]) -> None:
    source = tmp_path / "hr.json"
    records = [{"IdName": f"{name}@contoso.com", "Code": "1"} for name in ("ada.new", "bob", "ada.old", "zed")]
    source.write_text(json.dumps({"value": records}))
    users = export(tmp_path, "ada.old@contoso.com")
    options = ("--id-type", "PrincipalName", "--map", "Code", "--directory", str(users), "--json")
    ran = upa("check", str(source), *options)
    assert ran.code == 1
    (checked,) = json.loads(ran.out)["files"]
    assert [(one["record"], one["kind"], one["suggestion"]) for one in checked["findings"]] == [
        (4, "unknown-user", None),
        (3, "renamed-user", "ada.new@contoso.com"),
        (2, "disabled-user", None),
    ]
    assert checked["remarks"][-1].startswith("users.csv shows no licenses or deleted users")
