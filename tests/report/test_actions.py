"""What a job's page offers to do: the retry file, its condition, and commands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.model.identity import InferredIdType
from analyzer.model.next_step import Commands
from analyzer.model.service import JobError, State
from analyzer.report.details import files_of
from analyzer.report.job_page import job_page
from analyzer.report.model import Note
from analyzer.report.view import RetryLink
from analyzer.retry.queue_command import RetryToQueue

if TYPE_CHECKING:
    from analyzer.report.job_model import JobPage, NextStep
    from tests.report.conftest import Lines, LittleLibrary

PARTIAL = JobError.ImportCompleteWithError
QUEUE = RetryToQueue(
    paths=["/retry/hr.json"],
    site="https://contoso.sharepoint.com/sites/hr",
    folder="Shared Documents",
    id_property="IdName",
    id_type=InferredIdType("Email", "all 2 IDs are addresses"),
    properties=["City"],
)
FILE = RetryLink(Path("/retry/hr.json"), "2 users.", 2, queue=QUEUE, manifest=Path("/retry/hr.manifest.json"))
FLOOR = "map Floor or remove it from the feed"
CONDITIONAL = replace(
    FILE, sentence=f"All 9 users. Before you queue this file, {FLOOR}.", queue=replace(QUEUE, condition=FLOOR)
)


def next_of(page: JobPage) -> NextStep:
    assert page.next is not None
    return page.next


def test_a_complete_file_is_the_primary_action_after_the_steps_of_the_cause(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    job_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved("user0@contoso.com", "user1@contoso.com"), users=9)
    step = next_of(job_page(*little.run(job_id, FILE)))
    assert step.text == "Take the steps below, then queue the retry file."
    assert step.note == "2 users."
    assert step.button is not None
    assert step.button.primary
    assert step.command is not None
    assert step.command.lines == (f"upa-analyzer queue {job_id[:8]} --retry",)
    assert step.powershell is not None
    assert step.powershell.lines[1].startswith("New-PnPUPABulkImportJob ")
    assert step.steps == ()


def test_a_condition_is_on_the_button_and_said_once(little: LittleLibrary, lines: type[Lines]) -> None:
    log = lines.unmapped(["user0@contoso.com"], "Floor")
    page = job_page(*little.run(little.job("hr-2026-11-23", JobError.InvalidDataFile, log, users=9), CONDITIONAL))
    step = next_of(page)
    assert step.button is not None
    assert (step.button.primary, FLOOR in step.button.label) == (False, True)
    assert step.note == "All 9 users."
    assert step.command is not None
    assert "--force" in step.command.label
    assert step.powershell is not None
    assert not any(FLOOR in remark for remark in step.powershell.remarks)


def test_a_file_whose_records_would_fail_again_is_not_the_primary_action(little: LittleLibrary) -> None:
    log = "GenericError\tuser0@contoso.com\tString or binary data would be truncated.\r\n"
    step = next_of(job_page(*little.run(little.job("hr-2026-11-23", PARTIAL, log, users=9), FILE)))
    assert step.button is not None
    assert not step.button.primary


def test_nothing_is_queued_while_a_retry_runs(little: LittleLibrary, lines: type[Lines]) -> None:
    run_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved("user0@contoso.com"), users=9)
    little.job(f"hr-{run_id}-retry", state=State.Processing, users=1)
    step = next_of(job_page(*little.run(run_id, FILE)))
    assert (step.text, step.command, step.powershell) == ("Wait until the retry has ended.", None, None)


def test_without_a_file_the_step_that_creates_it_is_next(little: LittleLibrary, lines: type[Lines]) -> None:
    job_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved("user0@contoso.com"), users=9)
    step = next_of(job_page(*little.run(job_id)))
    assert [one.command for one in step.steps] == [f"upa-analyzer retry {job_id[:8]}"]
    assert step.button is None


def test_a_received_library_has_no_commands_that_need_its_tenant(little: LittleLibrary, lines: type[Lines]) -> None:
    job_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved("user0@contoso.com"), users=9)
    view, run = little.run(job_id, FILE)
    page = job_page(replace(view, commands=Commands(library="sample_logs", windows=False)), run)
    assert next_of(page).command is None
    assert all("--library sample_logs" in command.lines[0] for command in page.commands)


def words(page: JobPage) -> list[str]:
    return [command.lines[0].split()[1] for command in page.commands]


def test_the_commands_fit_the_outcome(little: LittleLibrary, lines: type[Lines]) -> None:
    early = little.job("hr-2026-11-09", PARTIAL, lines.unresolved("user0@contoso.com"), users=9)
    failed = little.job("hr-2026-11-16", PARTIAL, lines.unresolved("user1@contoso.com"), users=9)
    assert words(job_page(*little.run(failed))) == ["show", "export", "ack"]
    assert words(job_page(*little.run(early))) == ["show", "export"]  # superseded
    assert words(job_page(*little.run(little.job("hr-2026-11-23")))) == ["show", "verify"]


def test_a_step_for_support_comes_with_its_text(little: LittleLibrary) -> None:
    job_id = little.job("hr-2026-11-23", JobError.InternalError, message="Oh no.")
    page = job_page(*little.run(job_id))
    assert f"Job ID:          {job_id}" in page.support
    (step,) = [one for one in page.causes[0].steps if "support request" in one.text]
    assert step.command == ""
    assert job_page(*little.run(little.job("phones-2026-11-23"))).support == ""


def test_files_beside_the_page_are_listed(little: LittleLibrary, lines: type[Lines]) -> None:
    job_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved("user0@contoso.com"), users=9)
    view, run = little.run(job_id, FILE)
    view = replace(view, out=Path("/report"))
    assert files_of(view, run) == (
        Note("All log entries (CSV)", f"{job_id}.csv"),
        Note("Retry file", "../../retry/hr.json"),
        Note("Manifest of the retry file", "../../retry/hr.manifest.json"),
    )
    assert files_of(view, replace(run, superseded=True)) == (Note("All log entries (CSV)", f"{job_id}.csv"),)
