"""``run --all-tenants``: each tenant of the configuration, whatever happens to the others."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from analyzer.library.workspace import Workspace
from tests.conftest import FOLDER, TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import LoopbackTenant, Ran

_LINE = b"IdentityNotResolvable\tada@contoso.com\tUser identity cannot be resolved\r\n"
_RECORDS = [{"mail": "ada@contoso.com", "City": "London"}, {"mail": "bob@contoso.com", "City": "Paris"}]


def _add_job(tenant: LoopbackTenant, number: int, *, fails: bool = True) -> str:
    job_id = tenant.add_job(number, *(() if fails else (4, 0)))
    if fails:
        tenant.add_log(job_id, _LINE)
    tenant.files[f"{FOLDER}/feed.json"] = json.dumps({"value": _RECORDS}).encode()
    return job_id


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes a configuration with these tenants, in this order; each is a server and keys that differ."""

    def write(**tenants: tuple[LoopbackTenant, dict[str, str]]) -> None:
        tables = []
        for name, (server, keys) in tenants.items():
            monkeypatch.setenv(f"TOKEN_{name.upper()}", TOKEN)
            usual = {
                "admin_url": server.origin,
                "auth": "token",
                "token_env": f"TOKEN_{name.upper()}",
                "ca_file": server.ca_file.as_posix(),
            }
            lines = [f'{key} = "{value}"' for key, value in (usual | keys).items()]
            tables.append("\n".join([f"[tenants.{name}]", *lines]))
        (tmp_path / "upa-analyzer.toml").write_text("\n".join(tables), encoding="utf-8")

    return write


@pytest.fixture
def two(configure: Callable[..., None], loopback: LoopbackTenant, other_loopback: LoopbackTenant) -> list[str]:
    """Two tenants, each with one partial job; returns the IDs of the jobs."""
    configure(contoso=(loopback, {}), fabrikam=(other_loopback, {}))
    return [_add_job(loopback, 1), _add_job(other_loopback, 2, fails=False)]


def _summary(ran: Ran) -> list[str]:
    return ran.out.partition("== all tenants ==\n")[2].splitlines()


@pytest.mark.usefixtures("two")
def test_each_tenant_is_run_under_its_heading_and_ends_as_a_line(upa: Callable[..., Ran], tmp_path: Path) -> None:
    ran = upa("run", "--all-tenants")
    assert ran.code == 0, ran.err
    assert [line for line in ran.out.splitlines() if line.startswith("==")] == [
        "== contoso ==",
        "== fabrikam ==",
        "== all tenants ==",
    ]
    first, second = ran.out.split("== fabrikam ==")
    assert "feed: 1 of 2 users not updated" in first
    assert "No open users in feed." in second
    assert _summary(ran) == [
        "contoso: 1 of 1 feed needs attention: feed (failing)",
        "fabrikam: 1 feed, none needs attention",
    ]
    for name in ("contoso", "fabrikam"):
        folder = tmp_path / "upa-data" / name
        assert (folder / "library/jobs.json").is_file()
        assert list(folder.glob("reports/**/index.html"))


def test_the_commands_that_are_suggested_name_the_tenant(upa: Callable[..., Ran], two: list[str]) -> None:
    assert f"next: upa-analyzer show {two[0][:8]} --tenant contoso" in upa("run", "--all-tenants").err


def test_as_json_each_tenant_has_what_its_own_run_has(upa: Callable[..., Ran], two: list[str]) -> None:
    tenants = upa("run", "--all-tenants", "--json").json["tenants"]
    assert [(tenant["tenant"], tenant["exit_code"]) for tenant in tenants] == [("contoso", 0), ("fabrikam", 0)]
    assert not any("error" in tenant for tenant in tenants)
    alone = upa("run", "--tenant", "contoso", "--json").json
    assert tenants[0]["result"].keys() == alone.keys()
    assert tenants[0]["result"]["jobs"][0]["job_id"] == two[0]
    assert tenants[1]["result"]["jobs"][0]["job_id"] == two[1]


def _broken(
    name: str, tenant: LoopbackTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[LoopbackTenant, dict[str, str]]:
    keys: dict[str, str] = {}
    if name == "down":
        with socket.create_server(("127.0.0.1", 0)) as server:
            keys["admin_url"] = f"https://127.0.0.1:{server.getsockname()[1]}"
    elif name == "certificate":
        other = tmp_path / "other.pem"
        trustme.CA().cert_pem.write_to_path(str(other))
        keys["ca_file"] = other.as_posix()
    elif name == "refused":
        tenant.fail("/_api/", 401)
    elif name == "incomplete":
        keys |= {"auth": "certificate", "certificate": "no.pem", "tenant_id": "a", "client_id": "b"}
    elif name == "unexpected":
        # No input is known that leads here: any other fault of ours.
        monkeypatch.setattr("analyzer.cli.views.run.tenant_answer", _fault_once())
    return tenant, keys


def _fault_once() -> Callable[..., str]:
    answers = ["", "well"]

    def answer(_night: object) -> str:
        found = answers.pop(0)
        if not found:
            raise ZeroDivisionError("in our own code")
        return found

    return answer


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("down", 4, "127.0.0.1"),
        ("certificate", 4, "certificate"),
        ("refused", 3, "refused"),
        ("incomplete", 2, "no.pem"),
        ("locked", 5, "is in use by upa-analyzer pull"),
        ("unexpected", 5, "ZeroDivisionError"),
    ],
)
def test_one_tenant_s_failure_keeps_no_other_one_back(  # noqa: PLR0913, PLR0917 - fixtures
    upa: Callable[..., Ran],
    configure: Callable[..., None],
    loopback: LoopbackTenant,
    other_loopback: LoopbackTenant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    code: int,
    words: str,
) -> None:
    _add_job(other_loopback, 2, fails=False)
    configure(broken=_broken(name, loopback, tmp_path, monkeypatch), fabrikam=(other_loopback, {}))

    def run(*options: str) -> Ran:
        if name != "locked":
            return upa("run", "--all-tenants", *options)
        with Workspace(tmp_path / "upa-data", "broken").held("pull", print):
            return upa("run", "--all-tenants", *options)

    ran = run()
    assert ran.code == code, ran.err
    first, second = _summary(ran)
    assert first.startswith(f"broken: exit code {code}: ")
    assert words in first
    assert second.startswith("fabrikam: ")
    assert f"upa-analyzer: {first.partition(': ')[2].partition(': ')[2]}." in ran.err
    assert (tmp_path / "upa-data/fabrikam/library/jobs.json").is_file()
    if name != "unexpected":
        found: list[dict[str, Any]] = run("--json").json["tenants"]
        assert [tenant["exit_code"] for tenant in found] == [code, 0]
        assert words in found[0]["error"]["what"]
        assert found[0]["error"]["advice"]
        assert "result" not in found[0]
        assert "result" in found[1]


@pytest.mark.usefixtures("two")
def test_the_lock_of_a_tenant_ends_with_its_run(
    upa: Callable[..., Ran], tmp_path: Path, other_loopback: LoopbackTenant
) -> None:
    free: list[bool] = []

    def lock_the_first(_seen: object) -> None:
        if not free:
            with Workspace(tmp_path / "upa-data", "contoso").held("pull", print):
                free.append(True)

    other_loopback.faults = lock_the_first
    ran = upa("run", "--all-tenants")
    assert (ran.code, free) == (0, [True]), ran.err


def test_the_exit_code_is_the_highest(
    upa: Callable[..., Ran], configure: Callable[..., None], loopback: LoopbackTenant, other_loopback: LoopbackTenant
) -> None:
    _add_job(loopback, 1)
    other_loopback.fail("/_api/", 401)
    configure(contoso=(loopback, {}), fabrikam=(other_loopback, {}))
    ran = upa("run", "--all-tenants", "--fail-on", "any", "--json")
    assert ran.code == 3
    assert [tenant["exit_code"] for tenant in ran.json["tenants"]] == [1, 3]


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--tenant", "contoso"), "--all-tenants can't be combined with --tenant"),
        (("--patience", "soon"), "--patience 'soon' isn't a time span"),
    ],
)
def test_what_is_wrong_for_all_tenants_is_one_error(upa: Callable[..., Ran], words: tuple[str, ...], what: str) -> None:
    ran = upa("run", "--all-tenants", *words)
    assert (ran.code, ran.out, ran.err.count("upa-analyzer: ")) == (2, "", 1)
    assert what in ran.err


def test_without_a_configuration_there_are_no_tenants(upa: Callable[..., Ran]) -> None:
    ran = upa("run", "--all-tenants")
    assert ran.code == 2
    assert "no tenant is configured" in ran.err


@pytest.mark.usefixtures("two")
def test_a_log_collector_sees_where_a_tenant_begins(upa: Callable[..., Ran]) -> None:
    lines = [json.loads(line) for line in upa("run", "--all-tenants", "--log-format", "json").err.splitlines()]
    assert [
        line["message"] for line in lines if line["event"] == "stage" and line["message"] in {"contoso", "fabrikam"}
    ]
