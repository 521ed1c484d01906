from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.config.connect import connect, tokens_of
from analyzer.config.settings import Config, Settings, TenantConfig
from analyzer.errors import UsageError
from analyzer.model.redaction import without_literals
from analyzer.tenant.sharepoint.jobs import list_jobs
from analyzer.tenant.signin import CertificateSignIn, InteractiveSignIn, ManagedIdentitySignIn, ReadyToken

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import LoopbackTenant

_ADMIN = "https://contoso-admin.sharepoint.com"
_IDS = {"admin_url": _ADMIN, "tenant_id": "t", "client_id": "c"}


def test_a_configured_tenant_becomes_a_session(loopback: LoopbackTenant, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(loopback.ca_file.read_bytes())
    tenant = TenantConfig(admin_url=f"{loopback.origin}/", auth="token", token_env="T", ca_file="ca.pem")
    session = connect(Settings(Config(), tmp_path, None), tenant, {"T": "from-the-environment"})
    assert list_jobs(session) == []
    assert loopback.seen[0].headers["authorization"] == "Bearer from-the-environment"


def test_the_admin_site_gets_its_own_token_however_its_address_is_spelled(
    loopback: LoopbackTenant, tmp_path: Path
) -> None:
    tenant = TenantConfig(
        admin_url=loopback.origin.replace("https", "HTTPS"),
        auth="token",
        token_env="T",
        site_token_env="S",
        ca_file=str(loopback.ca_file),
    )
    list_jobs(connect(Settings(Config(), tmp_path, None), tenant, {"T": "admin", "S": "site"}))
    assert loopback.seen[0].headers["authorization"] == "Bearer admin"


@pytest.mark.parametrize(
    ("other", "is_shared"),
    [
        ({}, True),
        ({"site_token_env": "UPA_TOKEN", "token_env": "FABRIKAM"}, True),
        ({"token_env": "FABRIKAM"}, False),
        ({"auth": "interactive"}, False),
        ({"admin_url": f"{_ADMIN.upper()}/"}, False),
    ],
    ids=["by default", "for the sites", "one each", "signed in to otherwise", "the same tenant twice"],
)
def test_a_token_is_not_sent_to_two_tenants(tmp_path: Path, other: dict[str, Any], is_shared: bool) -> None:
    contoso = TenantConfig(admin_url=_ADMIN, auth="token")
    fabrikam = TenantConfig(**{"admin_url": "https://fabrikam-admin.sharepoint.com", "auth": "token", **other})
    settings = Settings(Config(tenants={"contoso": contoso, "fabrikam": fabrikam}), tmp_path, None)
    with pytest.raises(UsageError, match="UPA_TOKEN would be sent to two") if is_shared else nullcontext():
        connect(settings, contoso, {})


@pytest.mark.parametrize(
    ("tenant", "words"),
    [
        ({}, "admin_url is missing"),
        ({"admin_url": "contoso", "auth": "token"}, "isn't an admin site"),
        ({"admin_url": _ADMIN, "ca_file": "nowhere.pem"}, r"ca_file .*nowhere\.pem does not exist"),
        ({"admin_url": _ADMIN}, "tenant_id is missing"),
        ({"admin_url": _ADMIN, "tenant_id": "t"}, "client_id is missing"),
        ({"admin_url": _ADMIN, "tenant_id": "t", "client_id": "c"}, "certificate is missing"),
        ({**_IDS, "certificate_password_env": "P"}, "environment variable P is not set"),
        ({**_IDS, "certificate": "nowhere.pem"}, r"certificate .*nowhere\.pem does not exist"),
        ({"admin_url": _ADMIN, "auth": "interactive"}, "tenant_id is missing"),
        ({"admin_url": _ADMIN, "auth": "device-code", "tenant_id": "t"}, "client_id is missing"),
        ({**_IDS, "authority": "http://login.microsoftonline.us"}, "which isn't an authority"),
        ({**_IDS, "authority": "https://login.microsoftonline.us/contoso.com"}, "which isn't an authority"),
        ({**_IDS, "authority": "https://[::1"}, "which isn't an authority"),
        ({**_IDS, "authority": "https://login.microsoftonline.us?x"}, "which isn't an authority"),
        ({**_IDS, "authority": "https://login.microsoftonline.us#x"}, "which isn't an authority"),
        ({**_IDS, "authority": "https://login microsoftonline.us"}, "which isn't an authority"),
        ({**_IDS, "authority": "https://login.microsoftonline.us:port"}, "which isn't an authority"),
        ({**_IDS, "authority": "https://user:word@login.microsoftonline.us"}, "which isn't an authority"),
        ({**_IDS, "authority": ""}, "which isn't an authority"),
        ({**_IDS, "tenant_id": "Common"}, "tenant_id is 'Common', which isn't a directory"),
        ({**_IDS, "tenant_id": "organizations", "auth": "device-code"}, "which isn't a directory"),
        ({**_IDS, "certificate": "."}, r"the certificate \S+ is not a file"),
        ({"admin_url": _ADMIN, "ca_file": "."}, r"ca_file \S+ is not a file"),
        ({"admin_url": _ADMIN, "auth": "token", "token_env": ""}, "token_env is missing"),
        ({**_IDS, "tenant_id": "contoso/../x"}, "tenant_id is 'contoso/../x', which isn't an ID"),
        ({"admin_url": _ADMIN, "auth": "token", "hosts": ("https://x",)}, "which isn't a host"),
    ],
)
def test_what_a_sign_in_lacks_is_said_before_anything_is_sent(
    tmp_path: Path, tenant: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        connect(Settings(Config(), tmp_path, None), TenantConfig(**tenant), {})


@pytest.mark.parametrize(
    ("auth", "kind"),
    [
        ("token", ReadyToken),
        ("certificate", CertificateSignIn),
        ("interactive", InteractiveSignIn),
        ("device-code", InteractiveSignIn),
        ("managed-identity", ManagedIdentitySignIn),
    ],
)
def test_each_way_to_sign_in_can_be_configured(tmp_path: Path, auth: Any, kind: type) -> None:  # noqa: ANN401 - a literal
    (tmp_path / "app.pem").touch()
    tenant = TenantConfig(_ADMIN, auth, "t", "c", "app.pem")
    settings = Settings(Config(), tmp_path, None)
    assert type(tokens_of(settings, tenant, {}, pytest.fail)) is kind


def test_the_password_of_a_certificate_is_masked_from_then_on(tmp_path: Path) -> None:
    (tmp_path / "app.pem").touch()
    tenant = TenantConfig(_ADMIN, "certificate", "t", "c", "app.pem", certificate_password_env="KEY")
    tokens_of(Settings(Config(), tmp_path, None), tenant, {"KEY": "made-up word"}, pytest.fail)
    assert without_literals("it is made-up%20word, or made-up word") == "it is ***, or ***"
