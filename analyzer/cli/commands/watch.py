"""``upa-analyzer watch [JOB]...``."""

from __future__ import annotations

import contextlib
import dataclasses
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from analyzer.cli.context import DEFAULT_PATIENCE, AppContext, FailOn, parse_duration
from analyzer.cli.terminal.log import INTERRUPTED
from analyzer.errors import AnalyzerError
from analyzer.model.next_step import PROGRAM
from analyzer.model.text import count, duration, listed_first, short_ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyzer.cli.terminal.output import Terminal
    from analyzer.cli.views.watch import WatchView
    from analyzer.imports.watch import Watch, WatchResult
    from analyzer.imports.watch_plan import JobFacts, Known
    from analyzer.library.workspace import Workspace
    from analyzer.tenant.model import Clock

_NAMED = 5
"""Jobs that a sentence names."""
_PATIENCE = "1m"
"""How long one look waits for a tenant that throttles; then the watch waits for the next look."""


class Then(StrEnum):
    """``--then``: what follows when all jobs have ended."""

    report = "report"


class WatchInterruptedError(AnalyzerError):
    """The user stopped watching."""

    exit_code: ClassVar[int] = INTERRUPTED


def command(
    context: typer.Context,
    job: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[JOB]...",
            help="IDs of jobs; their first eight characters are enough. Default: all jobs that haven't ended.",
            show_default=False,
        ),
    ] = None,
    *,
    once: Annotated[bool, typer.Option("--once", help="Show the state of the jobs, and end.")] = False,
    timeout: Annotated[
        str, typer.Option(metavar="TIME", help="Stop watching after this time: 90s, 15m, 2h. Default: never.")
    ] = "",
    then: Annotated[
        Then | None,
        typer.Option(metavar="report", help="When all jobs have ended, pull and write the report, as run does."),
    ] = None,
) -> int:
    """Watch jobs until they have ended.

    A terminal shows a table that is kept current; pipes and files get a line for each change. Nothing is written to
    the tenant, and an interrupted watch loses nothing.
    """
    from analyzer.cli.commands.pull import connected
    from analyzer.cli.commands.run import run_tenant
    from analyzer.cli.views.watch import WatchView
    from analyzer.imports.watch import TenantJobs, Watch
    from analyzer.imports.watch_plan import plan_watch

    app = context.ensure_object(AppContext)
    terminal = app.terminal
    limit = parse_duration(timeout, "--timeout") if timeout else None
    workspace, tenant = connected(context, _PATIENCE)
    clock = tenant.session.policy.clock
    known, jobs = _known(app, workspace, clock), TenantJobs(tenant, terminal.say)
    facts = plan_watch(job or (), dataclasses.replace(known, listed=jobs.listed()))
    if not (job or once):
        facts = _without_stuck(terminal, facts)
    view = WatchView(terminal, facts, app.zone(), clock)
    watch = Watch(jobs, clock, terminal.say, view.on_change, view.on_look, tenant.session.throttle.stopped)
    result = _watched(watch, view, job or (), once=once, limit=limit)
    if not terminal.json:
        _show(view, result)
    if result.running and limit is not None and not once:
        running = count(len(result.running), "job is", "jobs are")
        terminal.complain(AnalyzerError(f"{running} still running after {duration(limit)}", _again(job or ())))
    ended = None
    if then is not None and not result.running:
        ended = run_tenant(context, FailOn.never, DEFAULT_PATIENCE)
    elif result.failed:
        terminal.say(f"next: {app.commands.line('run')}")
    if terminal.json:
        terminal.result({"jobs": view.as_json(), "run": ended.result if ended else None})
    return (ended.exit_code if ended else 0) or int(bool(result.failed or (result.running and not once)))


def _known(app: AppContext, workspace: Workspace, clock: Clock) -> Known:
    """Return what the library, its history, and the records of imports know; none of them has to exist."""
    import polars as pl

    from analyzer.history.feed_status import feed_name
    from analyzer.history.feeds import running_times
    from analyzer.imports.watch_plan import Known
    from analyzer.library.mirror import JOB_LIST, Library
    from analyzer.storage.import_record import all_imports

    records = [record for _, record in all_imports(workspace.imports)]
    known = Known(clock.now(), None, records=records, rules=app.feed_rules())
    if not (workspace.library / JOB_LIST).is_file():
        return known
    try:
        library = Library.existing(workspace.library)
        known = dataclasses.replace(known, of_library=library.jobs(), observations=library.state.observations)
        tables = app.tables_with_progress(library, workspace)
    except AnalyzerError as error:
        app.terminal.say(f"{error} Until then, the usual times of feeds may be unknown.")
        return known
    jobs: dict[str, list[Mapping[str, Any]]] = {}
    for job in tables.jobs.filter(pl.col("retry_of").is_null()).iter_rows(named=True):
        jobs.setdefault(feed_name(job), []).append(job)  # each part for itself
    times = {feed: running_times(runs) for feed, runs in jobs.items()}
    return dataclasses.replace(known, running_times=times)


def _without_stuck(terminal: Terminal, facts: dict[str, JobFacts]) -> dict[str, JobFacts]:
    """Name the jobs that were stuck before, which may never end, and leave them out."""
    short = short_ids(facts)
    stuck = [f"{one.feed} {short[job_id]}" for job_id, one in facts.items() if one.was_stuck]
    if stuck:
        terminal.say(f"Stuck, and not waited for unless you name it as JOB: {listed_first(stuck, _NAMED)}.")
    return {job_id: one for job_id, one in facts.items() if not one.was_stuck}


def _watched(watch: Watch, view: WatchView, wanted: Sequence[str], *, once: bool, limit: float | None) -> WatchResult:
    """Watch, with a live table if the terminal can show one, else with a line for each change.

    Raises:
        WatchInterruptedError: the user stopped it.
        AnalyzerError: as ``Watch.run``.
    """
    from analyzer.cli.views.watch import COLUMNS

    is_live = view.terminal.can_redraw and not once
    view.prints_changes = not (is_live or once or view.terminal.json)
    earlier = {job_id: facts.earlier for job_id, facts in view.facts.items() if facts.earlier}
    try:
        with view.terminal.live_table(COLUMNS) if is_live else contextlib.nullcontext() as view.redraw:
            return watch.run(view.facts, earlier=earlier, once=once, timeout=limit)
    except KeyboardInterrupt:
        left = [one for one in watch.jobs.values() if not one.ended]
        raise WatchInterruptedError(
            f"interrupted; still running: {view.names(left)}" if left else "interrupted",
            f"The imports go on. {_again(wanted)}",
        ) from None


def _again(wanted: Sequence[str]) -> str:
    return f"`{PROGRAM} {' '.join(['watch', *wanted])}` watches again."


def _show(view: WatchView, result: WatchResult) -> None:
    """Print the last table, unless each change was printed, and the result in a sentence."""
    from analyzer.cli.views.watch import COLUMNS

    terminal = view.terminal
    if not result.jobs:
        terminal.show("There is no job to wait for.")
        return
    if not view.prints_changes:
        terminal.table(COLUMNS, view.rows())
    terminal.prose(view.sentence())
