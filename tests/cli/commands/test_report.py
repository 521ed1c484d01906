"""``report`` in all its forms, and the browser."""

from __future__ import annotations

import json
import webbrowser
import zipfile
from typing import TYPE_CHECKING

import pytest

from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

JOB = "cc75e06b"
SAMPLES = str(sample_library())


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that the browser was given."""
    addresses: list[str] = []

    def open_address(address: str) -> bool:
        addresses.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", open_address)
    return addresses


def test_a_report_is_opened_in_the_browser(upa: Callable[..., Ran], opened: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = upa("report", SAMPLES, "--job", JOB, "--open", "-o", str(out))
    assert ran.code == 0
    assert opened == [(out / "index.html").as_uri()]


def test_without_a_browser_the_path_is_shown(
    upa: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _address: False)
    ran = upa("report", SAMPLES, "--single-file", "--open", "-o", "one.html")
    assert ran.code == 0
    assert str(tmp_path / "one.html") in " ".join(ran.err.split())


def test_show_opens_the_page_of_the_job(upa: Callable[..., Ran], opened: list[str]) -> None:
    ran = upa("show", JOB, "--web", "--library", SAMPLES)
    assert ran.code == 0
    (address,) = opened
    assert address.endswith(f"{ran.out.strip()}")
    assert f"/jobs/{JOB}" in address


def test_each_kind_of_report_is_one_file(upa: Callable[..., Ran], tmp_path: Path) -> None:
    assert upa("report", SAMPLES, "--bundle", JOB, "-o", "b.zip").out.strip() == "b.zip"
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert b"fabrikam.com" not in b"".join(archive.read(name) for name in archive.namelist())
    ran = upa("--json", "report", SAMPLES, "--single-file", "--job", JOB, "--redact", "-o", "one.html")
    assert json.loads(ran.out) == {"file": "one.html", "people": None}
    assert "fabrikam.com" not in (tmp_path / "one.html").read_text("utf-8")
    assert upa("report", SAMPLES, "--format", "markdown").out.startswith("## ")
    assert json.loads(upa("report", SAMPLES, "--format", "json").out)["feeds"]


def test_what_is_shown_or_exported_can_be_redacted(upa: Callable[..., Ran], tmp_path: Path) -> None:
    shown = upa("--json", "show", JOB, "--redact", "--library", SAMPLES).out
    assert "fabrikam.com" not in shown
    (user, *_others) = json.loads(shown)["users"]
    upa("export", JOB, "--redact", "--library", SAMPLES, "-o", "list.csv")
    exported = (tmp_path / "list.csv").read_text("utf-8")
    assert "fabrikam.com" not in exported
    assert user["identity"] in exported


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--bundle", JOB, "--single-file"], "--single-file can't be combined with --bundle"),
        (["--format", "json", "--single-file"], "--single-file can't be combined with --format json"),
        (["--without-retry"], "--without-retry is an option of --single-file"),
        (["--single-file", "--job", JOB, "--job", "869b00a6"], "--single-file takes one job"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(upa: Callable[..., Ran], words: list[str], what: str) -> None:
    ran = upa("report", SAMPLES, *words)
    assert ran.code == 2
    assert what in ran.err


def test_a_logo_that_is_no_image_is_an_error_and_the_last_report_stays(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "upa-analyzer.toml").write_text(
        '[report]\ntitle = "Fabrikam <HR>"\ncontact = "Ask hr@example.com"\nlogo = "logo.svg"\n', encoding="utf-8"
    )
    (tmp_path / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    words = ("report", SAMPLES, "--job", JOB, "-o", "out")
    assert upa(*words).code == 0
    index = tmp_path / "out" / "index.html"
    html = index.read_text("utf-8")
    for part in ("Fabrikam &lt;HR&gt;", "Ask hr@example.com", '<img src="data:image/svg+xml;base64,'):
        assert part in html
    (tmp_path / "logo.svg").write_text("no image", encoding="utf-8")
    ran = upa(*words)
    assert ran.code != 0
    assert "isn't a PNG or SVG file" in ran.err
    assert index.read_text("utf-8") == html


def test_without_a_library_the_first_command_is_named(upa: Callable[..., Ran]) -> None:
    ran = upa("report")
    assert ran.code == 2
    assert "Run `upa-analyzer pull` first" in ran.err


def test_a_library_without_jobs_makes_every_kind_of_report(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "jobs.json").write_text('{"value": []}', encoding="utf-8")
    for words in ([], ["--single-file"], ["--format", "markdown"], ["--format", "json"], ["--redact"]):
        assert upa("report", "empty", *words).code == 0, words
