"""The people of a job's page in a real browser: all of them are searched, filtered, sorted, and saved."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analyzer.history.job_sources import JobSources, PerJob
from analyzer.library.mirror import Library
from analyzer.model.service import JobError
from analyzer.report.write import write_report
from tests.report.chromium import CHROMIUM, NEEDS_CHROMIUM
from tests.report.conftest import Lines, LittleLibrary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = NEEDS_CHROMIUM
NUMBER = 1_200
HOSTILE = '<img src=x onerror="document.title=1">'


@pytest.fixture(scope="module")
def page_of_job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job for which 1,200 users failed, half of them not for the first time; one has a hostile value."""
    little = LittleLibrary(tmp_path_factory.mktemp("people") / "library")
    users = [f"user{number:04}@{'contoso' if number % 3 else 'fabrikam'}.com" for number in range(NUMBER)]
    little.job("hr-2026-11-16", JobError.ImportCompleteWithError, Lines.unresolved(*users[:600]), users=None)
    log = Lines.unresolved(*users) + "Odd\tuser0007@contoso.com\tSomething else\r\n"
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, log, users=None)
    records = [{"IdName": user, "City": "Oslo" if at % 2 else HOSTILE, "Floor": at} for at, user in enumerate(users)]
    little.source("hr-2026-11-23", records)
    request = little.request(tmp_path_factory.mktemp("report"))
    sources = JobSources(Library.existing(little.root), request.tables)
    write_report(replace(request, findings=PerJob([job_id], sources.findings), source_of=sources.file))
    return request.out / "jobs" / f"{job_id}.html"


@pytest.fixture(scope="module")
def opened(page_of_job: Path) -> Iterator[Page]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        page.goto(page_of_job.as_uri())
        page.wait_for_selector("#people-app:not([hidden])")
        yield page
        browser.close()


@pytest.fixture
def page(opened: Page) -> Page:
    """The page as it opens, without what the test before has chosen."""
    opened.evaluate("location.hash = ''")
    opened.wait_for_function("document.querySelector('#people-app input').value === ''")
    return opened


def said(page: Page) -> str:
    return page.locator("#people-app output").text_content() or ""


def shown(page: Page) -> list[str]:
    return page.locator("#people-table tbody th").all_inner_texts()


def test_all_people_are_searched_and_a_page_shows_200(page: Page) -> None:
    assert said(page) == "1\u2013200 of 1,200"
    assert not page.get_by_role("button", name="Save these as CSV").is_visible()
    page.fill("#people-app input", "USER1199")
    assert (said(page), shown(page)) == ("1\u20131 of 1 found, of 1,200", ["user1199@contoso.com"])
    page.fill("#people-app input", "fabrikam oslo")
    assert said(page) == "1\u2013200 of 200 found, of 1,200"


def test_people_are_filtered_and_the_choice_is_in_the_address(page: Page) -> None:
    page.get_by_label("Codes").select_option("Odd")
    assert shown(page) == ["user0007@contoso.com"]
    page.get_by_label("Codes").select_option("")
    page.get_by_label("Status").select_option("New")
    page.fill("#people-app input", "fabrikam")
    address = page.evaluate("location.hash")
    assert said(page) == "1\u2013200 of 200 found, of 1,200"
    page.evaluate("location.hash = ''")
    page.evaluate(f"location.hash = '{address}'")
    page.wait_for_function("document.querySelector('#people-app input').value === 'fabrikam'")
    assert said(page) == "1\u2013200 of 200 found, of 1,200"


def test_people_are_sorted_by_each_column_and_paged_by_keyboard(page: Page) -> None:
    head = page.locator("#people-table thead button").filter(has_text="ID")
    head.press("Enter")
    assert shown(page)[0] == "user0000@fabrikam.com"
    head.press("Enter")
    assert shown(page)[0] == "user1199@contoso.com"
    page.get_by_role("button", name="Next").press("Enter")
    assert (said(page), shown(page)[0]) == ("201\u2013400 of 1,200", "user0999@fabrikam.com")


def test_a_row_opens_its_record_and_its_entries_as_the_log_has_them(page: Page) -> None:
    page.fill("#people-app input", "user0007")
    page.locator("#people-table button.open").press("Enter")
    more = page.locator("#people-table .more")
    assert more.locator("pre").all_inner_texts() == [
        "IdentityNotResolvable\tuser0007@contoso.com\tUser identity cannot be resolved",
        "Odd\tuser0007@contoso.com\tSomething else",
    ]
    assert "Oslo" in more.inner_text()


def test_hostile_values_are_text(page: Page) -> None:
    page.fill("#people-app input", "user0006")
    page.locator("#people-table button.open").click()
    assert HOSTILE in page.locator("#people-table .more").inner_text()
    assert page.title() != "1"
    assert page.locator("img").count() == 0


def test_the_rows_that_are_found_are_saved(page: Page, tmp_path: Path) -> None:
    page.fill("#people-app input", "user0006")
    for button, name in (("Save these as CSV", "found.csv"), ("Save these as XLSX", "found.xlsx")):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        download.value.save_as(tmp_path / name)
    with (tmp_path / "found.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    openpyxl = pytest.importorskip("openpyxl")
    sheet = openpyxl.load_workbook(tmp_path / "found.xlsx").active
    heads, first = ([cell.value for cell in line] for line in sheet.iter_rows(max_row=2))
    assert (row["ID"], row["City"], row["Floor"]) == ("user0006@fabrikam.com", HOSTILE, "6")
    found = dict(zip(heads, first, strict=True))
    assert (found["ID"], found["City"], found["Floor"]) == ("user0006@fabrikam.com", HOSTILE, 6)
    assert (sheet.freeze_panes, sheet.max_row) == ("A2", 2)


def test_without_scripts_the_first_people_and_the_way_to_the_rest_are_there(opened: Page, page_of_job: Path) -> None:
    context = opened.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    page = context.new_page()
    page.goto(page_of_job.as_uri())
    assert page.locator("#people-table tbody th").count() == 1_000
    assert "The first 1,000 of 1,200 people are shown." in page.locator("main").inner_text()
    link = page.get_by_role("link", name="Download this list (XLSX)").get_attribute("href")
    assert link is not None
    assert (page_of_job.parent / link).is_file()
    context.close()
