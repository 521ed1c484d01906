"""``user``: what is known of one user of the samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

SAMPLES = sample_library()
ON_SAMPLES = ("--library", SAMPLES)


@pytest.mark.parametrize(
    "spelling", ["jane+payroll@contoso.com", " JANE+Payroll@contoso.com", "i:0#.f|membership|jane+payroll@contoso.com"]
)
def test_any_spelling_of_an_id_finds_the_user(upa: Callable[..., Ran], spelling: str) -> None:
    shown = upa("user", spelling, *ON_SAMPLES)
    assert shown.code == 0
    lines = shown.out.splitlines()
    assert lines[0].startswith("jane+payroll@contoso.com failed in 8 jobs, the newest cc75e06b (23 Nov 02:14); open in")
    assert lines[0].endswith("; open in hr-feed since 5 Oct (7 runs).")
    assert lines[10].endswith("Recurring since 5 Oct (7 runs)")
    assert "Newest message: User identity cannot be resolved" in shown.out
    assert "NativeName  Jane Harewick" in shown.out


def test_the_runs_come_oldest_first_with_their_entries(upa: Callable[..., Ran]) -> None:
    found = upa("user", "bassem.labib@fabrikam.com", *ON_SAMPLES, "--json").json
    assert found["open"] is False
    ids = [run["job_id"][:8] for run in found["runs"]]
    assert ids == ["61888ae9", "59e7f534", "56a9bd95", "d797cc3f", "32266973", "514a39a1", "598302ce"]
    assert [run["new"] for run in found["runs"]] == [None, *[False] * 6]
    assert [run["runs"] for run in found["runs"]] == [1, 2, 3, 3, 4, 5, 6]  # one log is incomplete
    assert {run["since"][:8] for run in found["runs"]} == {"61888ae9"}
    for run in found["runs"]:
        assert run["entries"][0]["code"] == "IdentityNotResolvable"
        assert run["codes"] == ["IdentityNotResolvable"]
    (record,) = found["records"]
    assert (record["feed"], record["job_id"][:8]) == ("hr-feed", "cc75e06b")
    assert record["values"]["IdName"] == "bassem.labib@fabrikam.com"


def test_a_retry_file_that_has_the_user_is_named(upa: Callable[..., Ran]) -> None:
    report = upa("report", SAMPLES, "--json").json
    (made,) = [retry["file"] for retry in report["retries"] if retry["job_id"].startswith("cc75e06b")]
    found = upa("user", "o'brien@contoso.com", *ON_SAMPLES, "--json").json
    assert [(file["file"], file["superseded"]) for file in found["retry_files"]] == [(made, False)]
    assert f"  {made} (of cc75e06b)\n" in upa("user", "o'brien@contoso.com", *ON_SAMPLES).out
    assert upa("user", "bassem.labib@fabrikam.com", *ON_SAMPLES, "--json").json["retry_files"] == []


def test_a_user_who_never_failed_may_be_in_a_source_file(upa: Callable[..., Ran]) -> None:
    shown = upa("user", "agnieszka.cwiek@contoso.com", *ON_SAMPLES)
    assert shown.out.splitlines()[0] == (
        "No job failed agnieszka.cwiek@contoso.com. The newest source file of hr-feed has this user."
    )
    assert shown.out.count("The newest source file of") == 2


@pytest.mark.parametrize(
    ("asked", "similar"),
    [
        ("bassem.labb@fabrikam.com", "bassem.labib@fabrikam.com"),
        ("bassem.labiib@fabrikam.com", "bassem.labib@fabrikam.com"),
        ("basesm.labib@fabrikam.com", "bassem.labib@fabrikam.com"),
        ("Bassem.Labib@fabrikan.com", "bassem.labib@fabrikam.com"),
        ("bassem.lobab@fabrikam.com", None),
        ("x", None),
    ],
)
def test_an_unknown_user_is_a_plain_answer_and_one_other_letter_is_suggested(
    upa: Callable[..., Ran], asked: str, similar: str | None
) -> None:
    shown = upa("user", asked, *ON_SAMPLES)
    assert shown.code == 0
    assert f"No job failed {asked}, and no feed's newest source file has this user." in shown.out
    assert ("Did you mean" in shown.out) is (similar is not None)
    found = upa("user", asked, *ON_SAMPLES, "--json").json
    assert (found["runs"], found["retry_files"], found["similar"]) == ([], [], similar)


def test_an_empty_id_is_refused(upa: Callable[..., Ran]) -> None:
    refused = upa("user", " ", *ON_SAMPLES)
    assert refused.code == 2
    assert "the ID is empty" in refused.err


def test_a_terminal_shows_the_newest_thirty_runs(upa: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.cli.terminal.output.Terminal.interactive", True)
    monkeypatch.setattr("analyzer.cli.views.user.SHOWN_RUNS", 3)
    shown = upa("user", "o'brien@contoso.com", *ON_SAMPLES).out
    assert "Showing the newest 3 of 8; --json has every run." in shown
    assert "32266973" not in shown
