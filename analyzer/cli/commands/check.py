"""``upa-analyzer check FILE...``: what would go wrong if these files were imported."""

from __future__ import annotations

import functools
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.catalogue.finding_kind import Severity
from analyzer.cli.context import AppContext
from analyzer.errors import AnalyzerError, InputError, UsageError
from analyzer.imports.plan import PlanOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.cli.terminal.output import Terminal
    from analyzer.imports.check import CheckResult
    from analyzer.imports.checker import Fixed
    from analyzer.imports.last_run import LastRun, Runs
    from analyzer.imports.property_schema import PropertySchema

_FOUND = 1


class IdTypeName(StrEnum):
    """``--id-type``, as the service names them."""

    Email = "Email"
    CloudId = "CloudId"
    PrincipalName = "PrincipalName"


class FormatName(StrEnum):
    """``--format``, as ``imports.formats.render.Format``."""

    sarif = "sarif"
    junit = "junit"
    markdown = "markdown"


class FailOn(StrEnum):
    """``--fail-on``: the least severe findings that count."""

    aborts = "aborts"
    fails = "fails"
    harm = "harm"
    note = "note"
    never = "never"


_plan = functools.partial(typer.Option, rich_help_panel="How the file will be queued")
_known = functools.partial(typer.Option, rich_help_panel="What to compare it with")
_repair = functools.partial(typer.Option, rich_help_panel="Repair")
_output = functools.partial(typer.Option, rich_help_panel="Output")

FilesArgument = Annotated[
    list[Path],
    typer.Argument(
        help="Source files, CSV files, or XLSX workbooks. - reads a source file from standard input.",
        metavar="FILE...",
        readable=False,
    ),
]
FeedOption = Annotated[str, _plan(metavar="NAME", help="Feed of the configuration. Default: found by the file's name.")]
IdTypeOption = Annotated[
    IdTypeName | None, _plan(metavar="TYPE", help="Email, CloudId, or PrincipalName. Default: the feed's.")
]
IdPropertyOption = Annotated[
    str, _plan(metavar="NAME", help="Property that holds the IDs. Default: the feed's, else inferred.")
]
MapOption = Annotated[
    list[str] | None,
    _plan("--map", metavar="SOURCE=PROFILE", help="Property map. Repeatable. Default: the feed's."),
]
SchemaOption = Annotated[
    Path | None, _known(metavar="FILE", help="Schema of the profile properties: XML or CSV.", readable=False)
]
PropertiesOfOption = Annotated[
    str, _known(metavar="USER", help="Sign in, and compare the map with this user's profile.")
]
DirectoryOption = Annotated[
    Path | None, _known(metavar="FILE", help="Look up the IDs in this export of all users.", readable=False)
]
AgainstOption = Annotated[
    Path | None,
    _known(metavar="FILE", help="Earlier file to compare with. Default: that of the feed's last run.", readable=False),
]
FixOption = Annotated[
    Path | None, _repair(metavar="FIXED", help="Write a repaired file, and list each change.", readable=False)
]
DropUnmappedOption = Annotated[
    bool, _repair("--drop-unmapped", help="With --fix: leave out properties that the map lacks.")
]
OutputOption = Annotated[
    Path | None,
    _output("-o", "--output", metavar="FILE", help="Write this .parquet, .csv, .ndjson, or .xlsx file, or --format's."),
]
FormatOption = Annotated[
    FormatName | None, _output("--format", metavar="FORMAT", help="Write for a pipeline: sarif, junit, or markdown.")
]
FailOnOption = Annotated[
    FailOn,
    _output(metavar="SEVERITY", help="Exit code 1 from this severity on: aborts, fails, harm, note, or never."),
]


def command(  # noqa: PLR0913 - the contract's options
    context: typer.Context,
    files: FilesArgument,
    *,
    feed: FeedOption = "",
    id_type: IdTypeOption = None,
    id_property: IdPropertyOption = "",
    map_: MapOption = None,
    schema: SchemaOption = None,
    properties_of: PropertiesOfOption = "",
    directory: DirectoryOption = None,
    against: AgainstOption = None,
    fix: FixOption = None,
    drop_unmapped: DropUnmappedOption = False,
    output: OutputOption = None,
    form: FormatOption = None,
    fail_on: FailOnOption = FailOn.harm,
) -> int:
    """Check source files before they are imported: what would abort, who would fail, what would do harm."""
    from analyzer.cli.views.check import rows_of
    from analyzer.directory.read_export import read_directory
    from analyzer.imports.checker import Checker
    from analyzer.storage.table_files import write_table

    app = context.ensure_object(AppContext)
    _check_output(app.terminal, form, output)
    _check_fix(fix, files, drop_unmapped=drop_unmapped)
    _check_places(fix, output, [*files, *filter(None, (directory, schema, against))])
    checker = Checker(
        feeds=app.tenant()[1].feeds if app.settings.config.tenants else {},
        options=PlanOptions(feed, id_type.value if id_type else "", id_property, map_ or ()),
        schema=_schema(app, schema, properties_of),
        directory=read_directory(directory) if directory is not None else None,
        against=_earlier(against) if against is not None else None,
        runs=None if against is not None else _runs_of(app),
    )
    results, problems, fixed = [], [], None
    for file in files:
        try:
            result, fixed = checker.check(file, fix, drop_unmapped=drop_unmapped)
            results.append(result)
        except InputError as error:
            problems.append(error)
    if not results:
        raise problems[0]
    if form is not None:
        _write_format(app.terminal, results, form, output, fail_on, fixed)
    else:
        _print(app.terminal, results, fixed)
        if output is not None:
            write_table(rows_of(results), output)
            app.terminal.say(f"Wrote {output}.")
    for problem in problems:
        app.terminal.complain(problem)
    return InputError.exit_code if problems else _exit_code(results, fixed, fail_on)


def _check_output(terminal: Terminal, form: FormatName | None, output: Path | None) -> None:
    """Refuse an output that can't be written.

    Raises:
        UsageError: two formats are specified, or the file's isn't known.
    """
    from analyzer.storage.table_files import check_format

    if form is not None and terminal.json:
        raise UsageError("--format can't be combined with --json", "Specify one of them.")
    if form is None and output is not None:
        check_format(output)


def _exit_code(results: Sequence[CheckResult], fixed: Fixed | None, least: FailOn) -> int:
    """Return whether there are findings, or, of a repaired file, whether some remain or it couldn't be written."""
    if fixed is not None:
        return _FOUND if fixed.after is None or _counts(fixed.after, least) else 0
    return _FOUND if any(_counts(result, least) for result in results) else 0


def _runs_of(app: AppContext) -> Runs | None:
    """Return the runs of the library; None without one, as a file can be checked without it."""
    from datetime import UTC, datetime

    from analyzer.imports.last_run import Runs

    try:
        if not app.library_folder(None).is_dir():
            return None
    except UsageError:
        return None
    try:
        library = app.library()
        tables = app.tables_with_progress(library, app.workspace())
    except AnalyzerError as error:
        app.terminal.say(f"Not compared with the last run: {error.what}.")
        return None
    return Runs(library, tables, app.zone(), datetime.now(UTC))


def _earlier(file: Path) -> LastRun:
    """Return the file to compare with.

    Raises:
        InputError: it can't be read.
    """
    from analyzer.imports.last_run import LastRun
    from analyzer.storage.files import cannot_read

    try:
        file.stat()
    except OSError as error:
        raise cannot_read(file, error) from error
    return LastRun(file, file.name)


def _schema(app: AppContext, file: Path | None, user: str) -> PropertySchema | None:
    """Return what is known of the profile properties: from a file, and from a user's profile in the tenant.

    Raises:
        InputError: the file isn't a schema.
        UsageError: the tenant has no such user.
        AnalyzerError: the tenant can't be reached, or refuses.
    """
    from analyzer.config.connect import connect
    from analyzer.imports.property_schema import read_schema, shown_by_tenant
    from analyzer.tenant.model import ClientPolicy
    from analyzer.tenant.sharepoint.profiles import property_names

    schema = read_schema(file) if file is not None else None
    if not user:
        return schema
    policy = ClientPolicy(notify=app.terminal.say)
    session = connect(app.settings, app.tenant()[1], app.environment, policy, app.terminal.ask)
    names = property_names(session, user)
    if names is None:
        raise UsageError(
            f"the tenant has no profile of {user}", "Specify the user principal name of any user who has a profile."
        )
    return shown_by_tenant(names, schema)


def _check_fix(fix: Path | None, files: Sequence[Path], *, drop_unmapped: bool) -> None:
    """Refuse combinations of options.

    Raises:
        UsageError: there is no one file to repair.
    """
    if fix is None and drop_unmapped:
        raise UsageError("--drop-unmapped needs --fix", "Specify the repaired file with --fix FIXED.json.")
    if fix is not None and len(files) > 1:
        raise UsageError("--fix repairs one file at a time", "Check the files one by one.")


def _check_places(fix: Path | None, output: Path | None, inputs: Sequence[Path]) -> None:
    """Refuse to write over a file that is read, or to write two files under one name.

    Raises:
        OutputError: an output is an input, under any name.
        UsageError: two outputs have the same name.
    """
    from analyzer.imports.fix import changes_path
    from analyzer.retry.writing.write import refuse_inputs

    read = [(path, "input file") for path in inputs]
    fixed = [fix, changes_path(fix)] if fix is not None else []
    refuse_inputs(fixed, read, "--fix")
    if output is None:
        return
    refuse_inputs([output], read, "-o")
    if output.resolve() in [path.resolve() for path in fixed]:
        raise UsageError(f"--fix and -o both write {output}", "Specify another file with -o.")


def _print(terminal: Terminal, results: Sequence[CheckResult], fixed: Fixed | None) -> None:
    from analyzer.cli.views.check import check_json, print_check
    from analyzer.cli.views.fix import fix_json, print_fix

    if terminal.json:
        repaired = {"fix": fix_json(fixed)} if fixed is not None else {}
        terminal.result({"files": [check_json(result) | repaired for result in results]})
        return
    for result in results:
        print_check(terminal, result)
    if fixed is not None:
        print_fix(terminal, fixed)


def _write_format(  # noqa: PLR0913, PLR0917 - what a format is made from
    terminal: Terminal,
    results: Sequence[CheckResult],
    form: FormatName,
    output: Path | None,
    fail_on: FailOn,
    fixed: Fixed | None,
) -> None:
    """Write a format for pipelines to a file, or to stdout; the summaries to stderr."""
    from analyzer.cli.views.fix import sentence
    from analyzer.imports.formats.render import Format, render
    from analyzer.imports.summary import summary
    from analyzer.storage.files import write_bytes

    for result in results:
        terminal.say(f"{result.path.name}: {summary(result)}")
    if fixed is not None:
        terminal.say(sentence(fixed))
    failing = [one for one in Severity if _reaches(one, fail_on)]
    text = render(results, Format[form.value], Path.cwd(), failing)
    if output is None:
        terminal.show(text.rstrip("\n"))
        return
    write_bytes(output, text.encode())
    terminal.say(f"Wrote {output}.")


def _counts(result: CheckResult, least: FailOn) -> bool:
    """Return whether a file has a finding of this severity or a worse one."""
    worst = result.findings.worst
    return worst is not None and _reaches(worst, least)


def _reaches(severity: Severity, least: FailOn) -> bool:
    order = list(Severity)
    return least is not FailOn.never and order.index(severity) <= order.index(Severity(least.value))
