"""What comes from a log is hostile, through every output."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from analyzer.model.service import JobError
from analyzer.report.write import RetryLink, write_report
from analyzer.storage.files import template_folders

if TYPE_CHECKING:
    from pathlib import Path

    from tests.report.conftest import LittleLibrary

ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</script><script>alert(1)</script>",
    "</style></title></svg><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "&lt;script&gt;",
    "\u202egnp.exe",
]


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


@pytest.fixture(params=ATTACKS)
def pages(request: pytest.FixtureRequest, little: LittleLibrary, tmp_path: Path) -> list[Markup]:
    """Every page of a report in which the attack stands wherever the tenant or a log can put it."""
    attack = str(request.param)
    word = attack.replace("\t", "")
    log = (
        f"{word}\r\nOdd\t{word}\t{word}\r\n   {word}\r\n"
        f"InvalidProperty\t{word}\tProperty \u201c{word}\u201d is not mapped\r\n"
        f"Odd\t\t{word}\r\n"
    )
    little.job(attack.replace("/", "-") + " feed-2026-11-16", JobError.ImportCompleteWithError, log)
    job_id = little.job("b-2026-11-23", JobError.InvalidDataFile, log, message=attack)
    little.job("c-2026-11-23", message=attack, job_id=attack, users=None)
    out = tmp_path / "report"
    write_report(little.request(out, {job_id: RetryLink(tmp_path / f"{attack.replace('/', '-')}.json", attack)}))
    found = []
    for path in sorted(out.rglob("*.html")):
        markup = Markup()
        markup.feed(path.read_text())
        found.append(markup)
    return found


def test_no_page_has_markup_from_a_log(pages: list[Markup]) -> None:
    assert len(pages) == 5
    for page in pages:
        assert set(page.scripts) <= SCRIPTS
        assert page.tags.count("script") <= 1 + len(SCRIPTS)
        assert "img" not in page.tags
        assert page.handlers == []
        elsewhere = [one for one in page.addresses if not one.startswith("https://contoso.sharepoint.com/sites/hr/")]
        assert not [address for address in elsewhere if address.lower().startswith(("javascript:", "http", "//"))]


def test_a_formula_in_a_log_is_text_in_the_tables(little: LittleLibrary, tmp_path: Path) -> None:
    log = 'Odd\t=HYPERLINK("http://example.com")\t@SUM(1)\r\n-2+3\r\n'
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, log, message="+1")
    write_report(little.request(tmp_path))
    for name in (f"jobs/{job_id}", "data/jobs"):
        cells = csv.reader(io.StringIO((tmp_path / f"{name}.csv").read_text("utf-8-sig")))
        assert not [cell for row in cells for cell in row if cell.startswith(("=", "+", "-", "@"))]


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
