"""URIs as jobs have them: nothing in them need be encoded, so ``#`` and ``?`` may be part of a name."""

from __future__ import annotations

import re
from urllib.parse import unquote

_ABSOLUTE = re.compile(r"https?://(?P<host>[^/]*)(?P<path>/.*)?", re.IGNORECASE | re.DOTALL)

_SITE_HOST = re.compile(r"(?P<name>[^.:]+?)(?P<kind>-admin)?(?P<domain>\.sharepoint(?:-mil)?\.[a-z]+)")


def is_admin_host(host: str) -> bool:
    """Whether a host is a tenant's admin site, as ``contoso-admin.sharepoint.com``."""
    found = _SITE_HOST.fullmatch(host.lower())
    return found is not None and found["kind"] is not None


def admin_host(host: str) -> str:
    """The host of the admin site beside a tenant's host; the same host where it has no name of SharePoint's.

    >>> admin_host("contoso.sharepoint.com")
    'contoso-admin.sharepoint.com'
    """
    found = _SITE_HOST.fullmatch(host.lower())
    return f"{found['name']}-admin{found['domain']}" if found else host


def split_uri(uri: str) -> tuple[str, str]:
    """Host with port in lower case (empty for a server-relative URI), and the path as written.

    >>> split_uri("https://Contoso.sharepoint.com/sites/hr/a b.json")
    ('contoso.sharepoint.com', '/sites/hr/a b.json')
    """
    found = _ABSOLUTE.fullmatch(uri)
    return (found["host"].lower(), found["path"] or "") if found else ("", uri)


def path_readings(uri: str) -> list[str]:
    """The server-relative paths that a URI can mean: as written, and decoded (a URI comes back as queued, seen)."""
    path = split_uri(uri)[1]
    return list(dict.fromkeys([path, unquote(path)]))
