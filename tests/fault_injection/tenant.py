"""A tenant with injected faults: the emulator, the proxy before it, and a client's configuration."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import trustme

from tests.emulator.credentials import key, pem, public_pem, uploaded
from tests.fault_injection.proxy import FaultProxy
from tests.foreign.office365_tenant import ADMIN_HOST, LOGIN_HOST, SITE_HOST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ORIGIN = f"https://{SITE_HOST}"
_CONFIGURATION = """\
data = "."
[tenants.contoso]
admin_url = "https://{admin}"
tenant_id = "{tenant_id}"
client_id = "{client_id}"
certificate = "app.pem"
ca_file = "ca.pem"
"""


@dataclass(frozen=True)
class FaultyTenant:
    """A tenant behind a proxy.

    Attributes:
        ready: what the emulator says of itself.
        proxy: the only way there.
        home: a folder with the certificate of who signs the names (``ca.pem``), and the application's (``app.pem``).
    """

    ready: Mapping[str, str]
    proxy: FaultProxy
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """What leads a process through the proxy."""
        return {"HTTPS_PROXY": self.proxy.url, "NO_PROXY": ""}

    def configure(self, folder: Path) -> Path:
        """Writes a configuration whose data lies in ``folder``, and the certificates beside it; returns its place."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("app.pem", "ca.pem"):
            (folder / name).write_bytes((self.home / name).read_bytes())
        file = folder / "upa-analyzer.toml"
        told = {"tenant_id": self.ready["tenant_id"], "client_id": self.ready["client_id"]}
        file.write_text(_CONFIGURATION.format(admin=ADMIN_HOST, **told), encoding="utf-8")
        return file


@contextmanager
def faulty_tenant(ready: Mapping[str, str], home: Path) -> Iterator[FaultyTenant]:
    """A proxy before a running emulator, which was started as known under ``ORIGIN``; no fault yet."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(home / "ca.pem"))
    (home / "app.pem").write_text(pem(key()) + public_pem(uploaded()), encoding="ascii")
    port = int(ready["admin_url"].rpartition(":")[2])
    names = (ADMIN_HOST, SITE_HOST, LOGIN_HOST)
    with FaultProxy(names, port, Path(ready["ca_file"]), authority, spared=[LOGIN_HOST]) as proxy:
        yield FaultyTenant(ready, proxy, home)
