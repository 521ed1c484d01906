"""The folder of a history: the tenant's, the configuration's, or inside a library from elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.conftest import LoopbackTenant, Ran


def _histories() -> set[str]:
    return {path.parent.as_posix() for path in Path().rglob("jobs.parquet")}


def test_it_is_in_the_tenants_folder(upa: Callable[..., Ran], only_tenant: LoopbackTenant) -> None:
    only_tenant.add_job(1, state=4, error=0)
    upa("pull")
    assert _histories() == {"upa-data/contoso/history"}


def test_it_is_where_the_configuration_says_in_a_folder_of_the_tenant(
    upa: Callable[..., Ran], only_tenant: LoopbackTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_tenant.add_job(1, state=4, error=0)
    monkeypatch.setenv("UPA_ANALYZER_HISTORY", "histories")
    upa("pull")
    assert _histories() == {"histories/contoso"}
    assert upa("jobs", "--json").json["jobs"]
    assert _histories() == {"histories/contoso"}


def test_a_place_in_the_cloud_is_refused_before_anything_is_pulled(
    upa: Callable[..., Ran], only_tenant: LoopbackTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPA_ANALYZER_HISTORY", "abfss://lake@onelake.dfs.fabric.microsoft.com/upa")
    for command in ("pull", "run", "jobs"):
        ran = upa(command)
        assert (ran.code, ran.out) == (2, "")
        assert "isn't a folder" in ran.err
        assert "history publish" in ran.err
    assert only_tenant.seen == []


def test_a_library_from_elsewhere_has_its_own(upa: Callable[..., Ran], tmp_path: Path) -> None:
    shutil.copytree(sample_library(), tmp_path / "mailed")
    assert upa("jobs", "--library", "mailed", "--json").json["jobs"]
    assert _histories() == {"mailed/.upa/history"}


def test_the_samples_of_the_package_never_change(upa: Callable[..., Ran]) -> None:
    before = sorted(sample_library().rglob("*"))
    assert upa("jobs", "--library", str(sample_library()), "--json").json["jobs"]
    assert sorted(sample_library().rglob("*")) == before
