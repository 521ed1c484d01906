"""``upa-analyzer clean``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import DEFAULT_PATIENCE, AppContext, FeedOption, PatienceOption
from analyzer.errors import UsageError
from analyzer.model.job import NOT_ENDED, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from analyzer.history.load import Tables
    from analyzer.imports.clean import CleanResult
    from analyzer.imports.clean_plan import CleanPlan
    from analyzer.library.workspace import Workspace

_ENDED = [one for one in Outcome if one not in NOT_ENDED]
_SHOWN = 30
_PACE = timedelta(days=90)


def command(  # noqa: PLR0913 - an option each
    context: typer.Context,
    *,
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="TIME", help="Select jobs that ended before this: 90d, 26w, or 1y.")
    ] = "90d",
    outcome: Annotated[
        Outcome | None,
        typer.Option("--outcome", metavar="OUTCOME", help=f"Select jobs with this outcome: {', '.join(_ENDED)}."),
    ] = None,
    feed: FeedOption = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it. Without this option, only show what would be done.")
    ] = False,
    patience: PatienceOption = DEFAULT_PATIENCE,
) -> int:
    """Remove log folders and source files of old jobs from the tenant, into the recycle bin.

    Only what was pulled is removed, and the library keeps its copies.
    """
    from analyzer.cli.commands.pull import hold_and_connect
    from analyzer.imports.clean import Cleaner
    from analyzer.imports.clean_plan import Choice, Planner
    from analyzer.library.mirror import WritableLibrary
    from analyzer.storage.clean_record import CleanRecord

    app, now = context.ensure_object(AppContext), datetime.now(UTC)
    before = now - _age(older_than)
    if outcome in NOT_ENDED:
        raise UsageError(f"jobs that are {outcome} haven't ended: their files stay", f"Use {', '.join(_ENDED)}.")
    workspace, tenant, opened = hold_and_connect(context, patience)
    app.library()  # an error unless there is one
    tables = app.tables_with_progress(opened, workspace)
    library = WritableLibrary(opened.root)
    with app.terminal.stages() as stage:
        planner = Planner(tenant, library, tables, tuple(_needed(workspace.imports, tables)))
        plan = planner.run(Choice(before, outcome or "", feed), stage("looking at the tenant's files"))
        done = None
        if yes:
            cleaner = Cleaner(tenant, library, CleanRecord(workspace.cleaned), tenant.session.policy.clock)
            done = cleaner.run(plan, stage("removing files"))
    if app.terminal.json:
        _print_json(app, plan, done, before, workspace)
    else:
        _print(app, plan, done, now, workspace)
        _print_job_list(app, plan, done, tables, now)
    if done is not None and done.fault is not None:
        app.terminal.complain(done.fault)
        return done.fault.exit_code
    return int(done is not None and bool(done.refused))


def _age(text: str) -> timedelta:
    """Parse ``--older-than``.

    Raises:
        UsageError: it isn't a time, or is less than a day: logs may still be written.
    """
    from analyzer.config.settings import parse_keep

    try:
        age = parse_keep(text, "--older-than")
    except UsageError:
        age = None
    if age is None or age < timedelta(days=1):
        raise UsageError(f"--older-than {text!r} isn't a time of a day or more", "Specify a time such as 90d or 1y.")
    return age


def _needed(imports: Path, tables: Tables) -> Iterator[str]:
    """Yield the addresses of the source files of our imports that neither we nor a pull have seen to end."""
    from analyzer.storage.import_record import all_imports

    rows = tables.jobs.select("job_id", "outcome").iter_rows()
    ended = {job_id for job_id, outcome in rows if outcome not in NOT_ENDED}
    for _, record in all_imports(imports):
        if record.is_unfinished:
            left = (part for part in record.parts if part.ended_at is None and part.job_id not in ended)
            yield from map(record.source_uri, left)


def _print(app: AppContext, plan: CleanPlan, done: CleanResult | None, now: datetime, workspace: Workspace) -> None:
    from analyzer.cli.views.clean import (
        FEED_COLUMNS,
        KEPT_COLUMNS,
        REFUSED_COLUMNS,
        feed_rows,
        feeds_of,
        kept_rows,
        what_clause,
    )
    from analyzer.model.text import count

    terminal, feeds = app.terminal, feeds_of(plan)
    if done is None and feeds:
        terminal.prose("These files would be moved into the recycle bin. Nothing was removed; --yes removes them.")
        terminal.table(FEED_COLUMNS, feed_rows(feeds, now))
    elif done is None or not done.items:
        terminal.prose("There is nothing to remove.")
    else:
        removed = what_clause(done.removed)
        terminal.prose(f"Moved {removed} into the recycle bin." if removed else "Nothing could be removed.")
        terminal.table(FEED_COLUMNS, feed_rows(feeds, now))
        if done.refused:
            terminal.prose(f"{count(len(done.refused), 'item')} couldn't be removed:")
            terminal.table(REFUSED_COLUMNS, [[item.uri, item.because] for item in done.refused])
    if plan.kept:
        shown = plan.kept[:_SHOWN] if terminal.interactive else plan.kept
        more = f" (showing {len(shown)} of {len(plan.kept):,})" if len(shown) < len(plan.kept) else ""
        terminal.prose(f"These stay in the tenant{more}:")
        terminal.table(KEPT_COLUMNS, kept_rows(shown))
    if done is not None and done.items:
        terminal.show(str(workspace.cleaned))


def _print_job_list(app: AppContext, plan: CleanPlan, done: CleanResult | None, tables: Tables, now: datetime) -> None:
    """Say how long the job list is, and whether removing files has shortened it."""
    import polars as pl

    from analyzer.catalogue.job_list_length import ADVICE, is_long, length_sentence

    after = done.listed if done else None
    number = plan.listed if after is None else after
    recent = tables.jobs.filter(pl.col("ran") >= now - _PACE, ~pl.col("gone")).height
    app.terminal.prose(length_sentence(number, recent, _PACE.days))
    if done is not None and done.removed and after is not None:
        fewer = plan.listed - after
        app.terminal.prose(
            f"That is {fewer:,} fewer than before." if fewer > 0 else "Removing files hasn't shortened the list."
        )
    if is_long(number):
        app.terminal.warn(ADVICE)


def _print_json(
    app: AppContext, plan: CleanPlan, done: CleanResult | None, before: datetime, workspace: Workspace
) -> None:
    from analyzer.cli.views.clean import done_items, feeds_of, planned_items
    from analyzer.model.service import LIST_VIEW_THRESHOLD

    feeds = [
        {**row, "oldest": row["oldest"].isoformat(), "newest": row["newest"].isoformat()} for row in feeds_of(plan)
    ]
    kept = [{"job_id": one.job_id, "feed": one.feed, "what": one.what, "because": one.because} for one in plan.kept]
    after = done.listed if done else None
    app.terminal.result(
        {
            "dry_run": done is None,
            "before": before.isoformat(),
            "feeds": feeds,
            "items": list(planned_items(plan) if done is None else done_items(done.items)),
            "kept": kept,
            "job_list": {"jobs": plan.listed, "jobs_after": after, "threshold": LIST_VIEW_THRESHOLD},
            "record": str(workspace.cleaned) if workspace.cleaned.exists() else None,
        }
    )
