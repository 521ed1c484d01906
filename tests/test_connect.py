from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from analyzer.config import Config, Settings, TenantConfig
from analyzer.connect import connect
from analyzer.errors import UsageError
from analyzer.tenant.jobs import list_jobs

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import LoopbackTenant

_ADMIN = "https://contoso-admin.sharepoint.com"


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
    ("tenant", "words"),
    [
        ({}, "admin_url is missing"),
        ({"admin_url": "contoso", "auth": "token"}, "is no admin site"),
        ({"admin_url": _ADMIN, "ca_file": "nowhere.pem"}, r"ca_file .*nowhere\.pem does not exist"),
        ({"admin_url": _ADMIN}, "tenant_id is missing"),
        ({"admin_url": _ADMIN, "tenant_id": "t"}, "client_id is missing"),
        ({"admin_url": _ADMIN, "tenant_id": "t", "client_id": "c"}, "certificate is missing"),
        ({"admin_url": _ADMIN, "certificate_password_env": "P"}, "environment variable P is not set"),
        ({"admin_url": _ADMIN, "auth": "interactive"}, "not supported by this version"),
        ({"admin_url": _ADMIN, "auth": "managed-identity"}, "not supported by this version"),
        ({"admin_url": _ADMIN, "auth": "token", "hosts": ("https://x",)}, "which is no host"),
    ],
)
def test_what_a_sign_in_lacks_is_said_before_anything_is_sent(
    tmp_path: Path, tenant: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        connect(Settings(Config(), tmp_path, None), TenantConfig(**tenant), {})
