"""``sign-out`` where nobody can be signed in; ``tests/wire/`` has the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran


def test_with_a_ready_token_no_one_is_signed_out(upa: Callable[..., Ran], tmp_path: Path) -> None:
    keys = 'admin_url = "https://contoso-admin.sharepoint.com"\nauth = "token"\n'
    (tmp_path / "upa-analyzer.toml").write_text(f"[tenants.contoso]\n{keys}", encoding="utf-8")
    ran = upa("sign-out")
    assert (ran.code, ran.out) == (0, "No one was signed in to contoso.\n")
