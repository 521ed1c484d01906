"""Addresses and file names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest

from analyzer.report.links import href
from analyzer.report.view import page_name
from analyzer.resources import sample_library, templates_folder


@pytest.mark.parametrize("name", ["hr feed.json", "a#b?c%d.json", "größe.json", 'quote".json', "javascript:x.json"])
def test_an_address_leads_to_the_file_whatever_its_name(name: str) -> None:
    address = href(Path("upa/retry") / name, Path("upa/reports/2026/jobs"))
    assert unquote(address) == f"../../../retry/{name}"
    assert not set(address) & set(' #?"')


def test_an_address_never_has_a_scheme() -> None:
    assert href(Path("report/javascript:alert(1)"), Path("report")) == "javascript%3Aalert%281%29"


def test_a_file_name_that_is_no_text_keeps_its_bytes() -> None:
    assert href(Path("r/hr-\udcff.json"), Path("r")) == "hr-%FF.json"


def test_a_page_is_named_after_its_job() -> None:
    assert page_name("5f05e38c-bd0e-49ec-8c9c-c4cfe370248c") == "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c.html"


@pytest.mark.parametrize("job_id", ["../../evil", "..", "/etc/passwd", "a\\b", "con", "x" * 500, "é\udcff", "a\x00b"])
def test_an_id_that_is_no_guid_never_becomes_a_path(job_id: str) -> None:
    name = page_name(job_id)
    assert Path(name).name == name
    assert name.isascii()
    assert len(name) < 80
    assert not name.startswith(".")


def test_two_odd_ids_have_two_pages() -> None:
    assert page_name("a/b") != page_name("a\\b")


def test_the_templates_and_the_samples_are_found() -> None:
    assert (templates_folder() / "base.html").is_file()
    assert sample_library().name == "sample_logs"
