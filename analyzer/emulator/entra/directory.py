"""The directory that the authority knows: one tenant, one application with its credentials, one administrator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography import x509

from analyzer.emulator.model import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Mapping

DOMAINS = ("contoso.com", "contoso.onmicrosoft.com")
"""Names that the tenant goes by in addresses, besides its id."""

SHARED_NAMES = ("common", "organizations")
"""The account that signs in there determines the tenant; an application has none and cannot."""

_DOMAINS = ("sharepoint.com", "sharepoint.us", "sharepoint-mil.us", "sharepoint.cn")
_RESOURCES = frozenset(f"contoso{kind}.{domain}" for kind in ("", "-admin", "-my") for domain in _DOMAINS)
"""The tenant's names, in the public cloud and, as if it were there, in the national ones."""


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who signs in where a person has to."""

    name: str = "Admin"
    user_principal_name: str = "admin@contoso.com"
    object_id: str = "3f8ad1e4-6c1b-4d7e-9f57-1c0e5a7b2d90"


@dataclass(slots=True)
class Application:
    """The registered application; its credentials may be added to while it runs.

    Attributes:
        client_id: in lower case.
        certificates: those that were uploaded; while there are none, any certificate is taken for the application's.
        secrets: client secrets.
    """

    client_id: str
    certificates: list[x509.Certificate] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    def upload(self, certificate: str | bytes) -> None:
        """Adds a certificate, PEM without the private key.

        Raises:
            ValueError: it is none.
        """
        pem = certificate.encode() if isinstance(certificate, str) else certificate
        self.certificates.append(x509.load_pem_x509_certificate(pem))

    def configure(self, settings: Mapping[str, object] | None) -> None:
        """Adds what ``emulator.json`` has under ``application``: ``certificates`` (PEM) and ``secrets``.

        Raises:
            EmulatorError: it has something else there.
        """
        given = (settings or {}).get("application", {})
        if not isinstance(given, dict):
            raise EmulatorError("emulator.json cannot be used: application isn't an object; fix it, or remove it")
        for pem in _texts(given, "certificates"):
            try:
                self.upload(pem)
            except ValueError as error:
                raise EmulatorError(
                    'emulator.json cannot be used: "certificates" has something that is no certificate in PEM;'
                    " fix it, or remove it"
                ) from error
        self.secrets.update(_texts(given, "secrets"))


@dataclass(frozen=True, slots=True)
class Directory:
    """One tenant.

    Attributes:
        tenant_id: in lower case.
        application: the only one.
        hosts: the emulator's own, with port, for which tokens are given out besides the real names.
        administrator: the only person.
    """

    tenant_id: str
    application: Application
    hosts: frozenset[str] = frozenset()
    administrator: Administrator = Administrator()

    def knows(self, name: str) -> bool:
        """Whether a tenant's name in an address is this one's, or one that all tenants share."""
        return name.lower() in (self.tenant_id, *DOMAINS, *SHARED_NAMES)

    def has_resource(self, host: str) -> bool:
        """Whether tokens for a host can be had: in lower case, with its port where it has one."""
        return host in self.hosts or host in _RESOURCES


def _texts(given: Mapping[str, object], name: str) -> list[str]:
    texts = given.get(name, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise EmulatorError(f"emulator.json cannot be used: {name} isn't a list of texts; fix it, or remove it")
    return texts
