"""The trend of feeds: a sentence each, and for one feed its runs, times to heal, users who flap, and clusters."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.analysis.failure_rate import FEWEST_RUNS
from analyzer.analysis.streaks import FLAPPING_RUNS
from analyzer.cli.terminal.output import Column
from analyzer.cli.views.jobs import number_or, ran, rows_json
from analyzer.model.job import Outcome
from analyzer.model.text import count, duration, short_ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from analyzer.cli.terminal.output import Terminal
    from analyzer.history.load import Tables
    from analyzer.history.trends import FeedTrend, TrendDetails

SHOWN_RUNS = 30
"""Runs shown on a terminal."""

_SHOWN_USERS = 10
_SHOWN_CLUSTERS = 5
_SMALL = 0.1
"""Shares below this have three digits."""

_RUNS = (
    Column("job"),
    Column("ran", least=2),
    Column("outcome", least=5),
    Column("users", right=True, least=4),
    Column("failed", right=True),
    Column("rate", right=True, least=1),
    Column("new", right=True),
    Column("usual", right=True),
    Column("open", right=True, least=3),
    Column("note"),
)
_HEALING = (
    Column("code", fold=True),
    Column("users", right=True),
    Column("healed", right=True),
    Column("still failing", right=True),
    Column("median time to heal", right=True),
)
_FLAPPING = (
    Column("user who flaps", fold=True),
    Column("runs failed", right=True),
    Column("times", right=True),
    Column("codes", fold=True, least=1),
)


def trend_sentence(trend: FeedTrend) -> str:
    """Return the answer: ``hr-feed: 12 of 295 users failed in the newest run, 4 new, as usual (8 to 19)``."""
    run, newest = trend.newest, trend.runs.row(-1, named=True)
    if run is None:
        state = "was aborted" if newest["outcome"] == Outcome.aborted else "has no complete log"
        return f"{trend.feed}: the newest run {state}, and no other run shows who failed"
    which = "the newest run" if run["job_id"] == newest["job_id"] else "the newest run that shows it"
    number = f"{run['failed']:,} of {count(run['users'], 'user')}" if run["users"] else count(run["failed"], "user")
    parts = [f"{trend.feed}: {number} failed in {which}"]
    if run["new"]:
        parts.append(f"{run['new']:,} new")
    parts.append(_judgement(run))
    text = ", ".join(parts)
    return f"{text}; the newest run was aborted" if newest["outcome"] == Outcome.aborted else text


def print_trends(terminal: Terminal, trends: Sequence[FeedTrend]) -> None:
    """Print a sentence for each feed."""
    for trend in trends:
        terminal.prose(f"{trend_sentence(trend)}.", indent="  ")


def print_trend(
    terminal: Terminal, trend: FeedTrend, details: TrendDetails, tables: Tables, zone: ZoneInfo | None
) -> None:
    """Print the trend of one feed."""
    view = _View(tables, zone, trend.notes)
    terminal.prose(f"{trend_sentence(trend)}.", indent="  ")
    if trend.last_jump is not None:
        terminal.prose(view.last_jump(trend.last_jump, details.jumped), indent="  ")
    for cluster in details.clusters[:_SHOWN_CLUSTERS]:
        terminal.prose(f"{cluster.sentence}.", indent="  ")
    runs = trend.runs.tail(SHOWN_RUNS) if terminal.interactive else trend.runs
    terminal.show()
    if runs.height < trend.runs.height:
        terminal.show(f"Showing {runs.height:,} of {trend.runs.height:,}; --json and -o FILE have every run.")
    terminal.table(_RUNS, [view.run_cells(run) for run in runs.iter_rows(named=True)])
    if details.healing.height:
        terminal.show()
        terminal.table(_HEALING, [_healing_cells(row) for row in details.healing.iter_rows(named=True)])
    _print_flapping(terminal, details.flapping)


def trends_json(trends: Sequence[FeedTrend], details: TrendDetails | None, file: str | None) -> dict[str, Any]:
    """Return the result of ``trend --json``; ``details`` are of the only feed."""
    return {
        "feeds": [
            {
                "feed": trend.feed,
                "sentence": trend_sentence(trend),
                "job_id": trend.newest["job_id"] if trend.newest else None,
                "last_jump": trend.last_jump["job_id"] if trend.last_jump else None,
                "runs": rows_json(trend.runs.drop("feed")),
            }
            for trend in trends
        ],
        "details": None if details is None else _details_json(details),
        "file": file,
    }


def rates_table(trends: Sequence[FeedTrend]) -> pl.DataFrame:
    """Return the runs of all feeds as a table for a file."""
    return pl.concat([trend.runs for trend in trends])


def _judgement(run: Mapping[str, Any]) -> str:
    if run["jump"] is None:
        return f"too few runs to say what is usual (that takes {FEWEST_RUNS} runs to compare)"
    band = _band(run)
    if run["jump"]:
        return f"a jump (usual: {band})"
    return f"fewer than usual ({band})" if run["failed"] < run["least"] else f"as usual ({band})"


def _band(run: Mapping[str, Any]) -> str:
    least, most = run["least"], run["most"]
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


class _View:
    """The words that need the jobs."""

    def __init__(self, tables: Tables, zone: ZoneInfo | None, notes: Mapping[str, str]) -> None:
        self._notes = notes
        self._short, self._zone, self._now = short_ids(tables.jobs["job_id"]), zone, datetime.now(UTC)
        self._jobs = {row["job_id"]: row for row in tables.jobs.iter_rows(named=True)}

    def last_jump(self, run: Mapping[str, Any], still: int | None) -> str:
        """Return when a feed's failures jumped last, and how many of its new users still fail."""
        when = f"{self._short[run['job_id']]}, {ran(self._jobs[run['job_id']], self._zone, self._now)}"
        who = f"{still:,} of them still {'fails' if still == 1 else 'fail'}" if still else "none of them still fails"
        return f"Last jump: {run['new']:,} new ({when}); {who}."

    def run_cells(self, run: Mapping[str, Any]) -> list[str]:
        """Return the cells of a run."""
        verdict = "jump" if run["jump"] else run["outcome"] if run["outcome"] == Outcome.aborted else ""
        return [
            self._short[run["job_id"]],
            ran(self._jobs[run["job_id"]], self._zone, self._now),
            run["outcome"],
            number_or("-", run["users"]),
            number_or("-", run["failed"]),
            rate_text(run["rate"]),
            number_or("-", run["new"]),
            "-" if run["most"] is None or run["jump"] is None else _band(run),
            number_or("-", run["open"]),
            ", ".join(filter(None, (verdict, self._notes.get(run["job_id"], "")))),
        ]


def rate_text(rate: float | None) -> str:
    """Return a share in percent: ``4.1%``, ``0.012%``."""
    if rate is None:
        return "-"
    percent = rate * 100
    return f"{percent:.1f}%" if percent >= _SMALL or not percent else f"{percent:.2g}%"


def _healing_cells(row: Mapping[str, Any]) -> list[str]:
    median = row["median"] if row["median"] is not None else row["at_least"]
    least = "" if row["median"] is not None else "at least "
    time = f"{least}{_rounded(median)}" if median else "unknown"
    return [row["code"], *(f"{row[name]:,}" for name in ("users", "healed", "failing")), time]


def _rounded(time: timedelta) -> str:
    days = round(time / timedelta(days=1))
    return count(days, "day") if days else duration(time.total_seconds())


def _print_flapping(terminal: Terminal, users: pl.DataFrame) -> None:
    if users.is_empty():
        return
    shown = users.head(_SHOWN_USERS) if terminal.interactive else users
    terminal.show()
    text = count(users.height, "user flaps", "users flap")
    terminal.prose(f"{text}: failed, succeeded, and failed again within the last {FLAPPING_RUNS} runs.", indent="  ")
    if shown.height < users.height:
        terminal.show(f"Showing {shown.height:,} of {users.height:,}; --json has every user.")
    terminal.table(
        _FLAPPING,
        [
            [row["identity"], f"{row['failed']:,}", f"{row['streaks']:,}", ", ".join(row["codes"])]
            for row in shown.iter_rows(named=True)
        ],
    )


def _details_json(details: TrendDetails) -> dict[str, Any]:
    days = [pl.col(name).dt.total_seconds() / 86_400 for name in ("median", "at_least")]
    healing = details.healing.with_columns(days).rename({"median": "median_days", "at_least": "at_least_days"})
    return {
        "still_failing_since_jump": details.jumped,
        "healing": healing.to_dicts(),
        "flapping": details.flapping.drop("key").to_dicts(),
        "clusters": [
            {"code": one.code, "of_failures": one.of_failures, **dataclasses.asdict(one.shared)}
            for one in details.clusters
        ],
    }
