"""The addresses that the service hands out."""

from __future__ import annotations

import string
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model.uri import host_of, resolved, scheme_of, server_paths, tenant_of

PARTS = {
    "absolute": ("https://Contoso.SharePoint.com/sites/hr/a.json", ("https", "contoso.sharepoint.com")),
    "a port": ("HTTPS://localhost:8443/a", ("https", "localhost:8443")),
    "no path": ("https://contoso.sharepoint.com", ("https", "contoso.sharepoint.com")),
    "another scheme": ("file:///etc/passwd", ("file", "")),
    "a user before the host": ("https://contoso.com@evil.example.com/a", ("https", "contoso.com@evil.example.com")),
    "a line end in the path": ("https://contoso.com/a\nb", ("https", "contoso.com")),
    "server-relative": ("/sites/hr/a.json", ("", "")),
    "no scheme": ("//contoso.com/a", ("", "")),
    "nothing": ("", ("", "")),
    "no letter of ASCII": ("https://\N{KELVIN SIGN}.com/a", ("https", "\N{KELVIN SIGN}.com")),
}


@pytest.mark.parametrize(("uri", "expected"), PARTS.values(), ids=PARTS.keys())
def test_scheme_and_host_are_told_of_absolute_addresses_only(uri: str, expected: tuple[str, str]) -> None:
    assert (scheme_of(uri), host_of(uri)) == expected


PATHS = {
    "plain": ("https://contoso.sharepoint.com/sites/hr/a.json", ["/sites/hr/a.json"]),
    "encoded": (
        "https://contoso.sharepoint.com/Shared%20Documents/a.json",
        ["/Shared Documents/a.json", "/Shared%20Documents/a.json"],
    ),
    "not encoded": ("https://contoso.sharepoint.com/Shared Documents/a.json", ["/Shared Documents/a.json"]),
    "not encoded, with a percent sign": (
        "/Shared Documents/50%20.json",
        ["/Shared Documents/50%20.json", "/Shared Documents/50 .json"],
    ),
    "letters beyond ASCII say not encoded": ("/hr/Größe%20.json", ["/hr/Größe%20.json", "/hr/Größe .json"]),
    "the blanks alone encoded": ("/hr/9%25%20.json", ["/hr/9% .json", "/hr/9%25%20.json", "/hr/9%25 .json"]),
    "encoded letters": ("/hr/Gr%C3%B6%C3%9Fe.json", ["/hr/Größe.json", "/hr/Gr%C3%B6%C3%9Fe.json"]),
    "a percent sign that encodes nothing": ("/hr/100%.json", ["/hr/100%.json"]),
    "a slash at the end": ("/sites/hr/", ["/sites/hr"]),
    "a query": ("https://contoso.sharepoint.com/hr/a.json?web=1&x=/b", ["/hr/a.json"]),
    "a question mark that is encoded": ("/hr/a%3Fb.json", ["/hr/a?b.json", "/hr/a%3Fb.json"]),
    "a hash": ("/hr/#1%20a.json", ["/hr/#1 a.json", "/hr/#1%20a.json"]),
    "the host alone": ("https://contoso.sharepoint.com", []),
    "the root": ("https://contoso.sharepoint.com/", []),
    "relative": ("hr/a.json", []),
    "nothing": ("", []),
}


@pytest.mark.parametrize(("uri", "expected"), PATHS.values(), ids=PATHS.keys())
def test_the_paths_that_an_address_can_mean_come_likeliest_first(uri: str, expected: list[str]) -> None:
    assert server_paths(uri) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("contoso.sharepoint.com", "contoso.sharepoint.com"),
        ("Contoso-admin.sharepoint.com", "contoso.sharepoint.com"),
        ("contoso-admin.sharepoint.com:443", "contoso.sharepoint.com"),
        ("contoso-admin-x.sharepoint.com", "contoso-admin-x.sharepoint.com"),
        ("localhost:8443", "localhost"),
        ("user:pw@contoso-admin.sharepoint.com", "contoso.sharepoint.com"),
        ("", ""),
    ],
)
def test_the_tenant_is_the_host_without_admin_and_port(host: str, expected: str) -> None:
    assert tenant_of(host) == expected


_BASE = "https://contoso.sharepoint.com/sites/hr/a.json?x=1"
LINKS = {
    "absolute": ("https://fabrikam.example.com/b", "https://fabrikam.example.com/b"),
    "with a port": ("https://127.0.0.1:8443/b", "https://127.0.0.1:8443/b"),
    "an address of IPv6": ("https://[::1]:8443/b", "https://[::1]:8443/b"),
    "server-relative": ("/b", "https://contoso.sharepoint.com/b"),
    "relative": ("../b", "https://contoso.sharepoint.com/sites/b"),
    "without a scheme": ("//evil.example.com/b", "https://evil.example.com/b"),
    "an open bracket": ("https://[evil", ""),
    "an open bracket without a scheme": ("//[evil", ""),
    "a name in brackets": ("https://[evil.example.com]/", ""),
    "a port that no host has": ("https://contoso.sharepoint.com:99999/", ""),
    "the port 0": ("https://contoso.sharepoint.com:0/", ""),
    "a port in letters": ("https://contoso.sharepoint.com:port/", ""),
    "no host": ("https:///b", "https://contoso.sharepoint.com/b"),
    "a user and no host": ("https://ada@/b", ""),
    "another scheme": ("ftp://contoso.sharepoint.com/b", ""),
    "a letter that becomes a slash": ("https://contoso.sharepoint.com\u2100.example.com/b", ""),
}


@pytest.mark.parametrize(("link", "expected"), LINKS.values(), ids=LINKS.keys())
def test_a_link_leads_to_an_address_or_nowhere(link: str, expected: str) -> None:
    assert resolved(link, _BASE) == expected


_ODD = st.text(alphabet=st.one_of(st.sampled_from(string.punctuation + " \t\r\n"), st.characters()), max_size=30)


@given(st.builds("{}{}{}".format, st.sampled_from(["", "https://", "//", "/", "https:", "\\\\"]), _ODD, _ODD))
def test_whatever_a_link_is_no_parser_s_error_comes_of_it(link: str) -> None:
    place = resolved(link, _BASE)
    assert not place or urlsplit(place).hostname
    for read in (host_of, scheme_of, server_paths, tenant_of):
        read(link)
