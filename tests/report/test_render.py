"""Rows to HTML, and what happens when a template has a mistake."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import InputError
from analyzer.report.index_page import index_page
from analyzer.report.job_page import job_page
from analyzer.report.render import Renderer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.report.conftest import LittleLibrary


def render(little: LittleLibrary, templates: Path | None) -> str:
    view = little.view()
    return Renderer(templates).html(index_page(view))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own templates"
    folder.mkdir()
    return folder


def test_the_policy_names_the_hash_of_each_script_that_runs(little: LittleLibrary) -> None:
    html = render(little, None)
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert digests
    policy = "".join(f" 'sha256-{digest}'" for digest in digests)
    assert f"script-src{policy};" in html.replace("&#39;", "'")


def test_a_page_names_nothing_outside_itself(little: LittleLibrary) -> None:
    little.job("hr-2026-11-23")
    html = render(little, None)
    assert not re.search(r"<(?:link|img|iframe|script\s(?!type=\"application/octet-stream\"))", html)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", html)
    assert "@import" not in html
    assert "url(" not in html.replace("url(#", "")


def test_headings_come_in_order(little: LittleLibrary) -> None:
    view, run = little.run(little.job("hr-2026-11-23", 30, "Odd\ta@contoso.com\t?\r\nOdd\t\t?\r\n"))
    for html in (Renderer(None).html(index_page(view)), Renderer(None).html(job_page(view, run))):
        levels = [int(level) for level in re.findall(r"<h(\d)", html)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_a_users_template_comes_before_ours(little: LittleLibrary, own: Path) -> None:
    (own / "index.html").write_text("{{ page.lead }} Yours, {{ page.frame.version }}")
    assert render(little, own) == "The library has no jobs. Run upa-analyzer pull first. Yours, 1.0"


def test_a_users_style_comes_before_ours_and_the_rest_stays(little: LittleLibrary, own: Path) -> None:
    (own / "report.css").write_text("body { color: teal; }")
    html = render(little, own)
    assert "<style>body { color: teal; }</style>" in html
    assert "<h1" in html


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("<p>\n{% if page.lead %}\nno end", "line 3: Unexpected end of template"),
        ("<p>\n{{ page.leed }}", "line 2: 'analyzer.report.index_model.IndexPage object' has no attribute 'leed'"),
        ("<p>\n\n{{ nothing }}", "line 3: 'nothing' is undefined"),
        ("{{ 1 / 0 }}", "line 1: division by zero"),
        ("\n{{ page.lead + 1 }}", "line 2: can only concatenate str"),
        ("{{ page.lead | shout }}", "line 1: No filter named 'shout'"),
        ("{% include 'other.html' %}", "line 1: there is no template 'other.html'"),
    ],
)
def test_an_error_in_a_template_names_file_and_line(
    little: LittleLibrary, own: Path, template: str, problem: str
) -> None:
    (own / "index.html").write_text(template)
    with pytest.raises(InputError) as caught:
        render(little, own)
    assert caught.value.what.startswith(f"{own / 'index.html'}, {problem}")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 5
    assert "Correct it" in caught.value.advice


def test_an_unreadable_template_is_an_error(little: LittleLibrary, own: Path) -> None:
    (own / "index.html").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"index\.html"):
        render(little, own)


def test_an_unreadable_style_is_an_error(own: Path) -> None:
    (own / "report.css").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"the template report\.css cannot be read"):
        Renderer(own)


def test_a_folder_of_templates_has_to_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="isn't a folder with templates"):
        Renderer(tmp_path / "nowhere")
