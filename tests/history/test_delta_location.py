from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.errors import UsageError
from analyzer.history.delta_location import OWN_CREDENTIALS, delta_location

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "made-up-token"


def _no_token() -> str:
    raise AssertionError("no token may be requested")


def test_a_folder_is_absolute_and_needs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    location = delta_location("lake", {}, _no_token)
    assert location.table("jobs") == str(tmp_path / "lake" / "jobs")
    assert location.storage_options() == {}


def test_s3_takes_its_credentials_from_the_environment() -> None:
    location = delta_location("s3://hr-imports/history/", {}, _no_token)
    assert location.table("jobs") == "s3://hr-imports/history/jobs"
    assert location.storage_options() == {}


@pytest.mark.parametrize(
    ("text", "table", "account", "endpoint", "fabric"),
    [
        (
            "abfss://hr@contoso.dfs.core.windows.net",
            "az://hr/jobs",
            "contoso",
            "https://contoso.blob.core.windows.net",
            False,
        ),
        (
            "abfss://hr@contoso.blob.core.windows.net/a/b/",
            "az://hr/a/b/jobs",
            "contoso",
            "https://contoso.blob.core.windows.net",
            False,
        ),
        (
            "abfss://hr@Contoso.dfs.core.chinacloudapi.cn/a",
            "az://hr/a/jobs",
            "contoso",
            "https://contoso.blob.core.chinacloudapi.cn",
            False,
        ),
        (
            "abfss://hr@contoso.dfs.core.usgovcloudapi.net/a",
            "az://hr/a/jobs",
            "contoso",
            "https://contoso.blob.core.usgovcloudapi.net",
            False,
        ),
        (
            "abfss://HR Reports@onelake.dfs.fabric.microsoft.com/a.Lakehouse/Tables/dbo",
            "az://HR Reports/a.Lakehouse/Tables/dbo/jobs",
            "onelake",
            "https://onelake.blob.fabric.microsoft.com",
            True,
        ),
        (
            "abfss://hr@westus-onelake.dfs.fabric.microsoft.com/a",
            "az://hr/a/jobs",
            "westus-onelake",
            "https://westus-onelake.blob.fabric.microsoft.com",
            True,
        ),
    ],
    ids=lambda value: str(value)[:50],
)
def test_azure_gets_a_token_at_the_host_s_own_endpoint(
    text: str, table: str, account: str, endpoint: str, fabric: bool
) -> None:
    location = delta_location(text, {"AZURE_STORAGE_ACCOUNT_NAME": "other", "AZURE_ENDPOINT": "x"}, lambda: TOKEN)
    assert location.table("jobs") == table
    options = location.storage_options()
    assert (options["account_name"], options["endpoint"], options["bearer_token"]) == (account, endpoint, TOKEN)
    assert (options["use_emulator"], options["allow_http"]) == ("false", "false")
    assert options.get("use_fabric_endpoint") == ("true" if fabric else None)


def test_each_call_asks_for_a_valid_token() -> None:
    tokens = iter("ab")
    location = delta_location("abfss://hr@contoso.dfs.core.windows.net", {}, lambda: next(tokens))
    assert [location.storage_options()["bearer_token"] for _ in range(2)] == ["a", "b"]


@pytest.mark.parametrize("name", sorted(OWN_CREDENTIALS))
def test_credentials_of_the_environment_come_first(name: str) -> None:
    location = delta_location("abfss://hr@contoso.dfs.core.windows.net", {name: "x"}, _no_token)
    assert "bearer_token" not in location.storage_options()


@pytest.mark.parametrize(
    "text",
    [
        "abfss://hr@example.com/a",
        "abfss://hr@dfs.core.windows.net/a",
        "abfss://hr@contoso.dfs.core.windows.net.example.com/a",
        "abfss://hr@contoso.dfs.core.windows.net@example.com/a",
        "abfss://hr@example.com/.dfs.core.windows.net/a",
        "abfss://hr@contoso.dfs.core.windows.net:8443/a",
        "abfss://hr@contosodfs.core.windows.net/a",
        "abfss://hr@example.com#.dfs.core.windows.net/a",
        "abfss://hr@contoso.dfs.core.windows.net\n.example.com/a",
        "abfss://hr:secret@contoso.dfs.core.windows.net/a",
        "abfs://hr@contoso.dfs.core.windows.net/a",
        "https://contoso.dfs.core.windows.net/hr",
        "az://hr/a",
        "gs://hr/a",
        "s3://AKIA:secret@hr/a",
        "s3://",
        "file:///tmp/lake",
    ],
)
def test_other_addresses_are_refused_and_get_no_token(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        delta_location(text, {}, _no_token)
    assert "Specify a folder, abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/FOLDER" in raised.value.advice
    assert "secret" not in str(raised.value)
