"""The report in its folder: whole, or as it was."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest

from analyzer.errors import InputError, OutputError
from analyzer.model.service import JobError
from analyzer.model.tables import ENTRIES, JOBS, OBSERVATIONS
from analyzer.report.write import RetryLink, write_report

if TYPE_CHECKING:
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
    """A report of an earlier day, with a file of somebody else's in its folder."""
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
        "data/entries.csv",
        "data/jobs.csv",
        "data/observations.csv",
        "index.html",
        f"jobs/{job_id}.html",
    }


def test_nothing_but_the_report_is_left_in_the_folder(written: Path) -> None:
    assert {path.name for path in written.iterdir()} == {"data", "index.html", "jobs", "notes.txt"}


def test_the_tables_have_the_columns_of_the_contract(written: Path) -> None:
    assert rows(written / "data/jobs.csv")[0] == list(JOBS)
    assert rows(written / "data/entries.csv")[0] == [*ENTRIES, "feed", "ran"]
    assert rows(written / "data/observations.csv")[0] == list(OBSERVATIONS)
    assert (written / "data/jobs.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_an_empty_library_is_a_report_too(little: LittleLibrary, tmp_path: Path) -> None:
    index = write_report(little.request(tmp_path / "report"))
    assert "The library holds no jobs." in index.read_text()
    assert rows(tmp_path / "report/data/jobs.csv") == [list(JOBS)]


def test_links_lead_from_each_page_to_what_they_name(little: LittleLibrary, lines: type[Lines], tmp_path: Path) -> None:
    job_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com"))
    retry = tmp_path / "retry" / "hr #1 100%.json"
    retry.parent.mkdir()
    retry.write_text("{}")
    out = tmp_path / "report"
    write_report(little.request(out, {job_id: RetryLink(retry, "1 user.")}))
    pages = list(out.rglob("*.html"))
    assert len(pages) == 2
    for page in pages:
        links = [unquote(unescape(link)) for link in re.findall(r'href="([^"#]+)"', page.read_text())]
        assert links
        assert all((page.parent / link).resolve().is_file() for link in links)
        assert any((page.parent / link).resolve() == retry for link in links)


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
    with pytest.raises(OutputError, match="a folder of that name is in the way") as caught:
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


def test_a_disk_that_takes_no_more_leaves_the_old_report(written: Path, little: LittleLibrary) -> None:
    resource = pytest.importorskip("resource", reason="the platform has no limit on the size of files")
    before = snapshot(written)
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
    with pytest.raises(KeyboardInterrupt):
        write_report(little.request(written), progress=interrupt)
    assert snapshot(written) == before


def test_a_report_where_a_file_stands_is_refused(little: LittleLibrary, tmp_path: Path) -> None:
    (tmp_path / "report").write_text("in the way")
    with pytest.raises(OutputError):
        write_report(little.request(tmp_path / "report"))
    assert (tmp_path / "report").read_text() == "in the way"


def test_progress_counts_the_pages(little: LittleLibrary, tmp_path: Path) -> None:
    little.job("hr-2026-11-16")
    little.job("hr-2026-11-23")
    told: list[tuple[int, int]] = []
    write_report(little.request(tmp_path / "report"), progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_times_stand_in_the_tenants_zone(little: LittleLibrary, lines: type[Lines], tmp_path: Path) -> None:
    little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com"))
    request = replace(little.request(tmp_path / "report"), zone=ZoneInfo("Europe/Berlin"))
    index = write_report(request).read_text()
    assert "23 Nov 2026, 03:00" in index
    assert "Times in Europe/Berlin." in index
