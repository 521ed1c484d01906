from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import load_pem_x509_certificates

from analyzer.errors import InputError, RefusedError, SignInError, UnreachableError
from analyzer.tenant.http.session import Session
from analyzer.tenant.model import TenantAddress
from analyzer.tenant.sharepoint.jobs import list_jobs
from analyzer.tenant.signin import Application, CertificateSignIn, ReadyToken
from analyzer.tenant.signin.certificate import read_certificate, warning_of_end
from tests.emulator.credentials import uploaded

if TYPE_CHECKING:
    from analyzer.emulator import RunningEmulator
    from tests.conftest import Given, LoopbackTenant


def _sign_in(emulator: RunningEmulator, certificate: Path, password: str | None = None, **other: str) -> Session:
    ready = {**emulator.ready, **other}
    ca_file = Path(ready["ca_file"])
    application = Application(ready["authority"], ready["tenant_id"], ready["client_id"], ca_file)
    sign_in = CertificateSignIn(application, certificate, password)
    return Session(TenantAddress(ready["admin_url"], ca_file=ca_file), sign_in)


@pytest.mark.parametrize(
    ("file", "password"),
    [
        ("app.pem", None),
        ("certificate-first.pem", None),
        ("locked.pem", "made-up"),
        ("another-first.pem", None),
        ("commented.pem", None),
        ("app.pfx", None),
        ("app.p12", None),
        ("locked.PFX", "made-up"),
    ],
)
def test_an_application_signs_in_with_its_certificate(
    emulator: RunningEmulator, certificates: Path, file: str, password: str | None
) -> None:
    assert list_jobs(_sign_in(emulator, certificates / file, password)) == []


@pytest.mark.parametrize(
    ("file", "password", "words"),
    [
        ("nowhere.pem", None, "there is no such file"),
        ("empty.pem", None, "lacks a private key or a certificate"),
        ("key-alone.pem", None, "lacks a private key or a certificate"),
        ("certificate-alone.pem", None, "lacks a private key or a certificate"),
        ("key-alone.pfx", None, "lacks a private key or a certificate"),
        ("certificate-alone.pfx", None, "lacks a private key or a certificate"),
        ("elliptic.pem", None, "isn't an RSA key"),
        ("broken.pem", None, "can't be read"),
        ("broken-certificate.pem", None, "can't be read"),
        ("locked.pem", None, "can't be read"),
        ("locked.pem", "wrong", "can't be read"),
        ("app.pem", "needless", "can't be read"),
        ("locked.PFX", "wrong", "can't be read"),
    ],
)
def test_an_unusable_certificate_is_an_error_before_anything_is_sent(
    emulator: RunningEmulator, certificates: Path, file: str, password: str | None, words: str
) -> None:
    session = _sign_in(emulator, certificates / file, password, authority="https://127.0.0.1:9")
    with pytest.raises(InputError, match=words) as error:
        list_jobs(session)
    assert file in error.value.what
    assert "made-up" not in str(error.value)
    assert "cryptography.io" not in str(error.value)


def test_a_pem_file_that_windows_powershell_put_together_is_read(certificates: Path, tmp_path: Path) -> None:
    lines = (certificates / "app.pem").read_text("ascii").replace("\n", "\r\n")
    (tmp_path / "utf-16.pem").write_bytes(lines.encode("utf-16"))
    windows, plain = (read_certificate(path, None) for path in (tmp_path / "utf-16.pem", certificates / "app.pem"))
    assert windows.thumbprint == plain.thumbprint
    assert "\0" not in str(windows.credential["private_key"])


def test_only_the_certificate_is_given_away_never_the_key(certificates: Path) -> None:
    public = str(read_certificate(certificates / "certificate-first.pem", None).credential["public_certificate"])
    assert public.startswith("-----BEGIN CERTIFICATE-----")
    assert "PRIVATE KEY" not in public
    assert read_certificate(certificates / "app.pfx", None).credential["public_certificate"] is True


def test_what_is_shown_of_a_certificate_is_its_thumbprint_and_not_its_key(certificates: Path) -> None:
    read = read_certificate(certificates / "app.pem", None)
    (public,) = load_pem_x509_certificates((certificates / "app.pem").read_bytes())
    assert read.thumbprint == public.fingerprint(hashes.SHA1()).hex().upper()
    assert "PRIVATE KEY" not in repr(read)


def test_an_application_that_the_authority_does_not_know_is_refused(
    emulator: RunningEmulator, certificates: Path
) -> None:
    session = _sign_in(emulator, certificates / "app.pem", client_id="0f0f0f0f-0000-0000-0000-000000000000")
    with pytest.raises(SignInError, match=r"has no application 0f0f0f0f-.* \(AADSTS700016\)") as error:
        list_jobs(session)
    assert error.value.exit_code == 3
    assert "client_id" in error.value.advice


def test_a_certificate_that_was_not_uploaded_is_refused_by_its_number(
    emulator: RunningEmulator, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator.application, "certificates", [uploaded()])
    with pytest.raises(SignInError, match="AADSTS700027"):
        list_jobs(_sign_in(emulator, certificates / "app.pem"))


def test_an_expired_token_is_an_error_with_the_service_s_message(emulator: RunningEmulator) -> None:
    ready = emulator.ready
    token = {"TOKEN": emulator.token_for(["Sites.FullControl.All"], lifetime=-1)}
    address = TenantAddress(ready["admin_url"], ca_file=Path(ready["ca_file"]))
    with pytest.raises(SignInError, match="The token is expired"):
        list_jobs(Session(address, ReadyToken(token, ready["admin_url"], "TOKEN")))


def test_a_directory_that_the_authority_does_not_know_gives_no_sign_in(
    emulator: RunningEmulator, certificates: Path
) -> None:
    with pytest.raises(SignInError, match=r"no directory 0f0f0f0f-.* \(AADSTS90002\)"):
        list_jobs(_sign_in(emulator, certificates / "app.pem", tenant_id="0f0f0f0f-0000-0000-0000-000000000000"))


def test_an_unreachable_authority_is_an_error(emulator: RunningEmulator, certificates: Path) -> None:
    session = _sign_in(emulator, certificates / "app.pem", authority="https://127.0.0.1:9")
    with pytest.raises(UnreachableError, match=r"https://127\.0\.0\.1:9 can't be reached"):
        list_jobs(session)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b"<html>", "HTTP status 200 and no JSON"),
        (200, b"[]", "HTTP status 200 and no JSON"),
        (200, b"{}", "HTTP status 200"),
        (302, b"{}", "HTTP status 302"),
        (403, b'{"message": "blocked"}', "HTTP status 403"),
        (500, b"{}", "HTTP status 500"),
    ],
)
def test_an_authority_that_answers_something_else_gave_no_sign_in(  # noqa: PLR0913, PLR0917 - fixtures and cases
    emulator: RunningEmulator,
    certificates: Path,
    loopback: LoopbackTenant,
    given: type[Given],
    status: int,
    body: bytes,
    words: str,
) -> None:
    loopback.faults = lambda _seen: given(status, body)
    session = _sign_in(emulator, certificates / "app.pem", authority=loopback.origin, ca_file=str(loopback.ca_file))
    with pytest.raises(UnreachableError) as error:
        list_jobs(session)
    assert error.value.what == f"{loopback.origin} gave no sign-in: it answered with {words}"


@pytest.mark.parametrize("further", ['"expires_in": null', '"expires_in": "soon"', '"id_token": "x"', '"scope": 5'])
def test_a_malformed_token_answer_is_not_a_sign_in(
    emulator: RunningEmulator, certificates: Path, loopback: LoopbackTenant, given: type[Given], further: str
) -> None:
    places = dict.fromkeys(("authorization_endpoint", "token_endpoint", "issuer"), f"{loopback.origin}/t/x")
    token = f'{{"access_token": "made-up", {further}}}'
    loopback.faults = lambda seen: given(body=(json.dumps(places) if seen.method == "GET" else token).encode())
    session = _sign_in(emulator, certificates / "app.pem", authority=loopback.origin, ca_file=str(loopback.ca_file))
    with pytest.raises(UnreachableError, match="gave no sign-in: it answered with HTTP status 200"):
        list_jobs(session)


def test_the_authority_s_ca_file_wins_over_the_machine_s_own(
    emulator: RunningEmulator, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates / "app.pem"))
    assert list_jobs(_sign_in(emulator, certificates / "app.pem")) == []


def test_a_token_is_asked_for_once_while_it_is_good(
    emulator: RunningEmulator, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = _sign_in(emulator, certificates / "app.pem")
    list_jobs(session)
    monkeypatch.setattr("requests.Session.post", pytest.fail)
    assert list_jobs(session) == []


def test_a_ready_token_signs_in(emulator: RunningEmulator) -> None:
    assert list_jobs(_with_token(emulator, emulator.ready["token"])) == []


@pytest.mark.parametrize(
    ("roles", "kind"), [(None, SignInError), ([], RefusedError)], ids=["a token of nobody's", "a token without roles"]
)
def test_a_token_that_is_not_enough_is_refused(
    emulator: RunningEmulator, roles: list[str] | None, kind: type[RefusedError]
) -> None:
    token = "nobody" if roles is None else emulator.token_for(roles)
    with pytest.raises(RefusedError) as error:
        list_jobs(_with_token(emulator, token))
    assert (type(error.value), error.value.exit_code) == (kind, 3)
    assert token not in str(error.value).replace("nobody knows", "")


def _with_token(emulator: RunningEmulator, token: str) -> Session:
    ready = emulator.ready
    address = TenantAddress(ready["admin_url"], ca_file=Path(ready["ca_file"]))
    return Session(address, ReadyToken({"T": token}, ready["admin_url"], "T"))


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=30, seconds=1), ""),
        (timedelta(days=30), "expires in 30 days ("),
        (timedelta(days=1, hours=23), "expires in 1 day ("),
        (timedelta(0), "expires in 0 days ("),
        (timedelta(seconds=-1), ""),
    ],
    ids=str,
)
def test_a_certificate_is_warned_of_in_its_last_30_days(certificates: Path, left: timedelta, words: str) -> None:
    certificate = read_certificate(certificates / "app.pem", None)
    warning = warning_of_end(certificate, certificate.ends - left)
    assert bool(warning) is bool(words)
    assert words in warning
