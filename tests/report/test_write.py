"""The report in its folder: whole, or as it was; and what killed processes have left there."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest

from analyzer.errors import InputError, OutputError
from analyzer.model.service import JobError
from analyzer.model.tables import ENTRIES, JOBS, OBSERVATIONS
from analyzer.report.write import RetryLink, staging, write_report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.report.conftest import Lines, LittleLibrary

PARTIAL = JobError.ImportCompleteWithError


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))


@pytest.fixture
def written(little: LittleLibrary, lines: type[Lines], tmp_path: Path) -> Path:
    """A report of an earlier day, with a file that is not the report's in its folder."""
    little.job("hr-2026-11-16", PARTIAL, lines.unresolved("a@contoso.com"))
    out = tmp_path / "report"
    write_report(little.request(out))
    (out / "notes.txt").write_text("ours")
    return out


def test_a_report_is_its_pages_and_tables(little: LittleLibrary, tmp_path: Path) -> None:
    job_id = little.job("hr-2026-11-23")
    out = tmp_path / "new" / "report"
    assert write_report(little.request(out)) == out / "index.html"
    assert set(snapshot(out)) == {
        ".upa-report.json",
        "data/jobs.csv",
        "data/observations.csv",
        "index.html",
        f"jobs/{job_id}.html",
    }


def test_only_the_report_remains_in_the_folder(written: Path) -> None:
    assert {path.name for path in written.iterdir()} == {
        ".upa-report.json",
        "data",
        "index.html",
        "jobs",
        "notes.txt",
        "people.html",
    }


def test_the_tables_have_the_columns_of_the_contract(written: Path) -> None:
    assert rows(written / "data/jobs.csv")[0] == list(JOBS)
    (entries,) = (written / "jobs").glob("*.csv")
    assert rows(entries)[0] == [*ENTRIES, "feed", "ran"]
    assert rows(entries)[1][4:6] == ["IdentityNotResolvable", "a@contoso.com"]
    assert rows(written / "data/observations.csv")[0] == list(OBSERVATIONS)
    assert (written / "data/jobs.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_an_empty_library_is_a_report_too(little: LittleLibrary, tmp_path: Path) -> None:
    index = write_report(little.request(tmp_path / "report"))
    assert "The library has no jobs." in index.read_text()
    assert rows(tmp_path / "report/data/jobs.csv") == [list(JOBS)]


def test_links_lead_from_each_page_to_what_they_name(little: LittleLibrary, lines: type[Lines], tmp_path: Path) -> None:
    job_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com"))
    retry = tmp_path / "retry" / "hr #1 100%.json"
    retry.parent.mkdir()
    retry.write_text("{}")
    out = tmp_path / "report"
    write_report(little.request(out, {job_id: RetryLink(retry, "1 user.")}))
    pages = {path.name: path for path in out.rglob("*.html")}
    assert len(pages) == 3
    for page in pages.values():
        links = [unquote(unescape(link)) for link in re.findall(r'href="([^"#]+)"', page.read_text())]
        links = [link for link in links if not link.startswith("https://contoso.sharepoint.com/")]
        assert links
        assert all((page.parent / link).resolve().is_file() for link in links)
        has_file = any((page.parent / link).resolve() == retry for link in links)
        assert has_file is (page.name != "people.html")


def test_a_second_report_replaces_the_first_and_leaves_other_files(written: Path, little: LittleLibrary) -> None:
    before = snapshot(written)
    little.job("hr-2026-11-23")
    write_report(little.request(written))
    after = snapshot(written)
    assert after["index.html"] != before["index.html"]
    assert after["notes.txt"] == b"ours"
    assert set(before) < set(after)


def test_the_same_tables_at_the_same_time_are_the_same_bytes(written: Path, little: LittleLibrary) -> None:
    before = snapshot(written)
    write_report(little.request(written))
    assert snapshot(written) == before


def test_a_template_with_a_mistake_leaves_the_old_report(written: Path, little: LittleLibrary, tmp_path: Path) -> None:
    before = snapshot(written)
    own = tmp_path / "own"
    own.mkdir()
    (own / "index.html").write_text("{{ nothing }}")
    with pytest.raises(InputError):
        write_report(replace(little.request(written), templates=own))
    assert snapshot(written) == before


@pytest.mark.parametrize("name", ["index.html", "data/jobs.csv"])
def test_a_folder_in_the_way_of_a_file_leaves_the_old_report(written: Path, little: LittleLibrary, name: str) -> None:
    (written / name).unlink()
    (written / name).mkdir()
    before = snapshot(written)
    little.job("hr-2026-11-23")
    with pytest.raises(OutputError, match="cannot be written: it is a folder") as caught:
        write_report(little.request(written))
    assert snapshot(written) == before
    assert caught.value.exit_code == 5


def test_a_file_in_the_way_of_a_folder_brings_the_old_report_back(written: Path, little: LittleLibrary) -> None:
    for page in (written / "jobs").iterdir():
        page.unlink()
    (written / "jobs").rmdir()
    (written / "jobs").write_text("in the way")
    before = snapshot(written)
    little.job("hr-2026-11-23")
    with pytest.raises(OutputError):
        write_report(little.request(written))
    assert snapshot(written) == before


def test_a_full_disk_leaves_the_old_report(written: Path, little: LittleLibrary) -> None:
    resource = pytest.importorskip("resource", reason="the platform has no limit on the size of files")
    before = snapshot(written)
    little.job("hr-2026-11-23")
    request = little.request(written)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, hard))
    try:
        with pytest.raises(OutputError, match=r"\.html cannot be written"):
            write_report(request)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert snapshot(written) == before


@pytest.mark.parametrize("pages", [1, 2])
def test_an_interruption_leaves_the_old_report(written: Path, little: LittleLibrary, pages: int) -> None:
    def interrupt(done: int, _: int) -> None:
        if done == pages:
            raise KeyboardInterrupt

    before = snapshot(written)
    little.job("hr-2026-11-23")
    with pytest.raises(KeyboardInterrupt):
        write_report(little.request(written), progress=interrupt)
    assert snapshot(written) == before


def test_a_report_in_place_of_a_file_is_refused(little: LittleLibrary, tmp_path: Path) -> None:
    (tmp_path / "report").write_text("in the way")
    with pytest.raises(OutputError):
        write_report(little.request(tmp_path / "report"))
    assert (tmp_path / "report").read_text() == "in the way"


def test_progress_counts_the_pages(little: LittleLibrary, tmp_path: Path) -> None:
    little.job("hr-2026-11-16")
    little.job("hr-2026-11-23")
    calls: list[tuple[int, int]] = []
    write_report(little.request(tmp_path / "report"), progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_times_are_in_the_tenants_zone(little: LittleLibrary, lines: type[Lines], tmp_path: Path) -> None:
    little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com"))
    request = replace(little.request(tmp_path / "report"), zone=ZoneInfo("Europe/Berlin"))
    index = write_report(request).read_text()
    assert "23 Nov 2026, 03:00" in index
    assert "Times in Europe/Berlin." in index


_AT_WORK = """
import os, sys
from pathlib import Path
from analyzer.report.write import staging
with staging(Path(sys.argv[1])) as folder:
    (folder / "new" / "jobs").mkdir(parents=True)
    (folder / "new" / "jobs" / "a.html").write_bytes(b"page")
    print(folder, flush=True)
    sys.stdin.read()
    os._exit(9)
"""


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that makes a report; it dies when its input ends."""
    command = [sys.executable, "-c", _AT_WORK, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def _names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_files_of_a_killed_process_are_removed_by_the_next(at_work: subprocess.Popen[str], tmp_path: Path) -> None:
    at_work.communicate("")
    assert at_work.returncode == 9
    assert any(name.endswith("new/jobs/a.html") for name in _names(tmp_path))
    with staging(tmp_path) as folder:
        assert {name.partition("/")[0] for name in _names(tmp_path)} == {folder.name, f"{folder.name}.lock"}
    assert _names(tmp_path) == []


def test_a_folder_used_by_another_process_stays(at_work: subprocess.Popen[str], tmp_path: Path) -> None:
    before = _names(tmp_path)
    with staging(tmp_path):
        pass
    assert _names(tmp_path) == before
    assert at_work.poll() is None


def _age(path: Path, hours: float) -> None:
    then = path.stat().st_mtime - hours * 3600
    os.utime(path, (then, then))


@pytest.mark.parametrize(("hours", "stays"), [(0, True), (2, False)], ids=["now", "two hours ago"])
@pytest.mark.parametrize("name", [".upa-report-ab1_zz9q", ".upa-report-ab12zz9q.lock"], ids=["folder", "lock"])
def test_an_unlocked_folder_is_removed_when_it_is_old(tmp_path: Path, name: str, hours: float, *, stays: bool) -> None:
    path = tmp_path / name
    if name.endswith(".lock"):
        path.touch()
    else:
        (path / "new").mkdir(parents=True)
        _age(path / "new", hours)
    _age(path, hours)
    with staging(tmp_path):
        assert path.exists() == stays


@pytest.mark.parametrize(
    "name",
    [
        ".upa-report-0123abcd/mine.txt",
        ".upa-report-0123abcd-mine/new/a.html",
        ".upa-report-mine/new/a.html",
        "upa-report-0123abcd/new/a.html",
        ".upa-report-0123abcd",
        "new/a.html",
    ],
)
def test_other_files_stay_however_old_they_are(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"mine")
    for one in (path, *list(path.parents)[: name.count("/")]):
        _age(one, 100)
    with staging(tmp_path):
        assert path.read_bytes() == b"mine"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_with_our_name_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "new").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".upa-report-0123abcd").symlink_to(tmp_path / "elsewhere")
    _age(tmp_path / "elsewhere" / "new", 100)
    _age(tmp_path / "elsewhere", 100)
    with staging(tmp_path / "out"):
        pass
    assert (tmp_path / "elsewhere" / "new").is_dir()


def test_without_locking_the_report_is_created_and_nothing_remains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr("filelock.FileLock.acquire", fail)
    with staging(tmp_path) as folder:
        (folder / "new").mkdir()
    assert _names(tmp_path) == []


def test_a_damaged_list_of_files_removes_nothing_outside_the_folder(little: LittleLibrary, tmp_path: Path) -> None:
    little.job("hr-2026-11-23", users=3)
    out, other = tmp_path / "report", tmp_path / "other.txt"
    (out / "jobs").mkdir(parents=True)
    other.write_text("theirs")
    (out / ".upa-report.json").write_text(
        '{"format":1,"files":{"jobs/../../other.txt":["",6,1],"jobs/old.html":["",1,1]}}'
    )
    (out / "jobs/old.html").write_text("x")
    write_report(little.request(out))
    assert other.read_text() == "theirs"
    assert not (out / "jobs/old.html").exists()
