"""The report into its folder: made beside the old one whole, then moved into place, the first page last."""

from __future__ import annotations

import importlib.metadata
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.catalogue import OURS
from analyzer.errors import OutputError
from analyzer.model.next_step import Commands
from analyzer.model.tables import ENTRIES, JOBS, OBSERVATIONS
from analyzer.report.links import RetryLink
from analyzer.report.pages import Place, index_page, job_page
from analyzer.report.render import Renderer
from analyzer.report.staging import staging
from analyzer.report.view import View, page_name
from analyzer.storage.csv_cells import csv_bytes
from analyzer.storage.files import cannot_write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path
    from zoneinfo import ZoneInfo

    import polars as pl

    from analyzer.catalogue import Catalogue
    from analyzer.history.job_facts import SourceLook
    from analyzer.history.load import Tables
    from analyzer.history.locations import Whereabouts

__all__ = ["ReportRequest", "RetryLink", "write_report"]

INDEX = "index.html"


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What to report, and where to.

    Attributes:
        tables: of the library.
        out: the report's folder.
        retries: retry files by job id.
        now: when the report is made (UTC).
        zone: of the times shown; None for UTC.
        templates: a folder whose templates come before ours.
        catalogue: what is known of codes.
        whereabouts: of the entries that name nobody, by job id.
        commands: completes the commands that the pages advise.
        looks: into source files, by job id.
    """

    tables: Tables
    out: Path
    retries: Mapping[str, RetryLink]
    now: datetime
    zone: ZoneInfo | None
    templates: Path | None = None
    catalogue: Catalogue = OURS
    whereabouts: Mapping[str, Whereabouts] = field(default_factory=dict)
    commands: Commands = field(default_factory=Commands)
    looks: Mapping[str, SourceLook] = field(default_factory=dict)


def write_report(request: ReportRequest, *, progress: Callable[[int, int], None] | None = None) -> Path:
    """Writes ``index.html``, ``jobs/JOBID.html`` and ``data/*.csv`` into the folder.

    Until every file of the report is written, nothing that the folder holds is touched; files that are not the
    report's never are.

    Args:
        request: what and where to.
        progress: told how many pages of how many are made.

    Returns:
        The path of ``index.html``.

    Raises:
        InputError: a template has an error.
        OutputError: the folder cannot be written.
    """
    out = request.out
    try:
        out.mkdir(parents=True, exist_ok=True)
        with staging(out) as staged:
            names = [_stage(staged / "new", out, name, content) for name, content in _files(request, progress)]
            _into_place(staged, out, names)
    except OSError as error:
        raise cannot_write(out, error) from error
    return out / INDEX


def _files(request: ReportRequest, progress: Callable[[int, int], None] | None) -> Iterator[tuple[str, bytes]]:
    """Names within the folder and contents, one after the other; the first page last."""
    tables, renderer = request.tables, Renderer(request.templates)
    view = View.of(
        tables,
        request.now,
        request.zone,
        _version(),
        catalogue=request.catalogue,
        whereabouts=request.whereabouts,
        commands=request.commands,
        looks=request.looks,
    )
    place = Place(request.out, request.retries)
    total = len(view.runs) + 1
    for name, frame in (
        ("jobs", tables.jobs.select(*JOBS)),
        ("entries", _with_jobs(tables)),
        ("observations", tables.observations.select(*OBSERVATIONS)),
    ):
        yield f"data/{name}.csv", csv_bytes(frame, byte_order_mark=True)
    for done, run in enumerate(view.runs, 1):
        yield f"jobs/{page_name(run.job_id)}", _encoded(renderer.job(job_page(view, run, place)))
        if progress:
            progress(done, total)
    yield INDEX, _encoded(renderer.index(index_page(view, place)))
    if progress:
        progress(total, total)


def _with_jobs(tables: Tables) -> pl.DataFrame:
    """The table ``entries``, and of each entry's job ``feed`` and ``ran``."""
    jobs = tables.jobs.select("job_id", "feed", "ran")
    return tables.entries.select(*ENTRIES).join(jobs, on="job_id", how="left", maintain_order="left")


def _encoded(html: str) -> bytes:
    # Half of a pair of UTF-16 units is no character, but JSON and file names can carry one.
    return html.encode("utf-8", "xmlcharrefreplace")


def _stage(folder: Path, out: Path, name: str, content: bytes) -> str:
    path = folder / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise cannot_write(out / name, error) from error
    return name


def _into_place(staged: Path, out: Path, names: list[str]) -> None:
    """Moves the files into place; whatever stops it, the interruption included, the old ones come back."""
    for name in names:
        if (out / name).is_dir():
            advice = "Remove it, or write the report elsewhere; nothing has been changed."
            raise OutputError(f"{out / name} cannot be written: a folder of that name is in the way", advice)
    with ExitStack() as undo:
        for number, name in enumerate(names):
            target, kept = out / name, staged / "old" / str(number)
            target.parent.mkdir(parents=True, exist_ok=True)
            kept.parent.mkdir(exist_ok=True)
            if target.exists():
                shutil.copy2(target, kept)
                undo.callback(kept.replace, target)
            else:
                undo.callback(target.unlink, missing_ok=True)
            (staged / "new" / name).replace(target)
        undo.pop_all()


def _version() -> str:
    try:
        return importlib.metadata.version("upa-analyzer")
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"
