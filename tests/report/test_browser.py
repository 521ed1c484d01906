"""The report in a real browser, from disk."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from analyzer.model.identity import InferredIdType
from analyzer.model.service import JobError
from analyzer.report.model import Day, Verdict
from analyzer.report.write import RetryLink, write_report
from analyzer.retry.queue_command import RetryToQueue, queue_commands
from tests.report.chromium import CHROMIUM, NEEDS_CHROMIUM
from tests.report.conftest import Lines, LittleLibrary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page


pytestmark = NEEDS_CHROMIUM


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
    request = little.request(out, {job_id: RetryLink(tmp_path / "hr.json", "3 users.")})
    verdicts = (Verdict("2 of 3 users not updated.", "hr", job_id), Verdict("Stuck.", "F" * 150))
    write_report(replace(request, day=Day(date(2026, 11, 23), verdicts, "Pulled 4 new jobs.")))
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
def test_every_page_opens_from_disk_without_errors_and_fits(browser: Browser, report: Path, width: int) -> None:
    for path in sorted(report.rglob("*.html")):
        page, noise = opened(browser, path, width)
        page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
        assert noise == []
        page.context.close()


def test_the_calendar_leads_to_the_page_of_a_day_by_keyboard(browser: Browser, report: Path) -> None:
    page, noise = opened(browser, report / "index.html", 390)
    day = page.get_by_role("table", name="November 2026").get_by_role("link", name="23")
    box = day.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 24
    day.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Monday, 23 November 2026").wait_for()
    page.get_by_role("link", name="hr", exact=True).first.click()
    page.get_by_role("heading", name="weren't updated").wait_for()
    assert noise == []
    page.context.close()


def test_a_page_prints_on_a4_without_losing_a_column(browser: Browser, report: Path) -> None:
    for path in sorted(report.rglob("*.html")):
        page, _ = opened(browser, path, 688)
        page.emulate_media(media="print")
        assert page.evaluate("document.documentElement.scrollWidth") <= 688, path.name
        page.context.close()


def test_a_printed_page_of_a_job_has_its_commands_and_no_dead_button(browser: Browser, tmp_path: Path) -> None:
    queue, little = conditional(tmp_path), LittleLibrary(tmp_path / "library")
    job_id = little.job("hr-2026-11-23", JobError.InvalidDataFile)
    write_report(little.request(tmp_path / "report", {job_id: queue}))
    page, _ = opened(browser, tmp_path / "report" / "jobs" / f"{job_id}.html", 688)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".next details pre").is_visible()
    assert page.get_by_role("button").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.background[open]").count() == 0
    page.context.close()


def test_the_answer_and_the_line_of_the_worst_feed_are_above_the_fold_of_a_phone(
    browser: Browser, report: Path
) -> None:
    page, _ = opened(browser, report / "index.html", 390)
    for part in ("h1", ".feed .failed", ".feed .sparkline"):
        box = page.locator(part).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 844
    page.context.close()


def test_a_command_is_copied_by_mouse_and_keyboard_under_the_strict_policy(browser: Browser, tmp_path: Path) -> None:
    path, queue = tmp_path / "report" / "jobs", conditional(tmp_path)
    little = LittleLibrary(tmp_path / "library")
    job_id = little.job("hr-2026-11-23", JobError.InvalidDataFile)
    write_report(little.request(tmp_path / "report", {job_id: queue}))
    page, noise = opened(browser, path / f"{job_id}.html", 390)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_text("With PnP PowerShell").focus()
    page.keyboard.press("Enter")
    region = page.locator(".next details .command")
    region.get_by_role("button", name="Copy").focus()
    page.keyboard.press("Enter")
    region.get_by_role("button", name="Copied").wait_for()
    assert queue.queue is not None
    lines = "\n".join(queue_commands(queue.queue))
    assert page.evaluate("navigator.clipboard.readText()") == lines
    assert region.locator("pre").evaluate("(element) => element.textContent") == lines
    details = page.locator("dl.facts")
    details.get_by_role("button", name="Copy").click()
    details.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == job_id
    assert noise == []
    page.context.close()


def test_a_command_is_copied_without_the_clipboard_of_newer_browsers(browser: Browser, tmp_path: Path) -> None:
    queue, little = conditional(tmp_path), LittleLibrary(tmp_path / "library")
    job_id = little.job("hr-2026-11-23", JobError.InvalidDataFile)
    write_report(little.request(tmp_path / "report", {job_id: queue}))
    page, _ = opened(browser, tmp_path / "report" / "jobs" / f"{job_id}.html", 1280)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_text("With PnP PowerShell").click()
    region = page.locator(".next details .command")
    region.get_by_role("button", name="Copy").click()
    region.get_by_role("button", name="Copied").wait_for()
    assert queue.queue is not None
    assert page.evaluate("getSelection().toString()") == "\n".join(queue_commands(queue.queue))
    page.context.close()


def test_without_scripts_a_command_is_selected_and_has_no_dead_button(browser: Browser, tmp_path: Path) -> None:
    queue, little = conditional(tmp_path), LittleLibrary(tmp_path / "library")
    job_id = little.job("hr-2026-11-23", JobError.InvalidDataFile)
    write_report(little.request(tmp_path / "report", {job_id: queue}))
    page, _ = opened(browser, tmp_path / "report" / "jobs" / f"{job_id}.html", 1280, scripts=False)
    assert page.locator(".next > .command pre").is_visible()
    page.get_by_text("With PnP PowerShell").click()
    assert page.locator(".next details pre").is_visible()
    assert page.get_by_role("button").count() == 0
    page.context.close()


def test_a_button_shows_a_condition_and_is_then_secondary(browser: Browser, tmp_path: Path) -> None:
    queue, little = conditional(tmp_path), LittleLibrary(tmp_path / "library")
    aborted = little.job("badges-2026-11-23", JobError.InvalidDataFile)
    plain = little.job("hr-2026-11-23", JobError.InternalError)
    links = {aborted: queue, plain: RetryLink(tmp_path / "hr.json", "3 users.", 3)}
    page, _ = opened(browser, write_report(little.request(tmp_path / "report", links)), 390)
    buttons = page.locator(".actions .button")
    assert sorted(buttons.all_inner_texts()) == [
        "Retry file of badges (3 users) \u2013 first map Floor",
        "Retry file of hr (3 users)",
    ]
    colours = {
        button.inner_text(): button.evaluate("(element) => getComputedStyle(element).backgroundColor")
        for button in buttons.all()
    }
    assert colours["Retry file of badges (3 users) \u2013 first map Floor"] == "rgba(0, 0, 0, 0)"
    assert colours["Retry file of hr (3 users)"] != "rgba(0, 0, 0, 0)"
    page.context.close()


def conditional(folder: Path) -> RetryLink:
    """A retry file that must not be queued as it is."""
    path = folder / "badges it's.json"
    queue = RetryToQueue(
        paths=[str(path)],
        site="https://contoso.sharepoint.com/sites/hr",
        folder="Shared  Documents",
        id_property="IdName",
        id_type=InferredIdType("CloudId", "all 3 IDs are object IDs"),
        properties=["City", "<b>"],
        condition="map Floor, or take it out of the feed",
    )
    return RetryLink(path, "everybody, 3 users.", 3, queue=queue)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of 130 nights of two feeds, with failures in the last 40 of one of them."""
    root = tmp_path_factory.mktemp("many")
    little = LittleLibrary(root / "library")
    first = date(2026, 7, 1).toordinal()
    days = [date.fromordinal(first + night) for night in range(130)]
    little.nights(days[:90], "hr", "phones")
    little.nights(days[90:], "phones")
    for night, day in enumerate(days[90:]):
        log = Lines.unresolved("ada@contoso.com", f"user{night}@contoso.com")
        little.job(f"hr-{day}", JobError.ImportCompleteWithError, log, users=10 + night)
    return write_report(little.request(root / "report"))


def test_all_jobs_are_searched_filtered_sorted_and_paged_by_keyboard(browser: Browser, many: Path) -> None:
    page, noise = opened(browser, many, 1280)
    rows, shown = page.locator("#job-table tbody tr"), page.locator("#job-find output")
    assert (rows.count(), shown.inner_text()) == (100, "1\u2013100 of 260 jobs")
    page.get_by_role("button", name="Next").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert (rows.count(), shown.inner_text()) == (60, "201\u2013260 of 260 jobs")
    assert "page=3" in page.url
    page.locator("select[data-key=feed]").select_option("hr")
    assert shown.inner_text() == "1\u2013100 of 130 found, of 260 jobs"
    page.get_by_role("button", name="Users", exact=True).focus()
    page.keyboard.press("Enter")
    assert rows.first.locator("td").nth(2).inner_text() == "49"
    page.keyboard.press("Enter")
    assert rows.first.locator("td").nth(2).inner_text() == "10"
    assert page.locator("#job-table th[aria-sort=ascending]").inner_text().startswith("Users")
    page.locator("#job-find input").fill(rows.nth(5).locator(".id").inner_text())
    assert rows.count() == 1
    again, _ = opened(browser, many, 390)
    again.goto(page.url)
    assert again.locator("#job-table tbody tr").count() == 1
    page.locator("#job-find input").fill("no such job")
    assert shown.inner_text() == "0 of 260 jobs found"
    page.locator(".of-feed[data-feed=phones]").click()
    assert shown.inner_text() == "1\u2013100 of 130 found, of 260 jobs"
    assert noise == []
    page.context.close()
    again.context.close()


def test_a_run_in_a_chart_shows_its_numbers_and_leads_to_its_page(browser: Browser, report: Path) -> None:
    page, noise = opened(browser, report / "index.html", 1280)
    strips = page.locator(".trend").filter(has_text="hr:").locator("svg a")
    assert "of 3 failed" in strips.first.locator("title").inner_html()
    strips.first.click()
    page.wait_for_url("**/jobs/*.html*")
    assert noise == []
    page.context.close()


def test_a_person_is_found_from_the_first_page_with_all_runs(browser: Browser, many: Path) -> None:
    page, noise = opened(browser, many, 1280)
    page.get_by_label("Mail, ID, or name").fill("ADA")
    page.keyboard.press("Enter")
    person = page.locator("#people-found li")
    person.first.wait_for()
    assert page.url.endswith("people.html#q=ADA")
    assert (person.count(), person.locator("summary").inner_text()) == (
        1,
        "ada@contoso.com failed in 40 runs. hr: open",
    )
    assert person.locator("tbody tr").count() == 30
    assert "The newest 30 of 40 runs are shown." in person.inner_text()
    page.get_by_role("searchbox").fill("user1")
    assert page.locator("#people-find output").inner_text() == "11 of 41 people found"
    person.get_by_text("user19@contoso.com").click()
    person.get_by_role("link").first.click()
    page.wait_for_url("**/jobs/*.html*")
    assert noise == []
    page.context.close()


def test_hostile_people_are_found_as_text(browser: Browser, report: Path) -> None:
    page, noise = opened(browser, report / "people.html", 390)
    page.get_by_role("searchbox").fill("<script>")
    assert page.locator("#people-found b").all_inner_texts() == ["<script>alert(1)</script>"]
    assert noise == []
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


def test_without_scripts_the_newest_rows_are_there_and_no_dead_search(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report / "index.html", 1280, scripts=False)
    assert page.locator("#job-table tbody tr:visible").count() == 4
    assert not page.get_by_role("searchbox").first.is_visible()
    page.get_by_role("link", name="Everybody who ever failed").click()
    assert page.locator("#people-first tbody tr").count() == 4
    assert not page.get_by_role("searchbox").is_visible()
    page.context.close()
