from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.errors import UnreachableError
from analyzer.library.mirror import Library
from analyzer.pipeline import Places, Scope, report, run

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from analyzer.model.text import Progress
    from tests.conftest import LoopbackTenant

FOLDER = "/sites/hr/Shared Documents"


def _silent(_stage: str) -> Progress:
    return lambda _done, _total, _doing: None


def _places(root: Path) -> Places:
    return Places(root / "report", root / "retry", None, None)


def _fill(tenant: LoopbackTenant) -> list[str]:
    ids = [tenant.add_job(number, name=f"feed-{number}.json") for number in (1, 2)]
    for number, job_id in enumerate(ids, 1):
        name = f"feed-{number}.json"
        tenant.add_log(job_id, b"IdentityNotResolvable\ta@contoso.com\tUser identity cannot be resolved\r\n", name=name)
        tenant.files[f"{FOLDER}/{name}"] = b'{"value": [{"mail": "a@contoso.com"}, {"mail": "b@contoso.com"}]}'
    return ids


def test_a_run_is_a_pull_retry_files_and_a_report(loopback: LoopbackTenant, tmp_path: Path, at_four: datetime) -> None:
    ids = _fill(loopback)
    stages: list[str] = []

    def stage(name: str) -> Progress:
        stages.append(name)
        return _silent(name)

    pulled, made = run(loopback.tenant(), Library(tmp_path / "library"), _places(tmp_path), at_four, stage)
    assert stages == ["pulling", "reading logs", "writing the report"]
    assert pulled.new == ids
    assert set(made.retries) == set(ids)
    assert made.index == tmp_path / "report" / "index.html"
    assert made.index.is_file()
    assert all(seen.method == "GET" or seen.path.endswith("GetImportProfilePropertyJobs") for seen in loopback.seen)


def test_a_report_in_scope_is_about_the_chosen_jobs(
    loopback: LoopbackTenant, tmp_path: Path, at_four: datetime
) -> None:
    first, _ = _fill(loopback)
    loopback.pull_into(tmp_path / "library")
    made = report(Library(tmp_path / "library"), _places(tmp_path), at_four, _silent, Scope(job_ids=frozenset({first})))
    assert made.tables.jobs["job_id"].to_list() == [first]
    assert set(made.retries) == {first}
    assert [path.stem for path in (tmp_path / "report" / "jobs").glob("*.html")] == [first]


def test_a_pull_that_fails_leaves_report_and_retry_files_alone(
    loopback: LoopbackTenant, tmp_path: Path, at_four: datetime
) -> None:
    _fill(loopback)
    run(loopback.tenant(), Library(tmp_path / "library"), _places(tmp_path), at_four, _silent)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    loopback.fail("GetImport", 500)
    with pytest.raises(UnreachableError):
        run(loopback.tenant(), Library(tmp_path / "library"), _places(tmp_path), at_four, _silent)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == before
