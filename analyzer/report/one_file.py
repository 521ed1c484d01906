"""Write the reports that are one file: a page for mail, an archive for support, a summary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.model.job import name_in_files
from analyzer.model.language import ENGLISH, speaking
from analyzer.model.text import size
from analyzer.report.bundle import bundle, bundle_name
from analyzer.report.single_file import BUDGET, single_index, single_job
from analyzer.report.summary import as_json, as_markdown, summary_of
from analyzer.report.view import View
from analyzer.report.write import program_version
from analyzer.storage.files import write_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analyzer.report.view import ReportRequest


@dataclass(frozen=True, slots=True)
class OneFile:
    """A file as it was written.

    Attributes:
        path: the file.
        people: the list of all people beside it; None if the file has them all, or none.
        remarks: what isn't in it, in sentences.
    """

    path: Path
    people: Path | None = None
    remarks: tuple[str, ...] = ()

    @property
    def as_json(self) -> dict[str, object]:
        """The result of ``report --json``."""
        return {"file": str(self.path), "people": str(self.people) if self.people else None}


def write_single_file(
    request: ReportRequest, job_id: str, target: Path, *, with_retry: bool = True, budget: int = BUDGET
) -> OneFile:
    """Write the page of a job, or the first page, as one file; and the list of people if they aren't all in it.

    Args:
        request: what the report is made from.
        job_id: the job; empty for the first page.
        target: the file, or a folder for a file with the usual name.
        with_retry: whether the retry file is in it.
        budget: the most bytes of the page.

    Raises:
        InputError: a template has an error, or the retry file can't be read.
        OutputError: a file can't be written.
    """
    view = View.of(request, program_version())
    path = _file(target, f"{name_in_files(job_id) if job_id else 'report'}.html")
    if not job_id:
        made = single_index(view, with_retry=with_retry, budget=budget)
    else:
        list_path = path.with_name(f"{path.stem}-people.csv")
        made = single_job(view, view.by_id[job_id], with_retry=with_retry, list_name=list_path.name, budget=budget)
    remarks = []
    people = None
    if made.people:
        people = list_path
        write_bytes(people, made.people)
        remarks.append(f"{made.shown:,} of {made.total:,} people are on the page; {people} has all.")
    if made.retry_left_out:
        remarks.append(f"The retry file is left out: {made.retry_left_out}.")
    if len(made.html) > budget:
        remarks.append(f"The page has {size(len(made.html))}, which some mail servers don't take.")
    write_bytes(path, made.html)
    return OneFile(path, people, tuple(remarks))


def write_bundle(request: ReportRequest, job_id: str, key: bytes, evidence: Sequence[Path], target: Path) -> OneFile:
    """Write the archive for Microsoft's support; ``target`` is as of ``write_single_file``, the others of ``bundle``.

    Raises:
        InputError: a template has an error, or a file can't be read.
        OutputError: the archive can't be written.
    """
    version = program_version()
    path = _file(target, bundle_name(job_id))
    with speaking(ENGLISH):  # of support
        content = bundle(request, version, job_id, key, evidence)
    write_bytes(path, content)
    return OneFile(path)


def summary_bytes(request: ReportRequest, *, in_json: bool) -> bytes:
    """Return the summary of a report as JSON or Markdown."""
    view = View.of(request, program_version())
    summary = summary_of(view)
    return as_json(summary) if in_json else as_markdown(summary, view)


def _file(target: Path, name: str) -> Path:
    return target if target.suffix and not target.is_dir() else target / name
