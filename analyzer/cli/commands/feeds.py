"""``upa-analyzer feeds``."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from analyzer.cli.context import AppContext, FeedOption, LibraryOption
from analyzer.history.feed_status import feed_name, feed_statuses, of_feed


def command(context: typer.Context, *, feed: FeedOption = "", library: LibraryOption = None) -> int:
    """List feeds, the worst first: last run, open users, next expected run, and health."""
    from analyzer.cli.views.feeds import COLUMNS, feed_json, feed_rows
    from analyzer.history.feeds import AsOf, feed_healths

    app, now = context.ensure_object(AppContext), datetime.now(UTC)
    zone = app.zone()
    opened = app.library(library)
    workspace = app.workspace(library)
    tables = app.tables_with_progress(opened, workspace)
    known = app.acknowledged(workspace).valid(tables.jobs, now)
    meant = set(map(feed_name, of_feed(tables.jobs, feed).iter_rows(named=True)))
    statuses = [status for status in feed_statuses(tables, known) if status.feed in meant]
    last_pull = opened.state.last_pull
    as_of = AsOf.of(tables, now, zone, is_listed=last_pull is None or not last_pull.list_refused)
    healths = feed_healths(statuses, as_of, known)
    if app.terminal.json:
        app.terminal.result({"feeds": [feed_json(health) for health in healths]})
    elif not healths:
        app.terminal.say("The library has no jobs.")
    else:
        app.terminal.table(COLUMNS, feed_rows(healths, zone, now))
    return app.unread(tables.log_problems)
