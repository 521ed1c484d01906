"""Parse the addresses that the service sends into hosts and server-relative paths.

The service returns ``SourceUri`` as it was queued, percent-encoded or not (seen), so a path with ``%`` is ambiguous.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urljoin, urlsplit

_ABSOLUTE = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>[^/]*)(?P<path>/.*)?", re.DOTALL)
_NEVER_ENCODED = re.compile(r"[^!-~]")


def host_of(uri: str) -> str:
    """Return host and port of an absolute URI in lower case; empty for a server-relative one.

    Letters beyond ASCII are unchanged: the lower case of some, such as the Kelvin sign, is an ASCII letter.
    """
    match = _ABSOLUTE.fullmatch(uri)
    host = match["host"] if match else ""
    return host.lower() if host.isascii() else host


def scheme_of(uri: str) -> str:
    """Return the scheme of an absolute URI in lower case; empty for a server-relative one."""
    match = _ABSOLUTE.fullmatch(uri)
    return match["scheme"].lower() if match else ""


def resolved(link: str, base: str) -> str:
    """Return the address that a link, such as a redirect, leads to; empty if it is invalid.

    Args:
        link: absolute or relative.
        base: the absolute URI of the request.

    >>> resolved("../a.json", "https://contoso.sharepoint.com/sites/hr/b")
    'https://contoso.sharepoint.com/sites/a.json'
    >>> resolved("https://[evil", "https://contoso.sharepoint.com/sites/hr/b")
    ''
    """
    try:
        parts = urlsplit(urljoin(base, link))
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets, ports, and letters that normalization turns into "/" or "@"
        return ""
    return parts.geturl() if is_address else ""


def server_paths(uri: str) -> list[str]:
    """Return the server-relative paths that a URI can mean, the likeliest first; none for an empty or invalid URI.

    A ``?`` begins the query, as in ``…/a.json?web=1``: no name in SharePoint contains one.

    >>> server_paths("https://contoso.sharepoint.com/sites/hr/Shared%20Documents/a.json")[0]
    '/sites/hr/Shared Documents/a.json'
    """
    match = _ABSOLUTE.fullmatch(uri)
    raw = ((match["path"] or "") if match else uri).partition("?")[0].rstrip("/")
    if not raw.startswith("/"):
        return []
    decoded = unquote(raw)
    # A path with a blank or a letter beyond ASCII isn't encoded: its "%" is a character of the name.
    likely = [raw, decoded] if _NEVER_ENCODED.search(raw) else [decoded, raw]
    # Some clients encode only the blanks.
    return list(dict.fromkeys([*likely, raw.replace("%20", " ")]))


def file_name(uri: str) -> str:
    """Return the file's name in a URI, not decoded, without the query.

    >>> file_name("https://contoso.sharepoint.com/sites/hr/Shared%20Documents/a%20b.json?web=1")
    'a%20b.json'
    """
    return uri.partition("?")[0].rstrip("/").rsplit("/", 1)[-1]


def tenant_of(host: str) -> str:
    """Return the tenant's name in tables: the host without port and without ``-admin``.

    >>> tenant_of("contoso-admin.sharepoint.com:443")
    'contoso.sharepoint.com'
    """
    name, dot, domain = host.lower().rsplit("@", 1)[-1].split(":", 1)[0].partition(".")
    return name.removesuffix("-admin") + dot + domain


def named_places(uri: str, main_host: str) -> frozenset[tuple[str, str]]:
    """Return every place that a URI can mean, for comparison: pairs of host and path. SharePoint ignores case.

    Args:
        uri: of a file or folder.
        main_host: the host of a server-relative URI.

    >>> named_places("/sites/hr/A.json", "contoso.sharepoint.com")
    frozenset({('contoso.sharepoint.com', '/sites/hr/a.json')})
    """
    host = (host_of(uri).rpartition("@")[2] or main_host).removesuffix(":443")
    return frozenset((host, path.lower()) for path in server_paths(uri))
