"""``check`` in a folder with a library: a file against the last run of its feed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

LAST = "sites/hr/Shared Documents/imports/hr-feed-2026-11-23.json"
RETRIED = "cc75e06b-27bd-57d7-8a0f-9cfd0e2f7d9e"
JOB = "job cc75e06b (23 Nov"


@pytest.fixture
def library(upa: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    del upa  # which changes the folder first
    shutil.copytree(sample_library(), tmp_path / "library")
    monkeypatch.chdir(tmp_path / "library")
    return tmp_path / "library"


def write(name: str, users: int = 295, **values: object) -> str:
    """The last file with other values, for the first users."""
    records = json.loads(Path(LAST).read_text("utf-8-sig"))["value"][:users]
    Path(name).write_text(json.dumps({"value": [record | values for record in records]}), "utf-8-sig")
    return name


@pytest.mark.usefixtures("library")
def test_the_feed_is_found_by_the_name_of_the_file(upa: Callable[..., Ran]) -> None:
    ran = upa("check", write("hr-feed-2026-11-30.json", Office=""))
    assert ran.code == 1
    assert f"Office is empty for all 295 users who had a value in {JOB}" in ran.out
    assert f"Compared with {JOB}" in ran.err
    assert ": 0 users new, 0 users gone." in ran.err


@pytest.mark.usefixtures("library")
def test_a_feed_that_lost_users_is_found_as_by_feeds(upa: Callable[..., Ran]) -> None:
    assert "90 users, usually 283; 295 in job cc75e06b" in upa("check", write("hr-feed.json", users=90)).out


@pytest.mark.usefixtures("library")
def test_a_copy_of_a_source_file_is_compared_with_the_run_before(upa: Callable[..., Ran]) -> None:
    ran = upa("check", LAST)
    assert ran.code == 0
    assert "Compared with job 598302ce" in ran.err


@pytest.mark.usefixtures("library")
def test_a_retry_file_is_not_compared(upa: Callable[..., Ran]) -> None:
    ran = upa("check", write(f"hr-feed-2026-11-23-{RETRIED}-retry.json", users=12))
    assert ran.code == 0
    assert "ompared with j" not in ran.err


@pytest.mark.usefixtures("library")
def test_a_file_of_no_feed_is_not_compared(upa: Callable[..., Ran]) -> None:
    ran = upa("check", write("other-feed.json", Office=""))
    assert ran.code == 0
    assert "ompared with j" not in ran.err


def test_without_a_library_nothing_is_said(
    upa: Callable[..., Ran], library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = write("hr-feed.json")
    shutil.move(library / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    ran = upa("check", name)
    assert ran.code == 0
    assert "ompared with j" not in ran.err


def test_a_feed_of_the_configuration_is_found_by_its_pattern(
    upa: Callable[..., Ran], library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(library, tmp_path / "upa-data/contoso/library")
    name = write("people.json", Office="")
    shutil.move(library / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    feeds = '[tenants.contoso.feeds.hr]\nmatch = "hr-feed*"\nid_property = "IdName"\n'
    config = f'[tenants.contoso]\nadmin_url = "https://contoso-admin.sharepoint.com"\n{feeds}'
    (tmp_path / "upa-analyzer.toml").write_text(config, "utf-8")
    assert upa("check", name).code == 0
    assert "Office is empty for all 295 users" in upa("check", name, "--feed", "hr").out


@pytest.mark.usefixtures("library")
def test_an_earlier_file_can_be_specified(upa: Callable[..., Ran]) -> None:
    ran = upa("check", write("now.json", City=""), "--against", LAST)
    assert "City is empty for all 295 users who had a value in hr-feed-2026-11-23.json" in ran.out
    assert upa("check", "now.json", "--against", "nothing.json").code == 5


@pytest.mark.usefixtures("library")
def test_what_it_was_compared_with_is_in_json(upa: Callable[..., Ran]) -> None:
    (file,) = upa("check", write("hr-feed.json"), "--json").json["files"]
    assert any(remark.startswith(f"Compared with {JOB}") for remark in file["remarks"])
