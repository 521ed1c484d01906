"""What holds for every kind of page, in a real browser: accessible, quiet, within its width, printable.

Pixels depend on the fonts of a machine. What is compared instead is the accessibility tree: whatever a page says and
offers on a wide screen, it says and offers on a phone, in the dark, and in the same order.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from analyzer.history.job_sources import JobSources, PerJob
from analyzer.library.mirror import Library
from analyzer.model.identity import InferredIdType
from analyzer.model.service import JobError, State
from analyzer.report.model import Day, Verdict
from analyzer.report.one_file import write_single_file
from analyzer.report.write import RetryLink, write_report
from analyzer.retry.queue_command import RetryToQueue
from tests.report.chromium import CHROMIUM, NEEDS_CHROMIUM
from tests.report.conftest import Lines, LittleLibrary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = NEEDS_CHROMIUM
PHONE, SCREEN = 390, 1280
PAPER = {"A4": 688, "Letter": 710}
"""Width between the margins, in CSS pixels."""
KINDS = {
    "first page": "report/index.html",
    "first page of an empty library": "empty/index.html",
    "search for a person": "report/people.html",
    "day": "report/days/2026-11-23.html",
    "partial job": "report/jobs/{partial}.html",
    "aborted job": "report/jobs/{aborted}.html",
    "succeeded job": "report/jobs/{succeeded}.html",
    "running job": "report/jobs/{running}.html",
    "superseded job": "report/jobs/{superseded}.html",
    "one file": "mail/{partial}.html",
}
IDS = InferredIdType("Email", "all 5 IDs are addresses")
CUT_OFF = """(width) => [...document.querySelectorAll("main *, header *, footer *")].filter((element) => {
  const box = element.getBoundingClientRect();
  return box.width > 1 && !element.closest(".unseen") && box.right > width + 1;
}).map((element) => element.outerHTML.slice(0, 120))"""
"""Elements that reach beyond the right edge."""
UNREADABLE = """() => [...document.querySelectorAll("a.button, .command pre, .background > p")].filter((element) => {
  const { color, backgroundColor } = getComputedStyle(element);
  const isButton = element.matches("a");
  return !(element.checkVisibility() || element.closest("[hidden]")) || color === "rgb(255, 255, 255)"
    || (isButton && backgroundColor !== "rgba(0, 0, 0, 0)");
}).map((element) => element.outerHTML.slice(0, 120))"""
"""Buttons and commands that are folded up, or white on a background, which printers leave out."""
OUTLINE = r"""() => [...document.querySelectorAll("h1, h2, h3, a, button, input, select, p, dt, dd, pre, td, tbody th")]
  .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest("svg"))
  .map((element) => `${element.tagName} ${element.textContent.replace(/\s+/g, " ")}`).join("\n")"""
"""The visible texts, headings, links, and controls in order. A table has cells only: a phone shows cards."""
NAMES = ("ada@contoso.com", "محمد.علي@contoso.com", "山田太郎@contoso.com", "佐藤 花子", "x" * 500)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The kinds of page by name."""
    folder = tmp_path_factory.mktemp("pages")
    little = LittleLibrary(folder / "library")
    jobs = _jobs(little)
    retry = folder / "retry" / "hr.json"
    retry.parent.mkdir()
    for path in (retry, retry.with_suffix(".manifest.json")):
        path.write_text("{}")
    queue = RetryToQueue([str(retry)], "https://contoso.sharepoint.com/sites/hr", "Shared", "IdName", IDS, ["City"])
    links = {jobs["partial"]: RetryLink(retry, "5 users.", len(NAMES), queue=queue)}
    request = little.request(folder / "report", links)
    sources = JobSources(Library.existing(little.root), request.tables)
    verdicts = (Verdict("5 of 7 users not updated.", "hr", jobs["partial"]), Verdict("A job is stuck."))
    day = Day(date(2026, 11, 23), verdicts, "Pulled 4 new jobs.")
    request = replace(request, day=day, findings=PerJob([jobs["partial"]], sources.findings), source_of=sources.file)
    write_report(request)
    write_single_file(request, jobs["partial"], folder / "mail")
    write_report(LittleLibrary(folder / "nothing").request(folder / "empty"))
    return {kind: folder / path.format(**jobs) for kind, path in KINDS.items()}


def _jobs(little: LittleLibrary) -> dict[str, str]:
    """Add a job of each outcome; return their IDs."""
    failed = JobError.ImportCompleteWithError
    superseded = little.job("hr-2026-11-16", failed, Lines.unresolved(*NAMES[:3]), users=None)
    log = Lines.unresolved(*NAMES) + "Odd\tada@contoso.com\t" + "x" * 300 + "\r\n   at " + "System.Data." * 40 + "\r\n"
    partial = little.job("hr-2026-11-23", failed, log + "Odd\t\t?\r\n", users=None)
    little.source("hr-2026-11-23", [{"IdName": name, "City": "東京"} for name in (*NAMES, "b@contoso.com")])
    aborted = little.job(f"{'long' * 20}-2026-11-23", JobError.InvalidDataFile, Lines.unmapped(NAMES, "Floor" * 20))
    succeeded = little.job("phones-2026-11-22")
    running = little.job("badges-2026-11-23", state=State.Processing)
    return {
        "superseded": superseded,
        "partial": partial,
        "aborted": aborted,
        "succeeded": succeeded,
        "running": running,
    }


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=KINDS, scope="module")
def page(request: pytest.FixtureRequest, browser: Browser, places: dict[str, Path]) -> Iterator[Page]:
    """A page that stays open for all tests; at the end, it must have been quiet."""
    noise: list[str] = []
    with browser.new_context(viewport={"width": PHONE, "height": 844}) as context:
        page = context.new_page()
        page.on("console", lambda message: noise.append(message.text))
        page.on("pageerror", lambda error: noise.append(str(error)))
        page.on("request", lambda asked: noise.append(asked.url) if urlsplit(asked.url).scheme != "file" else None)
        page.goto(places[request.param].as_uri())
        page.wait_for_function("document.querySelector('#people-app[hidden]') === null")
        yield page
    assert noise == []


def test_a_page_is_accessible_light_and_dark_on_a_phone_and_a_screen(page: Page) -> None:
    axe = pytest.importorskip("axe_playwright_python.base").AXE_SCRIPT
    _open_all(page)
    page.evaluate(axe)
    # In the dark, nothing but colours differs.
    for is_dark, rules in ((False, {}), (True, {"runOnly": ["color-contrast"]})):
        page.emulate_media(media="screen", color_scheme="dark" if is_dark else "light")
        for width in (PHONE, SCREEN):
            page.set_viewport_size({"width": width, "height": 844})
            found = page.evaluate("(rules) => axe.run({ resultTypes: ['violations'], ...rules })", rules)["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], (is_dark, width)


def test_a_page_fits_and_says_the_same_at_every_width(page: Page) -> None:
    _open_all(page)
    page.emulate_media(media="screen", color_scheme="light")
    outlines = []
    for width in (PHONE, SCREEN, 1920):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        outlines.append(_outline(page))
    assert outlines[0] == outlines[1] == outlines[2]


def test_every_link_of_a_page_leads_to_a_file_or_a_place_that_exists(page: Page) -> None:
    whole = "(links) => links.map((link) => new URL(link.getAttribute('href'), document.baseURI).href)"
    for address in page.eval_on_selector_all("a[href]", whole):
        link = urlsplit(address)
        assert link.scheme in {"file", "https", "data"}
        if link.scheme == "file":
            path = Path(unquote(link.path))
            assert path.is_file(), address
            if link.fragment and address.startswith(f"{page.url}#"):
                assert page.locator(f"id={unquote(link.fragment)}").count() == 1, address


def test_a_page_prints_whole_on_a4_and_letter(page: Page) -> None:
    page.emulate_media(media="print", color_scheme="light")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for paper, width in PAPER.items():
        page.set_viewport_size({"width": width, "height": 1000})
        assert page.evaluate(CUT_OFF, width) == [], paper
    assert page.evaluate(UNREADABLE) == []
    page.evaluate("dispatchEvent(new Event('afterprint'))")


def test_without_scripts_a_page_is_readable_and_offers_nothing_that_needs_them(
    browser: Browser, places: dict[str, Path]
) -> None:
    with browser.new_context(viewport={"width": PHONE, "height": 844}, java_script_enabled=False) as context:
        page = context.new_page()
        for kind, path in places.items():
            page.goto(path.as_uri())
            assert page.locator("h1").is_visible(), kind
            assert page.locator(":is(button, input, select):visible").count() == 0, kind
            if kind in {"partial job", "superseded job", "one file", "search for a person"}:
                assert NAMES[0] in page.locator("main").inner_text(), kind


def test_a_page_for_mail_saves_its_people_as_no_list_is_beside_it(browser: Browser, places: dict[str, Path]) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(places["one file"].as_uri())
        page.get_by_role("button", name="Save these as XLSX").wait_for()


def _open_all(page: Page) -> None:
    """Unfold everything, also the entries of the first user."""
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    for button in page.locator("button[aria-expanded=false]").all()[:2]:
        button.click()


def _outline(page: Page) -> str:
    return str(page.evaluate(OUTLINE))
