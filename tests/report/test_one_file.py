"""Reports that are one file: a page for mail, an archive for support, a summary."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from analyzer.errors import InputError, OutputError
from analyzer.history.job_sources import whereabouts
from analyzer.model.identity import identity_key
from analyzer.model.service import JobError
from analyzer.report.bundle import masked
from analyzer.report.one_file import summary_bytes, write_bundle, write_single_file
from analyzer.report.view import RetryLink
from analyzer.storage.traces import Traces
from tools.report_docs import schema, templates_page

if TYPE_CHECKING:
    from tests.report.conftest import Lines, LittleLibrary

DOCS = Path(__file__).parents[2] / "docs" / "reference"
KEY = b"k" * 32


def links(html: str) -> list[str]:
    """The addresses of a page, without its scripts and styles."""
    markup = re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL)
    return re.findall(r"""(?:href|src)=["']([^"']*)""", markup)


@pytest.fixture
def failed(little: LittleLibrary, lines: type[Lines]) -> str:
    little.job("hr-2026-11-16", JobError.ImportCompleteWithError, lines.unresolved("ada@contoso.com"))
    return little.job(
        "hr-2026-11-23", JobError.ImportCompleteWithError, lines.unresolved("ada@contoso.com", "bob@contoso.com")
    )


def test_no_link_of_a_single_file_leads_to_another_file(little: LittleLibrary, failed: str, tmp_path: Path) -> None:
    for job_id in ("", failed):
        made = write_single_file(little.request(tmp_path / "report"), job_id, tmp_path / "mail")
        html = made.path.read_text("utf-8")
        assert [link for link in links(html) if not link.startswith(("#", "https://", "data:"))] == []
        for script in re.findall(r"<script>(.*?)</script>", html, re.DOTALL):
            digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
            assert f"sha256-{digest}" in html
        assert made.people is None
    assert not (tmp_path / "report").exists()


def test_the_retry_file_is_in_the_page_unless_it_is_left_out(
    little: LittleLibrary, failed: str, tmp_path: Path
) -> None:
    retry = tmp_path / 'retry "file".json'
    retry.write_text('{"value": []}', encoding="utf-8")
    request = little.request(tmp_path / "report", {failed: RetryLink(retry, "2 users.", 2)})
    html = write_single_file(request, failed, tmp_path / "a.html").path.read_text("utf-8")
    (address,) = [link for link in links(html) if link.startswith("data:application/json;base64,")]
    assert base64.b64decode(address.partition(",")[2]) == retry.read_bytes()
    assert 'download="retry &quot;file&quot;.json"' in html
    index = write_single_file(request, "", tmp_path / "index.html").path.read_text("utf-8")
    assert address in links(index)
    html = write_single_file(request, failed, tmp_path / "b.html", with_retry=False).path.read_text("utf-8")
    assert "data:application/json" not in html
    assert not re.search(r'<a class="button[^>]*>[^<]*(<bdi>)?Retry file', html)
    made = write_single_file(request, failed, tmp_path / "c.html", budget=20)
    assert "The retry file is left out" in " ".join(made.remarks)


def test_over_the_budget_the_worst_people_are_in_the_page_and_all_are_beside_it(
    little: LittleLibrary, lines: type[Lines], tmp_path: Path
) -> None:
    users = [
        f"user{number:05}-{hashlib.sha256(bytes([number % 251])).hexdigest()}@contoso.com" for number in range(2_000)
    ]
    little.job("hr-2026-11-16", JobError.ImportCompleteWithError, lines.unresolved(*users[:1_900]), users=2_000)
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, lines.unresolved(*users), users=2_000)
    request = little.request(tmp_path / "report")
    whole = write_single_file(request, job_id, tmp_path / "whole.html").path.stat().st_size
    made = write_single_file(request, job_id, tmp_path / "few.html", budget=whole // 2)
    assert made.path.stat().st_size <= whole // 2
    html = made.path.read_text("utf-8")
    (shown,) = re.findall(r"([\d,]+) of 2,000 people are on this page", html)
    assert 100 < int(shown.replace(",", "")) < 2_000
    assert "few-people.csv has all" in html
    assert made.people is not None
    assert made.people.read_text("utf-8-sig").count("@contoso.com") == 2_000
    assert users[1_950] in html  # it is new


def test_an_archive_for_support_names_no_user_and_shows_the_fault(little: LittleLibrary, tmp_path: Path) -> None:
    message = "Bad JSON escape sequence: \\V. Path 'value[1].Office', line 1, position 75."
    job_id = little.job("hr-2026-11-23", JobError.InvalidDataFile, f"DataFileNotJson\t\t{message}\r\n")
    records = [f'{{"IdName": "{name}@contoso.com", "Office": "Oslo 24"}}' for name in ("ada", "bob", "eve")]
    broken = ", ".join(records).replace(
        '"bob@contoso.com", "Office": "Oslo 24"', '"bob@contoso.com", "Office": "Oslo\\Vest 24"'
    )
    source = little.root / "sites/hr/Shared Documents/hr-2026-11-23.json"
    source.write_text(f'{{"value": [{broken}]}}', encoding="utf-8")
    request = replace(little.request(tmp_path / "report"), source_of=lambda _: source)
    request = replace(request, whereabouts={job_id: whereabouts(request.tables.entries_of(job_id), source)})
    made = write_bundle(request, job_id, KEY, [source], tmp_path)
    traces = Traces([identity_key(f"{name}@contoso.com") for name in ("ada", "bob", "eve")])
    assert traces.count(made.path) == 0
    with zipfile.ZipFile(io.BytesIO(made.path.read_bytes())) as archive:
        content = {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}
    assert set(content) == {"README.txt", "report.html", "entries.csv", "SHA256SUMS.txt", "fault.txt"}
    assert content["fault.txt"].splitlines()[2] == '{"IdName": "xxx@xxxxxxx.xxx", "Office": "Xxxx\\Vxxx 99"}'
    assert hashlib.sha256(source.read_bytes()).hexdigest() in content["SHA256SUMS.txt"]
    for part in (job_id, message, "InvalidDataFile"):
        assert part in content["README.txt"]


def test_a_template_that_fails_leaves_the_last_file(little: LittleLibrary, failed: str, tmp_path: Path) -> None:
    request = little.request(tmp_path / "report")
    made = write_single_file(request, failed, tmp_path / "a.html").path
    before = made.read_bytes()
    own = tmp_path / "own"
    own.mkdir()
    (own / "footer.html").write_text("{{ page.nothing }}", encoding="utf-8")
    with pytest.raises(InputError, match=r"footer\.html, line 1"):
        write_single_file(replace(request, templates=own), failed, made)
    assert made.read_bytes() == before
    (own / "footer.html").write_text("<p>Fabrikam only</p>", encoding="utf-8")
    write_single_file(replace(request, templates=own), failed, made)
    assert "<p>Fabrikam only</p>" in made.read_text("utf-8")


def test_a_file_that_cannot_be_written_leaves_what_was_there(
    little: LittleLibrary, failed: str, tmp_path: Path
) -> None:
    (tmp_path / "mail").write_text("somebody's file", encoding="utf-8")
    for write in (write_single_file, partial(write_bundle, key=KEY, evidence=[])):
        with pytest.raises(OutputError, match="cannot be written"):
            write(little.request(tmp_path / "report"), failed, target=tmp_path / "mail" / "x.out")
    assert (tmp_path / "mail").read_text("utf-8") == "somebody's file"


def test_masked_text_keeps_form_and_escapes() -> None:
    assert masked('{"Näme": "Ada", "City": "K\\u00e4ln\\q"}', {"City"}) == '{"Xxxx": "Xxx", "City": "X\\u0078xx\\q"}'


def test_an_archive_without_log_and_source_says_so(little: LittleLibrary, tmp_path: Path) -> None:
    job_id = little.job("hr-2026-11-23", JobError.DataFileNotExist, users=None)
    made = write_bundle(little.request(tmp_path / "report"), job_id, KEY, [], tmp_path / "b.zip")
    with zipfile.ZipFile(made.path) as archive:
        assert "neither a log nor a copy of the source file" in archive.read("README.txt").decode()
        assert "fault.txt" not in archive.namelist()


def test_a_summary_as_json_fits_its_schema(little: LittleLibrary, failed: str, tmp_path: Path) -> None:
    assert (DOCS / "report.schema.json").read_bytes() == schema(), "run `python -m tools.report_docs`"
    content = json.loads(summary_bytes(little.request(tmp_path), in_json=True))
    Draft202012Validator(json.loads(schema())).validate(content)
    assert content["jobs"][0]["job_id"] == failed
    assert "ada@" not in json.dumps(content)
    empty = type(little)(tmp_path / "empty")
    Draft202012Validator(json.loads(schema())).validate(
        json.loads(summary_bytes(empty.request(tmp_path), in_json=True))
    )


def test_a_summary_as_markdown_is_short_and_holds_no_markup_of_others(
    little: LittleLibrary, lines: type[Lines], tmp_path: Path
) -> None:
    little.job(
        "<b>hr|x[1](https://example.com)`-2026-11-23",
        JobError.ImportCompleteWithError,
        lines.unresolved("ada@contoso.com"),
    )
    text = summary_bytes(little.request(tmp_path), in_json=False).decode()
    assert "ada@" not in text
    assert "<b>" not in text
    assert "](" not in text.replace("\\](", "")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows[:3]}) == 1
    assert len(text) < 2_000


def test_the_documentation_of_templates_has_every_type_of_pages() -> None:
    assert (DOCS / "templates.md").read_text("utf-8") == templates_page(), "run `python -m tools.report_docs`"
