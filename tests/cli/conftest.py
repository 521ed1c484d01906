"""A configuration for the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import LoopbackTenant


@pytest.fixture
def only_tenant(loopback: LoopbackTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoopbackTenant:
    """The loopback's tenant, without jobs, as the only one of the configuration."""
    monkeypatch.setenv("UPA_TOKEN", TOKEN)
    keys = f'admin_url = "{loopback.origin}"\nauth = "token"\nca_file = "{loopback.ca_file.as_posix()}"\n'
    (tmp_path / "upa-analyzer.toml").write_text(f"[tenants.contoso]\n{keys}", encoding="utf-8")
    return loopback
