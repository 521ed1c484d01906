"""Which hosts belong to the tenant that we signed in to: the only ones that ever see its token."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.errors import RefusedError, UsageError
from analyzer.model.redaction import shown_url
from analyzer.model.uri import host_of, scheme_of

if TYPE_CHECKING:
    from analyzer.tenant.model import TenantAddress

_DEFAULT_PORT = ":443"
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?")
"""In lower case, IDNs as ``xn--…``: each host has one spelling only."""
_SITE = re.compile(r"(?P<name>[a-z0-9-]+?)(?:-my)?(?<!-admin)\.(?P<domain>sharepoint(?:-mil)?\.[a-z]+)")
"""A tenant's host in Microsoft's domains that isn't its admin site."""
_SHOWN = 200


class Hosts:
    """The tenant's hosts: the admin site's, the ones named alike, and those of the configuration."""

    def __init__(self, address: TenantAddress) -> None:
        """Derive the hosts.

        Raises:
            UsageError: the admin URL isn't ``https://HOST``, or one of ``hosts`` isn't a host.
        """
        self.admin_origin = address.admin_url.rstrip("/").lower().removesuffix(_DEFAULT_PORT)
        admin = host_of(self.admin_origin)
        site = _SITE.fullmatch(admin)
        if self.admin_origin != f"https://{admin}" or not is_host(admin) or site:
            looks = f"{site['name']}-admin.{site['domain']}" if site else "contoso-admin.sharepoint.com"
            raise UsageError(
                f"admin_url is {address.admin_url!r}, which isn't an admin site", f"It looks like https://{looks}."
            )
        name, dot, domain = admin.partition(".")
        tenant = name.removesuffix("-admin")
        self.site_host = tenant + dot + domain
        # Tenants have NAME, NAME-admin and NAME-my in one domain, sharepoint.com or their cloud's; any other host has
        # no relatives.
        kin = {self.site_host, f"{tenant}-my{dot}{domain}"} if name.endswith("-admin") else set()
        self._known = {admin, *kin, *(_host(host) for host in address.hosts)}

    def has(self, uri: str) -> bool:
        """Return whether a URI from the service may be followed."""
        try:
            self.origin(uri)
        except RefusedError:
            return False
        return True

    def origin(self, uri: str) -> str:
        """Return ``https://HOST[:PORT]`` of a URI from the service; for a server-relative one, the site's.

        Raises:
            RefusedError: the URI leads outside the tenant, or is neither absolute nor server-relative.
        """
        relative = uri.startswith("/") and not uri.startswith(("//", "/\\"))
        host = self.site_host if relative else host_of(uri).removesuffix(_DEFAULT_PORT)
        if host not in self._known or (not relative and scheme_of(uri) != "https"):
            raise RefusedError(
                f"{shown_url(uri[:_SHOWN])} leads outside the tenant of {self.admin_origin}",
                'It was not followed. If the host is the tenant\'s own, add it to "hosts" in the configuration.',
            )
        return f"https://{host}"


def is_host(text: str) -> bool:
    """Return whether a text is a host in lower case, with or without a port.

    >>> is_host("login.microsoftonline.com"), is_host("login.microsoftonline.com/common")
    (True, False)
    """
    return _HOST.fullmatch(text) is not None


def _host(text: str) -> str:
    host = text.lower().removesuffix(_DEFAULT_PORT)
    if not text.isascii() or not is_host(host):
        raise UsageError(f"hosts has {text!r}, which isn't a host", "It looks like files.contoso.com.")
    return host
