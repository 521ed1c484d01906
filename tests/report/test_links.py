"""Addresses and file names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from analyzer.catalogue.conditions import SPLIT
from analyzer.model.identity import InferredIdType
from analyzer.model.service import JobError
from analyzer.report.actions import queue_of, retry_button
from analyzer.report.model import Note
from analyzer.report.view import RetryLink, href, page_name
from analyzer.retry.queue_command import RetryToQueue
from analyzer.storage.files import sample_library, templates_folder

if TYPE_CHECKING:
    from tests.report.conftest import LittleLibrary

FLOOR = "map Floor, or take it out of the feed"
IDS = "check the ID type: all 12 users failed, and the IDs are object IDs, so queue with CloudId"
QUEUE = RetryToQueue(
    paths=["/retry/hr.json"],
    site="https://contoso.sharepoint.com/sites/hr",
    folder="Shared Documents",
    id_property="IdName",
    id_type=InferredIdType("Email", "all 295 IDs are addresses"),
    properties=["City"],
)
FILE = RetryLink(Path("/retry/hr.json"), "everybody, 295 users.", 295, complete=True, queue=QUEUE)


@pytest.mark.parametrize("name", ["hr feed.json", "a#b?c%d.json", "größe.json", 'quote".json', "javascript:x.json"])
def test_an_address_links_to_a_file_of_any_name(name: str) -> None:
    address = href(Path("upa/retry") / name, Path("upa/reports/2026/jobs"))
    assert unquote(address) == f"../../../retry/{name}"
    assert not set(address) & set(' #?"')


def test_an_address_never_has_a_scheme() -> None:
    assert href(Path("report/javascript:alert(1)"), Path("report")) == "javascript%3Aalert%281%29"


def test_a_file_name_that_is_not_utf_8_keeps_its_bytes() -> None:
    assert href(Path("r/hr-\udcff.json"), Path("r")) == "hr-%FF.json"


def test_a_page_is_named_after_its_job() -> None:
    assert page_name("5f05e38c-bd0e-49ec-8c9c-c4cfe370248c") == "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c.html"


@pytest.mark.parametrize("job_id", ["../../evil", "..", "/etc/passwd", "a\\b", "con", "x" * 500, "é\udcff", "a\x00b"])
def test_an_id_that_is_not_a_guid_never_becomes_a_path(job_id: str) -> None:
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


@pytest.mark.parametrize(
    ("first", "complete", "label", "primary"),
    [
        pytest.param("", True, "Retry file of hr (295 users)", True, id="as it is"),
        pytest.param(FLOOR, True, "Retry file of hr (295 users) \u2013 first map Floor", False, id="a property"),
        pytest.param(
            "map Floor, Wing and Desk, or take them out of the feed",
            True,
            "Retry file of hr (295 users) \u2013 first map Floor, Wing and Desk",
            False,
            id="several properties",
        ),
        pytest.param(IDS, True, "Retry file of hr (295 users) \u2013 first check the ID type", False, id="the ID type"),
        pytest.param(
            "correct what the service could not read (Bad JSON. Path 'a')",
            True,
            "Retry file of hr (295 users) \u2013 first correct what the service could not read",
            False,
            id="not JSON",
        ),
        pytest.param("", False, "Retry file of hr (295 users) \u2013 incomplete", False, id="incomplete"),
        pytest.param(FLOOR, False, "Retry file of hr (295 users) \u2013 first map Floor; incomplete", False, id="both"),
    ],
)
def test_a_condition_is_in_the_buttons_label_and_makes_it_secondary(
    little: LittleLibrary, first: str, complete: bool, label: str, primary: bool
) -> None:
    link = replace(FILE, complete=complete, queue=replace(QUEUE, condition=first))
    button = retry_button(*little.run(little.job("hr-2026-11-23", JobError.InvalidDataFile), link), Path("/report"))
    assert button is not None
    assert (button.label, button.primary, button.href) == (label, primary, "../retry/hr.json")
    assert button.sentence == "Everybody, 295 users."


def test_each_part_of_a_split_retry_file_has_a_link(little: LittleLibrary) -> None:
    queue = replace(QUEUE, paths=["/retry/hr-1.json", "/retry/hr-2.json"], condition=SPLIT)
    link = replace(FILE, path=Path("/retry/hr-1.json"), queue=queue)
    button = retry_button(*little.run(little.job("hr-2026-11-23", JobError.DataFileTooBig), link), Path("/report"))
    assert button is not None
    assert (button.label, button.href) == ("Retry file of hr (295 users) \u2013 part 1 of 2", "../retry/hr-1.json")
    assert button.primary
    assert button.parts == (Note("part 2 of 2", "../retry/hr-2.json"),)


def test_a_retry_file_comes_with_the_lines_that_queue_it(little: LittleLibrary) -> None:
    job_id = little.job("hr-2026-11-23", JobError.InvalidDataFile)
    view, run = little.run(job_id, replace(FILE, queue=replace(QUEUE, condition=FLOOR)))
    queue = queue_of(view, run)
    assert queue is not None
    assert queue.lines[1].startswith("New-PnPUPABulkImportJob -Folder 'Shared Documents' -Path '/retry/hr.json'")
    assert queue.remarks[0] == f"Before you queue this file: {FLOOR}."
    assert queue_of(*little.run(job_id, RetryLink(None, "There is no source file."))) is None
    assert queue_of(view, replace(run, superseded=True)) is None
