from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

_LIBRARY = ("--library", sample_library())


def test_what_is_new_is_published_once(upa: Callable[..., Ran], tmp_path: Path) -> None:
    first = upa("history", "publish", "lake", *_LIBRARY)
    assert (first.code, first.err) == (0, "")
    heading, columns, *rows = first.out.splitlines()
    assert heading == "Published what is new: lake now has 30 jobs of contoso.sharepoint.com."
    assert columns.split("  ")[0] == "table"
    assert [row.split()[0] for row in rows] == ["entries", "users", "job_codes", "observations", "jobs"]
    count = upa("query", "SELECT COUNT(*) AS rows FROM entries", *_LIBRARY, "--json").json
    assert pl.read_delta(str(tmp_path / "lake/entries")).height == count[0]["rows"]
    again = upa("history", "publish", tmp_path / "lake", *_LIBRARY)
    assert (again.code, again.err) == (0, "")
    assert again.out == f"Nothing new: {tmp_path / 'lake'} has 30 jobs of contoso.sharepoint.com.\n"


def test_a_forgotten_user_is_removed_from_the_tables(upa: Callable[..., Ran], tmp_path: Path) -> None:
    shutil.copytree(sample_library(), tmp_path / "library")
    library = ("--library", tmp_path / "library")
    upa("history", "publish", "lake", *library)
    assert "o'brien" in pl.read_delta(str(tmp_path / "lake/entries")).write_ndjson()
    assert upa("history", "forget", "--user", "o'brien@contoso.com", "--yes", *library).err == ""
    published = upa("history", "publish", "lake", *library, "--json").json["tables"]
    assert 1 < published[0]["changed"] < 15
    for table in "entries", "users":
        assert "o'brien" not in pl.read_delta(str(tmp_path / "lake" / table)).write_ndjson()


@pytest.mark.parametrize("width", ["80", "140"])
def test_the_table_fits_the_terminal(upa: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    monkeypatch.setenv("COLUMNS", width)
    out = upa("history", "publish", "lake", *_LIBRARY).out
    assert max(map(len, out.splitlines())) <= 80
    assert "version" in out


@pytest.mark.parametrize(
    ("words", "code", "what", "advice"),
    [
        (
            ["https://contoso.example.com"],
            2,
            "https://contoso.example.com isn't a location",
            "Specify a folder, abfss:",
        ),
        (["abfss://hr@example.com/a"], 2, "example.com isn't a host of Azure Storage", "A token is sent only to those"),
        (["abfss://hr@contoso.dfs.core.windows.net"], 2, "no tenant is configured", "Create one"),
        ([], 2, "LOCATION is missing", "`upa-analyzer history publish --help`"),
    ],
)
def test_an_error_is_two_lines(upa: Callable[..., Ran], words: list[str], code: int, what: str, advice: str) -> None:
    ran = upa("history", "publish", *words, *_LIBRARY)
    first, second = [line.removeprefix("upa-analyzer: ").strip() for line in ran.err.splitlines()]
    assert ran.code == code
    assert first.startswith(what)
    assert second.startswith(advice)


_TENANT = """
[tenants.contoso]
admin_url = "https://contoso-admin.sharepoint.com"
auth = "{}"
tenant_id = "00000000-0000-0000-0000-000000000000"
client_id = "00000000-0000-0000-0000-000000000000"
token_env = "UPA_TOKEN"
"""


def test_a_token_of_sharepoint_is_not_sent_to_storage(
    upa: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPA_TOKEN", "made-up-token")
    (tmp_path / "upa-analyzer.toml").write_text(_TENANT.format("token"), encoding="utf-8")
    ran = upa("history", "publish", "abfss://hr@contoso.dfs.core.windows.net", *_LIBRARY)
    assert ran.code == 2
    assert 'auth = "token" has no token for Azure Storage' in ran.err
    assert "Set AZURE_STORAGE_TOKEN to one for https://storage.azure.com" in ran.err


def test_the_sign_in_is_asked_for_the_audience_of_storage(
    upa: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    class SignIn:
        def __init__(self, *_: object) -> None:
            asked.append(("made", ""))

        def token(self, origin: str) -> str:
            asked.append(("asked", origin))
            return "made-up-token"

    def fail(where: str, options: dict[str, str]) -> bool:
        asked.append((where, options["bearer_token"]))
        raise OSError("Generic MicrosoftAzure error\n  403 Forbidden\n  made-up-token")

    monkeypatch.setattr("analyzer.config.connect.ManagedIdentitySignIn", SignIn)
    monkeypatch.setattr("deltalake.DeltaTable.is_deltatable", staticmethod(fail))
    (tmp_path / "upa-analyzer.toml").write_text(_TENANT.format("managed-identity"), encoding="utf-8")
    ran = upa("history", "publish", "abfss://hr@contoso.dfs.core.windows.net/lake", *_LIBRARY)
    assert asked == [("made", ""), ("asked", "https://storage.azure.com"), ("az://hr/lake/entries", "made-up-token")]
    assert ran.code == 3
    assert "abfss://hr@contoso.dfs.core.windows.net/lake can't be used: the storage refused access (403)" in ran.err
    assert "made-up-token" not in ran.out + ran.err


def test_other_commands_do_not_load_deltalake(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom analyzer.cli.main import main\n"
        f"try: main(['query', 'SELECT 1 AS one', '--library', {str(sample_library())!r}])\n"
        "except SystemExit: pass\n"
        "assert not {'deltalake', 'arro3'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, stdout=subprocess.DEVNULL)
