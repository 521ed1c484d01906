"""A tenant under its real names, reached as an administrator reaches it: by configuration, through a proxy."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.config.connect import connect
from analyzer.config.settings import load_settings
from analyzer.emulator import start
from tests.emulator.client import FOLDER, LOG_NAME, LOGS, StandingClock, job, source, write_library
from tests.emulator.credentials import key, pem, public_pem, uploaded
from tests.foreign.office365_tenant import ADMIN_HOST, LOGIN_HOST, SITE_HOST
from tests.foreign.proxy import Proxy
from tests.wire.listening import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import trustme

    from analyzer.emulator import RunningEmulator
    from analyzer.tenant.http.session import Session

NAMES = (ADMIN_HOST, SITE_HOST, LOGIN_HOST, "contoso-my.sharepoint.com")
_TENANT = """\
[tenants.contoso]
admin_url = "https://{admin}"
tenant_id = "{tenant_id}"
client_id = "{client_id}"
certificate = "app.pem"
"""


@dataclass
class Contoso:
    """The tenant, and who listens on the way to it.

    Attributes:
        emulator: behind the names.
        clock: the service's.
        proxy: the only way there.
        listener: what was sent.
        looked_up: the host names that this process asked the resolver for.
        ca_file: whom to trust for the names.
    """

    emulator: RunningEmulator
    clock: StandingClock
    proxy: Proxy
    listener: Listener
    ca_file: Path
    looked_up: set[str] = field(default_factory=set)

    def configure(self, folder: Path, further: str = "") -> Path:
        """Writes the configuration and the application's certificate; returns the former's place."""
        ready = self.emulator.ready
        (folder / "app.pem").write_text(pem(key()) + public_pem(uploaded()), encoding="ascii")
        told = _TENANT.format(admin=ADMIN_HOST, tenant_id=ready["tenant_id"], client_id=ready["client_id"])
        file = folder / "upa-analyzer.toml"
        file.write_text(told + further, encoding="utf-8")
        return file

    def session(self, file: Path) -> Session:
        """A session as the commands have it."""
        settings = load_settings(file, {}, [])
        return connect(settings, settings.config.tenants["contoso"], {})


@pytest.fixture
def start_contoso(
    authority: tuple[trustme.CA, Path], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Starts the tenant in these scenarios; the way to it is the environment's."""
    ca, ca_file = authority
    for name in ("NO_PROXY", "no_proxy", "https_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)

    @contextmanager
    def begin(
        scenarios: Sequence[str] = (), *, names: Sequence[str] = NAMES, **differences: object
    ) -> Iterator[Contoso]:
        library = write_library(tmp_path_factory.mktemp("tenant") / "library", job(**differences))
        (library / FOLDER[1:] / "hr.json").write_bytes(source("ada@contoso.com", "eve@contoso.com", City="Berlin"))
        line = b"IdentityNotResolvable\teve@contoso.com\tUser identity cannot be resolved\r\n"
        (library / LOGS[1:] / LOG_NAME).write_bytes(line)
        clock, listener = StandingClock(), Listener()
        with start(library, clock=clock, scenarios=scenarios, known_as=f"https://{names[1]}") as running:
            port = int(running.ready["admin_url"].rpartition(":")[2])
            emulators_ca = Path(running.ready["ca_file"])
            with Proxy(names, port, emulators_ca, ca, listen=listener.tunnel) as proxy:
                monkeypatch.setenv("HTTPS_PROXY", proxy.url)
                contoso = Contoso(running, clock, proxy, listener, ca_file)
                _note_names(monkeypatch, contoso.looked_up)
                yield contoso

    return begin


@pytest.fixture
def contoso(start_contoso: Callable[..., Any]) -> Iterator[Contoso]:
    """The tenant, as strict as a real one: a token is good for one host, and one certificate is known."""
    with start_contoso(["strict-tokens", "logs-in-subweb"]) as begun:
        begun.emulator.application.upload(public_pem(uploaded()))
        yield begun


def _note_names(monkeypatch: pytest.MonkeyPatch, names: set[str]) -> None:
    resolve = socket.getaddrinfo

    def noted(host: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - the resolver's own
        names.add(host.decode() if isinstance(host, bytes) else str(host))
        return resolve(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
