"""``upa-analyzer retry JOB``, and the same from bare files."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import typer

from analyzer.cli.context import Context, hold
from analyzer.cli.options import LibraryOption
from analyzer.cli.retry_options import (
    DropPropertyOption,
    ExceptOption,
    ForceOption,
    Given,
    IdPropertyOption,
    JobArgument,
    LogOption,
    MaxBytesOption,
    MaxPropertiesOption,
    NoHashOption,
    OnlyOption,
    OutcomeOption,
    OutputOption,
    RepairOption,
    RetryableOption,
    SalvageOption,
    SourceOption,
    UsersOption,
    VerifyOption,
    WithoutCulpritsOption,
)
from analyzer.errors import UsageError
from analyzer.facts import MAX_PROPERTY_VALUES
from analyzer.find_job import find_job
from analyzer.retry.interface import MOST_BYTES, Manner

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.cli.terminal import Terminal
    from analyzer.retry.make import Ingredients, Made

_NOT_THE_WHOLE_TRUTH = _NOT_AS_MADE = 1


def command(  # noqa: PLR0913 - the contract's options
    context: typer.Context,
    job: JobArgument = "",
    *,
    source: SourceOption = None,
    log: LogOption = None,
    outcome: OutcomeOption = None,
    id_property: IdPropertyOption = "",
    force: ForceOption = False,
    only: OnlyOption = None,
    except_: ExceptOption = None,
    users: UsersOption = None,
    retryable: RetryableOption = False,
    without_culprits: WithoutCulpritsOption = False,
    drop_property: DropPropertyOption = None,
    salvage: SalvageOption = False,
    repair: RepairOption = False,
    max_bytes: MaxBytesOption = MOST_BYTES,
    max_properties: MaxPropertiesOption = MAX_PROPERTY_VALUES,
    no_hash: NoHashOption = False,
    output: OutputOption = None,
    verify: VerifyOption = None,
    library: LibraryOption = None,
) -> int:
    """A file with only the users to import again. It can be queued as it is."""
    from analyzer.analysis.outcome import Outcome
    from analyzer.retry.choices import Choices, read_users

    given = context.ensure_object(Context)
    if verify:
        if job or source or log:
            raise UsageError("--verify checks a file and makes none", "Give it alone.")
        return _verify(given.terminal, verify)
    if job and (source or log):
        raise UsageError("a job and bare files at once", "Give JOB, or --source and --log.")
    if job:
        if output is None:
            hold(context, given.settings().data)
        ingredients, target = _of_job(given, job, library, id_property)
    elif source and log:
        from analyzer.source.segments import processes_ahead

        context.with_resource(processes_ahead(source))
        ingredients, target = _of_files(given.terminal, source, log, outcome, id_property)
    else:
        raise UsageError("nothing to make a retry file from", "Give JOB, or both --source FILE and --log PATH.")
    dropped = tuple(dict.fromkeys(drop_property or ()))
    ingredients = dataclasses.replace(
        ingredients,
        outcome=Outcome(outcome.value) if outcome else ingredients.outcome,
        choices=Choices(
            only=tuple(only or ()),
            except_=tuple(except_ or ()),
            users=read_users(users) if users else None,
            users_file=users.name if users else "",
            retryable=retryable,
            without_culprits=without_culprits,
            drop_properties=dropped,
        ),
        manner=Manner(dropped, salvage, repair, max_bytes, max_properties, hashes=not no_hash, force=force),
        retry_helps=given.settings().catalogue.retry_helps,
    )
    # A folder that stands there, or is meant to: the file keeps its own name.
    inside = output is not None and (output.is_dir() or not output.name)
    return _make(given.terminal, ingredients, output / target.name if output and inside else output or target)


def _of_job(given: Context, wanted: str, library: Path | None, id_property: str) -> tuple[Ingredients, Path]:
    from analyzer.load import load
    from analyzer.retries import ingredients_of, retry_target

    opened = given.library(library)
    job = find_job(opened.jobs(), wanted)
    tables = load(opened, rules=given.feed_rules(given.settings()))
    for log in tables.logs_of(job.job_id):
        if log.problem:  # the file that is made tells that it is not the whole truth
            given.terminal.complain(log.problem)
    folder = given.settings().data / "retry"
    return ingredients_of(opened, tables, job, id_property or None), retry_target(opened, job, folder)


def _of_files(
    terminal: Terminal, source: Path, logs: list[Path], outcome: Given | None, id_property: str
) -> tuple[Ingredients, Path]:
    from analyzer.bare_files import ingredients_of_files
    from analyzer.retry.make import file_name

    ingredients = ingredients_of_files(source, logs)
    if outcome is None:
        terminal.say(f"The job is taken as {ingredients.outcome}, by the codes in its log; --outcome says otherwise.")
    target = source.with_name(file_name(source.name, None))
    return dataclasses.replace(ingredients, id_property=id_property or None), target


def _make(terminal: Terminal, ingredients: Ingredients, target: Path) -> int:
    from analyzer.retry.make import make_retry
    from analyzer.retry.words import lying_there

    made = make_retry(ingredients, target)
    if made.id_property is not None and made.id_property.certain and not ingredients.id_property:
        terminal.say(f"The id property is taken to be {made.id_property.name}: {made.id_property.because}.")
    terminal.say(made.sentence)
    for told in lying_there(made.earlier):
        terminal.say(told)
    if terminal.json:
        terminal.result(_json(made))
    elif made.retry is not None:
        for path in made.retry.paths:
            terminal.show(str(path))
    return 0 if made.complete else _NOT_THE_WHOLE_TRUTH


def _verify(terminal: Terminal, path: Path) -> int:
    from analyzer.retry.verify import verify

    verified = verify(path)
    terminal.say(verified.manifest.sentence)
    for name in verified.missing:
        terminal.say(f"{name} does not lie beside it, and was not checked.")
    for difference in verified.differences:
        terminal.say(f"Not as it was made: {difference}.")
    if terminal.json:
        terminal.result(
            {
                "as_made": not verified.differences,
                "differences": list(verified.differences),
                "not_checked": list(verified.missing),
                "complete": verified.manifest.complete,
            }
        )
    elif not verified.differences:
        terminal.show(f"{path} is as it was made")
    return _NOT_AS_MADE if verified.differences else 0


def _json(made: Made) -> dict[str, object]:
    retry = made.retry
    return {
        "outcome": made.selection.outcome.value,
        "sentence": made.sentence,
        "file": str(retry.path) if retry else None,
        "files": [str(path) for path in retry.paths] if retry else [],
        "manifest": str(retry.manifest) if retry else None,
        "unmatched_file": str(retry.unmatched_file) if retry else None,
        "records": retry.records if retry else 0,
        "users": retry.users if retry else 0,
        "unmatched": len(retry.unmatched) if retry else 0,
        "entries_naming_nobody": retry.naming_nobody if retry else made.selection.naming_nobody,
        "respelled": retry.respelled if retry else 0,
        "repairs": len(retry.repairs) if retry else 0,
        "repairs_file": str(retry.repairs_file) if retry and retry.repairs_file else None,
        "chosen": list(made.selection.chosen),
        "removed": [str(path) for path in made.earlier.ours],
        "stale": [str(path) for path in made.earlier.others],
        "complete": made.complete,
    }
