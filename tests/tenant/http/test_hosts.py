from __future__ import annotations

import pytest

from analyzer.errors import RefusedError, UsageError
from analyzer.tenant.http.session import Hosts
from analyzer.tenant.model import TenantAddress

_ADMIN = "https://contoso-admin.sharepoint.com"


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("https://contoso.sharepoint.com/sites/hr/a.json", "https://contoso.sharepoint.com"),
        ("HTTPS://Contoso.SharePoint.com/sites/hr", "https://contoso.sharepoint.com"),
        ("https://contoso.sharepoint.com:443/sites/hr", "https://contoso.sharepoint.com"),
        ("https://contoso-my.sharepoint.com/personal/a", "https://contoso-my.sharepoint.com"),
        ("https://contoso-admin.sharepoint.com", "https://contoso-admin.sharepoint.com"),
        ("https://files.contoso.com/x", "https://files.contoso.com"),
        ("https://old.contoso.com/x", "https://old.contoso.com"),
        ("/sites/hr/a.json", "https://contoso.sharepoint.com"),
    ],
)
def test_the_tenant_s_own_hosts_are_known(uri: str, origin: str) -> None:
    assert Hosts(TenantAddress(_ADMIN, ("Files.contoso.com", "old.contoso.com:443"))).origin(uri) == origin


@pytest.mark.parametrize(
    "uri",
    [
        "https://fabrikam.sharepoint.com/a",
        "https://contoso.sharepoint.com.example.com/a",
        "https://notcontoso.sharepoint.com/a",
        "https://contoso.sharepoint.com@example.com/a",
        "https://example.com\\@contoso.sharepoint.com/a",
        "https://contoso.sharepoint.com:8443/a",
        "https://contoso.sharepoint.com?@example.com/a",
        "https://contoso.sharepoint.com#.example.com/a",
        "https://user:word@contoso.sharepoint.com/a",
        "http://contoso.sharepoint.com/a",
        "ftp://contoso.sharepoint.com/a",
        "https:/contoso.sharepoint.com/a",
        "https:\\\\contoso.sharepoint.com\\a",
        "https://contoso.sharepoint.com\\a",
        "https://contoso.sharepoint.com./a",
        "https://contoso.sharepoint.com:/a",
        "https://contoso.sharepoint.com:0443/a",
        "https://contoso%2Esharepoint.com/a",
        "https://contoso.sharepoint.com%00.example.com/a",
        "https://contoso.sharepoint.com%2f@example.com/a",
        "https://contoso.sharepoint。com/a",
        "https://contoso.sharepoint.com\u200b/a",
        "https://cont\u043eso.sharepoint.com/a",
        "https://xn--contso-8wd.sharepoint.com/a",
        "https://contoso-admin-my.sharepoint.com/a",
        "https://contoso-my.sharepoint.com.us/a",
        "https://contoso.sharepoint.us/a",
        " https://contoso.sharepoint.com/a",
        "\thttps://contoso.sharepoint.com/a",
        "https://\ncontoso.sharepoint.com/a",
        "//contoso.sharepoint.com/a",
        "/\\contoso.sharepoint.com/a",
        "contoso.sharepoint.com/a",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "",
    ],
)
def test_whatever_else_leads_outside(uri: str) -> None:
    with pytest.raises(RefusedError, match="leads outside the tenant"):
        Hosts(TenantAddress(_ADMIN)).origin(uri)


def test_letters_whose_lower_case_is_another_letter_are_not_taken_for_it() -> None:
    hosts = Hosts(TenantAddress("https://kontoso-admin.sharepoint.com"))
    with pytest.raises(RefusedError):
        hosts.origin("https://\N{KELVIN SIGN}ontoso.sharepoint.com/a")


def test_a_secret_in_an_address_that_leads_outside_is_not_shown() -> None:
    with pytest.raises(RefusedError) as error:
        Hosts(TenantAddress(_ADMIN)).origin("https://example.com/a?tempauth=made-up")
    assert "made-up" not in str(error.value)


def test_an_address_without_end_is_not_shown_whole() -> None:
    with pytest.raises(RefusedError) as error:
        Hosts(TenantAddress(_ADMIN)).origin("https://example.com/" + "a" * 5_000)
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("domain", ["sharepoint.us", "sharepoint.cn", "sharepoint-mil.us", "dps.mil", "sharepoint.de"])
def test_a_national_cloud_tenant_has_hosts_only_in_that_cloud(domain: str) -> None:
    hosts = Hosts(TenantAddress(f"https://contoso-admin.{domain}"))
    for name in ("contoso", "contoso-admin", "contoso-my"):
        assert hosts.origin(f"https://{name}.{domain}/a") == f"https://{name}.{domain}"
    with pytest.raises(RefusedError):
        hosts.origin("https://contoso.sharepoint.com/a")


@pytest.mark.parametrize(
    "admin_url",
    [
        "",
        "https://contoso-admin.sharepoint.com.",
        "https://contoso-admin.sharepoint.com?x",
        "https://contoso-admin.sharepoint.com\\x",
        "https://contoso-admin..com",
        "https://köln-admin.example.com",
        " https://contoso-admin.sharepoint.com",
        "contoso-admin.sharepoint.com",
        "http://contoso-admin.sharepoint.com",
        f"{_ADMIN}/sites/hr",
        "https://a@b.com",
        "https://contoso.sharepoint.com",
        "https://contoso-my.sharepoint.com",
    ],
)
def test_an_invalid_admin_url_is_an_error_with_an_example(admin_url: str) -> None:
    with pytest.raises(UsageError) as error:
        Hosts(TenantAddress(admin_url))
    assert "isn't an admin site" in error.value.what
    assert _ADMIN in error.value.advice


@pytest.mark.parametrize("admin_url", ["https://fabrikam.sharepoint.us", "https://fabrikam-my.sharepoint.us/"])
def test_a_site_as_admin_url_is_an_error_with_the_admin_site_s_address(admin_url: str) -> None:
    with pytest.raises(UsageError) as error:
        Hosts(TenantAddress(admin_url))
    assert error.value.advice == "It looks like https://fabrikam-admin.sharepoint.us."


@pytest.mark.parametrize(
    "host",
    [
        "",
        "\N{KELVIN SIGN}ontoso.com",
        "https://files.contoso.com",
        "files.contoso.com/",
        "a@b.com",
        "two hosts",
        "*.contoso.com",
        "a..b",
        "ä.com",
    ],
)
def test_an_invalid_further_host_is_an_error(host: str) -> None:
    with pytest.raises(UsageError, match="which isn't a host"):
        Hosts(TenantAddress(_ADMIN, (host,)))


@pytest.mark.parametrize("admin_url", [f"{_ADMIN}/", "https://Contoso-Admin.SharePoint.com", f"{_ADMIN}:443"])
def test_the_admin_site_is_one_however_it_is_spelled(admin_url: str) -> None:
    hosts = Hosts(TenantAddress(admin_url))
    assert (hosts.admin_origin, hosts.site_host) == (_ADMIN, "contoso.sharepoint.com")


def test_a_host_not_named_like_an_admin_site_has_no_related_hosts() -> None:
    hosts = Hosts(TenantAddress("https://localhost:8443"))
    assert hosts.origin("/sites/hr") == "https://localhost:8443"
    with pytest.raises(RefusedError):
        hosts.origin("https://localhost-my:8443/a")
    with pytest.raises(RefusedError):
        Hosts(TenantAddress("https://intranet.contoso.com")).origin("https://intranet-my.contoso.com/a")
