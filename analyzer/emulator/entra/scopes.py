"""What a token is asked for: OpenID's own scopes, and permissions of one resource.

https://learn.microsoft.com/entra/identity-platform/scopes-oidc
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.emulator.entra.model import AuthorityError
from analyzer.emulator.uris import split_uri

if TYPE_CHECKING:
    from analyzer.emulator.entra.directory import Directory

OPENID = ("openid", "profile", "email", "offline_access")
CONSENTED = ("AllSites.FullControl", "User.ReadWrite.All")
"""SharePoint's delegated permissions that the application has; ``.default`` asks for all of them."""


@dataclass(frozen=True, slots=True)
class Scopes:
    """What a token is asked for.

    Attributes:
        resource: ``https://HOST[:PORT]``.
        permissions: names, ``.default`` among them.
        openid: OpenID's scopes.
    """

    resource: str
    permissions: tuple[str, ...]
    openid: tuple[str, ...] = ()

    @property
    def granted(self) -> tuple[str, ...]:
        """The delegated permissions that a person's token has."""
        return CONSENTED if ".default" in self.permissions else self.permissions

    def __str__(self) -> str:
        """As an answer lists them; what was asked for is among them, by which clients find the token again (seen)."""
        names = dict.fromkeys((*self.granted, *self.permissions))
        return " ".join((*self.openid, *(f"{self.resource}/{name}" for name in names)))


def application_scope(text: str, directory: Directory) -> Scopes:
    """What an application by itself asks for: one resource's ``.default``.

    Raises:
        AuthorityError: it asks for something else, or for a resource that the tenant lacks.
    """
    host, path = split_uri(text)
    if not host or path.strip("/") != ".default":
        raise AuthorityError(
            "invalid_scope",
            1002012,
            f"The provided value for scope {text} is not valid. Client credential flows must have a scope value with"
            " /.default suffixed to the resource identifier (application ID URI).",
        )
    return Scopes(_resource(host, directory), (".default",))


def personal_scopes(text: str, directory: Directory) -> Scopes:
    """What an application asks for in a person's name.

    Raises:
        AuthorityError: no resource is asked for, several are, one that the tenant lacks, or an unknown permission.
    """
    names = text.split()
    asked = [split_uri(name) for name in names if name not in OPENID]
    hosts = {host for host, _ in asked}
    if not asked or "" in hosts or not all(_is_known(path) for _, path in asked):
        text = f"The provided value for the input parameter 'scope' is not valid. The scope {text} is not valid."
        raise AuthorityError("invalid_scope", 70011, text)
    if len(hosts) > 1:
        text = "The provided value for the input parameter 'scope' is not valid: it contains more than one resource."
        raise AuthorityError("invalid_scope", 700022, text)
    permissions = tuple(path.strip("/") for _, path in asked)
    return Scopes(_resource(hosts.pop(), directory), permissions, tuple(name for name in names if name in OPENID))


def _is_known(path: str) -> bool:
    return path.strip("/") in (".default", *CONSENTED)


def _resource(host: str, directory: Directory) -> str:
    if not directory.has_resource(host):
        raise AuthorityError(
            "invalid_resource",
            500011,
            f"The resource principal named https://{host} was not found in the tenant named {directory.tenant_id}."
            " This can happen if the application has not been installed by the administrator of the tenant or"
            " consented to by any user in the tenant. You might have sent your authentication request to the wrong"
            " tenant.",
        )
    return f"https://{host}"
