"""``upa-analyzer trend``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import AppContext, FeedOption, LibraryOption, SinceOption, parse_day
from analyzer.errors import UsageError
from analyzer.history.feed_status import of_feed
from analyzer.storage.table_files import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from analyzer.history.trends import FeedTrend

_CHARTS = (".svg", ".png")


def command(
    context: typer.Context,
    *,
    feed: FeedOption = "",
    since: SinceOption = "",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Draw the chart of a feed (.svg, .png), or write its numbers (.csv, .xlsx).",
        ),
    ] = None,
    library: LibraryOption = None,
) -> int:
    """Show whether a feed is getting better or worse: jumps, time to heal, and users who fail now and then."""
    from analyzer.cli.views.trend import print_trend, print_trends, trends_json
    from analyzer.history.trends import feed_trends, trend_details

    app = context.ensure_object(AppContext)
    zone = app.zone()
    not_before = parse_day(since, zone)
    if output is not None and output.suffix.lower() not in (*_CHARTS, *FORMATS):
        raise UsageError(
            f"{output} doesn't have the ending of a chart or table", f"Use {', '.join((*_CHARTS, *FORMATS))}."
        )
    opened = app.library(library)
    tables = app.tables_with_progress(opened, app.workspace(library))
    trends = feed_trends(tables, of_feed(tables.jobs, feed), not_before)
    if output is not None:
        _write(trends, output, zone)
    details = trend_details(opened, tables, trends[0]) if len(trends) == 1 else None
    if app.terminal.json:
        app.terminal.result(trends_json(trends, details, str(output) if output else None))
    elif output is not None:
        app.terminal.show(str(output))
    elif not trends:
        app.terminal.show("No run of a feed has ended." if not since else "No run of a feed has ended since then.")
    elif details is not None:
        print_trend(app.terminal, trends[0], details, tables, zone)
    else:
        print_trends(app.terminal, trends)
    return app.unread(tables.log_problems)


def _write(trends: Sequence[FeedTrend], output: Path, zone: ZoneInfo | None) -> None:
    """Draw the chart of the only feed, or write the numbers of all feeds.

    Raises:
        UsageError: a chart of several feeds, or of none, was requested.
    """
    if not trends:
        raise UsageError("there is no run to write", "Specify another --feed or --since.")
    if output.suffix.lower() in FORMATS:
        from analyzer.cli.views.trend import rates_table
        from analyzer.storage.table_files import write_table

        write_table(rates_table(trends).lazy(), output)
        return
    if len(trends) > 1:
        names = ", ".join(trend.feed for trend in trends)
        raise UsageError(f"a chart shows one feed, not {len(trends)}", f"Specify --feed NAME: {names}.")
    from analyzer.cli.views.trend import trend_sentence
    from analyzer.report.charts import draw_rates

    draw_rates(trends[0].runs, trend_sentence(trends[0]), output, zone)
