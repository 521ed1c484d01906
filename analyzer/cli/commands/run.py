"""``upa-analyzer run``: what a scheduler calls."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from analyzer.cli.context import DEFAULT_PATIENCE, AppContext, FailOn, FailOnOption, PatienceOption

if TYPE_CHECKING:
    from analyzer.cli.views.run import Night
    from analyzer.errors import AnalyzerError
    from analyzer.history.keep import Swept
    from analyzer.library.model import PullResult
    from analyzer.library.workspace import Workspace
    from analyzer.pipeline import ReportResult


def command(
    context: typer.Context, *, fail_on: FailOnOption = FailOn.never, patience: PatienceOption = DEFAULT_PATIENCE
) -> int:
    """Pull, create retry files, and write the report: the nightly run.

    Nothing is written to the tenant. The first lines show which users are still open in each feed.
    """
    from analyzer.cli.commands.pull import exit_code, hold_and_connect
    from analyzer.cli.commands.report import report_places, reported_json
    from analyzer.cli.views.jobs import pulled_json
    from analyzer.cli.views.run import Night, day_of, feed_json, log_problems, print_night, remarks_of
    from analyzer.history.acknowledgements import Remarks
    from analyzer.pipeline import run

    app = context.ensure_object(AppContext)
    workspace, tenant, library = hold_and_connect(context, patience)
    now = datetime.now(UTC)
    keep = app.settings.keep(app.tenant()[1])
    places = report_places(app, workspace)
    if keep.reports is not None:
        # ``sweep`` removes the pages of earlier days.
        places = dataclasses.replace(places, days_from=(now.astimezone(app.zone() or UTC) - keep.reports).date())
    before = Remarks(workspace.root)

    def night_of(pulled: PullResult, made: ReportResult) -> Night:
        known = app.acknowledged(workspace).valid(made.tables.jobs, now)
        return Night(pulled, made, places, now, known, before.last_run)

    with app.terminal.stages() as stage:
        pulled, made = run(tenant, library, places, now, stage, say=lambda pulled, made: day_of(night_of(pulled, made)))
    swept, unswept = _swept(app, workspace, made, now)
    night = night_of(pulled, made)
    remarks, problems = list(remarks_of(night)), log_problems(night)
    fresh = before.new(remarks)
    unread = [problems[remark] for remark in before.new(problems)]
    if app.terminal.json:
        app.terminal.result(
            {
                "feeds": [feed_json(status, night) for status in night.statuses],
                "remarks": [{"about": remark.about, "text": remark.text} for remark in fresh],
                "acknowledged": list(night.acknowledged),
                "pulled": pulled_json(pulled),
                "removed": swept.as_json,
                **reported_json(made),
            }
        )
    else:
        print_night(app, night, fresh)
        if swept.sentence:
            app.terminal.say(swept.sentence)
    code = exit_code(app.terminal, pulled) or app.unread(unread)
    before.keep([*remarks, *problems], now)
    if unswept is not None:
        app.terminal.complain(unswept)
        code = code or unswept.exit_code
    return code or int(_fails(fail_on, night))


def _swept(
    app: AppContext, workspace: Workspace, made: ReportResult, now: datetime
) -> tuple[Swept, AnalyzerError | None]:
    """Remove what is no longer kept; return also the error that ended it, because the night's results come first."""
    from analyzer.errors import AnalyzerError
    from analyzer.history.keep import Swept, sweep
    from analyzer.library.removal import Removed

    keep = app.settings.keep(app.tenant()[1])
    try:
        return sweep(workspace.library, workspace.reports, made.tables, keep, now.astimezone(app.zone() or UTC)), None
    except AnalyzerError as error:
        return Swept(Removed(), Removed()), error


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
