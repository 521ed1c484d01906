"""A history that an older version wrote is opened, upgraded in place, and loses nothing; one of a newer one is refused.

``data/version-1`` was written by ``write`` with schema 1 and must never change: the log of the first job and the source
file of the second were removed from its library afterwards, so that only the history has what they said. A new version
of the schema adds a folder of its own.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.history.load import load
from analyzer.history.store import VERSION, Head, Store
from analyzer.library.mirror import Library

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

DATA = Path(__file__).parent / "data"
FOLDER = "sites/hr/Shared Documents"
NIGHTS = (("ada", "bob"), ("ada",), ("ada", "eve"))
USERS = [
    ("00000001", "ada", 1),
    ("00000001", "bob", 1),
    ("00000002", "ada", 2),
    ("00000003", "ada", 3),
    ("00000003", "eve", 1),
]
"""Job, user, and how many runs in a row the user has failed."""


def write(root: Path) -> None:
    """Write a library of three nights and its history; then remove what only the history keeps."""
    jobs = []
    site = f"https://contoso.sharepoint.com/{FOLDER}"
    for number, failed in enumerate(NIGHTS, 1):
        job_id, name = f"{number:08d}-0000-4000-8000-000000000000", f"hr-2026110{number}.json"
        folder = f"hr-2026110{number}-{job_id}-Logs"
        uris = {"SourceUri": f"{site}/{name}", "LogFolderUri": f"{site}/{folder}"}
        jobs.append({"JobId": job_id, "State": 5, "Error": 30, "ErrorMessage": "", **uris})
        log_name = f"ImportProfileProperties-{job_id}-2026110{number}-020000-000-000.log"
        log = root / "library" / FOLDER / folder / log_name
        log.parent.mkdir(parents=True)
        line = "IdentityNotResolvable\t{}@contoso.com\tUser identity cannot be resolved\r\n"
        log.write_bytes("".join(map(line.format, failed)).encode())
        records = [{"mail": f"{one}@contoso.com", "City": "Oslo"} for one in ("ada", "bob", "eve", "kim")]
        (root / "library" / FOLDER / name).write_text(json.dumps({"value": records}), encoding="utf-8")
    (root / "library" / "jobs.json").write_text(json.dumps({"value": jobs}), encoding="utf-8")
    load(Library.existing(root / "library"), root / "history")
    shutil.rmtree(next((root / "library" / FOLDER).glob("hr-20261101-*-Logs")))
    (root / "library" / FOLDER / "hr-20261102.json").unlink()
    load(Library.existing(root / "library"), root / "history")


@pytest.fixture(params=sorted(path.name for path in DATA.iterdir()))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    shutil.copytree(DATA / request.param, tmp_path / "place")
    return tmp_path / "place"


def _assert_complete(place: Path) -> None:
    tables = load(Library.existing(place / "library"), place / "history")
    entries = tables.scan_entries().select("job_id", "key").collect()
    users = tables.scan_users().select("job_id", "key", "runs").collect()
    assert sorted((job_id[:8], key.partition("@")[0], runs) for job_id, key, runs in users.iter_rows()) == USERS
    assert sorted(entries.rows()) == sorted(users.select("job_id", "key").rows())
    assert tables.jobs["users"].to_list() == [4, 4, 4]
    assert tables.jobs["outcome"].to_list() == ["partial"] * 3
    assert tables.jobs["open"].to_list() == [1, 1, 2]


def test_a_history_of_this_or_an_older_version_opens_with_all_it_has(place: Path) -> None:
    _assert_complete(place)
    assert Store(place / "history").head().version == VERSION


def test_an_older_version_is_upgraded_in_place(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("store", "load", "check"):
        monkeypatch.setattr(f"analyzer.history.{module}.VERSION", VERSION + 1)
    _assert_complete(place)
    versions = [json.loads(pl.read_parquet_metadata(path)["upa-analyzer"])["version"] for path in _files(place)]
    assert versions == [VERSION + 1] * len(versions)
    before = {path: path.stat().st_mtime_ns for path in _files(place)}
    _assert_complete(place)
    assert {path: path.stat().st_mtime_ns for path in _files(place)} == before


def _files(place: Path) -> list[Path]:
    return sorted(path for path in (place / "history").rglob("*.parquet") if "checkpoints" not in path.parts)


def test_a_newer_version_is_refused_in_a_plain_line(
    upa: Callable[..., Ran], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.move(place / "history", place / "library" / ".upa" / "history")
    store = Store(place / "library" / ".upa" / "history")
    with monkeypatch.context() as patched:
        patched.setattr("analyzer.history.store.VERSION", VERSION + 1)
        store.write_small("jobs", store.small("jobs"), Head())
    for command in (["jobs"], ["show"], ["history", "check"], ["history", "rebuild"]):
        ran = upa(*command, "--library", place / "library")
        assert (ran.code, ran.out) == (5, "")
        what, advice = ran.err.splitlines()
        assert f"was written by a newer version of upa-analyzer (schema {VERSION + 1}, known: {VERSION})" in what
        assert "Update upa-analyzer" in advice
