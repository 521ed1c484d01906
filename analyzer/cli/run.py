"""``upa-analyzer run``: what a scheduler calls."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from analyzer.cli.context import Context, hold
from analyzer.cli.options import PATIENCE, FailOn, FailOnOption, PatienceOption

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import polars as pl

    from analyzer.cli.terminal import Terminal
    from analyzer.library.results import Pulled
    from analyzer.run import Reported


def command(
    context: typer.Context, *, fail_on: FailOnOption = FailOn.never, patience: PatienceOption = PATIENCE
) -> int:
    """Pull, report, retry files; only reads from the tenant."""
    from analyzer.cli.pull import connected, exit_code, pulled_json
    from analyzer.cli.report import report_places, reported_json
    from analyzer.run import run

    given = context.ensure_object(Context)
    settings = given.settings()
    hold(context, settings.data)
    tenant, library = connected(given, settings, patience)
    now = datetime.now(UTC)
    places = report_places(given, settings, now, None)
    with given.terminal.stages() as stage:
        pulled, made = run(tenant, library, places, now, stage)
    if given.terminal.json:
        given.terminal.result({"pulled": pulled_json(pulled), **reported_json(made)})
    else:
        tell_run(given.terminal, pulled, made, places.zone)
    code = exit_code(given.terminal, pulled) or given.unread(made.tables.log_problems)
    return code or int(fail_on.met_by(_told(pulled, made)["outcome"]))


def tell_run(terminal: Terminal, pulled: Pulled, made: Reported, zone: ZoneInfo | None) -> None:
    """What a run brought: the jobs that are new or changed, then each file on a line of its own."""
    from analyzer.cli.pull import pulled_sentence, tell_left_out
    from analyzer.cli.rows import COLUMNS, job_rows

    terminal.prose(pulled_sentence(pulled))
    tell_left_out(terminal, pulled)
    jobs = _told(pulled, made)
    if not jobs.is_empty():
        terminal.show()
        terminal.table(COLUMNS, job_rows(jobs, made.tables.jobs["job_id"], zone, datetime.now(UTC)))
    terminal.show()
    _tell_retries(terminal, jobs, made)
    terminal.say("report")
    terminal.show(str(made.index))


def _told(pulled: Pulled, made: Reported) -> pl.DataFrame:
    """The jobs that a run tells of: those that its pull saw new or changed, and those that are stuck.

    A job is stuck because nothing changes; it is told until it ends or the tenant no longer lists it.
    """
    import polars as pl

    fresh = pl.col("job_id").is_in([*pulled.new, *pulled.changed])
    return made.tables.jobs.filter(fresh | ((pl.col("outcome") == "stuck") & ~pl.col("gone")))


def _tell_retries(terminal: Terminal, jobs: pl.DataFrame, made: Reported) -> None:
    """The retry files that still matter: those of each feed's latest run; of the others, how many there are."""
    import polars as pl

    from analyzer.analysis.outcome import STILL_OPEN

    ended = made.tables.jobs.filter(~pl.col("outcome").is_in(STILL_OPEN) & pl.col("retry_of").is_null())
    latest = set(ended.group_by("feed", maintain_order=True).agg(pl.col("job_id").last())["job_id"])
    retries = [made.retries[job_id] for job_id in jobs["job_id"] if job_id in made.retries]
    for retry in retries:
        if retry.job_id in latest:
            terminal.say(f"{'retry' if retry.path else 'no retry file for'} {retry.job_id[:8]}: {retry.sentence}")
            if retry.path:
                terminal.show(str(retry.path))
    earlier = [retry for retry in retries if retry.path and retry.job_id not in latest]
    if earlier and earlier[0].path:
        terminal.say(f"and {len(earlier)} of runs that a later one has followed, in {earlier[0].path.parent}")
