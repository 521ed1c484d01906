"""The report in a real browser, from disk."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from analyzer.facts import JobError
from analyzer.report.write import RetryLink, write_report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.report.conftest import Lines, LittleLibrary

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; set CHROMIUM to its path"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def report(little: LittleLibrary, lines: type[Lines], tmp_path: Path) -> Path:
    little.job("hr-2026-11-16", JobError.ImportCompleteWithError, lines.unresolved("ada@contoso.com"))
    trace = "Odd\tada@contoso.com\t" + "x" * 300 + "\r\n   at " + "System.Data." * 40 + "\r\n"
    log = lines.unresolved("ada@contoso.com", "<script>alert(1)</script>", "z@contoso.com") + trace + "Odd\t\t?\r\n"
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, log)
    aborted = lines.unmapped(["a@contoso.com"], "Property" * 20)
    little.job(f"{'long' * 30}-2026-11-23", JobError.InvalidDataFile, aborted, message="M" * 300, users=12480)
    little.job("phones-2026-11-23", gone=True)
    out = tmp_path / "report"
    write_report(little.request(out, {job_id: RetryLink(tmp_path / "hr.json", "3 users.")}))
    return out


def opened(browser: Browser, path: Path, width: int, *, scripts: bool = True) -> tuple[Page, list[str]]:
    """A page, and what it complained of or asked for beyond files."""
    page = browser.new_context(viewport={"width": width, "height": 844}, java_script_enabled=scripts).new_page()
    noise: list[str] = []
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith("file:") else noise.append(request.url))
    page.goto(path.as_uri())
    return page, noise


@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_opens_from_disk_without_a_sound_and_fits(browser: Browser, report: Path, width: int) -> None:
    for path in sorted(report.rglob("*.html")):
        page, noise = opened(browser, path, width)
        page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
        assert noise == []
        page.context.close()


def test_a_page_prints_on_a4_without_losing_a_column(browser: Browser, report: Path) -> None:
    for path in sorted(report.rglob("*.html")):
        page, _ = opened(browser, path, 688)
        page.emulate_media(media="print")
        assert page.evaluate("document.documentElement.scrollWidth") <= 688, path.name
        page.context.close()


def test_the_answer_the_trend_and_the_button_are_above_the_fold_of_a_phone(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report / "index.html", 390)
    for part in ("h1", ".fold .button", ".fold svg"):
        box = page.locator(part).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 844
    page.context.close()


def test_jobs_are_searched_and_filtered(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report / "index.html", 1280)
    rows = page.locator("#job-table tbody tr:visible")
    assert rows.count() == 4
    page.locator("select[data-key=feed]").select_option("hr")
    assert rows.count() == 2
    page.get_by_role("searchbox").fill("16 Nov")
    assert rows.count() == 1
    assert page.locator(".find output").inner_text() == "1 of 4 jobs"
    page.get_by_role("searchbox").fill("")
    page.locator("select[data-key=feed]").select_option("")
    page.locator("select[data-key=outcome]").select_option("aborted")
    assert rows.count() == 1
    page.context.close()


def test_people_are_searched_sorted_and_opened(browser: Browser, report: Path) -> None:
    page, noise = opened(browser, report / "index.html", 1280)
    page.locator("#job-table a").filter(has_text="hr").first.click()
    people = page.locator("#people-table tbody tr:visible")
    names = people.locator("th")
    assert names.all_inner_texts() == ["<script>alert(1)</script>", "z@contoso.com", "ada@contoso.com"]
    head = page.get_by_role("button", name="ID", exact=True)
    head.focus()
    page.keyboard.press("Enter")
    assert names.all_inner_texts()[1:] == ["ada@contoso.com", "z@contoso.com"]
    page.keyboard.press("Enter")
    assert names.all_inner_texts()[0] == "z@contoso.com"
    page.get_by_role("searchbox").fill("ada odd")
    assert people.count() == 1
    people.locator("summary").click()
    assert people.locator("pre").is_visible()
    page.locator("select[data-key=status]").select_option("New")
    assert people.count() == 0
    assert noise == []
    page.context.close()


def test_without_scripts_all_rows_are_there_and_no_dead_search(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report / "index.html", 1280, scripts=False)
    assert page.locator("#job-table tbody tr:visible").count() == 4
    assert not page.get_by_role("searchbox").is_visible()
    page.context.close()
