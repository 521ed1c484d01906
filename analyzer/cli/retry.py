"""``upa-analyzer retry JOB``, and the same from bare files."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import Context
from analyzer.cli.options import LibraryOption
from analyzer.errors import InputError, UsageError
from analyzer.find_job import find_job

if TYPE_CHECKING:
    from analyzer.cli.terminal import Terminal
    from analyzer.retry.make import Ingredients, Made

NAME = "retry"
_NOT_THE_WHOLE_TRUTH = 1


class Given(StrEnum):
    """``--outcome``: what the user knows of the job."""

    partial = "partial"
    aborted = "aborted"
    unknown = "unknown"


def command(  # noqa: PLR0913 - the contract's options
    context: typer.Context,
    job: Annotated[str, typer.Argument(help="The job's id, or its first eight characters.", metavar="[JOB]")] = "",
    *,
    source: Annotated[
        Path | None, typer.Option(metavar="FILE", readable=False, help="Without JOB: the source file.")
    ] = None,
    log: Annotated[
        list[Path] | None, typer.Option(metavar="PATH", readable=False, help="Without JOB: its log file or folder.")
    ] = None,
    outcome: Annotated[Given | None, typer.Option(help="How the job ended; wins over what the log suggests.")] = None,
    id_property: Annotated[str, typer.Option(metavar="NAME", help="The source's property that holds the ids.")] = "",
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to write it.")] = None,
    library: LibraryOption = None,
) -> int:
    """A file with only the users to import again, which can be queued as it is."""
    given = context.ensure_object(Context)
    if job and (source or log):
        raise UsageError("a job and bare files at once", "Give JOB, or --source and --log.")
    if job:
        ingredients, target = _of_job(given, job, library, id_property)
    elif source and log:
        ingredients, target = _of_files(given.terminal, source, log, outcome, id_property)
    else:
        raise UsageError("nothing to make a retry file from", "Give JOB, or both --source FILE and --log PATH.")
    if outcome:
        ingredients = _with_outcome(ingredients, outcome)
    # A folder that stands there, or is meant to: the file keeps its own name.
    inside = output is not None and (output.is_dir() or not output.name)
    return _make(given.terminal, ingredients, output / target.name if output and inside else output or target)


def _of_job(given: Context, wanted: str, library: Path | None, id_property: str) -> tuple[Ingredients, Path]:
    from analyzer.load import load
    from analyzer.retries import ingredients_of, retry_target

    opened = given.library(library)
    job = find_job(opened.jobs(), wanted)
    tables = load(opened)
    folder = given.settings().data / "retry"
    return ingredients_of(opened, tables, job, id_property or None), retry_target(opened, job, folder)


def _of_files(
    terminal: Terminal, source: Path, logs: list[Path], outcome: Given | None, id_property: str
) -> tuple[Ingredients, Path]:
    import polars as pl

    from analyzer.analysis.naming import naming
    from analyzer.find_logs import find_logs
    from analyzer.locate import name_person, unreadable
    from analyzer.logs.read import Reading
    from analyzer.retry.make import Ingredients, file_name
    from analyzer.retry.select import outcome_suggested_by
    from analyzer.source.json_text import NotJsonError
    from analyzer.source.measure import measure

    if not source.is_file():
        raise InputError(f"{source} is no file", "Name the source file of the job.")
    files, problems = find_logs(logs)
    reading = Reading(files)
    entries = reading.table()
    problems += [log.problem for log in reading.logs if log.problem]
    if problems:
        raise problems[0]
    for log in reading.logs:
        if log.texts and not log.entries:
            raise InputError(f"{log.name} has no entry of a known shape", "Is it the log of an import job?")
    jobs = sorted(entries["job_id"].drop_nulls().unique())
    if len(jobs) > 1:
        raise UsageError(
            f"the logs are of {len(jobs)} jobs: {', '.join(jobs[:3])}",
            "Name the log file or the folder of one with --log.",
        )
    try:
        guid_ids = measure(source).guid_ids
    except NotJsonError as error:
        name_person(error, source, unreadable(entries), id_property or None)
        raise
    source_ids = entries.select("job_id").unique().with_columns(guid_ids=pl.lit(guid_ids))
    named = naming(entries, source_ids)
    suggested = outcome_suggested_by(named)
    if outcome is None:
        terminal.say(f"The job is taken as {suggested}, by the codes in its log; --outcome says otherwise.")
    target = source.with_name(file_name(source.name, None))
    paths = list(dict.fromkeys(file.path for file in files if file.path and file.path.is_file()))
    ingredients = Ingredients(source, "", paths, None, named, suggested, id_property or None)
    return dataclasses.replace(ingredients, unfinished_logs=sum(log.unfinished for log in reading.logs)), target


def _with_outcome(ingredients: Ingredients, outcome: Given) -> Ingredients:
    from analyzer.analysis.outcomes import Outcome

    return dataclasses.replace(ingredients, outcome=Outcome(outcome.value))


def _make(terminal: Terminal, ingredients: Ingredients, target: Path) -> int:
    from analyzer.retry.make import make_retry

    made = make_retry(ingredients, target)
    if made.id_property is not None and made.id_property.certain and not ingredients.id_property:
        terminal.say(f"The id property is taken to be {made.id_property.name}: {made.id_property.because}.")
    terminal.say(made.sentence)
    if terminal.json:
        terminal.result(_json(made))
    elif made.retry is not None:
        terminal.show(str(made.retry.path))
    return 0 if made.retry is None or made.retry.complete else _NOT_THE_WHOLE_TRUTH


def _json(made: Made) -> dict[str, object]:
    retry = made.retry
    return {
        "outcome": made.selection.outcome.value,
        "sentence": made.sentence,
        "file": str(retry.path) if retry else None,
        "manifest": str(retry.manifest) if retry else None,
        "unmatched_file": str(retry.unmatched_file) if retry else None,
        "records": retry.records if retry else 0,
        "users": retry.users if retry else 0,
        "unmatched": len(retry.unmatched) if retry else 0,
        "entries_naming_nobody": made.selection.naming_nobody,
        "complete": retry.complete if retry else True,
    }
