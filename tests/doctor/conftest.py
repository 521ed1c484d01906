"""A tenant to examine, and a configuration that leads to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import start
from tests.emulator.client import job, write_library
from tests.emulator.credentials import certificate, key, pem, public_pem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from analyzer.emulator import RunningEmulator


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    with start(write_library(tmp_path_factory.mktemp("doctor") / "library", job())) as running:
        yield running


@pytest.fixture
def configure(emulator: RunningEmulator, tmp_path: Path) -> Callable[..., None]:
    """Writes a configuration that is right but for what is given; of None the key is left out."""
    (tmp_path / "app.pem").write_text(pem(key()) + public_pem(certificate(key())), encoding="ascii")
    (tmp_path / "ended.pem").write_text(pem(key()) + public_pem(certificate(key(), -2)), encoding="ascii")
    (tmp_path / "other.pem").write_text(pem(key(2)) + public_pem(certificate(key(), 8)), encoding="ascii")
    (tmp_path / "soon.pem").write_text(pem(key()) + public_pem(certificate(key(), 8)), encoding="ascii")

    def written(**wrong: str) -> None:
        right = {name: emulator.ready[name] for name in ("admin_url", "tenant_id", "client_id", "authority", "ca_file")}
        keys = {**right, "certificate": "app.pem", **wrong}
        lines = [f"{name} = '{value}'" for name, value in keys.items() if value]
        (tmp_path / "upa-analyzer.toml").write_text("\n".join(["[tenants.contoso]", *lines]), encoding="utf-8")

    return written
