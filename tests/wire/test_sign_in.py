"""Each way to sign in, from the configuration to the library, under the names of a real tenant."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.cli.terminal.output import Terminal
from analyzer.tenant.sharepoint.jobs import list_jobs
from tests.emulator.client import FOLDER, LOGS
from tests.emulator.credentials import certificate, key, pem, public_pem
from tests.foreign.office365_tenant import ADMIN_HOST, LOGIN_HOST
from tests.person import Person

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran
    from tests.wire.conftest import Contoso

PULLED = "Pulled 1 new job, 1 log file and 1 source file ("


@pytest.fixture
def configure(contoso: Contoso, tmp_path: Path) -> Callable[..., None]:
    """Writes the configuration with further keys, ``old`` of it replaced."""

    def written(further: str = "", **replaced: str) -> None:
        file = contoso.configure(tmp_path, f'ca_file = "{contoso.ca_file.as_posix()}"\n{further}')
        lines = file.read_text(encoding="utf-8").splitlines()
        told = [f'{name} = "{replaced[name]}"' if (name := line.split(" ")[0]) in replaced else line for line in lines]
        file.write_text("\n".join(told), encoding="utf-8")

    return written


@pytest.fixture
def person(contoso: Contoso) -> Person:
    return Person(contoso.ca_file, through_proxy=True)


@pytest.fixture
def told(person: Person, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Has the person type the code that stands on the terminal."""
    ask = Terminal.ask

    def shown(terminal: Terminal, line: str) -> None:
        ask(terminal, line)
        person.type_code(line)

    monkeypatch.setattr(Terminal, "ask", shown)
    return person.notices


def test_by_device_code_the_person_is_told_once_and_on_stderr_alone(
    upa: Callable[..., Ran], configure: Callable[..., None], told: list[str], contoso: Contoso
) -> None:
    configure('auth = "device-code"\n')
    ran = upa("pull", "--json", "--quiet")
    assert (ran.code, len(ran.json["new"])) == (0, 1)
    assert ran.err.startswith(f"To sign in, use a web browser to open the page https://{LOGIN_HOST}/devicelogin and")
    assert upa("pull").code == 0
    assert len(told) == 1
    assert {request.headers.get("authorization", "")[:7] for request in contoso.listener.heard} == {"", "Bearer "}


def test_after_signing_out_the_person_is_asked_again(
    upa: Callable[..., Ran], configure: Callable[..., None], told: list[str]
) -> None:
    configure('auth = "device-code"\n')
    assert upa("pull").code == 0
    assert upa("sign-out").out == "Signed out of contoso: admin@contoso.com.\n"
    assert upa("sign-out", "--json").json == {"tenant": "contoso", "signed_out": []}
    assert upa("sign-out").out == "No one was signed in to contoso.\n"
    assert upa("pull").code == 0
    assert len(told) == 2


def test_by_browser(
    upa: Callable[..., Ran], configure: Callable[..., None], person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.sit_down(monkeypatch)
    configure('auth = "interactive"\n')
    ran = upa("pull")
    assert (ran.code, ran.out.startswith(PULLED), len(person.opened)) == (0, True, 1)
    assert ran.err.startswith("Your browser opens: sign in there within 5 minutes.\n")
    assert person.opened[0].startswith(f"https://{LOGIN_HOST}/")


def test_the_doctor_tells_a_person_what_to_do_however_quiet(
    upa: Callable[..., Ran], configure: Callable[..., None], person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.sit_down(monkeypatch)
    configure('auth = "interactive"\n')
    assert upa("doctor", "--quiet").err == "Your browser opens: sign in there within 5 minutes.\n"


def test_by_managed_identity(
    upa: Callable[..., Ran], contoso: Contoso, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = contoso.emulator.ready
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", ready["authority"])
    both = tmp_path / "ca.pem"
    with open(ready["ca_file"], "rb") as emulators:  # noqa: PTH123 - a path as a text
        both.write_bytes(contoso.ca_file.read_bytes() + emulators.read())
    contoso.configure(tmp_path, f'ca_file = "{both.as_posix()}"\nauth = "managed-identity"\n')
    ran = upa("pull")
    assert (ran.code, ran.out.startswith(PULLED)) == (0, True)
    assert LOGIN_HOST not in contoso.proxy.asked


@pytest.mark.parametrize(
    ("login", "domain"),
    [
        ("login.microsoftonline.us", "sharepoint.us"),
        ("login.microsoftonline.us", "sharepoint-mil.us"),
        ("login.partner.microsoftonline.cn", "sharepoint.cn"),
    ],
)
def test_in_a_national_cloud_nobody_asks_the_public_one(
    upa: Callable[..., Ran], start_contoso: Callable[..., Any], tmp_path: Path, login: str, domain: str
) -> None:
    admin, site = f"contoso-admin.{domain}", f"contoso.{domain}"
    outside = {"SourceUri": f"https://{site}{FOLDER}/hr.json", "LogFolderUri": f"https://{site}{LOGS}"}
    with start_contoso(["strict-tokens"], names=(admin, site, login), **outside) as contoso:
        further = f'ca_file = "{contoso.ca_file.as_posix()}"\nauthority = "https://{login}"\n'
        file = contoso.configure(tmp_path, further)
        file.write_text(file.read_text(encoding="utf-8").replace(ADMIN_HOST, admin), encoding="utf-8")
        assert upa("doctor").code == 0
        ran = upa("pull")
        assert (ran.code, ran.out.startswith(PULLED)) == (0, True)
        assert (set(contoso.proxy.asked), contoso.proxy.refused) == ({admin, site, login}, [])


def test_a_token_that_the_tenant_no_longer_takes_is_renewed_on_the_way(
    contoso: Contoso, configure: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure()
    session = contoso.session(tmp_path / "upa-analyzer.toml")
    list_jobs(session)
    monkeypatch.setattr(contoso.emulator._tokens, "_key", b"another key of the tenant's, as when it revokes")
    contoso.listener.heard.clear()
    assert len(list_jobs(session)) == 1
    assert [request.host for request in contoso.listener.heard] == [ADMIN_HOST, LOGIN_HOST, ADMIN_HOST]


@pytest.mark.parametrize(
    ("key_name", "value", "words"),
    [
        ("tenant_id", "0f0f0f0f-0000-0000-0000-000000000000", "no directory 0f0f0f0f-0000-0000-0000-000000000000"),
        ("client_id", "0f0f0f0f-0000-0000-0000-000000000000", "no application 0f0f0f0f-0000-0000-0000-000000000000"),
        ("admin_url", "https://fabrikam-admin.sharepoint.com", "https://fabrikam-admin.sharepoint.com is unknown"),
    ],
)
def test_a_wrong_name_is_one_plain_line(
    upa: Callable[..., Ran], configure: Callable[..., None], key_name: str, value: str, words: str
) -> None:
    configure(**{key_name: value})
    ran = upa("pull")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (3, "", 2)
    assert words in ran.err
    assert "(AADSTS" in ran.err
    assert key_name in ran.err.splitlines()[1]


@pytest.mark.parametrize(
    ("days", "words"),
    [(-1, "the certificate app.pem expired on 2"), (40, "the certificate app.pem is not valid before 2")],
)
def test_a_certificate_that_is_not_good_today_is_said_before_anything_is_sent(  # noqa: PLR0913, PLR0917 - fixtures and cases
    upa: Callable[..., Ran],
    configure: Callable[..., None],
    contoso: Contoso,
    tmp_path: Path,
    days: int,
    words: str,
) -> None:
    configure()
    (tmp_path / "app.pem").write_text(pem(key()) + public_pem(certificate(key(), days, length=9)), encoding="ascii")
    ran = upa("pull")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (3, "", 2)
    assert words in ran.err
    assert contoso.proxy.asked == []


def test_a_certificate_that_was_not_uploaded_is_one_plain_line(
    upa: Callable[..., Ran], configure: Callable[..., None], tmp_path: Path
) -> None:
    configure()
    (tmp_path / "app.pem").write_text(pem(key(2)) + public_pem(certificate(key(2))), encoding="ascii")
    ran = upa("pull")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (3, "", 2)
    assert "the certificate app.pem doesn't belong to the application" in ran.err
    assert "(AADSTS700027)" in ran.err


def test_a_clock_an_hour_slow_is_one_plain_line(
    upa: Callable[..., Ran], configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure()
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() - 3600)
    ran = upa("pull")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (3, "", 2)
    assert "this machine's clock is 1 hour slow (AADSTS700024)" in ran.err


def test_a_clock_an_hour_fast_keeps_nobody_from_working(
    upa: Callable[..., Ran], configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure()
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + 3600)
    assert upa("pull").code == 0
