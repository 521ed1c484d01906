"""``upa-analyzer retry JOB``, and the same from bare files."""

from __future__ import annotations

import dataclasses
import functools
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import AppContext, LibraryOption, hold
from analyzer.errors import UsageError
from analyzer.history.feed_status import newest_to_retry
from analyzer.model.job import find_job
from analyzer.model.service import MAX_PROPERTY_VALUES
from analyzer.model.text import SHORT_ID, short_ids
from analyzer.retry.model import MOST_BYTES, RetryOptions

if TYPE_CHECKING:
    from analyzer.cli.terminal.output import Terminal
    from analyzer.history.load import Tables
    from analyzer.library.mirror import Library
    from analyzer.model.job import Job
    from analyzer.retry.inputs import RetryInputs

_INCOMPLETE = _NOT_AS_MADE = 1


class JobOutcome(StrEnum):
    """``--outcome``."""

    partial = "partial"
    aborted = "aborted"
    unknown = "unknown"


_which = functools.partial(typer.Option, rich_help_panel="Which job")
_whose = functools.partial(typer.Option, rich_help_panel="Which users")
_contents = functools.partial(typer.Option, rich_help_panel="Contents of the file")
_files = functools.partial(typer.Option, rich_help_panel="Files")


JobArgument = Annotated[
    str,
    typer.Argument(
        help="ID of the job; its first eight characters are enough. Default: the newest job that needs a retry.",
        metavar="[JOB]",
    ),
]
FeedOption = Annotated[
    str, _which("--feed", metavar="NAME", help="Use the newest job of this feed that needs a retry.")
]
SourceOption = Annotated[
    Path | None, _which(metavar="FILE", readable=False, help="Use this source file instead of JOB. Requires --log.")
]
LogOption = Annotated[
    list[Path] | None, _which(metavar="PATH", readable=False, help="Log file or folder of that import. Repeatable.")
]
OutcomeOption = Annotated[
    JobOutcome | None,
    _which(metavar="OUTCOME", help="How the job ended, if the log suggests otherwise: partial, aborted, or unknown."),
]
IdPropertyOption = Annotated[str, _which(metavar="NAME", help="Property of the source file that holds the IDs.")]
ForceOption = Annotated[
    bool, _which("--force", help="Use the source file even if it may be another job's or another version.")
]
SupersededOption = Annotated[
    bool,
    _which(
        "--superseded", help="Create the file even if a later run of the feed has ended. Its records hold older values."
    ),
]
OnlyOption = Annotated[
    list[str] | None, _whose(metavar="CODE", help="Include only users with an entry of this code. Repeatable.")
]
ExceptOption = Annotated[
    list[str] | None,
    _whose("--except", metavar="CODE", help="Exclude users with an entry of this code. Repeatable."),
]
UsersOption = Annotated[
    Path | None,
    _whose(metavar="FILE", readable=False, help="Include only these users: a file with one ID per line, or a CSV."),
]
RetryableOption = Annotated[bool, _whose("--retryable", help="Include only users whose import can succeed unchanged.")]
WithoutCulpritsOption = Annotated[bool, _whose("--without-culprits", help="Exclude the users who aborted the import.")]
DropPropertyOption = Annotated[
    list[str] | None, _contents(metavar="NAME", help="Remove this property from each record. Repeatable.")
]
SalvageOption = Annotated[
    bool, _contents("--salvage", help="Use what can be read of a file that isn't valid JSON, and list the rest.")
]
RepairOption = Annotated[
    bool, _contents("--repair", help="Like --salvage, and also correct faults if the meaning stays. List each repair.")
]
CorrectIdsOption = Annotated[
    Path | None,
    _contents(
        metavar="FILE",
        readable=False,
        help="Correct IDs if this export of all users proves that both are the same user's. List each.",
    ),
]
MaxBytesOption = Annotated[
    int,
    _contents(
        min=1,
        metavar="N",
        show_default="2 GB",
        help="Maximum size of a file in bytes; the rest goes into more files.",
    ),
]
MaxPropertiesOption = Annotated[
    int,
    _contents(
        min=1,
        metavar="N",
        show_default=f"{MAX_PROPERTY_VALUES:,}",
        help="Maximum number of values in a file, not counting IDs.",
    ),
]
NoHashOption = Annotated[bool, _files("--no-hash", help="Omit the SHA-256 of source and logs from the manifest.")]
OutputOption = Annotated[
    Path | None,
    _files("-o", "--output", metavar="FILE", help="Write the retry file here: a file or an existing folder."),
]
VerifyOption = Annotated[
    Path | None,
    _files(metavar="FILE", readable=False, help="Check this retry file against its manifest, and create nothing."),
]


def command(  # noqa: PLR0913 - the contract's options
    context: typer.Context,
    job: JobArgument = "",
    *,
    feed: FeedOption = "",
    source: SourceOption = None,
    log: LogOption = None,
    outcome: OutcomeOption = None,
    id_property: IdPropertyOption = "",
    force: ForceOption = False,
    superseded: SupersededOption = False,
    only: OnlyOption = None,
    except_: ExceptOption = None,
    users: UsersOption = None,
    retryable: RetryableOption = False,
    without_culprits: WithoutCulpritsOption = False,
    drop_property: DropPropertyOption = None,
    salvage: SalvageOption = False,
    repair: RepairOption = False,
    correct_ids: CorrectIdsOption = None,
    max_bytes: MaxBytesOption = MOST_BYTES,
    max_properties: MaxPropertiesOption = MAX_PROPERTY_VALUES,
    no_hash: NoHashOption = False,
    output: OutputOption = None,
    verify: VerifyOption = None,
    library: LibraryOption = None,
) -> int:
    """Create an import file that contains only the users who failed.

    Without JOB, use the newest job that needs a retry. With --source and --log, no library is needed.
    """
    from analyzer.model.job import Outcome
    from analyzer.retry.inputs import read_users
    from analyzer.retry.make import variant
    from analyzer.retry.model import Choices
    from analyzer.retry.writing.write import refuse_inputs

    app = context.ensure_object(AppContext)
    if verify:
        if job or source or log or feed:
            raise UsageError(
                "--verify can't be combined with a job or source", "It checks an existing retry file. Specify it alone."
            )
        return _verify(app.terminal, verify)
    _check_what_is_meant(job, feed, source, log)
    if source is None:
        if output is None:
            hold(context, app.workspace(library))
        found = _in_library(app, library, job, feed, id_property, superseded=superseded)
        if found is None:
            return 0
        inputs, target = found
    else:
        inputs, target = _of_files(app.terminal, source, log or [], outcome, id_property)
    dropped = tuple(dict.fromkeys(drop_property or ()))
    own = inputs.outcome
    inputs = dataclasses.replace(
        inputs,
        outcome=Outcome(outcome.value) if outcome else inputs.outcome,
        choices=Choices(
            only=tuple(only or ()),
            except_=tuple(except_ or ()),
            users=read_users(users) if users else None,
            users_file=users.name if users else "",
            retryable=retryable,
            without_culprits=without_culprits,
            drop_properties=dropped,
        ),
        options=RetryOptions(
            dropped,
            salvage,
            repair,
            max_bytes,
            max_properties,
            hashes=not no_hash,
            force=force,
            correct_ids=correct_ids.name if correct_ids else "",
        ),
        retry_helps=app.settings.catalogue.retry_helps,
        directory=app.directory(correct_ids) if correct_ids else None,
    )
    if inputs.job_id and (apart := variant(inputs, own)):
        # The run's own file keeps its place: a report may link to it.
        target = target.with_stem(f"{target.stem}-{apart}")
    # In a folder, the file keeps its own name.
    inside = output is not None and (output.is_dir() or not output.name)
    target = output / target.name if output and inside else output or target
    refuse_inputs([target], [(path, "list of users") for path in (users, correct_ids) if path], "-o")
    return _make(app.terminal, inputs, target)


def _in_library(  # noqa: PLR0913 - the options that select the job
    app: AppContext, library: Path | None, job: str, feed: str, id_property: str, *, superseded: bool
) -> tuple[RetryInputs, Path] | None:
    """Return the inputs and the retry file's usual path; None if no job needs a retry."""
    from analyzer.retry.library_jobs import retry_target

    workspace = app.workspace(library)
    opened = app.library(library)
    tables = app.tables(opened, workspace)
    chosen = find_job(opened.jobs(), job) if job else _newest(app, opened, tables, feed)
    if chosen is None:
        return None
    inputs = _of_job(app, tables, chosen, opened, id_property, superseded=superseded)
    return inputs, retry_target(opened, chosen, workspace.retry)


def _of_job(  # noqa: PLR0913 - the options that select the job
    app: AppContext, tables: Tables, job: Job, library: Library, id_property: str, *, superseded: bool
) -> RetryInputs:
    from analyzer.history.job_facts import id_type_of
    from analyzer.model.job import FAILED
    from analyzer.retry.inputs import inputs_of_job
    from analyzer.retry.library_jobs import why_not_needed

    if not superseded:
        _check_superseded(app, tables, job.job_id)
    inputs = inputs_of_job(library, tables, job, id_property or None)
    inputs = dataclasses.replace(inputs, id_type=id_type_of(tables, tables.job(job.job_id), app.id_type_of))
    if superseded:
        inputs = dataclasses.replace(inputs, newer=frozenset(), in_later_files=frozenset)
    users = tables.open_users.get(job.job_id) if inputs.outcome in FAILED and not inputs.newer else None
    if users is not None and users.superseded_by is None and not users.needs_retry:
        short = short_ids(tables.jobs["job_id"])
        app.terminal.say(f"This job needs no retry. {why_not_needed(tables, short, job.job_id, users)}")
    for log in tables.logs_of(job.job_id):
        if log.problem:  # the summary says that the file is incomplete
            app.terminal.complain(log.problem)
    return inputs


def _check_what_is_meant(job: str, feed: str, source: Path | None, log: list[Path] | None) -> None:
    if (job or feed) and (source or log):
        raise UsageError("a job and --source or --log can't be combined", "Specify JOB, or --source and --log.")
    if job and feed:
        raise UsageError("JOB and --feed can't be combined", "Specify one of them.")
    if bool(source) != bool(log):
        raise UsageError("--source and --log belong together", "Specify both, or a job: JOB.")


def _newest(app: AppContext, library: Library, tables: Tables, feed: str) -> Job | None:
    """Return the newest job that needs a retry, and print which, or that there is none."""
    from analyzer.cli.views.jobs import ran

    job_id = newest_to_retry(tables, feed)
    if job_id is None:
        if app.terminal.json:
            app.terminal.result(None)
        else:
            app.terminal.show(f"No job of {feed} needs a retry." if feed else "No job needs a retry.")
        return None
    row = tables.job(job_id)
    when = ran(row, app.zone(), datetime.now(UTC))
    app.terminal.say(f"Job {job_id[:SHORT_ID]} of {row['feed'] or 'an unknown feed'}, ran {when}: {row['outcome']}.")
    return find_job(library.jobs(), job_id)


def _check_superseded(app: AppContext, tables: Tables, job_id: str) -> None:
    """Raise UsageError if a later run of the feed superseded a failed job."""
    import polars as pl

    from analyzer.cli.views.jobs import ran
    from analyzer.model.job import FAILED

    users = tables.open_users.get(job_id)
    failed = tables.jobs.filter(pl.col("outcome").is_in(FAILED), job_id=job_id)
    if users is None or users.superseded_by is None or failed.is_empty():
        return
    later = tables.job(users.superseded_by)
    short = short_ids(tables.jobs["job_id"])
    when, run = ran(later, app.zone(), datetime.now(UTC)), short[later["job_id"]]
    raise UsageError(
        f"job {short[job_id]} is superseded: a later run of {later['feed']} has ended ({run}, {when}), and this"
        " job's records hold older values",
        f"Retry that run instead: `upa-analyzer retry {run}`. To make this file anyway, add --superseded.",
    )


def _of_files(
    terminal: Terminal, source: Path, logs: list[Path], outcome: JobOutcome | None, id_property: str
) -> tuple[RetryInputs, Path]:
    from analyzer.retry.inputs import inputs_of_files
    from analyzer.retry.make import file_name

    inputs = inputs_of_files(source, logs)
    if outcome is None:
        terminal.say(f"Treating the job as {inputs.outcome}, by the codes in its log. Change that with --outcome.")
    target = source.with_name(file_name(source.name, None))
    return dataclasses.replace(inputs, id_property=id_property or None), target


def _make(terminal: Terminal, inputs: RetryInputs, target: Path) -> int:
    from analyzer.cli.views.retry import print_corrected, print_queue, retry_json
    from analyzer.retry.make import make_retry
    from analyzer.retry.queue_command import importable_files
    from analyzer.storage.manifest_file import read_manifest

    result = make_retry(inputs, target)
    manifest = read_manifest(result.retry.manifest) if result.retry else None
    if result.id_property is not None and result.id_property.certain and not inputs.id_property:
        terminal.say(f"Using {result.id_property.name} as the ID property ({result.id_property.because}).")
    terminal.say(result.sentence)
    for sentence in result.earlier.sentences:
        terminal.say(sentence)
    if result.retry:
        print_corrected(terminal, result.retry)
    queued = importable_files(manifest, target.parent, inputs.recorded)
    if terminal.json:
        terminal.result(retry_json(result, queued, inputs.job_id))
    elif result.retry is not None:
        for path in result.retry.paths:
            terminal.show(str(path))
    if queued is not None:
        print_queue(terminal, queued)
    return 0 if result.complete else _INCOMPLETE


def _verify(terminal: Terminal, path: Path) -> int:
    from analyzer.retry.manifest import verify

    verified = verify(path)
    terminal.say(verified.manifest.sentence)
    for name in verified.missing:
        terminal.say(f"{name} isn't next to it and wasn't checked.")
    for difference in verified.differences:
        terminal.say(f"Changed since it was created: {difference}.")
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
        terminal.show(f"{path} is unchanged.")
    return _NOT_AS_MADE if verified.differences else 0
