from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.history.load import load
from analyzer.library.mirror import Library
from analyzer.model.identity import identity_key
from analyzer.model.job import FAILED, Job
from analyzer.retry.inputs import inputs_of_files, inputs_of_job
from analyzer.retry.library_jobs import make_retries, retry_target
from analyzer.retry.make import make_retry
from analyzer.retry.model import Choices
from analyzer.storage.files import beside_of, sample_library
from analyzer.storage.manifest_file import manifest_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analyzer.history.load import Tables


DO_NOT = "Don't queue it; remove it."


JOB_ID = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """A copy of the samples that a test may change."""
    shutil.copytree(sample_library(), tmp_path / "library")
    return Library.existing(tmp_path / "library")


def _newest_partial(tables: Tables) -> str:
    found: str = tables.jobs.filter(pl.col("outcome") == "partial")["job_id"][-1]
    return found


def test_every_job_that_failed_has_a_file_or_a_reason(library: Library, tmp_path: Path) -> None:
    tables = load(library)
    retries = make_retries(library, tables, tmp_path / "retry")
    assert set(retries) == set(tables.jobs.filter(pl.col("outcome").is_in(FAILED))["job_id"])
    for retry in retries.values():
        assert retry.sentence
        assert str(tmp_path) not in retry.sentence
        assert retry.path is None or retry.path.is_file()
    assert {retry.path is None for retry in retries.values()} == {True, False}


def test_a_file_made_from_the_same_inputs_is_unchanged(library: Library, tmp_path: Path) -> None:
    tables = load(library)
    first = make_retries(library, tables, tmp_path / "retry")
    before = {path: path.stat().st_ino for path in (tmp_path / "retry").iterdir()}
    assert make_retries(library, tables, tmp_path / "retry") == first
    assert {path: path.stat().st_ino for path in (tmp_path / "retry").iterdir()} == before


def test_bare_files_name_the_users_of_the_job(library: Library) -> None:
    tables = load(library)
    compared = 0
    for job in library.jobs():
        source, logs = library.source_file(job), library.log_files(job)
        if source and logs:
            of_job = inputs_of_job(library, tables, job).named_users
            of_files = inputs_of_files(source, logs).named_users
            assert list(of_files.ids.items()) == list(of_job.ids.items())
            assert (of_files.doubtful, of_files.codes) == (of_job.doubtful, of_job.codes)
            assert of_files.duplicates == of_job.duplicates
            assert of_files.without_user() == of_job.without_user()
            columns = ["code", "identity", "property", "message", "detail", "key", "names"]
            assert of_files.entries.select(columns).equals(of_job.entries.select(columns))
            compared += bool(of_job.codes)
    assert compared


def test_a_part_of_an_unknown_retry_is_reported(library: Library, tmp_path: Path) -> None:
    tables = load(library)
    job_id = _newest_partial(tables)
    target = retry_target(library, next(job for job in library.jobs() if job.job_id == job_id), tmp_path)
    part = target.with_name(f"{target.stem}-1-of-2.json")
    part.write_bytes(b"{}")
    made = make_retries(library, tables, tmp_path)[job_id]
    assert made.sentence.endswith(f"Not part of this retry: {part.name}. {DO_NOT}")
    assert part.exists()


def _grow_log(library: Library, job: Job, _target: Path) -> None:
    with library.log_files(job)[0].open("ab") as stream:
        stream.write(b"IdentityNotResolvable\tnobody@example.com\tUser identity cannot be resolved\r\n")


def _cut_retry(_library: Library, _job: Job, target: Path) -> None:
    target.write_bytes(target.read_bytes()[:-10])


def _spoil_manifest(_library: Library, _job: Job, target: Path) -> None:
    manifest_path(target).write_text("{}", encoding="utf-8")


def _other_values(_library: Library, _job: Job, target: Path) -> None:
    """Changes a byte, and nothing by which a glance tells that."""
    before = target.stat()
    target.write_bytes(target.read_bytes().replace(b"contoso", b"cont0so", 1))
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert target.stat().st_size == before.st_size


def _no_list(_library: Library, _job: Job, target: Path) -> None:
    target.with_name(f"{target.stem}.unmatched.csv").unlink()


def _in_manifest(**changes: object) -> Callable[[Library, Job, Path], None]:
    def change(_library: Library, _job: Job, target: Path) -> None:
        path = manifest_path(target)
        manifest = json.loads(path.read_bytes())
        for name, value in changes.items():
            old = manifest[name]
            manifest[name] = {**old, **value} if isinstance(value, dict) else value
            assert manifest[name] != old
        path.write_text(json.dumps(manifest), encoding="utf-8")

    return change


CHANGES = {
    "log has grown": _grow_log,
    "file is cut": _cut_retry,
    "file has another byte, of the same size and date": _other_values,
    "list is gone": _no_list,
    "manifest is none": _spoil_manifest,
    "made by another version": _in_manifest(program="upa-analyzer 0.1.0"),
    "made with a given id property": _in_manifest(choices={"id_property": "IdName"}),
    "made of other users": _in_manifest(choices={"users": ["only the user of users.csv"]}),
    "made without a property": _in_manifest(choices={"drop_properties": ["City"]}),
    "made with other limits": _in_manifest(choices={"max_bytes": 1}),
    "made with --force": _in_manifest(choices={"force": True}),
    "made for another outcome": _in_manifest(outcome="unknown"),
    "made after another error": _in_manifest(error="InternalError"),
    "made for another job": _in_manifest(job_id=JOB_ID),
    "made from logs that were not whole": _in_manifest(unfinished_logs=1),
    "made without hashes": _in_manifest(source={"sha256": None}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_file_made_from_something_else_is_made_anew(library: Library, tmp_path: Path, change: object) -> None:
    assert callable(change)
    tables = load(library)
    job_id = _newest_partial(tables)
    (job,) = (job for job in library.jobs() if job.job_id == job_id)
    target = make_retries(library, tables, tmp_path / "retry")[job_id].path
    assert target is not None
    before = target.stat().st_ino
    change(library, job, target)
    again = make_retries(library, load(library), tmp_path / "retry")[job_id]
    assert again.path == target
    assert target.stat().st_ino != before
    assert len(json.loads(target.read_text("utf-8-sig"))["value"]) == 12
    assert again.complete is (change is not _grow_log)
    again = make_retries(library, load(library), tmp_path / "retry")[job_id]
    assert again.path == target
    assert "Do not queue" not in again.sentence


def test_a_file_of_some_users_only_is_made_anew(library: Library, tmp_path: Path) -> None:
    tables = load(library)
    job_id = _newest_partial(tables)
    (job,) = (job for job in library.jobs() if job.job_id == job_id)
    target = retry_target(library, job, tmp_path / "retry")
    whole = inputs_of_job(library, tables, job)
    identity = str(whole.named_users.entries["identity"].drop_nulls()[0])
    one = Choices(users={identity_key(identity): identity}, users_file="users.csv")
    made = make_retry(dataclasses.replace(whole, choices=one), target)
    assert made.retry is not None
    assert made.retry.records == 1
    again = make_retries(library, tables, tmp_path / "retry")[job_id]
    assert again.path == target
    assert len(json.loads(target.read_text("utf-8-sig"))["value"]) == 12


def test_a_file_that_somebody_changed_is_replaced_and_a_copy_of_it_kept_and_named(
    library: Library, tmp_path: Path
) -> None:
    tables = load(library)
    job_id = _newest_partial(tables)
    target = make_retries(library, tables, tmp_path)[job_id].path
    assert target is not None
    ours = target.read_bytes()
    for changed in (b"{}", b"[]", b"{}"):
        target.write_bytes(changed)
        retry = make_retries(library, tables, tmp_path)[job_id]
        kept = target.with_stem(f"{target.stem}.altered-{hashlib.sha256(changed).hexdigest()[:8]}")
        assert kept.read_bytes() == changed
        assert f"Its copy is {kept.name}; don't queue it." in retry.sentence
        assert target.read_bytes() == ours
    assert len(list(tmp_path.glob("*.altered-*"))) == 2
    assert job_id in kept.name


def test_a_file_that_is_not_of_it_is_named_each_time(library: Library, tmp_path: Path) -> None:
    tables = load(library)
    job_id = _newest_partial(tables)
    target = make_retries(library, tables, tmp_path)[job_id].path
    assert target is not None
    part = target.with_stem(f"{target.stem}-1-of-2")
    part.write_bytes(b"{}")
    for _ in range(2):
        retry = make_retries(library, tables, tmp_path)[job_id]
        assert retry.path == target
        assert retry.sentence.endswith(f"Not part of this retry: {part.name}. {DO_NOT}")


def test_what_an_interrupted_retry_left_is_gone_after_the_next_run(library: Library, tmp_path: Path) -> None:
    tables = load(library)
    job_id = _newest_partial(tables)
    first = make_retries(library, tables, tmp_path)
    target = first[job_id].path
    assert target is not None
    before = {path.name for path in tmp_path.iterdir()}
    left = [beside_of(target), beside_of(manifest_path(target)), beside_of(target.with_stem(f"{target.stem}-1-of-2"))]
    not_ours = [tmp_path / ".other.json.0a1b2c3d.part", tmp_path / f".{target.name}.part"]
    for path in (*left, *not_ours):
        path.write_bytes(b"half")
    assert make_retries(library, tables, tmp_path) == first
    assert {path.name for path in tmp_path.iterdir()} == before | {path.name for path in not_ours}


def test_a_file_that_an_interrupted_retry_put_in_place_is_ours(library: Library, tmp_path: Path) -> None:
    tables = load(library)
    job_id = _newest_partial(tables)
    target = make_retries(library, tables, tmp_path)[job_id].path
    assert target is not None
    # As it is when the new file is in its place and its manifest is not yet.
    new = b'{"value":[]}'
    manifest = json.loads(manifest_path(target).read_bytes())
    manifest["files"][0] |= {"bytes": len(new), "sha256": hashlib.sha256(new).hexdigest()}
    beside_of(manifest_path(target)).write_text(json.dumps(manifest), encoding="utf-8")
    target.write_bytes(new)
    retry = make_retries(library, tables, tmp_path)[job_id]
    assert "copy" not in retry.sentence
    assert not list(tmp_path.glob("*altered*"))
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    "job_id", ["../../evil", "a/b", "a\\b", "a:b", "line\nbreak", "a\u202eb", "a\ud800", "9" * 5000]
)
def test_an_id_from_a_job_list_that_somebody_sent_never_becomes_a_path(tmp_path: Path, job_id: str) -> None:
    target = retry_target(Library(tmp_path), Job(job_id, 5, 30, source_uri="/sites/hr/feed.json"), tmp_path / "retry")
    assert target.parent == tmp_path / "retry"
    assert not set(target.name) & set("/\\:\n\u202e\ud800")
    assert len(target.name) <= 80


def test_a_source_name_that_turns_the_line_round_does_not_in_the_retry_file_s(tmp_path: Path) -> None:
    job = Job(JOB_ID, 5, 30, source_uri="/sites/hr/ж \u202efeed\u200b.json")
    assert retry_target(Library(tmp_path), job, tmp_path).name == f"ж -feed--{JOB_ID}-retry.json"


def test_a_source_file_of_the_same_size_with_other_people_makes_the_retry_file_anew(
    library: Library, tmp_path: Path
) -> None:
    tables = load(library)
    job_id = _newest_partial(tables)
    first = make_retries(library, tables, tmp_path / "retry")[job_id]
    (job,) = (job for job in library.jobs() if job.job_id == job_id)
    source = library.source_file(job)
    assert source is not None
    assert first.path is not None
    before = first.path.read_bytes()
    source.write_bytes(source.read_bytes().replace(b'"City":"', b'"Town":"').replace(b'"City": "', b'"Town": "'))
    again = make_retries(library, load(library), tmp_path / "retry")[job_id]
    assert again.path == first.path
    assert first.path.read_bytes() == before.replace(b'"City":"', b'"Town":"').replace(b'"City": "', b'"Town": "')
    assert first.path.read_bytes() != before


@pytest.mark.parametrize("name", ["a" * 240, "ж" * 120])
def test_a_long_source_name_still_has_a_retry_file(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "library" / "sites" / "hr"
    folder.mkdir(parents=True)
    (folder / f"{name}.json").write_text('{"value":[{"IdName":"ada@contoso.com"}]}', encoding="utf-8")
    uri = f"https://contoso.sharepoint.com/sites/hr/{name}.json"
    answer = {"JobId": JOB_ID, "State": 5, "Error": 1, "SourceUri": uri}
    (tmp_path / "library" / "jobs.json").write_text(json.dumps({"value": [answer]}), encoding="utf-8")
    library = Library.existing(tmp_path / "library")
    (retry,) = make_retries(library, load(library), tmp_path / "retry").values()
    assert retry.path is not None
    assert retry.path.is_file()


def test_what_is_too_big_is_to_be_split_first(library: Library, tmp_path: Path) -> None:
    (job,) = (job for job in library.jobs() if job.error_name == "DataFileTooBig")
    source = library.root / "sites/hr/Shared Documents/imports" / job.source_name
    source.write_text('{"value":[{"IdName":"ada@contoso.com"}]}', encoding="utf-8")
    retry = make_retries(library, load(library), tmp_path / "retry")[job.job_id]
    assert "Before you queue this file, split it" in retry.sentence
