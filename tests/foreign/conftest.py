"""An emulator behind the host names of a real tenant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import start
from tests.emulator.client import StandingClock, job, write_library
from tests.foreign.office365_tenant import ADMIN_HOST, LOGIN_HOST, SITE_HOST, Tenant
from tests.foreign.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    import trustme


@pytest.fixture
def tenant(authority: tuple[trustme.CA, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tenant]:
    """A tenant with one job, one source file and one log; the way to it is the environment's, as behind any proxy."""
    ca, ca_file = authority
    clock = StandingClock()
    (tmp_path / "downloads").mkdir()
    with start(write_library(tmp_path / "library", job()), clock=clock) as running:
        port = int(running.ready["admin_url"].rpartition(":")[2])
        with Proxy([SITE_HOST, ADMIN_HOST, LOGIN_HOST], port, Path(running.ready["ca_file"]), ca) as proxy:
            for name in ("NO_PROXY", "no_proxy", "https_proxy", "CURL_CA_BUNDLE"):
                monkeypatch.delenv(name, raising=False)
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca_file))
            yield Tenant(running, clock, tmp_path / "downloads")
    assert proxy.refused == []
