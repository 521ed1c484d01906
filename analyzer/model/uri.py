"""The addresses that the service sends: their hosts and server-relative paths.

``SourceUri`` comes back as it was queued, percent-encoded or not (seen), so a path with ``%`` in it can mean two files.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urljoin, urlsplit

_ABSOLUTE = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>[^/]*)(?P<path>/.*)?", re.DOTALL)
_NEVER_ENCODED = re.compile(r"[^!-~]")


def host_of(uri: str) -> str:
    """Return host and port of an absolute URI in lower case; empty for a server-relative one.

    Letters beyond ASCII stay as they are: the lower case of some, as of the sign for Kelvin, is a letter of ASCII.
    """
    found = _ABSOLUTE.fullmatch(uri)
    host = found["host"] if found else ""
    return host.lower() if host.isascii() else host


def scheme_of(uri: str) -> str:
    """``https`` for an absolute URI; empty for a server-relative one."""
    found = _ABSOLUTE.fullmatch(uri)
    return found["scheme"].lower() if found else ""


def resolved(link: str, base: str) -> str:
    """Work out where a link leads, as a redirect's; empty where it is no address of a host, whatever is wrong with it.

    Args:
        link: absolute or relative, as it came.
        base: the absolute URI that it was an answer to.

    >>> resolved("../a.json", "https://contoso.sharepoint.com/sites/hr/b")
    'https://contoso.sharepoint.com/sites/a.json'
    >>> resolved("https://[evil", "https://contoso.sharepoint.com/sites/hr/b")
    ''
    """
    try:
        parts = urlsplit(urljoin(base, link))
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of brackets, of ports, and of letters that normalization makes into "/" or "@"
        return ""
    return parts.geturl() if is_address else ""


def server_paths(uri: str) -> list[str]:
    """Return the server-relative paths that a URI can mean, the likelier first; none for an empty or odd one.

    What follows a ``?`` is no part of the path, as in ``…/a.json?web=1``: no name in SharePoint holds one.

    >>> server_paths("https://contoso.sharepoint.com/sites/hr/Shared%20Documents/a.json")[0]
    '/sites/hr/Shared Documents/a.json'
    """
    found = _ABSOLUTE.fullmatch(uri)
    raw = ((found["path"] or "") if found else uri).partition("?")[0].rstrip("/")
    if not raw.startswith("/"):
        return []
    decoded = unquote(raw)
    # A blank or a letter beyond ASCII says that the path is not encoded: its "%" means itself.
    likely = [raw, decoded] if _NEVER_ENCODED.search(raw) else [decoded, raw]
    # Some encode the blanks alone.
    return list(dict.fromkeys([*likely, raw.replace("%20", " ")]))


def file_name(uri: str) -> str:
    """Return the name of the file that a URI leads to, as the URI spells it, without a query.

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
