from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
import truststore

from analyzer.errors import UsageError
from analyzer.tenant.http.transport import Transport, trust

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Given, LoopbackTenant


@pytest.fixture
def transport(loopback: LoopbackTenant) -> Transport:
    """What the sign-in gets as its HTTP client."""
    return Transport(loopback.ca_file, connections=3)


def test_cookies_are_neither_kept_nor_sent(loopback: LoopbackTenant, transport: Transport, given: type[Given]) -> None:
    loopback.faults = lambda _seen: given(headers={"Set-Cookie": "FedAuth=made-up; path=/; secure"})
    for _ in range(2):
        transport.get(f"{loopback.origin}/a")
    assert not transport.cookies
    assert [seen.headers.get("cookie") for seen in loopback.seen] == [None, None]


def test_a_netrc_is_not_looked_into(
    loopback: LoopbackTenant, transport: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("default login ada password made-up\n", encoding="ascii")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    transport.post(f"{loopback.origin}/token", data={"client_assertion": "made-up"})
    assert "authorization" not in loopback.seen[0].headers


def test_nothing_but_the_ca_file_is_trusted(loopback: LoopbackTenant, transport: Transport) -> None:
    transport.get(f"{loopback.origin}/a")
    trusted = transport.get_adapter(loopback.origin)._context  # type: ignore[attr-defined]
    assert trusted.cert_store_stats()["x509"] == 1


def test_a_redirect_takes_no_assertion_elsewhere(
    loopback: LoopbackTenant, other_loopback: LoopbackTenant, transport: Transport, given: type[Given]
) -> None:
    loopback.fail("/token", given(307, headers={"Location": f"{other_loopback.origin}/token"}))
    answer = transport.post(f"{loopback.origin}/token", data={"client_assertion": "made-up"})
    assert (answer.status_code, other_loopback.seen) == (307, [])


def test_as_many_connections_are_kept_as_are_used_at_once(loopback: LoopbackTenant, transport: Transport) -> None:
    pools = transport.get_adapter(loopback.origin).poolmanager  # type: ignore[attr-defined]
    assert pools.connection_from_url(loopback.origin).pool.maxsize == 3


@pytest.mark.skipif(sys.platform != "linux", reason="other platforms' stores are not a test's to change")
def test_the_platform_s_store_is_trusted(loopback: LoopbackTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(loopback.ca_file))
    assert Transport(None).get(f"{loopback.origin}/a").status_code == 404


def test_a_bundle_or_a_folder_of_the_environment_takes_its_place(
    loopback: LoopbackTenant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(loopback.ca_file))
    assert Transport(None).get(f"{loopback.origin}/a").status_code == 404
    assert trust(None, {"CURL_CA_BUNDLE": str(tmp_path)}).cert_store_stats()["x509"] == 0


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "can't be read: there is no such file"), (b"none", "has no certificate")]
)
def test_an_invalid_bundle_is_an_error_with_its_variable(tmp_path: Path, content: bytes | None, problem: str) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)
    with pytest.raises(UsageError, match=problem) as error:
        trust(tmp_path / "ca.pem")
    assert '"ca_file" in the configuration' in error.value.advice
    with pytest.raises(UsageError, match=problem) as error:
        trust(None, {"REQUESTS_CA_BUNDLE": str(tmp_path / "ca.pem")})
    assert "environment variable REQUESTS_CA_BUNDLE" in error.value.advice


def test_a_bundle_below_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="can't be read: a part of its path isn't a folder"):
        trust(tmp_path / "file" / "ca.pem")


def test_without_a_bundle_the_platform_s_store_is_trusted() -> None:
    assert isinstance(trust(None, {"REQUESTS_CA_BUNDLE": ""}), truststore.SSLContext)
