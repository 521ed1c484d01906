"""What a program that uses Office365-REST-Python-Client has: addresses, a certificate, and nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from office365.sharepoint.client_context import ClientContext
from office365.sharepoint.tenant.management.office365_tenant import Office365Tenant

from tests.emulator.client import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from office365.sharepoint.files.file import File
    from office365.sharepoint.folders.folder import Folder

    from analyzer.emulator import RunningEmulator
    from tests.emulator.client import StandingClock

SITE_HOST, ADMIN_HOST, LOGIN_HOST = (
    "contoso.sharepoint.com",
    "contoso-admin.sharepoint.com",
    "login.microsoftonline.com",
)
SITE = f"https://{SITE_HOST}/sites/hr"


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate() -> x509.Certificate:
    """The application's certificate, made once."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "upa-analyzer")])
    begin = datetime.now(UTC) - timedelta(days=1)
    end = begin + timedelta(days=9)
    builder = x509.CertificateBuilder(name, name, _key().public_key(), x509.random_serial_number(), begin, end)
    return builder.sign(_key(), hashes.SHA256())


@dataclass
class Tenant:
    """The tenant as the client reaches it.

    Attributes:
        emulator: to look behind the answers.
        clock: the service's.
        folder_on_disk: for what is downloaded.
    """

    emulator: RunningEmulator
    clock: StandingClock
    folder_on_disk: Path

    def signed_in(self, url: str, *, whole_certificate: bool = False) -> ClientContext:
        """A context of the client, signed in with the certificate or with its thumbprint alone."""
        pem = _key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        known: dict[str, Any] = {"thumbprint": certificate().fingerprint(hashes.SHA1()).hex()}
        if whole_certificate:
            public = certificate().public_bytes(Encoding.PEM).decode()
            known = {"public_certificate": public, "use_sni": True}
        ready = self.emulator.ready
        return ClientContext(url).with_client_certificate(
            ready["tenant_id"], ready["client_id"], private_key=pem, **known
        )

    @cached_property
    def site(self) -> ClientContext:
        """The site that imports lie on."""
        return self.signed_in(SITE)

    @cached_property
    def admin(self) -> ClientContext:
        """The admin site."""
        return self.signed_in(f"https://{ADMIN_HOST}")

    @property
    def jobs(self) -> Office365Tenant:
        """The client's class for the job calls."""
        return Office365Tenant(self.admin)

    def folder(self, path: str = FOLDER) -> Folder:
        """A folder by its path, loaded."""
        found: Folder = self.site.web.get_folder_by_server_relative_path(path).get().execute_query()
        return found

    def file(self, path: str = f"{FOLDER}/hr.json") -> File:
        """A file by its path, loaded."""
        found: File = self.site.web.get_file_by_server_relative_path(path).get().execute_query()
        return found

    def content(self, path: str = f"{FOLDER}/hr.json") -> bytes:
        """What the tenant has, seen from behind."""
        return self.emulator.storage.file(path).place.read_bytes()

    def has(self, path: str) -> bool:
        """Whether the tenant has a file or folder, seen from behind."""
        return self.emulator.storage.exists(path)


@dataclass(frozen=True)
class Asked:
    """One call that the client was asked to make, and what has to come of it."""

    name: str
    call: Callable[[Tenant], object]
    expected: object
