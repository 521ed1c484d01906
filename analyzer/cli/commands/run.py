"""``upa-analyzer run``: what a scheduler calls."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import DEFAULT_PATIENCE, AppContext, FailOn, FailOnOption, PatienceOption, parse_duration
from analyzer.cli.terminal.log import described, discard_output, report_failure

if TYPE_CHECKING:
    from analyzer.cli.terminal.output import Terminal
    from analyzer.cli.views.run import Night
    from analyzer.errors import AnalyzerError
    from analyzer.history.keep import Swept
    from analyzer.library.model import PullResult
    from analyzer.library.workspace import Workspace
    from analyzer.pipeline import Places, ReportResult


def command(
    context: typer.Context,
    *,
    all_tenants: Annotated[
        bool, typer.Option("--all-tenants", help="Do this for every tenant of the configuration, one after the other.")
    ] = False,
    fail_on: FailOnOption = FailOn.never,
    patience: PatienceOption = DEFAULT_PATIENCE,
) -> int:
    """Pull, create retry files, and write the report: the nightly run.

    Nothing is written to the tenant. The first lines show which users are still open in each feed.
    """
    app = context.ensure_object(AppContext)
    if all_tenants:
        return _every_tenant(context, fail_on, patience)
    ended = run_tenant(context, fail_on, patience)
    if app.terminal.json:
        app.terminal.result(ended.result)
    return ended.exit_code


@dataclasses.dataclass(frozen=True, slots=True)
class Ended:
    """How the run of a tenant ended.

    Attributes:
        exit_code: of the run.
        answer: what is shown of it, a clause.
        result: for ``--json``; None after an error.
        error: what ended the run; empty if nothing did.
        advice: what to do about that; may be empty.
    """

    exit_code: int
    answer: str
    result: dict[str, object] | None = None
    error: str = ""
    advice: str = ""

    def as_json(self, tenant: str) -> dict[str, object]:
        """Return a tenant as ``run --all-tenants --json`` has it."""
        found: dict[str, object] = {"tenant": tenant, "exit_code": self.exit_code}
        if self.error:
            found["error"] = {"what": self.error, "advice": self.advice or None}
        return found if self.result is None else {**found, "result": self.result}


def _every_tenant(context: typer.Context, fail_on: FailOn, patience: str) -> int:
    """Run every tenant of the configuration; return the highest of their exit codes.

    Raises:
        UsageError: a tenant is specified, none is configured, or ``patience`` isn't a time span.
    """
    app = context.ensure_object(AppContext)
    names = app.tenant_names()
    parse_duration(patience)
    ended: dict[str, Ended] = {}
    for name in names:
        _heading(app.terminal, name, is_first=not ended)
        # A context of its own ends with the run, and with it the lock on the tenant's folder.
        inner = typer.Context(context.command, parent=context, info_name=context.info_name, obj=app.of_tenant(name))
        with inner:
            ended[name] = _survived(inner, fail_on, patience)
    if app.terminal.json:
        app.terminal.result({"tenants": [one.as_json(name) for name, one in ended.items()]})
    else:
        _heading(app.terminal, "all tenants")
        for name, one in ended.items():
            app.terminal.show(f"{name}: {one.answer}")
    return max(one.exit_code for one in ended.values())


def _heading(terminal: Terminal, text: str, *, is_first: bool = False) -> None:
    """Print a heading, or log the stage."""
    if terminal.log.as_json and not terminal.quiet:
        terminal.log.stage(text)
    if terminal.json:
        return
    try:
        # At once: what is written to stderr belongs below it.
        terminal.show_now(f"== {text} ==" if is_first else f"\n== {text} ==")
    except BrokenPipeError:
        discard_output()


def _survived(context: typer.Context, fail_on: FailOn, patience: str) -> Ended:
    """Run a tenant; a failure of any kind is shown, and doesn't end the command."""
    app = context.ensure_object(AppContext)
    try:
        return run_tenant(context, fail_on, patience)
    except Exception as error:  # noqa: BLE001 - one tenant's failure keeps no other one back
        what, advice, code = described(error)
        report_failure(error, app.terminal.log, verbose=app.verbose)
        return Ended(code, f"exit code {code}: {what}", error=what, advice=app.commands.completed(advice))


def run_tenant(context: typer.Context, fail_on: FailOn, patience: str) -> Ended:
    """Run the selected tenant, and show what was found unless results are JSON.

    Raises:
        AnalyzerError: the run ended.
    """
    from analyzer.cli.commands.pull import exit_code, hold_and_connect
    from analyzer.cli.commands.report import reported_json
    from analyzer.cli.views.run import Night, day_of, log_problems, night_json, print_night, remarks_of, tenant_answer
    from analyzer.history.acknowledgements import Remarks
    from analyzer.library.mirror import Library
    from analyzer.pipeline import run

    app = context.ensure_object(AppContext)
    workspace, tenant, library = hold_and_connect(context, patience)
    now = tenant.session.policy.clock.now()
    places = _places(app, workspace, now)
    before = Remarks(workspace.root)

    def night_of(pulled: PullResult, made: ReportResult) -> Night:
        known = app.acknowledged(workspace).valid(made.tables.jobs, now)
        return Night(pulled, made, places, now, known, before.last_run)

    with app.terminal.stages() as stage:
        pulled, made = run(tenant, library, places, now, stage, say=lambda pulled, made: day_of(night_of(pulled, made)))
    swept, unswept = _swept(app, workspace, made, now)
    if swept.sources.files:
        app.tables(Library(workspace.library), workspace)  # so that the next command finds the history up to date
    night = night_of(pulled, made)
    remarks, problems = list(remarks_of(night)), log_problems(night)
    fresh, unread = before.new(remarks), [problems[remark] for remark in before.new(problems)]
    result = None
    if app.terminal.json:
        result = {**night_json(night, fresh), "removed": swept.as_json, **reported_json(made)}
    else:
        print_night(app, night, fresh)
        if swept.sentence:
            app.terminal.say(swept.sentence)
    code = exit_code(app.terminal, pulled) or app.unread(unread)
    before.keep([*remarks, *problems], now)
    if unswept is not None:
        app.terminal.complain(unswept)
        code = code or unswept.exit_code
    return Ended(code or int(_fails(fail_on, night)), tenant_answer(night), result)


def _places(app: AppContext, workspace: Workspace, now: datetime) -> Places:
    from analyzer.cli.commands.report import report_places

    keep, places = app.settings.keep(app.tenant()[1]), report_places(app, workspace)
    if keep.reports is None:
        return places
    # ``sweep`` removes the pages of earlier days.
    return dataclasses.replace(places, days_from=(now.astimezone(app.zone() or UTC) - keep.reports).date())


def _swept(
    app: AppContext, workspace: Workspace, made: ReportResult, now: datetime
) -> tuple[Swept, AnalyzerError | None]:
    """Remove what is no longer kept; return also the error that ended it, because the night's results come first."""
    from analyzer.errors import AnalyzerError
    from analyzer.history.keep import Swept, sweep
    from analyzer.library.removal import Removed

    keep = app.settings.keep(app.tenant()[1])
    try:
        return sweep(workspace, made.tables, keep, now.astimezone(app.zone() or UTC)), None
    except AnalyzerError as error:
        return Swept(Removed(), Removed(), Removed()), error


def _fails(fail_on: FailOn, night: Night) -> bool:
    """Whether a job of this night is one on which to fail; not one that was healed or superseded since."""
    if fail_on is FailOn.never:
        return False
    new_of = night.made.tables.new_of
    return any(
        fail_on.met_by(job["outcome"], new_of(job["job_id"]), is_retry=bool(job["retry_of"]))
        for job in night.news.iter_rows(named=True)
        if job["open"] != 0 and (job["outcome"] == "stuck" or not job["superseded"])
    )
