"""What comes from a log is hostile, through every output."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from datetime import date
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from analyzer.analysis.feeds import FeedRule
from analyzer.directory.look_up import look_up
from analyzer.directory.read_export import read_directory
from analyzer.history.job_sources import JobSources, PerJob
from analyzer.library.mirror import Library
from analyzer.model.identity import InferredIdType
from analyzer.model.next_step import Commands
from analyzer.model.service import JobError, State
from analyzer.report.model import Brand, Day, Verdict
from analyzer.report.one_file import write_single_file
from analyzer.report.write import RetryLink, write_report
from analyzer.retry.queue_command import RetryToQueue
from analyzer.storage.files import template_folders
from tests.report.chromium import CHROMIUM, NEEDS_CHROMIUM
from tests.report.conftest import Lines, LittleLibrary
from tests.report.hostile import STRINGS

if TYPE_CHECKING:
    from pathlib import Path

IDS = InferredIdType("Email", "all IDs are addresses")
FORBIDDEN = frozenset({"img", "iframe", "object", "embed", "base", "link", "form", "plaintext"})
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d")
ALIVE = """(forbidden) => [...document.querySelectorAll("*")].filter((element) =>
  forbidden.includes(element.localName) || [...element.attributes].some(({ name, value }) =>
    name.startsWith("on") || (name === "href" && /^(javascript|data:text|http:)/i.test(value)))
).map((element) => element.outerHTML.slice(0, 200)).concat(document.title === "ran" ? ["it ran"] : [])"""
"""Elements that no page has of its own."""
UNFOLDED = """() => {
  for (const input of document.querySelectorAll("input[type=search]")) {
    input.value = "img src";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
  for (const button of [...document.querySelectorAll("thead button")].slice(0, 2)) button.click();
  for (const button of [...document.querySelectorAll("button.open")].slice(0, 6)) button.click();
  for (const details of document.querySelectorAll("details")) details.open = true;
}"""
"""Searches, sorts, and opens what can be opened."""

SCRIPTS = {path.read_text(encoding="utf-8") for path in template_folders(None)[0].glob("*.js")}


class Markup(HTMLParser):
    """What of a page would act: scripts, handlers, addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.scripts: list[str] = []
        self._script = False
        self.handlers: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._script = tag == "script" and not any(name == "type" for name, _ in attrs)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "action", "xlink:href"}]

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser's
        self._script = False

    def handle_data(self, data: str) -> None:
        if self._script:
            self.scripts.append(data)


@dataclass(frozen=True)
class Hostile:
    """A report with the strings wherever a tenant, a log, a source, a configuration, or a directory can put them."""

    folder: Path

    @property
    def pages(self) -> list[Path]:
        return sorted(self.folder.rglob("*.html"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Hostile:
    folder = tmp_path_factory.mktemp("hostile")
    little = LittleLibrary(folder / "library")
    little.rules = tuple(FeedRule(name, f"feed{at}-*") for at, name in enumerate(STRINGS[::40]))
    failed = _failed_jobs(little)
    _bare_jobs(little)
    export = folder / "users.csv"
    with export.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["userPrincipalName", "id", "mail", "displayName", "accountEnabled"])
        rows.writerows([f"{text}@contoso.com", text, text, text, "false"] for text in STRINGS)
    directory = replace(read_directory(export), name=STRINGS[7])
    queue = RetryToQueue([*STRINGS[:3]], STRINGS[4], STRINGS[5], STRINGS[6], IDS, [*STRINGS], condition=STRINGS[8])
    request = little.request(folder / "out" / "report")
    sources = JobSources(Library.existing(little.root), request.tables)
    request = replace(
        request,
        links=dict.fromkeys(failed, RetryLink(folder / STRINGS[1].replace("/", "-"), STRINGS[0], 3, queue=queue)),
        looked_up={failed[-1]: look_up(STRINGS, directory, None, 3)},
        day=Day(date(2026, 11, 23), tuple(Verdict(text, text, failed[0]) for text in STRINGS), " ".join(STRINGS)),
        brand=Brand(STRINGS[2], "", " ".join(STRINGS)),
        commands=Commands(STRINGS[0], STRINGS[1], STRINGS[2]),
        findings=PerJob(failed, sources.findings),
        source_of=sources.file,
    )
    write_report(request)
    for job_id in ("", failed[-1]):
        write_single_file(request, job_id, folder / "out" / "mail", with_retry=False)
    return Hostile(folder / "out")


def _failed_jobs(little: LittleLibrary) -> list[str]:
    """Add a job whose log has each string in each place, an aborted one, and one before them; return their IDs."""
    texts = [text.translate({9: " ", 10: " ", 13: " "}) for text in STRINGS]
    unmapped = "".join(f"InvalidProperty\tu\tProperty '{text}' is not mapped to any property\r\n" for text in texts)
    log = (
        Lines.unresolved(*texts)
        + unmapped
        + "".join(
            f"{text}\r\nOdd\tada@contoso.com\t{text}\r\n   {text}\r\nOdd\t\t{text}\r\nO{at}\t{text}\t{text}\r\n"
            for at, text in enumerate(texts)
        )
    )
    failed = JobError.ImportCompleteWithError
    jobs = [
        little.job("feed0-2026-11-16", failed, Lines.unresolved(*texts[:250]), users=None),
        little.job("b-2026-11-23", JobError.InvalidDataFile, log, message=" ".join(STRINGS)),
        little.job("feed0-2026-11-23", failed, log, message=STRINGS[0], users=None),
    ]
    values = zip(STRINGS, STRINGS[1:], STRINGS[2:], strict=False)
    records = [{"IdName": one, "City": other, STRINGS[0]: third, STRINGS[16]: other} for one, other, third in values]
    little.source("feed0-2026-11-23", records)
    return jobs


def _bare_jobs(little: LittleLibrary) -> None:
    """Add jobs of which the service lists nothing but strings: address, folder, ID, message."""
    some = STRINGS[::25]
    for at, text in enumerate(some):
        path = f"/sites/hr/Shared Documents/{some[at - 1]}/{text}-2026-11-{at + 1:02}.json"
        little.answers.append(
            {
                "JobId": f"{text}{at}",
                "State": State.Error,
                "Error": (at % 3) * 15,
                "ErrorMessage": f"{text} {STRINGS[at]}",
                "SourceUri": f"https://contoso.sharepoint.com{path}" if at % 2 else text,
                "LogFolderUri": text,
            }
        )
    for at in range(len(little.rules)):
        little.job(f"feed{at}-2026-11-22", users=None)


def test_no_page_has_markup_of_a_string(hostile: Hostile) -> None:
    assert len(hostile.pages) > 30
    for path in hostile.pages:
        page = Markup()
        page.feed(path.read_text("utf-8"))
        assert set(page.scripts) <= SCRIPTS
        assert page.tags.count("script") <= 1 + len(SCRIPTS)
        assert not FORBIDDEN & set(page.tags)
        assert page.handlers == []
        elsewhere = [one for one in page.addresses if not one.startswith("https://contoso.sharepoint.com/sites/hr/")]
        assert not [one for one in elsewhere if one.lower().startswith(("javascript:", "http", "//", "data:text"))]


def test_no_cell_of_a_table_is_a_formula(hostile: Hostile) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    for path in hostile.folder.rglob("*.csv"):
        cells = csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline=""))
        assert not [cell for row in cells for cell in row if cell.startswith(FORMULA)], path.name
    books = [*hostile.folder.rglob("*.xlsx")]
    assert books
    for path in books:
        sheet = openpyxl.load_workbook(path).active
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "b", "d"}
        assert [cell.value for cell in sheet["A"] if cell.hyperlink] == []


@NEEDS_CHROMIUM[0]
@NEEDS_CHROMIUM[1]
def test_in_a_browser_nothing_of_a_string_runs_and_no_page_is_too_wide(hostile: Hostile) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    noise: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
        page.on("console", lambda message: noise.append(message.text))
        page.on("pageerror", lambda error: noise.append(str(error)))
        page.on("dialog", lambda dialog: noise.append(dialog.message))
        page.on("request", lambda asked: noise.append(asked.url) if not asked.url.startswith("file:") else None)
        for path in hostile.pages:
            page.goto(path.as_uri())
            page.wait_for_function("document.querySelector('#people-app[hidden], #people-find[hidden]') === null")
            page.evaluate(UNFOLDED)
            found = page.evaluate(ALIVE, [*FORBIDDEN])
            assert (path.name, found, noise) == (path.name, [], [])
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path.name
        browser.close()


def test_an_entry_is_in_the_page_as_it_is_in_the_log(little: LittleLibrary, tmp_path: Path) -> None:
    log = "Odd\ta&b<c@contoso.com\t5 > 4\r\n   at A<B>.C\r\n"
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, log)
    write_report(little.request(tmp_path))
    html = (tmp_path / f"jobs/{job_id}.html").read_text()
    assert "<bdi>a&amp;b&lt;c@contoso.com</bdi>" in html
    assert "5 &gt; 4" in html
    assert "   at A&lt;B&gt;.C" in html


def test_an_id_that_is_a_path_stays_within_the_folder(little: LittleLibrary, tmp_path: Path) -> None:
    little.job("hr-2026-11-23", job_id="../../../evil", users=None)
    out = tmp_path / "deep" / "report"
    write_report(little.request(out))
    assert [path.parent for path in (tmp_path / "deep").rglob("*evil*")] == [out / "jobs"]
