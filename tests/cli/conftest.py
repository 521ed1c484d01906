"""A configuration for the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.healing_month import FIRST, Month
from tests.conftest import TOKEN
from tests.imports.queueing import feed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import FastClock, LoopbackTenant, Ran


@pytest.fixture
def only_tenant(loopback: LoopbackTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoopbackTenant:
    """The loopback's tenant, without jobs, as the only one of the configuration."""
    monkeypatch.setenv("UPA_TOKEN", TOKEN)
    keys = f'admin_url = "{loopback.origin}"\nauth = "token"\nca_file = "{loopback.ca_file.as_posix()}"\n'
    (tmp_path / "upa-analyzer.toml").write_text(f"[tenants.contoso]\n{keys}", encoding="utf-8")
    return loopback


@pytest.fixture
def month(
    upa: Callable[..., Ran],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    no_waiting: FastClock,
) -> Iterator[Month]:
    """A tenant whose clock, as that of the program, begins at the first night."""
    no_waiting.at = FIRST
    with feed(tmp_path_factory.mktemp("tenant"), clock=no_waiting, jobs=False, started=FIRST) as found:
        ready = found.emulator.ready
        monkeypatch.setenv("UPA_TOKEN", ready["token"])
        keys = f'admin_url = "{ready["admin_url"]}"\nauth = "token"\nca_file = "{ready["ca_file"]}"\n'
        (tmp_path / "upa-analyzer.toml").write_text(f"[tenants.contoso]\n{keys}", encoding="utf-8")
        found.root = tmp_path
        yield Month(found, upa, monkeypatch)
