"""The whole way under the names that a real tenant has: nothing in the client knows that it is not one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from analyzer.model.service import IdType
from tests.emulator.client import JOB_ID, LOGS, TENANT
from tests.foreign.office365_tenant import ADMIN_HOST, LOGIN_HOST, SITE_HOST
from tests.wire.ours import ended, queued, retry_file, send_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran
    from tests.wire.conftest import Contoso


@pytest.fixture
def file(contoso: Contoso, tmp_path: Path) -> Path:
    """The configuration, with the authority that signs the names."""
    return contoso.configure(tmp_path, f'ca_file = "{contoso.ca_file.as_posix()}"\n')


def test_from_failed_users_to_none(upa: Callable[..., Ran], contoso: Contoso, file: Path, tmp_path: Path) -> None:
    ran = upa("pull")
    assert ran.code == 0
    assert ran.out.startswith("Pulled 1 new job, 1 log file and 1 source file (")
    ran = upa("report")
    assert ran.code == 0
    page = tmp_path / ran.out.splitlines()[-1]
    assert "eve@contoso.com" in page.with_name("jobs").joinpath(f"{JOB_ID}.html").read_text(encoding="utf-8")
    session = contoso.session(file)
    again = queued(session, "hr-retry.json", retry_file(upa))
    assert ended(session, again, contoso)
    assert upa("run").code == 0
    told = upa("show", again, "--json").json
    assert (told["tenant"], told["outcome"], told["not_updated"]) == (SITE_HOST, "succeeded", 0)
    eve = contoso.emulator.store.user(IdType.Email, "eve@contoso.com")
    assert eve is not None
    assert eve.values == {"City": "Berlin"}


def test_nothing_is_asked_for_but_the_three_names(upa: Callable[..., Ran], contoso: Contoso, file: Path) -> None:
    send_all(upa, contoso, file)
    assert set(contoso.proxy.asked) == {ADMIN_HOST, SITE_HOST, LOGIN_HOST}
    assert contoso.proxy.refused == []
    assert contoso.looked_up <= {"127.0.0.1", "localhost"}
    assert {request.headers["host"] for request in contoso.listener.heard} == {ADMIN_HOST, SITE_HOST, LOGIN_HOST}


def test_each_host_sees_its_own_token_alone(upa: Callable[..., Ran], contoso: Contoso, file: Path) -> None:
    assert file.is_file()
    upa("pull")
    tokens: dict[str, set[str]] = {}
    for request in contoso.listener.heard:
        tokens.setdefault(request.host, set()).add(request.headers.get("authorization", ""))
    assert tokens.pop(LOGIN_HOST) == {""}
    assert tokens.keys() == {ADMIN_HOST, SITE_HOST}
    assert all(len(seen) == 1 and "" not in seen for seen in tokens.values())
    assert tokens[ADMIN_HOST] != tokens[SITE_HOST]


def test_the_requests_of_the_sign_in_are_shown_as_well_without_what_they_carry(
    upa: Callable[..., Ran], contoso: Contoso, file: Path
) -> None:
    assert file.is_file()
    ran = upa("pull", "--verbose")
    assert ran.code == 0
    shown = [line.split(" ")[1:4] for line in ran.err.splitlines()]
    assert [word[1].split("/")[2] for word in shown].count(LOGIN_HOST) >= 2
    assert ["POST", f"https://{LOGIN_HOST}/{contoso.emulator.ready['tenant_id']}/oauth2/v2.0/token", "200"] in shown
    assert len(shown) == len(contoso.listener.heard)
    for secret in ("eyJ", "client_assertion", "Bearer"):
        assert secret not in ran.err


def test_the_machine_s_own_authorities_do_as_well(
    upa: Callable[..., Ran], contoso: Contoso, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contoso.configure(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(contoso.ca_file))
    assert upa("pull").code == 0


def test_names_that_nobody_vouches_for_are_not_talked_to(
    upa: Callable[..., Ran], contoso: Contoso, tmp_path: Path
) -> None:
    contoso.configure(tmp_path)
    ran = upa("pull")
    assert (ran.code, ran.out) == (4, "")
    assert f"https://{LOGIN_HOST} " in ran.err
    assert "ca_file" in ran.err
    assert contoso.listener.heard == []


_TOKEN = 'auth = "token"\n'
_FURTHER = 'hosts = ["files.contoso.com"]\n'


@pytest.mark.parametrize(
    ("further", "code", "words", "refused"),
    [
        (_TOKEN, 0, "leads outside the tenant", []),
        (_TOKEN + _FURTHER, 4, "https://files.contoso.com can't be reached", ["files.contoso.com"]),
        (_FURTHER, 3, "AADSTS500011", []),
    ],
    ids=["not the tenant's", "the tenant's by configuration", "not the directory's"],
)
def test_a_further_name_is_asked_for_only_where_it_is_the_tenant_s(  # noqa: PLR0913, PLR0917 - fixtures and cases
    upa: Callable[..., Ran],
    start_contoso: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    further: str,
    code: int,
    words: str,
    refused: list[str],
) -> None:
    # A job whose source file lay outside the tenant, so that the emulator leaves its address as it is.
    outside = {"SourceUri": "https://files.contoso.com/a.json", "Error": 21, "LogFolderUri": f"{TENANT}{LOGS}"}
    with start_contoso(**outside) as contoso:
        monkeypatch.setenv("UPA_TOKEN", contoso.emulator.ready["token"])
        contoso.configure(tmp_path, f'ca_file = "{contoso.ca_file.as_posix()}"\n{further}')
        ran = upa("pull")
        assert (ran.code, words in ran.err) == (code, True)
        assert contoso.proxy.refused == refused
