"""What our pull brought, held against what Office365-REST-Python-Client sees of the same library."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import start
from tests.emulator.client import StandingClock
from tests.fault_injection.library import make_library
from tests.fault_injection.tenant import ORIGIN, faulty_tenant
from tests.foreign.office365_tenant import SITE_HOST, Tenant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Ran

LIBRARIES = {
    "/sites/hr": "/sites/hr/Shared Documents",
    "/sites/Köln": "/sites/Köln/Freigegebene Dokumente",
    "/sites/import-logs": "/sites/import-logs/Shared Documents",
}


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tenant]:
    """A tenant of 20 jobs with 60 logs, under names of every kind; our configuration lies in ``tmp_path``."""
    made = make_library(tmp_path / "made", 20, 60, size=lambda random: random.randrange(9000))
    clock = StandingClock()
    (tmp_path / "home").mkdir()
    with (
        start(made.root, clock=clock, known_as=ORIGIN) as running,
        faulty_tenant(running.ready, tmp_path / "home") as begun,
    ):
        for name in ("NO_PROXY", "no_proxy", "https_proxy", "CURL_CA_BUNDLE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTPS_PROXY", begun.proxy.url)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(begun.home / "ca.pem"))
        begun.configure(tmp_path)
        yield Tenant(running, clock, tmp_path)


def _theirs(tenant: Tenant, site: str) -> dict[str, tuple[int, str]]:
    """Length as listed and SHA-256 as downloaded of each file in a site's library, by path."""
    library = tenant.signed_in(f"https://{SITE_HOST}{site}").web.get_folder_by_server_relative_path(LIBRARIES[site])
    found = {}
    for file in library.get_files(recursive=True).execute_query():
        content = io.BytesIO()
        file.download(content).execute_query()
        found[str(file.server_relative_url)] = (int(file.length or 0), hashlib.sha256(content.getvalue()).hexdigest())
    return found


def _ours(library: Path, site: str) -> dict[str, tuple[int, str]]:
    places = (place for place in (library / site[1:]).rglob("*") if place.is_file())
    contents = {f"/{place.relative_to(library).as_posix()}": place.read_bytes() for place in places}
    return {path: (len(content), hashlib.sha256(content).hexdigest()) for path, content in contents.items()}


def test_names_lengths_and_bytes_are_the_same(upa: Callable[..., Ran], tenant: Tenant, tmp_path: Path) -> None:
    ran = upa("pull")
    assert ran.code == 0, ran.err
    for site in LIBRARIES:
        ours = _ours(tmp_path / "contoso" / "library", site)
        assert ours == _theirs(tenant, site)
        assert ours
